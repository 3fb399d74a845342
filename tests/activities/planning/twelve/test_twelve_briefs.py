"""Twelve briefs as people write them, planned by the template planner and by a language model that is careless at
first."""

from functools import cache

import pytest

from activities.planning.task import PlanningTask
from tests.activities.planning.scripted import TODAY, Script, houses, planned_task, request
from tests.activities.planning.structured import lengths, plan, said, shots
from tests.activities.planning.twelve.reader import plan_of
from tests.activities.planning.twelve.sloppy import FAULTS, SloppyModel
from tests.activities.planning.twelve.wanted import WANTED, flat, read
from workflows.models import Plan


@cache
def task_of(name: str) -> PlanningTask:
    wanted = WANTED[name]
    asked = request(read(name), languages=[wanted.language], duration_seconds=wanted.length, aspect=wanted.aspect)
    return PlanningTask.of(asked, houses(), TODAY)


def shown_in(made: Plan, text: str) -> list[int]:
    """The numbers of the shots whose video has a text; the end card has the number of the last one."""
    found = [k for k, a in enumerate(shots(made), start=1) if f"“{text}”" in a.prompt]
    is_card = made.cut.end_card is not None and made.cut.end_card.text == text
    return [*found, len(shots(made))] if is_card else found


REASONS = {
    "paraphrases a line": "adds “basically",
    "drops a shot": "plan each shot of `structure` once",
    "moves a text": "is not in its shot; quote it exactly",
}
"""What the second question says of each fault."""


@pytest.mark.parametrize("name", WANTED)
def test_a_brief_is_planned_as_it_was_written(name: str) -> None:
    """Every line is said and nothing else, each text is shown once and in its shot, and the lengths are the brief's."""
    wanted = WANTED[name]
    made = plan(read(name), language=wanted.language, duration_seconds=wanted.length, aspect=wanted.aspect)
    assert flat(said(made)) == flat(wanted.said)
    if wanted.shots:
        assert said(made) == list(wanted.said)
    if wanted.seconds:
        assert lengths(made) == [pytest.approx(s, rel=0.05) for s in wanted.seconds]
    cards = made.cut.end_card.seconds if made.cut.end_card else 0
    assert sum(lengths(made)) + cards == pytest.approx(wanted.length, rel=0.05)
    for text, number in wanted.shown:
        at = shown_in(made, text)
        assert len(at) == 1, (text, at)
        assert number in (0, at[0]) or at[0] == len(shots(made)) + 1 + number
    prompts = "\n".join(a.prompt for a in made.assets if a.role in ("still", "shot", "narration"))
    assert not [words for words in wanted.unseen if words in prompts]
    assert made.warnings == ()


@pytest.mark.parametrize("name", WANTED)
async def test_a_plan_as_a_person_reads_the_brief_is_accepted_at_once(name: str) -> None:
    """The validator refuses nothing of a plan that was not made from the parser's structure."""
    wanted, script = WANTED[name], Script([plan_of(name)])
    made = await planned_task(script, task_of(name))
    assert flat([a.prompt for a in made.assets if a.spoken]) == flat(wanted.said)
    assert sum(lengths(made)) == pytest.approx(wanted.length, rel=0.05)


HELD = [
    pytest.param(name, fault, marks=pytest.mark.trial if (name, fault) == ("lift_es", "drops a shot") else ())
    for name in WANTED
    for fault in FAULTS
    if fault != "moves a text" or WANTED[name].shown
]
"""Each brief with each fault."""


@pytest.mark.parametrize(("name", "fault"), HELD)
async def test_a_careless_model_is_held_to_the_brief(name: str, fault: str) -> None:
    """An answer with a fault is refused once, and the repaired one says every line and nothing else."""
    wanted = WANTED[name]
    model = SloppyModel(wanted.length, fault)
    made = await planned_task(model, task_of(name))
    assert len(model.questions) == 2
    lists = fault != "drops a shot" or wanted.shots
    assert (REASONS[fault] if lists else "the narration leaves out or moves") in model.questions[1]
    assert flat([a.prompt for a in made.assets if a.spoken]) == flat(wanted.said)
    assert all(shown_in(made, text) for text, _ in wanted.shown)
    assert not wanted.shots or len(shots(made)) == wanted.shots
    assert sum(lengths(made)) == pytest.approx(wanted.length, rel=0.05)
