"""The warnings of a plan about the length of its film. Seconds."""

from typing import Final

from activities.planning.structure.orders.film_length import asked_lengths
from activities.planning.task import PlanningTask, named_seconds

LENGTH_TOLERANCE: Final = 0.05


def length_notes(task: PlanningTask) -> list[str]:
    """A warning where the lengths that the brief gives in its field, its text and its shots are not the same."""
    shots = task.structure.seconds if task.structure else None
    field, asked = task.brief.duration_seconds, task.asked_seconds
    named = named_seconds(task.brief, asked)
    card = task.structure.card_seconds if task.structure and task.structure.cards.end else 0.0
    if task.feedback.seconds:
        return []
    several = asked_lengths(task.brief.text)
    if len(several) > 1 and not shots:
        lengths = f"{', '.join(f'{each:g} s' for each in several[:-1])} and {several[-1]:g} s"
        return [
            f"the text of the brief gives several lengths, {lengths}: the film lasts {named:g} s; leave one of them"
        ]
    if shots and not _is_close(shots, named) and not _is_close(shots + card, named):
        return [
            f"the shots of the brief last {shots:g} s together, and its length is {named:g} s: "
            f"the film lasts {shots:g} s"
        ]
    if asked and not shots and not _is_close(asked, field):
        usual = "" if named == field else "the usual "
        return [
            f"the text of the brief asks for {asked:g} s, and its length is {usual}{field:g} s: "
            f"the film lasts {named:g} s"
        ]
    return []


def _is_close(seconds: float, wanted: float) -> bool:
    return abs(seconds - wanted) <= LENGTH_TOLERANCE * wanted
