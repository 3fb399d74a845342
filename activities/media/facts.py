"""Media facts, read from the media itself: dimensions in pixels, duration in seconds."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from activities.disk import disk_full, is_out_of_room
from activities.errors import OutputUnusable
from activities.media.recordings import measure, open_recording, read_head
from activities.media.stills import BROKEN, PIXEL_BUDGET, open_picture, upright_size
from activities.storage.errors import StorageFailed
from workflows.models import Modality
from workflows.requests import MAX_UPLOAD_BYTES

MAX_PIXELS: Final = 70_000_000
"""Of a picture that a model made: 8K square, 210 MB decoded, as the largest upscalers make."""
LONGEST_SECONDS: Final = 3_600.0
"""Of one take: the longest prompt, spoken at a quarter of the usual speed, takes most of it."""

EXTENSIONS: Final[dict[str, str]] = {
    "text/markdown": "md",
    "text/plain": "txt",
    "text/html": "html",
    "text/vtt": "vtt",
    "application/x-subrip": "srt",
    "text/csv": "csv",
    "application/json": "json",
    "application/pdf": "pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/rtf": "rtf",
    "message/rfc822": "eml",
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
    """The file name extension for a media type, without the dot; "bin" for an unknown type."""
    return EXTENSIONS.get(media_type.split(";")[0].strip(), "bin")


@dataclass(frozen=True)
class Facts:
    width: int | None = None
    height: int | None = None
    duration_seconds: float | None = None


def probe(source: Path | BinaryIO, media_type: str, *, ours: bool = False) -> Facts:
    """Open the media and read its facts; synchronous, so call it from a thread.

    Args:
        ours: Greenlight made the file from takes within their limits; together they may exceed those of one take.

    Raises:
        OutputUnusable: the file does not open as its media type.
        StorageFailed: the file could not be read.
        WorkerDiskFull: this worker has no room to read it.
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
    """Translate the errors of media libraries; errors of the program, such as a TypeError, are raised as they are."""
    from av import FFmpegError

    try:
        yield
    except StorageFailed:
        raise
    except (FFmpegError, *BROKEN) as error:
        if is_out_of_room(error):
            raise disk_full(error) from error
        # The messages of libraries end with a name of a local file or object.
        reason = getattr(error, "strerror", None) or re.sub(r""" (['"].*['"]|<.*>)$""", "", str(error))
        raise OutputUnusable(f"the {media_type} does not open: {reason}") from None


def _text(source: Path | BinaryIO) -> Facts:
    most = MAX_UPLOAD_BYTES[Modality.TEXT]
    with source.open("rb") if isinstance(source, Path) else nullcontext(source) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise OutputUnusable(f"the text is longer than {most:,} bytes")
    if not data.decode("utf-8-sig").strip() or b"\0" in data:
        raise OutputUnusable("the text is empty")
    return Facts()


def _image(source: Path | BinaryIO, ours: bool) -> Facts:
    with open_picture(source) as image:
        width, height = image.size
        if width * height > MAX_PIXELS and not ours:
            raise OutputUnusable(f"the picture claims {width:,} x {height:,} pixels, above {MAX_PIXELS:,} in all")
        with PIXEL_BUDGET.reserve(width * height):
            image.load()  # opening reads only the header
            width, height = upright_size(image)  # it may read the pixels, and hides that they are broken
        return Facts(width=width, height=height)


def _timed(source: Path | BinaryIO, kind: str, ours: bool) -> Facts:
    head = read_head(source)
    with open_recording(source) as container:
        video = next(iter(container.streams.video), None)
        audio = next(iter(container.streams.audio), None)
        stream = video if kind == "video" else audio
        if stream is None:
            raise OutputUnusable(f"the file has no {kind} stream")
        length = measure(head, container, stream)
        for seconds, verb in ((length.claimed or 0, "claims"), (length.seconds, "lasts")):
            if seconds > LONGEST_SECONDS and not ours:
                raise OutputUnusable(f"the {kind} {verb} {seconds:,.0f} s, above {LONGEST_SECONDS:,.0f}")
        if length.is_cut:
            raise OutputUnusable(f"the {kind} claims {length.claimed:.1f} s and ends after {length.found:.1f}")
        if not length.decodes:
            raise OutputUnusable(f"no part of the {kind} decodes")
        if length.seconds <= 0:
            raise OutputUnusable(f"the {kind} is empty")
        duration = round(length.seconds, 3)
        if video is not None and kind == "video":  # in an audio file it is the cover
            width, height = length.size or (video.width, video.height)
            return Facts(width=width, height=height, duration_seconds=duration)
        return Facts(duration_seconds=duration)
