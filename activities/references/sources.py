"""The file of a reference, fetched from the internet or read from the bucket. Sizes are bytes, times seconds."""

import asyncio
import mimetypes
from pathlib import Path
from typing import Final

import httpx

from activities.egress import AddressRefused, guarded_request
from activities.storage.bucket import Storage
from workflows import keys
from workflows.references.kinds import LIMITS, MAX_ANY_BYTES
from workflows.references.signatures import HEAD_BYTES, kind_by_head

SECONDS: Final = 30.0
"""From resolving the name to the first bytes, and between two chunks at MIN_BYTES_PER_SECOND: a user waits."""
MIN_BYTES_PER_SECOND: Final = 600_000
"""5 Mbit/s."""
LONGEST_SECONDS: Final = 1_500.0
"""Of one download: less than the time of an attempt."""
MAX_REDIRECTS: Final = 10
"""From a short address over a share to the storage of a page and a mirror; more is a loop (Fetch Standard: 20)."""
_POST_IT: Final = "post the file to /api/v1/references"


class ReferenceUnusable(Exception):
    """A reference cannot be fetched or read; the message states the reason and the remedy."""


class ReferenceUnavailable(ReferenceUnusable):
    """The failure is temporary: a retry may help."""


def max_bytes(head: bytes) -> int:
    """The most bytes of a file that begins with `head`."""
    kind = kind_by_head(head[:HEAD_BYTES])
    return LIMITS[kind].bytes if kind else MAX_ANY_BYTES


def too_large(most: int) -> ReferenceUnusable:
    return ReferenceUnusable(f"it is larger than {most:,} bytes; give it in a smaller size")


async def copy_to(storage: Storage, source: str, path: Path, tenant: str) -> str:
    """Copy the file of a reference to `path`; the result is its declared media type, "" if there is none.

    Raises:
        ReferenceUnusable: with the remedy.
        StorageFailed: try again.
    """
    if source.startswith(keys.STORED):
        key = source.removeprefix(keys.STORED)
        if not keys.may_read(key, tenant):
            raise ReferenceUnusable(f"there is no {key!r} for the tenant {tenant!r}; {_POST_IT}, and use its `source`")
        await _read(storage, key, path)
        return mimetypes.guess_type(key)[0] or ""
    return await _fetch(source, path)


async def _read(storage: Storage, key: str, path: Path) -> None:
    """Copy an object of the bucket, also one that was moved to the trash because nothing used it."""
    head = await storage.head(key)
    if head is None:
        key = keys.trash_key(key)
        head = await storage.head(key)
    if head is None:
        key = key.removeprefix(keys.TRASH)
        raise ReferenceUnusable(f"{key!r} does not exist; {_POST_IT}, and use its `source`")
    if head.bytes > MAX_ANY_BYTES:
        raise too_large(MAX_ANY_BYTES)
    await storage.fetch(key, path)


async def _fetch(source: str, path: Path) -> str:
    """Download the file at an address on the internet, or at the address to which it redirects."""
    try:
        url = httpx.URL(source)
        async with (
            asyncio.timeout(SECONDS) as limit,
            guarded_request("GET", url, LONGEST_SECONDS, max_redirects=MAX_REDIRECTS) as response,
        ):
            _check(response)
            await _save(response, path, limit)
            return mimetypes.guess_type(response.url.path)[0] or response.headers.get("content-type", "")
    except AddressRefused as error:
        raise ReferenceUnusable(
            f"{error}: nothing is fetched from there; {_POST_IT}, or give an https address on the internet"
        ) from None
    except httpx.InvalidURL as error:
        raise ReferenceUnusable(f"it is not a valid address: {error}; give an https address") from None
    except httpx.TooManyRedirects:
        message = f"{url.host} redirects more than {MAX_REDIRECTS} times; give the address of the file"
        raise ReferenceUnusable(message) from None
    except TimeoutError:
        message = f"{url.host} sends the file too slowly, or not at all; {_POST_IT}"
        raise ReferenceUnavailable(message) from None
    except httpx.HTTPError as error:
        problem = f"{url.host} did not respond: {type(error).__name__}: {error}"[:300]
        raise ReferenceUnavailable(f"{problem}; check the address, or {_POST_IT}") from None


async def _save(response: httpx.Response, path: Path, limit: asyncio.Timeout) -> None:
    size, most = 0, MAX_ANY_BYTES
    begin = asyncio.get_running_loop().time()
    with path.open("wb") as file:
        async for chunk in response.aiter_bytes():  # some servers compress, although that is not accepted
            most = max_bytes(chunk) if not size else most
            size += len(chunk)
            if size > most:
                raise too_large(most)
            await asyncio.to_thread(file.write, chunk)
            limit.reschedule(begin + SECONDS + size / MIN_BYTES_PER_SECOND)


def _check(response: httpx.Response) -> None:
    status, host = response.status_code, response.url.host
    if status >= 500 or status in (408, 429):
        raise ReferenceUnavailable(f"{host} answered HTTP {status}; try again later, or {_POST_IT}")
    if status != httpx.codes.OK:
        raise ReferenceUnusable(f"{host} answered HTTP {status}; give an address that needs no login, or post the file")
