"""The kinds of references, their limits, and what a reference is for.

Sizes are bytes and pixels, times seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar, Final


class ReferenceKind(StrEnum):
    """What a reference is, by its content."""

    PICTURE = "picture"
    VIDEO = "video"
    SOUND = "sound"
    DOCUMENT = "document"


class Use(StrEnum):
    """What a reference is for."""

    MATERIAL = "material"
    FIRST_FRAME = "first_frame"
    LAST_FRAME = "last_frame"
    MASK = "mask"
    STYLE = "style"
    VOICE = "voice"
    EXTRACT = "extract"
    BRIEF = "brief"


@dataclass(frozen=True, kw_only=True)
class KindLimits:
    """What a reference of one kind may be at most; null where the kind has no such limit."""

    # No Model: the child process that reads a file loads this module for each file, and Pydantic takes 70 ms.
    __pydantic_config__: ClassVar[Mapping[str, Any]] = {"use_attribute_docstrings": True, "extra": "forbid"}

    kind: ReferenceKind
    bytes: int
    pixels: int | None = None
    """Of a picture, or of each frame"""
    min_seconds: float | None = None
    max_seconds: float | None = None
    pages: int | None = None
    """Pages, slides or sheets"""
    formats: tuple[str, ...]


LIMITS: Final[Mapping[ReferenceKind, KindLimits]] = {
    each.kind: each
    for each in (
        KindLimits(
            kind=ReferenceKind.PICTURE,
            bytes=100_000_000,  # a TIFF of a camera with 16 bits a channel
            pixels=50_000_000,
            formats=("PNG", "JPEG", "WebP", "GIF", "AVIF", "HEIC", "TIFF"),
        ),
        KindLimits(
            kind=ReferenceKind.VIDEO,
            bytes=2_000_000_000,  # what Google's Files API takes
            pixels=50_000_000,
            min_seconds=0.1,
            max_seconds=3_600.0,
            formats=("MP4", "MOV", "WebM", "MKV"),
        ),
        KindLimits(
            kind=ReferenceKind.SOUND,
            bytes=500_000_000,  # 45 minutes of a WAV in studio quality
            min_seconds=0.1,
            max_seconds=4 * 3_600.0,
            formats=("WAV", "MP3", "M4A", "FLAC", "OGG", "AAC"),
        ),
        KindLimits(
            kind=ReferenceKind.DOCUMENT,
            bytes=50_000_000,  # what Gemini takes as a PDF in one request
            pages=500,
            formats=("PDF", "DOCX", "PPTX", "XLSX", "ODT", "ODP", "ODS", "RTF", "EML", "TXT", "MD", "HTML", "CSV"),
        ),
    )
}
MAX_ANY_BYTES: Final = max(each.bytes for each in LIMITS.values())

KINDS_OF_USE: Final[Mapping[Use, frozenset[ReferenceKind]]] = {
    Use.MATERIAL: frozenset(ReferenceKind),
    Use.FIRST_FRAME: frozenset({ReferenceKind.PICTURE}),
    Use.LAST_FRAME: frozenset({ReferenceKind.PICTURE}),
    Use.MASK: frozenset({ReferenceKind.PICTURE}),
    Use.STYLE: frozenset({ReferenceKind.PICTURE, ReferenceKind.VIDEO, ReferenceKind.DOCUMENT}),
    Use.VOICE: frozenset({ReferenceKind.SOUND, ReferenceKind.VIDEO}),
    Use.EXTRACT: frozenset({ReferenceKind.PICTURE, ReferenceKind.DOCUMENT}),
    Use.BRIEF: frozenset({ReferenceKind.SOUND, ReferenceKind.VIDEO, ReferenceKind.DOCUMENT}),
}
"""The kinds of references that each use is for."""


def kind_of(media_type: str) -> ReferenceKind:
    """The kind of a stored reference by its media type."""
    kinds = {"image": ReferenceKind.PICTURE, "video": ReferenceKind.VIDEO, "audio": ReferenceKind.SOUND}
    return kinds.get(media_type.partition("/")[0], ReferenceKind.DOCUMENT)


def formats_text() -> str:
    """All formats in one sentence part, e.g. 'a picture (PNG, …), a video (MP4, …), …'."""
    return ", ".join(f"a {each.kind.value} ({', '.join(each.formats)})" for each in LIMITS.values())


def limits_text() -> str:
    """The limits of all kinds in one line, for people."""
    parts = []
    for each in LIMITS.values():
        more = [f"{each.bytes // 1_000_000:,} MB"]
        more += [f"{each.max_seconds / 60:,.0f} minutes"] if each.max_seconds else []
        more += [f"{each.pages:,} pages"] if each.pages else []
        parts.append(f"{each.kind.value}s ({', '.join(each.formats)}) to {' and '.join(more)}")
    return "; ".join(parts)
