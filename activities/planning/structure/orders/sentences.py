"""What a sentence of an order is for: the film that is ordered, what is seen, what is said, or how the film ends.

"I'd like a video of our shop. Start with the bench. Joris says: “Come in.” End with the text “Open daily”."
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

from activities.planning.structure.orders import words
from activities.planning.structure.text import QUOTED, description_text, has_words, quoted_words

Purpose = Literal["order", "setting", "seen", "said", "end", ""]
"""What a sentence is for; empty where it may be anything, e.g. what a narrator says."""

_NO_LETTER: Final = r"(?![^\W\d_぀-ヿ㐀-鿿가-힯])"
"""The end of a word in scripts that separate words."""
_ORDER_FIRST: Final = re.compile(rf"^\W*(?:{words.ORDER_FIRST}){_NO_LETTER}", re.IGNORECASE)
_ORDER_LAST: Final = re.compile(rf"(?:{words.ORDER_LAST})[\s.!?。！？।]*$", re.IGNORECASE)
_MEDIUM: Final = re.compile(rf"(?<![^\W\d_])(?:{words.MEDIUM}){_NO_LETTER}|(?:{words.MEDIUM_ANYWHERE})", re.IGNORECASE)
_SEEN_FIRST: Final = re.compile(rf"^\W*(?:{words.SEEN_FIRST}){_NO_LETTER}[\s:,]*", re.IGNORECASE)
_SEEN_LAST: Final = re.compile(rf"\s*(?:{words.SEEN_LAST})[\s.!?。！？।]*$", re.IGNORECASE)
_THEN: Final = re.compile(rf"^\W*(?:{words.THEN}){_NO_LETTER}\s*[,:،、，]?\s*(?:是(?=\S))?", re.IGNORECASE)
_THEN_WIDE: Final = re.compile(
    r"^(?:まず|最初に|次に|続いて|その後|それから|最後に(?:は)?|首先|先|然后|然後|接着|接著|之后|之後|随后|隨後|最后|最後)[、,，]?(?:是|有)?"
)
_NARRATOR: Final = re.compile(rf"^\W*(?:{words.NARRATOR})\W*$", re.IGNORECASE)
_SAID_BEFORE: Final = re.compile(
    rf"^(?P<who>.{{1,40}}?)(?:\s+|(?<=[一-鿿]))(?:{words.SAYS})(?:\s+[^\W\d_]{{1,12}}){{0,2}}\s*[:：,，]?\s*$",
    re.IGNORECASE,
)
_SAYS_BEFORE: Final = re.compile(rf"^(?:{words.SAYS})\s+(?P<who>[^:：]{{1,40}}?)\s*[:：]\s*$", re.IGNORECASE)
"""The verb before its subject: "يقول الراوي:"."""
_COLON_BEFORE: Final = re.compile(r"^(?P<who>.{1,40}?)\s*[:：]\s*$")
_SAID_AFTER: Final = re.compile(
    rf"^[,，]?\s*(?:(?:{words.SAYS})\s+(?P<who>[^.!?]{{1,40}})|(?:{words.SAYS_AFTER}))[\s.!?。！？।]*$", re.IGNORECASE
)
_WHO_FIRST: Final = re.compile(r"^(?P<who>.{1,30}?)(?:が|は|이|가|은|는)\s*$")
_ENDS: Final = re.compile(rf"(?<![^\W\d_])(?:{words.ENDS})", re.IGNORECASE)
_TEXT: Final = re.compile(rf"(?<![^\W\d_])(?:{words.TEXT}){_NO_LETTER}", re.IGNORECASE)
_WIDE_TEXT: Final = re.compile(r"(?:文字|テロップ|字幕|文言|言葉|コピー|자막|문구|글자|텍스트|标语|標語|字样|字樣)")
_LABEL_ALONE: Final = re.compile(r"^[^:：]{0,60}[:：]\s*(\S[^\n]{0,200}?)\s*$")
_AFTER_TEXT: Final = re.compile(r"^\s*[:：]?\s*(\S[^\n]{0,200}?)\s*$")
_LENGTH: Final = re.compile(rf"(?<![^\W\d_])(?:{words.LENGTHS})", re.IGNORECASE)
_FORMAT: Final = re.compile(rf"(?<![^\W\d_])(?:{words.FORMATS}){_NO_LETTER}", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\d")
_TOPIC: Final = re.compile(
    r"(?<![^\W\d_])(?:about|for|of|on|über|für|von|zu[rm]?|sur|pour|de|sobre|para|su|per|over|voor|om|för|for|o|dla|про|о|об|для|"
    r"για|עבור|על|عن|ل|درباره|tentang|untuk|về)\s+(.{3,120})$",
    re.IGNORECASE,
)
_LASTS: Final = re.compile(rf"(?:de|von|of|van|na|di|with|mit)?\s*\d+[\s-]*(?:{words.LENGTHS})\w*(?!\w)", re.IGNORECASE)
SETTING_WORDS: Final = 9
"""A sentence with more words says more than the length or the format of the film."""


@dataclass(frozen=True)
class Sentence:
    """One sentence of an order.

    Attributes:
        purpose: What it is for.
        sure: Whether a verb says so, and not only a word such as "then", with which a story goes on, too.
        text: What is seen, said or read; without the words of the order.
        speaker: Who says it; empty for a narrator.
    """

    purpose: Purpose
    text: str
    speaker: str = ""
    sure: bool = True


def read(sentence: str) -> Sentence:
    """What a sentence is for."""
    plain = sentence.strip()
    if end := end_text(plain):
        return Sentence("end", end)
    if said := _said(plain):
        return said
    if is_order(plain):
        return Sentence("order", plain)
    if is_setting(plain):
        return Sentence("setting", plain)
    if (seen := shown_in(plain)) is not None:
        return Sentence("seen", seen)
    rest = _then(plain)
    return Sentence("seen", description_text(rest), sure=False) if rest != plain else Sentence("", plain)


def is_order(sentence: str) -> bool:
    """Whether a sentence orders a film from the studio, such as "I'd like a video of our guesthouse."."""
    return _MEDIUM.search(sentence) is not None and bool(_ORDER_FIRST.match(sentence) or _ORDER_LAST.search(sentence))


def is_setting(sentence: str) -> bool:
    """Whether a sentence only gives the length or the format of the film, such as "Maximum length 20 seconds."."""
    if len(sentence.split()) > SETTING_WORDS or not _NUMBER.search(sentence) or QUOTED.search(sentence):
        return bool(_FORMAT.search(sentence)) and len(sentence.split()) <= SETTING_WORDS // 2
    units = len(_LENGTH.findall(sentence))
    return (
        bool(_FORMAT.search(sentence))
        or units > 1
        or bool(units and re.search(r"^\W*\d|\d\W*$|[:：]", sentence) and _MEDIUM.search(sentence))
    )


def shown_in(sentence: str) -> str | None:
    """What a direction shows, such as the sea of "Then show the sea."; None for any other sentence."""
    rest = _then(sentence)
    if found := _SEEN_FIRST.match(rest):
        return description_text(_then(rest[found.end() :].strip()))
    if found := _SEEN_LAST.search(rest):
        return description_text(rest[: found.start()])
    return None


def _then(sentence: str) -> str:
    found = _THEN.match(sentence) or _THEN_WIDE.match(sentence)
    return sentence[found.end() :] if found and has_words(sentence[found.end() :]) else sentence


def without_then(text: str) -> str:
    """The text without a word such as "Finally:" that only leads to it."""
    found = _THEN.match(text)
    return text[found.end() :] if found and found.group(0).rstrip().endswith((":", "：")) else text


def topic(sentence: str) -> str:
    """What the ordered film is about: "our guesthouse" of "I'd like a video for our guesthouse."; empty if unclear."""
    medium = _MEDIUM.search(sentence)
    found = _TOPIC.search(_LASTS.sub(" ", sentence[medium.end() :] if medium else sentence))
    return description_text(found.group(1).rstrip(" .!?。")) if found else ""


def _said(sentence: str) -> Sentence | None:
    """A quotation and who says it, where the sentence has nothing else."""
    found = QUOTED.search(sentence)
    if not found:
        return None
    quoted = quoted_words(found)
    before, after = sentence[: found.start()].strip(), sentence[found.end() :].strip(" .。!?")
    before = _then(before) if before else ""
    who = None
    if not after:
        who = _SAID_BEFORE.match(before) or _SAYS_BEFORE.match(before)
        if who is None and (named := _COLON_BEFORE.match(before)) and _NARRATOR.match(named["who"]):
            who = named
    elif _SAID_AFTER.match(after):
        who = _SAID_AFTER.match(after) if not before else _WHO_FIRST.match(before) or _COLON_BEFORE.match(f"{before}:")
    if who is None:
        return None
    name = (who.groupdict().get("who") or "").strip(" :：,，")
    return Sentence("said", quoted, "" if _NARRATOR.match(name) else name)


def end_text(sentence: str) -> str:
    """The text that a sentence puts at the end of the film; empty where it does not.

    "End with the text: Open daily." and "Am Ende soll stehen: „Offen“." have one. A quotation that somebody says is
    none, nor is a picture without text.
    """
    ends = _ENDS.search(sentence)
    if ends is None or ends.start() > 60:
        return ""
    rest = sentence[ends.end() :]
    noun = _TEXT.search(rest) or _WIDE_TEXT.search(rest)
    quotes = list(QUOTED.finditer(rest))
    if quotes:
        before = rest[: quotes[0].start()]
        shown = noun is not None and noun.start() < quotes[0].start()
        if re.search(rf"(?<![^\W\d_])(?:{words.SAYS})\s*[:：,]?\s*$", before, re.IGNORECASE) or not (
            shown or re.fullmatch(r"[\s:：]*", before)
        ):
            return ""
        if noun and (label := re.match(r"\s*[:：]\s*", rest[noun.end() :])):
            whole = rest[noun.end() + label.end() :].strip()
            if whole and not QUOTED.match(whole):
                return whole.rstrip(".。")
        return quoted_words(quotes[-1])
    if noun is None:
        return ""
    after = rest[noun.end() :]
    found = _LABEL_ALONE.match(after) if ":" in after[:12] or "：" in after[:12] else None
    if found is None and after[:1].isspace() and _is_capitals(after):
        found = _AFTER_TEXT.match(after)
    text = found.group(1).strip() if found else ""
    return text.removesuffix(".").strip() if text.count(".") == 1 else text


def _is_capitals(text: str) -> bool:
    """Whether a text is written in capitals, as texts on a screen are in briefs."""
    letters = [c for c in text if c.isalpha()]
    return (
        len(letters) > 3
        and all(c.isupper() or not (c.isupper() or c.islower()) for c in letters)
        and any(c.isupper() for c in letters)
    )
