"""Tables: rows of a shot list, or rows of facts that are said one by one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Literal

from activities.planning.structure import words
from activities.planning.structure.conjunctions import AND
from activities.planning.structure.labels import FRAMING, Kind, is_nothing, kind_of, segments
from activities.planning.structure.model import Structure, numbered
from activities.planning.structure.notations.cells import is_line, named_turn, remark, spoken_turns
from activities.planning.structure.notations.heard import heard_in
from activities.planning.structure.notations.sheets import sheet_at
from activities.planning.structure.shot_list import ShotDraft, set_lengths, title_in
from activities.planning.structure.text import (
    LENGTH,
    QUOTED,
    clock_or_number,
    clock_seconds,
    has_words,
    number,
    plain,
    western_digits,
    without_quotes,
)
from activities.text.patterns import Pattern
from activities.text.speech import closed

_RULE: Final = Pattern(r"^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$")
_NUMBER: Final = Pattern(
    r"#|no\.?|nr\.?|n[º°]|shot|scene|sc\.?|szene|einstellung|plano|toma|plan|カット|番号|镜头|镜号|鏡號|컷|لقطة|кадр|"
    rf"शॉट|{words.SHOTS}",
    re.IGNORECASE,
)
_START: Final = Pattern(
    r"(?:tc|time(?:code)?|time code)?\s*[-–]?\s*(?:in|start|from|begin|von|début|de|inicio|inizio|início|van|od|"
    r"från|fra|開始|イン|开始|開始時間|시작|начало|с|البداية|من|शुरू)",
    re.IGNORECASE,
)
_END: Final = Pattern(
    r"(?:tc|time(?:code)?|time code)?\s*[-–]?\s*(?:out|end|to|bis|fin|à|fine|fim|tot|do|till|til|終了|アウト|"
    r"结束|結束|"
    r"끝|конец|до|النهاية|إلى|अंत)",
    re.IGNORECASE,
)
_SECONDS: Final = Pattern(
    r"s|secs?\.?|seconds?|sek\.?|sekunden?|seg\.?|segundos?|secondes?|secondi|seconden|сек\.?|секунды?|detik|"
    r"dtk|giây|másodperc|mp|secunde|segons|sekundi|sekúnd|วินาที|সেকেন্ড|सेकंद|秒数?|초|ثوان|سیکنڈ",
    re.IGNORECASE,
)
_BARE_SECONDS: Final = Pattern(r"(\d{1,3}(?:[.,]\d{1,2})?)\s*[\"″”]?")
_CLOCK_OR_SECONDS: Final = r"(\d{1,2}:\d{2}(?:\.\d{1,3})?|\d{1,3}(?:[.,]\d{1,2})?)\s*[\"″”]?"
_BARE_RANGE: Final = Pattern(
    rf"{_CLOCK_OR_SECONDS}\s*(?:-{{1,2}}>?|[–—−→~〜～/]|to|bis|a|à|до|至|から)\s*{_CLOCK_OR_SECONDS}"
)
_QUALIFIED: Final = Pattern(r"([^()（）]{1,30}?)\s*[(（]([^()（）]{1,30})[)）]")
_SEEN: Final = Pattern(
    r"inhalt|contents?|contenu|contenido|contenuto|conteúdo|inhoud|treść|innehåll|indhold|содержание|内容|內容|"
    r"내용|içerik",
    re.IGNORECASE,
)
_NEXT_TURN: Final = Pattern(r"(?<=[.!?…。！？])\s+(?=[^\W\d_a-z]{2,}(?: [^\W\d_a-z]+)?\s*[:：])")
_AND: Final = Pattern(rf"\s*[/／&+、]\s*|\s+{AND}\s+")
_CONTENT: Final = Pattern(r"(?:内容|內容|描述|说明|說明|概要|欄|설명)$")
_LEAST_KNOWN: Final = 2
_NAME_WORDS: Final = 5
_TIMED_CELL: Final = Pattern(rf"\s*(?=[\[(（【]){LENGTH.pattern}\s*$", re.IGNORECASE)
_ASIDE: Final = Pattern(r"\s*[(（\[][^()（）\[\]]{1,80}[)）\]]\s*")
_HEARD: Final = Pattern(
    r"what (?:we|you) hear|(?:was )?(?:man|wir) hör(?:t|en)|on entend|ce qu['’]on entend|(?:lo que )?se (?:oye|"
    r"escucha)|"
    r"(?:cosa )?si sente|(?:o que )?se ouve|wat we horen|vad (?:vi|man) hör|son|sonido|suono|som|geluid|ljud|"
    r"lyd|dźwięk|звук|"
    r"audio|ton|sound/vo|vo/sound|音声|声音|聲音|音频|音頻|音訊|오디오|الصوت|аудио",
    re.IGNORECASE,
)
_NAME: Final = Pattern(r"\W*(?:[^\W\d_]{0,12}\W{0,2})?\d{1,3}[a-z]?\W*|[A-Za-z]?\W*", re.IGNORECASE)
"""The number or the name of a shot: "3", "Scene 2", "4b"."""
_WHO: Final = Pattern(
    r"speakers?|(?:said|spoken) by|gesprochen von|wer spricht|dit par|dicho por|detto da|dito por|characters?|"
    r"who|sprecher(?:in)?|figur|rolle|personaje|personnage|personaggio|personagem|話者|"
    r"話し手|人物|"
    r"角色|등장인물|персонаж|кто",
    re.IGNORECASE,
)
_LINE: Final = Pattern(
    r"lines?|text|dialog(?:ue)?s?|words|says|copy|répliques?|texte|líneas?|texto|diálogos?|battuta|testo|falas?|"
    r"台词|台詞|"
    r"セリフ|대사|реплика|текст",
    re.IGNORECASE,
)
_Column = Kind | Literal["start", "end"]


@dataclass(frozen=True)
class Table:
    """A table with its place in the text: the lines from `first` up to `last`."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    first: int
    last: int


