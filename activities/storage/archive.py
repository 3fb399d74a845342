"""Objects of the bucket in a tar file: the key is the name of the member; its headers hold media type and metadata.

A file is complete when its last member, END, is there.
"""

import asyncio
import json
import tarfile
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from activities.storage.bucket import PART_BYTES, Storage, size_and_sha256
from activities.storage.errors import StorageConflict

END: Final = ".complete.json"
"""The last member: what the file contains, as JSON."""
_TYPE, _METADATA = "GREENLIGHT.type", "GREENLIGHT.metadata"


class ArchiveRefused(ValueError):
    """A file is not such an archive, is not complete, or contradicts what the bucket has; with the remedy."""


async def write_archive(
    storage: Storage, names: Iterable[str], path: Path, contents: dict[str, Any], on_object: Callable[[str], object]
) -> int:
    """Write objects into a new file; an object that was deleted meanwhile is left out. Returns how many there are.

    Args:
        contents: What the file contains, for `read_contents`.

    Raises:
        FileExistsError: the file exists.
        StorageFailed: an object cannot be read; the file has no end.
    """
    count = 0
    with tempfile.TemporaryDirectory(prefix="greenlight-") as folder:
        copy = Path(folder) / "object"
        with tarfile.open(path, "x", format=tarfile.PAX_FORMAT) as tar:
            for key in names:
                head = await storage.head(key)
                if head is None:
                    continue
                await storage.fetch(key, copy)
                headers = {_TYPE: head.media_type, _METADATA: json.dumps(dict(head.metadata))}
                await asyncio.to_thread(_add, tar, key, copy, headers)
                count += 1
                on_object(key)
            data = json.dumps({**contents, "objects": count}).encode()
            end = tarfile.TarInfo(END)
            end.size = len(data)
            tar.addfile(end, BytesIO(data))
    return count


def _add(tar: tarfile.TarFile, key: str, copy: Path, headers: dict[str, str]) -> None:
    member = tarfile.TarInfo(key)
    member.size = copy.stat().st_size
    member.pax_headers = headers
    with copy.open("rb") as file:
        tar.addfile(member, file)


def read_contents(path: Path) -> dict[str, Any]:
    """What a file contains.

    Raises:
        ArchiveRefused: it is no archive, or not complete.
    """
    try:
        with tarfile.open(path, "r:") as tar:
            last = tar.getmembers()[-1:]
            file = tar.extractfile(last[0]) if last and last[0].name == END else None
            found: dict[str, Any] = json.loads(file.read()) if file else {}
    except (tarfile.TarError, ValueError) as error:
        raise ArchiveRefused(f"{path} is not a file of `greenlight`: {error}") from None
    if not found:
        raise ArchiveRefused(f"{path} is not complete; write it again")
    return found


async def put_archive(storage: Storage, path: Path, on_object: Callable[[str], object]) -> int:
    """Put all objects of a complete file that the bucket does not have. Returns how many the file has.

    Raises:
        ArchiveRefused: the bucket has another object under one of the keys, which stays.
        StorageFailed: an object may not be stored; repeat it.
    """
    count = 0
    async for member, copy in _members(path):
        headers = member.pax_headers
        metadata: dict[str, str] = json.loads(headers.get(_METADATA, "{}"))
        await _put(storage, member.name, copy, headers.get(_TYPE, "application/octet-stream"), metadata)
        count += 1
        on_object(member.name)
    return count


async def _members(path: Path) -> AsyncIterator[tuple[tarfile.TarInfo, Path]]:
    """The objects of a file, each with a copy of its content that lasts until the next one."""
    with tempfile.TemporaryDirectory(prefix="greenlight-") as folder, tarfile.open(path, "r:") as tar:
        copy = Path(folder) / "object"
        for member in tar:
            file = tar.extractfile(member)
            if member.name != END and file is not None:
                await asyncio.to_thread(_copy, file, copy)
                yield member, copy


def _copy(file: Any, to: Path) -> None:
    with to.open("wb") as out:
        while piece := file.read(1 << 20):
            out.write(piece)


async def _put(storage: Storage, key: str, copy: Path, media_type: str, metadata: dict[str, str]) -> None:
    """Objects with metadata are small; large ones are uploaded in parts, which has no condition."""
    if await storage.head(key) is None:
        if not metadata and (await size_and_sha256(copy)).bytes > PART_BYTES:
            await storage.put_file(key, copy, media_type)
            return
        data = await asyncio.to_thread(copy.read_bytes)
        with suppress(StorageConflict):  # another process has just put one
            await storage.put_unpaid(key, data, media_type, metadata=metadata, only_if_absent=True)
            return
    if await storage.sha256(key) != (await size_and_sha256(copy)).sha256:
        raise ArchiveRefused(f"the bucket has another object {key}; nothing of it is replaced")
