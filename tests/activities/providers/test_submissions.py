"""Every way in which a submission can fail after it was sent, for every vendor's way to make a take.

The unmodified SDK sends each request over HTTP to the vendor's emulator, which does the work, bills it, and returns the
response of the test instead of its own.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from activities.errors import Overloaded, ProviderError, ProviderUnavailable, RateLimited, SubmissionUnknown
from activities.providers.google.errors import DEVELOPER_UNBILLED
from activities.providers.protocol import Input, Provider, ProviderBase, Request
from activities.providers.registry import PROVIDERS
from activities.providers.unbilled import Unbilled, is_unbilled
from tests.emulators import samples
from tests.emulators.base import Emulator, Fault, Reply, sse
from tests.emulators.google import GoogleEmulator
from tests.emulators.openai import OpenAIEmulator
from tests.support.vendors import KINDS, Kindred, env_of
from workflows.brief import Brief, Platform
from workflows.models import Asset, Media, Modality

pytestmark = [
    # google-genai 3.3 warns once a process: its catalogue entry already names the date.
    pytest.mark.filterwarnings("ignore:The generate_images method is deprecated"),
    pytest.mark.filterwarnings("ignore:invalid escape sequence:DeprecationWarning"),
]

ENTERPRISE: Final = {"GOOGLE_GENAI_USE_ENTERPRISE": "true"}


@dataclass(frozen=True)
class Call:
    """One kind of submission: the request, its input, and whether the response is streamed."""

    kindred: Kindred
    given: Modality | None = None
    streamed: bool = False
    enterprise: bool = False

    def env(self, emulator: Emulator) -> dict[str, str]:
        if not self.enterprise:
            return env_of(self.kindred.vendor, emulator)
        return {"GOOGLE_API_KEY": emulator.key, "GOOGLE_VERTEX_BASE_URL": emulator.url, **ENTERPRISE}


def google(model: str, modality: Modality) -> Kindred:
    return Kindred("google", model, modality, GoogleEmulator)


CALLS: Final[Mapping[str, Call]] = {
    **{name: Call(kindred) for name, kindred in KINDS.items()},
    "openai-edit": Call(KINDS["openai-image"], Modality.IMAGE),
    "openai-transcript": Call(Kindred("openai", "gpt-transcribe", Modality.TEXT, OpenAIEmulator), Modality.AUDIO),
    "openai-stream": Call(KINDS["openai-text"], streamed=True),
    "anthropic-stream": Call(KINDS["anthropic-text"], streamed=True),
    "google-text": Call(google("gemini-3.8-flash", Modality.TEXT)),
    "google-stream": Call(google("gemini-3.8-flash", Modality.TEXT), streamed=True),
    "google-transcript": Call(google("gemini-3.5-transcribe", Modality.TEXT), Modality.AUDIO),
    "google-speech": Call(google("gemini-3.8-flash-tts", Modality.AUDIO)),
    "enterprise-image": Call(KINDS["google-image"], enterprise=True),
    "enterprise-omni": Call(KINDS["google-video"], enterprise=True),
    "enterprise-imagen": Call(google("imagen-4.0-generate-001", Modality.IMAGE), enterprise=True),
    "enterprise-veo": Call(google("veo-3.1-generate-001", Modality.VIDEO), enterprise=True),
}
every = pytest.mark.parametrize("name", CALLS)

STATUSES: Final = (302, 304, 408, 409, 423, 499, 500, 501, 502, 503, 504, 520, 529)
"""Statuses that are neither a success nor a rejection of the request itself."""
FAILING: Final = (500, 502, 503, 504, 529)
"""Statuses that some vendor does not bill when its own error record comes with them."""
ANTHROPIC_TYPES: Final = {408: "timeout_error", 409: "conflict_error", 504: "timeout_error", 529: "overloaded_error"}
OVERLOADED: Final = "The engine is currently overloaded, please try again later"
WORDS: Final = ("Something went wrong", OVERLOADED)


def own(vendor: str, status: int, words: str) -> dict[str, Any]:
    """The vendor's own error record."""
    match vendor:
        case "openai":
            return {"error": {"message": words, "type": "server_error", "param": None, "code": None}}
        case "anthropic":
            return {"type": "error", "error": {"type": ANTHROPIC_TYPES.get(status, "api_error"), "message": words}}
        case "google":
            return {"error": {"code": status, "status": "UNKNOWN", "message": words}}
        case "replicate":
            return {"title": "Error", "detail": words, "status": status}
    return {"error": words}


