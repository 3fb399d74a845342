"""Text that a line puts at the end of the film: "Last frame: “…”", "On screen at the end: …" are end cards."""

import re
from typing import Final

from activities.planning.structure import labels, words
from activities.planning.structure.notations.silence import asks_for_no_voice
from activities.planning.structure.orders import words as orders
from activities.planning.structure.text import QUOTED, TEXT_LIKE
from activities.planning.structure.vocabulary import places
from activities.text.patterns import Pattern

_LEAD: Final = r"^(?P<lead>[\s>#*_•+–—-]*+)"
_AT_END: Final = (
    rf"(?:{orders.ENDS}|at the (?:very )?end|in the end|am (?:ende|schluss)|zum (?:schluss|abschluss)|à la fin|"
    r"pour finir|al (?:final|cierre)|alla fine|in chiusura|no (?:final|fim)|aan het einde?|tot slot|в конце|в финале|"
    r"наприкінці|у фіналі|na końcu|i slutet|på slutet|til slutt|til sidst|lopussa|lopuksi|στο τέλος|sonda|"
    r"في (?:النهاية|الختام)|در پایان|בסוף|अंत में|最後に?|ラスト|片尾|结尾|結尾|마지막에?|di akhir)"
)
_LABEL_AT_END: Final = Pattern(
    rf"{_LEAD}(?:{labels.LETTERING_LABELS}|{places.FACTS})\s*[,(（、،–—-]?\s*{_AT_END}\s*[)）]?\s*[*_]{{0,3}}[:：]\s*(?=\S)",
    re.IGNORECASE | re.MULTILINE,
)
_IN_PARAGRAPH: Final = Pattern(
    rf"(?<=[.!?。！？\"”»」])[ \t]+(?:{labels.LETTERING_LABELS}|{places.FACTS})\s*[,(（、،–—-]?\s*{_AT_END}\s*[)）]?"
    r"[:：]\s*(?=[\"“„«「]|\S+[ \t]*$|[^\n.!?]{0,40}\d[^\n.!?]{0,40}\.?$)",
    re.IGNORECASE | re.MULTILINE,
)
_FRAMES: Final = (
    rf"{words.SHOT_NOUNS}|kare|image|imagen|imagem|immagine|imagine|picture|screen|slide|beeld|obraz|bilde?|kuva|kép|"
    r"картинка|изображение|слайд|画|スライド|이미지|화면|صورة|الصورة|كادر|شاشة|تصویر|فریم|قاب|帧|幕|カット|"
    r"फ़्रेम|चित्र|תמונה|תמונת"
)
_LAST_FRAME: Final = Pattern(
    rf"{_LEAD}(?:(?:the |die |der |das |la |le |el |il |lo |a |o |de |het )?"
    rf"(?:{words.LAST}|ラスト|最后一|最後一|अंतिम)\s*(?:{_FRAMES})|"
    rf"(?:{_FRAMES})\s+(?:{words.LAST}|finale|de fin|de cierre|di chiusura|de fecho|końcow[ey]|النهاية)|"
    r"(?:schluss|end|slot|slut|slutt|loppu|záró)-?(?:bild|beeld|billede|bilde|kuva|kép|frame|tafel))"
    r"\s*(?:[(（\[][^()（）\[\]\n]{1,40}[)）\]]\s*)?[*_]{0,3}\s*[:：–—]\s*[*_]{0,3}\s*(?P<shown>\S[^\n]*?)[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_SHOT: Final = Pattern(
    rf"{_LEAD}(?:(?:{words.SHOT_NOUNS})\s*(?:no\.?|nr\.?|#)?\s*\d|\d{{1,2}}[.)]?\s*(?:{words.SHOT_NOUNS})\b|"
    rf"(?:{words.ORDINALS[0]})\s+(?:{words.SHOT_NOUNS})|(?:{words.SHOT_NOUNS})\s+(?:{words.ORDINALS[0]}))",
    re.IGNORECASE | re.MULTILINE,
)


_AT_END_ALONE: Final = Pattern(
    rf"(?:{_LEAD}|(?<=[.!?。！？][ \t]))(?!(?:{labels.ENDLINES})\s*[:：])(?:{places.END})\s*[*_]{{0,3}}[:：]\s*"
    r"[*_]{0,3}\s*(?P<shown>\S[^\n]*?)[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_FACTS: Final = Pattern(rf"{TEXT_LIKE.pattern}|\d[^.!?]*[^\d.:,]\d|\d[.] [^\W\d_]+[^.!?]*\d")
"""What a text on the screen has, and a picture has not: marks, a price, two numbers."""
_SENTENCE: Final = Pattern(r"(?<=[.!?。！？।])\s*")
_PLACE: Final = Pattern(
    rf"{_LEAD}(?:{places.EVERY})\s*(?:[(（\[][^()（）\n]{{1,30}}[)）\]]\s*)?[*_]{{0,3}}[:：–—]",
    re.IGNORECASE | re.MULTILINE,
)


def with_end_cards(text: str) -> str:
    """The text with the labels of text at its end as "End card:"; a last shot of a shot list stays one."""
    text = _LABEL_AT_END.sub(lambda m: f"{m['lead']}End card: ", _IN_PARAGRAPH.sub(r"\nEnd card: ", text))
    if len(_PLACE.findall(text)) <= 1:
        is_silent = any(asks_for_no_voice(s) for line in text.splitlines() for s in _SENTENCE.split(line))
        text = _AT_END_ALONE.sub(lambda m: _end_card(m) if _is_shown(m["shown"], is_silent) else m[0], text)
    return text if _SHOT.search(text) else _LAST_FRAME.sub(_end_card, text)


def _is_shown(text: str, is_silent: bool) -> bool:
    """Whether a text at the end is read: it has marks of such a text, or is quoted and no sentence that is said."""
    plain = text.rstrip(".。")
    is_quoted = QUOTED.fullmatch(plain) is not None
    return _FACTS.search(text) is not None or (is_quoted and (is_silent or plain[-2] not in ".!?…。！？।"))


def _end_card(match: re.Match[str]) -> str:
    shown = match["shown"]
    is_text = QUOTED.fullmatch(shown.rstrip(".。")) or (not QUOTED.search(shown) and _FACTS.search(shown))
    return f"{match['lead'] if match['lead'] is not None else chr(10)}End card: {shown}" if is_text else match[0]
