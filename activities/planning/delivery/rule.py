"""The delivery of each narration by rule, from what the brief says: directions of its lines ("(whispering)"), sentences
about the voice, and punctuation. None of it is spoken."""

import re
from collections.abc import Sequence
from typing import Final

from activities.planning.structure.model import Line, Structure
from activities.planning.structure.words import OFF_SCREEN
from activities.planning.task import PlanningTask
from activities.text.delivery.reading import SEPARATOR, is_voice_direction, manners_in, merged
from activities.text.delivery.vocabulary import mentions
from activities.text.patterns import Pattern
from activities.text.speech import sentences
from workflows.brief import Brief
from workflows.models import MAX_DELIVERY_CHARS, Plan
from workflows.spoken import languages

_UNLABELLED: Final = Pattern(r"^[^:：]{1,40}[:：]\s*")
_LEADING: Final = Pattern(r"^\s*[(（\[［]([^()（）\[\]［］]{1,80})[)）\]］]\s*")
_KEY_CHARS: Final = 24
"""The letters at the begin of a line by which it is found in a narration."""
_WHOLE: Final = 0.6
"""The share of a narration from which one direction stands for all of it."""
_SHOWN_WORDS: Final = 4
EXCITED, HESITANT, SHOUTING = "energetic", "hesitant, trailing off", "shouting"


class Deliveries:
    """The deliveries of the narrations of one film, which are asked for in plan order."""

    def __init__(self, brief: Brief, structure: Structure | None) -> None:
        lines = [line for shot in structure.shots for line in shot.lines] if structure else []
        self._lines = [line for line in lines if direction_of(line) and _letters(line.text)]
        self._general = asked_delivery(brief, [line.text for line in lines])

    def of(self, narration: str) -> str:
        """The delivery of the next narration; empty where nothing says how it is spoken."""
        directed = self._directed(narration)
        return (directed or self._general or by_punctuation(narration))[:MAX_DELIVERY_CHARS]

    def line(self, narration: str, manners: Sequence[str]) -> tuple[str, str]:
        """The words of the next narration and its delivery, after what feedback says of it, in order."""
        words, direction = split_direction(narration)
        delivery = SEPARATOR.join(dict.fromkeys(filter(None, (direction, self.of(words)))))
        for manner in manners:
            delivery = merged(delivery, manner)
        return words, delivery

    def _directed(self, narration: str) -> str:
        """The directions of the lines in a narration, which no later narration gets."""
        said, found = _letters(narration), list[Line]()
        while self._lines and _letters(self._lines[0].text)[:_KEY_CHARS] in said:
            found.append(self._lines.pop(0))
        return _together(found, narration)


def with_deliveries(plan: Plan, task: PlanningTask) -> Plan:
    """The plan of a film in which each narration without a delivery has the one that the brief gives it."""
    deliveries = Deliveries(task.brief, task.structure)
    found = {a.asset_id: deliveries.of(a.prompt) for a in languages.narrations(plan)}
    if not any(found.values()):
        return plan
    return plan.with_assets(
        a.model_copy(update={"delivery": a.delivery or found.get(a.asset_id, "")}) for a in plan.assets
    )


def asked_delivery(brief: Brief, said: Sequence[str] = ()) -> str:
    """What the brief says about the voice of the whole film: sentences about it, and manners in its style.

    Args:
        said: The lines of the brief, which say nothing about the voice.
    """
    spoken = _letters(" ".join(said))
    asked = [
        manners_in(each)
        for each in sentences(brief.text)
        if is_voice_direction(each) and _letters(_UNLABELLED.sub("", each)) not in spoken
    ]
    style = manners_in(brief.style) if any(not m.manner.weak for m in mentions(brief.style)) else ""
    return SEPARATOR.join(dict.fromkeys(filter(None, (*asked, style))))


def without_directions(text: str) -> str:
    """The text without the sentences about the voice: they are not spoken."""
    kept = [each for each in sentences(text) if not is_voice_direction(each)]
    return text if len(kept) == len(sentences(text)) else " ".join(kept)


def split_direction(spoken: str) -> tuple[str, str]:
    """The words of a line, and the direction in brackets before them; empty where there is none."""
    found = _LEADING.match(spoken)
    if not found or not any(True for _ in mentions(found[1])) or not spoken[found.end() :].strip():
        return spoken, ""
    return spoken[found.end() :], found[1].strip()


def direction_of(line: Line) -> str:
    """How a line is said; a note on where its speaker is says nothing of it."""
    parts = re.split(r"\s*[/;]\s*", line.direction.strip(" ()（）"))
    return SEPARATOR.join(part for part in parts if part and not OFF_SCREEN.match(part))


def by_punctuation(narration: str) -> str:
    """What the punctuation of a text says of its delivery."""
    parts = [part.rstrip('"”’»」』)） ') for part in sentences(narration)] if narration.strip() else []
    words = [word for word in re.findall(r"[^\W\d_]{2,}", narration) if word.upper() != word.lower()]
    if len(words) > 2 and all(word.isupper() for word in words):
        return SHOUTING
    if 2 * sum(part.endswith(("!", "！")) for part in parts) > len(parts):
        return EXCITED
    return HESITANT if parts and 2 * sum(part.endswith(("…", "...")) for part in parts) > len(parts) else ""


def _together(lines: Sequence[Line], narration: str) -> str:
    """One direction for a narration, otherwise each with the words from which it counts."""
    if not lines:
        return ""
    directions = list(dict.fromkeys(map(direction_of, lines)))
    share = sum(len(_letters(line.text)) for line in lines) / max(len(_letters(narration)), 1)
    if len(directions) == 1 and share >= _WHOLE:
        return directions[0]
    return "; ".join(f"“{_first_words(line.text)}”: {direction_of(line)}" for line in lines)


def _first_words(text: str) -> str:
    words = text.split()
    return f"{' '.join(words[:_SHOWN_WORDS])} …" if len(words) > _SHOWN_WORDS else text[:40]


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())
