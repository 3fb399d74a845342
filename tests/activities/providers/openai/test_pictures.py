"""Pictures by OpenAI: the unmodified SDK against an emulated vendor that counts and bills."""

from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import JsonValue

from activities.catalogue import pricing
from activities.catalogue.offers import TEXT_MAX_TOKENS
from activities.errors import (
    ContentRefused,
    InvalidRequest,
    JobCancelled,
    JobFailed,
    OutputUnusable,
    ProviderError,
    SubmissionUnknown,
)
from activities.providers.openai.errors import job_failure
from activities.providers.openai.provider import OpenAI
from activities.providers.openai.sizes import SIZES, size_problem
from activities.providers.protocol import Finished, Job, Running
from tests.activities.providers.openai.support import (
    AUDIO,
    FLARE,
    IMAGE,
    JOB_MODEL,
    Asks,
    Scripted,
    at,
    cost,
    fails,
    made,
    offer,
    quoted,
)
from tests.emulators import samples
from tests.emulators.base import Reply
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.openai_bodies import fields_of

# Pictures


async def test_a_picture_is_generated_and_its_tokens_are_reported(
    openai: OpenAI, vendor: OpenAIEmulator, asks: Asks
) -> None:
    """One request makes the picture, in the brief's aspect, and its cost follows from the vendor's own counts."""
    asked = asks(FLARE, IMAGE)
    finished = await made(openai, asked)
    assert (finished.source, finished.media_type) == (samples.picture(), "image/png")
    assert dict(finished.usage) == {"input_tokens": 12, "input_image_tokens": 0, "output_image_tokens": 439}
    assert cost(openai, asked, finished) == Decimal("0.0133")  # (12 x 5 + 439 x 30) / a million, rounded up
    assert [c.json for c in vendor.calls] == [
        {
            "model": FLARE,
            "prompt": "a lighthouse at dusk",
            "size": "1536x864",
            "quality": "medium",
            "background": "auto",
            "output_format": "png",
        }
    ]
    assert vendor.billed_usd == Decimal("0.01323")


async def test_a_picture_costs_no_more_than_its_quote(openai: OpenAI, asks: Asks) -> None:
    """At each quality the high price of the plan covers the cost of the vendor's counts."""
    for quality in ("low", "medium", "high"):
        asked = asks(FLARE, IMAGE, quality=quality)
        quote = pricing.quote(offer(openai, asked.asset.model, asked.asset.asset_type), asked.asset)
        assert cost(openai, asked, await made(openai, asked)) <= quote.high_usd