def find_tables(lines: list[str]) -> list[Table]:
    """The tables of a text: with pipes and a rule below its header, with pipes and known names of columns, or tabs."""
    found: list[Table] = []
    k = 0
    while k < len(lines) - 2:
        table = _table_at(lines, k)
        if table:
            found.append(table)
        k = table.last if table else k + 1
    return found


def _table_at(lines: list[str], k: int) -> Table | None:
    if "|" in lines[k] and _RULE.match(lines[k + 1]) and "|" in lines[k + 1]:
        end = next((j for j in range(k + 2, len(lines)) if "|" not in lines[j]), len(lines))
        return Table(_cells(lines[k]), tuple(map(_cells, lines[k + 2 : end])), k, end)
    if "|" in lines[k] and is_header(header := _cells(lines[k])):
        end = next((j for j in range(k + 1, len(lines)) if "|" not in lines[j]), len(lines))
        if end - k > 2:
            return Table(header, tuple(_cells(line, len(header)) for line in lines[k + 1 : end]), k, end)
    width = lines[k].count("\t")
    if width and width == lines[k + 1].count("\t") == lines[k + 2].count("\t"):
        end = next((j for j in range(k + 1, len(lines)) if not 0 < lines[j].count("\t") <= width), len(lines))
        if end == len(lines) - 1 and segments(lines[end])[0].kind:
            end += 1  # the empty cells at the end of the text are cut off
        rows = tuple(tuple(c.strip() for c in line.split("\t")) for line in lines[k + 1 : end])
        return Table(tuple(c.strip() for c in lines[k].split("\t")), rows, k, end)
    if sheet := sheet_at(lines[k:], is_header):
        return Table(sheet.rows[0], sheet.rows[1:], k, k + sheet.lines)
    return None


