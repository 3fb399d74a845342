"""Captions from the text of the narration: cues of at most two readable lines, as WebVTT and SubRip.

Cue times are seconds from the film's start. Any script: width is counted in columns, where a CJK character takes
more than one, and lines break by the rules of the script.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from activities.finishing.line_breaks import LINE_COLUMNS, SPACES, atoms_of, width
from activities.finishing.timeline import PlacedVoice

_SENTENCE: Final = re.compile(r".+?(?:[.!?…]+[\"'”’»)\]]*(?=\s|$)|[。！？｡]+[」』）”’】〉》］｣]*|$)", re.DOTALL)


@dataclass(frozen=True)
class Cue:
    """A caption from `start` to `end`; `text` has one or two lines."""

    start: float
    end: float
    text: str


def cues_of(voices: Iterable[PlacedVoice]) -> list[Cue]:
    """Split the text of each narration, and time the parts by their length within its real duration."""
    cues: list[Cue] = []
    for placed in voices:
        texts = split(placed.voice.text)
        weights = [max(1.0, width(text)) for text in texts]
        start = placed.start
        for text, weight in zip(texts, weights, strict=True):
            end = start + placed.voice.seconds * weight / sum(weights)
            cues.append(Cue(start, end, text))
            start = end
    return cues


def split(text: str) -> list[str]:
    """Readable cue texts: whole sentences if they fit, otherwise parts of about equal length."""
    printable = "".join(c if unicodedata.category(c) != "Cc" else " " for c in text)
    pieces: list[list[str]] = []
    for sentence in _SENTENCE.findall(SPACES.sub(" ", printable).strip()):
        atoms = list(atoms_of(sentence.strip()))
        if not atoms:
            continue
        space = [" "] if sentence[0].isspace() else []  # none between Chinese or Japanese sentences
        if pieces and _lines([*pieces[-1], *space, *atoms]):
            pieces[-1] += [*space, *atoms]
        else:
            pieces += _parts(atoms)
    return ["\n".join(_lines(piece) or ["".join(piece)]) for piece in pieces]


def vtt(cues: Sequence[Cue]) -> str:
    """WebVTT; markup in the text is escaped, so a cue can neither end early nor become a tag."""
    blocks = ["WEBVTT\n"]
    for number, cue in enumerate(cues, start=1):
        text = cue.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        blocks.append(f"{number}\n{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n{text}\n")
    return "\n".join(blocks)


def srt(cues: Sequence[Cue]) -> str:
    """SubRip, which has no escapes: only an arrow in the text, which would parse as a timing line, is replaced."""
    return "\n".join(
        f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n{cue.text.replace('-->', '→')}\n"
        for number, cue in enumerate(cues, start=1)
    )


def _clock(seconds: float, point: str) -> str:
    ms = max(0, round(seconds * 1000))
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}{point}{ms % 1000:03}"


def _lines(atoms: Sequence[str]) -> list[str] | None:
    """One line, or the two most even ones; None if the text does not fit into two."""
    whole = "".join(atoms).strip()
    if width(whole) <= LINE_COLUMNS:
        return [whole]
    best: tuple[float, list[str]] | None = None
    for cut in range(1, len(atoms)):
        pair = ["".join(atoms[:cut]).strip(), "".join(atoms[cut:]).strip()]
        longest = max(map(width, pair))
        if all(pair) and longest <= LINE_COLUMNS and (best is None or longest < best[0]):
            best = (longest, pair)
    return best[1] if best else None


def _parts(atoms: list[str]) -> list[list[str]]:
    """Split a sentence into the fewest parts that fit, all of about the same width."""
    for count in range(1, len(atoms) + 1):
        parts = _even(atoms, count)
        if all(_lines(part) for part in parts):
            return parts
    return [[atom] for atom in atoms if not atom.isspace()]


def _even(atoms: list[str], count: int) -> list[list[str]]:
    share = sum(map(width, atoms)) / count
    parts: list[list[str]] = [[]]
    filled = 0.0
    for atom in atoms:
        if len(parts) < count and parts[-1] and filled + width(atom) / 2 > share * len(parts):
            parts.append([])
        filled += width(atom)
        if parts[-1] or not atom.isspace():
            parts[-1].append(atom)
    return [part for part in parts if part]