async def test_sizes_follow_the_brief(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """A picture without a size gets one that the model supports, near the brief's aspect and with no more pixels than
    were priced."""
    for aspect in SIZES:
        width, height = (int(n) for n in aspect.split(":"))
        for model, tolerance in ((FLARE, 0.02), ("gpt-image-1.5", 0.56)):
            await made(openai, asks(model, IMAGE, aspect=aspect))
            size = vendor.calls[-1].json["size"]
            w, h = (int(n) for n in size.split("x"))
            assert w / h == pytest.approx(width / height, rel=tolerance)
            assert w * h <= pricing.DEFAULT_PIXELS[0] * pricing.DEFAULT_PIXELS[1]
            assert size_problem(size) == ""


async def test_an_impossible_size_is_never_sent(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """A size that the vendor does not support is refused here, with the field's name and a supported size."""
    sizes: list[JsonValue] = ["1000x1000", "4096x2160", "3840x1200", "1024", "0x1024", "١٦x16", 1024]
    for size in sizes:
        error = await fails(openai, asks(FLARE, IMAGE, size=size))
        assert isinstance(error, InvalidRequest)
        assert str(error).startswith(f"parameters.size: {size!r} is ")
        assert "1536x864" in str(error)
    assert vendor.calls == []


async def test_references_and_mask_are_edited(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """Pictures that the asset depends on are sent to edits as image[] in their order, one with the role mask as the
    mask."""
    first, second = asks.given(IMAGE, "still", 32), asks.given(IMAGE, "logo", 48)
    mask = asks.given(IMAGE, "mask", 32)
    finished = await made(openai, asks(FLARE, IMAGE, first, mask, second, asks.given(AUDIO), output_compression=80))
    (call,) = vendor.calls
    body = fields_of(call)
    assert call.path == "/v1/images/edits"
    assert [p.encode("latin-1") for p in body["image"]] == [samples.picture(32, 32), samples.picture(48, 48)]
    assert body["mask"].encode("latin-1") == samples.picture(32, 32)
    assert b'name="mask"; filename="mask.png"' in call.body
    assert b'name="image[]"; filename="still.png"' in call.body
    assert body["output_compression"] == 80
    assert finished.usage["input_image_tokens"] == 128


async def test_a_mask_needs_its_picture(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """A mask without a picture is refused before anything is sent."""
    error = await fails(openai, asks(FLARE, IMAGE, asks.given(IMAGE, "mask")))
    assert isinstance(error, InvalidRequest)
    assert "depends_on" in str(error)
    assert vendor.calls == []


async def test_an_address_is_downloaded(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """A compatible server may return an address instead of base64: the picture is downloaded, without the key."""
    vendor.by_url = True
    finished = await made(openai, asks("dall-e-3", IMAGE))
    assert isinstance(finished.source, Path)
    assert finished.source.read_bytes() == samples.picture()
    assert vendor.calls[0].json["response_format"] == "b64_json"
    assert "authorization" not in vendor.calls[1].headers


async def test_a_picture_that_cannot_be_downloaded_is_not_paid_again(
    openai: OpenAI, vendor: OpenAIEmulator, asks: Asks
) -> None:
    """A picture that was made and billed, but whose address fails, is ambiguous, and never a failure that is requested
    again."""
    vendor.by_url = True
    for fault in ("expire", "drop_before", "error"):
        vendor.meet(fault, on="download")
        assert isinstance(await fails(openai, asks("dall-e-2", IMAGE)), SubmissionUnknown)


# Pictures by a background response


async def test_a_background_picture_is_a_job(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """The response is an id at once; polls find it queued and running, then return the picture and its counts."""
    vendor.polls = 2
    asked = asks(JOB_MODEL, IMAGE, asks.given(IMAGE), asks.given(IMAGE, "mask", 48), quality="high")
    job = await openai.submit(asked)
    assert isinstance(job, Job)
    assert await openai.poll(asked, job) == Running()
    finished = await openai.poll(asked, job)
    assert isinstance(finished, Finished)
    assert (finished.source, finished.media_type) == (samples.picture(), "image/png")
    assert dict(finished.usage) == {
        "input_tokens": 12,
        "input_image_tokens": 0,
        "output_image_tokens": 1756,
        "output_tokens": 80,
    }
    assert Decimal(0) <= cost(openai, asked, finished) - vendor.billed_usd < Decimal("0.0001")
    body = vendor.submissions[0].json
    (tool,) = body["tools"]
    assert (tool["model"], tool["quality"], tool["action"]) == (FLARE, "high", "edit")
    assert tool["input_image_mask"]["image_url"].startswith("data:image/png;base64,")
    assert body["input"][0]["content"][1]["image_url"].startswith("data:image/png;base64,")
    assert body["metadata"] == {"greenlight": asked.key}
    assert (body["background"], body["store"], body["max_tool_calls"]) == (True, True, 1)
    assert body["max_output_tokens"] == TEXT_MAX_TOKENS, "the limit for which its text model is priced"
    assert body["tool_choice"] == {"type": "image_generation"}
    assert len(vendor.submissions) == 1


async def test_a_failed_or_stopped_background_picture_is_reported(
    openai: OpenAI, vendor: OpenAIEmulator, asks: Asks
) -> None:
    """A job that failed after billing carries the bill; a cancelled one waits for a person; a second cancel is no
    error."""
    vendor.polls = 1
    vendor.meet("fail_job")
    asked = asks(JOB_MODEL, IMAGE)
    failed, stopped = await openai.submit(asked), await openai.submit(asked)
    assert isinstance(failed, Job)
    assert isinstance(stopped, Job)
    with pytest.raises(JobFailed, match="An error occurred") as failure:
        await openai.poll(asked, failed)
    assert failure.value.billed_usd == Decimal("0.0001")
    await openai.cancel(stopped)
    await openai.cancel(stopped)
    await openai.cancel(failed)
    with pytest.raises(JobCancelled, match="cancelled") as ended:
        await openai.poll(asked, stopped)
    assert not ended.value.retryable
    with pytest.raises(InvalidRequest, match="not found"):
        await openai.poll(asked, Job("resp_other"))


async def test_a_long_prompt_can_be_sent_to_the_tool(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """The text model repeats the prompt, so its limit grows with it, and its price stays within the quote."""
    asked = asks(JOB_MODEL, IMAGE, prompt="灯" * 8_000)
    await openai.submit(asked)
    limit = vendor.submissions[0].json["max_output_tokens"]
    assert limit > 8_000
    listed = offer(openai, JOB_MODEL, IMAGE)
    rates = {r.unit: r.each_high for r in pricing.applicable_rates(listed, {})}
    dearest = 8_000 * rates["input_tokens"] + limit * rates["output_tokens"] + 1_000 * rates["output_image_tokens"]
    assert dearest <= pricing.quote(listed, asked.asset).high_usd


@pytest.mark.parametrize(
    ("code", "kind", "refused"),
    [
        ("server_error", JobFailed, ""),
        ("rate_limit_exceeded", JobFailed, ""),
        ("invalid_prompt", ContentRefused, "prompt"),
        ("image_content_policy_violation", ContentRefused, "input"),
        ("invalid_base64_image", ContentRefused, "input"),
        ("image_file_too_large", ContentRefused, "input"),
    ],
)
def test_the_classes_of_failed_jobs(code: str, kind: type[ProviderError], refused: str) -> None:
    """A fault of the vendor may be retried; content and pictures that it refuses end the asset."""
    error = job_failure({"code": code, "message": "m"}, Decimal("0.01"))
    assert type(error) is kind
    assert getattr(error, "refused", "") == refused
    assert (error.ends_job, error.billed_usd) == (True, Decimal("0.01"))


@pytest.mark.parametrize("data", [[], [{"b64_json": "%%%"}]])
async def test_a_response_without_a_picture_or_a_count_costs_its_quote(asks: Asks, data: list[JsonValue]) -> None:
    """A response of 200 without a picture is not requested again without an order."""
    with Scripted(Reply(200, {"created": 1, "data": data})) as vendor:
        openai = at(vendor)
        error = await fails(openai, quoted(asks(FLARE, IMAGE)))
        await openai.close()
    assert isinstance(error, OutputUnusable)
    assert error.billed_usd == Decimal("0.70")


async def test_a_failed_job_without_a_count_costs_its_quote(openai: OpenAI, vendor: OpenAIEmulator, asks: Asks) -> None:
    """A failed or cancelled background response without a usage count counts as paid."""
    vendor.polls, vendor.counts = 1, False
    vendor.meet("fail_job")
    asked = quoted(asks(JOB_MODEL, IMAGE))
    failed, stopped = await openai.submit(asked), await openai.submit(asked)
    assert isinstance(failed, Job)
    assert isinstance(stopped, Job)
    await openai.cancel(stopped)
    for job, kind in ((failed, JobFailed), (stopped, JobCancelled)):
        with pytest.raises(kind) as failure:
            await openai.poll(asked, job)
        assert failure.value.billed_usd == Decimal("0.70")