def is_header(names: Sequence[str]) -> bool:
    """Whether names are those of a shot list: at least two are known, and none is as long as a sentence."""
    if len(names) < _LEAST_KNOWN or any(len(name.split()) > _NAME_WORDS for name in names):
        return False
    known = sum(_column(name) is not None for name in names)
    return known >= _LEAST_KNOWN and known * 2 > len(names)


def _cells(line: str, most: int = 0) -> tuple[str, ...]:
    """The cells of a row; with `most`, the last one has the pipes of a row with more."""
    inner = line.strip().removeprefix("|").removesuffix("|")
    cells = re.split(r"(?<!\\)\|", inner, maxsplit=max(most - 1, 0))
    return tuple(cell.replace("\\|", "|").strip() for cell in cells)


@lru_cache(maxsize=1024)
def _column(name: str) -> _Column | None:
    """What the cells below a name of a column are."""
    name = name.strip(" *_:")
    if _NUMBER.fullmatch(name):
        return "speaker"  # numbers and names of shots: never said
    if _START.fullmatch(name):
        return "start"
    if _END.fullmatch(name):
        return "end"
    if _SECONDS.fullmatch(name):
        return "length"
    if _HEARD.fullmatch(name):
        return "voice"
    if _SEEN.fullmatch(name):
        return "picture"
    within = _QUALIFIED.fullmatch(name)
    parts = (within[2], within[1]) if within else (name, *_AND.split(name), _CONTENT.sub("", name))
    return next(filter(None, map(kind_of, parts)), None)


def _kind(table: Table, column: int) -> _Column | None:
    """What the cells of a column are; one whose name may be that of a shot or of its picture, by its cells."""
    name = table.header[column].strip(" *_:")
    kind = _column(name)
    if kind not in ("speaker", "picture"):
        return kind
    cells = [row[column] for row in table.rows if column < len(row)]
    if sum(bool(_NAME.fullmatch(cell)) for cell in cells) * 2 > len(cells):
        return "speaker"
    return "picture" if kind_of(name) == "picture" else kind


def parse_shot_table(text: str) -> Structure | None:
    """The shots of a table whose columns are named like the parts of a shot; None for any other text."""
    lines = text.splitlines()
    return next(filter(None, (_shots_of(table, lines) for table in find_tables(lines))), None)


def _with_speakers(table: Table) -> Table:
    """The table with the columns "Speaker" and "Line" as one of lines after their speakers; any other as it is."""
    names = [name.strip(" *_:") for name in table.header]
    who = next((k for k, name in enumerate(names) if _WHO.fullmatch(name)), None)
    line = next((k for k, name in enumerate(names) if _LINE.fullmatch(name)), None)
    if who is None or line is None:
        return table

    def merged(row: tuple[str, ...]) -> tuple[str, ...]:
        name, said = (row[k] if k < len(row) and has_words(row[k]) else "" for k in (who, line))
        turn = f"{name}: “{without_quotes(said)}”" if name and said else said
        return tuple(turn if k == line else cell for k, cell in enumerate(row) if k != who)

    header = tuple("VO" if k == line else name for k, name in enumerate(table.header) if k != who)
    return replace(table, header=header, rows=tuple(map(merged, table.rows)))


def _shots_of(table: Table, lines: list[str]) -> Structure | None:
    table = _with_speakers(table)
    kinds = [_kind(table, k) for k in range(len(table.header))]
    parts = {"picture", "voice", "lettering"} & {k for k in kinds if k}
    if len(parts) < 2 and not (parts and {"length", "speaker", "start"} & {k for k in kinds if k}):
        return None
    heard = (k for k, name in enumerate(table.header) if kinds[k] == "sound" or _HEARD.fullmatch(name.strip(" *_:")))
    sounds = {k for k in heard if _has_marks(table, k)}
    drafts = []
    for row in table.rows:
        draft = ShotDraft()
        for k, (name, kind, cell) in enumerate(zip(table.header, kinds, row, strict=False)):
            _read_cell(draft, "sound" if k in sounds else kind, cell, name)
        if draft.description or draft.lines or draft.lettering or draft.is_timed:
            drafts.append(draft)
    if len(drafts) < 2:
        return None
    for line in lines[table.last :]:  # an end line below the table
        for part in segments(line):
            if part.kind in ("voice", "lettering", "endline"):
                drafts[-1].add(part)
    set_lengths(drafts)
    title = next(filter(None, map(title_in, lines[: table.first])), "")
    return Structure("table", numbered(draft.shot() for draft in drafts), title)


