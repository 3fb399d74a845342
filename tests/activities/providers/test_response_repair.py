"""Responses of vendors are repaired before an SDK reads them: invalid Unicode, errors with HTTP 200, base64."""

import base64
import json
import re
import textwrap
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from activities.errors import ProviderError, QuotaExhausted, RateLimited, SubmissionUnknown
from activities.providers.protocol import Finished, Job, Provider
from activities.providers.registry import PROVIDERS
from activities.providers.response_repair import UNKNOWN_STATUS, find_error, response_hooks
from activities.text.valid_unicode import REPLACEMENT, valid
from tests.emulators.base import Call, Emulator, Reply, sse
from tests.emulators.samples import picture
from tests.support.vendors import KINDS, Kindred, env_of, vendor_request
from workflows.models import Modality

TEXTS: Final = {
    "openai": KINDS["openai-text"],
    "anthropic": KINDS["anthropic-text"],
    "google": Kindred("google", "gemini-3.8-flash", Modality.TEXT, KINDS["google-image"].emulator),
}
MARK: Final = re.compile(rb"A (?:\*\*)?lighthouse")
"""The beginning of every emulator's text."""


@pytest.fixture(params=TEXTS)
async def writer(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Provider, Emulator, Kindred]]:
    kindred = TEXTS[request.param]
    with kindred.emulator() as emulator:
        provider = PROVIDERS[kindred.vendor].build(env_of(kindred.vendor, emulator))
        yield provider, emulator, kindred
        await provider.close()


def rewritten(emulator: Emulator, change: Callable[[bytes], bytes]) -> None:
    """Every response of a vendor, rewritten before it is sent."""
    answer = emulator.answer

    def changed(call: Call) -> Reply:
        reply = answer(call)
        events = [change(event) for event in reply.events]
        return replace(reply, events=events) if events else replace(reply, body=change(reply.data))

    emulator.answer = changed  # type: ignore[method-assign]


def text_of(finished: Finished | Job) -> str:
    assert isinstance(finished, Finished)
    assert isinstance(finished.source, bytes)
    return finished.source.decode()


@pytest.mark.parametrize("heard", [None, []], ids=["whole", "streamed"])
@pytest.mark.parametrize(
    ("written", "reads"),
    [
        (rb"\ud83d A", f"{REPLACEMENT} A"),
        (rb"\udE00\u0000\u001bA", f"{REPLACEMENT * 3}A"),
        (rb"\ud83d\ude00\\ud83d", "\U0001f600\\ud83d"),
        (b"\xff\xf0\x9fA", f"{REPLACEMENT * 2}A"),
        (b"\x00A\x7f", f"{REPLACEMENT}A{REPLACEMENT}"),
        ("\U0001f600é".encode(), "\U0001f600é"),
    ],
    ids=["half-a-pair", "control", "whole-pair", "no-utf-8", "raw-control", "valid"],
)
async def test_invalid_unicode_is_replaced(
    writer: tuple[Provider, Emulator, Kindred], heard: list[str] | None, written: bytes, reads: str
) -> None:
    """Any invalid part of a text, escaped or raw, whole or in pieces, becomes U+FFFD, by one request."""
    provider, emulator, kindred = writer
    heard = None if heard is None else []
    rewritten(emulator, lambda data: MARK.sub(lambda _: written, data))
    text = text_of(await provider.submit(vendor_request(kindred, heard)))
    assert text.startswith(reads), text
    assert emulator.count("submit") == 1
    if heard is not None:
        assert "".join(heard) == text


async def test_invalid_unicode_in_an_error_is_replaced(writer: tuple[Provider, Emulator, Kindred]) -> None:
    """The message of a refusal is valid too, because records, histories and logs contain it."""
    provider, emulator, kindred = writer
    record = rb'{"type":"error","error":{"type":"rate_limit_error","code":429,"message":"slow \ud83d\u0000 down"}}'
    emulator.say(Reply(429, record))
    with pytest.raises(RateLimited, match=f"slow {REPLACEMENT * 2} down"):
        await provider.submit(vendor_request(kindred))


