"""Requests for text in a picture: signs, labels, titles, logos and quoted words, in the languages of briefs."""

import re
from typing import Final, NamedTuple

from activities.planning.structure.labels import segments
from activities.planning.structure.quoted import READ, SAID
from activities.planning.structure.text import QUOTED, quoted_words, without_quotes
from activities.text.patterns import Pattern
from activities.text.speech import is_wide

_NOUNS: Final = (
    r"signs?|signage|signposts?|billboards?|placards?|labels?|titles?|subtitles?|headlines?|captions?|"
    r"logos?|logotypes?|wordmarks?|monograms?|lettering|letters|typograph\w*|typeface|calligraphy|handwriting|"
    r"inscriptions?|slogans?|taglines?|end[\s-]?lines?|end[\s-]?cards?|title cards?|supers?|call to action|cta|"
    r"price tags?|name tags?|"
    r"schild(?:er|ern)?|beschriftung(?:en)?|beschriftet\w*|schrift(?:zug|züge)?|aufschrift|überschrift(?:en)?|"
    r"schlagzeile|titel|untertitel|etikett(?:en)?|logos?|einblendung(?:en)?|typografie|typographie|"
    r"enseigne|pancarte|panneau|écriteau|étiquettes?|titre|sous-titres?|lettrage|typographie|inscription|"
    r"letrero|r[oó]tulos?|cartel|etiquetas?|t[ií]tulos?|subt[ií]tulos?|logotipos?|tipograf[ií]a|eslogan|"
    r"insegna|cartello|scritta|etichett[ae]|titolo|sottotitol[oi]|tipografia|"
    r"letreiro|placa|legendas?|r[oó]tulo|"
    r"uithangbord|naambord|opschrift|titel|etiket"
)
_ACTS: Final = (
    r"(?:with|add|show|include|using) (?:the |some |big |bold |large )*(?:text|words?|copy|letters)|text (?:over|on)|"
    r"spell(?:s|ed|ing)? out|mit (?:dem |der )?(?:text|wort|worten)|avec (?:le |les )?(?:textes?|mots?)|"
    r"con (?:el |la |il |le )?(?:texto|palabras?|testo|parol[ae])|com (?:o |a )?(?:texto|palavras?)"
)
_TEXT: Final = rf"(?:{_NOUNS}|text[eo]?|testo|words|copy)\b"
_SHOWS: Final = Pattern(
    rf"\b(?:{_NOUNS}|poster|banner|plakat|affiche|t-?shirt|mug|screen|wall|board|flag|cake)\b"
    r"(?:\s+(?:that|which|das|qui|que|che|die|der))?\s+(?:says?|dice|dit|sagt|diz|zegt)\s*[:,]?\s*$",
    re.IGNORECASE,
)
"""A thing that says something shows it."""
_ASKED: Final = Pattern(
    rf"\b(?:{_NOUNS}|{_ACTS})\b|看板|文字|ロゴ|タイトル|テロップ|字幕|標識|ラベル|見出し|招牌|标志|标题|標題|商标|字样|"
    r"간판|로고|제목|자막|글자|لافتة|شعار|عنوان|كتابة|вывеск|надпис|логотип|заголов|этикетк|титр|बोर्ड|लोगो|शीर्षक|"
    r"שלט|לוגו|כותרת|επιγραφή|λογότυπο|τίτλο|ป้าย|โลโก้",
    re.IGNORECASE,
)
_NONE: Final = Pattern(
    r"\b(?:no|without(?: any)?|avoid(?: any)?|never|free of|kein(?:e|en|er)?|ohne|sans|pas de|aucune?|sin|ning[uú]n|"
    r"senza|nessuna?|sem|nenhuma?|zonder|geen|без|بدون|बिना)\b(?:[\s,]+(?!but\b|except\b)[\w'’-]+){0,3}?[\s,]+"
    rf"{_TEXT}(?:(?:\s*,\s*|\s+(?:and|or|und|oder|et|ou|ni|y|o|e|nor)\s+){_TEXT})*|text-?free|(?:文字|ロゴ|テロップ)(?:なし|"
    rf"無し|は入れない)|无文字|不要文字|"
    r"글자 없이",
    re.IGNORECASE,
)
_SHOWN_AFTER: Final = Pattern(
    r"^\s*(?:is |are |appears? |stands? |shines? |glows? |in [\w-]+ letters ?)*(?:written |painted |printed )?"
    rf"(?:on|over|across|above|auf|über|sur|en|su|sobre)\s+(?:[\w'’-]+\s+){{0,4}}?(?:{_NOUNS}|screen|wall|door|window|"
    r"shop ?front|poster|banner|packaging|bottle|box|card|cup|bag|t-?shirt)\b|"
    r"^\s*(?:と(?:書|表示)|の(?:文字|看板|ロゴ))",
    re.IGNORECASE,
)
_SHOWN_BEFORE: Final = Pattern(
    r"(?:\b(?:with|add|show|shows|showing|saying|spelling|spelled|painted|printed|engraved|embroidered|mit|zeigt|avec|"
    r"con|com|met|dice)"
    r"(?:\s+(?:the|a|an|dem|den|der|le|la|les|el|il|lo|o)?\s*(?:text|words?|line|name|"
    r"wort(?:en)?|mots?|texto?|palabras?|parole|palavras?))|\b(?:saying|spelling(?: out)?|painted|printed|engraved|"
    r"embroidered|beschriftet mit))\s*[:,]?\s*$",
    re.IGNORECASE,
)
_HEADLINE: Final = Pattern(
    r"^\W{0,3}(?:headlines?|headings?|überschrift|schlagzeile|titular|accroche|見出し|標題)\s*[:：]\s*(.+)$",
    re.IGNORECASE,
)


class Lettering(NamedTuple):
    """The text that a picture has to show.

    Attributes:
        words: The words that are quoted for it, in order.
        asked: Whether lettering is asked for at all, also without its words ("the logo appears").
    """

    words: tuple[str, ...] = ()
    asked: bool = False


def asked_lettering(text: str, *, design: bool = False) -> Lettering:
    """The lettering that a description asks for; nothing where it asks for none, or for a picture without text.

    Args:
        text: The description, in its lines.
        design: Whether it describes a design: the values of labels such as "Headline:" are lettering there, and a short
            quotation may be; in a post or a film, they may be its text.
    """
    words: list[str] = []
    quoted = False
    for line in text.splitlines():
        if design:
            words += [without_quotes(s.value) for s in segments(line) if s.kind in ("lettering", "endline") and s.value]
            words += [without_quotes(match[1]) for match in _HEADLINE.finditer(line)]
        for match in QUOTED.finditer(line):
            before, after = line[: match.start()], line[match.end() :]
            sentence = re.split(r"[.!?。！？]\s+", before)[-1]
            if _SHOWS.search(sentence):
                words.append(quoted_words(match))
                continue
            if SAID.search(sentence):
                continue
            quoted = quoted or _is_short(quoted_words(match))
            if READ.search(sentence) or _SHOWN_BEFORE.search(sentence) or _SHOWN_AFTER.match(after):
                words.append(quoted_words(match))
    if words:
        return Lettering(tuple(dict.fromkeys(filter(None, words))), asked=True)
    plain = QUOTED.sub(" ", text)
    rest = _NONE.sub(" ", plain)
    return Lettering(asked=bool(_ASKED.search(rest)) or (design and quoted and rest == plain))


def _is_short(words: str) -> bool:
    """Whether a quotation is as short as lettering, such as a name."""
    return len(words.split()) <= 6 and sum(map(is_wide, words)) <= 12
