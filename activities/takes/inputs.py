"""The inputs of a take for its provider: each is fetched when it is first read, and a frame is cut out of its shot."""

import asyncio
import io
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from activities.errors import InvalidRequest, OutputUnusable
from activities.finishing.picture.frames import load_last_frame
from activities.media.facts import extension_of
from activities.providers.protocol import Input, scratch_file
from activities.storage.bucket import Storage
from activities.storage.errors import ObjectMissing, StorageConflict
from workflows import keys
from workflows.activity_io import InputTake, ProduceAsset
from workflows.continuity.inputs import FIRST_FRAME, LAST_FRAME
from workflows.models import Media, Modality

if TYPE_CHECKING:
    from PIL.Image import Image

FRAME_SIDE: Final = 4_096
"""The longest side of a frame in pixels: no model makes or takes larger ones."""


def inputs_for(storage: Storage, request: ProduceAsset, workdir: Path) -> list[Input]:
    """The inputs in the order of the asset's dependencies; a shot that is continued is its last frame."""
    return [_input(storage, request, number, workdir) for number in range(len(request.inputs))]


def _input(storage: Storage, request: ProduceAsset, number: int, workdir: Path) -> Input:
    source, asset = request.inputs[number], request.asset
    if source.asset_id == asset.continues and source.asset_type is Modality.VIDEO:
        return _last_frame(storage, request.production_id, source, workdir, number)

    async def fetch() -> Path:
        return await _fetch(storage, source, workdir, number)

    role = LAST_FRAME if source.asset_id == asset.last_frame else source.role
    return Input(source.asset_id, source.asset_type, role, source.media, fetch, source.name)


def _last_frame(storage: Storage, production_id: str, source: InputTake, workdir: Path, number: int) -> Input:
    key = keys.frame_key(production_id, source.media.content_sha256)
    video = source.media
    media = Media(key=key, bytes=0, sha256="", media_type="image/png", width=video.width, height=video.height)

    async def fetch() -> Path:
        path = scratch_file(workdir, f"input-{number}.png")
        with suppress(ObjectMissing):
            return await storage.fetch(key, path)
        shot = await _fetch(storage, source, workdir, number)
        try:
            content = await asyncio.to_thread(lambda: _png(load_last_frame(shot, (FRAME_SIDE, FRAME_SIDE))))
        except OutputUnusable as error:
            raise InvalidRequest(f"continues: {source.asset_id} has no last frame: {error}; make it again") from None
        with suppress(StorageConflict):  # another attempt has just stored it
            await storage.put_unpaid(key, content, "image/png", only_if_absent=True)
        await asyncio.to_thread(path.write_bytes, content)
        return path

    return Input(source.asset_id, Modality.IMAGE, FIRST_FRAME, media, fetch)


def _png(picture: "Image") -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


async def _fetch(storage: Storage, source: InputTake, workdir: Path, number: int) -> Path:
    """A take as a local file.

    Raises:
        InvalidRequest: it is not stored any more.
    """
    path = scratch_file(workdir, f"input-{number}.{extension_of(source.media.media_type)}")
    try:
        return await storage.fetch(source.media.key, path)
    except ObjectMissing as error:
        raise InvalidRequest(f"{source.asset_id}, which it is made from, is missing: {error}") from None
