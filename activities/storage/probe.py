"""Probe the S3 store for conditional writes, which the take ledger needs so that nothing is paid for twice.

The probe writes a few temporary objects below `probes/` and deletes them. It sends about 30 small requests, most of
them concurrently: 0.05 s on SeaweedFS.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic
from typing import Final
from uuid import uuid4

from activities.storage.bucket import Storage
from activities.storage.errors import StorageConflict, StorageFailed, StorageUnsupported
from activities.storage.support import StoreSupport
from workflows import keys

RACES: Final = 4
"""Pairs of concurrent writers, each pair with an object of its own. Some stores check first and write later, which
sequential requests do not show. More writers of one object wait for each other: eight took up to 4 s on
SeaweedFS 4.48."""
AGAIN_SECONDS: Final = 5.0
"""Interval of probes without proven support: after a fix of the store, no restart of the worker is needed."""
SETTLED_SECONDS: Final = 600.0
"""Interval of probes with proven support: the store at an address can be replaced while the worker runs."""
SHARED_SECONDS: Final = 1.0
"""A result without support is shared by callers within this time: 1,000 waiting assets cause one probe."""

log = logging.getLogger(__name__)


class _Unsupported(Exception):
    """The store behaved as no store with conditional writes does."""


class _Inconclusive(Exception):
    """A response was lost, or the store was down."""


async def probe(storage: Storage) -> StoreSupport:
    """Write, overwrite, race and read back; every failure of the store is in the result, none is raised."""
    began, key = monotonic(), keys.probe_key(uuid4().hex)
    races = [f"{key}-{number}" for number in range(RACES)]
    try:
        first = await _expect_accepted(
            storage.put_bytes(key, b"1", "text/plain", only_if_absent=True), "a first create (If-None-Match: *)"
        )
        await _expect_refused(
            storage.put_bytes(key, b"2", "text/plain", only_if_absent=True),
            "it accepted a second create of the same object: it ignores If-None-Match",
        )
        second = await _expect_accepted(
            storage.put_bytes(key, b"3", "text/plain", if_match=first), "an overwrite of the version that is there"
        )
        await _expect_refused(
            storage.put_bytes(key, b"4", "text/plain", if_match=first),
            "it accepted an overwrite of a version that was replaced: it ignores If-Match",
        )
        await _check_read(storage, key, b"3", second)
        await _race(storage, races)
    except _Unsupported as error:
        return StoreSupport("unsupported", str(error), began)
    except _Inconclusive as error:
        return StoreSupport("unreachable", str(error), began)
    except StorageFailed as error:
        return _failed(error, began)
    finally:
        await asyncio.gather(*(storage.delete(each) for each in (key, *races)), return_exceptions=True)
    return StoreSupport("supported", "", began)


def _failed(error: StorageFailed, began: float) -> StoreSupport:
    """The result of a failed request: a 501 or a 4xx is permanent, any other failure is temporary."""
    response = error.response
    if isinstance(error, StorageUnsupported):
        return StoreSupport("unsupported", f"it answered {response}", began)
    if response and response.refused:
        return StoreSupport("unsupported", f"it refused the probe below probes/ with {response}", began)
    return StoreSupport("unreachable", str(error), began)


async def _expect_accepted(write: Awaitable[str], what: str) -> str:
    """The ETag of a write whose condition holds."""
    try:
        etag = await write
    except StorageConflict:
        # The client repeats a request whose response was lost, and conflicts with its own first write.
        raise _Inconclusive(f"it refused {what}") from None
    if not etag:
        raise _Unsupported("it answered a write without an ETag, which the next conditional write has to name")
    return etag


async def _expect_refused(write: Awaitable[str], otherwise: str) -> None:
    try:
        await write
    except StorageConflict:
        return
    raise _Unsupported(otherwise)


async def _check_read(storage: Storage, key: str, content: bytes, etag: str) -> None:
    found = await storage.get_bytes(key)
    if found is None or found[0] != content:
        raise _Unsupported("a read right after a write did not return what was written")
    if found[1] != etag:
        raise _Unsupported("a read returned another ETag than the write that it read")


async def _race(storage: Storage, races: Sequence[str]) -> None:
    """Two concurrent creates of each object, then two overwrites of one version: each pair must have one winner."""

    def create(key: str, number: int) -> Awaitable[str]:
        return storage.put_bytes(key, b"%d" % number, "text/plain", only_if_absent=True)

    firsts = await _winners(create, races, "it accepted two creates of one object at the same time")

    def overwrite(key: str, number: int) -> Awaitable[str]:
        return storage.put_bytes(key, b"v%d" % number, "text/plain", if_match=firsts[key])

    await _winners(overwrite, races, "it accepted two overwrites of one version at the same time")


async def _winners(write: Callable[[str, int], Awaitable[str]], races: Sequence[str], otherwise: str) -> dict[str, str]:
    """Key -> the ETag of the one writer that succeeded."""
    outcomes = await asyncio.gather(*(write(key, n) for key in races for n in (1, 2)), return_exceptions=True)
    won: dict[str, str] = {}
    for key, outcome in zip((key for key in races for _ in (1, 2)), outcomes, strict=True):
        if isinstance(outcome, str):
            if key in won:
                raise _Unsupported(otherwise)
            won[key] = outcome
        elif not isinstance(outcome, StorageConflict):
            raise outcome
    if len(won) < len(races):
        raise _Inconclusive("it refused both of two writers")
    return won


async def support_of(storage: Storage) -> StoreSupport:
    """The support of a store; probes it if support is unknown, or was missing before this call."""
    known, called_at = storage.support, monotonic()
    if known and known.state == "supported":
        return known
    async with storage.probing:
        known = storage.support
        if known is None or (known.state != "supported" and known.probed_at < called_at - SHARED_SECONDS):
            known = storage.support = await probe(storage)
        return known


def mark_unsupported(storage: Storage) -> str:
    """Record that the store answered NotImplemented to a write of the ledger; return why paid work is now refused."""
    if storage.support is None or storage.support.state != "unsupported":
        storage.support = StoreSupport("unsupported", "it answered NotImplemented to a write of the take ledger")
        _log_support(storage.support)
    return storage.support.problem


async def probe_again(storage: Storage) -> StoreSupport:
    """Probe, and log the result if it changed. An outage does not revoke support that was proven before."""
    async with storage.probing:
        before, found = storage.support, await probe(storage)
        if not (found.state == "unreachable" and before and before.state == "supported"):
            storage.support = found
            if before is None or (before.state, before.reason) != (found.state, found.reason):
                _log_support(found)
        return storage.support or found


async def keep_probing(storage: Storage) -> None:
    """Probe until cancelled: every AGAIN_SECONDS without proven support, otherwise every SETTLED_SECONDS."""
    while True:
        await asyncio.sleep(AGAIN_SECONDS)
        known = storage.support
        due = SETTLED_SECONDS if known and known.state == "supported" else AGAIN_SECONDS
        if known is None or monotonic() - known.probed_at >= due:
            await probe_again(storage)


def _log_support(found: StoreSupport) -> None:
    match found.state:
        case "supported":
            log.info("The S3 store honours conditional writes (If-None-Match, If-Match)")
        case "unsupported":
            log.error("Store: %s", found.problem)
        case "unreachable":
            log.warning("Store: %s", found.problem)
