"""Feedback in German, French, Spanish, Italian, Portuguese and Japanese in the English words that `revision` reads.

Only the words of edits by rule are known here: counts, lengths, and shots that are dropped, moved, swapped or silenced.
Every other word stays as it is, so that `revision` reports it as not done. Quoted text is never changed.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final, NamedTuple

from activities.planning.structure.words import NUMBERS
from activities.text.patterns import Pattern

ENGLISH_NUMBERS: Final = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_QUOTED: Final = Pattern(r"[“„«「『\"]\s*([^“”„«»「」『』\"\n]{1,200}?)\s*[”“»」』\"]")
_TITLE: Final = Pattern(
    r"\b(?:neuer )?(titel|titre|título|titolo)(?: (?:ist|sei|est|es|è|é))?\s*[:=](?!\s*[“\"\ue000])\s*([^\n.;]{1,200})"
    r"|(タイトル)(?:は|を|[:：])\s*(?![「“\"\ue000])([^\n。]{1,200})",
    re.IGNORECASE,
)
_TITLE_WORD: Final = Pattern(
    r"(?:\b(?:ändere|change[rz]?|cambia|mude|altere)\s+)?(?:\b(?:den|le|el|il|o)\s+)?\b(?:titel|titre|título|titolo)\b"
    r"(?:\s+(?:in|zu|auf|en|a|à|por|para|su)(?=\s*\ue000))?|タイトル[はを]?",
    re.IGNORECASE,
)
_HOLDER: Final = Pattern("\ue000(\\d+)\ue001")

_GERMAN: Final = (
    (r"(?:letzten?|letzter|letztes)", "last"),
    *((rf"(?:{w})(?:e[rns]?)", e) for w, e in zip(
        ("erst", "zweit", "dritt", "viert", "fünft", "sechst", "siebt", "acht", "neunt", "zehnt"),
        ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"), strict=True)),
    (r"(?:pro|je) (?:szene|einstellung|shot|bild)", "per shot"),
    (r"(?:szenen|einstellungen|bilder|shots)", "shots"),
    (r"(?:szene|einstellung|bild|shot)", "shot"),
    (r"(?:lass(?:e|t)?|nimm|nehmt|wirf)(?=[^.;]*\b(?:weg|raus|heraus|entfallen)\b)", "drop"),
    (r"(?:weg|raus|heraus|entfallen)(?=\s*[.!;,]|\s*$|\s+und\b)", ""),
    (r"(?:streichen?|entfernen?|löschen?|weglassen|herausnehmen|rausnehmen)(?=\s*[.!;,]|\s*$)", "dropped"),
    (r"(?:streiche?|entferne?|lösche?|entfernt|streicht|löscht)", "drop"),
    (r"(?:ohne|keine?n?|keinerlei)\s+(?:sprecher(?:text|in)?|stimme|kommentar|erzähler(?:in)?|voice[ -]?over|off-?text|"
     r"narration|gesprochene[nr]? text)", "without narration"),
    (r"(?:den |die |das )?(?:sprecher(?:text|in)?|stimme|kommentar|erzähler(?:in)?|off-?text)", "narration"),
    (r"stumm(?:schalten)?", "without narration"),
    (r"(?:an|zu|nach)(?:s| den| das|m)?\s*(?:anfang|beginn|vorne?|erster stelle|die erste stelle)", "to the start"),
    (r"(?:ans|an das|zum|nach)\s*(?:ende|schluss|hinten)", "to the end"),
    (r"(?:an|auf) (?:die )?(?:position|stelle|platz)", "to position"),
    (r"(?:verschieben|stellen|setzen|bewegen|ziehen)", "moved"),
    (r"(?:verschiebe?|stelle?|setze?|bewege?|ziehe?)", "move"),
    (r"(?:vertauschen|tauschen)", "swapped"),
    (r"(?:ver)?tausche?", "swap"),
    (r"vor", "before"), (r"(?:nach|hinter)", "after"), (r"mit", "with"), (r"und", "and"), (r"bis", "to"),
    (r"weniger", "fewer"), (r"mehr", "more"),
    (r"(?:sekunden?|sek)", "seconds"), (r"(?:insgesamt|gesamt)", "total"), (r"lang", "long"),
    (r"soll(?:te|en|ten)?", "should be"), (r"(?:dauern|sein|haben|werden)", ""),
    (r"(?:in|bei|aus|von|über|auf)(?: der| den| dem)?", "on"),
    (r"(?:bitte|der|die|das|den|dem|des|es|ihn|sie|mache?|macht|kürze?|verlängere|nur|noch|film|video|jetzt|doch|ich|wir|"
     r"möchten?|hätten?|gern|spot)", ""),
)  # fmt: skip
_FRENCH: Final = (
    (r"(?:dernière?|dernier)", "last"), (r"(?:première?|premier)", "first"), (r"(?:deuxième|seconde?)(?!s)", "second"),
    (r"troisième", "third"), (r"quatrième", "fourth"), (r"cinquième", "fifth"), (r"sixième", "sixth"),
    (r"par (?:plan|scène)", "per shot"), (r"(?:plans|scènes)", "shots"), (r"(?:plan|scène)", "shot"),
    (r"(?:supprime[rz]?|enlève|enlevez|enlever|retire[rz]?|efface[rz]?|coupe[rz]?)", "drop"),
    (r"(?:sans|pas de|aucune)\s+(?:la )?(?:voix(?:[ -]off)?|narration|commentaire|paroles?)", "without narration"),
    (r"(?:la |le )?(?:voix(?:[ -]off)?|narration|commentaire)", "narration"), (r"muet(?:te)?", "without narration"),
    (r"(?:au (?:tout )?début|en premier|en tête)", "to the start"),
    (r"(?:à la (?:toute )?fin|en dernier)", "to the end"),
    (r"(?:en|à la) position", "to position"), (r"(?:déplace[rz]?|mets|mettez|mettre|place[rz]?)", "move"),
    (r"(?:échange[rz]?|intervertis(?:sez)?|inverse[rz]?)", "swap"), (r"avant", "before"), (r"après", "after"),
    (r"avec", "with"), (r"et", "and"), (r"(?:jusqu['’]à|à|au)(?=\s+\d)", "to"), (r"moins de", "fewer"),
    (r"plus de", "more"), (r"(?:secondes?|sec)", "seconds"), (r"(?:en tout|au total)", "total"),
    (r"(?:doi(?:t|ven)t? (?:durer|faire)|dure(?:ra)?|fasse|fait)", "should be"),
    (r"(?:dans|sur|du|au|de|pour)(?: la| le| les)?", "on"),
    (r"(?:s['’]il (?:te|vous) plaît|le|la|les|l['’]|un film|film|vidéo|que|je veux|seulement|raccourci[st]?|"
     r"allonge[rz]?|fais|faites|en)", ""),
)  # fmt: skip
_SPANISH: Final = (
    (r"últim[oa]", "last"), (r"primer[oa]?(?=\s+(?:plano|escena|toma))", "first"),
    (r"segund[oa](?=\s+(?:plano|escena|toma))", "second"), (r"tercer[oa]?", "third"), (r"cuart[oa]", "fourth"),
    (r"quint[oa]", "fifth"), (r"por (?:plano|escena|toma)", "per shot"), (r"(?:planos|escenas|tomas)", "shots"),
    (r"(?:plano|escena|toma)", "shot"), (r"(?:quita|elimina|borra|suprime|saca)[rd]?", "drop"),
    (r"(?:sin|ninguna)\s+(?:la )?(?:voz(?: en off)?|narración|locución)", "without narration"),
    (r"(?:la )?(?:voz(?: en off)?|narración|locución)", "narration"), (r"mud[oa]", "without narration"),
    (r"(?:al (?:principio|inicio|comienzo)|en primer lugar|(?:la |el )?primer[oa])(?=\s*[.!;,]|\s*$)", "to the start"),
    (r"(?:al final|en último lugar)", "to the end"), (r"(?:a|en) la posición", "to position"),
    (r"(?:mueve|mover|pon|poner|coloca|pasa)", "move"), (r"(?:intercambia|cambia|permuta)", "swap"),
    (r"antes del?", "before"), (r"(?:después|detrás) del?", "after"), (r"(?:con|por(?! favor))", "with"), (r"y", "and"),
    (r"a(?=\s+\d)", "to"), (r"menos", "fewer"), (r"más", "more"), (r"(?:segundos?|seg)", "seconds"),
    (r"en total", "total"), (r"(?:debe(?:n|ría)? durar|que dure|dure|dura)", "should be"),
    (r"(?:en|de|del|sobre|para)(?: la| el| los| las)?", "on"),
    (r"(?:por favor|acorta|alarga|el|la|los|las|lo|vídeo|video|película|haz|hazlo|que|solo|sólo|quiero|largo)", ""),
)  # fmt: skip
_ITALIAN: Final = (
    (r"ultim[oa]", "last"), (r"prim[oa](?=\s+(?:scena|inquadratura))", "first"),
    (r"second[oa](?=\s+(?:scena|inquadratura))", "second"), (r"terz[oa]", "third"), (r"quart[oa]", "fourth"),
    (r"quint[oa]", "fifth"), (r"(?:per|a) (?:scena|inquadratura)", "per shot"), (r"(?:scene|inquadrature)", "shots"),
    (r"(?:scena|inquadratura)", "shot"), (r"(?:togli|elimina|rimuovi|cancella|leva|taglia)", "drop"),
    (r"(?:senza|nessuna)\s+(?:la )?(?:voce(?: (?:fuori campo|narrante))?|narrazione)", "without narration"),
    (r"(?:la )?(?:voce(?: (?:fuori campo|narrante))?|narrazione)", "narration"), (r"mut[oa]", "without narration"),
    (r"(?:all['’]inizio|al principio|per prim[oa])", "to the start"),
    (r"(?:alla fine|in fondo|per ultim[oa])", "to the end"),
    (r"(?:in|alla) posizione", "to position"), (r"(?:sposta|metti|porta)", "move"), (r"(?:scambia|inverti)", "swap"),
    (r"prima (?:della|dell['’]|di)", "before"), (r"dopo", "after"), (r"con", "with"), (r"e", "and"),
    (r"a(?=\s+\d)", "to"), (r"meno", "fewer"), (r"più", "more"), (r"secondi", "seconds"),
    (r"in (?:tutto|totale)", "total"),
    (r"(?:deve durare|che duri|duri|dura)", "should be"),
    (r"(?:nella|nell['’]|nel|sulla|sul|dalla|dell['’]|della|alla|in|di|da|su|per)", "on"),
    (r"(?:per favore|accorcia|allunga|il|lo|la|le|i|gli|l['’]|film|video|fai|fallo|che|solo|voglio|lungo)", ""),
)  # fmt: skip
_PORTUGUESE: Final = (
    (r"últim[oa]", "last"), (r"primeir[oa](?=\s+(?:cena|plano|tomada))", "first"),
    (r"segund[oa](?=\s+(?:cena|plano|tomada))", "second"), (r"terceir[oa]", "third"), (r"quart[oa]", "fourth"),
    (r"quint[oa]", "fifth"), (r"por (?:cena|plano)", "per shot"), (r"(?:cenas|planos|tomadas)", "shots"),
    (r"(?:cena|plano|tomada)", "shot"), (r"(?:tire|retire|remova|elimine|apague|corte|exclua|tira|remove)", "drop"),
    (r"(?:sem|nenhuma)\s+(?:a )?(?:voz(?: off)?|narração|locução)", "without narration"),
    (r"(?:a )?(?:voz(?: off)?|narração|locução)", "narration"), (r"mud[oa]", "without narration"),
    (r"(?:para o (?:início|começo)|no (?:início|começo)|em primeiro lugar)", "to the start"),
    (r"(?:para o (?:fim|final)|no (?:fim|final)|em último lugar)", "to the end"),
    (r"(?:para|n)a posição", "to position"), (r"(?:mova|move|coloque|ponha|passe)", "move"),
    (r"(?:troque|inverta)", "swap"), (r"antes d[ao]", "before"), (r"(?:depois d[ao]|após(?: a| o)?)", "after"),
    (r"(?:com|por(?! favor))", "with"), (r"e", "and"), (r"a(?=\s+\d)", "to"), (r"menos", "fewer"), (r"mais", "more"),
    (r"segundos?", "seconds"), (r"no total", "total"), (r"(?:deve durar|que dure|dure|dura)", "should be"),
    (r"(?:na|no|nas|nos|da|do|de|em|para|sobre)", "on"),
    (r"(?:por favor|encurte|alongue|a|o|as|os|filme|vídeo|faça|que|só|apenas|quero|longo)", ""),
)  # fmt: skip
_SHOT_JA: Final = r"(?:ショット|カット|シーン|場面)"
_JAPANESE: Final = tuple((Pattern(pattern), text) for pattern, text in (
    (r"最初の" + _SHOT_JA, " first shot "), (r"最後の" + _SHOT_JA, " last shot "),
    (r"(\d+)\s*(?:番目|つ目|個目|本目)の" + _SHOT_JA, r" shot \1 "), (_SHOT_JA + r"\s*(\d+)", r" shot \1 "),
    (_SHOT_JA + r"(?:数)?[をは]\s*(\d+)\s*(?:つ|個|本|ショット|カット|シーン)?(?!\s*秒)", r" \1 shots "),
    (r"(\d+)\s*(?:つの|個の|本の)?" + _SHOT_JA + r"(?=に|で|$|。)", r" \1 shots "),
    (r"1" + _SHOT_JA + r"(?:あたり)?(?=\s*\d)", " per shot "),
    (r"の?(?:ナレーション|ナレ|声|音声)[はをが]?(?:なし|無し|無く|なく|不要|削除|消|外|入れない|いらない|いりません)[^、。\s]*",
     " without narration "),
    (r"(shot \d+)\s*の\s*(?:後ろ?|あと)[にへ]", r" after \1 "), (r"(shot \d+)\s*の\s*前[にへ]", r" before \1 "),
    (r"(?:一番)?(?:最初|先頭|冒頭)[にへ]", " to the start "), (r"(?:一番)?(?:最後|末尾)[にへ]", " to the end "),
    (r"(?:を|は)?(?:削除|外し|消し|取り除|なくし|削っ|省い|カットし)[^、。\s]*", " dropped "),
    (r"(?:を)?(?:入れ替え|交換)[^、。\s]*", " swapped "), (r"(?:移動|動かし|移し)[^、。\s]*", " moved "),
    (r"と(?=\s*(?:shot|\d))", " and "), (r"秒", " seconds "),
    (r"(?:全体|合計|全部|長さ|尺|動画|映像)[をはで]?", " total "),
    (r"(?:にしてください|にして|してください|してほしい|ください|お願いします|する|して|です)", " "),
    (r"(?<=[\s\d])[をはにのがでへも](?=[\s\d、。]|$)", " "), (r"[、。]", " , "),
))  # fmt: skip


class _Words(NamedTuple):
    pattern: Pattern
    english: tuple[str, ...]


def _compiled(pairs: tuple[tuple[str, str], ...]) -> _Words:
    """One pattern of all words of a language; the first in the list wins. "One" is left out: it is the article, too."""
    known = list(pairs)
    for k, english in enumerate(ENGLISH_NUMBERS[1:], start=1):
        known.append((rf"(?:{'|'.join(NUMBERS[k].split())})", english))
    return _Words(
        Pattern("|".join(rf"(?<!\w)({p})(?!\w)" for p, _ in known), re.IGNORECASE),
        tuple(english for _, english in known),
    )


_LANGUAGES: Final = tuple(_compiled(pairs) for pairs in (_GERMAN, _FRENCH, _SPANISH, _ITALIAN, _PORTUGUESE))
_REF: Final = r"(?:shots? \d+|(?:first|second|third|fourth|fifth|last) shot|shots? (?:two|three|four|five|six|seven))"
_LIST: Final = rf"{_REF}(?:\s*(?:,|and|to|-|–)\s*(?:shots? )?(?:\d+|two|three|four|five|six|seven))*"
_PLACE: Final = r"(?:to the (?:start|end)|to position \d+|(?:before|after) shot \d+)"
_REORDERED: Final = tuple((Pattern(pattern), text) for pattern, text in (
    (rf"({_LIST}) dropped", r"drop \1"),
    (rf"({_REF}) (?:and|with) ({_REF}) swapped", r"swap \1 and \2"),
    (r"shots? (\d+) and (?:shot )?(\d+) swapped", r"swap \1 and \2"),
    (rf"(?<!move )({_REF}) ({_PLACE})(?: moved)?", r"move \1 \2"),
    (rf"({_REF}) on without narration", r"\1 without narration"),
    (rf"without narration on ({_REF})", r"no narration on \1"),
    (r"swap shot (\d+) (?:with|and) shot (\d+)", r"swap \1 and \2"),
))  # fmt: skip


def in_english(message: str) -> Iterator[str]:
    """The message with the edits in English words, once for each language of which it may be."""
    held: list[str] = []

    def hold(text: str) -> str:
        held.append(text)
        return f"\ue000{len(held) - 1}\ue001"

    plain = unicodedata.normalize("NFKC", message)
    plain = _QUOTED.sub(lambda m: hold(m[1]), plain)
    plain = _TITLE.sub(lambda m: f"title: {hold((m[2] or m[4]).strip())}", plain)
    plain = re.sub(r"\b([ld]|dell|nell|sull)['’](?=\w)", r"\1' ", plain, flags=re.IGNORECASE)
    plain = _TITLE_WORD.sub("title ", plain)
    if re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", plain):
        candidates = [_japanese(plain)]
    else:
        candidates = [_translated(plain, words) for words in _LANGUAGES]
    for each in candidates:
        text = " ".join(each.split())
        for pattern, replacement in _REORDERED:
            text = pattern.sub(replacement, text)
        yield _HOLDER.sub(lambda m: f"“{held[int(m[1])]}”", text)


def _translated(text: str, words: _Words) -> str:
    def english(match: re.Match[str]) -> str:
        return words.english[(match.lastindex or 1) - 1]

    return words.pattern.sub(english, text)


def _japanese(text: str) -> str:
    for digit, letter in enumerate("一二三四五六七八九", start=1):
        text = re.sub(rf"{letter}(?=つ|番目|個|本|秒|カット|ショット|シーン)", str(digit), text)
    for pattern, replacement in _JAPANESE:
        text = " ".join(pattern.sub(replacement, text).split())
    return text
