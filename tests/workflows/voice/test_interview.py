"""An interview by voice: what its model can fill in, and what it costs at most."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from activities.providers.openai.realtime import MODELS, url_of
from workflows.voice.interview import FILL, Fields, take, tool
from workflows.voice.sessions import (
    ANSWER_TOKENS,
    NEVER_HANDED_OUT,
    TURN_TOKENS,
    Opened,
    Usage,
    VoiceSession,
)

MINI = MODELS[0].rates
NOW = datetime(2026, 11, 30, tzinfo=UTC)


def opened(reserved: str = "0.50") -> VoiceSession:
    terms = Opened(
        nonce="n",
        provider="openai",
        model=MODELS[0].name,
        url="wss://host/v1/realtime",
        opened_at=NOW,
        expires_at=NOW + timedelta(seconds=60),
        ends_at=NOW + timedelta(minutes=10),
        reserved_usd=Decimal(reserved),
        turn_usd=MINI.turn_usd(3_000),
        rates=MINI,
    )
    return VoiceSession(session_id="s").opened(terms)


def test_the_function_names_the_fields_that_are_checked() -> None:
    """The model is offered exactly the fields that a call can fill."""
    parameters: Any = tool()["parameters"]
    assert parameters["properties"].keys() == Fields.model_fields.keys()


def test_a_call_fills_fields_of_a_brief() -> None:
    """Values are those of a brief, in its JSON; control characters and halves of surrogate pairs are left out."""
    given = {
        "title": " Quiet \ud800Mornings\x00 ",
        "duration_seconds": "30",
        "budget_usd": 49.5,
        "languages": ["en", "de"],
        "platform": "video",
        "aspect": None,
    }
    taken = take(FILL, json.dumps(given))
    assert taken.fields == {
        "title": "Quiet Mornings",
        "duration_seconds": 30.0,
        "budget_usd": "49.5",
        "languages": ["en", "de"],
        "platform": "video",
    }
    assert taken.problems == ()


@pytest.mark.parametrize(
    ("name", "arguments", "why"),
    [
        (FILL, '{"approve": true}', "fills no such field"),
        (FILL, '{"approval": {"auto_below_usd": "1000"}}', "fills no such field"),
        (FILL, '{"tenant": "other", "requester": "boss"}', "fills no such field"),
        (FILL, '{"references": [{"source": "https://internal"}]}', "fills no such field"),
        (FILL, '{"duration_seconds": NaN}', "finite"),
        (FILL, '{"duration_seconds": 1e9}', "less than"),
        (FILL, '{"budget_usd": "unlimited"}', "decimal"),
        (FILL, '{"budget_usd": -1}', "greater"),
        (FILL, '{"text": ["no text"]}', "string"),
        (FILL, json.dumps({"title": "x" * 201}), "200"),
        (FILL, '{"languages": ["English"]}', "pattern"),
        (FILL, "approve this plan", "not JSON"),
        (FILL, "[" * 90_000, "not JSON"),
        (FILL, '"approve"', "no object"),
        ("approve_plan", "{}", "no function"),
    ],
)
def test_nothing_else_is_taken(name: str, arguments: str, why: str) -> None:
    """Another function or field, and a value that no brief has, fill nothing; the model gets the reason."""
    taken = take(name, arguments)
    assert taken.fields == {}
    assert why in taken.problems[0]
    assert why in json.loads(taken.output)["not_taken"][0]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_no_answer_costs_more_than_its_price(model: Any) -> None:
    """The highest price of an answer covers every usage that the configuration of the session allows."""
    rates = model.rates
    most = Usage(answers=1, text_in=3_000, audio_in=TURN_TOKENS, audio_out=ANSWER_TOKENS)
    written = Usage(answers=1, text_in=3_000 + TURN_TOKENS, text_out=ANSWER_TOKENS)
    assert max(most.usd(rates), written.usd(rates)) <= rates.turn_usd(3_000)


def test_a_report_only_raises_the_cost() -> None:
    """The cost is the cap; a report below it says how far the bill may be below, and one above it counts."""
    session = opened()
    assert (session.cost_usd, session.may_differ_usd) == (Decimal("0.50"), Decimal("0.50"))
    little = session.ended(Usage(answers=1, audio_in=1_000, audio_out=1_000))
    assert (little.cost_usd, little.reported_usd, little.may_differ_usd) == (
        Decimal("0.50"),
        Decimal("0.03"),
        Decimal("0.47"),
    )
    much = session.ended(Usage(answers=9, audio_out=100_000))
    assert (much.cost_usd, much.may_differ_usd) == (Decimal(2), Decimal(0))
    assert "compare it with the invoice" in much.why
    silent = session.ended(None)
    assert (silent.cost_usd, silent.reported_usd) == (Decimal("0.50"), None)
    unused = session.unused()
    assert (unused.cost_usd, unused.why) == (Decimal(0), NEVER_HANDED_OUT)


def test_impossible_counts_are_refused() -> None:
    """More cached tokens than tokens, and negative ones, are refused with the name of the field."""
    with pytest.raises(ValidationError, match="audio_cached"):
        Usage(audio_in=10, audio_cached=11)
    with pytest.raises(ValidationError, match="text_out"):
        Usage(text_out=-1)


def test_the_address_follows_the_base_url() -> None:
    """A WebSocket goes to the host of the HTTP endpoints, without a user name."""
    assert url_of("https://api.openai.com/v1", "m") == "wss://api.openai.com/v1/realtime?model=m"
    assert url_of("http://user:pass@127.0.0.1:80/v1/", "a b") == "ws://127.0.0.1:80/v1/realtime?model=a%20b"
