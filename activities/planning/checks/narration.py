"""Checks before a plan is approved: each narration fits its shots, and its voice can read it. Times are seconds."""

from collections.abc import Mapping, Sequence
from typing import Final

from activities.providers.protocol import Provider, Unreadable
from activities.providers.selection import find_offer
from activities.text.speech import speech_seconds
from workflows.continuity.inputs import without_versions
from workflows.models import Asset, Modality

NAMED: Final = 6
"""Assets and characters in a warning; further ones are counted."""
TOLERANCE: Final = 1.15
"""By which speech may be longer than its shots: its length is an estimate, and voices differ by as much."""


def overruns(assets: Sequence[Asset], providers: Mapping[str, Provider]) -> list[str]:
    """A warning for each narration that is longer than its shots, whose last frame would be held for it.

    Its shots are those that depend on it, or that it depends on. Narrations without shots are compared with the whole
    film.
    """
    shots = [a for a in without_versions(assets) if a.asset_type == Modality.VIDEO]
    spoken = [a for a in assets if a.spoken]
    lasts = {shot.asset_id: _seconds(shot, providers) for shot in shots}
    by_id = {a.asset_id: a for a in spoken}
    found, whole = [], dict[str, float]()
    for voice in spoken:
        seconds = speech_seconds(voice.prompt)
        original = by_id.get(voice.translates, voice)
        own = [s for s in shots if original.asset_id in s.depends_on or s.asset_id in original.depends_on]
        if not own:
            whole[voice.language] = whole.get(voice.language, 0.0) + seconds
        elif problem := _too_long(seconds, [lasts[s.asset_id] for s in own]):
            found.append(f"{voice.asset_id} takes {problem}; shorten it, or lengthen {_names(own)}")
    for language, seconds in whole.items():
        if shots and (problem := _too_long(seconds, [*lasts.values()])):
            which = f" in {language}" if language else ""
            found.append(f"the narration{which} takes {problem}; shorten it, or lengthen the shots")
    return found


def unread(assets: Sequence[Asset], providers: Mapping[str, Provider], language: str) -> list[str]:
    """A warning for the narrations that a voice cannot read, with what it does instead."""
    found: dict[tuple[str, str, bool], list[tuple[str, Unreadable]]] = {}
    for asset in assets:
        provider = providers.get(asset.provider)
        problem = provider.unreadable(asset, asset.language or language) if provider and asset.spoken else None
        if problem:
            group = found.setdefault((asset.model, problem.voice, problem.silent), [])
            group.append((asset.asset_id, problem))
    warnings = []
    for (model, voice, silent), group in found.items():
        names = [name for name, _ in group]
        characters = "".join(dict.fromkeys(c for _, problem in group for c in problem.characters))
        shown = characters[:NAMED] + ("…" if len(characters) > NAMED else "")
        are, their = ("it is", "its") if len(names) == 1 else ("they are", "their")
        effect = f"silent, and only {their} captions show the text" if silent else "spoken without that"
        warnings.append(
            f"{list_some(names)}: {voice} ({model}) cannot read “{shown}”, so {are} {effect}; choose a "
            "model that reads this script, or set parameters.voice to a language whose script it is"
        )
    return warnings


def list_some(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"


def _too_long(spoken: float, shots: Sequence[float | None]) -> str:
    """The problem, or an empty text; a shot of None is as long as its narration."""
    known = [s for s in shots if s is not None]
    if len(known) < len(shots) or spoken <= sum(known) * TOLERANCE:
        return ""
    last = "its shot lasts" if len(shots) == 1 else "its shots last"
    return f"about {spoken:.0f} s to say, and {last} {sum(known):g} s: the last frame is held for it"


def _seconds(shot: Asset, providers: Mapping[str, Provider]) -> float | None:
    """The longest length that a shot may get; None where its model fits it to the narration, or where it is unknown."""
    if shot.quote and shot.quote.lengths:
        return max(shot.quote.lengths)
    provider = providers.get(shot.provider)
    offer = find_offer(provider, shot.model, shot.asset_type) if provider else None
    rule = offer.rules.get("seconds") if offer else None
    value = shot.parameters.get("seconds", rule.default if rule else None)
    try:
        return float(str(value))
    except ValueError:
        return None


def _names(shots: Sequence[Asset]) -> str:
    return " and ".join(shot.asset_id for shot in shots)
