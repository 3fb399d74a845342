"""Caption files: valid and inert for any text."""

import re

from activities.finishing.captions.cues import Cue
from activities.finishing.captions.files import directed, srt, vtt


def test_hostile_text_neither_ends_a_cue_nor_becomes_markup() -> None:
    """An arrow, a tag or an entity in the text stays text."""
    cues = [
        Cue(3_599.5, 3_600.5, "a --> b 00:00:09.000 -->\n00:00:10.000 <script>x</script> & done"),
        Cue(3_601, 3_602, "x"),
    ]
    written = vtt(cues)
    assert written.startswith("WEBVTT\n\n1\n00:59:59.500 --> 01:00:00.500\n")
    assert written.count("-->") == len(cues)
    assert "<" not in written
    assert "&amp;" in written
    assert srt(cues).count("-->") == len(cues)
    assert re.search(r"^00:59:59,500 --> ", srt(cues), re.MULTILINE)
    assert written.endswith("x\n")


def test_a_line_has_the_direction_of_its_caption() -> None:
    """A line that begins with a foreign word has a mark of the direction of the whole caption."""
    hebrew = "המגדלור עומד\nHaifa 2024, שנים"
    assert directed(hebrew) == "המגדלור עומד\n\u200fHaifa 2024, שנים"
    assert directed("The word is\nשלום, she said.") == "The word is\n\u200eשלום, she said."
    assert directed("Nothing to mark\n24 times") == "Nothing to mark\n24 times"