BROKEN: Final[Mapping[str, Reply]] = {
    "nothing": Reply(200, b""),
    "a page": Reply(200, b"<html>Sign in</html>", "text/html"),
    "a list": Reply(200, [1]),
    "no record": Reply(200, {}),
    "half a record": Reply(200, b'{"id": "resp_'),
    "an error of a gateway": Reply(200, {"error": {"message": "Provider returned error", "code": 502}, "detail": "no"}),
    "an error that breaks off": Reply(500, {"error": {"message": "no " * 99}, "detail": "no"}, cut=True),
}
"""Responses that do not show the result of the submission."""
FAULTS: Final[tuple[Fault, ...]] = ("drop_before", "drop_after", "break_off", "gateway")


def asked(call: Call, folder: Path) -> Request:
    modality = call.given or Modality.IMAGE
    picture = modality == Modality.IMAGE
    path = folder / ("still.png" if picture else "voice.wav")
    path.write_bytes(samples.picture() if picture else samples.wav())

    async def fetch() -> Path:
        return path

    media = Media(key="k", bytes=9, sha256="", media_type="image/png" if picture else "audio/wav")
    inputs = [Input("given", modality, "still", media, fetch)] if call.given else []
    kindred = call.kindred
    asset = Asset(
        asset_id="a",
        asset_type=kindred.modality,
        role="body",
        prompt="A lighthouse.",
        provider=kindred.vendor,
        model=kindred.model,
    )
    brief = Brief(text="A lighthouse.", platform=Platform.VIDEO)
    request = Request("p/a/1", 1, brief, asset, 1, inputs, folder / "work")
    return replace(request, on_text=lambda _: None) if call.streamed else request


@asynccontextmanager
async def selling(call: Call) -> AsyncIterator[tuple[Provider, Emulator]]:
    with call.kindred.emulator() as emulator:
        provider = PROVIDERS[call.kindred.vendor].build(call.env(emulator))
        try:
            yield provider, emulator
        finally:
            await provider.close()


async def failing(provider: Provider, emulator: Emulator, request: Request, case: object) -> ProviderError:
    """The error of one submission, which reached the vendor once."""
    before = emulator.count("submit")
    with pytest.raises(ProviderError) as caught:
        await provider.submit(request)
    assert emulator.count("submit") == before + 1, (case, caught.value)
    return caught.value


def error_after(count: int, said: Sequence[bytes], events: Sequence[bytes]) -> Sequence[bytes]:
    """A stream that ends with an error after this many of its events."""
    return [*events[:count], *said]


def test_every_provider_has_a_call() -> None:
    """Each provider with a vendor has a call here, and a table whose rows name their source page."""
    vendors = [name for name, each in PROVIDERS.items() if each.variables]
    assert {call.kindred.vendor for call in CALLS.values()} == set(vendors)
    for vendor in vendors:
        provider = PROVIDERS[vendor].build(dict.fromkeys(PROVIDERS[vendor].variables, "k"))
        assert isinstance(provider, ProviderBase)
        assert all("http" in row.source or ".md" in row.source for row in provider.unbilled)


def test_the_statuses_that_vendors_document_as_unbilled() -> None:
    """No other status is sent again without an order, and a new one has to be added here."""
    known: dict[str, set[int]] = {}
    for name, env in {**{n: {} for n in PROVIDERS}, "enterprise": ENTERPRISE}.items():
        registration = PROVIDERS["google" if name == "enterprise" else name]
        provider = registration.build({**dict.fromkeys(registration.variables, "k"), **env})
        assert isinstance(provider, ProviderBase)
        known[name] = {row.status for row in provider.unbilled}
    assert known == {
        "previz": set(),
        "openai": {503},
        "anthropic": {500, 503, 529},
        "google": {500, 503},
        "enterprise": set(),
        "replicate": set(),
        "runway": {502, 503, 504},
    }


