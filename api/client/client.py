"""The typed Python client of Greenlight's HTTP API; other services import it or copy it.

    with GreenlightClient() as greenlight:
        production = greenlight.start(Brief(text="A 20 second film about a lighthouse.", platform="video"))
        for event in greenlight.events(production.production_id):
            print(event.name, event.asset_id)

It needs httpx, pydantic and the pure records of `workflows`; neither FastAPI nor Temporal.

GreenlightError         the API refused: status, title, detail, errors, plan_digest
├── WrongInstance       another stack or program answers at the address
└── Unreachable         nothing answers at the address
    └── AnswerLost      the connection broke after the request was sent
"""

import json
import os
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Self, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from api.client.batches_and_schedules import Many
from api.client.changes import IDEMPOTENCY_KEY, TIMEOUT, at, once
from api.client.sse import EventDecoder
from api.headers import INSTANCE
from api.views.changes import RevisionView
from api.views.production import (
    PREFIX,
    ListedProduction,
    PlatformsView,
    ProductionPage,
    ProductionView,
    Ready,
    SessionView,
    Started,
    StreamEvent,
)
from workflows.events import ProductionStatus, Receipt
from workflows.models import Brief, Platform
from workflows.provider_report import ProvidersReport

DEFAULT_URL: Final = "http://127.0.0.1:8400"
GENERATE_TIMEOUT: Final = httpx.Timeout(130.0, connect=5.0)
"""The API waits 120 s for the plan."""
STREAM_TIMEOUT: Final = httpx.Timeout(45.0, connect=5.0)
"""Three of the stream's 15 s keep-alive comments missed: the line is dead."""
UPLOAD_TIMEOUT: Final = httpx.Timeout(130.0, connect=5.0)
"""The API waits 120 s while a worker looks at the file."""
DOWNLOAD_TIMEOUT: Final = httpx.Timeout(60.0, connect=5.0)
FIRST_RETRY_SECONDS: Final = 0.25
LAST_RETRY_SECONDS: Final = 5.0
"""A restart of the API takes about two seconds; a longer outage is asked at this pace."""
RETRIES_SECONDS: Final = (0.5, 2.0)
"""Pauses before a request with an idempotency key is sent again where its answer was lost."""
CHUNK_BYTES: Final = 1 << 20

T = TypeVar("T", bound=BaseModel)


class FieldError(BaseModel):
    """One field that was refused, why, and what fixes it."""

    field: str = ""
    message: str = ""
    remedy: str = ""


class _Problem(BaseModel):
    """RFC 9457 problem details, as far as a caller acts on them."""

    title: str
    detail: str = ""
    errors: tuple[FieldError, ...] = ()
    plan_digest: str | None = None


class GreenlightError(Exception):
    """The API said no. `errors` names fields and remedies; `plan_digest` the current plan where it matters."""

    def __init__(
        self,
        title: str,
        detail: str = "",
        *,
        status: int = 0,
        errors: Sequence[FieldError] = (),
        plan_digest: str | None = None,
    ) -> None:
        super().__init__(f"{title}: {detail}" if detail else title)
        self.status, self.title, self.detail = status, title, detail
        self.errors = tuple(errors)
        self.plan_digest = plan_digest


class Unreachable(GreenlightError):
    """Nothing answers at the address."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            f"No Greenlight API answers at {url}",
            f"{reason}. Start one with `greenlight up` (or `make up`), or set GREENLIGHT_URL to where it runs.",
        )


class AnswerLost(Unreachable):
    """The request was sent and no answer came: it may have been done."""


class WrongInstance(GreenlightError):
    """Something answers at the address, but not the stack that is meant: nothing was asked of it."""

    def __init__(self, url: str) -> None:
        super().__init__(
            "Another program answers at the stack's address",
            f"{url} is in use by another stack or program. Start the stack again with `greenlight up` (or `make up`), "
            "or set GREENLIGHT_URL to where the API runs.",
            status=421,
        )


def resolve_url(url: str | None, environ: Mapping[str, str]) -> str:
    """The address to ask: given, GREENLIGHT_URL, the running stack's own record, or the default port here."""
    return _resolve(url, environ)[0]


