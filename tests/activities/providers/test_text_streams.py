"""Streamed texts: the same response, the same bill and the same errors as without a stream."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from activities.errors import ContentRefused, OutputUnusable, Overloaded, ProviderError, RateLimited, SubmissionUnknown
from activities.planning.progress import MAX_ASSETS, MAX_CHARS, read_partial_plan
from activities.providers.protocol import Finished, Provider, Request
from activities.providers.registry import PROVIDERS
from tests.emulators.base import Call, Emulator, Fault, Reply, sse
from tests.emulators.google import GoogleEmulator
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.openai_bodies import WORDS
from tests.support.vendors import KINDS, Kindred, env_of
from workflows.brief import Brief, Platform
from workflows.models import Asset, Modality

WRITERS = {
    "openai": KINDS["openai-text"],
    "anthropic": KINDS["anthropic-text"],
    "google": Kindred("google", "gemini-3.8-flash", Modality.TEXT, KINDS["google-image"].emulator),
}


@pytest.fixture(params=WRITERS)
async def writer(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Provider, Emulator, Kindred]]:
    kindred = WRITERS[request.param]
    with kindred.emulator() as emulator:
        provider = PROVIDERS[kindred.vendor].build(env_of(kindred.vendor, emulator))
        yield provider, emulator, kindred
        await provider.close()
    assert emulator.problems == []


def asked(kindred: Kindred, heard: list[str] | None) -> Request:
    asset = Asset(
        asset_id="body",
        asset_type=Modality.TEXT,
        role="body",
        prompt="Write about a lighthouse.",
        provider=kindred.vendor,
        model=kindred.model,
    )
    return Request(
        key="p/body/1",
        seed=1,
        brief=Brief(text="x", platform=Platform.COPY),
        asset=asset,
        take=1,
        inputs=(),
        workdir=Path("/nonexistent"),
        on_text=None if heard is None else heard.append,
    )


async def test_a_streamed_text_equals_the_whole_text(writer: tuple[Provider, Emulator, Kindred]) -> None:
    """A streamed text equals the text of a whole response, with the same usage, by one request each."""
    provider, emulator, kindred = writer
    heard: list[str] = []
    whole = await provider.submit(asked(kindred, None))
    streamed = await provider.submit(asked(kindred, heard))
    assert isinstance(whole, Finished)
    assert whole == streamed
    assert "".join(heard).encode() == whole.source
    assert len(heard) > 1 or len("".join(heard)) <= 40
    assert whole.usage
    assert len(emulator.submissions) == 2


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("break_off", SubmissionUnknown),
        ("end_early", SubmissionUnknown),
        ("drop_after", SubmissionUnknown),
        ("throttle", RateLimited),
        ("refuse", ContentRefused),
        ("broken", OutputUnusable),
    ],
)
async def test_a_stream_has_the_same_errors(
    writer: tuple[Provider, Emulator, Kindred], fault: Fault, kind: type[ProviderError]
) -> None:
    """A stream that breaks off may be billed and is ambiguous, never half a text; a refusal reports its cost."""
    provider, emulator, kindred = writer
    emulator.meet(fault)
    with pytest.raises(kind) as caught:
        await provider.submit(asked(kindred, []))
    assert emulator.count("submit") == 1
    if kind in (ContentRefused, OutputUnusable) and emulator.billed_usd:
        assert caught.value.billed_usd > 0


Events = Sequence[bytes]

ERROR_EVENTS: dict[str, dict[str, object]] = {
    "openai": {"error": {"message": "Overloaded", "type": "server_error", "code": "server_is_overloaded"}},
    "anthropic": {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
    "google": {"error": {"code": 503, "message": "Overloaded", "status": "UNAVAILABLE"}},
}
"""An error as an event, with HTTP 200: the shapes that the SDKs recognise (openai and anthropic `_streaming.py`,
google-genai `_api_client.py`)."""


@pytest.mark.parametrize("after", [0, 1])
async def test_an_error_in_a_stream_depends_on_its_position(
    writer: tuple[Provider, Emulator, Kindred], after: int
) -> None:
    """Instead of a response it is the vendor's refusal, which is retried; after some text the submission is
    ambiguous."""
    provider, emulator, kindred = writer
    said = sse(ERROR_EVENTS[kindred.vendor], named=kindred.vendor == "anthropic").events
    emulator.bend = lambda events: [*events[:after], *said]
    with pytest.raises(SubmissionUnknown if after else Overloaded, match="Overloaded"):
        await provider.submit(asked(kindred, []))


async def test_a_failing_listener_has_no_effect(writer: tuple[Provider, Emulator, Kindred]) -> None:
    """A paid response is kept when its progress cannot be reported."""

    def deaf(_: str) -> None:
        raise TypeError("not my kind of text")

    provider, _, kindred = writer
    answer = await provider.submit(replace(asked(kindred, []), on_text=deaf))
    assert isinstance(answer, Finished)
    assert answer.source


async def test_a_stream_without_a_count_is_whole(writer: tuple[Provider, Emulator, Kindred]) -> None:
    """Compatible servers may not report the usage: the text is whole all the same."""
    provider, emulator, kindred = writer
    emulator.counts = False
    heard: list[str] = []
    answer = await provider.submit(asked(kindred, heard))
    assert isinstance(answer, Finished)
    assert (answer.usage, "".join(heard).encode()) == ({}, answer.source)


@pytest.fixture
async def openai() -> AsyncIterator[tuple[Provider, OpenAIEmulator]]:
    with OpenAIEmulator() as emulator:
        provider = PROVIDERS["openai"].build(env_of("openai", emulator))
        yield provider, emulator
        await provider.close()


def _without(name: str) -> Callable[[Events], Events]:
    """Change a stream so that no event has this field."""

    def bend(events: Events) -> Events:
        return [_left_out(event, name) for event in events]

    return bend


def _left_out(event: bytes, name: str) -> bytes:
    if event.startswith(b"data: [DONE]"):
        return event
    record = json.loads(event.removeprefix(b"data: "))
    whole = record.get("choices")
    if name in record and not whole:
        del record[name]
    elif whole and not any(whole[0]["delta"].values()):
        whole[0].pop(name, None)
    return b"data: " + json.dumps(record).encode() + b"\n\n"


@pytest.mark.parametrize(
    "bend",
    [
        _without("choices"),  # in the event with the count
        _without("delta"),  # in events without text
        lambda events: [*events[:-2], b"data: no json\n\n"],  # broken where only the count was missing
    ],
)
async def test_missing_fields_of_compatible_servers_are_accepted(
    openai: tuple[Provider, OpenAIEmulator], bend: Callable[[Events], Events]
) -> None:
    """A field that a compatible server omits from its stream does not lose the response."""
    provider, emulator = openai
    whole = await provider.submit(asked(WRITERS["openai"], None))
    emulator.bend = bend
    answer = await provider.submit(asked(WRITERS["openai"], []))
    assert isinstance(answer, Finished)
    assert isinstance(whole, Finished)
    assert answer.source == whole.source


class Small(OpenAIEmulator):
    """A compatible server without streams: it refuses them, or ignores the option."""

    strict = True

    def answer(self, call: Call) -> Reply:
        body = call.json
        if self.strict and body.get("stream"):
            return Reply(422, {"error": {"message": "stream_options: extra inputs are not permitted"}})
        plain = {k: v for k, v in body.items() if k not in ("stream", "stream_options")}
        return super().answer(replace(call, body=json.dumps(plain).encode()))


@pytest.mark.parametrize("strict", [True, False])
async def test_a_server_without_streams_sends_the_whole_text(strict: bool) -> None:
    """The whole response is requested instead, and nothing is billed twice."""
    with Small() as emulator:
        emulator.strict = strict
        provider = PROVIDERS["openai"].build(env_of("openai", emulator))
        answer = await provider.submit(asked(WRITERS["openai"], []))
        await provider.close()
    assert isinstance(answer, Finished)
    assert answer.source == WORDS.encode()
    assert len(emulator.submissions) == 1


async def test_ratings_do_not_complete_a_text() -> None:
    """Google's feedback on a prompt does not end a response unless it blocks it."""

    def bend(events: Events) -> Events:
        record = json.loads(events[1].removeprefix(b"data: "))
        return sse({**record, "promptFeedback": {"safetyRatings": []}}).events

    kindred = WRITERS["google"]
    with GoogleEmulator() as emulator:
        emulator.answer_text = lambda _: "Half of a text. " * 9
        emulator.bend = bend
        provider = PROVIDERS["google"].build(env_of("google", emulator))
        with pytest.raises(SubmissionUnknown, match="broke off"):
            await provider.submit(asked(kindred, []))
        await provider.close()


