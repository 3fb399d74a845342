"""Pictures, made and edited in one call.

Limits: docstrings of the official SDK 3.51, types/image_generate_params.py and types/image_edit_params.py.
"""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from activities.catalogue.offers import Offer, Unit
from activities.errors import InvalidRequest, OutputUnusable, ProviderError, SubmissionUnknown
from activities.providers import base64_text
from activities.providers.download import streamed
from activities.providers.http_failures import billed
from activities.providers.openai.errors import VENDOR, asking, chosen
from activities.providers.openai.sizes import size_of
from activities.providers.picture_inputs import Limits, Picture, fitted
from activities.providers.picture_inputs import mask as fitted_mask
from activities.providers.protocol import Finished, Input, Request, save
from workflows.models import MASK, Modality

if TYPE_CHECKING:
    from openai import AsyncOpenAI

MAX_REFERENCES: Final = 16
EDITED: Final = Limits(49_000_000)
"""Of a picture that is edited: less than 50 MB."""
MASK_BYTES: Final = 3_900_000
"""Of a mask: less than 4 MB."""
SHOWN: Final = Limits(15_000_000)
"""Of one picture inside a request: 20 million characters of base64; what is larger is shown smaller."""
WISHES: Final = ("quality", "background", "output_format", "output_compression", "style")


async def make_picture(client: "AsyncOpenAI", request: Request, offer: Offer) -> Finished:
    """Generate, or edit where the asset has pictures that the model makes use of.

    Raises:
        ProviderError: as it went.
    """
    wishes = {"model": offer.model, "prompt": request.asset.prompt, **wishes_of(request, offer)}
    if "output_format" not in offer.rules:
        # dall-e answers with an address unless asked. Models that take a file format refuse the question: base64 it is.
        wishes["response_format"] = "b64_json"
    pictures, mask = references(request, offer)
    shown = [await asyncio.to_thread(fitted, await i.fetch(), EDITED) for i in pictures]
    files: dict[str, Any] = {"image": [_upload(i, picture) for i, picture in zip(pictures, shown, strict=True)]}
    if mask:
        files["mask"] = _upload(mask, await mask_for(mask, shown))
    with asking(submitting=True):
        answer: Any = await (client.images.edit(**files, **wishes) if pictures else client.images.generate(**wishes))
        if answer.data is None:
            raise SubmissionUnknown(f"{VENDOR} answered with something that is no list of pictures")
        usage = picture_usage(answer.usage)
        made = answer.data[0] if answer.data else None
        form = answer.output_format or wishes.get("output_format") or "png"
    if made and made.b64_json:
        return Finished(decoded(made.b64_json, request, offer, usage), f"image/{form}", usage=usage)
    if made and made.url and base64_text.type_in(made.url) is not None:
        return Finished(decoded(made.url, request, offer, usage), f"image/{form}", usage=usage)
    if made and made.url:
        return Finished(
            await _downloaded(made.url, str(client.base_url), request.file(f"answer.{form}")),
            f"image/{form}",
            usage=usage,
        )
    raise OutputUnusable(f"{VENDOR} answered without a picture", billed_usd=billed(request, offer, usage))


def wishes_of(request: Request, offer: Offer) -> dict[str, Any]:
    """Size and the parameters that the model has, as they are sent."""
    found = {name: value for name in WISHES if (value := chosen(request, offer, name)) is not None}
    if isinstance(found.get("output_compression"), float):
        found["output_compression"] = round(request.number("output_compression", 100))
    return {**found, **({"size": size_of(request, offer)} if "size" in offer.rules else {})}


def references(request: Request, offer: Offer) -> tuple[Sequence[Input], Input | None]:
    """The pictures to work from, and the mask.

    Raises:
        InvalidRequest: more pictures than the vendor takes, or a mask of nothing.
    """
    inputs = request.inputs_of(Modality.IMAGE) if Modality.IMAGE in offer.accepts else []
    mask = next((i for i in inputs if i.role == MASK), None)
    pictures = [i for i in inputs if i.role != MASK]
    if mask and not pictures:
        raise InvalidRequest(f"depends_on: {mask.asset_id!r} is a mask; name the picture that it masks too")
    if len(pictures) > MAX_REFERENCES:
        raise InvalidRequest(f"depends_on: {len(pictures)} pictures; {offer.model} takes at most {MAX_REFERENCES}")
    return pictures, mask


def _upload(source: Input, picture: Picture) -> tuple[str, bytes, str]:
    return f"{source.asset_id}.{picture.media_type.partition('/')[2]}", picture.data, picture.media_type


async def mask_for(source: Input, shown: Sequence[Picture]) -> Picture:
    """A mask of the size of the first picture that is shown.

    Raises:
        InvalidRequest: it does not open, or is too detailed.
    """
    return await asyncio.to_thread(fitted_mask, await source.fetch(), shown[0].size, MASK_BYTES)


async def shown_inside(source: Input) -> Picture:
    """A picture as it is shown inside a request."""
    return await asyncio.to_thread(fitted, await source.fetch(), SHOWN)


def picture_usage(counted: Any) -> dict[Unit, int]:
    """Tokens of one answer; text in an output is counted as if it were picture, so that no bill is told too low."""
    if not counted or not counted.output_tokens:
        return {}
    details = counted.input_tokens_details
    return {
        "input_tokens": details.text_tokens if details else counted.input_tokens,
        "input_image_tokens": details.image_tokens if details else 0,
        "output_image_tokens": counted.output_tokens,
    }


def decoded(text: str, request: Request, offer: Offer, usage: Mapping[Unit, int]) -> bytes:
    try:
        return base64_text.decoded(text)
    except ValueError:
        cost = billed(request, offer, usage)
        raise OutputUnusable(f"{VENDOR} answered with a picture that is no base64", billed_usd=cost) from None


async def _downloaded(url: str, base_url: str, path: Path) -> Path:
    """Fetch a picture that is made and paid for.

    Raises:
        SubmissionUnknown: it did not come through, and asking again would pay again.
    """
    try:
        return await save(streamed(url, vendor=VENDOR, base_url=base_url), path)
    except ProviderError as error:
        raise SubmissionUnknown(f"{VENDOR} made the picture, but it could not be fetched: {error}") from error