def _has_marks(table: Table, column: int) -> bool:
    """Whether the lines of a column for all sounds are quoted or have a label: then its other cells are not said."""
    cells = [row[column] for row in table.rows if column < len(row)]
    return any(QUOTED.search(cell) or any(s.kind in ("voice", "speaker") for s in segments(cell)) for cell in cells)


def _read_cell(draft: ShotDraft, kind: _Column | None, cell: str, column: str) -> None:
    """Add a cell to its shot; labels within it win over the name of its column."""
    timed = _TIMED_CELL.search(western_digits(cell)) if kind in ("speaker", "picture") else None
    if timed and draft.seconds is None:
        draft.seconds, cell = number(timed[1]), cell[: timed.start()]
    if kind == "speaker" or not has_words(cell) or is_nothing(cell):
        return
    is_time = _read_time(draft, kind, cell)
    if is_time or kind == "start" or kind == "end":
        return
    if kind is None and (found := FRAMING.match(cell)):
        draft.framing = found.group(0)
        return
    for each in [turn for part in re.split(r"<br\s*/?>", cell) for turn in _NEXT_TURN.split(part)]:
        _read_line(draft, kind, each, column)


def _read_time(draft: ShotDraft, kind: _Column | None, cell: str) -> bool:
    """Whether a cell is a time of its shot, which is then set."""
    text = western_digits(cell)
    if kind in ("start", "length") and (span := _BARE_RANGE.fullmatch(text.strip())):
        draft.start, draft.end = map(_time, span.groups())
    elif kind == "start":
        draft.start = clock_or_number(text)
    elif kind == "end":
        draft.end = clock_or_number(text)
    elif kind == "length" and (bare := _BARE_SECONDS.fullmatch(text.strip())):
        draft.seconds = number(bare[1])
    else:
        return False
    return True


def _read_line(draft: ShotDraft, kind: Kind | None, line: str, column: str) -> None:
    """Add a line of a cell to its shot: a sound in brackets, the turns of people, or its parts by their labels."""
    if kind in ("voice", "sound", "lettering") and _ASIDE.fullmatch(line):
        draft.sounds += filter(None, [heard_in(line)])  # "(natural sound)"
        return
    turns = spoken_turns(line)
    if turns and (kind in ("voice", "sound", None) or (kind == "picture" and all(map(is_line, turns)))):
        for turn in turns:
            draft.add(turn)
        return
    for part in segments(line.strip()):
        if not part.kind and draft.lines and kind in ("voice", "sound") and remark(part.value):
            continue  # how the line before it is said: "BAKER: “Nor do I.” (yawns)"
        if not part.kind and kind in ("voice", "sound") and (named := named_turn(part.value, draft.description)):
            draft.add(named)
            continue
        unlabelled = "voice" if kind == "sound" and QUOTED.match(part.value.strip()) else kind or "note"
        label = column if unlabelled == "sound" else ""
        draft.add(part if part.kind else part._replace(kind=unlabelled, value=part.value.strip(), label=label))


def _time(text: str) -> float:
    return clock_seconds(text) if ":" in text else number(text)


def row_text(table: Table, row: tuple[str, ...]) -> str:
    """A row of facts as a sentence in the words of the table: "Red: Leaves 7:10, Arrives 7:35."."""
    first, rest = plain(row[0]), []
    for name, cell in zip(table.header[1:], row[1:], strict=False):
        if has_words(cell):
            rest.append(f"{plain(name)} {plain(cell)}".strip())
    return closed(f"{first}: {', '.join(rest)}" if rest else first)
