"""The kind of a file by its first bytes: a first look, before a worker reads the whole file. Pure."""

import re
from typing import Final

from workflows.references.kinds import ReferenceKind

HEAD_BYTES: Final = 4_096
"""How much of a file these functions get."""
_BINARY: Final = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f]")
_HEIF_BRANDS: Final = rb"heic|heix|heim|heis|hevc|hevx|mif1|msf1"
_SIGNATURES: Final = (
    (ReferenceKind.PICTURE, re.compile(rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8[79]a|II\*\x00|MM\x00\*")),
    (ReferenceKind.PICTURE, re.compile(rb"RIFF.{4}WEBP", re.DOTALL)),
    (ReferenceKind.PICTURE, re.compile(rb".{4}ftyp(?:avi[fs]|" + _HEIF_BRANDS + rb")", re.DOTALL)),
    (ReferenceKind.SOUND, re.compile(rb"(?:RIFF|RF64).{4}WAVE|OggS\x00|fLaC[\x00\x80]", re.DOTALL)),
    (ReferenceKind.SOUND, re.compile(rb".{4}ftypM4[AB]|ID3[\x02-\x04]|\xff[\xe2-\xfb]", re.DOTALL)),
    (ReferenceKind.VIDEO, re.compile(rb".{4}(?:ftyp|moov|mdat|wide|free)|\x1a\x45\xdf\xa3", re.DOTALL)),
    (ReferenceKind.DOCUMENT, re.compile(rb".{0,1024}%PDF-", re.DOTALL)),
    (ReferenceKind.DOCUMENT, re.compile(rb"PK\x03\x04")),
)
_REFUSED: Final = (
    (b"\xd0\xcf\x11\xe0", "is an old or encrypted Office file; save it as DOCX, PPTX or XLSX without a password"),
    (b"{\\rtf", "is RTF; save it as DOCX or PDF"),
    (b"%!PS", "is PostScript; save it as PDF"),
    (b"PK\x05\x06", "is an empty ZIP archive; give the document itself"),
    (b"MZ", "is a program; give a file of content"),
    (b"\x7fELF", "is a program; give a file of content"),
    (b"\x1f\x8b", "is a compressed archive; give the file inside it"),
    (b"7z\xbc\xaf", "is a compressed archive; give the file inside it"),
    (b"Rar!", "is a compressed archive; give the file inside it"),
)


def kind_by_head(head: bytes) -> ReferenceKind | None:
    """The kind that the first HEAD_BYTES of a file identify; text is a document; None where they identify nothing."""
    for kind, signature in _SIGNATURES:
        if signature.match(head):
            return kind
    return ReferenceKind.DOCUMENT if is_text(head) else None


def problem_by_head(head: bytes) -> str:
    """Why a file with this beginning is no reference, with the remedy; empty where it may be one."""
    if not head:
        return "is empty; give a file with content"
    for signature, problem in _REFUSED:
        if head.startswith(signature) and not (signature == b"MZ" and is_text(head)):
            return problem
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:200].lower()
    if start.startswith((b"<svg", b"<?xml")) and b"<html" not in head.lower():
        return "is an XML or SVG file; give a picture as PNG, or a document as PDF or text"
    if kind_by_head(head) is None:
        return "is of no known type"
    return ""


def is_text(head: bytes) -> bool:
    """Whether bytes are text: UTF-16, or without control characters, except the end mark of old editors (Ctrl-Z)."""
    marked = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    return marked or bool(utf16_by_zeros(head)) or not _BINARY.search(head.rstrip(b"\x1a"))


def utf16_by_zeros(head: bytes) -> str:
    """Python's name of UTF-16 without a byte order mark: every other byte of western text is zero; empty for others."""
    pairs = head[: len(head) // 2 * 2]
    for first, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        if pairs[first::2].count(0) * 4 > len(pairs):
            text = pairs.decode(name, "replace").encode("utf-8", "replace")
            return "" if _BINARY.search(text) else name
    return ""
