"""Stores the pictures of an illustrated text, and copies, lists and deletes them.

A free take records them in the data object next to its text, because it has no ledger.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from pydantic import JsonValue, TypeAdapter

from activities.provenance.signer import Signer
from activities.providers.protocol import Finished, Picture
from activities.storage.bucket import Storage, Stored, sha256_of, size_and_sha256
from activities.storage.errors import ObjectMissing, StorageConflict
from activities.takes.signing import sign_output
from workflows.activity_io import ProduceAsset
from workflows.illustrated.parts import PICTURES, StoredPicture, picture_prefix
from workflows.models import Media

_PICTURES: Final = TypeAdapter(tuple[StoredPicture, ...])
Put = Callable[[str, bytes, str], Awaitable[object]]
"""Stores bytes of a media type at a key."""


async def store_pictures(
    signer: Signer | None, task: ProduceAsset, key: str, pictures: Sequence[Picture], put: Put
) -> tuple[StoredPicture, ...]:
    """Sign the pictures of the text at `key` like every other picture, and store them."""
    stored = []
    for picture in pictures:
        signed = await sign_output(signer, task, Finished(picture.data, picture.media_type))
        source = signed.finished.source
        data = source if isinstance(source, bytes) else picture.data
        # Each signature differs: with its digest in the key, no attempt replaces the bytes that another one recorded.
        place = f"{sha256_of(data)[:16]}/" if signed.unsigned_sha256 else ""
        target = f"{picture_prefix(key)}{place}{picture.name}"
        await put(target, data, picture.media_type)
        stored.append(
            StoredPicture(
                key=target,
                bytes=len(data),
                sha256=sha256_of(data),
                media_type=picture.media_type,
                width=picture.width,
                height=picture.height,
                unsigned_sha256=signed.unsigned_sha256,
            )
        )
    return tuple(stored)


async def store_free_pictures(
    storage: Storage, signer: Signer | None, task: ProduceAsset, key: str, finished: Finished
) -> Finished:
    """The output of a free take with the record of its pictures in its data, after the pictures are stored."""
    if not finished.pictures:
        return finished

    async def put(target: str, data: bytes, media_type: str) -> None:
        with suppress(StorageConflict):  # another attempt stored the same
            await storage.put_unpaid(target, data, media_type, only_if_absent=True)

    stored = await store_pictures(signer, task, key, finished.pictures, put)
    data: Mapping[str, JsonValue] = {PICTURES: [each.model_dump(mode="json") for each in stored]}
    return replace(finished, data={**finished.data, **data})


async def recorded_pictures(storage: Storage, data_key: str) -> tuple[StoredPicture, ...]:
    """The pictures that the data object of a free take records: those of the attempt that wrote it."""
    found = await storage.get_bytes(data_key)
    return _PICTURES.validate_python(json.loads(found[0]).get(PICTURES, [])) if found else ()


async def fetch_pictures(storage: Storage, media: Media, folder: Callable[[str], Path]) -> list[Picture] | None:
    """The pictures of a stored text; None where one is missing, or has other content than was recorded.

    Args:
        folder: The local path for a name.
    """
    found = []
    for each in media.pictures:
        path = folder(each.name)
        try:
            await storage.fetch(each.key, path)
        except ObjectMissing:
            return None
        if await size_and_sha256(path) != Stored(each.bytes, each.sha256):
            return None
        found.append(Picture(each.name, path.read_bytes(), each.media_type, each.width or 0, each.height or 0))
    return found


async def copy_pictures(
    storage: Storage, media: Media, pictures: Sequence[Picture], key: str
) -> tuple[StoredPicture, ...]:
    """Store fetched pictures next to the copy of their text at `key`, with the signatures that they have."""
    copied = []
    for known, picture in zip(media.pictures, pictures, strict=True):
        target = f"{picture_prefix(key)}{picture.name}"
        await storage.put_bytes(target, picture.data, picture.media_type)
        copied.append(known.model_copy(update={"key": target}))
    return tuple(copied)


async def delete_pictures(storage: Storage, key: str) -> None:
    """Delete the pictures of the text at `key`."""
    if key.endswith(".md"):
        for each in await storage.list_keys(picture_prefix(key)):
            await storage.delete(each)
