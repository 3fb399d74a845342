"""Markdown with pictures: a line for each picture, where the response of the model has it. Pure functions."""

import re
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

FOLDER: Final = "pictures"
_LINE: Final = re.compile(
    rf"^!\[(?P<alt>(?:\\.|[^\]\\\n])*)\]\({FOLDER}/(?P<name>[\w.-]{{1,100}})\)[ \t]*$", re.MULTILINE
)
_HEADING: Final = re.compile(r"^ {0,3}#{1,6}[ \t]+(?P<text>\S.*?)[ \t]*#*[ \t]*$", re.MULTILINE)
_MARKS: Final = re.compile(r"[\\`*_\[\]<>#|]")
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
