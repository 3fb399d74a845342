"""Cells of a column with what is heard: lines with and without the name of a speaker, remarks, and sounds."""

import re
from collections.abc import Sequence
from typing import Final

from activities.planning.structure.labels import READ_NOUNS, Segment, kind_of, names_somebody
from activities.planning.structure.text import QUOTED

_REMARK: Final = re.compile(r"\s*(?:[(（\[]([^()（）\[\]]{1,80})[)）\]]|([*_~])([^*_~\n]{1,80})\2)[\s.,;。]*")
_NAME: Final = re.compile(
    r"\s*(?:[/／;・]\s*)?([^\W\d_](?:[^\n\"“”„«»「」『』:：.!?。！？()（）\[\]]){0,30}?)\s*(?:[(（\[]([^()（）\[\]]{1,60})[)）\]])?\s*"
    r"[:：,–—-]?\s*(?:[(（\[]([^()（）\[\]]{1,60})[)）\]]\s*)?"
)
_SMALL_NAMED_LINE: Final = re.compile(
    r"^[*_•\s–—-]*((?:(?:the|der|die|le|la|el|il|o|a) )?[^\W\d_][\w'’]{1,20}(?: [^\W\d_][\w'’]{1,20})?)\s*"
    r"(?:[(（]([^()（）]{1,40})[)）])?\s*[:：]\s*(?![“„”«»‹「『\"])(\S.*[.!?…。！？؟।۔])$",
    re.IGNORECASE,
)
_NAMED_TURN: Final = re.compile(
    r"([^\W\d_][\w.'’-]*(?: [^\W\d_][\w.'’-]*){0,2})\s*(?:[(（]([^()（）]{1,60})[)）])?"
    r"\s*[:：]\s*(?![“„”«»‹「『\"])(\S.*)$"
)
_LINE_END: Final = re.compile(r"(?:[.!?…。！？؟।]|[ぁ-んー])[”“\"»«」』]$")
_THING: Final = re.compile(rf"{READ_NOUNS}|ロゴ|商品|店名|題名|曲", re.IGNORECASE)
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
    return named if named and (named[2] or named[1].casefold().split()[-1] in seen.casefold()) else None


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
