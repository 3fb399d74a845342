"""Caption files: valid and inert for any text."""

import re
from pathlib import Path
from threading import Event

import av
from av.stream import Disposition

from activities.finishing.assembly import assemble
from activities.finishing.captions.cues import Cue
from activities.finishing.captions.files import directed, srt, vtt
from activities.finishing.captions.tracks import turn_off_subtitles
from tests.activities.finishing.media import shot_file


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


def test_caption_tracks_can_be_off(tmp_path: Path) -> None:
    """In a film with captions in the picture, no caption track is shown by itself, and all of them are there."""
    film = tmp_path / "film.mp4"
    cues = {tag: [Cue(0.2, 0.8, "Words.")] for tag in ("en", "de")}
    shot = shot_file(tmp_path / "s.mp4")
    assemble(film, [shot], None, 24, cues, [], 1.0, title="", comment="", language="en", stop=Event())

    def shown() -> list[tuple[str, bool]]:
        with av.open(str(film)) as container:
            return [(s.type, bool(s.disposition & Disposition.default)) for s in container.streams]

    assert shown() == [("video", True), ("subtitle", True), ("subtitle", False)]
    whole = film.read_bytes()
    turn_off_subtitles(film)
    assert shown() == [("video", True), ("subtitle", False), ("subtitle", False)]
    assert sum(one != other for one, other in zip(whole, film.read_bytes(), strict=True)) == 1
