"""Captions as files: WebVTT and SubRip."""

from collections.abc import Sequence
from typing import Final

from activities.finishing.captions.cues import Cue
from activities.media.fonts import right_to_left

_TO_LEFT, _TO_RIGHT = "\u200f", "\u200e"
_MARKS: Final = {True: _TO_LEFT, False: _TO_RIGHT}


def vtt(cues: Sequence[Cue]) -> str:
    """WebVTT; markup in the text is escaped, so a cue can neither end early nor become a tag."""
    blocks = ["WEBVTT\n"]
    for number, cue in enumerate(cues, start=1):
        text = directed(cue.text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        blocks.append(f"{number}\n{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n{text}\n")
    return "\n".join(blocks)


def srt(cues: Sequence[Cue]) -> str:
    """SubRip, which has no escapes: only an arrow in the text, which would parse as a timing line, is replaced."""
    return "\n".join(
        f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n{directed(cue.text).replace('-->', '→')}\n"
        for number, cue in enumerate(cues, start=1)
    )


def directed(text: str) -> str:
    """The text with a direction mark before each line that would otherwise be shown in the wrong direction.

    A player takes the direction of a line from its first letter, and a line may begin with a foreign word.
    """
    whole = right_to_left(text)
    return "\n".join(line if right_to_left(line) == whole else _MARKS[whole] + line for line in text.split("\n"))


def _clock(seconds: float, point: str) -> str:
    ms = max(0, round(seconds * 1000))
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}{point}{ms % 1000:03}"
