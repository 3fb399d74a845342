"""Words that say that nothing is said: "No narration.", "no VO, just the dryers"."""

import re
from typing import Final

from activities.planning.structure.text import has_words
from activities.planning.structure.vocabulary import voices
from activities.text.patterns import Pattern

_NO_VOICE: Final = Pattern(
    r"(^|[.!?。！？]\s*|[,，、;]\s*|\s[–—|/-]\s+)(?:no (?:vo|voice[ -]?over|voice|dialogue|narration)|"
    r"pas de (?:voix|dialogue)|"
    r"sans (?:voix|paroles)|sin (?:voz|di[aá]logos?|palabras|locuci[oó]n)|"
    r"keine? (?:stimme|sprecher|vo)|ohne (?:worte|sprecher|vo)|"
    r"senza (?:voce|parole)|sem (?:voz|narração|falas?)|без (?:слов|голоса)|ナレ(?:ーション)?(?:なし|無し)|无旁白|"
    r"無旁白|내레이션 없음|"
    r"بدون (?:صوت|تعليق|گفتار)|ללא קריינות|bez (?:głosu|komentarza|hlasu|slov)|zonder (?:stem|voice[ -]?over)|"
    r"geen (?:stem|voice[ -]?over)|"
    r"utan (?:röst|speaker)|uten (?:stemme|speak)|uden (?:stemme|speak)|ilman (?:ääntä|puhetta)|без голосу|"
    rf"(?:no|without|pas de|sans|aucune?|sin|ning[uú]na?|keine?n?|ohne|senza|niente|nessuna?|nessun|sem|"
    rf"nenhuma?|geen|"
    rf"zonder|bez|brak|utan|ingen|uten|uden|ei|без) (?:{voices.READER}|parlato|paroles|words|worte?|"
    rf"te[xs]t[eo]?|tekst)(?![^\W\d_])|(?:{voices.READER})\s?(?:なし|無し|없음|无|無|yok)|"
    r"कोई (?:संवाद|आवाज़|वॉइसओवर|कथन) नहीं|χωρίς (?:φωνή|αφήγηση)|(?:dış )?ses yok|tanpa (?:suara|narasi)|"
    r"सिर्फ़ संगीत|बिना आवाज़)"
    r"(?:\s*(?:[,，、;:–—-]|\()\s*(?:just|only|nur|bloß|solo|sólo|seulement|juste|que|apenas|só|soltanto|только|лишь|"
    r"лише|"
    r"тільки|alleen|tylko|bara|kun|vain|jen|pouze|μόνο|sadece|hanya|فقط|केवल|सिर्फ़|רק|のみ|だけ|"
    r"只有)\b[^.!?。！？]*)?"
    r"\s*(?:[.。!;,，、–—-]|$)",
    re.IGNORECASE,
)
"""A sentence that says that nothing is said, and perhaps what is heard instead: "no VO, just the dryers"."""


def without_no_voice(text: str) -> str:
    """The text without the words that say so."""
    return _NO_VOICE.sub(r"\1", text)


def mentions_no_voice(remark: str) -> bool:
    """Whether a remark in brackets says so among other things: "(no VO, wind)"."""
    return _NO_VOICE.search(remark.strip().strip("()（）[] ")) is not None


def asks_for_no_voice(sentence: str) -> bool:
    """Whether a sentence says nothing but that nothing is said: "No narration."."""
    return bool(_NO_VOICE.search(sentence)) and not has_words(_NO_VOICE.sub("", sentence))
