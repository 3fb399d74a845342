"""Builds requests to Runway: the endpoint and its arguments, with the SDK's names."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from activities.catalogue.offers import Offer, utf16_units
from activities.errors import InvalidRequest
from activities.providers.data_uri import picture_uri
from activities.providers.http_failures import default_of, seconds_of
from activities.providers.picture_inputs import Limits
from activities.providers.protocol import Input, Request
from workflows.continuity.inputs import LAST_FRAME
from workflows.models import Modality

VENDOR: Final = "runway"
PROMPT_UNITS: Final = 1_000
"""UTF-16 units of a prompt where the catalogue has no other limit."""
DATA_URI_CHARS: Final = 5_000_000
"""Characters of a picture or video inside the request; a larger video is uploaded first."""
LIMITS: Final = Limits(DATA_URI_CHARS, max_side=8_000)
"""For a picture (docs.dev.runwayml.com, inputs: at most 8,000 pixels each way)."""
REFERENCES: Final = 3
"""The number of pictures that gen4_image accepts."""
VOICE: Final = "Maya"

OMNI: Final = ("gemini_omni_flash", "gemini_omni_flash_1.1")
SEEDANCE: Final = "seedance2_5"
SEEDED: Final = frozenset({"gen4.5", "gen4_turbo", "veo3.1", "veo3.1_fast", "gen4_image", SEEDANCE})
"""The models that take a seed."""

_PLAIN: Final = ("1280:720", "720:1280")
_FROM_PICTURE: Final = (*_PLAIN, "1104:832", "832:1104", "960:960", "1584:672")
_HD: Final = (*_PLAIN, "1920:1080", "1080:1920")
_VIDEO_RATIOS: Final[Mapping[str, Sequence[str]]] = {
    "veo3.1": _HD,
    "veo3.1_fast": _HD,
    "gemini_omni_flash_1.1": ("640:360", "360:640", *_HD, "3840:2160", "2160:3840"),
    SEEDANCE: (
        *("992:432", "854:480", "752:560", "640:640", "560:752", "480:854"),
        *("1470:630", "1280:720", "1112:834", "960:960", "834:1112", "720:1280"),
        *("2206:946", "1920:1080", "1664:1248", "1440:1440", "1248:1664", "1080:1920"),
    ),
}
RATIOS: Final[Mapping[tuple[str, str], Sequence[str]]] = {
    ("image_to_video", "gen4.5"): _FROM_PICTURE,
    ("image_to_video", "gen4_turbo"): _FROM_PICTURE,
    ("text_to_image", "gen4_image"): (
        *_PLAIN,
        *("720:720", "960:720", "720:960", "1680:720"),
        *("1920:1080", "1080:1920", "1080:1080", "1440:1080", "1080:1440", "2112:912"),
    ),
}
"""Width:height in pixels that a model makes at one endpoint; otherwise those of `_VIDEO_RATIOS`, or the two of
`_PLAIN`."""


@dataclass
class EndpointCall:
    """One call of the SDK.

    Attributes:
        upload: A video that is too large for the request, and is uploaded first.
        upload_as: The argument that then names it.
    """

    endpoint: str
    arguments: dict[str, Any]
    upload: Path | None = None
    upload_as: str = ""


async def build_call(request: Request, offer: Offer) -> EndpointCall:
    """The endpoint and arguments for a request that is made from no video.

    Raises:
        InvalidRequest: names the field that this model does not support.
    """
    model = request.asset.model
    if request.asset.asset_type == Modality.AUDIO:
        voice = {"type": "runway-preset", "preset_id": request.text("voice", VOICE)}
        return EndpointCall(
            "text_to_speech", {"model": model, "prompt_text": prompt_of(request, offer), "voice": voice}
        )
    common: dict[str, Any] = {"model": model, "prompt_text": prompt_of(request, offer)}
    if model in SEEDED:
        common["seed"] = request.seed
    if request.asset.asset_type == Modality.IMAGE:
        references = [{"uri": await picture_of(each)} for each in request.inputs_of(Modality.IMAGE)[:REFERENCES]]
        picture = {**common, "ratio": ratio_of("text_to_image", request, offer)}
        return EndpointCall("text_to_image", {**picture, "reference_images": references} if references else picture)
    return await _shot(request, offer, common)


async def _shot(request: Request, offer: Offer, common: Mapping[str, Any]) -> EndpointCall:
    last = request.input(LAST_FRAME)
    pictures = [each for each in request.inputs_of(Modality.IMAGE) if each is not last]
    video = {**common, **switches(request, offer), "duration": length_of(request, offer)}
    if pictures:
        first = await picture_of(pictures[0])
        frames = [{"uri": first, "position": "first"}]
        video["prompt_image"] = [*frames, {"uri": await picture_of(last), "position": "last"}] if last else first
    elif request.asset.model == "gen4_turbo":
        raise InvalidRequest("depends_on: gen4_turbo requires a picture; name an asset of that type")
    endpoint = "image_to_video" if pictures else "text_to_video"
    return EndpointCall(endpoint, {**video, "ratio": ratio_of(endpoint, request, offer)})


def switches(request: Request, offer: Offer) -> dict[str, Any]:
    """The sound and the negative prompt, where the model has these parameters."""
    given = request.asset.parameters
    found: dict[str, Any] = {name: given[name] for name in ("audio", "negative_prompt") if name in given}
    if sound := default_of(offer, "audio"):
        found.setdefault("audio", sound.lower() == "true")
    return found


def prompt_of(request: Request, offer: Offer) -> str:
    units, most = utf16_units(request.asset.prompt), offer.max_prompt or PROMPT_UNITS
    if units > most:
        raise InvalidRequest(
            f"prompt: {units} characters are more than the {most} of {request.asset.model}; shorten it"
        )
    return request.asset.prompt


def length_of(request: Request, offer: Offer) -> int:
    """The longest supported length that is not above the requested one, so that it costs no more than approved."""
    lengths = offer.seconds or range(2, 11)
    wanted = seconds_of(request, offer)
    fitting = [each for each in lengths if each <= wanted]
    if not fitting:
        raise InvalidRequest(f"parameters.seconds: {wanted:g} is less than the minimum of {lengths[0]:g}; raise it")
    return int(fitting[-1])


def ratio_of(endpoint: str, request: Request, offer: Offer) -> str:
    """The ratio nearest to the brief's aspect; among equal ones, the size nearest to the parameter `resolution`."""
    wide, high = map(int, request.aspect.split(":"))
    lines = int(request.text("resolution", default_of(offer, "resolution") or "720p").removesuffix("p"))

    def distance(ratio: str) -> tuple[float, int]:
        width, height = map(int, ratio.split(":"))
        # Rounded, so that 1280:720 and 2112:912 count as 16:9 and 21:9.
        return round(abs(math.log(width / height * high / wide)), 1), abs(min(width, height) - lines)

    model = request.asset.model
    return min(RATIOS.get((endpoint, model)) or _VIDEO_RATIOS.get(model, _PLAIN), key=distance)


async def picture_of(source: Input) -> str:
    """A picture as a data URI within the vendor's limits."""
    path = await source.fetch()
    return await asyncio.to_thread(picture_uri, path, LIMITS)
