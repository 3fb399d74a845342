"""The forms of structured briefs, and texts that are none."""

import time
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.planning.structure.parser import parse
from tests.activities.planning.structured import plan, shots


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
        "We make three kinds of bread: rye, wheat and spelt. Each rests for a night.",
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


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("JANE: Have you seen it?\nTOM (quietly): Not since the storm.", ["Have you seen it?", "Not since the storm."]),
        ("Shot 1 - sea\nAudio: Rain.\nShot 2 - land\nAudio: “We went out.”", ["We went out."]),
        ("Shot 1: A man laughs. SKIPPER: “Ho!”\nShot 2: Sea.\nMrs. Reed: “Come home.”", ["Ho!", "Come home."]),
        (
            "Two facts:\n- It is old\n- It is loud\nLogo at the end.\nCTA: Come by",
            ["Two facts.", "It is old.", "It is loud."],
        ),
    ],
)
def test_only_lines_are_said(text: str, lines: list[str]) -> None:
    """Names of speakers, sounds, logos and calls to action next to the lines are not said."""
    found = parse(text)
    assert found is not None
    assert [line for shot in found.shots for line in shot.spoken] == lines


@settings(deadline=None)
@given(text=st.text(max_size=400))
def test_any_text_is_parsed(text: str) -> None:
    """Whatever the text, the parser gives a structure of at least two shots, or none."""
    found = parse(text)
    assert found is None or len(found.shots) > 1


MARKS: Final = (
    "1. ", '"', "| a |\n", "INT. A\n", "VO: ", "(", "a: b, c ", "0:00 ", "“a. ", "three x ", "A\n", "[a](", "!", "www.",
    "x says ", "*", "「", "a\n\n", "Shot 1 ", "- ", "\t", "SUPER “a” ", "ナレ：", ":", "at ", "\u3000",
    "VO:\n", "00:00:01 ", "Step 1: ", "Hi,\nThanks,\n", "a1 (0:0", "A 4 s", "a", "灯",
)  # fmt: skip


@pytest.mark.parametrize(("length", "seconds"), [(5_000, 1.5), pytest.param(20_000, 10, marks=pytest.mark.trial)])
@pytest.mark.parametrize("mark", MARKS)
def test_no_text_stops_the_parser(mark: str, length: int, seconds: float) -> None:
    """A brief that almost matches every pattern takes no more than seconds of CPU time: 10 for 20,000 characters, and
    1.5 for 5,000, which also finds times that grow with their square."""
    start = time.process_time()
    parse((mark * length)[:length])
    assert time.process_time() - start < seconds


@pytest.mark.parametrize("mark", [" ", "\t", "\u00a0", " \n", "1", "٣"])
def test_long_runs_are_shortened(mark: str) -> None:
    """A brief with 9,000 blanks or digits in a row is planned in seconds of CPU time (before: blanks in 60)."""
    start = time.process_time()
    made = plan(f"A film of a mill.{mark * 9_000} The wheel turns.")
    assert time.process_time() - start < 5
    assert any("The wheel turns" in shot.prompt for shot in shots(made))


JOINS = """FADE IN:

INT. HOUSE - DAY

ANNA
It rains.

{first}

EXT. GARDEN - DAY

BEN
It stopped.

{last}
"""


@pytest.mark.parametrize(
    ("first", "join"),
    [
        ("DISSOLVE TO:", "dissolve"),
        ("ÜBERBLENDUNG:", "dissolve"),
        ("> CROSS FADE TO:", "dissolve"),
        ("FADE TO BLACK.", "fade"),
        ("SCHWARZBLENDE.", "fade"),
        ("FUNDIDO A NEGRO.", "fade"),
        ("WIPE TO:", "wipe"),
        ("SMASH CUT TO:", "cut"),
    ],
)
def test_transitions_of_a_screenplay(first: str, join: str) -> None:
    """A transition leads into the shot after it, the one before the first heading into the first shot, and a fade at
    the end ends the film."""
    found = parse(JOINS.format(first=first, last="FADE OUT."))
    assert found
    assert [shot.join for shot in found.shots] == ["fade", join]
    assert [shot.spoken for shot in found.shots] == [("It rains.",), ("It stopped.",)]
    assert found.fades_out
    plain = parse(JOINS.format(first=first, last="THE END"))
    assert plain
    assert not plain.fades_out
