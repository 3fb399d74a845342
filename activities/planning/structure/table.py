"""Tables: rows of a shot list, or rows of facts that are said one by one."""

import re
from dataclasses import dataclass
from typing import Final

from activities.planning.structure.labels import FRAMING, Kind, Segment, is_nothing, kind_of
from activities.planning.structure.model import Structure, numbered
from activities.planning.structure.shot_list import ShotDraft, set_lengths, title_in
from activities.planning.structure.text import has_words, plain

_RULE: Final = re.compile(r"^\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*$")
_NUMBER: Final = re.compile(
    r"#|no\.?|nr\.?|n[º°]|shot|scene|szene|einstellung|plano|toma|plan|カット|番号|镜头|镜号|컷|لقطة|кадр|शॉट",
    re.IGNORECASE,
)
_HEARD: Final = re.compile(r"audio|ton|sound/vo|vo/sound|音声|오디오|الصوت|аудио", re.IGNORECASE)


@dataclass(frozen=True)
class Table:
    """A table with its place in the text: the lines from `first` up to `last`."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    first: int
    last: int


def find_table(lines: list[str]) -> Table | None:
    """The first table of a text: with pipes and a rule below its header, or with tabs."""
    for k in range(len(lines) - 2):
        if "|" in lines[k] and _RULE.match(lines[k + 1]) and "|" in lines[k + 1]:
            end = next((j for j in range(k + 2, len(lines)) if "|" not in lines[j]), len(lines))
            return Table(_cells(lines[k]), tuple(map(_cells, lines[k + 2 : end])), k, end)
        if lines[k].count("\t") and lines[k].count("\t") == lines[k + 1].count("\t") == lines[k + 2].count("\t"):
            width = lines[k].count("\t")
            end = next((j for j in range(k + 1, len(lines)) if lines[j].count("\t") != width), len(lines))
            rows = tuple(tuple(c.strip() for c in line.split("\t")) for line in lines[k + 1 : end])
            return Table(tuple(c.strip() for c in lines[k].split("\t")), rows, k, end)
    return None


def _cells(line: str) -> tuple[str, ...]:
    inner = line.strip().removeprefix("|").removesuffix("|")
    return tuple(cell.replace("\\|", "|").strip() for cell in re.split(r"(?<!\\)\|", inner))


def _column(name: str) -> Kind | None:
    name = name.strip(" *_:")
    if _NUMBER.fullmatch(name):
        return "speaker"  # numbers and names of shots: never said
    return "voice" if _HEARD.fullmatch(name) else kind_of(name)


def parse_shot_table(text: str) -> Structure | None:
    """The shots of a table whose columns are named like the parts of a shot; None for any other text."""
    lines = text.splitlines()
    table = find_table(lines)
    if table is None:
        return None
    kinds = [_column(name) for name in table.header]
    parts = {"picture", "voice", "lettering"} & {k for k in kinds if k}
    if len(parts) < 2 and not (parts and {"length", "speaker"} & {k for k in kinds if k}):
        return None
    drafts = []
    for row in table.rows:
        draft = ShotDraft()
        for name, kind, cell in zip(table.header, kinds, row, strict=False):
            if kind == "speaker" or not has_words(cell) or is_nothing(cell):
                continue
            if kind is None and (found := FRAMING.match(cell)):
                draft.framing = found.group(0)
                continue
            for each in re.split(r"<br\s*/?>", cell) if kind in ("voice", "lettering", "sound") else [cell]:
                draft.add(Segment(kind or "note", each.strip(), label=name if kind == "sound" else ""))
        if draft.description or draft.lines or draft.lettering:
            drafts.append(draft)
    if len(drafts) < 2:
        return None
    set_lengths(drafts)
    title = next(filter(None, map(title_in, lines[: table.first])), "")
    return Structure("table", numbered(draft.shot() for draft in drafts), title)


def row_text(table: Table, row: tuple[str, ...]) -> str:
    """A row of facts as a sentence in the words of the table: "Red: Leaves 7:10, Arrives 7:35."."""
    first, rest = plain(row[0]), []
    for name, cell in zip(table.header[1:], row[1:], strict=False):
        if has_words(cell):
            rest.append(f"{plain(name)} {plain(cell)}".strip())
    return f"{first}: {', '.join(rest)}." if rest else f"{first}."
