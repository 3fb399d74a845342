"""The pictures that a brief lists: one for each row of its list, or those it describes after a colon."""

import csv
import io
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from activities.planning.structure.conjunctions import AND, AND_WIDE
from activities.planning.structure.deliverable.formats import asked_shapes
from activities.planning.structure.vocabulary import pictures as words
from activities.planning.task import PlanningTask
from activities.text.patterns import Pattern
from activities.text.speech import sentences
from workflows.models import Modality
from workflows.references.analysis import source_of
from workflows.series.items import MAX_ITEMS

_FOR_EACH: Final = Pattern(rf"(?<![^\W\d_])(?:{words.FOR_EACH})", re.IGNORECASE)
_EVERY_NUMBER: Final = "|".join(words.NUMBERS)
_DESCRIBED: Final = Pattern(
    rf"(?<![^\W\d_])(?P<count>{_EVERY_NUMBER})\s?(?:张|枚の|장의|"
    rf"個の)?\s*(?:\w+\s+){{0,2}}?{words.PICTURE}\s*[:：]\s*(?P<list>[^\n]{{3,600}})",
    re.IGNORECASE,
)
_LEADS: Final = Pattern(
    r"[\s,]*(?:\b(?:with|and|mit|und|avec|et|con|y|com|e|met|en|med|och|og|z|i|с|и))?\W*$", re.IGNORECASE
)
_BULLET: Final = Pattern(r"^\s*(?:[-*•–]|\d{1,3}[.)])\s+(\S.*)$")
LABEL_CHARS: Final = 80


class Listed(NamedTuple):
    """One picture: its name in lists, what it shows, and the place it is from."""

    name: str
    shows: str
    source: str = ""


def listed_pictures(task: PlanningTask) -> list[Listed]:
    """The pictures that the brief lists, in its order; empty where it lists none."""
    text = task.brief.text
    if asks_for_each(text):
        listed = [Listed(_short(each), each) for each in _bullets(text)]
        return (listed if len(listed) > 1 else list(_rows(task)))[:MAX_ITEMS]
    return [Listed(_short(each), each) for each in _described(text, task.brief.language)[1]]


def about_all(task: PlanningTask) -> str:
    """What a brief says of all its pictures: its text without the entries; what stands before those it describes."""
    text = task.brief.text
    if asks_for_each(text):
        return " ".join(sentences("\n".join(line for line in text.splitlines() if not _BULLET.match(line))))
    return " ".join(sentences(_described(text, task.brief.language)[0])[-1:])


def asks_for_each(text: str) -> bool:
    """Whether a brief asks for one picture for each row of a list."""
    return _FOR_EACH.search(text) is not None


def list_warnings(task: PlanningTask, found: list[Listed]) -> list[str]:
    """A warning where the list that the brief speaks of was not found."""
    if found or task.brief.items or not asks_for_each(task.brief.text):
        return []
    return [
        "items: the brief asks for a picture for each entry of a list, and no list was read: attach it as CSV or XLSX, "
        "list the entries in the brief, or give them as items"
    ]


def shape_warnings(task: PlanningTask) -> list[str]:
    """A warning where the text of a brief asks for another shape of its pictures than its field."""
    asked, own = asked_shapes(task.brief.text), task.brief.aspect
    if not asked or own in asked or Modality.IMAGE not in task.brief.modalities:
        return []
    return [
        f"aspect: the brief asks for {', '.join(asked)}, and its field says {own}: its pictures are made in {own}; "
        f"give aspect: {asked[0]}"
    ]


def _rows(task: PlanningTask) -> Iterator[Listed]:
    """The rows of the tables in the references; the first row has the names of the columns."""
    for number, parts in task.read.items():
        for part in parts:
            if part.kind != "table":
                continue
            head, *rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(part.text))] or [[]]
            for row in rows:
                cells = [(name, value) for name, value in zip(head, row, strict=False) if value]
                if cells:
                    more = "; ".join(f"{name}: {value}" if name else value for name, value in cells[1:])
                    shows = f"{cells[0][1]} ({more})" if more else cells[0][1]
                    yield Listed(_short(cells[0][1]), shows, source_of(number, part.place))


def _bullets(text: str) -> list[str]:
    return [found[1].strip() for line in text.splitlines() if (found := _BULLET.match(line))]


def _described(text: str, language: str) -> tuple[str, list[str]]:
    """The pictures that a sentence counts and describes, "two pictures: the lamp on a desk, and its switch", after the
    text before it."""
    ands = rf"(?:{AND}|{AND_WIDE}{'|a' if language.split('-')[0] in ('cs', 'sk') else ''})"
    marks = (
        rf"\s*[;；]\s*(?:{ands}\s+)?",
        rf"\s*[,，、،]\s*(?:{ands}\s+)?",
        rf"\s*[,，、،]\s*(?:{ands}\s+)?|\s+{ands}\s+",
    )
    for match in _DESCRIBED.finditer(text):
        listed = next(iter(sentences(match["list"])), "").rstrip(" .。")
        count = next(
            n for n, names in enumerate(words.NUMBERS, 1) if re.fullmatch(names, match["count"], re.IGNORECASE)
        )
        for mark in marks:
            parts = [part.strip() for part in re.split(mark, listed, flags=re.IGNORECASE) if part.strip()]
            if len(parts) == count:
                return _LEADS.sub("", text[: match.start()]), parts
    return text, []


def _short(text: str) -> str:
    return text if len(text) <= LABEL_CHARS else f"{text[: LABEL_CHARS - 1].rstrip()}…"
