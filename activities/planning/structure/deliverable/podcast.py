"""Conversations that are only heard: "Podcast, two voices. No pictures." and their turns, each with its speaker."""

import re
from collections.abc import Iterator
from typing import Final

from activities.planning.structure.labels import kind_of, names_somebody
from activities.planning.structure.model import Line, Shot, SoundCue, Structure, numbered
from activities.planning.structure.received.turns import Turn, turn_in
from activities.planning.structure.text import QUOTED, spoken_text
from activities.planning.structure.vocabulary import podcasts
from activities.text.patterns import LETTER, Pattern, as_word

_FORM: Final = Pattern(as_word(podcasts.FORM), re.IGNORECASE)
_NO_PICTURE: Final = Pattern(as_word(podcasts.NO_PICTURE), re.IGNORECASE)
_MUSIC: Final = Pattern(
    rf"^\W{{0,4}}(?:[^\W\d_]+[ ]){{0,3}}(?:{podcasts.MUSIC})(?!{LETTER})(?P<more>[^\n]{{0,120}})$", re.IGNORECASE
)
_START: Final = Pattern(as_word(podcasts.START), re.IGNORECASE)
_END: Final = Pattern(as_word(podcasts.END), re.IGNORECASE)
LEAST_TURNS: Final = 2
HEAD_LINES: Final = 6


def parse_podcast(text: str) -> Structure | None:
    """The turns of a podcast or another conversation without pictures; None for any other text."""
    if sum(turn_in(line) is not None for line in text.splitlines()) < LEAST_TURNS:
        return None
    around = _around(text)
    head = "\n".join(around.strip().splitlines()[:HEAD_LINES])
    only_heard = _NO_PICTURE.search(around) is not None
    if not (_FORM.search(head) or only_heard) or (not only_heard and _describes(text)):
        return None
    turns = list(_turns(text, voices=only_heard))
    names = {turn.speaker for turn in turns}
    if len(turns) < LEAST_TURNS or len(names) < LEAST_TURNS or len(turns) < len(names):
        return None
    sounds = tuple(_jingles(around, len(turns)))
    shots = [
        Shot(0, "" if only_heard else turn.speaker, lines=(turn,), sounds=tuple(s for s in sounds if s.first == k))
        for k, turn in enumerate(turns, start=1)
    ]
    return Structure("advert", numbered(shots), conversation=True, only_heard=only_heard)


def _describes(text: str) -> bool:
    """Whether a line after the first turn is neither a turn nor music: it may describe a picture."""
    lines = [line for line in text.splitlines() if line.strip()]
    first = next((k for k, line in enumerate(lines) if _turn(line)), len(lines))
    return any(not _turn(line) and not _MUSIC.match(line) for line in lines[first:])


def _around(text: str) -> str:
    """The lines that are no turns."""
    return "\n".join(line for line in text.splitlines() if not _turn(line))


def _turn(line: str, *, voices: bool = False) -> Turn | None:
    """The turn of a person in a line; also that of a narrator where `voices` is true."""
    found = turn_in(line)
    if not found:
        return None
    name = found.name
    known = None if names_somebody(name) else kind_of(name)
    is_name = name[:1] != name[:1].lower() or name.upper() == name.lower()
    is_noun = _MUSIC.match(line) or _FORM.search(name)
    is_person = known is None or (voices and known == "voice")
    return found if is_name and is_person and not is_noun else None


def _turns(text: str, *, voices: bool) -> Iterator[Line]:
    """Each turn; a line directly after one belongs to it."""
    last: Line | None = None
    for line in text.splitlines():
        if found := _turn(line, voices=voices):
            if last:
                yield last
            last = Line(spoken_text(found.said), found.name, found.how)
        elif last and line.strip() and not _MUSIC.match(line) and not _NO_PICTURE.search(line):
            last = Line(f"{last.text} {spoken_text(line)}", last.speaker, last.direction)
        elif last:
            yield last
            last = None
    if last:
        yield last


def _jingles(around: str, count: int) -> Iterator[SoundCue]:
    """The jingles that a sentence orders: at the begin, at the end, or both."""
    for line in around.splitlines():
        for sentence in re.split(r"(?<=[.!?。])\s+", line):
            found = None if QUOTED.search(sentence) else _MUSIC.match(sentence)
            if not found:
                continue
            text = sentence.strip(" .!*_-")
            last = _END.search(found["more"])
            if _START.search(found["more"]) or not last:
                yield SoundCue("effects", text, 1, 1)
            if last:
                yield SoundCue("effects", text, count, count)
