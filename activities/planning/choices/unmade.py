"""What a brief asks for and no model of its plan makes, as warnings."""

from activities.planning.choices.illustrated import asks_for_illustrated, illustrator
from activities.planning.task import PlanningTask
from workflows.models import Modality
from workflows.preview.plan import SOUNDS


def unmade_illustrations(task: PlanningTask) -> list[str]:
    """A warning where the brief asks for a text with its pictures in one response, and no model writes it."""
    writer = task.preferred[Modality.TEXT]
    asked = asks_for_illustrated(task.brief, task.request.feedback)
    if not asked or illustrator(task.menu[Modality.TEXT], writer):
        return []
    return [
        "illustrated: no model of this plan writes a text with its pictures in one response, so they are separate "
        "assets; enable google (with a budget, the price has to be known)"
    ]


def unmade_sounds(task: PlanningTask) -> list[str]:
    """A warning for each role that the brief asks for and no model makes."""
    roles = dict.fromkeys(cue.role for cue in task.sounds if cue.role not in task.sound_offers)
    return [
        f"{role}: the brief asks for it, and no enabled model makes it; enable one, such as "
        f"{SOUNDS[role]} of previz, or add the asset and upload a recording"
        for role in roles
    ]
