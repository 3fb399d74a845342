"""Before a plan is approved: does what is said fit what is seen? Times are seconds."""

from collections.abc import Mapping, Sequence
from typing import Final

from activities.finishing.timeline import UNSPOKEN_ROLES
from activities.providers.protocol import Provider
from activities.providers.selection import offer_of
from activities.text.speech import speech_seconds
from workflows.models import Asset, Modality

TOLERANCE: Final = 1.15
"""The length of speech is an estimate, and voices differ by as much."""


def overruns(assets: Sequence[Asset], providers: Mapping[str, Provider]) -> list[str]:
    """A warning for each narration that takes longer than its shots, whose last frame would be held for it.

    Its shots are those that name it, or that it names. Narration without any is held against the whole film.
    """
    shots = [a for a in assets if a.asset_type == Modality.VIDEO]
    spoken = [a for a in assets if a.asset_type == Modality.AUDIO and a.role not in UNSPOKEN_ROLES]
    lasts = {shot.asset_id: _seconds(shot, providers) for shot in shots}
    found, whole = [], 0.0
    for voice in spoken:
        seconds = speech_seconds(voice.prompt)
        own = [s for s in shots if voice.asset_id in s.depends_on or s.asset_id in voice.depends_on]
        if not own:
            whole += seconds
        elif problem := _too_long(seconds, [lasts[s.asset_id] for s in own]):
            found.append(f"{voice.asset_id} takes {problem}; shorten it, or lengthen {_names(own)}")
    if whole and shots and (problem := _too_long(whole, [*lasts.values()])):
        found.append(f"the narration takes {problem}; shorten it, or lengthen the shots")
    return found


def _too_long(spoken: float, shots: Sequence[float | None]) -> str:
    """What is wrong, or nothing; a shot of None is as long as what is said over it."""
    known = [s for s in shots if s is not None]
    if len(known) < len(shots) or spoken <= sum(known) * TOLERANCE:
        return ""
    what = "its shot lasts" if len(shots) == 1 else "its shots last"
    return f"about {spoken:.0f} s to say, and {what} {sum(known):g} s: the last frame is held for it"


def _seconds(shot: Asset, providers: Mapping[str, Provider]) -> float | None:
    """How long a shot is planned to be; None where its model fits it to what is said, or where nobody knows."""
    provider = providers.get(shot.provider)
    offer = offer_of(provider, shot.model, shot.asset_type) if provider else None
    rule = offer.rules.get("seconds") if offer else None
    value = shot.parameters.get("seconds", rule.default if rule else None)
    try:
        return float(str(value))
    except ValueError:
        return None


def _names(shots: Sequence[Asset]) -> str:
    return " and ".join(shot.asset_id for shot in shots)
