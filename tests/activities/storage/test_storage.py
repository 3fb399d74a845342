"""Storage on a real S3 server."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from obstore import open_writer_async

from activities.storage import bucket as module
from activities.storage.bucket import KEPT_BYTES, PART_BYTES, SMALL_BYTES, Storage, Stored, sha256_of
from activities.storage.errors import StorageConflict, StorageFailed
from deploy.local import Stack
from tests.support.stack import use_s3


def _client(servers: Stack) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=servers.info.s3_endpoint,
        aws_access_key_id=servers.env["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=servers.env["AWS_SECRET_ACCESS_KEY"],
        region_name="us-east-1",
    )


async def test_one_of_racing_writers_wins(storage: Storage) -> None:
    """Of sixteen conditional puts on one key exactly one succeeds, and the object has its bytes."""
    puts = [storage.put_bytes("race", b"%d" % n, "text/plain", only_if_absent=True) for n in range(16)]
    outcomes = await asyncio.gather(*puts, return_exceptions=True)
    winners = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, str)]
    assert len(winners) == 1
    assert all(isinstance(o, StorageConflict) for n, o in enumerate(outcomes) if n not in winners)
    found = await storage.get_bytes("race")
    assert found == (b"%d" % winners[0], outcomes[winners[0]])


async def test_a_stale_version_is_refused(storage: Storage) -> None:
    """A put that names a replaced version fails."""
    first = await storage.put_bytes("versions", b"1", "text/plain")
    second = await storage.put_bytes("versions", b"2", "text/plain", if_match=first)
    with pytest.raises(StorageConflict):
        await storage.put_bytes("versions", b"3", "text/plain", if_match=first)
    assert await storage.get_bytes("versions") == (b"2", second)


async def test_metadata_is_read_without_the_bytes(storage: Storage) -> None:
    """Media type and metadata of an object are read without its bytes; for a missing one the result is None."""
    await storage.put_bytes("known", b"hello", "text/markdown", metadata={"sha256": "abc", "seconds": "1.5"})
    head = await storage.head("known")
    assert head is not None
    assert (head.bytes, head.media_type, head.metadata) == (5, "text/markdown", {"sha256": "abc", "seconds": "1.5"})
    assert await storage.head("unknown") is None
    assert await storage.get_bytes("unknown") is None


async def test_a_long_stream_is_stored_whole(storage: Storage, tmp_path: Path) -> None:
    """A stream of several parts is stored byte for byte, hashed on its way, and read back whole and in ranges."""
    block = bytes(range(256)) * 1024

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(2 * PART_BYTES // len(block) + 3):
            yield block

    stored = await storage.put_stream("long", chunks(), "video/mp4")
    path = await storage.fetch("long", tmp_path / "long")
    data = path.read_bytes()
    assert (stored.bytes, stored.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert data == block * (2 * PART_BYTES // len(block) + 3)

    def middle() -> bytes:
        with storage.open("long", stored.bytes) as reader:
            reader.seek(-1000, 2)
            return reader.read()

    assert await asyncio.to_thread(middle) == data[-1000:]


async def test_a_broken_stream_leaves_nothing(storage: Storage, servers: Stack) -> None:
    """When the source breaks off after several parts, its own error is raised, and no object and no part is left."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * PART_BYTES
        raise ConnectionResetError("the vendor hung up")

    with pytest.raises(ConnectionResetError, match="the vendor hung up"):
        await storage.put_stream("broken", chunks(), "video/mp4")
    assert await storage.head("broken") is None
    assert "Uploads" not in _client(servers).list_multipart_uploads(Bucket="tests", Prefix="broken")


async def test_a_broken_stream_aborts_only_its_own_upload(storage: Storage) -> None:
    """An attempt whose stream breaks off does not affect the upload of another attempt to the same key."""
    halfway, go_on = asyncio.Event(), asyncio.Event()

    async def whole() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"a" * PART_BYTES
        halfway.set()
        await go_on.wait()
        yield b"end"

    async def broken() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"b" * PART_BYTES
        raise ConnectionResetError("the vendor hung up")

    first = asyncio.create_task(storage.put_stream("shared", whole(), "video/mp4"))
    await halfway.wait()
    with pytest.raises(ConnectionResetError):
        await storage.put_stream("shared", broken(), "video/mp4")
    go_on.set()
    stored = await first
    assert stored.bytes == 3 * PART_BYTES + 3
    assert await storage.sha256("shared") == stored.sha256


