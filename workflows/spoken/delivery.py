"""How lines of speech are said: a delivery belongs to speech alone, and translations follow that of their original.
Pure.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from pydantic import JsonValue

from workflows.models import Asset, Plan

INSTRUCTIONS: Final = "instructions"
"""The parameter by which some vendors take a delivery. In plans, the delivery has its place."""


def problem_of(asset: Asset) -> tuple[str, str] | None:
    """The field and the message of a delivery that no voice could speak by."""
    if not asset.delivery or asset.spoken:
        return None
    kind = f"{asset.role} is" if asset.asset_type == "audio" else f"{asset.asset_type.value} is"
    return f"{asset.asset_id}.delivery", f"only speech has a delivery, and {kind} not spoken; describe it in the prompt"


def with_delivery(asset: Asset) -> Asset:
    """The asset with a vendor's parameter for the delivery in the place of the delivery, unless it has one."""
    given = asset.parameters.get(INSTRUCTIONS)
    if not asset.spoken or not isinstance(given, str):
        return asset
    kept = {name: value for name, value in asset.parameters.items() if name != INSTRUCTIONS}
    return Asset.model_validate({**asset.model_dump(), "parameters": kept, "delivery": asset.delivery or given.strip()})


def given_delivery(asset: Asset, parameters: Mapping[str, JsonValue] | None) -> str | None:
    """The delivery that changed parameters give; None if they give none."""
    given = (parameters or {}).get(INSTRUCTIONS)
    return given if asset.spoken and isinstance(given, str) else None


def with_followers(assets: Sequence[Asset], before: Plan, changed: Iterable[str]) -> list[Asset]:
    """The assets, in which translations of the changed ones that had their delivery have the new one.

    Args:
        changed: Ids of the assets whose delivery an edit gives.
    """
    edited = set(changed)
    new = {a.asset_id: a.delivery for a in assets if a.asset_id in edited}

    def follows(asset: Asset) -> bool:
        original = before.find(asset.translates) if asset.translates in new else None
        return original is not None and asset.asset_id not in edited and asset.delivery == original.delivery

    return [
        a.model_copy(update={"delivery": new[a.translates], "quote": None})
        if follows(a) and a.delivery != new[a.translates]
        else a
        for a in assets
    ]
