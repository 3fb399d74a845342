"""The kind of a file by its first bytes: a first look, before a worker reads the whole file. Pure."""

import re
from typing import Final

from workflows.references.kinds import ReferenceKind

HEAD_BYTES: Final = 4_096
"""How much of a file these functions get."""
_BINARY: Final = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f]")
_HEIF_BRANDS: Final = rb"heic|heix|heim|heis|hevc|hevx|mif1|msf1"
_EMAIL: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:From [^\n]*\n)?(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*)*"
    rb"(?:MIME-Version:|Message-ID:\s*<|Received:\s+(?:from|by)\s)",
    re.IGNORECASE,
)
"""Fields of a head, one of which only programs write."""
_SIGNATURES: Final = (
    (ReferenceKind.PICTURE, re.compile(rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff|GIF8[79]a|II\*\x00|MM\x00\*")),
    (ReferenceKind.PICTURE, re.compile(rb"RIFF.{4}WEBP", re.DOTALL)),
    (ReferenceKind.PICTURE, re.compile(rb".{4}ftyp(?:avi[fs]|" + _HEIF_BRANDS + rb")", re.DOTALL)),
    (ReferenceKind.SOUND, re.compile(rb"(?:RIFF|RF64).{4}WAVE|OggS\x00|fLaC[\x00\x80]", re.DOTALL)),
    (ReferenceKind.SOUND, re.compile(rb".{4}ftypM4[AB]|ID3[\x02-\x04]|\xff[\xe2-\xfd]", re.DOTALL)),
    (ReferenceKind.VIDEO, re.compile(rb".{4}(?:ftyp|moov|mdat|wide|free)|\x1a\x45\xdf\xa3", re.DOTALL)),
    (ReferenceKind.DOCUMENT, re.compile(rb".{0,1024}%PDF-", re.DOTALL)),
    (ReferenceKind.DOCUMENT, re.compile(rb"PK\x03\x04|\{\\rtf")),
    (ReferenceKind.DOCUMENT, _EMAIL),
)
_OLD_OFFICE: Final = (
    "is an old or encrypted Office file, or a message of Outlook; "
    "save it as DOCX, PPTX or XLSX without a password, or as EML"
)
_REFUSED: Final = (
    (b"\xd0\xcf\x11\xe0", _OLD_OFFICE),
    (b"%!PS", "is PostScript; save it as PDF"),
    (b"PK\x05\x06", "is an empty ZIP archive; give the document itself"),
    (b"MZ", "is a program; give a file of content"),
    (b"\x7fELF", "is a program; give a file of content"),
    (b"\x1f\x8b", "is a compressed archive; give the file inside it"),
    (b"7z\xbc\xaf", "is a compressed archive; give the file inside it"),
    (b"Rar!", "is a compressed archive; give the file inside it"),
    (b"BM", "is a BMP picture; save it as PNG"),
    (b"\0\0\0\x0cjP  ", "is a JPEG 2000 picture; save it as PNG or JPEG"),
    (b"8BPS", "is a Photoshop file; save it as PNG or JPEG"),
    (b"caff", "is CAF sound; save it as WAV or M4A"),
    (b"#!AMR", "is AMR sound; save it as WAV or MP3"),
    (b"FLV\x01", "is FLV video; save it as MP4"),
    (b"\0\0\x01\xba", "is MPEG video; save it as MP4"),
    (b"\0\0\x01\xb3", "is MPEG video; save it as MP4"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "is Windows Media; save it as MP4 or MP3"),
    (b"\x06\x0e\x2b\x34", "is MXF video; save it as MP4 or MOV"),
    (b"\x0b\x77", "is AC-3 sound; save it as WAV or MP3"),
)
_REFUSED_FORMS: Final = (
    (re.compile(rb"RIFF.{4}AVI ", re.DOTALL), "is AVI video; save it as MP4"),
    (re.compile(rb"FORM.{4}AIF[FC]", re.DOTALL), "is AIFF sound; save it as WAV"),
    (re.compile(rb"\x47.{187}\x47.{187}\x47", re.DOTALL), "is an MPEG transport stream; save it as MP4"),
    (re.compile(rb"(?:II\+\x00|MM\x00\+)"), "is BigTIFF; save it as TIFF or PNG"),
)


_LETTERS: Final = (b"MZ", b"BM", b"caff", b"Rar!", b"8BPS")
"""Signatures with which a text may begin."""


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
        if head.startswith(signature) and not (signature in _LETTERS and is_text(head)):
            return problem
    for form, problem in _REFUSED_FORMS:
        if form.match(head):
            return problem
    start = re.sub(rb"\A(?:\s*<!--.*?-->)*\s*", b"", head.removeprefix(b"\xef\xbb\xbf"), flags=re.DOTALL)[:200].lower()
    if start.startswith((b"<svg", b"<?xml")) and b"<html" not in head.lower():
        return "is an XML or SVG file; give a picture as PNG, or a document as PDF or text"
    if kind_by_head(head) is None:
        return "is of no known type"
    return ""


def is_email(head: bytes) -> bool:
    return _EMAIL.match(head) is not None


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
