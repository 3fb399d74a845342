"""Errors of Google: their kind, their bill, and what a person reads about them."""

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


def test_without_a_quotas_name_the_words_decide() -> None:
    """A 429 without details is about money where it says so, else a limit that passes; so is a disabled billing."""

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
async def test_a_refusal_says_what_was_refused(
    google: Google, emulator: GoogleEmulator, tmp_path: Path, model: str, refused: str, category: str
) -> None:
    """A refusal is final, carries Google's own word, and what was billed all the same."""
    emulator.meet("refuse")
    error = await fails(google, request(tmp_path, model))
    assert isinstance(error, ContentRefused)
    assert (error.refused, error.category, error.retryable) == (refused, category, False)
    assert error.billed_usd == emulator.billed_usd


@pytest.mark.parametrize(("model", "billed"), [(TEXT, USD["text"]), (IMAGE, USD["image"])])
async def test_an_answer_without_output_was_billed(
    google: Google, emulator: GoogleEmulator, tmp_path: Path, model: str, billed: Decimal
) -> None:
    """An answer that holds nothing cost what its tokens cost, so nothing repeats it unasked."""
    emulator.meet("fail_job")
    error = await fails(google, request(tmp_path, model))
    assert type(error) is OutputUnusable
    assert error.billed_usd == emulator.billed_usd == billed


@pytest.mark.parametrize("model", [TEXT, IMAGE, OMNI])
async def test_what_google_does_not_count_costs_what_was_quoted(
    google: Google, emulator: GoogleEmulator, tmp_path: Path, model: str
) -> None:
    """Without any tokens in the answer, nothing at all is no sign that it cost nothing."""
    emulator.counts = False
    emulator.meet("fail_job")
    error = await fails(google, request(tmp_path, model))
    assert isinstance(error, OutputUnusable | JobFailed)
    assert error.billed_usd == Decimal("2.00")


async def test_a_refused_picture_costs_nothing(google: Google, emulator: GoogleEmulator, tmp_path: Path) -> None:
    """Tokens that were read have no published price there, and no picture was made."""
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


async def test_a_failed_job_that_worked_counts_as_paid(
    google: Google, emulator: GoogleEmulator, tmp_path: Path
) -> None:
    """Tokens in a failed job say that Google worked on it: its price counts, and a person decides."""
    emulator.meet("fail_job")
    error = await fails(google, request(tmp_path, OMNI))
    assert type(error) is JobFailed
    assert error.billed_usd == Decimal("2.00")


async def test_the_key_goes_to_google_alone(google: Google, emulator: GoogleEmulator, tmp_path: Path) -> None:
    """An address at another host is fetched without the key, and one that is no web address is left to a person."""
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
