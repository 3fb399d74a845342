"""Imagen and Veo, which only the Enterprise platform still serves. Veo's operations cannot be listed either."""

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
from activities.providers.adoption import check_match, job_lookup
from activities.providers.google.client import POLL_TIMEOUT_MS, Access
from activities.providers.google.content import aspect_ratio, inline_pictures
from activities.providers.google.errors import VENDOR, mentions_policy, one_line
from activities.providers.google.omni import finished_from_uri, video_aspect
from activities.providers.http_failures import default_of, quoted_usd, seconds_of
from activities.providers.protocol import Finished, Job, Request, Running
from workflows.continuity.inputs import LAST_FRAME
from workflows.models import Modality

if TYPE_CHECKING:
    from google.genai import types

ASPECTS: Final = ("1:1", "3:4", "4:3", "9:16", "16:9")
"""The aspects of Imagen."""
VEO_SECONDS: Final = (4, 6, 8)
"""The lengths that Veo 3.1 makes."""
_CANCELLED: Final = 1
"""google.rpc.Code of an operation that was cancelled."""


async def imagine(access: Access, request: Request, offer: Offer) -> Finished:
    """Make one picture with Imagen."""
    from google.genai import types

    config = types.GenerateImagesConfig(
        number_of_images=1,
        aspect_ratio=aspect_ratio(request, ASPECTS),
        image_size=request.text("image_size", default_of(offer, "image_size")) or None,
        include_rai_reason=True,
    )
    answer = await access.call(
        lambda client: client.models.generate_images(
            model=request.asset.model, prompt=request.asset.prompt, config=config
        ),
        submitting=True,
    )
    generated = next(iter(answer.generated_images or ()), None)
    if generated and generated.image and generated.image.image_bytes:
        return Finished(generated.image.image_bytes, generated.image.mime_type or offer.media_type)
    if generated and generated.rai_filtered_reason:
        reason = one_line(generated.rai_filtered_reason)
        raise ContentRefused(
            f"{VENDOR} filtered the picture: {reason}; change the prompt", refused="output", category=reason
        )
    raise OutputUnusable(f"{VENDOR}'s {offer.model} made no picture", billed_usd=quoted_usd(request))


async def start_veo(access: Access, request: Request, offer: Offer) -> Job:
    """Start a Veo video, with sound, because the price includes it."""
    from google.genai import types

    seconds = seconds_of(request, offer)
    if seconds not in VEO_SECONDS:
        raise InvalidRequest(f"parameters.seconds: {request.asset.model} makes 4, 6 or 8 seconds, not {seconds:g}")
    last = request.input(LAST_FRAME)
    pictures = [each for each in request.inputs_of(Modality.IMAGE) if each is not last][:1]
    frames = [
        types.Image(image_bytes=frame.data, mime_type=frame.media_type)
        for frame in await inline_pictures([*pictures, *([last] if last else [])])
    ]
    source = types.GenerateVideosSource(prompt=request.asset.prompt, image=frames[0] if pictures else None)
    config = types.GenerateVideosConfig(
        number_of_videos=1,
        duration_seconds=int(seconds),
        aspect_ratio=video_aspect(request),
        resolution=request.text("resolution", default_of(offer, "resolution") or "720p"),
        generate_audio=True,
        last_frame=frames[-1] if last else None,
    )
    operation = await access.call(
        lambda client: client.models.generate_videos(model=request.asset.model, source=source, config=config),
        submitting=True,
    )
    if not operation.name:
        raise SubmissionUnknown(f"{VENDOR} accepted a video without returning the name of its operation")
    return Job(operation.name)


async def check_veo(access: Access, request: Request, job: Job) -> None:
    """Check that an operation exists and is of the asset's model, which is a part of its name.

    Raises:
        InvalidRequest: there is none with this name, or it is of another model.
    """
    check_match(job, "model", job.id.partition("/operations/")[0].rpartition("/models/")[2], request.asset.model)
    with job_lookup(VENDOR, job, access.variable):
        await _operation(access, job)


async def _operation(access: Access, job: Job) -> "types.GenerateVideosOperation":
    from google.genai import types

    operation = types.GenerateVideosOperation()
    operation.name = job.id
    return await access.call(
        lambda client: client.operations.get(operation, config={"http_options": {"timeout": POLL_TIMEOUT_MS}}),
        submitting=False,
    )


async def poll_veo(access: Access, request: Request, job: Job) -> Running | Finished:
    operation = await _operation(access, job)
    if not operation.done:
        return Running()
    if operation.error:
        fault = one_line(operation.error.get("message"))
        if mentions_policy(fault):
            raise ContentRefused(f"{VENDOR} refused the video: {fault}; change the prompt")
        # The operation does not report its cost: it counts as paid until a person has checked it.
        if operation.error.get("code") == _CANCELLED:
            raise JobCancelled(f"{VENDOR}'s job {job.id} was cancelled at the vendor", billed_usd=quoted_usd(request))
        raise JobFailed(f"{VENDOR}'s job {job.id} failed: {fault}", billed_usd=quoted_usd(request))
    result = operation.response
    generated = next(iter((result.generated_videos if result else None) or ()), None)
    if generated and generated.video and generated.video.video_bytes:
        return Finished(generated.video.video_bytes, generated.video.mime_type or "video/mp4")
    if generated and generated.video and generated.video.uri:
        return finished_from_uri(access, generated.video.uri, generated.video.mime_type or "video/mp4")
    if result and result.rai_media_filtered_count:
        reasons = one_line("; ".join(result.rai_media_filtered_reasons or ()))
        raise ContentRefused(f"{VENDOR} filtered the video: {reasons}", refused="output", category=reasons[:100])
    raise OutputUnusable(f"{VENDOR} finished job {job.id} without a video", billed_usd=quoted_usd(request))
