"""Pictures that a brief brings along: fetched or read once, looked at, and kept with their production.

What is kept never changes: the object with its metadata is the whole record, as of a take that costs nothing.
Sizes are bytes, times seconds.
"""

import asyncio
from pathlib import Path
from typing import Final

import httpx
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.egress import AddressRefused, Outward, PlainHttp, default_tls
from activities.errors import OutputUnusable
from activities.media.facts import Facts, extension_of
from activities.providers.protocol import scratch_file
from activities.storage.bucket import Storage, Stored, sha256_of
from activities.storage.errors import StorageConflict
from activities.takes.attempt import media_of, workplace
from activities.takes.uploads import look_at_picture
from workflows import keys
from workflows.activity_io import REFERENCE_REFUSED, TakeInReferences
from workflows.models import MAX_REFERENCE_BYTES, Media, Reference

SECONDS: Final = 30.0
"""From looking the name up to the last byte: 20 MB at 5 Mbit/s, while somebody waits for the plan."""
MAX_REDIRECTS: Final = 3
"""From a short address to a page's storage and on to a nearer copy; more is a loop."""
ATTEMPTS: Final = 3
"""At an address that does not answer, with 1 and 2 s between them: it may be mistyped, and somebody waits."""
EXTENSIONS: Final = ("png", "jpg", "webp")


async def taken_in(request: TakeInReferences, storage: Storage) -> tuple[Media, ...]:
    """Each reference as it is kept, in their order; a second run finds those that the first one kept.

    Raises:
        ApplicationError: type REFERENCE_REFUSED; names the reference and the remedy.
        StorageFailed: to be tried again.
    """
    found = []
    for number, reference in enumerate(request.references, start=1):
        kept = await _kept(storage, request.production_id, number)
        found.append(kept or await _keep(storage, request.production_id, number, reference))
    return tuple(found)


async def _keep(storage: Storage, production_id: str, number: int, reference: Reference) -> Media:
    async with workplace() as workdir:
        path = scratch_file(workdir, "reference")
        try:
            if reference.source.startswith(keys.STORED):
                await _read(storage, reference.source.removeprefix(keys.STORED), path)
            else:
                await _fetch(reference.source, path)
            media_type, facts = await asyncio.to_thread(look_at_picture, path)
        except (OutputUnusable, Unusable) as error:
            name = f" ({reference.name})" if reference.name else ""
            passing = isinstance(error, Passing) and activity.info().attempt < ATTEMPTS
            raise ApplicationError(
                f"references[{number - 1}]{name}: {error}", type=REFERENCE_REFUSED, non_retryable=not passing
            ) from None
        data = await asyncio.to_thread(path.read_bytes)
    key = keys.reference_key(production_id, number, extension_of(media_type))
    about = {"sha256": sha256_of(data), "width": str(facts.width), "height": str(facts.height)}
    try:
        await storage.put_unpaid(key, data, media_type, metadata=about, only_if_absent=True)
    except StorageConflict:  # another attempt was faster, and what it kept is what counts
        kept = await _kept(storage, production_id, number)
        assert kept is not None
        return kept
    return media_of(key, Stored(len(data), about["sha256"]), media_type, facts)


async def _kept(storage: Storage, production_id: str, number: int) -> Media | None:
    """The reference as the metadata of its object tells it, or None where it is not there."""
    for extension in EXTENSIONS:
        key = keys.reference_key(production_id, number, extension)
        if head := await storage.head(key):
            about = head.metadata
            facts = Facts(width=int(about["width"]), height=int(about["height"]))
            return media_of(key, Stored(head.bytes, about["sha256"]), head.media_type, facts)
    return None


class Unusable(Exception):
    """A reference cannot be had; says why, and the remedy."""


class Passing(Unusable):
    """It may be there a moment later."""


_TOO_LARGE: Final = f"it is larger than {MAX_REFERENCE_BYTES:,} bytes; give it in a smaller size"


async def _read(storage: Storage, key: str, path: Path) -> None:
    head = await storage.head(key)
    if head is None:
        raise Unusable(f"there is no {key!r}; post the file to /api/v1/references and name what that answers")
    if head.bytes > MAX_REFERENCE_BYTES:
        raise Unusable(_TOO_LARGE)
    await storage.fetch(key, path)


async def _fetch(source: str, path: Path) -> None:
    """What is at an address on the internet, wherever it redirects to; each of its stations is checked."""
    try:
        url = httpx.URL(source)
        async with (
            asyncio.timeout(SECONDS),
            httpx.AsyncClient(
                transport=Outward(tls=default_tls()),
                timeout=SECONDS,
                follow_redirects=True,
                max_redirects=MAX_REDIRECTS,
                headers={"user-agent": "Greenlight", "accept": "image/*", "accept-encoding": "identity"},
            ) as client,
            client.stream("GET", url) as answer,
        ):
            _check(answer)
            size = 0
            with path.open("wb") as file:
                async for chunk in answer.aiter_raw():
                    size += len(chunk)
                    if size > MAX_REFERENCE_BYTES:
                        raise Unusable(_TOO_LARGE)
                    await asyncio.to_thread(file.write, chunk)
    except AddressRefused as error:
        what = f"is {error.scheme}" if isinstance(error, PlainHttp) else "is in a private network"
        raise Unusable(
            f"{error.host} {what}: nothing is fetched from there; "
            "post the file to /api/v1/references, or give an https address on the internet"
        ) from None
    except httpx.InvalidURL as error:
        raise Unusable(f"it is no address: {error}; give an https address") from None
    except httpx.TooManyRedirects:
        raise Unusable(f"{url.host} redirects more than {MAX_REDIRECTS} times; give the address of the file") from None
    except TimeoutError:
        raise Passing(f"{url.host} did not give it within {SECONDS:g} s; post the file to /api/v1/references") from None
    except httpx.HTTPError as error:
        words = f"{url.host} did not answer: {type(error).__name__}: {error}"[:300]
        raise Passing(f"{words}; check the address, or post the file to /api/v1/references") from None


def _check(answer: httpx.Response) -> None:
    status, host = answer.status_code, answer.url.host
    if status >= 500 or status in (408, 429):
        raise Passing(f"{host} answered HTTP {status}; try again later, or post the file to /api/v1/references")
    if status != httpx.codes.OK:
        raise Unusable(f"{host} answered HTTP {status}; give an address that needs no login, or post the file")
