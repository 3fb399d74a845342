"""Builds requests to Runway: the endpoint and its arguments, with the SDK's names."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from activities.catalogue.offers import Offer, utf16_units
from activities.errors import InvalidRequest
from activities.providers.data_uri import file_uri, picture_uri
from activities.providers.http_failures import default_of, seconds_of
from activities.providers.picture_inputs import Limits
from activities.providers.protocol import Input, Request
from workflows.continuity.inputs import LAST_FRAME
from workflows.models import Modality

VENDOR: Final = "runway"
PROMPT_UNITS: Final = 1_000
"""UTF-16 units of a prompt, for every model in the catalogue that accepts one."""
DATA_URI_CHARS: Final = 5_000_000
"""Characters of a picture or video inside the request; a larger video is uploaded first."""
LIMITS: Final = Limits(DATA_URI_CHARS, max_side=8_000)
"""For a picture (docs.dev.runwayml.com, inputs: at most 8,000 pixels each way)."""
REFERENCES: Final = 3
"""The number of pictures that gen4_image accepts."""
UPSCALER: Final = "magnific_video_upscaler_creative"
SECONDS: Final[Mapping[str, Sequence[int]]] = {"veo3.1": (4, 6, 8), "veo3.1_fast": (4, 6, 8)}
"""The lengths of a model, in seconds; the others make any whole number from 2 to 10."""
VOICE: Final = "Maya"

_PLAIN: Final = ("1280:720", "720:1280")
_FROM_PICTURE: Final = (*_PLAIN, "1104:832", "832:1104", "960:960", "1584:672")
_VEO: Final = (*_PLAIN, "1920:1080", "1080:1920")
RATIOS: Final[Mapping[tuple[str, str], Sequence[str]]] = {
    ("text_to_video", "gen4.5"): _PLAIN,
    ("image_to_video", "gen4.5"): _FROM_PICTURE,
    ("image_to_video", "gen4_turbo"): _FROM_PICTURE,
    ("text_to_video", "veo3.1"): _VEO,
    ("image_to_video", "veo3.1"): _VEO,
    ("text_to_video", "veo3.1_fast"): _VEO,
    ("image_to_video", "veo3.1_fast"): _VEO,
    ("text_to_image", "gen4_image"): (
        *_PLAIN,
        *("720:720", "960:720", "720:960", "1680:720"),
        *("1920:1080", "1080:1920", "1080:1080", "1440:1080", "1080:1440", "2112:912"),
    ),
}
"""Width:height in pixels that a model makes; a model that is not listed makes the two of `_PLAIN`."""


@dataclass
class EndpointCall:
    """One call of the SDK. `upload` is a video that is too large for the request and is uploaded first."""

    endpoint: str
    arguments: dict[str, Any]
    upload: Path | None = None


async def build_call(request: Request, offer: Offer) -> EndpointCall:
    """The endpoint and arguments for a request.

    Raises:
        InvalidRequest: names the field that this model does not support.
    """
    model, parameters = request.asset.model, request.asset.parameters
    last = request.input(LAST_FRAME)
    pictures = [each for each in request.inputs_of(Modality.IMAGE) if each is not last]
    if model == UPSCALER:
        return await _upscale(request, offer)
    if request.asset.asset_type == Modality.AUDIO:
        voice = {"type": "runway-preset", "preset_id": request.text("voice", VOICE)}
        return EndpointCall("text_to_speech", {"model": model, "prompt_text": _prompt(request), "voice": voice})
    common: dict[str, Any] = {"model": model, "prompt_text": _prompt(request), "seed": request.seed}
    if request.asset.asset_type == Modality.IMAGE:
        references = [{"uri": await _picture(each)} for each in pictures[:REFERENCES]]
        picture = {**common, "ratio": _ratio("text_to_image", request, offer)}
        return EndpointCall("text_to_image", {**picture, "reference_images": references} if references else picture)
    extra: dict[str, Any] = {name: parameters[name] for name in ("audio", "negative_prompt") if name in parameters}
    if sound := default_of(offer, "audio"):
        extra.setdefault("audio", sound.lower() == "true")
    video = {**common, **extra, "duration": _seconds(request, offer)}
    if pictures:
        first = await _picture(pictures[0])
        frames = [{"uri": first, "position": "first"}]
        video["prompt_image"] = [*frames, {"uri": await _picture(last), "position": "last"}] if last else first
    elif model == "gen4_turbo":
        raise InvalidRequest("depends_on: gen4_turbo requires a picture; name an asset of that type")
    endpoint = "image_to_video" if pictures else "text_to_video"
    return EndpointCall(endpoint, {**video, "ratio": _ratio(endpoint, request, offer)})


async def _upscale(request: Request, offer: Offer) -> EndpointCall:
    video = next(iter(request.inputs_of(Modality.VIDEO)), None)
    if video is None:
        raise InvalidRequest(f"depends_on: {request.asset.model} requires a video; name an asset of that type")
    path = await video.fetch()
    uri = await asyncio.to_thread(file_uri, path, video.media.media_type, max_chars=DATA_URI_CHARS)
    arguments: dict[str, Any] = {"model": request.asset.model, **request.asset.parameters}
    if size := default_of(offer, "resolution"):
        arguments.setdefault("resolution", size)
    if uri is None:
        return EndpointCall("video_upscale", arguments, upload=path)
    return EndpointCall("video_upscale", {**arguments, "video_uri": uri})


def _prompt(request: Request) -> str:
    units = utf16_units(request.asset.prompt)
    if units > PROMPT_UNITS:
        raise InvalidRequest(
            f"prompt: {units} characters are more than the {PROMPT_UNITS} of {request.asset.model}; shorten it"
        )
    return request.asset.prompt


def _seconds(request: Request, offer: Offer) -> int:
    """The longest supported length that is not above the requested one, so that it costs no more than approved."""
    lengths = SECONDS.get(request.asset.model, range(2, 11))
    wanted = seconds_of(request, offer)
    fitting = [each for each in lengths if each <= wanted]
    if not fitting:
        raise InvalidRequest(f"parameters.seconds: {wanted:g} is less than the minimum of {lengths[0]}; raise it")
    return fitting[-1]


def _ratio(endpoint: str, request: Request, offer: Offer) -> str:
    """The ratio nearest to the brief's aspect; among equal ones, the size nearest to the parameter `resolution`."""
    wide, high = map(int, request.aspect.split(":"))
    lines = int(request.text("resolution", default_of(offer, "resolution") or "720p").removesuffix("p"))

    def distance(ratio: str) -> tuple[float, int]:
        width, height = map(int, ratio.split(":"))
        # Rounded, so that 1280:720 and 2112:912 count as 16:9 and 21:9.
        return round(abs(math.log(width / height * high / wide)), 1), abs(min(width, height) - lines)

    return min(RATIOS.get((endpoint, request.asset.model), _PLAIN), key=distance)


async def _picture(source: Input) -> str:
    path = await source.fetch()
    return await asyncio.to_thread(picture_uri, path, LIMITS)
