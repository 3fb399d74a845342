"""Markdown with pictures: a line for each picture, where the response of the model has it. Pure functions."""

import re
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

from activities.text.patterns import Pattern

FOLDER: Final = "pictures"
_LINE: Final = Pattern(rf"^!\[(?P<alt>(?:\\.|[^\]\\\n])*)\]\({FOLDER}/(?P<name>[\w.-]{{1,100}})\)[ \t]*$", re.MULTILINE)
_HEADING: Final = Pattern(r"^ {0,3}#{1,6}[ \t]+(?P<text>\S.*?)[ \t]*#*[ \t]*$", re.MULTILINE)
_MARKS: Final = Pattern(r"[\\`*_\[\]<>#|]")
_MARKER: Final = Pattern(r"^[ \t]*\[(?P<source>reference-\d{1,3}(?: p\. \d{1,4})?)\][ \t]*$", re.MULTILINE)
ALT_CHARS: Final = 120


class Placed(NamedTuple):
    """A picture at its place in a text; `alt` describes it in words."""

    name: str
    alt: str


def picture_line(name: str, alt: str) -> str:
    return f"![{_MARKS.sub('', ' '.join(alt.split()))[:ALT_CHARS].strip()}]({FOLDER}/{name})"


def describe(before: str, number: int, label: str) -> str:
    """The words for a picture of which the model says nothing: the last heading above it, and its number."""
    headings = _HEADING.findall(before)
    return f"{headings[-1] if headings else label or 'Picture'} ({number})"


def blocks_of(text: str, names: Collection[str]) -> Iterator[str | Placed]:
    """The texts and the pictures of a stored text in their order; lines of unknown pictures stay text."""
    at = 0
    for match in _LINE.finditer(text):
        if match["name"] not in names:
            continue
        if before := text[at : match.start()].strip("\n"):
            yield before
        yield Placed(match["name"], match["alt"])
        at = match.end()
    if after := text[at:].strip("\n"):
        yield after


def without_pictures(text: str) -> str:
    """The words of a stored text, without the lines of its pictures."""
    return _LINE.sub("", text)


def marked_references(text: str) -> list[str]:
    """The references that lines of a text mark, such as `[reference-2 p. 3]`, each once, in their order."""
    return list(dict.fromkeys(_MARKER.findall(text)))


def marked_blocks(text: str) -> Iterator[str | Placed]:
    """The texts and the marked references of a text in their order; the name of such a place is its source."""
    at = 0
    for match in _MARKER.finditer(text):
        if before := text[at : match.start()].strip("\n"):
            yield before
        yield Placed(match["source"], "")
        at = match.end()
    if after := text[at:].strip("\n"):
        yield after


def without_marks(text: str) -> str:
    """A text without the lines that mark references, for everything but the text that shows them."""
    return _MARKER.sub("", text)
