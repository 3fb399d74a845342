"""The length of a shot that depends on its narration: chosen when the narration exists. Pure; times are seconds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from pydantic import JsonValue

from workflows.continuity.inputs import EXTEND, made_as, replacements, sources_of, versions_of, without_versions
from workflows.events import AssetState, AssetStatus
from workflows.models import LENGTHS, Asset, Modality, Plan

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


def chosen_length(plan: Plan, states: Mapping[str, AssetState], asset: Asset) -> float | None:
    """The length of a shot by the narrations that exist; None where there is nothing to choose.

    An extension gets what its source leaves of the narrations of both.

    Args:
        asset: As the model makes it that is in use; its quote has the lengths.
    """
    if asset.quote is None or not asset.quote.lengths:
        return None
    sources = sources_of(asset, plan.by_id)
    shot = sources[-1] if sources else asset
    spoken = sum(
        seconds * _share(plan, shot, voice)
        for voice in voices_of(asset, plan.by_id)
        if (seconds := _take_seconds(states.get(voice.asset_id)))
    )
    shown = (_take_seconds(states.get(sources[0].asset_id)) or sources[0].number(*LENGTHS) or 0.0) if sources else 0.0
    return nearest_length(asset.quote.lengths, max(asset.number(PLANNED) or 0.0, spoken - shown))


def with_length(asset: Asset, seconds: float | None) -> Asset:
    """The asset as it is sent to its model, with the chosen length."""
    if seconds is None:
        return asset
    kept: dict[str, JsonValue] = {n: v for n, v in asset.parameters.items() if n != AT_MOST}
    whole = int(seconds) if float(seconds).is_integer() else seconds
    return asset.model_copy(update={"parameters": {**kept, PLANNED: whole}})


def voices_of(asset: Asset, known: Mapping[str, Asset]) -> list[Asset]:
    """The narrations that are spoken over a shot: those that it, or what it is a version of, depends on."""
    chain = [asset, *sources_of(asset, known)]
    needs = dict.fromkeys(i for each in chain for i in each.depends_on)
    return [v for i in needs if (v := known.get(i)) and v.spoken]


def narrated_shots(plan: Plan, voice: Asset) -> list[str]:
    """The ids of the shots over which a narration is spoken, in plan order; versions are not counted again."""
    shots = (a for a in plan.used_by.get(voice.asset_id, ()) if a.asset_type is Modality.VIDEO)
    return list(dict.fromkeys([a, *sources_of(a, plan.by_id)][-1].asset_id for a in shots))


def lengths_in_film(plan: Plan) -> dict[str, float | None]:
    """Id of each shot of the film -> its planned length with its extensions; None where it is unknown."""
    lengths = shown_lengths(plan.assets)
    return {shot.asset_id: lengths[shot.asset_id] for shot in plan.shots if shot.asset_id in lengths}


def shown_lengths(assets: Iterable[Asset]) -> dict[str, float | None]:
    """Id of each asset with a place of its own -> its planned length with its extensions; None where it is unknown."""
    known = {a.asset_id: a for a in assets}
    versions = replacements(known.values())
    return {a.asset_id: _with_versions(a, versions, known) for a in without_versions(known.values())}


def video_lengths(plan: Plan, own: Callable[[Asset], float]) -> list[float]:
    """The length of each video of the film with its extensions, in plan order.

    Args:
        own: The length of one video, or what an extension adds.
    """
    versions = replacements(plan.assets)
    placed = (a for a in without_versions(plan.assets) if a.asset_type is Modality.VIDEO)
    chains = ([a, *(plan.by_id[i] for i in versions_of(a.asset_id, versions))] for a in placed)
    return [own(first) + sum(own(a) for a in later if made_as(a) == EXTEND) for first, *later in chains]


def _with_versions(shot: Asset, versions: Mapping[str, str], known: Mapping[str, Asset]) -> float | None:
    seconds = shot.number(*LENGTHS)
    for version in versions_of(shot.asset_id, versions):
        added = known[version].number(*LENGTHS) if made_as(known[version]) == EXTEND else 0.0
        seconds = None if seconds is None or added is None else seconds + added
    return seconds


def _share(plan: Plan, shot: Asset, voice: Asset) -> float:
    """The part of a narration that is spoken over one of its shots: by their planned lengths, or equal parts."""
    shots = narrated_shots(plan, voice)
    planned = {i: plan.by_id[i].number(PLANNED) or 0.0 for i in shots}
    if shot.asset_id not in planned or not all(planned.values()):
        return 1 / max(len(shots), 1)
    return planned[shot.asset_id] / sum(planned.values())


def _take_seconds(state: AssetState | None) -> float | None:
    """The length of the take in use."""
    if state is None or state.status is AssetStatus.CANCELLED or state.take is None:
        return None
    return state.take.media.duration_seconds
