"""Imagen and Veo, which only the Enterprise platform still serves. Veo's operations have no list either."""

from typing import TYPE_CHECKING, Final

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
from activities.providers.google.client import LOOK_MS, Access
from activities.providers.google.content import aspect_ratio, inline
from activities.providers.google.errors import VENDOR, one_line, policy
from activities.providers.google.omni import fetched, shape
from activities.providers.http_failures import default_of, quoted, seconds_of
from activities.providers.protocol import Finished, Job, Request, Running
from workflows.models import Modality

if TYPE_CHECKING:
    from google.genai import types

ASPECTS: Final = ("1:1", "3:4", "4:3", "9:16", "16:9")
"""Of Imagen."""
VEO_SECONDS: Final = (4, 6, 8)
"""All that Veo 3.1 makes."""
_CANCELLED: Final = 1
"""google.rpc.Code of an operation that somebody stopped."""


async def imagine(access: Access, request: Request, offer: Offer) -> Finished:
    """One picture."""
    from google.genai import types

    config = types.GenerateImagesConfig(
        number_of_images=1,
        aspect_ratio=aspect_ratio(request, ASPECTS),
        image_size=request.words("image_size", default_of(offer, "image_size")) or None,
        include_rai_reason=True,
    )
    answer = await access.ask(
        lambda client: client.models.generate_images(
            model=request.asset.model, prompt=request.asset.prompt, config=config
        ),
        submitting=True,
    )
    made = next(iter(answer.generated_images or ()), None)
    if made and made.image and made.image.image_bytes:
        return Finished(made.image.image_bytes, made.image.mime_type or offer.media_type)
    if made and made.rai_filtered_reason:
        reason = one_line(made.rai_filtered_reason)
        raise ContentRefused(
            f"{VENDOR} filtered the picture: {reason}; change the prompt", refused="output", category=reason
        )
    raise OutputUnusable(f"{VENDOR}'s {offer.model} made no picture", billed_usd=quoted(request))


async def start_veo(access: Access, request: Request, offer: Offer) -> Job:
    """Begin a Veo video, with sound: that is what its price is for."""
    from google.genai import types

    seconds = seconds_of(request, offer)
    if seconds not in VEO_SECONDS:
        raise InvalidRequest(f"parameters.seconds: {request.asset.model} makes 4, 6 or 8 seconds, not {seconds:g}")
    frame = next(iter(await inline(request.inputs_of(Modality.IMAGE)[:1])), None)
    image = types.Image(image_bytes=frame.data, mime_type=frame.media_type) if frame else None
    source = types.GenerateVideosSource(prompt=request.asset.prompt, image=image)
    config = types.GenerateVideosConfig(
        number_of_videos=1,
        duration_seconds=int(seconds),
        aspect_ratio=shape(request),
        resolution=request.words("resolution", default_of(offer, "resolution") or "720p"),
        generate_audio=True,
    )
    operation = await access.ask(
        lambda client: client.models.generate_videos(model=request.asset.model, source=source, config=config),
        submitting=True,
    )
    if not operation.name:
        raise SubmissionUnknown(f"{VENDOR} accepted a video without naming its operation")
    return Job(operation.name)


async def check_veo(access: Access, request: Request, job: Job) -> None:
    """Whether an operation exists and is of the asset's model, which is a part of its name.

    Raises:
        InvalidRequest: there is none with this name, or it is of another model.
    """
    same(job, "model", job.id.partition("/operations/")[0].rpartition("/models/")[2], request.asset.model)
    with looking_for(VENDOR, job, access.variable):
        await _operation(access, job)


async def _operation(access: Access, job: Job) -> "types.GenerateVideosOperation":
    from google.genai import types

    asked = types.GenerateVideosOperation()
    asked.name = job.id
    return await access.ask(
        lambda client: client.operations.get(asked, config={"http_options": {"timeout": LOOK_MS}}), submitting=False
    )


async def look_veo(access: Access, request: Request, job: Job) -> Running | Finished:
    operation = await _operation(access, job)
    if not operation.done:
        return Running()
    if operation.error:
        fault = one_line(operation.error.get("message"))
        if policy(fault):
            raise ContentRefused(f"{VENDOR} refused the video: {fault}; change the prompt")
        # The operation does not say what it cost: until somebody has looked, it counts as paid.
        if operation.error.get("code") == _CANCELLED:
            raise JobCancelled(f"{VENDOR}'s job {job.id} was cancelled there", billed_usd=quoted(request))
        raise JobFailed(f"{VENDOR}'s job {job.id} failed: {fault}", billed_usd=quoted(request))
    result = operation.response
    made = next(iter((result.generated_videos if result else None) or ()), None)
    if made and made.video and made.video.video_bytes:
        return Finished(made.video.video_bytes, made.video.mime_type or "video/mp4")
    if made and made.video and made.video.uri:
        return fetched(access, made.video.uri, made.video.mime_type or "video/mp4")
    if result and result.rai_media_filtered_count:
        reasons = one_line("; ".join(result.rai_media_filtered_reasons or ()))
        raise ContentRefused(f"{VENDOR} filtered the video: {reasons}", refused="output", category=reasons[:100])
    raise OutputUnusable(f"{VENDOR} finished job {job.id} without a video", billed_usd=quoted(request))