async def test_a_cancelled_stream_leaves_nothing(storage: Storage, servers: Stack) -> None:
    """A stream that is cancelled after several parts leaves no object and no part."""
    halfway = asyncio.Event()

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * PART_BYTES
        halfway.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(storage.put_stream("cancelled", chunks(), "video/mp4"))
    await halfway.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await storage.head("cancelled") is None
    assert "Uploads" not in _client(servers).list_multipart_uploads(Bucket="tests", Prefix="cancelled")


class _SlowToClose:
    """A writer of obstore whose upload is about to be completed at the time of the check."""

    def __init__(self, writer: Any, closing: asyncio.Event) -> None:
        self.write = writer.write
        self._writer, self._closing = writer, closing

    async def __aexit__(self, *why: Any) -> None:
        await self._writer.__aexit__(*why)

    async def close(self) -> None:
        closed = asyncio.ensure_future(self._writer.close())
        self._closing.set()
        await closed


async def test_a_stream_that_is_cancelled_at_its_end_leaves_no_parts(
    storage: Storage, servers: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stream that is cancelled while its upload is completed leaves the whole object, and no parts."""
    closing = asyncio.Event()
    monkeypatch.setattr(module, "open_writer_async", lambda *a, **k: _SlowToClose(open_writer_async(*a, **k), closing))

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(2):
            yield b"x" * PART_BYTES

    task = asyncio.create_task(storage.put_stream("ended", chunks(), "video/mp4"))
    await closing.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    head = await storage.head("ended")
    assert head is not None
    assert head.bytes == 2 * PART_BYTES
    assert "Uploads" not in _client(servers).list_multipart_uploads(Bucket="tests", Prefix="ended")


async def test_keys_are_listed_by_prefix(storage: Storage) -> None:
    """Every key with the prefix is listed once, in order and past the first page of 1,000; no other key is."""
    names = [f"listed/a/{n:04}.txt" for n in range(1_003)]
    for start in range(0, len(names), 100):
        await asyncio.gather(*(storage.put_bytes(name, b"x", "text/plain") for name in names[start : start + 100]))
    await storage.put_bytes("listed/ab.txt", b"x", "text/plain")
    assert await storage.list_keys("listed/a/") == names
    assert await storage.list_keys("listed/a/000") == names[:10]
    assert await storage.list_keys("listed/a") == [*names, "listed/ab.txt"]
    assert await storage.list_keys("unlisted/") == []


async def test_an_incomplete_listing_fails(servers: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    """A listing without a response of the storage raises StorageFailed."""
    use_s3(monkeypatch, servers)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    with pytest.raises(StorageFailed, match="listed/"):
        await Storage("tests").list_keys("listed/")


async def test_recent_small_media_are_cached(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small media are cached by their content, the newest ones within a limit; the others are read."""
    monkeypatch.setattr("activities.storage.bucket.RECENT_BYTES", 2 * (len(b"text0") + KEPT_BYTES))
    kept = [Stored(5, sha256_of(b"text%d" % n)) for n in range(3)]
    for n, stored in enumerate(kept):
        storage.cache(b"text%d" % n, stored, "text/markdown")
    assert await storage.read("recent/1", kept[1].sha256) == b"text1"
    assert await storage.read("recent/2", kept[2].sha256) == b"text2"
    with pytest.raises(StorageFailed, match="recent/0"):
        await storage.read("recent/0", kept[0].sha256)


@pytest.mark.parametrize(("size", "media_type"), [(SMALL_BYTES + 1, "text/markdown"), (9, "image/png")])
async def test_large_media_are_not_cached(storage: Storage, size: int, media_type: str) -> None:
    """Pictures and longer texts do not evict the others; other bytes that are read instead are not accepted as them."""
    stored = Stored(size, sha256_of(b"x" * size))
    await storage.put_bytes("other", b"x" * size, media_type)
    storage.cache(b"x" * size, stored, media_type)
    assert await storage.read("other", stored.sha256) == b"x" * size
    await storage.put_bytes("other", b"<Error>SlowDown</Error>", media_type)
    with pytest.raises(StorageFailed, match="not what was stored"):
        await storage.read("other", stored.sha256)
    await storage.delete("other")
    with pytest.raises(StorageFailed, match="other"):
        await storage.read("other", stored.sha256)


async def test_a_missing_object_is_named(storage: Storage, tmp_path: Path) -> None:
    """The error for a missing object names it."""
    with pytest.raises(StorageFailed, match="nowhere"):
        await storage.fetch("nowhere", tmp_path / "x")
