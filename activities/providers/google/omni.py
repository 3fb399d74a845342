"""Omni video as background jobs of `interactions`, which has no list: a job whose id was lost cannot be found again."""

import base64
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from activities.catalogue.offers import Offer
from activities.errors import (
    ContentRefused,
    InvalidRequest,
    JobCancelled,
    JobFailed,
    OutputUnusable,
    SubmissionUnknown,
)
from activities.providers.adoption import looking_for, same
from activities.providers.base64_text import decoded
from activities.providers.download import streamed
from activities.providers.google.client import DEVELOPER_URL, Access
from activities.providers.google.content import inline
from activities.providers.google.errors import VENDOR, one_line, policy
from activities.providers.http_failures import LOOK_SECONDS, default_of, quoted, seconds_of
from activities.providers.protocol import Finished, Job, Request, Running
from workflows.models import Modality

if TYPE_CHECKING:
    from google.genai.interactions import Interaction

ASPECTS: Final = ("16:9", "9:16")


async def start(access: Access, request: Request, offer: Offer) -> Job:
    """Begin an Omni video; pictures that the asset depends on are its first frame or, several, its references."""
    pictures = request.inputs_of(Modality.IMAGE)
    task = ("text_to_video", "image_to_video")[len(pictures)] if len(pictures) < 2 else "reference_to_video"
    shown = [
        {"type": "image", "mime_type": p.media_type, "data": base64.b64encode(p.data).decode()}
        for p in await inline(pictures)
    ]
    body: dict[str, Any] = {
        "model": request.asset.model,
        "input": [*shown, {"type": "text", "text": request.asset.prompt}],
        "generation_config": {"video_config": {"task": task}},
        "response_format": {
            "type": "video",
            "aspect_ratio": shape(request),
            "resolution": request.words("resolution", default_of(offer, "resolution") or "720p"),
            "duration": f"{seconds_of(request, offer):g}s",
            # The Enterprise platform delivers addresses only into a bucket of the customer's.
            "delivery": "inline" if access.enterprise else "uri",
        },
        # In the background nothing is continued by the SDK, which refuses `automatic_continuation` beside it.
        "background": True,
        "store": True,
    }
    interaction: Interaction = await access.ask(lambda client: client.interactions.create(**body), submitting=True)
    job_id = getattr(interaction, "id", None)  # what is no record, the SDK hands on as it is
    if not job_id:
        raise SubmissionUnknown(f"{VENDOR} answered without the id of its job")
    return Job(job_id)


async def look(access: Access, request: Request, job: Job) -> Running | Finished:
    interaction: Interaction = await access.ask(
        lambda client: client.interactions.get(job.id, timeout=LOOK_SECONDS), submitting=False
    )
    if interaction.status in ("queued", "in_progress"):
        return Running(queued=interaction.status == "queued")
    # Tokens are the only sign of what Google charges for a job without a video: without any count it may be all.
    idle = interaction.usage is not None and not interaction.usage.total_output_tokens
    billed = Decimal(0) if idle else quoted(request)
    video = interaction.output_video
    if interaction.status == "completed" and video is not None:
        media_type = video.mime_type or "video/mp4"
        if video.data:
            try:
                return Finished(decoded(str(video.data)), media_type)
            except ValueError:
                words = f"{VENDOR} completed job {job.id} with a video that is no base64"
                raise OutputUnusable(words, billed_usd=billed) from None
        if video.uri:
            return fetched(access, video.uri, media_type)
    faults = "; ".join(one_line(f"{e.code or ''} {e.message or ''}") for e in interaction.errors or ())
    if policy(faults):
        code = (interaction.errors or [])[0].code or ""
        raise ContentRefused(f"{VENDOR} refused the video: {faults}", category=code, billed_usd=billed)
    if interaction.status == "completed":
        said = one_line(interaction.output_text)[:200]
        raise OutputUnusable(f"{VENDOR} completed job {job.id} without a video: {said}", billed_usd=billed)
    if interaction.status == "cancelled":
        raise JobCancelled(f"{VENDOR}'s job {job.id} was cancelled there; resubmit to make it", billed_usd=billed)
    raise JobFailed(
        f"{VENDOR}'s job {job.id} is {interaction.status}: {faults or 'no reason given'}", billed_usd=billed
    )


async def check(access: Access, request: Request, job: Job) -> None:
    """Whether an interaction has the model and the prompt of the asset.

    Raises:
        InvalidRequest: there is none with this id, or it has another model or prompt.
    """
    with looking_for(VENDOR, job, access.variable):
        seen: Interaction = await access.ask(
            lambda client: client.interactions.get(job.id, include_input=True, timeout=LOOK_SECONDS), submitting=False
        )
    same(job, "model", seen.model, request.asset.model)
    same(job, "prompt", "\n".join(_texts(seen.input)), request.asset.prompt)


def _texts(given: Any) -> list[str]:
    """The texts of an interaction's input: a text, a content, or a list of contents or of steps with contents."""
    if isinstance(given, str):
        return [given]
    if isinstance(given, list):
        return [text for each in given for text in _texts(each)]
    text = getattr(given, "text", None)
    return [text] if isinstance(text, str) else _texts(getattr(given, "content", None) or [])


async def stop(access: Access, job: Job) -> None:
    try:
        await access.ask(lambda client: client.interactions.cancel(job.id, timeout=LOOK_SECONDS), submitting=False)
    except InvalidRequest:
        return  # It is already over.


def fetched(access: Access, uri: str, media_type: str) -> Finished:
    """A file of the Developer API, through its base URL and with its key, which no other host gets."""
    if not uri.startswith(("https://", "http://")):
        raise InvalidRequest(
            f"{VENDOR} left the video at {uri}, which only its own tools can fetch: take it from there"
        )
    api = (access.base_url or DEVELOPER_URL).rstrip("/") + "/"
    if uri.startswith(DEVELOPER_URL + "/"):
        uri = api + uri.removeprefix(DEVELOPER_URL + "/")
    headers = {"x-goog-api-key": access.key} if access.key and uri.startswith(api) else None
    return Finished(streamed(uri, vendor=VENDOR, base_url=access.base_url, headers=headers), media_type)


def shape(request: Request) -> str:
    aspect = request.words("aspect_ratio", request.aspect)
    if aspect not in ASPECTS:
        raise InvalidRequest(
            f"aspect: {request.asset.model} makes {' and '.join(ASPECTS)}, not {aspect}; "
            "give the parameter aspect_ratio one of these, or choose another model"
        )
    return aspect
