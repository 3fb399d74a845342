"""What the words of a brief order of a film's cut: versions, subtitles in the picture, a legal line."""

from typing import Final

from activities.planning.adherence.on_screen import visuals_of
from activities.planning.choices.own_footage import footage_warnings
from activities.planning.structure.cards import asked_destinations
from activities.planning.structure.delivered.formats import asked_formats
from activities.planning.structure.quoted import take_quotations
from activities.planning.task import PlanningTask
from activities.text.speech import speech_seconds
from workflows.brief import Platform
from workflows.cut import Card, Cut, Levels, LowerThird
from workflows.models import Asset, Modality, Plan

MOST_RENDITIONS: Final = 12
MOST_THIRD_SECONDS: Final = 20.0
_AFTER_START: Final = 0.5
_NEAR: Final = 0.25
"""The share by which the length of words is estimated too long or too short."""


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
    if plan.cut.levels.own_sound == Levels().own_sound and any(map(_speaks, plan.assets)):
        update["levels"] = plan.cut.levels.model_copy(update={"own_sound": 0.0})
    cut = _with_legal_line(plan.cut.model_copy(update=update), plan, task)
    found = (*problems, *_format_warnings(formats.aspects, formats.unknown, task), *_heard_warnings(plan, task))
    found += tuple(footage_warnings(plan, task))
    warnings = [each for each in found if each not in plan.warnings]
    return plan.with_assets(plan.assets, cut).model_copy(update={"warnings": (*plan.warnings, *warnings)})


def _speaks(asset: Asset) -> bool:
    """Whether people say lines in a shot."""
    return asset.asset_type is Modality.VIDEO and bool(take_quotations(asset.prompt).lines)


def _format_warnings(aspects: tuple[str, ...], unknown: tuple[str, ...], task: PlanningTask) -> list[str]:
    made = [f"aspect: the brief asks for {', '.join(unknown)}, which no film of this studio has; it is not made"]
    if aspects and task.brief.aspect not in aspects:
        return [
            *(made if unknown else []),
            f"aspect: the brief asks for {', '.join(aspects)}, and its field says {task.brief.aspect}: the film is "
            f"made in {task.brief.aspect}, and cropped; give aspect: {aspects[0]} if no {task.brief.aspect} is needed",
        ]
    return made if unknown else []


def _heard_warnings(plan: Plan, task: PlanningTask) -> list[str]:
    """What of a conversation without pictures a film cannot be."""
    voices = {str(asset.parameters.get("voice", "")) for asset in plan.assets if asset.spoken}
    lines = (line for shot in (task.structure.shots if task.structure else ()) for line in shot.lines)
    speakers = list(dict.fromkeys(line.speaker for line in lines if line.speaker))
    is_talk = task.structure is not None and task.structure.conversation
    same = [
        f"voice: {' and '.join(speakers[:4])} have one voice; give the narrations of each another `voice` in parameters"
        for _ in range(is_talk and len(speakers) > 1 and len(voices) == 1)
    ]
    if not task.only_heard:
        return same
    shots = sum(asset.asset_type is Modality.VIDEO for asset in plan.assets)
    late = [cue.text for cue in task.sounds if cue.first > 1] if not shots else []
    made = f"{shots} shots are planned; leave video out of modalities" if shots else "one still cover is planned"
    words = sum(speech_seconds(asset.prompt) for asset in plan.assets if asset.spoken)
    is_near = shots or abs(words - task.seconds) <= _NEAR * task.seconds
    return [
        *same,
        *(
            f"length: the words take about {words:.0f} s, and the brief orders {task.seconds:g} s: a film with one "
            "cover lasts as long as its words"
            for _ in range(not is_near)
        ),
        f"picture: the brief orders no pictures, and a film has at least one: {made}",
        *(
            f"effects: “{text}” is not at the end: add it there with the desk or in the editing software"
            for text in late
        ),
    ]


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
