"""The picture sizes that OpenAI accepts: the SDK's types/image_generate_params.py (3.51)."""

import math
import re
from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from activities.catalogue.offers import Offer
from activities.errors import InvalidRequest
from activities.providers.protocol import Request
from workflows.brief import Aspect

SIZES: Final[Mapping[Aspect, str]] = {
    "16:9": "1536x864",
    "9:16": "864x1536",
    "1:1": "1024x1024",
    "4:3": "1408x1056",
    "3:4": "1056x1408",
    "4:5": "1024x1280",
    "21:9": "1792x768",
}
"""For models that accept any size: multiples of 16, and no larger than the default size that prices are based on."""
STEP: Final = 16
MAX_RATIO: Final = 3
LONGEST, MOST_PIXELS = 3_840, 3_840 * 2_160


def size_of(request: Request, offer: Offer) -> str:
    """The asset's size, otherwise the model's size that is nearest to the brief's aspect.

    Raises:
        InvalidRequest: the vendor does not accept the size.
    """
    choices, given = offer.rules["size"].choices, request.asset.parameters.get("size")
    if given is None:
        if not choices:
            return SIZES[request.aspect]
        width, height = (int(n) for n in request.aspect.split(":"))
        sizes = [(int(w), int(h)) for w, h in (c.split("x") for c in choices if "x" in c)]
        w, h = min(sizes, key=lambda s: (abs(math.log(s[0] / s[1] * height / width)), -s[0] * s[1]))
        return f"{w}x{h}"
    if given == "auto" or given in choices:
        return str(given)
    if not (problem := size_problem(given)):
        return str(given)
    raise InvalidRequest(f"parameters.size: {given!r} {problem}; give e.g. {SIZES[request.aspect]!r} or 'auto'")


def size_problem(given: JsonValue) -> str:
    """What is wrong with a free size; empty if the vendor accepts it."""
    found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", given, re.ASCII) if isinstance(given, str) else None
    width, height = (int(n) for n in found.groups()) if found else (0, 0)
    if not width or not height:
        return "is not WIDTHxHEIGHT in pixels"
    if width % STEP or height % STEP:
        return f"is not a multiple of {STEP} pixels each way"
    if max(width, height) > MAX_RATIO * min(width, height):
        return f"is longer than {MAX_RATIO}:1"
    if max(width, height) > LONGEST or width * height > MOST_PIXELS:
        return "is larger than 3840x2160"
    return ""
