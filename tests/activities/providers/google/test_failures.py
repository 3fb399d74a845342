"""Errors of Google: their kind, their bill, and their message for a person."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from activities.errors import (
    AuthenticationFailed,
    ContentRefused,
    InvalidRequest,
    JobFailed,
    OutputUnusable,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    SubmissionUnknown,
)
from activities.providers.google import errors
from activities.providers.google import omni as google_omni
from activities.providers.google.provider import Google
from tests.activities.providers.google.support import IMAGE, OMNI, SPEECH, TEXT, fails, request, running
from tests.emulators.google import USD, GoogleEmulator


@pytest.mark.parametrize("model", [TEXT, OMNI])
@pytest.mark.parametrize("variable", ["GEMINI_API_KEY"])
async def test_a_wrong_key_names_its_variable(
    emulator: GoogleEmulator, tmp_path: Path, model: str, variable: str
) -> None:
    """Google calls a wrong key an invalid argument; here it is a failed authentication, after one request."""
    async with running({**emulator.env, "GOOGLE_API_KEY": "", variable: "wrong"}) as google:
        error = await fails(google, request(tmp_path, model))
    assert type(error) is AuthenticationFailed
    assert variable in str(error)
    assert len(emulator.calls) == 1


def test_without_the_name_of_a_quota_the_message_decides() -> None:
    """A 429 without details is about money when its message says so, otherwise a temporary limit; disabled billing is
    about money too."""

    class Said(Exception):
        def __init__(self, code: int, **record: Any) -> None:
            self.code, self.details = code, {"error": record}

    def kind(code: int, **record: Any) -> type[ProviderError]:
        return type(errors.to_provider_error(Said(code, **record), "GOOGLE_API_KEY", submitting=True))

    assert kind(429, message="Your prepayment credits are depleted.") is QuotaExhausted
    assert kind(429, message="Resource has been exhausted.") is RateLimited
    assert kind(400, status="FAILED_PRECONDITION", message="Please enable billing.") is QuotaExhausted
    assert kind(400, status="INVALID_ARGUMENT", message="It violates our Responsible AI rules.") is ContentRefused
    assert kind(400, status="INVALID_ARGUMENT", message="Unknown name.") is InvalidRequest


@pytest.mark.parametrize(
    ("model", "refused", "category"),
    [
        (TEXT, "prompt", "PROHIBITED_CONTENT"),
        (SPEECH, "prompt", "PROHIBITED_CONTENT"),
    ],
)
async def test_a_refusal_names_its_reason(
    google: Google, emulator: GoogleEmulator, tmp_path: Path, model: str, refused: str, category: str
) -> None:
    """A refusal is final, carries Google's own reason, and the billed cost."""
    emulator.meet("refuse")
    error = await fails(google, request(tmp_path, model))
    assert isinstance(error, ContentRefused)
    assert (error.refused, error.category, error.retryable) == (refused, category, False)
    assert error.billed_usd == emulator.billed_usd


@pytest.mark.parametrize(("model", "billed"), [(TEXT, USD["text"]), (IMAGE, USD["image"])])
async def test_a_response_without_output_was_billed(
    google: Google, emulator: GoogleEmulator, tmp_path: Path, model: str, billed: Decimal
) -> None:
    """A response without output cost its tokens, so it is not repeated without an order."""
    emulator.meet("fail_job")
    error = await fails(google, request(tmp_path, model))
    assert type(error) is OutputUnusable
    assert error.billed_usd == emulator.billed_usd == billed


@pytest.mark.parametrize("model", [TEXT, IMAGE, OMNI])
async def test_a_response_without_a_count_costs_its_quote(
    google: Google, emulator: GoogleEmulator, tmp_path: Path, model: str
) -> None:
    """A response without any token count does not prove that it cost nothing."""
    emulator.counts = False
    emulator.meet("fail_job")
    error = await fails(google, request(tmp_path, model))
    assert isinstance(error, OutputUnusable | JobFailed)
    assert error.billed_usd == Decimal("2.00")


async def test_a_refused_picture_costs_nothing(google: Google, emulator: GoogleEmulator, tmp_path: Path) -> None:
    """The tokens of the input have no published price there, and no picture was made."""
    emulator.meet("refuse")
    error = await fails(google, request(tmp_path, IMAGE))
    assert isinstance(error, ContentRefused)
    assert error.billed_usd == emulator.billed_usd == 0


async def test_a_cut_structure_is_unusable(google: Google, emulator: GoogleEmulator, tmp_path: Path) -> None:
    """JSON that ended at the limit is billed and unusable, and the message names the parameter that fixes it."""
    emulator.meet("broken")
    error = await fails(google, request(tmp_path, TEXT, schema={"type": "object"}))
    assert type(error) is OutputUnusable
    assert "max_tokens" in str(error)
    assert error.billed_usd == USD["text"]


async def test_a_failed_job_with_tokens_counts_as_paid(
    google: Google, emulator: GoogleEmulator, tmp_path: Path
) -> None:
    """Tokens in a failed job show that Google worked on it: its price counts, and a person decides."""
    emulator.meet("fail_job")
    error = await fails(google, request(tmp_path, OMNI))
    assert type(error) is JobFailed
    assert error.billed_usd == Decimal("2.00")


async def test_the_key_is_sent_to_google_only(google: Google, emulator: GoogleEmulator, tmp_path: Path) -> None:
    """An address at another host is downloaded without the key, and an invalid address waits for a person."""
    with GoogleEmulator() as other:
        elsewhere = source_at(google, f"{other.url}/v1beta/files/x:download?alt=media")
        with pytest.raises(SubmissionUnknown):
            async with elsewhere() as chunks:
                assert not [c async for c in chunks]
        assert "x-goog-api-key" not in other.calls[0].headers
    with pytest.raises(InvalidRequest, match="gs://bucket"):
        source_at(google, "gs://bucket/video.mp4")
    assert emulator.calls == []


def source_at(google: Google, uri: str) -> Any:
    return google_omni.finished_from_uri(google._access, uri, "video/mp4").source
