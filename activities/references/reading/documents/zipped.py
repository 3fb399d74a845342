"""The entries of an Office file, read within limits: a ZIP archive and its XML from outside.

Synchronous; it runs in the child process.
"""

import zipfile
import zlib
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from activities.references.reading.limits import Unusable

MAX_ENTRIES: Final = 5_000
MAX_ENTRY_BYTES: Final = 60_000_000
"""Of the XML of one part: a sheet of a million cells. As a tree it takes ten times as much memory."""
MAX_TOTAL_BYTES: Final = 600_000_000
"""Of all entries as they would be unpacked; pictures and films in a presentation count too."""
MAX_RATIO: Final = 200
"""Unpacked to packed: XML of real sheets reaches 50, and a bomb 1,000."""
RATIO_FROM_BYTES: Final = 1_000_000
"""Smaller entries may have any ratio."""
_ENCRYPTED: Final = 0x1
_BOMB: Final = "save it again without embedded files, or as PDF"


class Archive:
    """An Office file that was checked before anything of it is unpacked.

    Raises:
        Unusable: encrypted, damaged, or with more or larger entries than a document has.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
            raise Unusable("it does not open as an Office or OpenDocument file; save it again") from None
        self.names: Final = frozenset(self._zip.namelist())
        _check(self._zip.infolist())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._zip.close()

    def xml(self, name: str) -> Element | None:
        """An entry as a tree; None if it is absent.

        Raises:
            Unusable: it is no XML, or declares a document type.
        """
        return parse_xml(self.data(name), name) if name in self.names else None

    def data(self, name: str) -> bytes:
        """An entry.

        Raises:
            Unusable: it is damaged or too large.
        """
        try:
            with self._zip.open(name) as file:
                data = file.read(MAX_ENTRY_BYTES + 1)
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError):
            raise Unusable("the Office file is damaged; save it again") from None
        if len(data) > MAX_ENTRY_BYTES:
            raise Unusable(f"{name} in it unpacks to more than {MAX_ENTRY_BYTES:,} bytes; {_BOMB}")
        return data


def _check(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAX_ENTRIES:
        raise Unusable(f"it has {len(entries):,} files in it, more than {MAX_ENTRIES:,}; {_BOMB}")
    for each in entries:
        if each.flag_bits & _ENCRYPTED:
            raise Unusable("the Office file is encrypted; save it without a password")
        packed = max(each.compress_size, 1)
        if each.file_size > RATIO_FROM_BYTES and each.file_size / packed > MAX_RATIO:
            raise Unusable(
                f"{each.filename[:60]} in it unpacks to {each.file_size // packed:,} times its size; {_BOMB}"
            )
    total = sum(each.file_size for each in entries)
    if total > MAX_TOTAL_BYTES:
        raise Unusable(f"it unpacks to {total:,} bytes, more than {MAX_TOTAL_BYTES:,}; {_BOMB}")


def parse_xml(data: bytes, name: str) -> Element:
    """The tree of an XML file, with local names as tags. No entity, file or address is ever expanded or loaded.

    Raises:
        Unusable: it is no XML, or declares a document type: Office files have none, and every attack needs one.
    """
    builder = TreeBuilder()
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True

    def refuse(*_: object) -> int:
        raise Unusable(f"{name} in it declares entities, which Office files do not; save it again")

    def start(tag: str, attributes: dict[str, str]) -> None:
        builder.start(_local(tag), {_local(key): value for key, value in attributes.items()})

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda tag: builder.end(_local(tag))
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(data, True)
        return builder.close()
    except (expat.ExpatError, AssertionError):
        raise Unusable(f"{name} in it is no valid XML; save the file again") from None


def _local(name: str) -> str:
    return name.rpartition("}")[2]
