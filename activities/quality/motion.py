"""What moves in a video: frozen, repeated and flickering frames, from small grey frames.

libavfilter's freezedetect averages the difference over the whole picture, so that a small thing that moves in a fixed
shot, such as steam or an eye, counts as frozen (measured). Here the largest difference of any pixel decides, against
the frame at which the picture last changed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np

    Frame = np.ndarray[tuple[int, ...], np.dtype[np.int16]]

SIDE: Final = 160
"""Pixels of the long side of a small frame."""
BLOCK: Final = 4
"""The least pixels, each way, whose mean is a pixel of the small frame: that removes most of an encoder's noise."""
SAME: Final = 8
"""The most by which a pixel of a frozen picture differs from the last key frame, 0 to 255."""
SAME_AT_KEY: Final = 20
"""The same for a key frame, and against the first frame of a stretch: an encoder draws each key frame anew, which at a
low bit rate changes pixels by up to 15."""
_STRAY: Final = 1
"""Pixels that may differ more."""
_REPEATED: Final = 0.3
"""Of the change of the other frames, the most by which a repeated frame differs: encoders refine it."""
_JUMP: Final = 6.0
"""Mean brightness, 0 to 255, by which a flickering frame differs from its neighbours."""
_PERIODS: Final = (2, 3, 4)


@dataclass
class Stretch:
    """A part of a video, seconds from its start, and the number of its first frame."""

    begin: float
    end: float
    frame: int

    @property
    def seconds(self) -> float:
        return max(self.end - self.begin, 0.0)


@dataclass
class Motion:
    """Collects the frames of a video in their order."""

    times: list[float] = field(default_factory=list)
    stretches: list[Stretch] = field(default_factory=list)
    """The parts between two changes of the picture."""
    _reference: "Frame | None" = None
    _key: "Frame | None" = None
    _last: "Frame | None" = None
    _means: list[float] = field(default_factory=list)
    _changes: list[int] = field(default_factory=list)
    """For each frame after the first, the largest difference of a pixel from the frame before it."""

    def add(self, pixels: "Frame", time: float, *, key: bool = False) -> None:
        """Add a frame; `key` says that its encoder drew it without the frames before it."""
        if self._changed(pixels, key=key):
            self._reference = self._key = pixels
            self.stretches.append(Stretch(time, time, len(self.times)))
        elif key:
            self._key = pixels
        if self._last is not None:
            self._changes.append(int(abs(pixels - self._last).max()))
        self._last = pixels
        self._means.append(float(pixels.mean()))
        self.times.append(time)

    def _changed(self, pixels: "Frame", *, key: bool) -> bool:
        if self._reference is None or self._key is None:
            return True
        near = not key and _differs(pixels, self._key, SAME)
        return near or _differs(pixels, self._reference, SAME_AT_KEY)

    def end(self, seconds: float) -> None:
        """The end of the last frame: each stretch lasts until the next one begins."""
        for here, after in pairwise(self.stretches):
            here.end = after.begin
        if self.stretches:
            self.stretches[-1].end = max(seconds, self.stretches[-1].begin)

    def frozen(self, at_least: float) -> list[Stretch]:
        """The parts of at least that many seconds in which nothing moves."""
        return [each for each in self.stretches if each.seconds >= at_least]

    def repeats(self) -> float:
        """The share of frames that repeat the one before, in a regular pattern; 0 where there is none.

        An irregular one is no fault: nothing moves for a moment.
        """
        changes = self._changes
        if len(changes) < 12:
            return 0.0
        for period in _PERIODS:
            for phase in range(period):
                new = changes[phase::period]
                old = [c for n, c in enumerate(changes) if n % period != phase]
                most = _REPEATED * sorted(new)[len(new) // 2]
                if _share(c > SAME for c in new) >= 0.9 and _share(c <= most for c in old) >= 0.9:
                    return 1 - 1 / period
        return 0.0

    def flicker(self) -> tuple[float, int]:
        """The mean jump of brightness between frames that become brighter and darker in turns, and the first of them.

        A cut or a flash is one jump; flicker is at least four in a second, over a quarter of the frames.
        """
        steps = [after - before for before, after in pairwise(self._means)]
        turns = [
            n
            for n, (one, other) in enumerate(pairwise(steps))
            if one * other < 0 and min(abs(one), abs(other)) >= _JUMP
        ]
        seconds = self.times[-1] - self.times[0] if len(self.times) > 1 else 0.0
        if len(turns) < max(4.0, 4 * seconds * 0.25, 0.1 * len(steps)):
            return 0.0, 0
        return sum(abs(steps[n]) for n in turns) / len(turns), turns[0]


def _differs(pixels: "Frame", reference: "Frame", most: int) -> bool:
    return int((abs(pixels - reference) > most).sum()) > _STRAY


def _share(found: Iterable[bool]) -> float:
    values = list(found)
    return sum(values) / len(values) if values else 0.0
