"""Media that a vendor hands out as an address: fetched as a stream, never held whole in memory.

A failed download does not end the job whose media it is, and so it never leads to a second payment: an outage is
waited for; an address that has expired is `SubmissionUnknown`, after which the next look asks the vendor for the
address again and, after a few of them, a person decides.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import PurePosixPath
from typing import Final

import httpx

from activities.egress import GuardedTransport, PlainHttp, PrivateAddress, default_tls
from activities.errors import OutputUnusable, SubmissionUnknown
from activities.providers import http_failures
from activities.providers.protocol import Stream

MAX_REDIRECTS: Final = 3
"""From an API's own address to its storage and on to a nearer copy; more is a loop."""
READ_SECONDS: Final = 60.0
"""Between two pieces: storage that serves finished files answers at once."""
MAX_BYTES: Final = 4_000_000_000
"""Of one take: ten minutes of 4K at 50 Mbit/s."""
LONGEST_SECONDS: Final = 1_200.0
"""For all of it: what drips longer would outlast the attempt that fetches it, and be begun again without end."""

_AS_IT_IS: Final = {"accept-encoding": "identity"}

MEDIA_TYPES: Final[Mapping[str, str]] = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
    "mp4": "video/mp4",
    "webm": "video/webm",
}


def media_type_at(url: str, otherwise: str) -> str:
    """What the ending of an address says, where it is of the same kind as `otherwise`, e.g. both pictures."""
    found = MEDIA_TYPES.get(PurePosixPath(httpx.URL(url).path).suffix[1:].lower(), otherwise)
    return found if found.split("/")[0] == otherwise.split("/")[0] else otherwise


def streamed(url: str, *, vendor: str, base_url: str = "", headers: Mapping[str, str] | None = None) -> Stream:
    """The media at an address that a vendor gave, for `Finished.source` of a job.

    Args:
        base_url: Where the vendor's API is. Only an API that is itself plain http, as on this machine, may name
            addresses that are no https or lie in a private network.
        headers: For that address alone; a redirect to another host does not get them.

    Raises (when it is opened or read):
        ProviderUnavailable: the line broke, or the storage behind it fails for now.
        SubmissionUnknown: the address has expired, or is none that may be fetched; or the storage sends less than it
            announced, or for longer than LONGEST_SECONDS.
        OutputUnusable: it is larger than MAX_BYTES, or packed although nothing packed was asked for.
    """
    own = httpx.URL(url)
    trusted = base_url.startswith("http://")

    async def guard(request: httpx.Request) -> None:
        """Called for the address and for each that it redirects to."""
        if request.url.host != own.host:
            for name in headers or ():
                request.headers.pop(name, None)

    @asynccontextmanager
    async def opened() -> AsyncIterator[AsyncIterator[bytes]]:
        client = httpx.AsyncClient(
            follow_redirects=True,
            max_redirects=MAX_REDIRECTS,
            timeout=httpx.Timeout(READ_SECONDS, connect=http_failures.CONNECT_SECONDS),
            # A vendor that was talked into naming an address of our own network must not make us fetch it.
            transport=None if trusted else GuardedTransport(),
            verify=default_tls(),
            event_hooks={"request": [guard]},
        )
        asked = {**_AS_IT_IS, **(headers or {})}
        try:
            async with (
                asyncio.timeout(LONGEST_SECONDS),
                client,
                client.stream("GET", own, headers=asked) as response,
            ):
                _check(vendor, response)
                yield _limited(vendor, response)
        except TimeoutError:
            raise SubmissionUnknown(
                f"{vendor}: the storage of its media at {own.host!r} took longer than {LONGEST_SECONDS:,.0f} s"
            ) from None
        except PlainHttp as error:
            words = f"{vendor} names media at {error.host!r} over {error.scheme}: only https is fetched"
            raise SubmissionUnknown(words) from None
        except PrivateAddress as error:
            words = f"{vendor} names media at {error.host!r}, an address in a private network: not fetched"
            raise SubmissionUnknown(words) from None
        except httpx.TooManyRedirects:
            raise SubmissionUnknown(f"{vendor}: more than {MAX_REDIRECTS} redirects at {own.host!r}") from None
        except httpx.HTTPError as error:
            raise http_failures.lost(vendor, error, submitting=False, variable="its key") from error

    return opened


async def _limited(vendor: str, response: httpx.Response) -> AsyncIterator[bytes]:
    """The bytes as they are sent, no more than MAX_BYTES: unpacked, a small file may be larger than any disk."""
    if (packed := response.headers.get("content-encoding", "identity").lower()) != "identity":
        raise OutputUnusable(f"{vendor}: the media at {response.url.host!r} is packed as {packed!r}, unasked")
    too_large = OutputUnusable(f"{vendor}: the media at {response.url.host!r} is larger than {MAX_BYTES:,} bytes")
    announced = response.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > MAX_BYTES:
        raise too_large
    size = 0
    try:
        async for chunk in response.aiter_raw():
            size += len(chunk)
            if size > MAX_BYTES:
                raise too_large
            yield chunk
    except httpx.RemoteProtocolError as error:
        # A line that breaks says so in another way: this ends in order, and is not what was announced.
        raise SubmissionUnknown(f"{vendor}: the media at {response.url.host!r} came in part: {error}") from None


def _check(vendor: str, response: httpx.Response) -> None:
    status = response.status_code
    if status == httpx.codes.OK:
        return
    if status >= 500 or status in (408, 429):
        retry_after = http_failures.seconds_after(response.headers.get("retry-after"))
        message = f"the storage of its media answered HTTP {status}"
        raise http_failures.refusal(vendor, status, message, variable="", submitting=False, retry_after=retry_after)
    raise SubmissionUnknown(
        f"{vendor}: the media at {response.url.host!r} is gone (HTTP {status}): its address has expired; "
        "adopt the job to look for it again, or resubmit"
    )
