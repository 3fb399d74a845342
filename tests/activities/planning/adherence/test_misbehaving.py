"""Every brief of `briefs/` by a language model that follows it, and by one that departs from it in each way."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import pytest
from unicode_rbnf import RbnfEngine

from activities.planning.answer import AnswerValidator
from activities.planning.questions.inquiry import Refused
from activities.planning.task import PlanningTask
from tests.activities.planning.briefs_expected import EXPECTED, read
from tests.activities.planning.scripted import TODAY, asset, houses, request
from workflows.models import Plan

NUMBER = re.compile(r"(?<![\d.,:/’'\w€$£¥₽₹])\d{1,3}(?![\d.,:/’'\w]|\s?[%€°₽₹]|\s\d)")
"""A number that stands alone."""


@dataclass(frozen=True)
class Said:
    """A shot of an answer."""

    words: str
    shown: tuple[str, ...]
    seconds: float
    label: str


@cache
def task_of(name: str) -> PlanningTask:
    expected = EXPECTED[name]
    asked = request(read(name), languages=(expected.language,), duration_seconds=expected.length)
    return PlanningTask.of(asked, houses(), TODAY)


def faithful(name: str) -> list[Said]:
    """The shots of a model that plans each shot of the brief with its own words."""
    structure = task_of(name).structure
    assert structure
    share = EXPECTED[name].length / len(structure.shots)
    return [
        Said(
            " ".join(shot.spoken),
            shot.lettering,
            min(max(round(shot.seconds or share), 2), 10),
            " and ".join(dict.fromkeys(line.speaker for line in shot.lines if line.speaker)) or f"Narration {k}",
        )
        for k, shot in enumerate(structure.shots, start=1)
    ]


def plan_of(name: str, shots: Sequence[Said]) -> Plan:
    """The plan of an answer with these shots.

    Raises:
        Refused: it departs from the brief.
    """
    assets = [asset("script", "text", "script", "wise")]
    for k, shot in enumerate(shots, start=1):
        needs = [f"still-{k}"]
        if shot.words:
            needs.append(f"narration-{k}")
            spoken = asset(f"narration-{k}", "audio", "narration", "speak")
            assets.append(spoken | {"prompt": shot.words, "label": shot.label})
        shown = " ".join(f"The words “{each}”." for each in shot.shown)
        assets.append(asset(f"still-{k}", "image", "still", "paint") | {"prompt": f"A frame. {shown}"})
        assets.append(asset(f"shot-{k}", "video", "shot", "film", *needs, seconds=f"{shot.seconds:g}"))
    answer = {"title": "A film", "assets": assets, "transitions": [], "fade_out_seconds": 0, "warnings": []}
    return AnswerValidator(task_of(name), None).read_plan(json.dumps(answer), "a model")


Change = Callable[[list[Said], str], list[Said] | None]
"""How a model departs; None where the brief has nothing of the kind."""


def changed(shots: list[Said], k: int, words: str) -> list[Said]:
    return [replace(shot, words=words) if j == k else shot for j, shot in enumerate(shots)]


def spoken(shots: list[Said]) -> list[int]:
    return [k for k, shot in enumerate(shots) if shot.words]


def drop_a_line(shots: list[Said], _language: str) -> list[Said]:
    return changed(shots, spoken(shots)[1], "")


def add_a_line(shots: list[Said], _language: str) -> list[Said]:
    k = spoken(shots)[0]
    return changed(shots, k, f"{shots[k].words} Welcome.")


def change_a_digit(shots: list[Said], _language: str) -> list[Said] | None:
    for k, shot in enumerate(shots):
        if found := re.search(r"[0-8]", shot.words):
            return changed(shots, k, f"{shot.words[: found.start()]}{int(found[0]) + 1}{shot.words[found.end() :]}")
    return None


def say_another_number(shots: list[Said], language: str) -> list[Said] | None:
    return with_number(shots, language, 1)


def with_number(shots: list[Said], language: str, more: int) -> list[Said] | None:
    """The first number that stands alone in words, made larger by `more`."""
    for k, shot in enumerate(shots):
        if found := NUMBER.search(shot.words):
            words = RbnfEngine.for_language(language).format_number(int(found[0]) + more).text.replace("\u00ad", "")
            return changed(shots, k, f"{shot.words[: found.start()]}{words}{shot.words[found.end() :]}")
    return None


def swap_two_lines(shots: list[Said], _language: str) -> list[Said]:
    one, two = spoken(shots)[:2]
    return changed(changed(shots, one, shots[two].words), two, shots[one].words)


def cut_a_sentence(shots: list[Said], _language: str) -> list[Said]:
    one, two = spoken(shots)[:2]
    first = shots[one].words
    at = first.rstrip("。.!?！？।").rfind(" ")
    at = at if at > 0 else len(first) // 2
    return changed(changed(shots, one, first[:at]), two, f"{first[at:].strip()} {shots[two].words}")


def change_a_text(shots: list[Said], _language: str) -> list[Said] | None:
    for k, shot in enumerate(shots):
        if shot.shown:
            return [replace(s, shown=("Another text", *s.shown[1:])) if j == k else s for j, s in enumerate(shots)]
    return None


def name_another_speaker(shots: list[Said], _language: str) -> list[Said] | None:
    names = list(dict.fromkeys(s.label for s in shots if s.words and " and " not in s.label))
    if len(names) < 2 or any(each.startswith("Narration") for each in names):
        return None
    k = spoken(shots)[0]
    other = next(each for each in names if each != shots[k].label)
    return [replace(s, label=other) if j == k else s for j, s in enumerate(shots)]


def drop_a_shot(shots: list[Said], _language: str) -> list[Said]:
    k = spoken(shots)[-1]
    return [s for j, s in enumerate(shots) if j != k]


WAYS: dict[Change, str] = {
    drop_a_line: "leaves out or moves",
    add_a_line: "adds “welcome”",
    change_a_digit: "leaves out or moves",
    say_another_number: "leaves out or moves",
    swap_two_lines: "leaves out or moves",
    cut_a_sentence: "",
    change_a_text: "on-screen text",
    name_another_speaker: "its label names",
    drop_a_shot: "",
}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_faithful_answer_is_a_plan(name: str) -> None:
    """A model that says and shows each line of the brief is not asked again, also where it spells a number out."""
    shots = faithful(name)
    assert plan_of(name, shots)
    if spelled := with_number(shots, EXPECTED[name].language, 0):
        assert plan_of(name, spelled)


@pytest.mark.parametrize("name", EXPECTED)
def test_each_departure_is_refused(name: str) -> None:
    """Each departure goes back to the model with its reason, in every form and language of a brief."""
    shots = faithful(name)
    for change, reason in WAYS.items():
        wrong = change(shots, EXPECTED[name].language)
        if wrong is None:
            continue
        with pytest.raises(Refused) as refused:
            plan_of(name, wrong)
        assert reason in " ".join(refused.value.problems), change.__name__
