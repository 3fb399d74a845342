"""Pictures by a background response: its id is known before anything is rendered, so that little can be lost."""

from typing import TYPE_CHECKING, Any, Final

from activities.catalogue.offers import TEXT_MAX_TOKENS, Offer, Unit
from activities.errors import ContentRefused, InvalidRequest, JobCancelled, OutputUnusable, SubmissionUnknown
from activities.providers.adoption import looking_for, same
from activities.providers.data_uri import uri_of
from activities.providers.http_failures import CONNECT_SECONDS, LOOK_SECONDS, billed
from activities.providers.openai.errors import VARIABLE, VENDOR, asking, chosen, content_refused, job_failure
from activities.providers.openai.images import decoded, mask_for, picture_usage, references, shown_inside, wishes_of
from activities.providers.protocol import Finished, Job, Request, Running

if TYPE_CHECKING:
    from openai import AsyncOpenAI, Timeout
    from openai.types.responses import Response

SUFFIX: Final = "@responses"
"""Ends the catalogue's name of a model that is asked through a background response."""
CALLER: Final = "gpt-6-luna"
"""The text model that calls the picture tool: the cheapest there is."""
CALLER_TASK: Final = "Call the image tool once, with exactly the user's words as its prompt. Say nothing else."
THINKS: Final = 1_024
"""Tokens that the text model may take beside the words that it hands to the tool."""


async def start(client: "AsyncOpenAI", request: Request, offer: Offer) -> Job:
    """Ask for a picture by a background response.

    Raises:
        ProviderError: as it went.
    """
    pictures, mask = references(request, offer)
    tool: dict[str, Any] = {
        "type": "image_generation",
        "model": offer.model.removesuffix(SUFFIX),
        "action": "edit" if pictures else "generate",
        **wishes_of(request, offer),
    }
    made = [await shown_inside(i) for i in pictures]
    if mask:
        tool["input_image_mask"] = {"image_url": uri_of(await mask_for(mask, made))}
    shown = [{"type": "input_image", "detail": "auto", "image_url": uri_of(each)} for each in made]
    asked: dict[str, Any] = {
        "model": CALLER,
        "instructions": CALLER_TASK,
        "input": [{"role": "user", "content": [{"type": "input_text", "text": request.asset.prompt}, *shown]}],
        "tools": [tool],
        "tool_choice": {"type": "image_generation"},
        "max_output_tokens": _most_tokens(request.asset.prompt),
        "max_tool_calls": 1,  # one picture is paid for, whatever the caller thinks of the first
        "background": True,
        "store": True,
        "metadata": {"greenlight": request.key[:512]},  # 512 characters: the limit of a metadata value
    }
    with asking(submitting=True):
        begun = await client.responses.create(**asked)
        if not isinstance(begun.id, str):
            raise SubmissionUnknown(f"{VENDOR} answered without the id of its response")
        return Job(begun.id)


async def look(client: "AsyncOpenAI", request: Request, offer: Offer, job: Job) -> Running | Finished:
    """Look at a background response once.

    Raises:
        ProviderError: the job failed for good, or this look did.
    """
    with asking(submitting=False):
        seen = await client.responses.retrieve(job.id, timeout=_look_timeout())
        if seen.status in ("queued", "in_progress"):
            return Running(queued=seen.status == "queued")
        call: Any = next((o for o in seen.output if o.type == "image_generation_call"), None)
        usage = _usage(seen)
        said = seen.output_text.strip()[:300]
    cost = billed(request, offer, usage)
    if call and call.result:
        form = call.output_format or chosen(request, offer, "output_format") or "png"
        counted = usage if "output_image_tokens" in usage else {}  # else the catalogue's price stands
        return Finished(decoded(call.result, request, offer, usage), f"image/{form}", usage=counted)
    if call and call.error:
        raise content_refused(call.error.model_dump(), cost)
    if seen.status == "failed":
        raise job_failure(seen.error.model_dump() if seen.error else {}, cost)
    if seen.status == "cancelled":
        raise JobCancelled(f"{VENDOR}: response {job.id} was cancelled there; resubmit to make it", billed_usd=cost)
    if seen.incomplete_details and seen.incomplete_details.reason == "content_filter":
        raise ContentRefused(f"{VENDOR} stopped the picture. {said}", refused="output", billed_usd=cost)
    raise OutputUnusable(f"{VENDOR} ended response {job.id} without a picture: {said or seen.status}", billed_usd=cost)


async def check(client: "AsyncOpenAI", request: Request, offer: Offer, job: Job) -> None:
    """Whether a background response makes the picture that the asset asks for.

    Raises:
        InvalidRequest: there is none with this id, or it has another model or prompt.
    """
    with looking_for(VENDOR, job, VARIABLE):
        with asking(submitting=False):
            seen = await client.responses.retrieve(job.id, timeout=_look_timeout())
            tool: Any = next((t for t in seen.tools or () if t.type == "image_generation"), None)
        if tool is None:
            raise InvalidRequest(f"job_id: response {job.id!r} makes no picture; give the id of one that does")
        same(job, "model", tool.model, offer.model.removesuffix(SUFFIX))
        with asking(submitting=False):
            items = await client.responses.input_items.list(job.id, order="asc", timeout=_look_timeout())
            texts = [c.text for i in items.data if i.type == "message" for c in i.content if c.type == "input_text"]
    same(job, "prompt", "\n".join(texts), request.asset.prompt)


async def cancel(client: "AsyncOpenAI", job: Job) -> None:
    """Stop a background response; one that is over already is no error."""
    try:
        with asking(submitting=False):
            await client.responses.cancel(job.id, timeout=_look_timeout())
    except InvalidRequest:
        return


def _most_tokens(prompt: str) -> int:
    """What a price is reckoned with, or what it takes to repeat a long prompt: a token is at least two bytes."""
    return max(TEXT_MAX_TOKENS, len(prompt.encode()) // 2 + THINKS)


def _look_timeout() -> "Timeout":
    import openai

    return openai.Timeout(LOOK_SECONDS, connect=CONNECT_SECONDS)


def _usage(seen: "Response") -> dict[Unit, int]:
    """Tokens of the tool, and of the text model that called it, whose input is counted at the rate of its output."""
    pictures = picture_usage(seen.tool_usage.image_gen) if seen.tool_usage else {}
    return pictures | ({"output_tokens": seen.usage.total_tokens} if seen.usage else {})
