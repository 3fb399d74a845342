"""Structured briefs: their shots, lines and on-screen text are planned as they are listed, without a language model."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from activities.planning.pricing import price
from activities.planning.structure.parser import parse
from activities.planning.task import PlanningTask
from activities.planning.template import draft
from activities.providers.previz.provider import Previz
from activities.providers.protocol import Provider
from tests.activities.planning.briefs_expected import EXPECTED, Expected, read
from workflows.activity_io import DraftPlan
from workflows.brief import Brief
from workflows.models import Asset, Modality, Plan

PREVIZ: dict[str, Provider] = {"previz": Previz({})}


def plan(text: str, *feedback: str, language: str = "en", **brief: Any) -> Plan:
    made = Brief(**{"text": text, "platform": "video", "languages": (language,), **brief})
    request = DraftPlan(production_id="p", brief=made, feedback=feedback)
    return price(draft(PlanningTask.of(request, PREVIZ)), PREVIZ)


def shots(made: Plan) -> list[Asset]:
    return [a for a in made.assets if a.role == "shot"]


def lengths(made: Plan) -> list[float]:
    return [float(str(next(iter(a.parameters.values())))) for a in shots(made)]


def said(made: Plan) -> list[str]:
    """What is said over each shot; an empty text where nothing is."""
    each = (made.find(f"narration-{k}") for k in range(1, len(shots(made)) + 1))
    return [a.prompt if a else "" for a in each]


def planned(name: str) -> tuple[Plan, Expected]:
    expected = EXPECTED[name]
    return plan(read(name), language=expected.language, duration_seconds=expected.length), expected


@pytest.mark.parametrize("name", EXPECTED)
def test_every_line_is_said_once_and_nothing_else(name: str) -> None:
    """The narrations are the lines of the brief, each over its own shot, in order, and no other text is spoken."""
    made, expected = planned(name)
    assert said(made) == list(expected.said)
    assert made.warnings == ()


@pytest.mark.parametrize("name", EXPECTED)
def test_shots_keep_their_times(name: str) -> None:
    """There are as many shots as the brief lists, each with its length, and together they last as long as the film."""
    made, expected = planned(name)
    assert len(shots(made)) == len(expected.said)
    assert lengths(made) == [pytest.approx(s, rel=0.05) for s in expected.seconds or lengths(made)]
    assert sum(lengths(made)) == pytest.approx(expected.length, rel=0.05)


@pytest.mark.parametrize("name", EXPECTED)
def test_on_screen_text_is_in_the_prompts_of_its_shot(name: str) -> None:
    """Text that is to be read is quoted by the still and the video of one shot, and no other shot has lettering."""
    made, expected = planned(name)
    for kind in (Modality.IMAGE, Modality.VIDEO):
        prompts = [a.prompt for a in made.assets if a.asset_type == kind]
        lettered = [p for p in prompts if "lettering, spelled exactly" in p.lower()]
        assert all(sum(f"“{text}”" in p for p in prompts) == 1 for text in expected.shown)
        assert all(any(f"“{text}”" in p for text in expected.shown) for p in lettered)
        assert all("no lettering." in p.lower() for p in prompts if p not in lettered)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_script_has_every_line(name: str) -> None:
    """The script contains what is said and shown, so that it matches the film."""
    made, expected = planned(name)
    script = made.by_id["script"].prompt
    assert all(text in script for text in (*filter(None, expected.said), *expected.shown))


@pytest.mark.parametrize("name", [n for n, e in EXPECTED.items() if e.speakers])
def test_speakers_are_named_and_not_spoken(name: str) -> None:
    """The label of a narration names its speaker."""
    made, expected = planned(name)
    labels = " ".join(a.label for a in made.assets if a.role == "narration")
    assert all(speaker in labels for speaker in expected.speakers)


SPOKEN_NEVER = (
    "INT.",
    "EXT.",
    "CUT TO",
    "FADE",
    "WIDE",
    "CLOSE",
    "0:0",
    "00:",
    "VO:",
    "SUPER",
    "http",
    "www.",
    "(",
    "Shot",
)


@pytest.mark.parametrize("name", EXPECTED)
def test_marks_are_never_spoken(name: str) -> None:
    """No heading, transition, time, framing, label, parenthetical or address is spoken."""
    made, _ = planned(name)
    assert not [mark for mark in SPOKEN_NEVER for text in said(made) if mark in text]


@pytest.mark.parametrize(
    "text",
    [
        "A 20 second film about a lighthouse. It has stood for two hundred years. Every night it speaks to the ships.",
        "Our **new** machine. Show the crema up close. Made by [Sara](https://x.example).",
        "A film about “Dawn”, our new lamp. The sign says “open”.",
        "We open at 7:10. It costs 5 euros, and there are 3 sizes.",
        "Die Bäckerei öffnet um sechs. Draußen schneit es: ein guter Tag.",
        "灯塔站在海边已经两百年了。每天晚上它都和船说话。",
        "Our story: two friends, one boat, and the sea.",
        "The text is short. The title matters. The sound of rain: everyone knows it.",
    ],
)
def test_prose_has_no_structure(text: str) -> None:
    """Free prose is no list, whatever names, numbers, times and colons are in it."""
    assert parse(text) is None


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("SHOT 1 (WIDE, 4s): The harbour.\nVO: One.\nSHOT 2 (CLOSE, 6s): Hands.\nVO: Two.", 2),
        ("Scene 1 - Harbour\nNarrator: “One.”\n\nScene 2 - Hands\nNarrator: “Two.”", 2),
        ("1) WIDE. Harbour. VO: “One.” SUPER: “A”\n2) CU. Hands. VO: “Two.”", 2),
        ("0:00 The harbour. VO: One.\n0:05 Hands. VO: Two.", 2),
        ("0-4s: The harbour. VO: One.\n4-9s: Hands. VO: Two.", 2),
        ("Szene 1: Hafen.\nOff: „One.“\nSzene 2: Hände.\nOff: „Two.“", 2),
        ("Plano 1. El puerto. Voz en off: «One.»\nPlano 2. Manos. Voz en off: «Two.»", 2),
        ("컷 1: 항구.\n내레이션: “One.”\n컷 2: 손.\n내레이션: “Two.”", 2),
        ("Кадр 1: Порт.\nЗакадровый голос: «One.»\nКадр 2: Руки.\nЗакадровый голос: «Two.»", 2),
        ("Shot\tTime\tVisual\tAudio\n1\t0:00-0:04\tHarbour\tOne.\n2\t0:04-0:09\tHands\tTwo.", 2),
        ("| # | Video | Audio |\n|---|---|---|\n| 1 | Harbour | One. |\n| 2 | Hands | Two. |", 2),
    ],
)
def test_forms_of_shot_lists(text: str, count: int) -> None:
    """The usual spellings of numbers, times and labels give the same shots."""
    found = parse(text)
    assert found is not None
    assert [line for shot in found.shots for line in shot.spoken] == ["One.", "Two."]
    assert len(found.shots) == count
    assert all(shot.description for shot in found.shots)


def test_a_list_without_numbers_in_front_is_said_in_order() -> None:
    """Parts that a sentence counts are one shot each."""
    found = parse("Three reasons to walk: it is quiet, it is free and it keeps you warm.")
    assert found is not None
    assert [s.spoken[0] for s in found.shots][1:] == ["It is quiet.", "It is free.", "It keeps you warm."]
    found = parse("Why walk? (1) It is quiet. (2) It is free. Start today.")
    assert found is not None
    assert [s.spoken[0] for s in found.shots] == ["Why walk?", "It is quiet.", "It is free.", "Start today."]


def test_requirements_are_not_said() -> None:
    """Lists of requirements and notes are for the crew: they are not spoken."""
    text = "Two steps to tea.\n\n1. Boil water.\n2. Wait.\n\nRequirements:\n- 16:9\n- no people\n\nStyle: warm"
    assert said(plan(text)) == ["Two steps to tea.", "Boil water.", "Wait."]


def test_times_of_the_brief_decide_the_length() -> None:
    """Where the brief's shots last another time than its length says, they count, and a warning has both lengths."""
    made = plan(read("shot_list_en"), duration_seconds=60)
    assert sum(lengths(made)) == pytest.approx(24)
    assert made.warnings == ("the shots of the brief last 24 s together, and its length is 60 s: the film lasts 24 s",)


