"""What the vendors of a trial bill: one bill for each accepted submission, with the production and asset it is for."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from tests.emulators.base import Call
from workflows import keys

MARK: Final = re.compile(r"#(p\d+)\.([a-z0-9-]+)#")
"""Stands in every prompt and names its production and asset, so that a vendor's book can be held against a ledger."""
BRIEF: Final = "brief"
"""Stands for the asset in the mark of a brief; only requests of the planner have no other."""


def mark(production: str, asset_id: str) -> str:
    return f"#{production}.{asset_id}#"


@dataclass(frozen=True)
class Billed:
    """Whose a billed submission is. `seed` tells the take, where the vendor is sent one."""

    production: str
    asset_id: str
    seed: int | None = None


@dataclass(frozen=True)
class Bill:
    """One accepted submission: who charges how many USD for it, of which `surcharge_usd` exceed the vendor's own price.

    `job_id` is the vendor's job, where it is one that another attempt could find again.
    """

    vendor: str
    whose: Billed
    usd: Decimal
    surcharge_usd: Decimal = Decimal(0)
    job_id: str = ""


def whose(call: Call) -> Billed:
    """Whose a submission is, by the marks in its prompt."""
    words = call.body.decode("latin-1")
    if '"json_schema"' in words:  # a request of the planner, about a brief or a prompt
        found = MARK.search(words)
        return Billed(found[1] if found else "?", keys.PLANNER)
    seed = re.search(r'"seed":\s*(\d+)', words)
    return named(words, int(seed[1]) if seed else None)


def named(words: str, seed: int | None) -> Billed:
    marks = [m for m in MARK.finditer(words) if m[2] != BRIEF]
    return Billed(marks[-1][1], marks[-1][2], seed) if marks else Billed("?", "?", seed)
