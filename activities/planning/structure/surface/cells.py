"""Cells of a column with what is heard: lines with and without the name of a speaker, remarks, and sounds."""

import re
from collections.abc import Sequence
from typing import Final

from activities.planning.structure import words
from activities.planning.structure.labels import READ_NOUNS, Segment, kind_of, names_somebody
from activities.planning.structure.text import MARKS, QUOTED, TEXT_LIKE, is_address
from activities.text.patterns import Pattern

_REMARK: Final = Pattern(r"\s*(?:[(（\[]([^()（）\[\]]{1,80})[)）\]]|([*_~])([^*_~\n]{1,80})\2)[\s.,;。]*")
_NAME: Final = Pattern(
    r"\s*(?:[/／;・]\s*)?([^\W\d_](?:[^\n\"“”„«»「」『』:：.!?。！？()（）\[\]]){0,30}?)\s*(?:[(（\[]([^()（）\[\]]{1,60})[)）\]])?\s*"
    r"[:：,–—-]?\s*(?:[(（\[]([^()（）\[\]]{1,60})[)）\]]\s*)?"
)
_SMALL_NAMED_LINE: Final = Pattern(
    rf"^[*_•\s–—-]*((?:(?:the|der|die|le|la|el|il|o|"
    rf"a) )?[^\W\d_][\w{MARKS}'’]{{1,20}}(?: [^\W\d_][\w{MARKS}'’]{{1,20}})?)\s*"
    r"(?:[(（]([^()（）]{1,40})[)）])?\s*[:：]\s*(?![“„”«»‹「『\"])(\S.*[.!?…。！？؟।۔])$",
    re.IGNORECASE,
)
_NAMED_TURN: Final = Pattern(
    rf"([^\W\d_][\w{MARKS}.'’-]*(?: [^\W\d_][\w{MARKS}.'’-]*){{0,2}})"
    r"\s*(?:[(（]([^()（）]{1,60})[)）])?"
    r"\s*[:：]\s*(?![“„”«»‹「『\"])(\S.*)$"
)
_LINE_END: Final = Pattern(r"(?:[.!?…。！？؟।]|[ぁ-んー])[”“\"»«」』]$")
_THING: Final = Pattern(rf"{READ_NOUNS}|ロゴ|商品|店名|題名|曲", re.IGNORECASE)
_TURN_IN_HEAD: Final = Pattern(
    r"(?:\s{3,}|(?<=[.!?])\s+)(?=(?P<name>[^\W\d_a-z]{2,}(?: [^\W\d_a-z]+){0,2})\s*(?:\([^()]{1,40}\))?[:：]\s|[(（])"
)
"""Where a line of somebody, or a sound in brackets, begins in the line of its shot."""
_SEEN: Final = Pattern(
    r"\b(?:logo|packshot|product|bottle|pack|on|against|over|background|auf|vor|sobre|sur)\b", re.IGNORECASE
)
_SCREEN: Final = Pattern(words.SCREEN, re.IGNORECASE)
_DESCRIBED: Final = Pattern(
    r"(?:an?|the|two|eine?|der|die|das|une?|des|la|le|les|unos?|unas?|el|los|las|il|lo|gli|uma?|os?|een|het|en|"
    r"ett|et)"
    r"(?:\s+\S+){3,}"
)
"""What is seen on the screen instead of read: "On screen: a virus with sunglasses walks past"."""
_LEAST_STEM: Final = 4
_MAX_NAME_WORDS: Final = 3


def remark(text: str) -> str:
    """The text of a part that is only a remark, such as "sighs" of "(sighs)" and "*sighs*"; otherwise empty."""
    found = _REMARK.fullmatch(text)
    return (found[1] or found[3]).strip() if found else ""


