"""The media type of a file by its first bytes, whatever type was requested or declared."""

import re
from typing import Final

HEAD_BYTES: Final = 4_096
"""Enough for every signature here; the document type of Matroska is within the first hundred."""

_MP3_RATES: Final = b"[" + b"".join(b"\\x%02x" % b for b in range(0x10, 0xF0) if b & 0x0C != 0x0C) + b"]"
"""The third byte of a frame whose rates are not reserved: raw samples without a header rarely match it."""
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
_AS_AUDIO: Final = {"video/mp4": "audio/mp4", "video/quicktime": "audio/mp4", "video/webm": "audio/webm"}
"""Containers of both sound and video: the modality of the asset decides."""
_AS_VIDEO: Final = {"audio/mp4": "video/mp4", "audio/ogg": "video/ogg"}


def detect(head: bytes) -> str:
    """The media type that the first bytes of a file identify, or "" if they identify none."""
    return next((name for name, signature in _KINDS if signature.match(head)), "")


def media_type_of(head: bytes, declared: str) -> str:
    """The media type by the first bytes, if it is of the declared kind, e.g. a picture; otherwise the declared one.

    A file of another kind keeps its declared type: it does not open as that type, and is refused with that message.
    """
    detected, kind = detect(head), declared.partition("/")[0]
    if kind == "audio":
        detected = _AS_AUDIO.get(detected, detected)
    elif kind == "video":
        detected = _AS_VIDEO.get(detected, detected)
    return detected if detected.partition("/")[0] == kind else declared
