"""Sentences of a description that only say what is heard: "Sound of leaves.", "Man hört Regen."."""

import re
from dataclasses import replace
from typing import Final

from activities.planning.structure.model import Shot, SoundCue
from activities.planning.structure.sounds import role_of
from activities.planning.structure.text import QUOTED
from activities.planning.structure.vocabulary import sounds
from activities.text.patterns import Pattern
from activities.text.speech import sentences

_NOTHING: Final = r"(?:nothing|no|nichts|kein\w*|rien|nada|niente|nic|inget|ничего|ничто)"
_HEARD: Final = Pattern(
    rf"^(?:{sounds.HEARD})(?![^\W\d_])\s*(?!{_NOTHING}(?![^\W\d_]))(?P<what>\S.*?)[\s.!…]*$", re.IGNORECASE
)
_SOUND_LAST: Final = Pattern(
    r"[(（\[]\s*(?:[^()（）]{1,20}[、,，]\s*)?(?P<what>[^()（）、,，]{1,20}(?:の音|の声|音|声|声音|소리|"
    r"sesi))(?:\s*(?:のみ|だけ|만|only))?[)）\]]"
)
"""A sound in brackets in languages whose noun stands last: "（風の音のみ）"."""
MOST_WORDS: Final = 10
"""A longer sentence shows something as well."""


def heard_in(aside: str) -> SoundCue | None:
    """The sound that a remark in brackets names; None for any other remark."""
    inner = aside.strip().strip("()（）[]")
    found = _HEARD.match(inner) or _SOUND_LAST.fullmatch(aside.strip())
    return SoundCue(role_of("", found["what"]), found["what"].strip()) if found else None


def with_heard(shot: Shot) -> Shot:
    """The shot with such sounds as cues; its description keeps them, as what makes them may be seen."""
    found = (_HEARD.match(s) for s in sentences(shot.description) if len(s.split()) <= MOST_WORDS)
    cues = tuple(SoundCue(role_of("", m["what"]), m["what"]) for m in found if m and not QUOTED.search(m["what"]))
    return replace(shot, sounds=(*shot.sounds, *cues)) if cues else shot
