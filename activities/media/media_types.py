"""What a file is, by its first bytes: media are called what they are, whatever was asked for or declared."""

import re
from typing import Final

HEAD_BYTES: Final = 4_096
"""Enough for every signature here; the document type of Matroska stands within the first hundred."""

_MP3_RATES: Final = b"[" + b"".join(b"\\x%02x" % b for b in range(0x10, 0xF0) if b & 0x0C != 0x0C) + b"]"
"""The third byte of a frame, in which no rate is a reserved one: samples without a head are no frames."""
_KINDS: Final = (
    ("image/png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("image/jpeg", re.compile(rb"\xff\xd8\xff")),
    ("image/gif", re.compile(rb"GIF8[79]a")),
    ("image/webp", re.compile(rb"RIFF.{4}WEBP", re.DOTALL)),
    ("image/avif", re.compile(rb".{4}ftypavi[fs]", re.DOTALL)),
    ("audio/wav", re.compile(rb"(?:RIFF|RF64).{4}WAVE", re.DOTALL)),
    ("audio/ogg", re.compile(rb"OggS\x00")),
    ("audio/flac", re.compile(rb"fLaC[\x00\x80]")),
    ("audio/mp4", re.compile(rb".{4}ftypM4[AB]", re.DOTALL)),
    ("video/quicktime", re.compile(rb".{4}ftypqt  ", re.DOTALL)),
    ("video/mp4", re.compile(rb".{4}ftyp", re.DOTALL)),
    ("video/webm", re.compile(rb"\x1a\x45\xdf\xa3.{0,100}\x42\x82.{1,8}?webm", re.DOTALL)),
    ("video/x-matroska", re.compile(rb"\x1a\x45\xdf\xa3")),
    ("audio/aac", re.compile(rb"\xff[\xf0\xf1\xf8\xf9]")),
    ("audio/mpeg", re.compile(rb"ID3[\x02-\x04]|\xff[\xe2-\xe7\xf2-\xf7\xfa-\xff]" + _MP3_RATES)),
)
_OF_SOUND: Final = {"video/mp4": "audio/mp4", "video/quicktime": "audio/mp4", "video/webm": "audio/webm"}
"""Containers of both: which it is, the kind of the asset says."""
_OF_FILM: Final = {"audio/mp4": "video/mp4", "audio/ogg": "video/ogg"}


def found(head: bytes) -> str:
    """The media type that the first bytes of a file tell, or "" where they tell none."""
    return next((name for name, signature in _KINDS if signature.match(head)), "")


def media_type_of(head: bytes, declared: str) -> str:
    """The media type that the first bytes tell, among those of the declared kind, e.g. pictures; else the declared one.

    A file of another kind keeps its declared type: it does not open as that, and is refused in these words.
    """
    told, kind = found(head), declared.partition("/")[0]
    if kind == "audio":
        told = _OF_SOUND.get(told, told)
    elif kind == "video":
        told = _OF_FILM.get(told, told)
    return told if told.partition("/")[0] == kind else declared
