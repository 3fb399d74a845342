"""The shots of a film while it is planned: joined, divided, edited by rule, and given their lengths in seconds."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from activities.planning.revision import Edit
from activities.planning.structure.model import Join
from activities.text.speech import join_sentences, sentences, speech_seconds

BREATH_SECONDS: Final = 0.4
"""By which a shot is longer than its narration."""
SILENT_SECONDS: Final = 1.5
"""The least for a shot without narration, where the brief gives no length."""
TRANSITION_SECONDS: Final = 1.0
"""Of a transition that the brief names, in shots that are long enough."""


class Frame(NamedTuple):
    """How a shot is framed and moves. `x` is the place of its subject, as a share of the width."""

    name: str
    composition: str
    camera: str
    x: float = 0.5


@dataclass(frozen=True)
class FilmShot:
    """A shot of the plan.

    Attributes:
        label: A short name for people, without its number.
        scene: What is seen.
        place: Where a screenplay sets it.
        narration: What is said over it; empty for a shot without narration.
        speakers: Who says it, where the brief names them.
        lettering: The text on the screen.
        seconds: Its length in the plan.
        left_out: Text of the brief for this shot that does not fit.
        fixed: Whether the brief gives the length.
        join: The transition from the shot before it.
        manners: What feedback says of the delivery of its narration, in order.
    """

    label: str
    scene: str
    frame: Frame
    narration: str = ""
    speakers: tuple[str, ...] = ()
    lettering: tuple[str, ...] = ()
    seconds: float = 0
    left_out: str = ""
    fixed: bool = False
    join: Join = ""
    place: str = ""
    manners: tuple[str, ...] = ()

    @property
    def need(self) -> float:
        """The seconds that it takes to say its narration."""
        return speech_seconds(self.narration) + BREATH_SECONDS if self.narration else SILENT_SECONDS


def share(needs: Sequence[float], total: float) -> list[float]:
    """Divide a total: equally where that is enough for each need, otherwise more to those that need more.

    If the needs together are more than the total, every need above an equal share gets the same, smaller length.
    """
    lengths = [0.0] * len(needs)
    enough = sum(needs) <= total
    left, rest = list(range(len(needs))), total
    while left:
        equal = rest / len(left)
        taken = [k for k in left if (needs[k] > equal if enough else needs[k] < equal)]
        if not taken:
            for k in left:
                lengths[k] = equal
            break
        for k in taken:
            lengths[k] = needs[k]
            rest -= needs[k]
            left.remove(k)
    return lengths


def with_lengths(shots: Sequence[FilmShot], total: float) -> list[FilmShot]:
    """The shots with lengths that sum to the total: as the brief gives them, in proportion, or by what is said."""
    if all(shot.fixed for shot in shots):
        factor = total / (sum(shot.seconds for shot in shots) or 1)
        return [replace(shot, seconds=shot.seconds * factor) for shot in shots]
    known = sum(shot.seconds for shot in shots if shot.fixed)
    free = [k for k, shot in enumerate(shots) if not shot.fixed]
    room = max(total - known, 0.5 * len(free))
    needs = [shots[k].need for k in free]
    lengths = share(needs, room)
    if sum(needs) > room:
        lengths = [room * need / sum(needs) for need in needs]
    by_place = dict(zip(free, lengths, strict=True))
    return [shot if k not in by_place else replace(shot, seconds=by_place[k]) for k, shot in enumerate(shots)]


def move_overrun(shots: Sequence[FilmShot]) -> list[FilmShot]:
    """Move last sentences that do not fit their shot to the next shots, where these are silent and have the time."""
    moved = list(shots)
    for k in range(len(moved) - 1):
        said = sentences(moved[k].narration) if moved[k].narration else []
        while len(said) > 1 and moved[k].need > moved[k].seconds and not moved[k + 1].narration:
            kept, rest = said[:-1], said[-1:]
            while len(kept) > 1 and speech_seconds(join_sentences(kept)) + BREATH_SECONDS > moved[k].seconds:
                rest.insert(0, kept.pop())
            if speech_seconds(join_sentences(rest)) + BREATH_SECONDS > moved[k + 1].seconds and k + 2 >= len(moved):
                break
            moved[k + 1] = replace(moved[k + 1], narration=join_sentences(rest), speakers=moved[k].speakers)
            moved[k] = replace(moved[k], narration=join_sentences(kept))
            said = kept
    return moved


def joined(shots: Sequence[FilmShot], count: int) -> list[FilmShot]:
    """At most `count` shots: the two neighbours that last least together become one, as often as needed.

    Neighbours in one place come first."""
    left = list(shots)
    while len(left) > max(count, 1):
        k = min(range(len(left) - 1), key=lambda i: _joined_weight(left[i], left[i + 1]))
        left[k : k + 2] = [_join(left[k], left[k + 1])]
    return left


def _weight(shot: FilmShot) -> float:
    return shot.seconds if shot.fixed else shot.need


def _joined_weight(one: FilmShot, other: FilmShot) -> tuple[bool, float]:
    return one.place != other.place, _weight(one) + _weight(other)


def _join(one: FilmShot, other: FilmShot) -> FilmShot:
    return replace(
        one,
        scene=one.scene if other.scene in one.scene else join_sentences([one.scene, other.scene]),
        narration=join_sentences([n for n in (one.narration, other.narration) if n]),
        speakers=tuple(dict.fromkeys((*one.speakers, *other.speakers))),
        lettering=tuple(dict.fromkeys((*one.lettering, *other.lettering))),
        seconds=one.seconds + other.seconds,
        fixed=one.fixed and other.fixed,
    )


def divided(shots: Sequence[FilmShot], count: int) -> list[FilmShot]:
    """At least `count` shots: the longest is divided, its sentences and its length with it, as often as needed."""
    made = list(shots)
    while len(made) < count:
        k = max(range(len(made)), key=lambda i: (_weight(made[i]), -i))
        shot = made[k]
        said = sentences(shot.narration) if shot.narration else []
        at = math.ceil(len(said) / 2)
        first = replace(shot, narration=join_sentences(said[:at]), lettering=(), seconds=shot.seconds / 2)
        second = replace(shot, narration=join_sentences(said[at:]), seconds=shot.seconds / 2, join="")
        made[k : k + 1] = [first, second]
        if count > 10 * len(shots):
            break
    return made


def edited(shots: Sequence[FilmShot], edits: Sequence[Edit]) -> tuple[list[FilmShot], list[str]]:
    """The shots after the edits, and a message for each edit that is not possible."""
    now, problems = list(shots), []
    for edit in edits:
        missing = [n for n in edit.shots if n != -1 and not 1 <= n <= len(now)]
        if missing:
            problems.append(f"there is no shot {missing[0]}: the film has {len(now)}")
            continue
        at = [len(now) - 1 if n == -1 else n - 1 for n in edit.shots]
        match edit.kind:
            case "drop" if len(at) >= len(now):
                problems.append("a film needs a shot: the last one stays")
            case "drop":
                now = [shot for k, shot in enumerate(now) if k not in at]
            case "silence":
                now = [replace(s, narration="", left_out="") if not at or k in at else s for k, s in enumerate(now)]
            case "delivery":
                manner = (edit.text,)
                now = [replace(s, manners=s.manners + manner) if not at or k in at else s for k, s in enumerate(now)]
            case "length":
                now = [replace(s, seconds=edit.value, fixed=True) if k in at else s for k, s in enumerate(now)]
            case "swap":
                now[at[0]], now[at[1]] = now[at[1]], now[at[0]]
            case "move":
                now = _moved(now, at[0], edit.value)
            case "count":
                now = joined(divided(now, int(edit.value)), int(edit.value))
            case _:
                count = len(now) + (1 if edit.kind == "more" else -1) * max(1, round(len(now) / 4))
                now = joined(divided(now, count), count)
    return now, problems


def _moved(shots: list[FilmShot], at: int, place: float) -> list[FilmShot]:
    """The shot at an index, moved to a position from 1; -1 is the end, a half is between two shots."""
    others = [shot for k, shot in enumerate(shots) if k != at]
    if place == -1:
        return [*others, shots[at]]
    if not float(place).is_integer():
        before = math.floor(place) - (at < math.floor(place))
        return [*others[:before], shots[at], *others[before:]]
    index = min(int(place), len(shots)) - 1
    return [*others[:index], shots[at], *others[index:]]


def transition_seconds(shots: Sequence[FilmShot]) -> float:
    """The length of a transition between these shots."""
    return math.floor(min(TRANSITION_SECONDS, min(shot.seconds for shot in shots) / 2) * 10) / 10


def with_shared(shots: list[FilmShot], *, timed: bool) -> tuple[list[FilmShot], float]:
    """The shots, and by how much they last longer together than their film, in which dissolves and wipes show two.

    Args:
        timed: Whether the brief gives the length of each shot, which then becomes longer by its transition.
    """
    shared = [k for k, shot in enumerate(shots) if k and shot.join in ("dissolve", "wipe")]
    if not timed:
        return shots, TRANSITION_SECONDS * len(shared)
    more = {k: transition_seconds(shots[k - 1 : k + 1]) for k in shared}
    return [replace(shot, seconds=shot.seconds + more.get(k, 0.0)) for k, shot in enumerate(shots)], sum(more.values())
