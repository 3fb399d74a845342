"""The reference pictures of a brief: fetched or read once, inspected, and stored with their production.

A stored reference never changes: the object with its metadata is the whole record, as for a take that costs nothing.
Sizes are bytes, times seconds.
"""

import asyncio
from pathlib import Path
from typing import Final

import httpx
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.egress import AddressRefused, guarded_request
from activities.errors import OutputUnusable
from activities.media.facts import Facts, extension_of
from activities.providers.protocol import scratch_file
from activities.storage.bucket import Storage, Stored, sha256_of
from activities.storage.errors import StorageConflict
from activities.takes.attempt import media_of, scratch_directory
from activities.takes.uploads import inspect_picture
from workflows import keys
from workflows.activity_io import REFERENCE_REFUSED, TakeInReferences
from workflows.brief import MAX_REFERENCE_BYTES, Reference
from workflows.models import Media

SECONDS: Final = 30.0
"""From resolving the name to the last byte: 20 MB at 5 Mbit/s, while the user waits for the plan."""
MAX_REDIRECTS: Final = 3
"""From a short address to the storage of a page and to a mirror; more is a loop."""
ATTEMPTS: Final = 3
"""At an address that does not respond, with 1 and 2 s between them: it may be mistyped, and the user waits."""
EXTENSIONS: Final = ("png", "jpg", "webp")


async def store_references(request: TakeInReferences, storage: Storage) -> tuple[Media, ...]:
    """The stored references, in their order; a second attempt finds those that the first one stored.

    Raises:
        ApplicationError: type REFERENCE_REFUSED; names the reference and the remedy.
        StorageFailed: try again.
    """
    media = []
    for number, reference in enumerate(request.references, start=1):
        known = await _find(storage, request.production_id, number)
        media.append(known or await _store(storage, request.production_id, number, reference))
    return tuple(media)


async def _store(storage: Storage, production_id: str, number: int, reference: Reference) -> Media:
    async with scratch_directory() as workdir:
        path = scratch_file(workdir, "reference")
        try:
            if reference.source.startswith(keys.STORED):
                await _read(storage, reference.source.removeprefix(keys.STORED), path)
            else:
                await _fetch(reference.source, path)
            media_type, facts = await asyncio.to_thread(inspect_picture, path)
        except (OutputUnusable, ReferenceUnusable) as error:
            name = f" ({reference.name})" if reference.name else ""
            retryable = isinstance(error, ReferenceUnavailable) and activity.info().attempt < ATTEMPTS
            raise ApplicationError(
                f"references[{number - 1}]{name}: {error}", type=REFERENCE_REFUSED, non_retryable=not retryable
            ) from None
        data = await asyncio.to_thread(path.read_bytes)
    key = keys.reference_key(production_id, number, extension_of(media_type))
    metadata = {"sha256": sha256_of(data), "width": str(facts.width), "height": str(facts.height)}
    try:
        await storage.put_unpaid(key, data, media_type, metadata=metadata, only_if_absent=True)
    except StorageConflict:  # another attempt was faster: its object is the reference
        known = await _find(storage, production_id, number)
        assert known is not None
        return known
    return media_of(key, Stored(len(data), metadata["sha256"]), media_type, facts)


async def _find(storage: Storage, production_id: str, number: int) -> Media | None:
    """The reference, read from the metadata of its object, or None if it is not stored."""
    for extension in EXTENSIONS:
        key = keys.reference_key(production_id, number, extension)
        if head := await storage.head(key):
            facts = Facts(width=int(head.metadata["width"]), height=int(head.metadata["height"]))
            return media_of(key, Stored(head.bytes, head.metadata["sha256"]), head.media_type, facts)
    return None


class ReferenceUnusable(Exception):
    """A reference cannot be fetched or read; the message states the reason and the remedy."""


class ReferenceUnavailable(ReferenceUnusable):
    """The failure is temporary: a retry may help."""


_TOO_LARGE: Final = f"it is larger than {MAX_REFERENCE_BYTES:,} bytes; give it in a smaller size"


async def _read(storage: Storage, key: str, path: Path) -> None:
    head = await storage.head(key)
    if head is None:
        raise ReferenceUnusable(f"{key!r} does not exist; post the file to /api/v1/references, and use its `source`")
    if head.bytes > MAX_REFERENCE_BYTES:
        raise ReferenceUnusable(_TOO_LARGE)
    await storage.fetch(key, path)


async def _fetch(source: str, path: Path) -> None:
    """Download the file at an address on the internet, or at the address to which it redirects."""
    try:
        url = httpx.URL(source)
        headers = {"accept": "image/*"}
        async with guarded_request("GET", url, SECONDS, max_redirects=MAX_REDIRECTS, headers=headers) as response:
            _check(response)
            size = 0
            with path.open("wb") as file:
                async for chunk in response.aiter_raw():
                    size += len(chunk)
                    if size > MAX_REFERENCE_BYTES:
                        raise ReferenceUnusable(_TOO_LARGE)
                    await asyncio.to_thread(file.write, chunk)
    except AddressRefused as error:
        raise ReferenceUnusable(
            f"{error}: nothing is fetched from there; "
            "post the file to /api/v1/references, or give an https address on the internet"
        ) from None
    except httpx.InvalidURL as error:
        raise ReferenceUnusable(f"it is not a valid address: {error}; give an https address") from None
    except httpx.TooManyRedirects:
        message = f"{url.host} redirects more than {MAX_REDIRECTS} times; give the address of the file"
        raise ReferenceUnusable(message) from None
    except TimeoutError:
        message = f"{url.host} did not send the file within {SECONDS:g} s; post the file to /api/v1/references"
        raise ReferenceUnavailable(message) from None
    except httpx.HTTPError as error:
        problem = f"{url.host} did not respond: {type(error).__name__}: {error}"[:300]
        raise ReferenceUnavailable(f"{problem}; check the address, or post the file to /api/v1/references") from None


def _check(response: httpx.Response) -> None:
    status, host = response.status_code, response.url.host
    if status >= 500 or status in (408, 429):
        message = f"{host} answered HTTP {status}; try again later, or post the file to /api/v1/references"
        raise ReferenceUnavailable(message)
    if status != httpx.codes.OK:
        raise ReferenceUnusable(f"{host} answered HTTP {status}; give an address that needs no login, or post the file")