def test_a_line_too_long_for_its_shot_is_named() -> None:
    """A line that takes longer than its timed shot is said whole, and a warning names the shot and the text."""
    line = "The harbour wakes before anyone, and the gulls are the first to complain about the fog."
    made = plan(f"0:00-0:02 Harbour.\nVO: {line}\n0:02-0:06 Hands.\nVO: Hands work.", duration_seconds=6)
    assert said(made)[0] == line
    assert len(made.warnings) == 1
    assert made.warnings[0].startswith("shot 1 lasts 2 s, and its narration takes about 6 s: “The harbour wakes")


def test_a_sentence_moves_to_a_silent_shot() -> None:
    """A last sentence that does not fit its timed shot is said over the next one, where that is silent."""
    lines = "The harbour wakes before anyone. The gulls complain about the fog."
    made = plan(f"0:00-0:03 Harbour.\nVO: {lines}\n0:03-0:08 Hands.", duration_seconds=8)
    assert said(made) == ["The harbour wakes before anyone.", "The gulls complain about the fog."]
    assert made.warnings == ()


def test_lines_share_the_time_of_the_film() -> None:
    """Without times, a shot that says more lasts longer, within the film's length."""
    made = plan(
        "Shot 1: Sea.\nVO: Yes.\nShot 2: Land.\nVO: " + "The road goes on and on along the coast. " * 3,
        duration_seconds=12,
    )
    assert sum(lengths(made)) == pytest.approx(12)
    assert lengths(made)[1] > 8


