"""The pieces of a film: consecutive frames that are encoded by themselves. Pure arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from activities.finishing.timeline import PlacedShot, ScreenText, Timeline


@dataclass(frozen=True)
class Part:
    """Consecutive frames of a placed shot, from its frame number `first`."""

    placed: PlacedShot
    first: int


@dataclass(frozen=True)
class Piece:
    """Frames of the film that are encoded by themselves: of one shot, or of two during a transition.

    Attributes:
        start: The number of its first frame in the film.
        fade_in: The number of its first frames that come from black.
        fade_out: The number of its last frames that go to black.
        texts: The texts over it.
        card: The text of an end card, which has no parts.
    """

    parts: tuple[Part, ...]
    start: int
    frames: int
    kind: str = "cut"
    fade_in: int = 0
    fade_out: int = 0
    texts: tuple[ScreenText, ...] = ()
    card: str = ""

    @property
    def name(self) -> str:
        return " to ".join(part.placed.shot.asset_id for part in self.parts) or "end card"


def pieces_of(timeline: Timeline) -> list[Piece]:
    """The pieces of a film in order; together they have every frame of it once."""
    pieces: list[Piece] = []
    at = 0
    for index, placed in enumerate(timeline.shots):
        following = timeline.shots[index + 1] if index + 1 < len(timeline.shots) else None
        shared_after = following.join.overlap if following else 0
        if placed.join.overlap:
            before = timeline.shots[index - 1]
            shared = (Part(before, before.frames - placed.join.frames), Part(placed, 0))
            pieces.append(Piece(shared, at, placed.join.frames, placed.join.kind))
            at += placed.join.frames
        alone = placed.frames - placed.join.overlap - shared_after
        fade_in, fade_out = timeline.fades(index)
        piece = Piece((Part(placed, placed.join.overlap),), at, alone, fade_in=fade_in, fade_out=fade_out)
        pieces += [piece] if alone else []
        at += alone
    if timeline.card_frames:
        pieces.append(Piece((), at, timeline.card_frames, fade_out=timeline.ending, card=timeline.card))
    return [replace(piece, texts=_shown(timeline.texts, piece)) for piece in pieces]


def _shown(texts: Sequence[ScreenText], piece: Piece) -> tuple[ScreenText, ...]:
    end = piece.start + piece.frames
    return tuple(each for each in texts if each.first < end and each.first + each.frames > piece.start)
