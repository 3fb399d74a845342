"""Downloads media from an address that a vendor returned, as a stream that is never held in memory as a whole.

A failed download does not end its job, so it never leads to a second payment. An outage is retried. An address that has
expired is `SubmissionUnknown`: the next poll requests the address from the vendor again, and after a few polls a person
decides.
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
"""From an API's own address to its storage and on to a nearer copy; more redirects are a loop."""
READ_SECONDS: Final = 60.0
"""Between two chunks: storage that serves finished files responds at once."""
MAX_BYTES: Final = 4_000_000_000
"""Size of one take: ten minutes of 4K at 50 Mbit/s."""
MAX_SECONDS: Final = 1_200.0
"""For the whole download: a slower one would outlast its attempt, and every attempt would start it again."""

_UNCOMPRESSED: Final = {"accept-encoding": "identity"}

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


def media_type_of(url: str, otherwise: str) -> str:
    """The media type of the file extension, if it is of the same kind as `otherwise` (e.g. both are pictures)."""
    found = MEDIA_TYPES.get(PurePosixPath(httpx.URL(url).path).suffix[1:].lower(), otherwise)
    return found if found.split("/")[0] == otherwise.split("/")[0] else otherwise


def open_media(url: str, *, vendor: str, base_url: str = "", headers: Mapping[str, str] | None = None) -> Stream:
    """A stream of the media at an address that a vendor returned, for `Finished.source`.

    Args:
        base_url: The base URL of the vendor's API. Only an API that itself uses plain http, such as one on this
            machine, may return addresses that do not use https or are in a private network.
        headers: Sent to that address only, never to another host after a redirect.

    Raises (when it is opened or read):
        ProviderUnavailable: the connection broke, or the storage fails temporarily.
        SubmissionUnknown: the address has expired or may not be fetched; or the storage sends fewer bytes than it
            announced, or takes longer than MAX_SECONDS.
        OutputUnusable: it is larger than MAX_BYTES, or compressed although the request did not allow it.
    """
    own = httpx.URL(url)
    trusted = base_url.startswith("http://")

    async def guard(request: httpx.Request) -> None:
        """Runs for the address and for each redirect."""
        if request.url.host != own.host:
            for name in headers or ():
                request.headers.pop(name, None)

    @asynccontextmanager
    async def opened() -> AsyncIterator[AsyncIterator[bytes]]:
        client = httpx.AsyncClient(
            follow_redirects=True,
            max_redirects=MAX_REDIRECTS,
            timeout=httpx.Timeout(READ_SECONDS, connect=http_failures.CONNECT_TIMEOUT_SECONDS),
            # A manipulated vendor must not make us fetch an address in our own network.
            transport=None if trusted else GuardedTransport(),
            verify=default_tls(),
            event_hooks={"request": [guard]},
        )
        request_headers = {**_UNCOMPRESSED, **(headers or {})}
        try:
            async with (
                asyncio.timeout(MAX_SECONDS),
                client,
                client.stream("GET", own, headers=request_headers) as response,
            ):
                _check(vendor, response)
                yield _limited(vendor, response)
        except TimeoutError:
            raise SubmissionUnknown(
                f"{vendor}: its media storage at {own.host!r} took longer than {MAX_SECONDS:,.0f} s"
            ) from None
        except PlainHttp as error:
            message = f"{vendor} returned media at {error.host!r} over {error.scheme}; only https is allowed"
            raise SubmissionUnknown(message) from None
        except PrivateAddress as error:
            message = (
                f"{vendor} returned media at {error.host!r}, an address in a private network, which is not allowed"
            )
            raise SubmissionUnknown(message) from None
        except httpx.TooManyRedirects:
            raise SubmissionUnknown(f"{vendor}: more than {MAX_REDIRECTS} redirects from {own.host!r}") from None
        except httpx.HTTPError as error:
            raise http_failures.error_without_response(vendor, error, submitting=False, variable="its key") from error

    return opened


async def _limited(vendor: str, response: httpx.Response) -> AsyncIterator[bytes]:
    """The bytes as they are sent, at most MAX_BYTES: a small compressed file may be larger than any disk."""
    if (encoding := response.headers.get("content-encoding", "identity").lower()) != "identity":
        message = f"{vendor}: the media at {response.url.host!r} is compressed ({encoding!r}), against the request"
        raise OutputUnusable(message)
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
        # The connection did not break: the response ended in order, but is shorter than announced.
        raise SubmissionUnknown(f"{vendor}: the media at {response.url.host!r} is incomplete: {error}") from None


def _check(vendor: str, response: httpx.Response) -> None:
    status = response.status_code
    if status == httpx.codes.OK:
        return
    if status >= 500 or status in (408, 429):
        retry_after = http_failures.parse_retry_after(response.headers.get("retry-after"))
        message = f"its media storage responded with HTTP {status}"
        raise http_failures.error_of_status(
            vendor, status, message, variable="", submitting=False, retry_after=retry_after
        )
    raise SubmissionUnknown(
        f"{vendor}: the media at {response.url.host!r} is not available (HTTP {status}): its address has expired; "
        "adopt the job to poll it again, or resubmit"
    )
