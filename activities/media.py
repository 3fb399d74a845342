"""Media facts, read from the media itself: dimensions in pixels, duration in seconds."""

import re
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from activities.errors import OutputUnusable
from activities.storage import StorageFailed
from workflows.models import Modality
from workflows.requests import MAX_UPLOAD_BYTES

if TYPE_CHECKING:
    from av.container import InputContainer

MAX_PIXELS: Final = 70_000_000
"""Of a picture that a model made: 8K square, 210 MB decoded; the largest upscalers make that."""
MAX_FRAME_PIXELS: Final = 50_000_000
"""Of a film: 8K has 33 million; the decoder allocates several frames of what a file says."""
MAX_STREAMS: Final = 64
"""Tracks of one file; cameras write five or six."""
LONGEST_SECONDS: Final = 3_600.0
"""Of one take: the longest prompt, read at a quarter of the usual speed, takes most of it."""
LEAST_SHARE: Final = 0.8
"""Of the length that a file says, and that has to be there, or it broke off; headers are often a little wrong."""
CONTAINERS: Final = "wav,mp3,flac,ogg,aac,mov,matroska"
"""libavformat's names of the files that are opened."""
_PICTURES: Final = ("PNG", "JPEG", "WEBP", "GIF", "AVIF")
"""Pillow's names; some of the others run further programs, and no browser shows them."""

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
    try:
        if kind == "image":
            return _image(source, ours)
        if kind in ("audio", "video"):
            return _timed(source, kind, ours)
        if kind == "text" and not ours:
            return _text(source)
    except (OutputUnusable, StorageFailed):
        raise
    except Exception as error:
        # Libraries end their words with a name that is ours, or none.
        why = getattr(error, "strerror", None) or re.sub(r""" (['"].*['"]|<.*>)$""", "", str(error))
        raise OutputUnusable(f"the {media_type} does not open: {why}") from None
    return Facts()


def recording(source: Path | BinaryIO) -> "InputContainer":
    """Open sound or video that somebody else made, with bounds on what opening it may take.

    Raises:
        av.FFmpegError: it is none of CONTAINERS, or larger than MAX_FRAME_PIXELS, or has too many tracks.
    """
    import av

    limits = {
        # What leads elsewhere, such as a playlist, could have this machine read its own files or network for it.
        "format_whitelist": CONTAINERS,
        "max_streams": str(MAX_STREAMS),
        "max_pixels": str(MAX_FRAME_PIXELS),
    }
    # Old files name their titles in old encodings.
    return av.open(str(source) if isinstance(source, Path) else source, "r", options=limits, metadata_errors="replace")


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
    from PIL import Image

    with Image.open(source, formats=_PICTURES) as image:
        width, height = image.size
        if width * height > MAX_PIXELS and not ours:
            raise OutputUnusable(f"the picture says to be {width:,} x {height:,} pixels, above {MAX_PIXELS:,} in all")
        image.load()  # a header alone opens too
        return Facts(width=width, height=height)


def _timed(source: Path | BinaryIO, kind: str, ours: bool) -> Facts:
    import av

    with recording(source) as container:
        video = next(iter(container.streams.video), None)
        audio = next(iter(container.streams.audio), None)
        stream = video if kind == "video" else audio
        if stream is None:
            raise OutputUnusable(f"the file has no {kind} stream")
        if container.duration is not None:
            seconds = container.duration / av.time_base
        elif stream.duration is not None and stream.time_base is not None:
            seconds = float(stream.duration * stream.time_base)
        else:
            raise OutputUnusable(f"the {kind} does not tell its duration")
        if seconds <= 0:
            raise OutputUnusable(f"the {kind} is empty")
        if seconds > LONGEST_SECONDS and not ours:
            raise OutputUnusable(f"the {kind} says to last {seconds:,.0f} s, above {LONGEST_SECONDS:,.0f}")
        there = _end_of(container, seconds)
        if there < seconds * LEAST_SHARE - 1:
            raise OutputUnusable(f"the {kind} says to last {seconds:.1f} s and breaks off after {there:.1f}")
        duration = round(seconds, 3)
        if video is not None and kind == "video":  # beside sound it is the cover
            return Facts(width=video.width, height=video.height, duration_seconds=duration)
        return Facts(duration_seconds=duration)


def _end_of(container: "InputContainer", seconds: float) -> float:
    """Where the last of the media ends, in seconds from its start; nothing is decoded."""
    import av

    start = container.start_time or 0
    with suppress(av.FFmpegError):  # what cannot be sought is read from where it is
        container.seek(start + round(max(seconds - 1, 0) * av.time_base))
    last = 0.0
    with suppress(av.FFmpegError):
        for packet in container.demux():
            if packet.pts is not None and packet.time_base is not None and packet.size:
                last = max(last, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    return last - start / av.time_base
