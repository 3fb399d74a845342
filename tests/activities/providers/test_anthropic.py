"""Anthropic: the unmodified SDK against an emulated vendor that counts and bills."""

import base64
import dataclasses
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, use_span
from pydantic import JsonValue
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.catalogue import pricing
from activities.catalogue.loader import problem_with, retirement_warning
from activities.errors import (
    InvalidRequest,
    OutputUnusable,
    ProviderError,
    SubmissionUnknown,
)
from activities.planning.pricing import price
from activities.providers.anthropic import Anthropic
from activities.providers.protocol import Finished, Input, Request
from activities.providers.selection import find_offer
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from activities.takes.producer import Producer
from tests.emulators import samples, specs
from tests.emulators.anthropic import WORDS, AnthropicEmulator
from tests.emulators.base import Call, Fault, Reply
from workflows.activity_io import ProduceAsset
from workflows.brief import Brief, Platform
from workflows.events import TakeOrder
from workflows.models import Asset, Media, Modality, Plan, Quote, Take

SCHEMA: dict[str, JsonValue] = {
    "type": "object",
    "properties": {"title": {"type": "string"}},
    "required": ["title"],
    "additionalProperties": False,
}


_made: list[Anthropic] = []


@pytest.fixture
async def vendor() -> AsyncIterator[AnthropicEmulator]:
    with AnthropicEmulator() as emulator:
        yield emulator
        while _made:
            await _made.pop().close()
    assert emulator.problems == []


def provider(vendor: AnthropicEmulator, key: str = "test-key") -> Anthropic:
    _made.append(Anthropic({"ANTHROPIC_API_KEY": key, "ANTHROPIC_BASE_URL": vendor.url}))
    return _made[-1]


def asset(model: str = "claude-haiku-5-5", **parameters: JsonValue) -> Asset:
    return Asset(
        asset_id="body",
        asset_type=Modality.TEXT,
        role="body",
        prompt="Write about a lighthouse.",
        provider="anthropic",
        model=model,
        parameters=parameters,
    )


def request(model: str = "claude-haiku-5-5", /, *pictures: Input, **parameters: JsonValue) -> Request:
    return Request(
        key="p/body/1",
        seed=1,
        brief=Brief(text="x", platform=Platform.COPY),
        asset=asset(model, **parameters),
        take=1,
        inputs=pictures,
        workdir=Path("/nonexistent"),
        instructions="You write copy.",
    )


async def submit(vendor: AnthropicEmulator, asked: Request) -> Finished:
    finished = await provider(vendor).submit(asked)
    assert isinstance(finished, Finished)
    return finished


async def failed(call: Awaitable[object]) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await call
    return caught.value


def picture(path: Path, media_type: str = "image/png") -> Input:
    path.write_bytes(samples.picture())

    async def fetch() -> Path:
        return path

    media = Media(key="k", bytes=1, sha256="0", media_type=media_type)
    return Input("still-1", Modality.IMAGE, "still", media, fetch)


async def test_a_text_is_the_response_of_the_model(vendor: AnthropicEmulator) -> None:
    """The prompt is sent as the user's turn and the instructions as the system's; the text is returned without the
    thoughts."""
    finished = await submit(vendor, request())
    assert finished.source == WORDS.encode()
    assert finished.media_type == "text/markdown"
    body = vendor.calls[0].json
    assert body["system"] == "You write copy."
    assert body["messages"] == [{"role": "user", "content": [{"type": "text", "text": "Write about a lighthouse."}]}]
    assert body["max_tokens"] == 4096
    assert not {"temperature", "top_p", "top_k", "tools", "tool_choice"} & body.keys()


async def test_the_cost_follows_the_vendors_count(vendor: AnthropicEmulator) -> None:
    """The cost of a text follows from the vendor's own count, thoughts included, and equals the vendor's bill."""
    asked = request("claude-sonnet-5-5")
    offer = find_offer(provider(vendor), "claude-sonnet-5-5", Modality.TEXT)
    assert offer is not None
    cost, source = pricing.cost_of(offer, asked.asset, await submit(vendor, asked))
    assert source == "usage"
    assert Decimal(0) <= cost - vendor.billed_usd < Decimal("0.0001")
    assert cost <= pricing.quote(offer, asked.asset).high_usd


