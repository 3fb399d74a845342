"""What a take was made from, and whether that is still what the plan and its inputs say: pure, by digests of content.

A take is stale when its asset's prompt, delivery, model, parameters or dependencies were changed since, or when an
input of it is another content now, or is itself stale; when a person corrected what was read in a reference that its
prompt uses; a narration in a further language when the one that it translates says something else. A narration that
only chooses the length of a shot makes it stale where it needs another one. A title or an order is nothing that a take
is made from, nor is the place of music, effects or ambience in the film: the shots and the time at which they sound.
"""

from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from workflows.continuity.lengths import PLANNED, chosen_length, voices_of
from workflows.events import AssetState, AssetStatus
from workflows.models import PLACE, UNSPOKEN_ROLES, UPLOAD, Asset, Modality, Plan, Take, digest_of
from workflows.spoken.languages import is_outdated

_INPUT: Final = "input:"
"""No asset can be called so: an id has no colon."""
_PARTS: Final = ("prompt", "delivery", "model", "parameters", "depends_on")
_SHORT: Final = 16
"""Hex characters of a digest: 64 bits tell the versions of one prompt apart, and 1,000 takes stay small."""


def spec(asset: Asset) -> dict[str, str]:
    """The digests of what an asset asks for, as its own model makes it."""
    said = {"delivery": _short(asset.delivery)} if asset.delivery else {}
    return {
        **said,
        "prompt": _short(asset.prompt),
        "model": f"{asset.provider}/{asset.model}",
        "parameters": _short(_made_by(asset)),
        "depends_on": _short([*sorted(asset.depends_on), *_frames(asset)]),
    }


def made_from(asset: Asset, take: Take, states: Mapping[str, AssetState]) -> dict[str, str]:
    """What a new take of the asset was made from; of a person's own file nothing.

    The content of an input that two takes share is the same, so it is known by its own digest and not by its number.
    """
    if take.provider == UPLOAD:
        return {}
    maker = next((m for m in _makers(asset) if (m.provider, m.model) == (take.provider, take.model)), asset)
    found = spec(maker)
    for asset_id, number in take.inputs.items():
        takes = states[asset_id].takes if asset_id in states else ()  # a reference stays what it is
        if source := next((t for t in takes if t.number == number), None):
            found[f"{_INPUT}{asset_id}"] = source.media.content_sha256[:_SHORT]
    return found


Reasons = tuple[str, ...]


def reasons(plan: Plan, states: Mapping[str, AssetState], asset_id: str) -> Reasons:
    """Why the take in use is stale: prompt, delivery, model, parameters, depends_on, or the ids of inputs.

    It is empty where the take is not stale. Whether an input is stale is taken as its state says: ask for inputs first.
    """
    state, asset = states[asset_id], plan.find(asset_id)
    take = state.take
    if take is None or asset is None or take.provider == UPLOAD:
        return ()
    inputs = [i for i in take.inputs if i in states and _changed(states[i], take, i)]
    missed = [i for i in asset.depends_on if i not in take.inputs and _usable(states.get(i))]
    if timing := _timed_by(asset, take):
        # The model does not get these: the shot is stale only where they need another length.
        fits = chosen_length(plan, states, timing) == take.parameters.get(PLANNED)
        voices = {v.asset_id for v in plan.assets if v.spoken} if fits else ()
        inputs, missed = ([i for i in ids if i not in voices] for ids in (inputs, missed))
        if not fits and not inputs and not missed:  # an extension: the narration is an input of its source
            missed = [v.asset_id for v in voices_of(timing, plan.by_id) if v.asset_id not in asset.depends_on]
    if asset.sound in UNSPOKEN_ROLES:
        places = {a.asset_id for a in plan.assets if a.asset_type in (Modality.IMAGE, Modality.VIDEO)}
        inputs, missed = ([i for i in ids if i not in places] for ids in (inputs, missed))
    said = [asset.translates] if is_outdated(plan, asset) else []
    return (*_own(asset, state.settled or take.made_from), *inputs, *missed, *said, *state.corrected)


def _timed_by(asset: Asset, take: Take) -> Asset | None:
    """The asset as its take's model makes it, if its narration only chooses its length."""
    maker = next((m for m in _makers(asset) if (m.provider, m.model) == (take.provider, take.model)), asset)
    return maker if maker.quote and maker.quote.lengths else None


def _made_by(asset: Asset) -> dict[str, JsonValue]:
    """The parameters without the time at which a sound is placed in the film."""
    return {n: v for n, v in asset.parameters.items() if n != PLACE or asset.sound not in UNSPOKEN_ROLES}


def _frames(asset: Asset) -> list[str]:
    """What a shot continues and ends with; nothing for all others, whose digests stay as they were."""
    return [f"{name}:{i}" for name in ("continues", "last_frame") if (i := getattr(asset, name))]


def _own(asset: Asset, was: Mapping[str, str]) -> list[str]:
    if not was:
        return []
    maker = next((m for m in _makers(asset) if f"{m.provider}/{m.model}" == was["model"]), None)
    now = spec(maker or asset)
    return [part for part in _PARTS if now.get(part) != was.get(part)]


def _changed(state: AssetState, take: Take, asset_id: str) -> bool:
    """Whether an input is another content now, or stale; from one that was left out since, nothing newer comes."""
    if not _usable(state) or state.take is None:
        return False
    return state.take.media.content_sha256[:_SHORT] != take.made_from.get(f"{_INPUT}{asset_id}") or state.stale


def _usable(state: AssetState | None) -> bool:
    return state is not None and state.take is not None and state.status is not AssetStatus.CANCELLED


def _makers(asset: Asset) -> list[Asset]:
    return [asset.made_by(number) for number in range(len(asset.fallbacks) + 1)]


def _short(content: object) -> str:
    return digest_of(content)[:_SHORT]