ERRORS: Final[list[tuple[Any, type[ProviderError], str]]] = [
    ({"error": {"code": 429, "message": "Provider returned error"}}, RateLimited, "Provider returned error"),
    ({"id": "c", "choices": None, "error": {"code": "429", "message": "wait"}}, RateLimited, "wait"),
    ({"error": "Rate limit exceeded"}, RateLimited, "Rate limit exceeded"),
    ({"error": {"status": "RESOURCE_EXHAUSTED", "message": "wait"}}, RateLimited, "wait"),
    ({"object": "error", "message": "busy", "code": 429, "type": "TooMany"}, RateLimited, "busy"),
    ([{"error": {"type": "rate_limit_error", "message": "wait"}}], RateLimited, "wait"),
    ({"error": {"code": 402, "message": "Insufficient credits"}}, QuotaExhausted, "Insufficient credits"),
    ({"error": {"message": "Insufficient credits"}}, QuotaExhausted, "Insufficient credits"),
    ({"detail": "Payment required", "status": 402}, QuotaExhausted, "Payment required"),
    ({"error": {"message": "something else"}}, SubmissionUnknown, "something else"),
]


@pytest.mark.parametrize("heard", [None, []], ids=["whole", "streamed"])
@pytest.mark.parametrize(("body", "kind", "words"), ERRORS)
async def test_an_error_with_http_200(
    writer: tuple[Provider, Emulator, Kindred],
    heard: list[str] | None,
    body: Any,
    kind: type[ProviderError],
    words: str,
) -> None:
    """An error record with HTTP 200 is that error, in any shape, also instead of a stream, by one request."""
    provider, emulator, kindred = writer
    emulator.say(Reply(200, body))
    with pytest.raises(kind, match=words) as caught:
        await provider.submit(vendor_request(kindred, None if heard is None else []))
    assert type(caught.value) is kind
    assert caught.value.billed_usd == 0
    assert emulator.count("submit") == 1


async def test_an_error_as_the_first_event(writer: tuple[Provider, Emulator, Kindred]) -> None:
    """A stream that begins with an error, without an event name, is that error."""
    provider, emulator, kindred = writer
    emulator.say(sse({"error": {"code": 429, "message": "wait"}}))
    with pytest.raises(RateLimited, match="wait"):
        await provider.submit(vendor_request(kindred, []))


@pytest.mark.parametrize("kind", [name for name, each in KINDS.items() if each.modality is not Modality.TEXT])
@pytest.mark.parametrize(("code", "error"), [(429, RateLimited), (402, QuotaExhausted)])
async def test_media_refused_with_http_200(kind: str, code: int, error: type[ProviderError], tmp_path: Path) -> None:
    """Endpoints for pictures, speech and video refuse in this way too, and it is no lost request."""
    kindred = KINDS[kind]
    with kindred.emulator() as emulator:
        provider = PROVIDERS[kindred.vendor].build(env_of(kindred.vendor, emulator))
        emulator.say(Reply(200, {"error": {"code": code, "message": "no room"}}))
        with pytest.raises(error, match="no room"):
            await provider.submit(vendor_request(kindred, workdir=tmp_path))
        assert emulator.count("submit") == 1
        await provider.close()


@pytest.mark.parametrize(
    "answer",
    [
        {"id": "p", "status": "failed", "error": "out of memory"},
        {"id": "r", "status": "failed", "error": {"code": "server_error", "message": "x"}},
        {"name": "operations/1", "done": True, "error": {"code": 3, "message": "x"}},
        {"id": "c", "choices": [], "error": None},
        {"id": "c", "message": "hello", "code": 429},
        {"choices": [], "error": {}},
        [],
        "error",
    ],
)
def test_a_failed_job_is_a_response(answer: Any) -> None:
    """A record about the end of a job, or with an empty error, is not an error instead of a response."""
    assert find_error(answer) is None


