"""What a judge sees of a take: small pictures of it, whose price is known before the take exists.

Sizes are pixels. A view is stored under the verdict, so that each attempt sends the same.
"""

import asyncio
import io
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from activities.errors import OutputUnusable
from activities.finishing.picture.frames import picture_of_frame
from activities.media.recordings import open_recording, video_frames
from activities.media.stills import BROKEN, decode_picture
from activities.providers.protocol import scratch_file
from activities.storage.bucket import Storage, sha256_of
from activities.storage.errors import StorageConflict
from workflows import keys
from workflows.judging.requests import JudgeTake
from workflows.models import Media

if TYPE_CHECKING:
    from PIL.Image import Image

PICTURE_SIDE: Final = 1_024
"""Lettering stays readable."""
FRAME_SIDE: Final = 768
REFERENCE_SIDE: Final = 512
FRAMES: Final = 6
"""Of a video, evenly spaced: a judge sees what happens in it, not how it moves."""
ILLUSTRATIONS: Final = 8
"""Of a text, its first pictures: as many as a plan may request."""
_QUALITY: Final = 88


async def picture_views(request: JudgeTake, storage: Storage, workdir: Path) -> list[Media]:
    """The picture of a take, then its references.

    Raises:
        OutputUnusable: the take does not open.
        StorageFailed: try again.
    """
    path = await storage.fetch(request.media.key, scratch_file(workdir, "take"))
    shown = [await asyncio.to_thread(_jpeg_of_file, path, PICTURE_SIDE)]
    return await _stored(request, storage, shown) + await _reference_views(request, storage, workdir)


async def frame_views(request: JudgeTake, storage: Storage, workdir: Path) -> list[Media]:
    """The frames of a video, then its references."""
    path = await storage.fetch(request.media.key, scratch_file(workdir, "take"))
    seconds = request.media.duration_seconds or 0.0
    shown = await asyncio.to_thread(lambda: list(_frames(path, seconds)))
    if not shown:
        raise OutputUnusable("no frame of the video decodes")
    return await _stored(request, storage, shown) + await _reference_views(request, storage, workdir)


async def illustration_views(request: JudgeTake, storage: Storage, workdir: Path) -> list[Media]:
    """The first pictures of an illustrated text.

    Raises:
        OutputUnusable: a picture does not open.
        StorageFailed: try again.
    """
    shown = []
    for picture in request.media.pictures[:ILLUSTRATIONS]:
        path = await storage.fetch(picture.key, scratch_file(workdir, picture.name))
        shown.append(await asyncio.to_thread(_jpeg_of_file, path, FRAME_SIDE))
    return await _stored(request, storage, shown)


async def _reference_views(request: JudgeTake, storage: Storage, workdir: Path) -> list[Media]:
    views = []
    for number, media in enumerate(request.references, start=1):
        with suppress(OutputUnusable):
            path = await storage.fetch(media.key, scratch_file(workdir, f"reference-{number}"))
            shown = [await asyncio.to_thread(_jpeg_of_file, path, REFERENCE_SIDE)]
            views += await _stored(request, storage, shown, f"reference-{number}")
    return views


async def _stored(
    request: JudgeTake, storage: Storage, pictures: list[tuple[bytes, int, int]], name: str = "view"
) -> list[Media]:
    """The pictures as objects under the verdict."""
    found = []
    for number, (data, width, height) in enumerate(pictures, start=1):
        key = keys.judge_file_key(request.production_id, request.subject, f"{name}-{number}.jpg")
        with suppress(StorageConflict):  # another attempt stored the same
            await storage.put_unpaid(key, data, "image/jpeg", only_if_absent=True)
        size, digest = len(data), sha256_of(data)
        found.append(Media(key=key, bytes=size, sha256=digest, media_type="image/jpeg", width=width, height=height))
    return found


def _jpeg_of_file(path: Path, side: int) -> tuple[bytes, int, int]:
    try:
        with decode_picture(path, (side, side)) as picture:
            return _jpeg(picture)
    except BROKEN as error:
        raise OutputUnusable(f"the picture does not open: {error}") from None


def _frames(path: Path, seconds: float) -> Iterator[tuple[bytes, int, int]]:
    """Frames at the middle of each of FRAMES equal parts; fewer if the video has fewer."""
    import av

    targets = [seconds * (number + 0.5) / FRAMES for number in range(FRAMES)]
    try:
        with open_recording(path) as container:
            begin: float | None = None
            for frame in video_frames(container):
                begin = frame.time if begin is None else begin
                at = (frame.time or 0.0) - (begin or 0.0)
                if targets and at >= targets[0]:
                    targets = [t for t in targets if t > at]
                    yield _jpeg(picture_of_frame(frame, container.streams.video[0], (FRAME_SIDE, FRAME_SIDE)))
                if not targets:
                    return
    except (av.FFmpegError, *BROKEN) as error:
        raise OutputUnusable(f"the video does not open: {error}") from None


def _jpeg(picture: "Image") -> tuple[bytes, int, int]:
    buffer = io.BytesIO()
    if picture.mode == "RGBA":  # on white, as a page shows it
        from PIL import Image

        ground = Image.new("RGB", picture.size, "white")
        ground.paste(picture, mask=picture.getchannel("A"))
        picture = ground
    picture.convert("RGB").save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue(), *picture.size