async def test_no_trace_is_sent_to_the_vendor(vendor: AnthropicEmulator) -> None:
    """The SDK would send the current trace to the vendor with a request; here it does not."""
    under_way = SpanContext(trace_id=1, span_id=1, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    with use_span(NonRecordingSpan(under_way)):
        await submit(vendor, request())
    (call,) = vendor.calls
    assert "traceparent" not in call.headers


async def test_a_schema_is_followed(vendor: AnthropicEmulator) -> None:
    """A schema is sent as the format of the response, never as a forced tool, and the response is JSON."""
    finished = await submit(vendor, dataclasses.replace(request(), schema=SCHEMA))
    assert isinstance(finished.source, bytes)
    assert json.loads(finished.source) == {"title": ""}
    assert finished.media_type == "application/json"
    assert vendor.calls[0].json["output_config"]["format"] == {"type": "json_schema", "schema": SCHEMA}


async def test_pictures_are_sent_before_the_prompt(vendor: AnthropicEmulator, tmp_path: Path) -> None:
    """A still that a text depends on is sent to the model as base64."""
    finished = await submit(vendor, request("claude-haiku-5-5", picture(tmp_path / "still.png")))
    shown, words = vendor.calls[0].json["messages"][0]["content"]
    assert shown["source"]["media_type"] == "image/png"
    assert base64.b64decode(shown["source"]["data"]) == samples.picture()
    assert words["type"] == "text"
    assert finished.usage["input_tokens"] > 54


async def test_an_invalid_picture_is_refused(vendor: AnthropicEmulator, tmp_path: Path) -> None:
    """A file that is not a valid picture is refused before anything is sent."""
    still = picture(tmp_path / "a.tiff", "image/tiff")
    (tmp_path / "a.tiff").write_bytes(b"II*\0 and no more")
    error = await failed(provider(vendor).submit(request("claude-haiku-5-5", still)))
    assert isinstance(error, InvalidRequest)
    assert "does not open" in str(error)
    assert vendor.calls == []


async def test_long_responses_are_awaited(vendor: AnthropicEmulator) -> None:
    """A request may ask for more tokens than the SDK allows without an explicit timeout."""
    await submit(vendor, request("claude-haiku-5-5", max_tokens=48_000))
    assert vendor.calls[0].json["max_tokens"] == 48_000


async def test_effort_follows_the_catalogue_unless_the_plan_sets_it(vendor: AnthropicEmulator) -> None:
    """Models that think use the catalogue's effort or the plan's; a model without the parameter does not receive it."""
    await submit(vendor, request("claude-fable-5-1"))
    await submit(vendor, request("claude-fable-5-1", effort="low"))
    with pytest.warns(DeprecationWarning, match="claude-sonnet-4-5"):
        await submit(vendor, request("claude-sonnet-4-5"))
    configs = [call.json.get("output_config") for call in vendor.calls]
    assert configs == [{"effort": "medium"}, {"effort": "low"}, None]


@pytest.mark.parametrize("schema", [None, SCHEMA])
async def test_a_cut_text_is_unusable(vendor: AnthropicEmulator, schema: dict[str, JsonValue] | None) -> None:
    """A response that reached max_tokens is paid for and unusable, with or without a schema; the message names the
    remedy."""
    vendor.answer_text = lambda _: "word " * 1_000
    asked = dataclasses.replace(request("claude-sonnet-5-5", max_tokens=200), schema=schema)
    error = await failed(provider(vendor).submit(asked))
    assert isinstance(error, OutputUnusable)
    assert "raise the parameter max_tokens" in str(error)
    assert Decimal(0) <= error.billed_usd - vendor.billed_usd < Decimal("0.0001")
    assert error.billed_usd > 0


@pytest.mark.parametrize("words", ["", "word " * 1_000])
async def test_an_unusable_response_without_a_count_costs_its_quote(vendor: AnthropicEmulator, words: str) -> None:
    """An unusable response of a compatible server without a count was paid for all the same: empty or cut, a person
    decides."""
    vendor.answer_text = lambda _: words
    vendor.counts = False
    quote = Quote(low_usd=Decimal(0), high_usd=Decimal("0.04"), expected_seconds=5)
    asked = request("claude-sonnet-5-5", max_tokens=200)
    asked = dataclasses.replace(asked, asset=asked.asset.model_copy(update={"quote": quote}))
    error = await failed(provider(vendor).submit(asked))
    assert isinstance(error, OutputUnusable)
    assert error.billed_usd == Decimal("0.04")


async def test_an_unknown_model_is_refused(vendor: AnthropicEmulator) -> None:
    """A model outside the catalogue is refused, and the message names the variable that adds one."""
    error = await failed(provider(vendor).submit(request("claude-2")))
    assert isinstance(error, InvalidRequest)
    assert "GREENLIGHT_CATALOGUE" in str(error)
    assert vendor.calls == []


async def test_a_server_that_is_not_anthropics_is_reported() -> None:
    """A page instead of a response leaves the submission ambiguous, and the message points to the base URL."""

    class Elsewhere(AnthropicEmulator):
        def answer(self, call: Call) -> Reply:
            return Reply(200, b"<html>hello</html>", "text/html")

    with Elsewhere() as other:
        one = provider(other)
        error = await failed(one.submit(request()))
        await one.close()
    assert type(error) is SubmissionUnknown
    assert "ANTHROPIC_BASE_URL" in str(error)


def test_the_catalogue_plans_and_prices() -> None:
    """Every model follows a schema, accepts pictures and has a price; the one that retires warns and is then
    removed."""
    offers = {o.model: o for o in Anthropic({}).offers()}
    assert next(iter(offers)) == "claude-sonnet-5-5"
    assert {"claude-haiku-5-5", "claude-opus-5-5", "claude-fable-5-1"} <= offers.keys()
    for offer in offers.values():
        assert offer.schema
        assert offer.accepts == {"image"}
        quote = pricing.quote(offer, asset(offer.model))
        assert 0 < quote.low_usd < quote.high_usd
    old = offers["claude-sonnet-4-5"]
    assert "use claude-sonnet-5-5" in str(retirement_warning(old, date(2026, 11, 20)))
    assert problem_with(old, date(2026, 11, 29)) is None
    assert "was retired" in str(problem_with(old, date(2026, 11, 30)))


def produce(
    storage: Storage, vendor: AnthropicEmulator, key: str = "test-key"
) -> Callable[[int, TakeOrder | None], Awaitable[Take]]:
    """Attempts at one take as a worker makes them."""
    made = provider(vendor, key)
    written = asset("claude-sonnet-5-5")
    priced = price(Plan.of("t", [written]), {"anthropic": made})
    asked = ProduceAsset(
        production_id=uuid4().hex, brief=Brief(text="x", platform=Platform.COPY), asset=priced.assets[0], take=1
    )
    producer = Producer(storage, {"anthropic": made}, ActivitySettings(claim_settles_seconds=0.2))

    async def attempt(number: int, order: TakeOrder | None = None) -> Take:
        environment = ActivityEnvironment()
        environment.info = dataclasses.replace(environment.info, attempt=number, workflow_run_id="run")
        return await environment.run(producer.produce, asked.model_copy(update={"order": order}))

    return attempt


async def test_a_lost_inexpensive_response_is_requested_once_more(storage: Storage, vendor: AnthropicEmulator) -> None:
    """A text whose response was lost costs less than a person's time: the production may have it requested again once,
    and both are counted."""
    attempt = produce(storage, vendor)
    vendor.meet("drop_after")
    with pytest.raises(ApplicationError) as lost:
        await attempt(1, None)
    assert (lost.value.type, lost.value.non_retryable) == ("submission_unknown", False)
    with pytest.raises(ApplicationError) as doubt:
        await attempt(2, None)
    assert (doubt.value.type, doubt.value.details[0].resubmit) == ("ambiguous_submission", True)
    assert len(vendor.submissions) == 1
    take = await attempt(3, TakeOrder(number=7))
    assert len(vendor.submissions) == 2
    assert take.billed_usd >= vendor.billed_usd


@specs.needs_vendor_data
async def test_the_emulator_responds_as_the_vendor_does() -> None:
    """Emulated responses and errors have the form of the vendor's own types, and a refusal that of a recorded one."""
    replies: list[tuple[str, Any]] = []

    class Watched(AnthropicEmulator):
        def answer(self, call: Call) -> Reply:
            replies.append(("messages.response.json", json.loads((reply := super().answer(call)).data)))
            return reply

        def fault(self, fault: Fault, call: Call) -> Reply | None:
            if reply := super().fault(fault, call):
                replies.append(("error.response.json", json.loads(reply.data)))
            return reply

    with Watched() as vendor:
        vendor.meet("refuse", "throttle", "quota", "overload", "error")
        one = provider(vendor)
        for _ in range(5):
            await failed(one.submit(request()))
        await one.submit(request())
        await one.close()
    assert len(replies) == 6
    assert [specs.violations(f"sdk-derived/anthropic/{schema}", body) for schema, body in replies] == [[]] * 6
    recorded = specs.recorded("anthropic/messages.refusal")["response_body"]
    assert recorded.keys() == replies[0][1].keys()
    assert replies[0][1]["stop_details"].keys() <= recorded["stop_details"].keys()
