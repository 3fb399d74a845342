"""Checks that a language model's film keeps the shots, lines and on-screen text that the brief lists itself."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final

from pydantic import JsonValue

from activities.planning.adherence.lines import MatchedLines, line_problems, said_over
from activities.planning.adherence.on_screen import card_problems, lettering_problems, visuals_of
from activities.planning.adherence.spoken import says, words_of
from activities.planning.structure.deliverable.cards import Cards
from activities.planning.structure.model import Shot, Structure
from workflows.models import Asset, Modality, Plan

LENGTH_TOLERANCE: Final = 0.05
WHOLE_SECONDS: Final = 0.5
"""Models make whole seconds."""
MAX_PROBLEMS: Final = 12


def structure_data(structure: Structure) -> dict[str, JsonValue]:
    """The structure as data for a prompt."""
    shots: list[JsonValue] = []
    for shot in structure.shots:
        each: dict[str, JsonValue] = {"number": shot.number, "seen": shot.description}
        if shot.place or shot.framing:
            each["framing"] = " ".join(filter(None, (shot.place, shot.framing)))
        if shot.seconds:
            each["seconds"] = shot.seconds
        each["say"] = [
            {k: v for k, v in (("text", x.text), ("speaker", x.speaker), ("direction", x.direction)) if v}
            for x in shot.lines
        ]
        each["show"] = list(shot.lettering)
        if shot.sounds:
            each["hear"] = [{"role": cue.role, "text": cue.text} for cue in shot.sounds]
        shots.append(each)
    return {"form": structure.form, "title": structure.title, "shots": shots}


def film_problems(
    structure: Structure | None, cards: Cards, plan: Plan, seconds: Sequence[float], language: str
) -> list[str]:
    """How a plan departs from the brief's own shots and cards, each with the remedy.

    Args:
        seconds: The planned length of each video, in plan order.
        language: BCP 47 tag of what is said.
    """
    problems = card_problems(cards, plan)
    return [*problems, *_structure_problems(structure, plan, seconds, language)] if structure else problems


def _structure_problems(structure: Structure, plan: Plan, seconds: Sequence[float], language: str) -> list[str]:
    spoken = [a for a in plan.assets if a.spoken]
    visuals = visuals_of(plan)
    problems: list[str] = []
    if structure.fixes_shots and visuals and len(visuals) != len(structure.shots):
        return [
            f"assets: the brief lists {len(structure.shots)} shots, and {len(visuals)} are planned; plan each shot of "
            "`structure` once, in its order"
        ]
    if any(a.asset_type == Modality.AUDIO for a in plan.assets):
        if structure.fixes_shots and visuals:
            problems += _shot_lines(structure.shots, spoken, visuals, language)
        else:
            wanted = " ".join(text for shot in structure.shots for text in shot.spoken)
            problems += _departures("the narration", wanted, " ".join(a.prompt for a in spoken), language)
        problems = problems or line_problems(MatchedLines.of(structure.shots, spoken))
    if structure.fixes_shots and visuals:
        problems += _lengths(structure.shots, visuals, seconds)
    problems += lettering_problems(structure, plan, visuals)
    return problems[:MAX_PROBLEMS]


def _shot_lines(shots: Sequence[Shot], spoken: Sequence[Asset], visuals: Sequence[Asset], language: str) -> list[str]:
    """For each shot, how what is said over it departs from the brief."""
    problems, used = [], set[str]()
    for k, (shot, visual) in enumerate(zip(shots, visuals, strict=True), start=1):
        own = said_over(visual, k, spoken)
        used |= {a.asset_id for a in own}
        said = " ".join(a.prompt for a in own)
        problems += _departures(f"shot {k}", " ".join(shot.spoken), said, language)
    problems += [
        f"asset {a.asset_id!r}: it belongs to no shot; let the shot that it is said over depend on it, or drop it"
        for a in spoken
        if a.asset_id not in used
    ]
    return problems


def _departures(where: str, wanted: str, given: str, language: str) -> list[str]:
    """How spoken words differ: left out, invented, changed or in another order. Numbers may be spelled out."""
    ours, theirs = words_of(wanted), words_of(given)
    left_out, invented = [], []
    for tag, i, j, m, n in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if tag != "equal" and not says(ours[i:j], theirs[m:n], language):
            left_out.append(" ".join(ours[i:j]))
            invented.append(" ".join(theirs[m:n]))
    parts = []
    if lost := "; ".join(filter(None, left_out)):
        parts.append(f"leaves out or moves “{lost[:200]}”")
    if new := "; ".join(filter(None, invented)):
        parts.append(f"adds “{new[:200]}”")
    if not parts:
        return []
    remedy = f"say exactly “{wanted[:600]}”" if wanted else "say nothing there: plan no narration for it"
    return [f"{where}: the narration {' and '.join(parts)}; {remedy}"]


def _lengths(shots: Sequence[Shot], visuals: Sequence[Asset], seconds: Sequence[float]) -> list[str]:
    if len(seconds) != len(shots):
        return []
    return [
        f"asset {a.asset_id!r}: it lasts {given:g} seconds, and the brief gives shot {shot.number} {shot.seconds:g}"
        for a, shot, given in zip(visuals, shots, seconds, strict=True)
        if shot.seconds and abs(given - shot.seconds) > max(WHOLE_SECONDS, LENGTH_TOLERANCE * shot.seconds)
    ]
