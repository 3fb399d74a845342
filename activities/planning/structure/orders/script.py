"""A script of a narrator: what is said is a block of its own, and what is seen stands next to it.

Voiceover script (45 s):
“You have three tabs open about sleep.
Close them.”

Visuals: a calm bedroom, city lights, a phone in a drawer
End card: Dormant
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from activities.planning.structure.cards import asked_cards
from activities.planning.structure.labels import Segment, kind_of, segments
from activities.planning.structure.model import Line, Shot, Structure, numbered
from activities.planning.structure.shot_list import title_in
from activities.planning.structure.text import (
    description_text,
    has_words,
    lettering_text,
    quotations,
    spoken_text,
    without_quotes,
)
from activities.text.patterns import Pattern
from activities.text.speech import group_by_time, sentences

_BRACKETS: Final = Pattern(r"\s*[(（\[][^()（）\[\]\n]{0,60}[)）\]]")
_SCRIPT: Final = Pattern(
    r"[\s-]*(?:script|text|copy|lines?|texte?|skript|guion|guión|testo|roteiro|locução|текст|原稿|文案|대본|النص)$",
    re.IGNORECASE,
)
_MARKS: Final = ' \t"“”„«»「」『』'
_ITEM: Final = Pattern(r"^\s*[-*•–—]\s+")
MAX_HEAD_WORDS: Final = 5
LEAST_SENTENCES: Final = 2


@dataclass
class _Script:
    """What is said, with the number of sentences before each text on the screen, and what is seen."""

    said: list[str] = field(default_factory=list)
    shown: list[tuple[int, str]] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)


def parse_script(text: str) -> Structure | None:
    """The shots of a text with a block of narration below its head; None for any other text."""
    lines = text.splitlines()
    heads = {k: kind for k, line in enumerate(lines) if (kind := _head(line))}
    if "voice" not in heads.values():
        return None
    script = _Script()
    first = min(heads)
    block = ""
    for k, line in enumerate(lines[first:], start=first):
        block = heads.get(k, block)
        if k not in heads and line.strip():
            block = _read(script, line, block)
    if len(script.said) < LEAST_SENTENCES:
        return None
    title = next(filter(None, map(title_in, lines[:first])), "")
    return Structure("advert", numbered(_shots(script)), title, cards=asked_cards(text))


def _head(line: str) -> str:
    """The kind of block that a line begins by itself, "voice" or "picture"; otherwise empty."""
    plain = _BRACKETS.sub("", line.strip().strip("#*_ ")).strip("*_ ")
    marked = plain.endswith((":", "：")) or line.lstrip().startswith("#")
    plain = plain.rstrip(":： ")
    if not marked or not plain or len(plain.split()) > MAX_HEAD_WORDS:
        return ""
    kind = kind_of(plain) or kind_of(_SCRIPT.sub("", plain))
    return kind if kind in ("voice", "picture") else ""


def _read(script: _Script, line: str, block: str) -> str:
    """Add a line of a block; returns the block of the next line. A label ends a block, but for text on the screen."""
    parts = segments(line)
    labelled = [part for part in parts if part.kind]
    for part in labelled:
        _add(script, part)
    if labelled:
        return block if all(part.kind == "lettering" for part in labelled) else ""
    if block == "voice":
        script.said += [said for each in sentences(line.strip(_MARKS)) if (said := spoken_text(each.strip(_MARKS)))]
    elif block == "picture":
        script.seen += _pictures(_ITEM.sub("", line))
    return block


def _add(script: _Script, part: Segment) -> None:
    if part.kind == "picture":
        script.seen += _pictures(part.value)
    elif part.kind in ("voice", "endline"):
        script.said += sentences(spoken_text(part.value))
    if part.kind in ("lettering", "endline") and not asked_cards(f"{part.label}: {part.value}").end:
        texts = quotations(part.value) or [without_quotes(part.value)]
        script.shown += [(len(script.said), lettering_text(text)) for text in texts]


def _pictures(text: str) -> list[str]:
    """The pictures that a text lists."""
    mark = next((mark for mark in (";", "；", "|", ",", "、", "，") if mark in text), None)
    parts = text.split(mark) if mark else [text]
    return [seen for part in parts if has_words(part) and (seen := description_text(part))]


def _shots(script: _Script) -> Iterator[Shot]:
    """A shot for each picture, with the sentences in groups of equal time; without pictures, one for each sentence."""
    groups = _groups(script)
    at = 0
    for number, group in enumerate(groups):
        at += len(group)
        is_last = number == len(groups) - 1
        shown = tuple(
            t for n, t in script.shown if at - len(group) < n <= at or (is_last and n > at) or (n == 0 == number)
        )
        seen = script.seen[number] if number < len(script.seen) else ""
        yield Shot(0, seen or description_text(group[0]), lines=tuple(Line(each) for each in group), lettering=shown)


def _groups(script: _Script) -> Sequence[Sequence[str]]:
    count = len(script.seen)
    if not 0 < count <= len(script.said):
        return [[each] for each in script.said]
    return [group for group in group_by_time(script.said, count) if group]