def test_a_row_covers_its_own_status_and_message() -> None:
    """A row does not cover another status, nor another message when it names one."""
    row = Unbilled(503, "a page", pattern="overloaded")
    assert is_unbilled([row], 503, "The model is Overloaded")
    assert not is_unbilled([row], 500, "overloaded")
    assert not is_unbilled([row], 503, "Service unavailable")
    assert not is_unbilled([], 503, "overloaded")
    assert is_unbilled(DEVELOPER_UNBILLED, 500, "")


@every
async def test_an_error_status_is_ambiguous_unless_the_vendor_documents_otherwise(name: str, tmp_path: Path) -> None:
    """Each status is one request, which may be billed, unless the vendor's table covers its own error record."""
    call = CALLS[name]
    vendor = call.kindred.vendor
    async with selling(call) as (provider, emulator):
        assert isinstance(provider, ProviderBase)
        request = asked(call, tmp_path)
        for status in STATUSES:
            for words in WORDS if status in FAILING else WORDS[:1]:
                record = own(vendor, status, words)
                emulator.say(Reply(status, record, headers={"Location": "/nowhere"} if status < 304 else {}))
                error = await failing(provider, emulator, request, (status, words))
                unbilled = status >= 400 and is_unbilled(provider.unbilled, status, json.dumps(record))
                assert isinstance(error, ProviderUnavailable), (status, error)
                assert isinstance(error, SubmissionUnknown) is not unbilled, (status, words, error)
                assert isinstance(error, Overloaded) is (unbilled and status != 500), (status, words, error)
        for status in FAILING:  # as proxies send them
            emulator.say(Reply(status, b"<html><h1>No</h1></html>", "text/html"))
            error = await failing(provider, emulator, request, (status, "a page"))
            assert type(error) is SubmissionUnknown, (status, error)


@every
async def test_a_response_without_a_result_is_ambiguous(name: str, tmp_path: Path) -> None:
    """A connection that ends early, and a response of 200 that is not the vendor's, are one request, which may be
    billed."""
    call = CALLS[name]
    async with selling(call) as (provider, emulator):
        request = asked(call, tmp_path)
        for fault in FAULTS:
            emulator.meet(fault)
            assert type(await failing(provider, emulator, request, fault)) is SubmissionUnknown, fault
        for case, reply in BROKEN.items():
            if name == "enterprise-imagen" and case in ("no record", "an error of a gateway", "a list", "nothing"):
                continue  # a response without pictures is Imagen's own for a filtered one: it counts as billed
            emulator.say(reply)
            error = await failing(provider, emulator, request, case)
            assert type(error) is SubmissionUnknown, (case, error)


@every
async def test_a_rate_limit_is_awaited(name: str, tmp_path: Path) -> None:
    """A 429 is one request that was rejected: the take waits, and nothing of it is billed."""
    call = CALLS[name]
    async with selling(call) as (provider, emulator):
        emulator.meet("throttle")
        error = await failing(provider, emulator, asked(call, tmp_path), "throttle")
        assert type(error) is RateLimited
        assert emulator.billed_usd == 0


@pytest.mark.parametrize("name", [name for name, call in CALLS.items() if call.streamed])
async def test_a_stream_that_fails_is_ambiguous(name: str, tmp_path: Path) -> None:
    """An error, an end or a cut in a stream is ambiguous; before any text, the vendor's table applies to an error."""
    call = CALLS[name]
    vendor = call.kindred.vendor
    async with selling(call) as (provider, emulator):
        assert isinstance(provider, ProviderBase)
        request = asked(call, tmp_path)
        for after in (0, 1):
            for status in (500, 504):
                record = own(vendor, status, WORDS[0])
                said = sse(
                    {**record, "type": "error"} if vendor == "anthropic" else record, named=vendor == "anthropic"
                )
                emulator.bend = partial(error_after, after, said.events)
                error = await failing(provider, emulator, request, (after, status))
                unbilled = not after and is_unbilled(provider.unbilled, status, json.dumps(record))
                assert isinstance(error, SubmissionUnknown) is not unbilled, (after, status, error)
        emulator.bend = lambda events: events
        for fault in ("end_early", "break_off"):
            emulator.meet(fault)
            assert type(await failing(provider, emulator, request, fault)) is SubmissionUnknown, fault