def test_an_error_without_a_kind_is_in_no_table() -> None:
    """No vendor documents it as unbilled."""
    assert find_error({"error": {"message": "x"}}) == (UNKNOWN_STATUS, {"message": "x"})


async def test_a_surrogate_pair_that_is_split_between_two_events() -> None:
    """Two halves that arrive one after the other are one character, at any split."""
    events = [
        b'data: {"t":"a\\ud8',
        b'3d"}\n\n',
        b'event: x\ndata: {"t":"\\ude00b\\ud83d"}\n\ndata: {"t":"c"}\n\ndata: [DONE]\n',
    ]
    texts = [json.loads(line[6:])["t"] for line in await _repaired(events, "text/event-stream") if b"{" in line]
    assert valid("".join(texts)) == f"a\U0001f600b{REPLACEMENT}c"


async def test_media_is_not_repaired() -> None:
    """A picture is not repaired, even when a server labels it as text."""
    for declared in ("image/png", "text/plain", "application/json"):
        assert b"\n".join(await _repaired([picture()], declared)) == picture()


async def _repaired(chunks: list[bytes], media_type: str) -> list[bytes]:
    """The lines of a response as a client of ours reads them."""
    import httpx

    async def body() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    transport = httpx.MockTransport(lambda _: httpx.Response(200, headers={"content-type": media_type}, content=body()))
    async with (
        httpx.AsyncClient(transport=transport, event_hooks=response_hooks()) as client,
        client.stream("GET", "https://v") as response,
    ):
        return b"".join([part async for part in response.aiter_bytes()]).split(b"\n")


def _forms() -> Iterator[tuple[str, str]]:
    plain = base64.b64encode(picture()).decode()
    yield "lines", "\r\n".join(textwrap.wrap(plain, 76))
    yield "uri", f"data:image/png;base64,{plain}"
    yield "unpadded", plain.rstrip("=")
    yield "url-safe", base64.urlsafe_b64encode(picture()).decode().rstrip("=")


@pytest.mark.parametrize(("form", "text"), list(_forms()))
@pytest.mark.parametrize("kind", ["openai-image", "openai-image-job", "google-image"])
async def test_base_64_in_every_form(kind: str, form: str, text: str, tmp_path: Path) -> None:
    """A picture that is paid for is read with line breaks, as a data URI, without padding and in the other alphabet."""
    kindred = KINDS[kind]
    with kindred.emulator() as emulator:
        provider = PROVIDERS[kindred.vendor].build(env_of(kindred.vendor, emulator))
        written = json.dumps(text).encode()
        rewritten(emulator, lambda data: re.sub(rb'"[A-Za-z0-9+/]{150,}=*"', lambda _: written, data))
        request = vendor_request(kindred, workdir=tmp_path)
        made = await provider.submit(request)
        while isinstance(made, Job):
            seen = await provider.poll(request, made)
            made = seen if isinstance(seen, Finished) else made
        assert made.source == picture()
        assert len(emulator.submissions) == 1
        await provider.close()


@pytest.mark.parametrize("first", ['{"choices": []}', '{"error": {"message": "no", "code": 429}}'])
async def test_an_unread_stream_is_closed(first: str) -> None:
    """A caller that stops reading a stream, or reads an error instead, leaves nothing for the garbage collector to
    close."""
    closed: list[bool] = []

    class Answered:
        headers: Final = {"content-type": "text/event-stream"}
        is_success = True
        status_code = 200

        async def aiter_bytes(self) -> AsyncIterator[bytes]:
            try:
                yield f"data: {first}\n\n".encode()
                yield b"data: [DONE]\n\n"
            finally:
                closed.append(True)

        async def aread(self) -> None:
            pass

    response = Answered()
    (repair,) = response_hooks()["response"]
    await repair(response)
    stream = response.aiter_bytes()
    assert await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]
    assert closed == [True]