def test_a_screenplay_of_ten_pages_is_planned_whole() -> None:
    """A long screenplay is joined to at most 60 shots, and each of its speeches is said once, in order."""
    page = (
        "INT. ROOM {k} - DAY\n\nMara opens door {k}.\n\nMARA\n(quietly)\nThis is room {k}a.\n\n"
        "JON\nAnd this is {k}b.\n\nCUT TO:\n"
    )
    text = "\n".join(page.format(k=k) for k in range(1, 61))
    made = plan(text, duration_seconds=400)
    spoken = " ".join(said(made))
    wanted = " ".join(f"This is room {k}a. And this is {k}b." for k in range(1, 61))
    assert spoken == wanted
    assert len(shots(made)) <= 60
    assert wanted.split(". ")[-1] in made.by_id["script"].prompt
    assert sum(lengths(made)) == pytest.approx(400, rel=0.05)


@given(text=st.text(max_size=400))
def test_any_text_is_parsed(text: str) -> None:
    """Whatever the text, the parser gives a structure of at least two shots, or none."""
    found = parse(text)
    assert found is None or len(found.shots) > 1


@pytest.mark.parametrize(
    "text",
    [
        part * (20_000 // len(part))
        for part in (
            *(
                "1. ",
                '"',
                "| a |\n",
                "INT. A\n",
                "VO: ",
                "(",
                "a: b, c ",
                "0:00 ",
                "“a. ",
                "three x ",
                "A\n",
                "[a](",
                "!",
            ),
            *("www.", "x says ", "*", "「", "a\n\n", "Shot 1 ", "- ", "\t", "SUPER “a” ", "ナレ：", ":", "at ", "　"),
        )
    ],
)
def test_parsing_takes_no_time(text: str) -> None:
    """A brief of 20,000 characters that is made to match everything is parsed at once."""
    start = time.perf_counter()
    parse(text[:20_000])
    assert time.perf_counter() - start < 5
