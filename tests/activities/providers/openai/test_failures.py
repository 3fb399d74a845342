"""Errors of OpenAI: their kind, their bill, and the number of requests."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from activities.errors import (
    AuthenticationFailed,
    ContentRefused,
    InvalidRequest,
    OutputUnusable,
    Overloaded,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    SubmissionUnknown,
)
from activities.providers.openai.provider import OpenAI
from tests.activities.providers.openai.support import AUDIO, FLARE, IMAGE, TEXT, Asks, Scripted, at, fails
from tests.emulators import specs
from tests.emulators.base import Fault, Reply
from tests.emulators.openai import OpenAIEmulator
from workflows.models import Modality

SUBMITS: dict[str, tuple[str, Modality, tuple[Modality, ...]]] = {
    "edit": (FLARE, IMAGE, (IMAGE,)),
    "transcript": ("gpt-transcribe", TEXT, (AUDIO,)),
}
FAULTS: dict[Fault, tuple[type[ProviderError], int]] = {
    "drop_before": (SubmissionUnknown, 0),
    "drop_after": (SubmissionUnknown, 1),
    "gateway": (SubmissionUnknown, 0),
    "throttle": (RateLimited, 0),
    "overload": (Overloaded, 0),
    "error": (SubmissionUnknown, 0),
    "quota": (QuotaExhausted, 0),
}


@pytest.mark.parametrize("what", SUBMITS)
async def test_each_fault_is_one_request_and_one_error(
    openai: OpenAI, vendor: OpenAIEmulator, asks: Asks, what: str
) -> None:
    """For every fault the SDK sends one request, and the error reports correctly whether it may have been billed."""
    model, modality, inputs = SUBMITS[what]
    asked = asks(model, modality, *map(asks.given, inputs))
    for fault, (kind, billed) in FAULTS.items():
        before = (vendor.count("submit"), len(vendor.submissions))
        vendor.meet(fault)
        error = await fails(openai, asked)
        assert type(error) is kind, fault
        assert (vendor.count("submit"), len(vendor.submissions)) == (before[0] + 1, before[1] + billed), fault
        if fault in ("throttle", "overload"):
            assert error.retry_after == timedelta(seconds=7.5 if fault == "throttle" else 4)
        if fault == "quota":
            assert "OPENAI_API_KEY" in str(error)


@pytest.mark.parametrize("what", ["edit"])
async def test_refused_content_is_final(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks, what: str) -> None:
    """A refusal by policy keeps the vendor's message and its category, and was not billed."""
    model, modality, inputs = SUBMITS[what]
    vendor.meet("refuse")
    error = await fails(openai, asks(model, modality, *map(asks.given, inputs)))
    assert isinstance(error, ContentRefused)
    assert (error.refused, error.category, error.billed_usd) == ("prompt", "violence", Decimal(0))
    assert "safety system" in str(error)


async def test_a_wrong_or_missing_key_fails_at_once(vendor: OpenAIEmulator, asks: Asks) -> None:
    """A wrong key is refused at the first request, a missing one before it; both errors name the variable."""
    wrong = at(vendor, OPENAI_API_KEY="sk-wrong")
    for openai in (wrong, at(vendor, OPENAI_API_KEY="")):
        error = await fails(openai, asks(FLARE, IMAGE))
        assert isinstance(error, AuthenticationFailed)
        assert "OPENAI_API_KEY" in str(error)
        assert not error.retryable
    assert len(vendor.calls) == 1
    await wrong.close()


async def test_an_unknown_model_is_an_invalid_request(vendor: OpenAIEmulator, asks: Asks, tmp_path: Path) -> None:
    """A model that is in no catalogue is refused here, one that the vendor does not have is refused by the vendor."""
    own = tmp_path / "own.toml"
    own.write_text(
        '[[models]]\nprovider = "openai"\nmodel = "no-such-writer"\nmodality = "text"\n'
        'media_type = "text/markdown"\nexpected_seconds = 5\nprice = { source = "x", date = "2026-11-20" }\n'
    )
    openai = at(vendor, GREENLIGHT_CATALOGUE=str(own))
    theirs = await fails(openai, asks("no-such-writer", TEXT))
    assert isinstance(theirs, InvalidRequest)
    assert "does not exist" in str(theirs)
    ours = await fails(openai, asks("gpt-image-9", IMAGE))
    assert isinstance(ours, InvalidRequest)
    assert FLARE in str(ours)
    assert len(vendor.calls) == 1
    vendor.problems.clear()  # the model is in no specification
    await openai.close()


@specs.needs_vendor_data
@pytest.mark.parametrize(
    ("case", "status", "kind"),
    [
        ("images.error.400.moderation_blocked", 400, ContentRefused),
        ("images.edit.error.400.invalid_image_file", 400, InvalidRequest),
        ("images.generate.error.400.unknown_parameter", 400, InvalidRequest),
        ("responses.error.401.invalid_api_key", 401, AuthenticationFailed),
        ("chat.error.404.model_not_found", 404, InvalidRequest),
        ("responses.error", 429, QuotaExhausted),
    ],
)
async def test_recorded_errors_are_mapped(asks: Asks, case: str, status: int, kind: type[ProviderError]) -> None:
    """The vendor's recorded error responses map to the error tree and keep the vendor's own message."""
    recorded = specs.recorded(f"openai/{case}")
    body = recorded["response_body"] if "response_body" in recorded else recorded["exchanges"][-1]["response"]["body"]
    with Scripted(Reply(status, body)) as vendor:
        openai = at(vendor)
        error = await fails(openai, asks(FLARE, IMAGE))
        await openai.close()
    assert type(error) is kind
    assert body["error"]["message"][:40] in str(error)
    if isinstance(error, ContentRefused):
        assert error.category == "violence"


ODD: list[tuple[Reply, type[ProviderError]]] = [
    (Reply(200, b"<html>Sign in</html>", "text/html"), SubmissionUnknown),
    (Reply(200, {"created": 1, "data": []}), OutputUnusable),
    (Reply(200, {"created": 1, "data": [{"b64_json": "%%%"}]}), OutputUnusable),
    (Reply(200, {"created": 1, "data": [{"b64_json": "aaaa"}]}, cut=True), SubmissionUnknown),
    (Reply(400, {"error": {"message": "no", "code": "moderation_blocked", "param": "image[1]"}}), ContentRefused),
    (Reply(500, {"message": "Internal server error"}), SubmissionUnknown),
    (Reply(404, {"error": "model 'x' not found"}), InvalidRequest),
]


async def test_unexpected_responses_are_classified(asks: Asks) -> None:
    """A response that is not the vendor's leaves a submission ambiguous; a response of the vendor without a picture is
    unusable."""
    with Scripted(ODD[0][0]) as vendor:
        openai = at(vendor)
        for reply, kind in ODD:
            vendor.reply = reply
            error = await fails(openai, asks(FLARE, IMAGE))
            assert type(error) is kind, reply
            if isinstance(error, ContentRefused):
                assert error.refused == "input", "the record names a picture"
        await openai.close()
