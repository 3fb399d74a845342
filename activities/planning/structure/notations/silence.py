"""Words that say that nothing is said: "No narration.", "no VO, just the dryers"."""

import re
from functools import lru_cache
from typing import Final

from activities.planning.structure.orders import words
from activities.planning.structure.text import has_words
from activities.planning.structure.vocabulary import voices
from activities.planning.structure.vocabulary.sounds import is_music, names_music
from activities.text.patterns import Pattern, as_word

_SOUND: Final = (
    r"(?:sound|audio|ton|son|sonido|suono|audio|som|geluid|dźwięku|ljud|lyd|ääntä|zvuku|звука|звуку)"
    r"(?: at all| whatsoever| du tout)?(?! (?:effects?|design|track)\b)"
)
_NO_VOICE: Final = Pattern(
    r"(^|[.!?。！？।]\s*|[,，、;،؛]\s*|\s[–—|/-]\s+)(?:no (?:vo|voice[ -]?over|voice|dialogue|narration)|"
    r"(?:a )?silent (?:film|video|clip|loop|reel|movie)|stummfilm|film muet|vídeo mudo|película muda|film muto|"
    r"filme mudo|"
    r"pas de (?:voix|dialogue)|"
    r"sans (?:voix|paroles)|sin (?:voz|di[aá]logos?|palabras|locuci[oó]n)|"
    r"keine? (?:stimme|sprecher|vo)|ohne (?:worte|sprecher|vo)|"
    r"senza (?:voce|parole)|sem (?:voz|narração|falas?)|без (?:слов|голоса)|ナレ(?:ーション)?(?:なし|無し)|无旁白|"
    r"無旁白|내레이션 없음|"
    r"بدون (?:صوت|تعليق|گفتار)|ללא קריינות|bez (?:głosu|komentarza|hlasu|slov)|zonder (?:stem|voice[ -]?over)|"
    r"geen (?:stem|voice[ -]?over)|"
    r"(?:utan|ingen) (?:röst|speaker)|uten (?:stemme|speak)|uden (?:stemme|speak)|ilman (?:ääntä|puhetta)|без голосу|"
    rf"(?:no|without|pas de|sans|aucune?|sin|ning[uú]na?|keine?n?|ohne|senza|niente|nessuna?|nessun|sem|"
    rf"nenhuma?|geen|"
    rf"zonder|bez|brak|utan|ingen|uten|uden|ei|без) (?:{voices.READER}|{_SOUND}|parlato|paroles|words|worte?|"
    rf"te[xs]t[eo]?|tekst)(?![^\W\d_])|(?:{voices.READER})\s?(?:なし|無し|없음|无|無|yok)|"
    r"कोई (?:संवाद|आवाज़|वॉइसओवर|कथन) नहीं|χωρίς (?:φωνή|αφήγηση)|(?:dış )?ses yok|tanpa (?:suara|narasi)|"
    r"सिर्फ़ संगीत|बिना आवाज़|(?:with )?no(?:body| one| one's)? (?:talking|speaking|speech|speaks|talks)|"
    r"(?:es )?(?:wird nicht gesprochen|spricht (?:niemand|keiner))|personne ne parle|(?:no|"
    r"sin que) (?:habla nadie|nadie hable)|"
    r"nessuno parla|ninguém fala|niemand (?:spreekt|praat)|nikt nie mówi|bez (?:lektora|озвучки|слов)|"
    r"(?:不要|不需要|无需|無需|不用|没有|沒有)(?:任何)?(?:配音|旁白|解说|台词|人声)|"
    r"(?:ナレーション|セリフ|台詞|声)(?:は|も)?(?:不要|いりません|入れない)(?:です|で)?|"
    r"(?:내레이션|나레이션|대사|성우)(?:은|는|도)? ?(?:없이|필요 ?없(?:어요|습니다|음)|빼고)|"
    r"(?:seslendirme|konuşma|dış ses) (?:yok|olmasın|istemiyoruz)|không (?:có )?(?:lời(?: bình| thoại)?|thuyết minh)|"
    r"कोई (?:बोलता|बोलेगा) नहीं|(?:बिना|कोई) (?:आवाज़|वॉइसओवर|कथन) (?:के|नहीं)|بدون (?:كلام|تعليق صوتي|حوار))"
    r"(?:,? (?:please|pls|thanks|bitte|svp|s['’]il (?:vous|te) plaît|por favor|per favore|a\.?u\.?b\.?|graag|"
    r"proszę|lütfen|"
    r"пожалуйста))?"
    r"(?:\s*(?:[,，、;:،–—-]|\()?\s*(?P<instead>(?:just|only|nur|bloß|solo|sólo|seulement|juste|que|apenas|só|"
    r"soltanto|только|лишь|"
    r"лише|"
    r"тільки|alleen|tylko|bara|kun|vain|jen|pouze|μόνο|sadece|hanya|فقط|केवल|सिर्फ़|רק|のみ|だけ|"
    r"只有|只要)\b[^.!?。！？]*))?"
    r"\s*(?:[.。!;,，、،؛।–—-]|$|(?<=없이)\s)",
    re.IGNORECASE,
)
"""A sentence that says that nothing is said, and perhaps what is heard instead: "no VO, just the dryers"."""


