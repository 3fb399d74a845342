"""Pictures, generated or edited in one call.

Limits: docstrings of the official SDK 3.51, types/image_generate_params.py and types/image_edit_params.py.
"""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import JsonValue

from activities.catalogue.offers import Offer, Unit
from activities.errors import InvalidRequest, OutputUnusable, ProviderError, SubmissionUnknown
from activities.providers import base64_text
from activities.providers.download import open_media
from activities.providers.http_failures import cost_of_response
from activities.providers.openai.errors import VENDOR, parameter_value, translated_errors
from activities.providers.openai.sizes import size_of
from activities.providers.picture_inputs import Limits, Picture, fit_mask, fit_picture
from activities.providers.protocol import Finished, Input, Request, write_stream
from workflows.models import MASK, Modality

if TYPE_CHECKING:
    from openai import AsyncOpenAI

MAX_REFERENCES: Final = 16
EDIT_LIMITS: Final = Limits(49_000_000)
"""For a picture that is edited: less than 50 MB."""
MASK_BYTES: Final = 3_900_000
"""For a mask: less than 4 MB."""
INLINE_LIMITS: Final = Limits(15_000_000)
"""For a picture inside a request: 20 million characters of base64. A larger picture is scaled down."""
OPTIONS: Final = ("quality", "background", "output_format", "output_compression", "style")


async def make_picture(client: "AsyncOpenAI", request: Request, offer: Offer) -> Finished:
    """Generate a picture, or edit the input pictures if there are any.

    Raises:
        ProviderError: the submission failed.
    """
    options = {"model": offer.model, "prompt": request.asset.prompt, **picture_options(request, offer)}
    if "output_format" not in offer.rules:
        # By default, dall-e returns an address. Models with `output_format` refuse this parameter and return base64.
        options["response_format"] = "b64_json"
    pictures, mask = pictures_and_mask(request, offer)
    sent = [await asyncio.to_thread(fit_picture, await i.fetch(), EDIT_LIMITS) for i in pictures]
    files: dict[str, Any] = {"image": [_upload(i, picture) for i, picture in zip(pictures, sent, strict=True)]}
    if mask:
        files["mask"] = _upload(mask, await mask_for(mask, sent))
    with translated_errors(submitting=True):
        answer: Any = await (client.images.edit(**files, **options) if pictures else client.images.generate(**options))
        if answer.data is None:
            raise SubmissionUnknown(f"{VENDOR} returned something other than a list of pictures")
        usage = picture_usage(answer.usage)
        made = answer.data[0] if answer.data else None
        form = answer.output_format or options.get("output_format") or "png"
    data = revised_prompt(made, request)
    if made and made.b64_json:
        return Finished(decode_picture(made.b64_json, request, offer, usage), f"image/{form}", usage=usage, data=data)
    if made and made.url and base64_text.declared_type(made.url) is not None:
        return Finished(decode_picture(made.url, request, offer, usage), f"image/{form}", usage=usage, data=data)
    if made and made.url:
        return Finished(
            await _download(made.url, str(client.base_url), request.file(f"answer.{form}")),
            f"image/{form}",
            usage=usage,
            data=data,
        )
    raise OutputUnusable(f"{VENDOR} returned no picture", billed_usd=cost_of_response(request, offer, usage))


def revised_prompt(made: Any, request: Request) -> dict[str, JsonValue]:
    """The prompt as the vendor rewrote it, for the data of the take; empty if it used the prompt as it is."""
    revised = getattr(made, "revised_prompt", None)
    if not isinstance(revised, str) or revised.strip() in ("", request.asset.prompt.strip()):
        return {}
    return {"kind": "picture", "revised_prompt": revised}


def picture_options(request: Request, offer: Offer) -> dict[str, Any]:
    """The size and the other parameters of the model, in the form that is sent."""
    found = {name: value for name in OPTIONS if (value := parameter_value(request, offer, name)) is not None}
    if isinstance(found.get("output_compression"), float):
        found["output_compression"] = round(request.number("output_compression", 100))
    return {**found, **({"size": size_of(request, offer)} if "size" in offer.rules else {})}


def pictures_and_mask(request: Request, offer: Offer) -> tuple[Sequence[Input], Input | None]:
    """The input pictures and the mask.

    Raises:
        InvalidRequest: there are more pictures than the vendor accepts, or a mask without a picture.
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
    """The mask in the size of the first picture that is sent.

    Raises:
        InvalidRequest: it does not open, or is too detailed.
    """
    return await asyncio.to_thread(fit_mask, await source.fetch(), shown[0].size, MASK_BYTES)


async def inline_picture(source: Input) -> Picture:
    """A picture in the form that is sent inside a request."""
    return await asyncio.to_thread(fit_picture, await source.fetch(), INLINE_LIMITS)


def picture_usage(counted: Any) -> dict[Unit, int]:
    """Tokens of one response; text in the output is counted as picture, so that the cost is never too low."""
    if not counted or not counted.output_tokens:
        return {}
    details = counted.input_tokens_details
    return {
        "input_tokens": details.text_tokens if details else counted.input_tokens,
        "input_image_tokens": details.image_tokens if details else 0,
        "output_image_tokens": counted.output_tokens,
    }


def decode_picture(text: str, request: Request, offer: Offer, usage: Mapping[Unit, int]) -> bytes:
    try:
        return base64_text.decode(text)
    except ValueError:
        cost = cost_of_response(request, offer, usage)
        raise OutputUnusable(f"{VENDOR} returned a picture that is not base64", billed_usd=cost) from None


async def _download(url: str, base_url: str, path: Path) -> Path:
    """Download a picture that is already paid for.

    Raises:
        SubmissionUnknown: the download failed, and a new submission would be paid again.
    """
    try:
        return await write_stream(open_media(url, vendor=VENDOR, base_url=base_url), path)
    except ProviderError as error:
        raise SubmissionUnknown(f"{VENDOR} made the picture, but the download failed: {error}") from error
