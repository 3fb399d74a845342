"""Media facts, read from the media itself: dimensions in pixels, duration in seconds."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from activities.errors import OutputUnusable
from activities.media.recordings import head_of, length_of, recording
from activities.media.stills import BROKEN, ROOM, opened
from activities.storage.errors import StorageFailed
from workflows.models import Modality
from workflows.requests import MAX_UPLOAD_BYTES

MAX_PIXELS: Final = 70_000_000
"""Of a picture that a model made: 8K square, 210 MB decoded; the largest upscalers make that."""
LONGEST_SECONDS: Final = 3_600.0
"""Of one take: the longest prompt, read at a quarter of the usual speed, takes most of it."""
LEAST_SHARE: Final = 0.8
"""Of the length that a file says, and that has to be there, or it broke off; headers are often a little wrong."""

EXTENSIONS: Final[dict[str, str]] = {
    "text/markdown": "md",
    "text/plain": "txt",
    "text/html": "html",
    "text/vtt": "vtt",
    "application/x-subrip": "srt",
    "application/json": "json",
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
    "image/avif": "avif",
    "audio/wav": "wav",
    "audio/mpeg": "mp3",
    "audio/aac": "aac",
    "audio/ogg": "ogg",
    "audio/flac": "flac",
    "audio/mp4": "m4a",
    "audio/webm": "webm",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "video/quicktime": "mov",
    "video/x-matroska": "mkv",
    "video/ogg": "ogv",
}


def extension_of(media_type: str) -> str:
    """The file name's ending for a media type, without the dot; "bin" for an unknown one."""
    return EXTENSIONS.get(media_type.split(";")[0].strip(), "bin")


@dataclass(frozen=True)
class Facts:
    width: int | None = None
    height: int | None = None
    duration_seconds: float | None = None


def probe(source: Path | BinaryIO, media_type: str, *, ours: bool = False) -> Facts:
    """Open the media and read its facts; synchronous, so call it from a thread.

    Args:
        ours: We wrote it, from takes that were within their limits: together they may be above those of one.

    Raises:
        OutputUnusable: it does not open as what its media type says.
        StorageFailed: it could not be read.
    """
    kind = media_type.split("/")[0]
    with _opening(media_type):
        if kind == "image":
            return _image(source, ours)
        if kind in ("audio", "video"):
            return _timed(source, kind, ours)
        if kind == "text" and not ours:
            return _text(source)
    return Facts()


@contextmanager
def _opening(media_type: str) -> Iterator[None]:
    """Say what broken media does to its libraries; faults of a program, such as a TypeError, go through."""
    from av import FFmpegError

    try:
        yield
    except StorageFailed:
        raise
    except (FFmpegError, *BROKEN) as error:
        # Libraries end their words with a name that is ours, or none.
        why = getattr(error, "strerror", None) or re.sub(r""" (['"].*['"]|<.*>)$""", "", str(error))
        raise OutputUnusable(f"the {media_type} does not open: {why}") from None


def _text(source: Path | BinaryIO) -> Facts:
    most = MAX_UPLOAD_BYTES[Modality.TEXT]
    with source.open("rb") if isinstance(source, Path) else nullcontext(source) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise OutputUnusable(f"the text is longer than {most:,} bytes")
    if not data.decode("utf-8-sig").strip() or b"\0" in data:
        raise OutputUnusable("there are no words in the text")
    return Facts()


def _image(source: Path | BinaryIO, ours: bool) -> Facts:
    with opened(source) as image:
        width, height = image.size
        if width * height > MAX_PIXELS and not ours:
            raise OutputUnusable(f"the picture says to be {width:,} x {height:,} pixels, above {MAX_PIXELS:,} in all")
        with ROOM.of(width * height):
            image.load()  # a header alone opens too
        return Facts(width=width, height=height)


def _timed(source: Path | BinaryIO, kind: str, ours: bool) -> Facts:
    head = head_of(source)
    with recording(source) as container:
        video = next(iter(container.streams.video), None)
        audio = next(iter(container.streams.audio), None)
        stream = video if kind == "video" else audio
        if stream is None:
            raise OutputUnusable(f"the file has no {kind} stream")
        length = length_of(head, container, stream)
        for seconds, what in ((length.claimed or 0, "says to last"), (length.seconds, "lasts")):
            if seconds > LONGEST_SECONDS and not ours:
                raise OutputUnusable(f"the {kind} {what} {seconds:,.0f} s, above {LONGEST_SECONDS:,.0f}")
        if length.claimed and length.found < length.claimed * LEAST_SHARE - 1:
            said, found = length.claimed, length.found
            raise OutputUnusable(f"the {kind} says to last {said:.1f} s and breaks off after {found:.1f}")
        if not length.decodes:
            raise OutputUnusable(f"the {kind} does not decode: nothing in it does")
        if length.seconds <= 0:
            raise OutputUnusable(f"the {kind} is empty")
        duration = round(length.seconds, 3)
        if video is not None and kind == "video":  # next to sound it is the cover
            return Facts(width=video.width, height=video.height, duration_seconds=duration)
        return Facts(duration_seconds=duration)
