"""Omni video as background jobs of `interactions`. They cannot be listed, so a job with a lost id cannot be found."""

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
from activities.providers.adoption import check_match, job_lookup
from activities.providers.base64_text import decode
from activities.providers.download import open_media
from activities.providers.google.client import DEVELOPER_URL, Access
from activities.providers.google.content import inline_pictures, inline_recordings
from activities.providers.google.errors import VENDOR, mentions_policy, one_line
from activities.providers.http_failures import POLL_TIMEOUT_SECONDS, default_of, quoted_usd, seconds_of
from activities.providers.protocol import Finished, Job, Request, Running
from workflows.continuity.inputs import EDIT, UPSCALE
from workflows.models import Modality

if TYPE_CHECKING:
    from google.genai.interactions import Interaction

ASPECTS: Final = ("16:9", "9:16")


async def start(access: Access, request: Request, offer: Offer) -> Job:
    """Start an Omni video; one input picture is its first frame, several are its references.

    From an input video it makes another version: a longer or larger one by the role of the asset, otherwise an edit.
    """
    pictures, videos = request.inputs_of(Modality.IMAGE), request.inputs_of(Modality.VIDEO)
    task = ("text_to_video", "image_to_video")[len(pictures)] if len(pictures) < 2 else "reference_to_video"
    if videos:
        task = offer.makes_of_video(request.asset)
    shown = [
        {"type": "image", "mime_type": p.media_type, "data": base64.b64encode(p.data).decode()}
        for p in await inline_pictures(pictures)
    ]
    shown += [
        {"type": "video", "mime_type": media_type, "data": base64.b64encode(data).decode()}
        for data, media_type in await inline_recordings(videos)
    ]
    body: dict[str, Any] = {
        "model": request.asset.model,
        "input": [*shown, {"type": "text", "text": request.asset.prompt}],
        "generation_config": {"video_config": {"task": task}},
        "response_format": {
            "type": "video",
            "aspect_ratio": video_aspect(request),
            "resolution": request.text("resolution", default_of(offer, "resolution") or "720p"),
            **_length(request, offer, task),
            # On the Enterprise platform, "uri" delivers only into a bucket of the customer.
            "delivery": "inline" if access.enterprise else "uri",
        },
        # In the background, the SDK continues nothing and refuses `automatic_continuation`.
        "background": True,
        "store": True,
    }
    interaction: Interaction = await access.call(lambda client: client.interactions.create(**body), submitting=True)
    job_id = getattr(interaction, "id", None)  # the SDK returns a body that is not a record unchanged
    if not job_id:
        raise SubmissionUnknown(f"{VENDOR} returned a job without an id")
    return Job(job_id)


def _length(request: Request, offer: Offer, task: str) -> dict[str, str]:
    """The length in the vendor's form; an edit or larger copy is as long as its source where the plan has none."""
    as_source = task in (EDIT, UPSCALE) and "seconds" not in request.asset.parameters
    return {} if as_source else {"duration": f"{seconds_of(request, offer):g}s"}


async def poll(access: Access, request: Request, job: Job) -> Running | Finished:
    interaction: Interaction = await access.call(
        lambda client: client.interactions.get(job.id, timeout=POLL_TIMEOUT_SECONDS), submitting=False
    )
    if interaction.status in ("queued", "in_progress"):
        return Running(queued=interaction.status == "queued")
    # Tokens are the only sign of what Google charges for a job without a video; without a count, it may be all.
    idle = interaction.usage is not None and not interaction.usage.total_output_tokens
    billed = Decimal(0) if idle else quoted_usd(request)
    video = interaction.output_video
    if interaction.status == "completed" and video is not None:
        media_type = video.mime_type or "video/mp4"
        if video.data:
            try:
                return Finished(decode(str(video.data)), media_type)
            except ValueError:
                message = f"{VENDOR} completed job {job.id} with a video that is not base64"
                raise OutputUnusable(message, billed_usd=billed) from None
        if video.uri:
            return finished_from_uri(access, video.uri, media_type)
    faults = "; ".join(one_line(f"{e.code or ''} {e.message or ''}") for e in interaction.errors or ())
    if mentions_policy(faults):
        code = (interaction.errors or [])[0].code or ""
        raise ContentRefused(f"{VENDOR} refused the video: {faults}", category=code, billed_usd=billed)
    if interaction.status == "completed":
        text = one_line(interaction.output_text)[:200]
        raise OutputUnusable(f"{VENDOR} completed job {job.id} without a video: {text}", billed_usd=billed)
    if interaction.status == "cancelled":
        raise JobCancelled(f"{VENDOR}'s job {job.id} was cancelled at the vendor; resubmit it", billed_usd=billed)
    raise JobFailed(
        f"{VENDOR}'s job {job.id} is {interaction.status}: {faults or 'no reason given'}", billed_usd=billed
    )


async def check(access: Access, request: Request, job: Job) -> None:
    """Check that an interaction has the model and the prompt of the asset.

    Raises:
        InvalidRequest: there is none with this id, or it has another model or prompt.
    """
    with job_lookup(VENDOR, job, access.variable):
        interaction: Interaction = await access.call(
            lambda client: client.interactions.get(job.id, include_input=True, timeout=POLL_TIMEOUT_SECONDS),
            submitting=False,
        )
    check_match(job, "model", interaction.model, request.asset.model)
    check_match(job, "prompt", "\n".join(_texts(interaction.input)), request.asset.prompt)


def _texts(given: Any) -> list[str]:
    """The texts of an interaction's input: a text, a content, or a list of contents or of steps with contents."""
    if isinstance(given, str):
        return [given]
    if isinstance(given, list):
        return [text for each in given for text in _texts(each)]
    text = getattr(given, "text", None)
    return [text] if isinstance(text, str) else _texts(getattr(given, "content", None) or [])


async def cancel(access: Access, job: Job) -> None:
    try:
        await access.call(
            lambda client: client.interactions.cancel(job.id, timeout=POLL_TIMEOUT_SECONDS), submitting=False
        )
    except InvalidRequest:
        return  # It has already ended.


def finished_from_uri(access: Access, uri: str, media_type: str) -> Finished:
    """A file of the Developer API, through its base URL and with its key, which is not sent to other hosts."""
    if not uri.startswith(("https://", "http://")):
        raise InvalidRequest(
            f"{VENDOR} stored the video at {uri}, which only its own tools can download; download it there"
        )
    api = (access.base_url or DEVELOPER_URL).rstrip("/") + "/"
    if uri.startswith(DEVELOPER_URL + "/"):
        uri = api + uri.removeprefix(DEVELOPER_URL + "/")
    headers = {"x-goog-api-key": access.key} if access.key and uri.startswith(api) else None
    return Finished(open_media(uri, vendor=VENDOR, base_url=access.base_url, headers=headers), media_type)


def video_aspect(request: Request) -> str:
    aspect = request.text("aspect_ratio", request.aspect)
    if aspect not in ASPECTS:
        raise InvalidRequest(
            f"aspect: {request.asset.model} makes {' and '.join(ASPECTS)}, not {aspect}; "
            "give the parameter aspect_ratio one of these, or choose another model"
        )
    return aspect
