"""Media facts, read from the media itself: dimensions in pixels, duration in seconds."""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from activities.errors import OutputUnusable
from activities.storage import StorageFailed

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
}


def extension_of(media_type: str) -> str:
    """The file name's ending for a media type, without the dot; "bin" for an unknown one."""
    return EXTENSIONS.get(media_type.split(";")[0].strip(), "bin")


@dataclass(frozen=True)
class Facts:
    width: int | None = None
    height: int | None = None
    duration_seconds: float | None = None


def probe(source: Path | BinaryIO, media_type: str) -> Facts:
    """Open the media and read its facts; synchronous, so call it from a thread.

    Raises:
        OutputUnusable: it does not open as what its media type says.
        StorageFailed: it could not be read.
    """
    kind = media_type.split("/")[0]
    try:
        if kind == "image":
            return _image(source)
        if kind in ("audio", "video"):
            return _timed(source, kind)
    except (OutputUnusable, StorageFailed):
        raise
    except Exception as error:
        raise OutputUnusable(f"the {media_type} does not open: {error}") from None
    return Facts()


def _image(source: Path | BinaryIO) -> Facts:
    from PIL import Image

    with Image.open(source) as image:
        image.load()  # a header alone opens too
        width, height = image.size
        return Facts(width=width, height=height)


def _timed(source: Path | BinaryIO, kind: str) -> Facts:
    import av

    with av.open(str(source) if isinstance(source, Path) else source, "r") as container:
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
        duration = round(seconds, 3)
        if video is not None and kind == "video":  # beside sound it is the cover
            return Facts(width=video.width, height=video.height, duration_seconds=duration)
        return Facts(duration_seconds=duration)