PLAN = {
    "title": "The light",
    "assets": [
        {"asset_id": "script", "asset_type": "text", "label": "Script", "prompt": "Tell it", "parameters": []},
        {"asset_id": "still-1", "asset_type": "image", "label": "First", "prompt": "A tower " * 99},
    ],
}


def test_a_partial_plan_is_a_prefix_of_the_whole() -> None:
    """At every length of a response the reported part is true of the whole, bounded, and limited to fields for
    people."""
    written = json.dumps(PLAN)
    partial = [read_partial_plan(written[:at]) for at in range(len(written) + 1)]
    assert partial[-1] == {
        "count": 2,
        "assets": [
            {"asset_id": "script", "asset_type": "text", "label": "Script", "prompt": "Tell it"},
            {"asset_id": "still-1", "asset_type": "image", "label": "First", "prompt": ("A tower " * 99)[:MAX_CHARS]},
        ],
    }
    lists = [cast(list[dict[str, str]], plan["assets"]) for plan in partial]
    counts = [len(assets) for assets in lists]
    assert counts == sorted(counts)
    assert {0, 1, 2} == set(counts)
    assert {asset["asset_type"] for assets in lists for asset in assets} == {"text", "image"}


@pytest.mark.parametrize(
    "written",
    [
        "",
        "{",
        "[1",
        "no json",
        '{"assets": 3}',
        '{"assets": [3, "x", {}]}',
        '{"assets": {"a',
        '{"assets":[{"asset_type":[',
    ],
)
def test_an_invalid_plan_is_not_reported(written: str) -> None:
    """A model may return anything."""
    assert read_partial_plan(written) == {"count": 0, "assets": []}


def test_a_long_plan_is_reported_in_part() -> None:
    """A heartbeat is stored on the server: it has the first assets, and the number of all."""
    many = read_partial_plan(json.dumps({"assets": [{"asset_type": "text"}] * (MAX_ASSETS + 1)}))
    assert (many["count"], len(cast(list[object], many["assets"]))) == (MAX_ASSETS + 1, MAX_ASSETS)
