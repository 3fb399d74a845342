"""Texts and moderation by OpenAI."""

import base64
import json
from dataclasses import replace
from decimal import Decimal

import pytest
from pydantic import JsonValue

from activities.errors import ContentRefused, OutputUnusable
from activities.providers.openai.provider import OpenAI
from tests.activities.providers.openai.support import AUDIO, IMAGE, TEXT, Asks, Scripted, at, cost, fails, made, quoted
from tests.emulators import samples
from tests.emulators.base import Reply
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.openai_bodies import WORDS

SCHEMA: dict[str, JsonValue] = {
    "type": "object",
    "title": "A plan",
    "properties": {"title": {"type": "string"}},
    "required": ["title"],
    "additionalProperties": False,
}


async def test_text_is_written_within_its_limit(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """Instructions and prompt are sent separately, always with a limit; the vendor's tokens give the cost."""
    asked = replace(asks("gpt-6-sol", TEXT), instructions="You write copy.")
    finished = await made(openai, asked)
    assert (finished.source, finished.media_type) == (WORDS.encode(), "text/markdown")
    assert dict(finished.usage) == {"input_tokens": 100, "output_tokens": 40}
    assert cost(openai, asked, finished) == Decimal("0.0006")
    assert vendor.calls[0].json == {
        "model": "gpt-6-sol",
        "messages": [
            {"role": "system", "content": "You write copy."},
            {"role": "user", "content": "a lighthouse at dusk"},
        ],
        "max_completion_tokens": 4_096,
        "reasoning_effort": "low",
    }


async def test_text_follows_a_schema(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """A schema is requested in strict mode under a name that the vendor accepts, and the response is JSON."""
    vendor.answer_text = lambda body: json.dumps({"title": body["response_format"]["json_schema"]["name"]})
    finished = await made(openai, replace(asks("gpt-6-luna", TEXT, max_tokens=900), schema=SCHEMA))
    assert (finished.source, finished.media_type) == (b'{"title": "A_plan"}', "application/json")
    body = vendor.calls[0].json
    assert body["response_format"]["json_schema"] == {"name": "A_plan", "schema": SCHEMA, "strict": True}
    assert body["max_completion_tokens"] == 900


async def test_pictures_are_sent_with_the_prompt(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """Pictures that a text depends on are sent to the model after the prompt, as data URIs."""
    await made(openai, asks("gpt-6-luna", TEXT, asks.given(IMAGE), asks.given(AUDIO)))
    words, shown = vendor.calls[0].json["messages"][0]["content"]
    assert words == {"type": "text", "text": "a lighthouse at dusk"}
    encoded = shown["image_url"]["url"].removeprefix("data:image/png;base64,")
    assert base64.b64decode(encoded) == samples.picture()


async def test_a_refused_or_cut_text_is_billed(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """A refusal is final, a cut response is unusable; both carry the vendor's count."""
    vendor.meet("refuse", "broken")
    refused = await fails(openai, asks("gpt-6-astra", TEXT))
    cut = await fails(openai, replace(asks("gpt-6-astra", TEXT), schema=SCHEMA))
    assert isinstance(refused, ContentRefused)
    assert refused.refused == "prompt"
    assert isinstance(cut, OutputUnusable)
    assert "max_tokens" in str(cut)
    assert refused.billed_usd == cut.billed_usd == Decimal("0.0030")
    assert vendor.count("submit") == 2


@pytest.mark.parametrize("fault", ["refuse", "broken", "empty"])
async def test_an_unusable_text_without_a_count_costs_its_quote(
    openai: OpenAI, vendor: OpenAIEmulator, asks: Asks, fault: str
) -> None:
    """Many compatible servers count nothing: a refused, cut or empty text was paid for all the same."""
    vendor.counts = False
    if fault == "empty":
        vendor.answer_text = lambda _: ""
    else:
        vendor.meet("refuse" if fault == "refuse" else "broken")
    error = await fails(openai, quoted(asks("gpt-6-astra", TEXT)))
    assert isinstance(error, ContentRefused if fault == "refuse" else OutputUnusable)
    assert error.billed_usd == Decimal("0.70")


async def test_a_count_of_zero_is_no_count(asks: Asks) -> None:
    """A server that reports zero tokens for an empty response does not show that it was free."""
    message = {"role": "assistant", "content": ""}
    usage = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    answer = {"id": "c", "choices": [{"index": 0, "message": message, "finish_reason": "length"}], "usage": usage}
    with Scripted(Reply(200, answer)) as vendor:
        openai = at(vendor)
        error = await fails(openai, quoted(asks("gpt-6-astra", TEXT)))
        await openai.close()
    assert error.billed_usd == Decimal("0.70")


async def test_moderation_names_the_flagged_categories(openai: OpenAI, vendor: OpenAIEmulator) -> None:
    """There is one result for each text, with its flagged categories or none; nothing is billed."""
    assert await openai.moderate(["a lighthouse", "kill them"]) == ["", "harassment/threatening, violence"]
    assert await openai.moderate([]) == []
    assert [c.json["model"] for c in vendor.calls] == ["omni-moderation-latest"]
    assert vendor.billed_usd == 0
