"""A worker whose disk is full pays for nothing new, and loses nothing that is paid for."""

import errno
import io
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from activities import disk
from activities.errors import WorkerDiskFull
from activities.finishing.picture.frames import decoding
from activities.media.arriving import ArrivingFile
from activities.storage.bucket import Storage
from activities.takes.signing import receive
from tests.activities.takes.attempts import Attempts, finished_take, take_request
from tests.support.vendor import Vendor


def no_room(*_: Any, **__: Any) -> Any:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("model", ["now", "later"])
async def test_a_full_disk_pays_for_nothing(storage: Storage, monkeypatch: pytest.MonkeyPatch, model: str) -> None:
    """Before a request the attempt fails with the remedy, to be retried by any worker; nothing is sent or counted."""
    vendor = Vendor(polls=0)
    run = Attempts(storage, vendor, take_request(model))
    monkeypatch.setattr(disk, "MIN_FREE_BYTES", 1 << 62)
    for _ in range(7):
        failure = await run.fails()
        assert (failure.type, failure.non_retryable) == ("worker_disk_full", False)
        assert failure.next_retry_delay == timedelta(seconds=15)
        assert "set TMPDIR to another disk" in failure.message
    assert vendor.billed == []
    monkeypatch.undo()
    await finished_take(run)
    assert len(vendor.billed) == 1


async def test_a_paid_picture_outlives_a_full_disk(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture that was paid for is kept until there is room to read it, and is not called unusable."""
    vendor, real, met = Vendor(), tempfile.SpooledTemporaryFile, []

    def full_at_first(*given: Any) -> Any:
        met.append(given)
        return no_room() if len(met) <= 3 else real(*given)

    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", full_at_first)
    run = Attempts(storage, vendor, take_request("now"))
    take = await run.attempt()
    assert len(met) > 3
    assert (len(vendor.billed), take.checks.failed, take.media.width) == (1, False, 64)
    assert (await run.ledger()).state == "stored"


async def test_a_response_without_room_stays_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A response whose bytes exist nowhere else is whole, wherever in it the disk becomes full."""
    pieces = [b"one", b"two", b"three"]

    @asynccontextmanager
    async def source() -> AsyncIterator[AsyncIterator[bytes]]:
        async def chunks() -> AsyncIterator[bytes]:
            for piece in pieces:
                yield piece

        yield chunks()

    append = ArrivingFile.append
    for room in range(len(pieces) + 2):
        left = iter(range(room))

        def append_while_room(file: ArrivingFile, data: bytes, left: Iterator[int] = left) -> None:
            append(file, data) if next(left, -1) >= 0 else no_room()

        monkeypatch.setattr(ArrivingFile, "append", append_while_room)
        got = await receive(source, tmp_path / f"answer-{room}")
        assert (got if isinstance(got, bytes) else got.read_bytes()) == b"".join(pieces)
        assert isinstance(got, Path) == (room > len(pieces))


def test_a_short_write_is_continued(tmp_path: Path) -> None:
    """The system may write a part of a chunk just before the disk is full: the file gets the rest, or an error."""

    class Short(io.FileIO):
        def write(self, data: Any, /) -> int:
            return super().write(bytes(data)[:2])

    file = ArrivingFile(tmp_path / "video")
    file._out = Short(tmp_path / "video", "wb")
    file.append(b"a chunk")
    file.end(whole=True)
    assert (tmp_path / "video").read_bytes() == b"a chunk"


def test_a_full_disk_is_no_fault_of_a_take() -> None:
    """Finishing does not ask people to make a take again because the disk of its worker is full."""
    with pytest.raises(WorkerDiskFull, match="No space left on device"), decoding("shot-1"):
        no_room()
