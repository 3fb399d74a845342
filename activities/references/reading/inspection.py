"""What a file is, by its content, and the form in which it is stored: pictures are converted once to what models take.

Synchronous; it runs in the child process.
"""

from pathlib import Path
from typing import Any, Final

from activities.references.reading import pictures, recordings
from activities.references.reading.documents import reader
from activities.references.reading.limits import Unusable
from workflows.references.kinds import KINDS_OF_USE, LIMITS, ReferenceKind, Use, formats_text
from workflows.references.signatures import HEAD_BYTES, kind_by_head, problem_by_head

_DECLARED: Final = {
    "image": ReferenceKind.PICTURE,
    "video": ReferenceKind.VIDEO,
    "audio": ReferenceKind.SOUND,
    "application/pdf": ReferenceKind.DOCUMENT,
}


def inspect(path: Path, out: Path, use: str, declared: str = "") -> dict[str, Any]:
    """The kind, the media type and the facts of a file, and the path of the file to store.

    Args:
        declared: The media type by the sender or by the file's name. It decides nothing, except that a text that is
            declared as a picture, recording or PDF is the message of an error.

    Raises:
        Unusable: with the remedy.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if problem := problem_by_head(head):
        known = f"; give {formats_text()}" if problem.endswith("no known type") else ""
        raise Unusable(f"it {problem}{known}")
    kind = kind_by_head(head)
    assert kind is not None
    _check_size(path.stat().st_size, kind)
    found = _READERS[kind](path, out)
    kind = ReferenceKind(found["kind"])
    _check_declared(found["media_type"], declared)
    if kind is not kind_by_head(head):  # a video by its head turns out to be a sound
        _check_size(path.stat().st_size, kind)
    _check_use(Use(use), kind)
    if use == Use.MASK:
        pictures.check_mask(Path(found["file"]))
    return found


def _check_declared(media_type: str, declared: str) -> None:
    main = declared.partition(";")[0].strip().lower()
    wanted = _DECLARED.get(main) or _DECLARED.get(main.partition("/")[0])
    if media_type.startswith("text/") and wanted and main != "video/mp2t":  # also the type of TypeScript by its name
        found = "a web page, such as a login or error page" if media_type == "text/html" else "a text, such as an error"
        raise Unusable(f"it is declared as {main}, and is {found}; give the address of the file")


def _check_size(size: int, kind: ReferenceKind) -> None:
    most = LIMITS[kind].bytes
    if size > most:
        raise Unusable(f"the {kind.value} is larger than {most:,} bytes; give it in a smaller size")


def _check_use(use: Use, kind: ReferenceKind) -> None:
    if kind not in KINDS_OF_USE[use]:
        able = " or ".join(f"a {k.value}" for k in ReferenceKind if k in KINDS_OF_USE[use])
        raise Unusable(f"use: {use.value} needs {able}, and it is a {kind.value}; change `use`, or give another file")


def _picture(path: Path, out: Path) -> dict[str, Any]:
    return pictures.convert(path, out)


def _recording(path: Path, out: Path) -> dict[str, Any]:
    return recordings.inspect(path)


def _document(path: Path, out: Path) -> dict[str, Any]:
    return reader.inspect(path)


_READERS: Final = {
    ReferenceKind.PICTURE: _picture,
    ReferenceKind.VIDEO: _recording,
    ReferenceKind.SOUND: _recording,
    ReferenceKind.DOCUMENT: _document,
}
