"""The length of a shot that depends on its narration: chosen when the narration exists. Pure; times are seconds."""

from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import JsonValue

from workflows.events import AssetState, AssetStatus
from workflows.models import Asset, Modality, Plan, Take

AT_MOST: Final = "at_most"
"""The parameter of a shot with the longest length that its narration may choose; it bounds the price."""
PLANNED: Final = "seconds"
"""The parameter with the shortest length, and in the request to the model with the chosen one."""
ROUNDING: Final = 0.01
"""By which a narration may be longer than the shot that holds it."""


def nearest_length(lengths: Sequence[float], seconds: float) -> float:
    """The shortest of these lengths that holds a narration of `seconds`; the longest where none does."""
    holding = [each for each in lengths if each >= seconds - ROUNDING]
    return min(holding) if holding else max(lengths)


def chosen_length(
    plan: Plan, states: Mapping[str, AssetState], asset: Asset, made_with: Mapping[str, int] | None = None
) -> float | None:
    """The length of a shot by the narrations that exist; None where there is nothing to choose.

    Args:
        asset: As the model makes it that is in use; its quote has the lengths.
        made_with: The numbers of the takes to measure; without it, those in use.
    """
    if asset.quote is None or not asset.quote.lengths:
        return None
    voices = [v for i in asset.depends_on if (v := plan.find(i)) and v.spoken]
    spoken = sum(
        take.media.duration_seconds * _share(plan, asset, voice)
        for voice in voices
        if (take := _take(states.get(voice.asset_id), made_with, voice.asset_id)) and take.media.duration_seconds
    )
    return nearest_length(asset.quote.lengths, max(asset.number(PLANNED) or 0.0, spoken))


def with_length(asset: Asset, seconds: float | None) -> Asset:
    """The asset as it is sent to its model, with the chosen length."""
    if seconds is None:
        return asset
    kept: dict[str, JsonValue] = {n: v for n, v in asset.parameters.items() if n != AT_MOST}
    whole = int(seconds) if float(seconds).is_integer() else seconds
    return asset.model_copy(update={"parameters": {**kept, PLANNED: whole}})


def narrated_shots(plan: Plan, voice: Asset) -> list[Asset]:
    """The shots that depend on a narration, in plan order."""
    return [a for a in plan.used_by.get(voice.asset_id, ()) if a.asset_type is Modality.VIDEO]


def _share(plan: Plan, shot: Asset, voice: Asset) -> float:
    """The part of a narration that is spoken over one of its shots: by their planned lengths, or equal parts."""
    shots = narrated_shots(plan, voice)
    planned = [each.number(PLANNED) or 0.0 for each in shots]
    if shot.asset_id not in [each.asset_id for each in shots] or not all(planned):
        return 1 / max(len(shots), 1)
    own = next(p for each, p in zip(shots, planned, strict=True) if each.asset_id == shot.asset_id)
    return own / sum(planned)


def _take(state: AssetState | None, made_with: Mapping[str, int] | None, asset_id: str) -> Take | None:
    if state is None or state.status is AssetStatus.CANCELLED:
        return None
    if made_with is None:
        return state.take
    return next((t for t in state.takes if t.number == made_with.get(asset_id)), None)
