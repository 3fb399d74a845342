"""RTF 1.9.1: its text and tables. Formats, pictures, comments and deleted text are left out.

Synchronous; it runs in the child process.
"""

import codecs
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from activities.references.reading.documents.tables import divided
from activities.references.reading.limits import Unusable, check_chars

RTF: Final = "application/rtf"
_TOKEN: Final = re.compile(
    rb"\\(?P<word>[A-Za-z]{1,32})(?P<number>-?\d{1,10})? ?|\\'(?P<hex>[0-9A-Fa-f]{2})|\\(?P<sign>[^A-Za-z])"
    rb"|(?P<brace>[{}])|(?P<raw>[^\\{}\r\n\x00]+)",
    re.DOTALL,
)
# fmt: off
_SKIPPED: Final = frozenset({
    "fonttbl", "colortbl", "stylesheet", "listtable", "listoverridetable", "revtbl", "rsidtbl", "info",
    "pict", "object", "objdata", "themedata", "xmlnstbl", "colorschememapping", "datastore",
    "latentstyles", "generator", "header", "headerl", "headerr", "headerf", "footer", "footerl",
    "footerr", "footerf", "fldinst", "bkmkstart", "bkmkend", "annotation", "atnid", "atnauthor",
    "atndate", "atnref", "pntext", "nonshppict", "sn", "sv", "filetbl", "private", "xe", "tc", "mmathPr",
})
# fmt: on
"""Groups that are not shown as text."""
_SHOWN: Final = frozenset({"shpinst", "shptxt"})
"""Text boxes: groups that an old program ignores."""
_CHARACTERS: Final = {
    "par": "\n",
    "sect": "\n",
    "line": "\n",
    "tab": "\t",
    "emdash": "—",
    "endash": "–",
    "bullet": "•",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "emspace": " ",
    "enspace": " ",
    "zwj": "\u200d",
    "zwnj": "\u200c",
}
_SIGNS: Final = {b"~": "\xa0", b"_": "\u2011", b"\\": "\\", b"{": "{", b"}": "}", b"\n": "\n", b"\r": "\n"}
_CHARSETS: Final = {
    0: "cp1252",
    77: "mac_roman",
    128: "cp932",
    129: "cp949",
    134: "gb18030",
    136: "cp950",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
}
"""The encodings of fonts by their `fcharset`; others have that of the document."""


@dataclass(frozen=True)
class _State:
    """What a group inherits."""

    hidden: bool = False
    encoding: str = ""
    skip: int = 1
    destination: str = ""


