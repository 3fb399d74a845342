"""Which module reads a document, by its content. Synchronous; it runs in the child process."""

import zipfile
from pathlib import Path
from typing import Any, Final

from activities.references.reading.documents import email_files, office, opendocument, pdf, rtf, texts
from activities.references.reading.documents.zipped import Archive
from activities.references.reading.limits import Unusable
from workflows.references.kinds import ReferenceKind
from workflows.references.signatures import HEAD_BYTES, is_email, is_text, kind_by_head, problem_by_head

PAGED: Final = {office.PPTX: "slide", opendocument.ODP: "slide", office.XLSX: "sheet", opendocument.ODS: "sheet"}
"""What the pages of a document are called; others have pages."""


def inspect(path: Path) -> dict[str, Any]:
    """The media type of a document and its facts. All but PDF are read in full, so that nothing fails later.

    Raises:
        Unusable: encrypted, damaged, too long, empty, or no document.
    """
    match _format_of(path):
        case "pdf":
            found = pdf.inspect(path)
        case "office":
            found = office.inspect(path)
        case "opendocument":
            found = opendocument.inspect(path)
        case "rtf":
            rtf.read(path)
            found = {"media_type": rtf.RTF}
        case "email":
            email_files.read(path, inspect_and_read)
            found = {"media_type": email_files.EML}
        case _:
            found = texts.inspect(path)
    return {
        "kind": ReferenceKind.DOCUMENT.value,
        "file": str(path),
        "original_type": found["media_type"],
        "notes": [],
    } | found


def read(path: Path, out: Path) -> dict[str, Any]:
    """parts, and where they are known unread, pages, scans and thumbnail."""
    match _format_of(path):
        case "pdf":
            return pdf.read(path, out)
        case "office":
            return office.read(path)
        case "opendocument":
            return opendocument.read(path)
        case "rtf":
            return rtf.read(path)
        case "email":
            return email_files.read(path, inspect_and_read)
        case _:
            return texts.read(path)


def inspect_and_read(path: Path, out: Path) -> dict[str, Any]:
    """What is read of a document that is attached to an e-mail.

    Raises:
        Unusable: it is no document, or cannot be used.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if problem := problem_by_head(head):
        raise Unusable(f"it {problem}")
    if (kind := kind_by_head(head)) is not ReferenceKind.DOCUMENT:
        raise Unusable(f"it is a {kind.value if kind else 'file'}; give it as a reference of its own")
    inspect(path)
    return read(path, out)


def _format_of(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if head.startswith(b"{\\rtf"):
        return "rtf"
    if is_email(head):
        return "email"
    if (head.startswith(b"PK") and not is_text(head)) or zipfile.is_zipfile(path):
        with Archive(path) as archive:
            return "opendocument" if opendocument.is_one(archive) else "office"
    if head.startswith(b"%PDF-") or (b"%PDF-" in head[: 1_024 + 5] and b"startxref" in path.read_bytes()):
        return "pdf"
    return "text"
