"""Checks that the on-screen text of a brief is where the brief puts it: in the prompts of its shot, or in the cut.

A lower third is text of its shot, a title card of the first one, and an end card of the last one.
"""

from collections.abc import Sequence
from typing import Final

from activities.planning.adherence.lines import MatchedLines, said_over
from activities.planning.adherence.spoken import quotes
from activities.planning.structure.deliverable.cards import Cards
from activities.planning.structure.model import Line, Shot, Structure
from workflows.continuity.inputs import without_versions
from workflows.models import Asset, Modality, Plan

_SHOWN_CHARS: Final = 200
_NAMED: Final = 4
Span = tuple[int, int]
"""The indices of the first and the last visual of a shot."""


def visuals_of(plan: Plan) -> list[Asset]:
    """The shots of the film: videos, otherwise pictures."""
    for kind in (Modality.VIDEO, Modality.IMAGE):
        if found := [a for a in without_versions(plan.assets) if a.asset_type == kind]:
            return found
    return []


def card_problems(cards: Cards, plan: Plan) -> list[str]:
    """The title and the end line of a brief that neither a card nor the first or last shot shows."""
    visuals = visuals_of(plan)
    wanted = (("title_card", cards.title, 0), ("end_card", cards.end, len(visuals) - 1))
    return [
        f"{field}: the brief asks for “{text[:_SHOWN_CHARS]}”; set it to exactly that"
        for field, text, index in wanted
        if text and visuals and not quotes(_shown_with(plan, visuals, index), text)
    ]


def lettering_problems(structure: Structure, plan: Plan, visuals: Sequence[Asset]) -> list[str]:
    """The on-screen text of each shot that none of its prompts has.

    A shot that the plan may join or divide is where its lines are said; without lines, it is between its neighbours.
    """
    if not visuals:
        return []
    shown = [_shown_with(plan, visuals, index) for index in range(len(visuals))]
    if structure.fixes_shots:
        spans = [(index, index) for index in range(len(visuals))]
    else:
        spans = _spans(structure.shots, plan, visuals)
    return [
        _misplaced(text, visuals[first : last + 1])
        for shot, (first, last) in zip(structure.shots, spans, strict=True)
        for text in dict.fromkeys(shot.lettering)
        if not any(quotes(prompts, text) for prompts in shown[first : last + 1])
    ]


def _misplaced(text: str, visuals: Sequence[Asset]) -> str:
    names = " or ".join(repr(a.asset_id) for a in visuals[:_NAMED])
    where = f"{names} and its still" if len(visuals) <= _NAMED else "a shot"
    return f"the on-screen text “{text[:_SHOWN_CHARS]}” is not in its shot; quote it exactly in the prompts of {where}"


def _shown_with(plan: Plan, visuals: Sequence[Asset], index: int) -> str:
    """All that shows text over a shot: the prompts of its video and pictures, its lower thirds and its card."""
    visual, cut = visuals[index], plan.cut
    inputs = [a for i in visual.depends_on if (a := plan.find(i)) and a.asset_type == Modality.IMAGE]
    if (still := plan.find(f"still-{index + 1}")) and still not in inputs:
        inputs.append(still)
    texts = [a.prompt for a in (visual, *inputs)]
    texts += [each.text for each in cut.lower_thirds if each.asset_id == visual.asset_id]
    texts += [cut.title.text] if cut.title and index == 0 else []
    texts += [cut.end_card.text] if cut.end_card and index == len(visuals) - 1 else []
    return "\n".join(texts)


def _spans(shots: Sequence[Shot], plan: Plan, visuals: Sequence[Asset]) -> list[Span]:
    """For each shot of the brief, the visuals in which it may be."""
    spoken = [a for a in plan.assets if a.spoken]
    said = {a.asset_id: lines for a, lines in MatchedLines.of(shots, spoken).said}
    over = [[line for a in said_over(v, k, spoken) for line in said[a.asset_id]] for k, v in enumerate(visuals, 1)]
    own = [_indices(shot.lines, over) for shot in shots]
    return [_span(number, own, len(visuals)) for number in range(len(own))]


def _span(number: int, own: Sequence[Sequence[int]], count: int) -> Span:
    """The visuals of a shot, with those before and after it in which no other shot is heard; of a silent shot without a
    visual of its own, its neighbours."""
    earlier = [k for each in own[:number] for k in each]
    later = [k for each in own[number + 1 :] for k in each]
    if mine := own[number]:
        before = max((k for k in earlier if k < mine[0]), default=-1)
        return before + 1, min((k for k in later if k > mine[-1]), default=count) - 1
    before, after = max(earlier, default=-1), min(later, default=count)
    if before + 1 < after:
        return before + 1, after - 1
    return min(max(before, 0), after), max(before, min(after, count - 1))


def _indices(lines: Sequence[Line], over: Sequence[Sequence[Line]]) -> list[int]:
    """The indices of the visuals over which some of these lines are said."""
    return [k for k, each in enumerate(over) if any(line is other for line in lines for other in each)]
