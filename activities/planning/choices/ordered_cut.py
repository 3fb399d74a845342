"""What the words of a brief order of a film's cut, whoever plans it: versions, subtitles in the picture, a legal line."""

from typing import Final

from activities.planning.adherence.on_screen import visuals_of
from activities.planning.structure.cards import asked_destinations
from activities.planning.structure.delivered.formats import asked_formats
from activities.planning.task import PlanningTask
from workflows.brief import Platform
from workflows.cut import Card, Cut, LowerThird
from workflows.models import Plan

MOST_RENDITIONS: Final = 12
MOST_THIRD_SECONDS: Final = 20.0
_AFTER_START: Final = 0.5


def with_ordered_cut(plan: Plan, task: PlanningTask) -> Plan:
    """The plan of a film whose cut has what the brief orders, with warnings of what it cannot have."""
    if task.brief.platform is not Platform.VIDEO or not visuals_of(plan):
        return plan
    formats = asked_formats(task.brief.text)
    destinations, problems = asked_destinations(task.brief.text, task.seconds)
    further = [each for each in formats.aspects if each != task.brief.aspect]
    names = tuple(dict.fromkeys((*plan.cut.renditions, *destinations, *further)))
    update: dict[str, object] = {"renditions": names[:MOST_RENDITIONS]}
    if formats.burned_captions and plan.cut.captions == "sidecar":
        update["captions"] = "plain"
    cut = _with_legal_line(plan.cut.model_copy(update=update), plan, task)
    warnings = [w for w in (*problems, *_format_warnings(formats.aspects, formats.unknown, task)) if w not in plan.warnings]
    return plan.model_copy(update={"cut": cut, "warnings": (*plan.warnings, *warnings)})


def _format_warnings(aspects: tuple[str, ...], unknown: tuple[str, ...], task: PlanningTask) -> list[str]:
    made = [f"aspect: the brief asks for {', '.join(unknown)}, which no film of this studio has; it is not made"]
    if aspects and task.brief.aspect not in aspects:
        return [
            *(made if unknown else []),
            f"aspect: the brief asks for {', '.join(aspects)} in words, and its field says {task.brief.aspect}: the "
            f"shots are made in {task.brief.aspect} and cropped; give aspect: {aspects[0]} to make them in it",
        ]
    return made if unknown else []


def _with_legal_line(cut: Cut, plan: Plan, task: PlanningTask) -> Cut:
    """The cut with the legal line of the brief: on the end card where both fit, otherwise over the last shot."""
    legal, last = task.cards.legal, visuals_of(plan)[-1]
    if not legal or any(legal in text for text in (*cut.texts, last.prompt)):
        return cut
    card = f"{cut.end_card.text}\n{legal}" if cut.end_card else ""
    if cut.end_card and len(card) <= 200:
        return cut.model_copy(update={"end_card": Card(text=card, seconds=cut.end_card.seconds)})
    given = last.parameters.get("seconds", last.parameters.get("at_least"))
    length = float(given) if isinstance(given, int | float) else MOST_THIRD_SECONDS
    seconds = round(min(max(length - 2 * _AFTER_START, _AFTER_START), MOST_THIRD_SECONDS), 3)
    third = LowerThird(text=legal, seconds=seconds, asset_id=last.asset_id, at_seconds=_AFTER_START)
    return cut.model_copy(update={"lower_thirds": (*cut.lower_thirds, third)})