def spoken_turns(text: str) -> list[Segment]:
    """The lines of a text that consists of names, each directly before a quotation: 駅長「…」, "Guard “…”"; empty for
    any other text."""
    turns: list[Segment] = []
    at = 0
    for quote in QUOTED.finditer(text):
        if quote.start() < at:
            continue
        before = text[at : quote.start()]
        named = _NAME.fullmatch(before)
        if not before.strip(" /／;・"):
            turns.append(Segment("voice", quote.group(0)))
        elif named and _is_name(named[1]):
            turns.append(Segment("speaker", quote.group(0), named[1].strip(), named[2] or named[3] or "", named[1]))
        else:
            return []
        at = quote.end()
        if after := _REMARK.match(text, at):
            at = after.end()
    rest = text[at:].strip(" .。")
    return turns if turns and not rest else []


def is_line(turn: Segment) -> bool:
    """Whether a quotation of somebody in a picture is said, and no name of a thing: it ends like a sentence."""
    return turn.kind == "speaker" and not _THING.search(turn.label) and _LINE_END.search(turn.value) is not None


def line_of(text: str, seen: str) -> re.Match[str] | None:
    """A line without quotation marks after a name in small letters, as name, direction and words: one with
    a direction, or of somebody in the picture."""
    named = _SMALL_NAMED_LINE.match(text)
    return named if named and (named[2] or _stem(named[1]) in seen.casefold()) else None


def _stem(name: str) -> str:
    """The begin of the last word of a name, which has other endings in the picture: "Ekorren", "en ekorre"."""
    word = name.casefold().split()[-1]
    return word[: max(len(word) - 2, _LEAST_STEM)]


def named_turn(text: str, seen: Sequence[str]) -> Segment | None:
    """A line without quotation marks after its speaker: "GUARD (softly): All aboard."; None for any other text, such as
    "Remember: it is free."."""
    named = _NAMED_TURN.match(text.strip())
    if not named or not names_somebody(named[1]):
        return None
    known = named[1].isupper() or named[2] or named[1].casefold() in " ".join(seen).casefold()
    return (
        Segment("speaker", named[3], named[1].title() if named[1].isupper() else named[1], named[2] or "", named[1])
        if known
        else None
    )


def _is_name(name: str) -> bool:
    """Whether words before a quotation are a name, and not what is heard or seen."""
    name = name.strip()
    return (
        len(name.split()) <= _MAX_NAME_WORDS and not name[:1].islower() and names_somebody(name) and not kind_of(name)
    )


_LAST_TURN: Final = Pattern(
    rf"(?<=[.!?…。！？।])\s+(?=[^\W\d_][\w{MARKS}'’]{{1,20}}(?: [^\W\d_][\w{MARKS}'’]{{1,20}})?\s*[:：]\s*"
    r"[^\"“„«»‹「『:：\n]*[.!?…。！？؟।]$)"
)
"""Where somebody's line without quotation marks ends the line of its shot."""


def turn_in(text: str) -> int:
    """Where a line of somebody in capitals, or a sound in brackets, begins in a head; 0 where none does."""
    found = (m for m in _TURN_IN_HEAD.finditer(text) if m["name"] is None or m["name"].isupper())
    if begin := next((m.start() for m in found), 0):
        return begin
    last = _LAST_TURN.search(text)
    return last.start() if last and line_of(text[last.end() :], text[: last.start()]) else 0


def _is_small(value: str) -> bool:
    """Whether a text is written like a description, and not like an address or a price."""
    return value[:1].islower() and not TEXT_LIKE.search(value)


def is_picture(segment: Segment) -> bool:
    """Whether an insert or an end card is described, e.g. "logo on dark blue", instead of quoted."""
    if QUOTED.match(segment.value) or is_address(segment.value):
        return False
    if segment.label.lower() == "insert":
        return not TEXT_LIKE.search(segment.value)
    if _SCREEN.search(segment.label) and _DESCRIBED.match(segment.value):
        return True
    card = re.search(r"card|frame|tafel|carton|cartela", segment.label, re.IGNORECASE)
    return bool(card and (_SEEN.search(segment.value) or _is_small(segment.value)))
