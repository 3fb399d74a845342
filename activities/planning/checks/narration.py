"""Checks before a plan is approved: each narration fits its shots, and its voice can read it. Times are seconds."""

from collections.abc import Mapping, Sequence
from typing import Final

from activities.catalogue.offers import Offer
from activities.finishing.timeline import LEAST_SPEED, MOST_SPEED
from activities.planning.checks.lengths import film_lengths
from activities.providers.protocol import Provider, Unreadable
from activities.text.speech import speech_seconds
from workflows.continuity.inputs import final_version, replacements, versions_of, without_versions
from workflows.models import Asset, Modality

NAMED: Final = 6
"""Assets and characters in a warning; further ones are counted."""
TOLERANCE: Final = MOST_SPEED
"""By which speech may be longer than its shots: its length is an estimate, and it is played as much faster."""


def overruns(assets: Sequence[Asset], providers: Mapping[str, Provider]) -> list[str]:
    """A warning for each narration that is longer than its shots, which are played slower or held for it.

    Its shots are those that depend on it, or that it depends on. Narrations without shots are compared with the whole
    film.
    """
    shots = [a for a in without_versions(assets) if a.asset_type == Modality.VIDEO]
    spoken = [a for a in assets if a.spoken]
    lasts = _longest(assets, shots, providers)
    by_id = {a.asset_id: a for a in spoken}
    needs = _needs(assets, shots)
    found, whole = [], dict[str, float]()
    for voice in spoken:
        seconds = speech_seconds(voice.prompt)
        original = by_id.get(voice.translates, voice)
        own = [s for s in shots if original.asset_id in needs[s.asset_id] or s.asset_id in original.depends_on]
        if not own:
            whole[voice.language] = whole.get(voice.language, 0.0) + seconds
        elif problem := _too_long(seconds, [lasts[s.asset_id] for s in own]):
            found.append(f"{voice.asset_id} takes {problem}; shorten it, or lengthen {_names(own)}")
    for language, seconds in whole.items():
        if shots and (problem := _too_long(seconds, [*lasts.values()])):
            which = f" in {language}" if language else ""
            found.append(f"the narration{which} takes {problem}; shorten it, or lengthen the shots")
    return found


def _needs(assets: Sequence[Asset], shots: Sequence[Asset]) -> dict[str, set[str]]:
    """Id of a shot -> what it or one of its versions depends on."""
    known, versions = {a.asset_id: a for a in assets}, replacements(assets)
    chains = {s.asset_id: [s.asset_id, *versions_of(s.asset_id, versions)] for s in shots}
    return {shot: {need for each in chain for need in known[each].depends_on} for shot, chain in chains.items()}


def _longest(
    assets: Sequence[Asset], shots: Sequence[Asset], providers: Mapping[str, Provider]
) -> dict[str, float | None]:
    """Id of a shot -> the longest length that the film may show of it; None where its narration decides it."""
    known, versions = {a.asset_id: a for a in assets}, replacements(assets)
    shown = {s.asset_id: known[final_version(s.asset_id, versions)] for s in shots}
    lasts = {shot: film_lengths(version, known, providers) for shot, version in shown.items()}
    return {shot: each.most if each else None for shot, each in lasts.items()}


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


def cut_lines(lines: Sequence[str], voice: Offer) -> list[str]:
    """A warning for the lines of a film, one a shot, that are longer than its voice takes: they lose their ends."""
    long = [f"narration-{k}" for k, line in enumerate(lines, start=1) if not voice.fits(line)]
    if not long:
        return []
    problem = f"{voice.model} takes at most {voice.max_prompt} characters, and the rest of the words is left out"
    return [f"{list_some(long)}: {problem}; enable another voice, or divide the shot"]


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
    done = "the last frame is held for it"
    if spoken <= sum(known) * MOST_SPEED / LEAST_SPEED:
        done = "it is played faster, and the shots slower"
    return f"about {spoken:.0f} s to say, and {last} {sum(known):g} s: {done}"


def _names(shots: Sequence[Asset]) -> str:
    return " and ".join(shot.asset_id for shot in shots)
