"""The input of a model on Replicate: its prompt, our seed, its parameters and the input pictures."""

import asyncio
from typing import Final

from pydantic import JsonValue

from activities.catalogue.offers import Offer
from activities.providers.data_uri import picture_uri
from activities.providers.http_failures import default_of
from activities.providers.picture_inputs import Limits
from activities.providers.protocol import Request
from workflows.models import Modality

DATA_URI_CHARS: Final = 256 * 1024 * 4 // 3
"""The OpenAPI allows data URIs for files of at most 256 KB."""
REFERENCE_PIXELS: Final = 1_000_000
"""Flux bills input pictures by the megapixel; the catalogue's price is for references of one megapixel."""
LIMITS: Final = Limits(DATA_URI_CHARS, max_pixels=REFERENCE_PIXELS)
REFERENCES: Final = {"black-forest-labs/flux-1.1-pro": 1, "black-forest-labs/flux-2-pro": 2}
"""The number of pictures that a model gets; flux-2-pro accepts eight, but the catalogue's price covers two."""
SEEDED: Final = frozenset({*REFERENCES, "stability-ai/stable-audio-2.5"})
"""Models that get our seed, by which a lost prediction is found."""


def text_inputs(request: Request, offer: Offer) -> dict[str, JsonValue]:
    """The input except pictures: the same for every attempt at a take."""
    asset = request.asset
    ours: dict[str, JsonValue]
    if asset.model not in REFERENCES:
        ours = {"seed": request.seed} if asset.model in SEEDED else {}
        return {**ours, "prompt": asset.prompt, **asset.parameters}
    aspect = "16:9" if request.aspect == "21:9" else request.aspect  # the widest that the API pages list
    ours = {"aspect_ratio": aspect, "output_format": "png"}
    # Parameters that decide the price are sent, not left to the vendor's default.
    ours |= {name: default for r in offer.rates for name in r.when if (default := default_of(offer, name))}
    return {**ours, **asset.parameters, "prompt": asset.prompt, "seed": request.seed}


async def picture_inputs(request: Request) -> dict[str, JsonValue]:
    """The input pictures, under the name of the model's parameter."""
    shown = request.inputs_of(Modality.IMAGE)[: REFERENCES.get(request.asset.model, 1)]
    uris = [await asyncio.to_thread(picture_uri, await each.fetch(), LIMITS) for each in shown]
    match request.asset.model:
        case _ if not uris:
            return {}
        case "black-forest-labs/flux-1.1-pro":
            return {"image_prompt": uris[0]}
        case "black-forest-labs/flux-2-pro":
            return {"input_images": list(uris)}
        case _:
            return {"image": uris[0]}