_READ: Final = Pattern(as_word(f"{words.TEXT}|{words.SHOWN}|texts|captions"), re.IGNORECASE)
_REMARK: Final = Pattern(r"\s*[(（\[]([^()（）\[\]]{2,40})[)）\]]")
HEARD_WORDS: Final = 6
_ONLY: Final = Pattern(
    r"^\W*(?:just|only|nur|bloß|solo|sólo|seulement|juste|que|apenas|só|soltanto|только|лишь|лише|тільки|alleen|"
    r"tylko|bara|"
    r"kun|vain|jen|pouze|μόνο|sadece|hanya|فقط|केवल|सिर्फ़|רק|只有|只要)(?![^\W\d_])\s*",
    re.IGNORECASE,
)


@lru_cache(maxsize=1024)
def _no_voice_in(text: str) -> re.Match[str] | None:
    """Where a text says so; several readers ask for the same sentence."""
    return _NO_VOICE.search(text)


def without_no_voice(text: str) -> str:
    """The text without the words that say so."""
    text = _REMARK.sub(lambda m: "" if asks_for_no_voice(m[1]) else m[0], text)
    return _NO_VOICE.sub(r"\1", text) if _no_voice_in(text) else text


def mentions_no_voice(remark: str) -> bool:
    """Whether a remark in brackets says so among other things: "(no VO, wind)"."""
    return _no_voice_in(remark.strip().strip("()（）[] ")) is not None


def asks_for_no_voice(sentence: str) -> bool:
    """Whether a sentence says nothing but that nothing is said, and which music is heard: "No narration."."""
    if not _no_voice_in(sentence):
        return False
    rest = _NO_VOICE.sub("", sentence)
    return not has_words(rest) or _is_heard(rest)


def _is_heard(text: str) -> bool:
    """Whether a few words next to such an order name music."""
    return is_music(text) or (names_music(text) and len(text.split()) <= HEARD_WORDS)


def is_read_instead(sentence: str) -> bool:
    """Whether a sentence orders text on the screen instead of a voice: "No voiceover, just text on screen."."""
    found = _no_voice_in(sentence)
    return found is not None and _READ.search(found["instead"] or "") is not None


def heard_instead(sentence: str) -> str:
    """What is heard instead of a voice: "soft piano" of "No voice, just soft piano."; empty where that is not named."""
    found = _no_voice_in(sentence)
    if not found or is_read_instead(sentence):
        return ""
    rest = _NO_VOICE.sub("", sentence).strip(" .。,，、")
    named = _ONLY.sub("", found["instead"] or "").strip(" .。,，、()（）")
    return named or (rest if _is_heard(rest) else "")