@dataclass
class _Reader:
    """Collects the parts of a file, token by token."""

    document_encoding: str = "cp1252"
    fonts: dict[int, str] = field(default_factory=dict)
    parts: list[dict[str, Any]] = field(default_factory=list)
    state: _State = field(default_factory=_State)
    _stack: list[_State] = field(default_factory=list)
    _text: list[str] = field(default_factory=list)
    _bytes: bytearray = field(default_factory=bytearray)
    _cells: list[str] = field(default_factory=list)
    _rows: list[list[str]] = field(default_factory=list)
    _in_table: bool = False
    _unread: int = 0
    _font: int = 0
    _ignorable: bool = False
    page: int = 1

    def run(self, data: bytes) -> None:
        at = 0
        while match := _TOKEN.search(data, at):
            at = match.end()
            if match["brace"]:
                self._brace(match["brace"] == b"{")
                if not self._stack:
                    return
            elif match["word"]:
                number = int(match["number"]) if match["number"] else None
                if match["word"] == b"bin":
                    at += max(number or 0, 0)
                self._word(match["word"].decode(), number)
            elif match["sign"] == b"*":
                self._ignorable = True
            elif match["sign"]:
                self._flush_bytes()
                self._show(_SIGNS.get(match["sign"], ""))
            else:
                self._byte(bytes.fromhex(match["hex"].decode()) if match["hex"] else match["raw"])
        raise Unusable("the RTF file ends before its text does; save it again")

    def finish(self) -> None:
        self._end_table()
        self._end_text()

    def _brace(self, opens: bool) -> None:
        self._flush_bytes()
        self._unread, self._ignorable = 0, False
        if opens:
            self._stack.append(self.state)
        else:
            self.state = self._stack.pop()

    def _word(self, word: str, number: int | None) -> None:
        self._flush_bytes()
        ignorable, self._ignorable = self._ignorable, False
        if word in _SKIPPED or (ignorable and word not in _SHOWN):
            self.state = replace(self.state, hidden=True, destination=word)
        elif word in ("v", "deleted") and not self.state.destination:
            self.state = replace(self.state, hidden=number != 0)
        elif word == "u" and number is not None:
            self._show(chr(number % 0x10000))
            self._unread = self.state.skip
        elif word == "uc" and number is not None:
            self.state = replace(self.state, skip=number)
        elif word in ("ansicpg", "mac", "f", "fcharset"):
            self._encoding(word, number or 0)
        elif not self.state.hidden:
            self._layout(word)

    def _encoding(self, word: str, number: int) -> None:
        if word == "ansicpg":
            self.document_encoding = _known(f"cp{number}") or self.document_encoding
        elif word == "mac":
            self.document_encoding = "mac_roman"
        elif word == "f" and self.state.destination == "fonttbl":
            self._font = number
        elif word == "f":
            self.state = replace(self.state, encoding=self.fonts.get(number, ""))
        elif number in _CHARSETS and number:
            self.fonts[self._font] = _CHARSETS[number]

    def _layout(self, word: str) -> None:
        match word:
            case "cell" | "nestcell":
                self._cells.append(self._taken())
            case "row" | "nestrow":
                self._rows.append(self._cells)
                self._cells = []
            case "trowd" | "intbl" if not self._in_table:
                self._end_text()
                self._in_table = True
            case "pard":
                self._after_row()
            case "page":
                self._end_table()
                self._end_text()
                self.page += 1
            case _:
                self._show(_CHARACTERS.get(word, ""))

    def _after_row(self) -> None:
        """End the table at a paragraph that may be outside of it; `intbl` begins it again."""
        if self._in_table and not self._cells and not "".join(self._text).strip():
            self._in_table = False

    def _show(self, text: str) -> None:
        if not text or self.state.hidden:
            return
        if self._rows and not self._in_table:
            self._end_table()
        self._text.append(text)

    def _byte(self, data: bytes) -> None:
        skipped = min(self._unread, len(data))
        self._unread -= skipped
        self._ignorable = False
        if not self.state.hidden:
            self._bytes += data[skipped:]

    def _flush_bytes(self) -> None:
        if self._bytes:
            text = self._bytes.decode(self.state.encoding or self.document_encoding, "replace")
            self._bytes.clear()
            self._show(text)

    def _end_text(self) -> None:
        if text := self._taken():
            self.parts.append({"kind": "text", "page": self.page, "text": text})

    def _taken(self) -> str:
        """The collected text; characters beyond the first plane come as two halves."""
        text = "".join(self._text).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        self._text.clear()
        return text.strip()

    def _end_table(self) -> None:
        rows = [row for row in (*self._rows, self._cells) if any(row)]
        self.parts += [{"kind": "table", "page": self.page, "text": text} for text in divided(rows)] if rows else []
        self._rows, self._cells, self._in_table = [], [], False


def _known(name: str) -> str:
    """The name of an encoding if Python has it."""
    try:
        return codecs.lookup("utf-8" if name == "cp65001" else name).name
    except LookupError:
        return ""


def read(path: Path) -> dict[str, Any]:
    """The parts of an RTF file.

    Raises:
        Unusable: it is cut off, has no text, or too much.
    """
    reader = _Reader()
    reader.run(path.read_bytes())
    reader.finish()
    if not reader.parts:
        raise Unusable("it contains no text; if it shows pictures, save it as PDF")
    check_chars(sum(len(part["text"]) for part in reader.parts))
    return {"parts": reader.parts, "pages": reader.page if reader.page > 1 else None}
