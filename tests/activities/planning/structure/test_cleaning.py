"""Briefs before they are parsed: letters around them, timecodes with frames, labels in lines of their own."""

import pytest

from activities.planning.structure.cleaning import cleaned, without_letter
from activities.planning.structure.notations.ranges import with_seconds
from activities.planning.structure.parser import parse
from tests.activities.planning.structured import plan, said

FILM = "A lighthouse at dusk. The lamp is lit."


@pytest.mark.parametrize(
    "letter",
    [
        f"Hi team,\n\n{FILM}\n\nThanks,\nPriya\npriya@nordlys.example | 0113 496 0000",
        f"Hello,\n{FILM}",
        f"Liebe Ana,\n\n{FILM}\n\nViele Grüße\nJo",
        f"Bonjour,\n\n{FILM}\n\nCordialement,\nLucie Martin\nDirectrice",
        f"您好，\n{FILM}\n谢谢！\n小王",
        f"Здравствуйте!\n\n{FILM}\n\nС уважением,\nАнна",
    ],
)
def test_a_letter_around_a_brief_is_not_said(letter: str) -> None:
    """A greeting and a signature are for the studio: the narration is the brief alone."""
    assert without_letter(letter).strip() == FILM
    assert " ".join(filter(None, said(plan(letter)))) == FILM


@pytest.mark.parametrize(
    "text",
    [
        "Hello, world! We are open.\nThank you.",
        "The baker says thanks.\nBest bread in town.\nCome by.",
        "Hallo Nachbar.\nWir haben geöffnet.",
        "Dear diary. Today it rained.\n\nThanks for listening. Good night.",
        "Thanks,\nsaid the sea.",
        "",
    ],
)
def test_other_texts_are_kept(text: str) -> None:
    """A brief that greets or thanks its viewers loses no word."""
    assert without_letter(text) == text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:00:00 - 00:04:12\n00:04:12 - 00:09:00 (25 fps)", "0:00 - 0:04.480\n0:04.480 - 0:09 (25 fps)"),
        ("00:00:00 - 00:04:12\n00:04:12 - 00:09:00 (24 fps)", "0:00 - 0:04.500\n0:04.500 - 0:09 (24 fps)"),
        ("00:00:00 - 00:00:04\n00:00:04 - 00:00:09", "0:00 - 0:04\n0:04 - 0:09"),
        ("01:00:02:12", "60:02.480"),
        ("00:00:04;15, 00:00:09;29", "0:04.500, 0:09.967"),
        ("Doors at 7:10, 0:05-0:10 the harbour.", "Doors at 7:10, 0:05-0:10 the harbour."),
    ],
)
def test_timecodes_with_frames_are_seconds(text: str, seconds: str) -> None:
    """Codes of three parts are minutes, seconds and frames where their shots would last minutes; others stay times."""
    assert with_seconds(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "Shot 1: Sea.\nVO:\nThe sea wakes.\nIt is early.\nSuper:\nOPEN\n\nShot 2: Land.\nVO:\n“Come in.”",
        "Shot 1: Sea.\n**Voice-over**\nThe sea wakes.\nIt is early.\n\nSUPER: OPEN\nShot 2: Land.\nVO: “Come in.”",
        "Shot 1: Sea.\nVO:\n\n- The sea wakes.\n- It is early.\n\nSuper: OPEN\nShot 2: Land.\nNarrator:\nCome in.",
    ],
)
def test_a_label_holds_for_the_lines_below_it(text: str) -> None:
    """Lines below a label that stands alone are said or read, each of them."""
    structure = parse(text)
    assert structure is not None
    assert [" ".join(shot.spoken) for shot in structure.shots] == ["The sea wakes. It is early.", "Come in."]
    assert [shot.lettering for shot in structure.shots] == [("OPEN",), ()]
    assert [shot.description for shot in structure.shots] == ["Sea", "Land"]


def test_no_word_is_lost() -> None:
    """What is no letter, no timecode and no section of notes stays, in its order."""
    text = "# Voice-over\nOne.\n\nTwo.\n# Later\nThree.\u00a0Four.\r\nFive."
    assert cleaned(text) == "voice-over: One.\n\nvoice-over: Two.\n# Later\nThree. Four.\nFive.".replace(
        "voice-over", "Voice-over"
    )
