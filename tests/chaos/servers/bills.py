"""The bills of a trial's vendors: one for each accepted submission, with its production and asset."""

import base64
import io
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from PIL import Image

from tests.emulators.base import Call
from workflows import keys

MARK: Final = re.compile(r"#(p\d+)\.([a-z0-9-]+)#")
"""Part of every prompt: names its production and asset, so that a bill can be compared with a ledger."""
PICTURE: Final = re.compile(r"data:image/[a-z]+;base64,([A-Za-z0-9+/=]+)")
BRIEF: Final = "brief"
"""Replaces the asset in the mark of a brief; only requests of the planner have no other mark."""


def mark(production: str, asset_id: str) -> str:
    return f"#{production}.{asset_id}#"


@dataclass(frozen=True)
class Billed:
    """The asset of a billed submission; `seed` identifies the take, if one is sent to the vendor."""

    production: str
    asset_id: str
    seed: int | None = None


@dataclass(frozen=True)
class Bill:
    """One accepted submission: its vendor and its cost in USD, of which `surcharge_usd` exceed the vendor's own price.

    `job_id` is the vendor's job, if another attempt could find it.
    """

    vendor: str
    owner: Billed
    usd: Decimal
    surcharge_usd: Decimal = Decimal(0)
    job_id: str = ""


def billed_to(call: Call) -> Billed:
    """The asset of a submission, according to the marks in its prompt."""
    words = call.body.decode("latin-1")
    if '"json_schema"' in words:  # a request of the planner, about a brief or a prompt
        found = MARK.search(words)
        return Billed(found[1] if found else shown_in(words), keys.PLANNER)
    seed = re.search(r'"seed":\s*(\d+)', words)
    return named(words, int(seed[1]) if seed else None)


def picture_of(production: str) -> bytes:
    """The picture of a brief: its colour names the production, since the question about it has no other mark."""
    buffer = io.BytesIO()
    Image.new("RGB", (96, 64), (10 * int(production[1:]), 200, 40)).save(buffer, "PNG")
    return buffer.getvalue()


def shown_in(words: str) -> str:
    """The production whose picture a request shows; "?" if it shows none."""
    found = PICTURE.search(words)
    if not found:
        return "?"
    with Image.open(io.BytesIO(base64.b64decode(found[1]))) as picture:
        red = picture.convert("RGB").resize((1, 1)).tobytes()[0]
    return f"p{round(red / 10)}"


def named(words: str, seed: int | None) -> Billed:
    marks = [m for m in MARK.finditer(words) if m[2] != BRIEF]
    return Billed(marks[-1][1], marks[-1][2], seed) if marks else Billed("?", "?", seed)
