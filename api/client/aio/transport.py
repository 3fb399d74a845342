# Translated from api/client/transport.py by tests/api/client/unasync.py: change that module, and run it.
"""The client's HTTP requests: the address, the key, retries, errors and downloads."""

import asyncio
import json
import os
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from api.client.errors import GreenlightError, ResponseLost, Unreachable, WrongInstance, raise_for_problem
from api.headers import INSTANCE
from api.views.batches import BatchPage, ScheduleList
from api.views.changes import AttentionView
from api.views.evaluations import EvaluationPage
from api.views.production import PREFIX, ProductionPage
from api.views.prompts.optimisations import OptimisationPage
from api.views.webhooks import GivenUpPage

DEFAULT_URL: Final = "http://127.0.0.1:8400"
TIMEOUT: Final = httpx.Timeout(30.0, connect=5.0)
"""An update waits for a worker; the API itself gives up earlier and sends the reason."""
DOWNLOAD_TIMEOUT: Final = httpx.Timeout(60.0, connect=5.0)
RETRY_PAUSES_SECONDS: Final = (0.5, 2.0)
"""Pauses before a request with an idempotency key is sent again because its response was lost."""
CHUNK_BYTES: Final = 1 << 20
IDEMPOTENCY_KEY: Final = "Idempotency-Key"

T = TypeVar("T", bound=BaseModel)
P = TypeVar("P", ProductionPage, BatchPage, EvaluationPage, OptimisationPage, ScheduleList, AttentionView, GivenUpPage)


def not_seen(items: Sequence[T], id_field: str, seen: set[str]) -> list[T]:
    """The items whose id is not in `seen`; it gets their ids. What closes while pages are read can be on two."""
    new = [item for item in items if getattr(item, id_field) not in seen]
    seen |= {getattr(item, id_field) for item in new}
    return new


def resolve_url(url: str | None, environ: Mapping[str, str]) -> tuple[str, str]:
    """The API's address: `url`, GREENLIGHT_URL, the address that the running stack recorded, or the default port here.

    The second value is the id of the recorded stack; it is empty where the address comes from elsewhere.
    """
    if found := url or environ.get("GREENLIGHT_URL"):
        return found.rstrip("/"), ""
    recorded = stack_record(environ)
    address, instance = recorded.get("api_url"), recorded.get("instance")
    return str(address or DEFAULT_URL).rstrip("/"), str(instance or "") if address else ""


def stack_record(environ: Mapping[str, str]) -> Mapping[str, Any]:
    """The record of the stack that was started here last, with its addresses; empty if there is none."""
    path = Path(environ.get("GREENLIGHT_HOME") or ".greenlight") / "stack.json"
    try:
        recorded = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return recorded if isinstance(recorded, dict) else {}


def sendable_key(key: str) -> str:
    """The key without the line break that a file or a mounted secret often ends with.

    Raises:
        GreenlightError: no header can hold it. The check is here, because httpx would quote the key.
    """
    key = key.strip()
    if not all("!" <= character <= "~" for character in key):
        raise GreenlightError(
            "The API key cannot be sent",
            "It has spaces, line breaks or other characters that no header holds. Set GREENLIGHT_API_KEY, or the "
            "argument `key`, to the key alone, as `greenlight keys create` prints it.",
        )
    return key


