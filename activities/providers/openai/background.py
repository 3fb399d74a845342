"""Pictures by a background response, whose id is known before the picture is rendered, so that few can be lost."""

from typing import TYPE_CHECKING, Any, Final

from activities.catalogue.offers import TEXT_MAX_TOKENS, Offer, Unit
from activities.errors import ContentRefused, InvalidRequest, JobCancelled, OutputUnusable, SubmissionUnknown
from activities.providers.adoption import check_match, job_lookup
from activities.providers.data_uri import uri_of_picture
from activities.providers.http_failures import CONNECT_TIMEOUT_SECONDS, POLL_TIMEOUT_SECONDS, cost_of_response
from activities.providers.openai.errors import (
    VARIABLE,
    VENDOR,
    content_refused,
    job_failure,
    parameter_value,
    translated_errors,
)
from activities.providers.openai.images import (
    decode_picture,
    inline_picture,
    mask_for,
    picture_options,
    picture_usage,
    pictures_and_mask,
    revised_prompt,
)
from activities.providers.protocol import Finished, Job, Request, Running

if TYPE_CHECKING:
    from openai import AsyncOpenAI, Timeout
    from openai.types.responses import Response

SUFFIX: Final = "@responses"
"""The suffix in the catalogue of a model that is called through a background response."""
CALLING_MODEL: Final = "gpt-6-luna"
"""The text model that calls the picture tool: the cheapest one."""
CALLING_INSTRUCTIONS: Final = "Call the image tool once, with exactly the user's words as its prompt. Say nothing else."
THINKING_TOKENS: Final = 1_024
"""Tokens that the text model may use in addition to the prompt that it passes to the tool."""


async def start(client: "AsyncOpenAI", request: Request, offer: Offer) -> Job:
    """Start a background response that makes a picture.

    Raises:
        ProviderError: the submission failed.
    """
    pictures, mask = pictures_and_mask(request, offer)
    tool: dict[str, Any] = {
        "type": "image_generation",
        "model": offer.model.removesuffix(SUFFIX),
        "action": "edit" if pictures else "generate",
        **picture_options(request, offer),
    }
    sent = [await inline_picture(i) for i in pictures]
    if mask:
        tool["input_image_mask"] = {"image_url": uri_of_picture(await mask_for(mask, sent))}
    shown = [{"type": "input_image", "detail": "auto", "image_url": uri_of_picture(each)} for each in sent]
    body: dict[str, Any] = {
        "model": CALLING_MODEL,
        "instructions": CALLING_INSTRUCTIONS,
        "input": [{"role": "user", "content": [{"type": "input_text", "text": request.asset.prompt}, *shown]}],
        "tools": [tool],
        "tool_choice": {"type": "image_generation"},
        "max_output_tokens": _max_tokens(request.asset.prompt),
        "max_tool_calls": 1,  # only one picture is paid for, even if the calling model rejects the first
        "background": True,
        "store": True,
        "metadata": {"greenlight": request.key[:512]},  # 512 characters: the limit of a metadata value
    }
    with translated_errors(submitting=True):
        response = await client.responses.create(**body)
        if not isinstance(response.id, str):
            raise SubmissionUnknown(f"{VENDOR} returned a response without an id")
        return Job(response.id)


async def poll(client: "AsyncOpenAI", request: Request, offer: Offer, job: Job) -> Running | Finished:
    """Poll a background response once.

    Raises:
        ProviderError: the job failed permanently, or this poll failed.
    """
    with translated_errors(submitting=False):
        response = await client.responses.retrieve(job.id, timeout=_poll_timeout())
        if response.status in ("queued", "in_progress"):
            return Running(queued=response.status == "queued")
        call: Any = next((o for o in response.output if o.type == "image_generation_call"), None)
        usage = _usage(response)
        text = response.output_text.strip()[:300]
    cost = cost_of_response(request, offer, usage)
    if call and call.result:
        form = call.output_format or parameter_value(request, offer, "output_format") or "png"
        counted = usage if "output_image_tokens" in usage else {}  # otherwise the catalogue's price applies
        picture, data = decode_picture(call.result, request, offer, usage), revised_prompt(call, request)
        return Finished(picture, f"image/{form}", usage=counted, data=data)
    if call and call.error:
        raise content_refused(call.error.model_dump(), cost)
    if response.status == "failed":
        raise job_failure(response.error.model_dump() if response.error else {}, cost)
    if response.status == "cancelled":
        raise JobCancelled(f"{VENDOR}: response {job.id} was cancelled at the vendor; resubmit it", billed_usd=cost)
    if response.incomplete_details and response.incomplete_details.reason == "content_filter":
        raise ContentRefused(f"{VENDOR} stopped the picture. {text}", refused="output", billed_usd=cost)
    raise OutputUnusable(
        f"{VENDOR} ended response {job.id} without a picture: {text or response.status}", billed_usd=cost
    )


async def check(client: "AsyncOpenAI", request: Request, offer: Offer, job: Job) -> None:
    """Check that a background response makes the picture of the asset.

    Raises:
        InvalidRequest: there is none with this id, or it has another model or prompt.
    """
    with job_lookup(VENDOR, job, VARIABLE):
        with translated_errors(submitting=False):
            response = await client.responses.retrieve(job.id, timeout=_poll_timeout())
            tool: Any = next((t for t in response.tools or () if t.type == "image_generation"), None)
        if tool is None:
            raise InvalidRequest(f"job_id: response {job.id!r} makes no picture; give the id of one that does")
        check_match(job, "model", tool.model, offer.model.removesuffix(SUFFIX))
        with translated_errors(submitting=False):
            items = await client.responses.input_items.list(job.id, order="asc", timeout=_poll_timeout())
            texts = [c.text for i in items.data if i.type == "message" for c in i.content if c.type == "input_text"]
    check_match(job, "prompt", "\n".join(texts), request.asset.prompt)


async def cancel(client: "AsyncOpenAI", job: Job) -> None:
    """Cancel a background response; one that has already ended is not an error."""
    try:
        with translated_errors(submitting=False):
            await client.responses.cancel(job.id, timeout=_poll_timeout())
    except InvalidRequest:
        return


def _max_tokens(prompt: str) -> int:
    """The limit that the price is based on, or more to repeat a long prompt: a token has at least two bytes."""
    return max(TEXT_MAX_TOKENS, len(prompt.encode()) // 2 + THINKING_TOKENS)


def _poll_timeout() -> "Timeout":
    import openai

    return openai.Timeout(POLL_TIMEOUT_SECONDS, connect=CONNECT_TIMEOUT_SECONDS)


def _usage(response: "Response") -> dict[Unit, int]:
    """Tokens of the tool and of the calling text model, whose input is counted at the rate of its output."""
    pictures = picture_usage(response.tool_usage.image_gen) if response.tool_usage else {}
    return pictures | ({"output_tokens": response.usage.total_tokens} if response.usage else {})
