"""The structure of a brief: its shots in order, with times, spoken lines and on-screen text. Times are seconds."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from activities.planning.structure.cards import CARD_SECONDS, LEAST_CARD_SECONDS, MOST_CARD_SECONDS, Cards

Form = Literal["shot list", "table", "screenplay", "list", "advert"]
Join = Literal["", "cut", "dissolve", "fade", "wipe"]
"""The transition into a shot, as the brief names it; empty where it names none."""


@dataclass(frozen=True)
class Line:
    """A spoken line. `direction` is how it is said ("quietly"), which is never spoken."""

    text: str
    speaker: str = ""
    direction: str = ""


@dataclass(frozen=True)
class SoundCue:
    """What is heard. `first` and `last` are numbers of shots; 0 stands for the whole film."""

    role: Literal["music", "effects", "ambience"]
    text: str
    first: int = 0
    last: int = 0


@dataclass(frozen=True)
class Shot:
    """One shot of a brief, or one item of a list.

    Attributes:
        number: The number from 1 in the order of the brief.
        description: What is seen.
        framing: The framing that the brief names, as written, e.g. "WIDE".
        start: The begin in the film; None where the brief gives none.
        seconds: The length; None where the brief gives none.
        lines: What is said, in order.
        lettering: The text on the screen, in order.
        place: The scene heading of a screenplay.
        join: The transition from the shot before it.
        sounds: Music, effects and ambience that are labelled in it.
    """

    number: int
    description: str = ""
    framing: str = ""
    start: float | None = None
    seconds: float | None = None
    lines: tuple[Line, ...] = ()
    lettering: tuple[str, ...] = ()
    place: str = ""
    join: Join = ""
    sounds: tuple[SoundCue, ...] = ()

    @property
    def spoken(self) -> tuple[str, ...]:
        return tuple(line.text for line in self.lines)


@dataclass(frozen=True)
class Structure:
    """The shots of a brief.

    Attributes:
        form: The form that was recognised.
        title: The title that the brief gives itself; empty where it gives none.
        fades_out: Whether the film ends with a fade to black.
        cards: The text over its begin and that after its last shot, which are no part of a shot.
        card_seconds: The length of its end card.
        last_text: The end card that is drawn into the last shot, where the shots have lengths.
        conversation: Whether its shots are the turns of people who are heard, as in a podcast.
        only_heard: Whether it orders no picture but a cover.
    """

    form: Form
    shots: tuple[Shot, ...]
    title: str = ""
    fades_out: bool = False
    cards: Cards = Cards()  # noqa: RUF009 - frozen
    card_seconds: float = CARD_SECONDS
    last_text: str = ""
    conversation: bool = False
    only_heard: bool = False

    def with_card_in(self, film_seconds: float) -> "Structure":
        """The structure with its end card after the shots, where they leave time for it in a film of this length."""
        room = film_seconds - (self.seconds or film_seconds)
        if not self.last_text or room < LEAST_CARD_SECONDS:
            return self
        lettering = tuple(text for text in self.shots[-1].lettering if text != self.last_text)
        shots = (*self.shots[:-1], replace(self.shots[-1], lettering=lettering))
        seconds = min(round(room, 3), MOST_CARD_SECONDS)
        return replace(
            self, shots=shots, cards=self.cards._replace(end=self.last_text), last_text="", card_seconds=seconds
        )

    @property
    def fixes_shots(self) -> bool:
        """Whether the brief itself counts the shots; otherwise, they may be joined or divided."""
        return self.form in ("shot list", "table")

    @property
    def seconds(self) -> float | None:
        """The length of the film where the brief gives the length of every shot."""
        lengths = [shot.seconds for shot in self.shots]
        return sum(s for s in lengths if s) if all(lengths) else None


def numbered(shots: Iterable[Shot]) -> tuple[Shot, ...]:
    """The shots with their numbers in this order."""
    return tuple(replace(shot, number=k) for k, shot in enumerate(shots, start=1))
