"""Requests to Runway that are made from a video: another version of it, or a shot that follows it.

Sources: the types of the official SDK 5.24.0, video_to_video_create_params.py and video_upscale_create_params.py.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from activities.catalogue.offers import Offer
from activities.errors import InvalidRequest
from activities.media.containers import in_container
from activities.providers.data_uri import file_uri
from activities.providers.http_failures import default_of
from activities.providers.protocol import Input, Request
from activities.providers.runway.request import (
    DATA_URI_CHARS,
    OMNI,
    SEEDANCE,
    EndpointCall,
    length_of,
    picture_of,
    prompt_of,
    ratio_of,
    switches,
)
from workflows.brief import REFERENCE
from workflows.continuity.inputs import EDIT, EXTEND, INTERPOLATE, MODE, UPSCALE
from workflows.models import Modality

VIDEOS: Final = frozenset({"video/mp4", "video/quicktime", "video/webm"})
"""Media types that the vendor takes (docs.dev.runwayml.com, inputs)."""
UPSCALER: Final = "magnific_video_upscaler_creative"
INTERPOLATOR: Final = "enhance_frame_rate"
VERSIONS: Final[Mapping[str, tuple[str, ...]]] = {
    UPSCALER: (UPSCALE,),
    INTERPOLATOR: (INTERPOLATE,),
    "gemini_omni_flash": (EDIT,),
    "gemini_omni_flash_1.1": (EDIT, EXTEND, REFERENCE),
    SEEDANCE: (EDIT, EXTEND, REFERENCE),
}
"""What a model makes of an input video, the usual one first. gemini_omni_flash has no `mode`: it edits."""


async def build_video_call(request: Request, offer: Offer) -> EndpointCall:
    """The endpoint and arguments for a request that is made from a video.

    Raises:
        InvalidRequest: names the field that this model does not support.
    """
    model = request.asset.model
    video = next(iter(request.inputs_of(Modality.VIDEO)), None)
    if video is None:
        raise InvalidRequest(f"depends_on: {model} requires a video; name an asset of that type")
    if model in (UPSCALER, INTERPOLATOR):
        return await _with_video(EndpointCall("video_upscale", _copy(request, offer)), "video_uri", video)
    name = "prompt_video" if model == SEEDANCE else "video_uri"
    made = offer.makes_of_video(request.asset)
    arguments = {"model": model, "prompt_text": prompt_of(request, offer), **_mode(request, offer, made)}
    if model == SEEDANCE:
        arguments |= {"seed": request.seed, **switches(request, offer)}
    if references := [{"uri": await picture_of(each)} for each in request.inputs_of(Modality.IMAGE)]:
        arguments["references"] = references
    return await _with_video(EndpointCall("video_to_video", arguments), name, video)


def _mode(request: Request, offer: Offer, made: str) -> dict[str, Any]:
    """The mode of a request, with the length and the ratio that this mode takes.

    `duration` is the length of the output in reference mode and what is added in extend mode; an edit is as long as its
    source. Seedance matches the ratio of its source except in reference mode; Omni gets a ratio where it is asked for.
    """
    if request.asset.model == OMNI[0]:
        return {}
    mode: dict[str, Any] = {MODE: made}
    if made != EDIT:
        mode["duration"] = length_of(request, offer)
    elif request.asset.model == SEEDANCE:
        mode["duration"] = "auto"  # required; billed at the maximum, and the rest is refunded
    if made == REFERENCE or "resolution" in request.asset.parameters:
        mode["ratio"] = ratio_of("video_to_video", request, offer)
    return mode


def _copy(request: Request, offer: Offer) -> dict[str, Any]:
    """The arguments of a larger or smoother copy, with the catalogue's defaults, for which it is priced."""
    arguments: dict[str, Any] = {"model": request.asset.model, **request.asset.parameters}
    for name in ("resolution", "target_framerate"):
        if value := default_of(offer, name):
            arguments.setdefault(name, value)
    return arguments


async def _with_video(call: EndpointCall, name: str, video: Input) -> EndpointCall:
    """The call with a video: inside the request if it is small enough, otherwise as a file to upload."""
    path, media_type = await asyncio.to_thread(in_container, await video.fetch(), video.media.media_type, VIDEOS)
    uri = await asyncio.to_thread(file_uri, path, media_type, max_chars=DATA_URI_CHARS)
    if uri is None:
        return EndpointCall(call.endpoint, call.arguments, upload=path, upload_as=name)
    return EndpointCall(call.endpoint, {**call.arguments, name: uri})
