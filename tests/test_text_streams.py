"""Texts that are heard as they are written: the same answer, the same bill, the same errors as when they come whole."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from activities.errors import ContentRefused, OutputUnusable, ProviderError, RateLimited, SubmissionUnknown
from activities.planner_progress import MAX_CHARS, so_far
from activities.providers.base import Finished, Provider, Request
from activities.providers.registry import PROVIDERS
from tests.emulators.anthropic import AnthropicEmulator
from tests.emulators.base import Call, Emulator, Fault, Reply, sse
from tests.vendors import KINDS, Kindred, env_of
from workflows.models import Asset, Brief, Modality, Platform

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


async def test_the_same_answer(writer: tuple[Provider, Emulator, Kindred]) -> None:
    """A text that is heard is the text that comes whole, with the same usage, by one request each."""
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
async def test_the_same_errors(
    writer: tuple[Provider, Emulator, Kindred], fault: Fault, kind: type[ProviderError]
) -> None:
    """What breaks off may be billed and is in doubt, never half a text; a refusal says what it cost."""
    provider, emulator, kindred = writer
    emulator.meet(fault)
    with pytest.raises(kind) as caught:
        await provider.submit(asked(kindred, []))
    assert emulator.count("submit") == 1
    if kind in (ContentRefused, OutputUnusable) and emulator.billed_usd:
        assert caught.value.billed_usd > 0


class Overloaded(AnthropicEmulator):
    """Answers, and then says in the middle of it that it cannot."""

    def answer(self, call: Call) -> Reply:
        reply = super().answer(call)
        error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
        return replace(reply, events=[*reply.events[:6], *sse(error, named=True).events])


async def test_an_error_in_the_middle() -> None:
    """What a vendor says once it has begun to answer, with HTTP 200, leaves the request in doubt."""
    with Overloaded() as emulator:
        provider = PROVIDERS["anthropic"].build(env_of("anthropic", emulator))
        with pytest.raises(SubmissionUnknown, match=r"broke off: .*Overloaded"):
            await provider.submit(asked(WRITERS["anthropic"], []))
        await provider.close()
    assert len(emulator.submissions) == 1


PLAN = {
    "title": "The light",
    "assets": [
        {"asset_id": "script", "asset_type": "text", "label": "Script", "prompt": "Tell it", "parameters": []},
        {"asset_id": "still-1", "asset_type": "image", "label": "First", "prompt": "A tower " * 99},
    ],
}


def test_a_plan_so_far() -> None:
    """At every length of an answer what is told is true of the whole, bounded, and only what a person looks at."""
    written = json.dumps(PLAN)
    told = [so_far(written[:at]) for at in range(len(written) + 1)]
    assert told[-1] == {
        "title": "The light",
        "assets": [
            {"asset_id": "script", "asset_type": "text", "label": "Script", "prompt": "Tell it"},
            {"asset_id": "still-1", "asset_type": "image", "label": "First", "prompt": ("A tower " * 99)[:MAX_CHARS]},
        ],
    }
    lists = [cast(list[dict[str, str]], plan.get("assets", [])) for plan in told]
    counts = [len(assets) for assets in lists]
    assert counts == sorted(counts)
    assert {0, 1, 2} == set(counts)
    assert {asset["asset_type"] for assets in lists for asset in assets} == {"text", "image"}


@pytest.mark.parametrize(
    "written", ["", "{", "[1", "no json", '{"assets": 3}', '{"assets": [3, "x", {}]}', '{"assets": {"a']
)
def test_what_is_no_plan_is_not_told(written: str) -> None:
    """A model may answer anything."""
    assert so_far(written) == {}