def _resolve(url: str | None, environ: Mapping[str, str]) -> tuple[str, str]:
    """The address, and the id of the stack that is meant where its record names the address."""
    if found := url or environ.get("GREENLIGHT_URL"):
        return found.rstrip("/"), ""
    record = Path(environ.get("GREENLIGHT_HOME") or ".greenlight") / "stack.json"
    try:
        recorded = json.loads(record.read_text())
        address, instance = recorded.get("api_url"), recorded.get("instance")
    except (OSError, ValueError, AttributeError):
        address = instance = None
    return str(address or DEFAULT_URL).rstrip("/"), str(instance or "") if address else ""


class GreenlightClient(Many):
    """Everything the API offers, synchronously. Use it in a `with` block, or call `close`."""

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
            key: The API key, else GREENLIGHT_API_KEY; an open API needs none.
            headers: Go with every request to the API, e.g. what a gateway in front of it asks for.
            instance: The id of the stack that is meant, as its stack.json says; an API of another stack is asked
                nothing (WrongInstance). Without `url` it is read where the address is read.
        """
        self.url, recorded = _resolve(url, os.environ)
        self._instance = recorded if instance is None else instance
        key = key or os.environ.get("GREENLIGHT_API_KEY")
        sent = {
            **({"Authorization": f"Bearer {key}"} if key else {}),
            **({INSTANCE: self._instance} if self._instance else {}),
            **(headers or {}),
        }
        self._http = httpx.Client(base_url=self.url, timeout=TIMEOUT, headers=sent, trust_env=_beyond(self.url))
        if self._instance:
            self._http.event_hooks = {"request": [self._check_instance]}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def session(self) -> SessionView:
        """Whose key this client sends, of which tenant, and in which roles."""
        return self._ask("GET", "/session", SessionView)

    # Starting and looking

    def start(self, brief: Brief, *, idempotency_key: str | None = None) -> Started:
        """Start a production: it plans, then waits for an approval. The same key names the same production."""
        return self._ask("POST", "/productions", Started, body=brief, headers=once(idempotency_key))

    def generate(
        self,
        brief: Brief,
        *,
        max_usd: Decimal,
        allow_unknown_prices: bool = False,
        idempotency_key: str | None = None,
    ) -> ProductionView:
        """Plan and approve in one call; only planning is paid when the plan's high price is above `max_usd`.

        Args:
            allow_unknown_prices: Also plan and make what models of unknown price make, which `max_usd` cannot hold.
        """
        headers = once(idempotency_key)
        body: dict[str, Any] = {"brief": brief.model_dump(mode="json"), "max_usd": str(max_usd)}
        if allow_unknown_prices:
            body["allow_unknown_prices"] = True
        return self._ask("POST", "/generate", ProductionView, body=body, headers=headers, timeout=GENERATE_TIMEOUT)

    def get(self, production_id: str) -> ProductionView:
        """All that is known of a production."""
        return self._ask("GET", at(production_id), ProductionView)

    def list(
        self,
        *,
        status: ProductionStatus | None = None,
        platform: Platform | None = None,
        tenant: str | None = None,
        provider: str | None = None,
        words: str | None = None,
        page_size: int = 50,
    ) -> Iterator[ListedProduction]:
        """Every production that fits, page by page as it is read: open ones first, then by when they closed.

        Args:
            provider: It makes assets of the plan.
            words: Each of them is in the title, the id or the requester's name.
        """
        asked = {
            "status": status,
            "platform": platform,
            "tenant": tenant,
            "provider": provider,
            "words": words,
            "page_size": page_size,
        }
        params = {name: str(value) for name, value in asked.items() if value is not None}
        while True:
            page = self._ask("GET", "/productions", ProductionPage, params=params)
            yield from page.productions
            if not page.next_page_token:
                return
            params["page_token"] = page.next_page_token

    def events(self, production_id: str, *, after: int = 0) -> Iterator[StreamEvent]:
        """The events past `after`, as they happen, until the production is closed.

        A broken connection is taken up again where it stopped; each time, a `stalled` event that carries no id
        tells of it. plan_progress and asset_progress carry no id either.

        Raises:
            GreenlightError: the production is unknown. Unreachable: nothing answers at the very first try.
        """
        known, retry = False, FIRST_RETRY_SECONDS
        decoder = EventDecoder(after)
        while True:
            try:
                for event in self._stream(production_id, decoder):
                    known, retry = True, FIRST_RETRY_SECONDS
                    yield event
                if self._is_over(production_id, decoder.last_id):
                    return
                known = True
            except GreenlightError as error:
                # A server error and too many streams may pass, as a lost connection does; a refusal will not.
                passing = isinstance(error, Unreachable) or error.status >= 500 or error.status == 429
                if not (known and passing):
                    raise
                stalled = {"reason": str(error)}
                yield StreamEvent(name="stalled", production_id=production_id, at=datetime.now(UTC), data=stalled)
            time.sleep(retry * random.uniform(0.75, 1.25))  # noqa: S311 - spreads watchers, keeps no secret
            retry = min(retry * 2, LAST_RETRY_SECONDS)
            decoder = EventDecoder(decoder.last_id)

    def _is_over(self, production_id: str, last_id: int) -> bool:
        """A stream that ended well: was that the end of the production, or only of the server?"""
        production = self.get(production_id)
        return production.status.closed and production.last_event_id <= last_id

    def _stream(self, production_id: str, decoder: EventDecoder) -> Iterator[StreamEvent]:
        path, headers = f"{PREFIX}{at(production_id)}/events", {"Last-Event-ID": str(decoder.last_id)}
        with (
            self._answering(),
            self._http.stream("GET", path, headers=headers, timeout=STREAM_TIMEOUT) as response,
        ):
            _raise_for_problem(response)
            for chunk in response.iter_bytes():
                yield from decoder.feed(chunk)

    def providers(self) -> ProvidersReport:
        """What the workers can make, with which models, and what is not enabled and why."""
        return self._ask("GET", "/providers", ProvidersReport)

    def platforms(self) -> PlatformsView:
        """The platforms, the modalities each of them allows, and who is there to make them."""
        return self._ask("GET", "/platforms", PlatformsView)

    def ready(self) -> Ready:
        """What the API needs and whether it is there; it answers also when something is missing."""
        with self._answering():
            response = self._http.get("/readyz")
        try:
            return Ready.model_validate_json(response.content)
        except ValidationError:
            detail = f"{self.url}/readyz did not say what is ready; does GREENLIGHT_URL name a Greenlight API?"
            raise GreenlightError("Not a Greenlight API", detail, status=response.status_code) from None

    # Media

    def upload_take(
        self,
        production_id: str,
        asset_id: str,
        path: Path,
        *,
        uploaded_by: str = "someone",
        idempotency_key: str | None = None,
        on_sent: Callable[[int], object] = lambda _: None,
    ) -> Receipt:
        """Use a file of one's own as a new take; `on_sent` hears how many bytes went out, each time some did.

        Raises:
            GreenlightError: the file, or the time for it, is refused; the message says why. OSError: it cannot be read.
        """

        def chunks() -> Iterator[bytes]:
            with path.open("rb") as file:
                while chunk := file.read(CHUNK_BYTES):
                    yield chunk
                    on_sent(len(chunk))

        return self._ask(
            "POST",
            at(production_id, "assets", asset_id, "takes"),
            Receipt,
            content=chunks(),
            params={"filename": path.name, "uploaded_by": uploaded_by},
            headers={
                "Content-Length": str(path.stat().st_size),
                "Content-Type": "application/octet-stream",
                **once(idempotency_key),
            },
            timeout=UPLOAD_TIMEOUT,
        )

    def download_take(self, production_id: str, asset_id: str, take: int, to: Path) -> Path:
        return self._download(at(production_id, "assets", asset_id, "takes", str(take), "media"), to)

    def download_deliverable(self, production_id: str, to: Path, *, name: str | None = None) -> Path:
        """One file of the deliverable, the main one without `name`."""
        return self._download(at(production_id, "deliverable"), to, {"file": name} if name else {})

    def download_manifest(self, production_id: str, to: Path) -> Path:
        return self._download(at(production_id, "manifest"), to)

    def download_all(self, production: ProductionView, to: Path) -> Iterator[Path]:
        """Every file of the deliverable under its own name, e.g. images/visual.png, then the manifest.

        A name that leads out of the folder raises GreenlightError before anything is written.
        """
        files = production.deliverable.files if production.deliverable else ()
        for name in _inside(to, [file.name for file in files]):
            yield self.download_deliverable(production.production_id, to / name, name=name)
        yield self.download_manifest(production.production_id, to / "manifest.json")

    def download_revision(self, production_id: str, revision: RevisionView, to: Path) -> Iterator[Path]:
        """Every file of one revision under its own name, its manifest too; names as in `download_all`."""
        for name in _inside(to, [file.name for file in revision.files]):
            asked = {"revision": str(revision.revision), "file": name}
            yield self._download(at(production_id, "deliverable"), to / name, asked)

    def _download(self, path: str, to: Path, params: Mapping[str, str] = MappingProxyType({})) -> Path:
        """Stream to a file that appears only when it is whole."""
        part = to.with_name(f"{to.name}.part")
        with self._answering():
            with self._http.stream("GET", PREFIX + path, params=params, timeout=DOWNLOAD_TIMEOUT) as response:
                if not response.has_redirect_location:
                    _raise_for_problem(response)
                    _write(response, part)
                    return part.replace(to)
                place = response.url.join(response.headers["Location"])
            # A new request, not a followed one: the storage host must see none of our headers.
            with httpx.stream("GET", place, timeout=DOWNLOAD_TIMEOUT, trust_env=_beyond(place)) as response:
                if response.is_error:
                    raise GreenlightError(
                        "The storage refused the download",
                        f"{place.host} answered {response.status_code}; links live only for a short time, so ask again",
                        status=response.status_code,
                    )
                _write(response, part)
        return part.replace(to)

    # How it is asked

    def _ask(
        self,
        method: str,
        path: str,
        answer: type[T],
        *,
        body: BaseModel | Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        content: Iterator[bytes] | bytes | None = None,
    ) -> T:
        record = body.model_dump(mode="json", exclude_unset=True) if isinstance(body, BaseModel) else body

        def send() -> httpx.Response:
            with self._answering():
                return self._http.request(
                    method, PREFIX + path, json=record, content=content, params=params, headers=headers, timeout=timeout
                )

        # A stream of a file cannot be sent again.
        again = iter(RETRIES_SECONDS if IDEMPOTENCY_KEY in (headers or {}) and content is None else ())
        while True:
            try:
                response = send()
                break
            except AnswerLost:
                if (pause := next(again, None)) is None:
                    raise
                time.sleep(pause)
        _raise_for_problem(response)
        try:
            # A newer API may say more than this client knows.
            return answer.model_validate_json(response.content, extra="ignore")
        except ValidationError as error:
            raise GreenlightError(
                "The answer is not what this client expects",
                f"{method} {path}: {error.errors()[0]['msg']}; do the client and the API have the same version?",
                status=response.status_code,
            ) from None

    def _check_instance(self, _: httpx.Request) -> None:
        """Before the first request: what answers proves to be the stack. From then on its API looks at the header."""
        found = httpx.get(f"{self.url}/healthz", timeout=TIMEOUT, trust_env=_beyond(self.url)).headers.get(INSTANCE)
        if found != self._instance:
            raise WrongInstance(self.url)
        self._http.event_hooks = {}

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except httpx.TransportError as error:
            lost = isinstance(error, httpx.ReadError | httpx.ReadTimeout | httpx.RemoteProtocolError)
            raise (AnswerLost if lost else Unreachable)(self.url, _reason(error)) from None


def _inside(folder: Path, names: Sequence[str]) -> Sequence[str]:
    """The names, where none of them leads out of the folder."""
    if outside := [name for name in names if folder.resolve() not in (folder / name).resolve().parents]:
        raise GreenlightError("The deliverable was not downloaded", f"{outside[0]!r} leads out of {folder}")
    return names


def _beyond(url: str | httpx.URL) -> bool:
    """False for this machine: a proxy of the environment leads away from it."""
    return httpx.URL(url).host not in ("127.0.0.1", "localhost", "::1")


def _reason(error: httpx.TransportError) -> str:
    if isinstance(error, httpx.TimeoutException):
        return "No answer came in time"
    return re.sub(r"^\[Errno -?\d+\] ", "", str(error)).rstrip(".") or type(error).__name__


def _raise_for_problem(response: httpx.Response) -> None:
    if response.is_success:
        return
    response.read()
    try:
        problem = _Problem.model_validate_json(response.content)
    except ValidationError:
        problem = _Problem(title=response.reason_phrase or "Error", detail=response.text[:500])
    raise GreenlightError(
        problem.title,
        problem.detail,
        status=response.status_code,
        errors=problem.errors,
        plan_digest=problem.plan_digest,
    )


def _write(response: httpx.Response, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    with to.open("wb") as file:
        for chunk in response.iter_bytes(CHUNK_BYTES):
            file.write(chunk)