class Transport:
    """Sends the requests of the endpoint classes that `AsyncGreenlightClient` combines.

    A request with an idempotency key is sent again if its response was lost.
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        instance: str | None = None,
    ) -> None:
        """
        Args:
            key: The API key; by default that of GREENLIGHT_API_KEY. An open API needs none.
            headers: Sent with every request to the API, e.g. those that a gateway in front of it requires.
            instance: The id of the expected stack, as in its stack.json; an API of another stack receives no request
                (WrongInstance). Without `url` the id is read from the record that holds the address.
        """
        self.url, recorded = resolve_url(url, os.environ)
        self._instance = recorded if instance is None else instance
        key = sendable_key(key or os.environ.get("GREENLIGHT_API_KEY") or "")
        sent = {
            **({"Authorization": f"Bearer {key}"} if key else {}),
            **({INSTANCE: self._instance} if self._instance else {}),
            **(headers or {}),
        }
        self._http = httpx.AsyncClient(base_url=self.url, timeout=TIMEOUT, headers=sent, trust_env=_is_remote(self.url))
        if self._instance:
            self._http.event_hooks = {"request": [self._check_instance]}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def _request(
        self,
        method: str,
        path: str,
        response_type: type[T],
        *,
        body: BaseModel | Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        content: AsyncIterator[bytes] | bytes | None = None,
        key: str | None = None,
    ) -> T:
        """Send a request and parse the response.

        Raises:
            GreenlightError: the API refused the request, or the response is not of `response_type`.
            Unreachable: nothing answers.
        """
        response = await self._send(
            method, path, body=body, params=params, headers=headers, timeout=timeout, content=content, key=key
        )
        try:
            # A newer API may send fields that this client does not know.
            return response_type.model_validate_json(response.content, extra="ignore")
        except ValidationError as error:
            raise GreenlightError(
                "The response is not what this client expects",
                f"{method} {path}: {error.errors()[0]['msg']}; do the client and the API have the same version?",
                status=response.status_code,
            ) from None

    async def _send(
        self,
        method: str,
        path: str,
        *,
        body: BaseModel | Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        content: AsyncIterator[bytes] | bytes | None = None,
        key: str | None = None,
    ) -> httpx.Response:
        """Send a request; again where its response was lost and it has an idempotency key.

        Args:
            key: The idempotency key: the request takes effect once, however often it is sent.

        Raises:
            GreenlightError: the API refused the request. Unreachable: nothing answers.
        """
        record = body.model_dump(mode="json", exclude_unset=True) if isinstance(body, BaseModel) else body
        # A stream of a file cannot be sent again.
        pauses: tuple[float, ...] = RETRY_PAUSES_SECONDS if key and content is None else ()
        for pause in (*pauses, None):
            try:
                with self._raise_unreachable():
                    response = await self._http.request(
                        method,
                        PREFIX + path,
                        json=record,
                        content=content,
                        params=params,
                        headers={**(headers or {}), **({IDEMPOTENCY_KEY: key} if key else {})},
                        timeout=timeout,
                    )
                break
            except ResponseLost:
                if pause is None:
                    raise
                await asyncio.sleep(pause)
        await self._check(response)
        return response

    async def _pages(self, path: str, page_type: type[P], params: dict[str, str]) -> AsyncGenerator[P]:
        """The pages of a list, each requested when it is needed."""
        while True:
            page = await self._request("GET", path, page_type, params=params)
            yield page
            if not page.next_page_token:
                return
            params["page_token"] = page.next_page_token

    async def _download(
        self,
        path: str,
        to: Path,
        params: Mapping[str, str] = MappingProxyType({}),
        on_received: Callable[[int], object] = lambda _: None,
    ) -> Path:
        """Stream to a file that appears only once it is complete.

        Args:
            on_received: Called with the number of bytes of each chunk.
        """
        part = to.with_name(f"{to.name}.part")
        with self._raise_unreachable():
            async with self._http.stream("GET", PREFIX + path, params=params, timeout=DOWNLOAD_TIMEOUT) as response:
                if not response.has_redirect_location:
                    await self._check(response)
                    await self._write(response, part, on_received)
                    return part.replace(to)
                location = response.url.join(response.headers["Location"])
            # A new request, not a followed one: the storage host must see none of our headers.
            async with httpx.AsyncClient(timeout=DOWNLOAD_TIMEOUT, trust_env=_is_remote(location)) as storage:  # noqa: SIM117
                async with storage.stream("GET", location) as response:
                    if response.is_error:
                        raise GreenlightError(
                            "The storage refused the download",
                            f"{location.host} answered {response.status_code}; the link may have expired, so try again",
                            status=response.status_code,
                        )
                    await self._write(response, part, on_received)
        return part.replace(to)

    async def _write(self, response: httpx.Response, to: Path, on_received: Callable[[int], object]) -> None:
        to.parent.mkdir(parents=True, exist_ok=True)
        try:
            with to.open("wb") as file:
                async for chunk in response.aiter_bytes(CHUNK_BYTES):
                    file.write(chunk)
                    on_received(len(chunk))
        except BaseException:
            to.unlink(missing_ok=True)
            raise

    async def _check(self, response: httpx.Response) -> None:
        """
        Raises:
            GreenlightError: the response is an error.
        """
        if not response.is_success:
            await response.aread()
        raise_for_problem(response)

    async def _check_instance(self, _: httpx.Request) -> None:
        """Before the first request, check that the expected stack answers. From then on its API checks the header."""
        async with httpx.AsyncClient(timeout=TIMEOUT, trust_env=_is_remote(self.url)) as plain:
            response = await plain.get(f"{self.url}/healthz")
        if response.headers.get(INSTANCE) != self._instance:
            raise WrongInstance(self.url)
        self._http.event_hooks = {}

    @contextmanager
    def _raise_unreachable(self) -> Iterator[None]:
        """
        Raises:
            Unreachable: the block failed with a transport error of httpx.
        """
        try:
            yield
        except httpx.TransportError as error:
            lost = isinstance(error, httpx.ReadError | httpx.ReadTimeout | httpx.RemoteProtocolError)
            raise (ResponseLost if lost else Unreachable)(self.url, _reason(error)) from None


def production_path(production_id: str, *rest: str) -> str:
    """The path of a production, or of something in it."""
    return "/productions/" + "/".join(quote(part, safe="") for part in (production_id, *rest))


def query(**values: object) -> dict[str, str]:
    """Query parameters of the values that are given."""
    return {name: str(value) for name, value in values.items() if value is not None}


def _is_remote(url: str | httpx.URL) -> bool:
    """False for this machine, to which a proxy of the environment does not lead."""
    return httpx.URL(url).host not in ("127.0.0.1", "localhost", "::1")


def _reason(error: httpx.TransportError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "The response did not arrive in time"
    return re.sub(r"^\[Errno -?\d+\] ", "", str(error)).rstrip(".") or type(error).__name__
