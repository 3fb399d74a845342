"""Structured briefs: their shots, lines and on-screen text are planned as they are listed, without a language model."""

from functools import cache

import pytest

from tests.activities.planning.briefs_expected import EXPECTED, Expected, read
from tests.activities.planning.structured import lengths, plan, said, shots
from workflows.models import Modality, Plan


@cache
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


def test_every_speech_of_a_screenplay_is_said() -> None:
    """Of ten pages in Fountain, all dialogue and lyrics are said in order, and nothing else."""
    made = plan(read("ten_pages.fountain"), duration_seconds=480)
    assert " ".join(filter(None, said(made))) == " ".join(read("ten_pages.said").split("\n")).strip()
    assert made.title == "THE LAST KEEPER OF NUMBERS"
    assert sum(lengths(made)) == pytest.approx(480, rel=0.05)
    shown = ("6:04", "CLOCK STOPS. CITY ASKS WHO HAS THE HANDS.", "SOLD", "For everyone who was ever late.", "THE END")
    assert all(sum(f"“{text}”" in a.prompt for a in shots(made)) == 1 for text in shown)


def test_lines_of_a_speech_are_one_text() -> None:
    """Dialogue that is wrapped to short lines has no full stop at the end of each line."""
    text = "INT. A - DAY\n\nMARA\nBecause nobody lives at the same\ntime. The baker is at\nfour.\n\nEXT. B\n\nFog."
    assert said(plan(text)) == ["Because nobody lives at the same time. The baker is at four.", ""]


def test_a_screenplay_of_ten_pages_is_planned_whole() -> None:
    """Each speech of a long screenplay is a shot, and is said once, in order."""
    page = (
        "INT. ROOM {k} - DAY\n\nMara opens door {k}.\n\nMARA\n(quietly)\nThis is room {k}a.\n\n"
        "JON\nAnd this is {k}b.\n\nCUT TO:\n"
    )
    text = "\n".join(page.format(k=k) for k in range(1, 61))
    made = plan(text, duration_seconds=400)
    spoken = " ".join(said(made))
    wanted = " ".join(f"This is room {k}a. And this is {k}b." for k in range(1, 61))
    assert spoken == wanted
    assert len(shots(made)) == 120
    assert wanted.split(". ")[-1] in made.by_id["script"].prompt
    assert sum(lengths(made)) == pytest.approx(400, rel=0.05)
