"""The size and the rate of a film, from its shots or stills and the aspect of its brief. Sizes are pixels."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from activities.finishing.timeline import Shot
from activities.media.timecode import slate_height
from workflows.destinations.profiles import Profile, SafeArea, rate_of

T = TypeVar("T")
LONG_SIDE: Final = 1920
"""The longer side of a film is at most this: 4K shots would take minutes and gigabytes to finish."""
SHORT_SIDES: Final = (1080, 720)
"""Of a film of stills."""
MOST_CROPPED: Final = 0.16
"""The share of a picture that is cut off to fill the frame of a film for no destination: of a photograph in 3:2 in
16:9. A picture of another shape than that has bars, because faces would be cut off."""

_ABOVE_SLATE: Final = 0.01
"""The distance of texts to the slate of an animatic, of the height."""


@dataclass(frozen=True)
class ShotFacts:
    """The displayed size, and the length of the video stream in seconds: the sound may be longer."""

    width: int
    height: int
    seconds: float
    rate: float
    sound: bool
    timecode: bool = False
    """Whether it is an animatic, on whose frames the film draws its time."""


@dataclass(frozen=True)
class FilmFormat:
    """The size and the rate of the film.

    Attributes:
        crop: Whether each shot fills the frame, cropped around its focus; otherwise one of another shape has bars.
        safe: The area of a destination in which text is drawn.
        kbps: The highest bit rate that a destination takes, in 1,000 bits a second.
    """

    width: int
    height: int
    rate: int = 24
    crop: bool = False
    safe: SafeArea | None = None
    kbps: int | None = None

    def for_destination(self, profile: Profile, seconds: float) -> "FilmFormat":
        """The same film, of this length, as a destination takes it."""
        width, height = profile.size
        return FilmFormat(width, height, self.rate, crop=True, safe=profile.safe, kbps=profile.kbps(seconds))

    def in_aspect(self, aspect: str) -> "FilmFormat":
        """Another aspect of the same film, with the same shorter side."""
        width, height = _size_in(aspect, min(self.width, self.height))
        return FilmFormat(width, height, self.rate, crop=True)

    def above_slates(self, shots: Iterable[Shot]) -> "FilmFormat":
        """The same film, with its texts above the slates of animatics, where they could not be read."""
        high = max((self._slate_of(shot) for shot in shots if shot.timecode), default=0.0)
        if high <= 0:
            return self
        area = self.safe or SafeArea()
        return replace(self, safe=replace(area, bottom=max(area.bottom, high / self.height + _ABOVE_SLATE)))

    def _slate_of(self, shot: Shot) -> float:
        """The height from the lower edge of the frame to the upper edge of the slate of an animatic."""
        assert shot.timecode
        width, height = shot.timecode
        scales = self.width / width, self.height / height
        scale = max(scales) if self.crop or shot.fill else min(scales)
        spare = height * scale - self.height  # of the animatic, that is cropped; less than nothing with bars
        top = max(0.0, min(spare, height * scale * shot.focus[1] - self.height / 2)) if spare > 0 else spare / 2
        return slate_height(width) * scale - (spare - top)

    def cut_off(self, width: float, height: float) -> float:
        """The share of a picture of this size that does not fit into the film where it fills the frame."""
        wide, high = width * self.height, height * self.width
        return 1 - min(wide, high) / max(wide, high, 1)

    def is_filled(self, width: float, height: float) -> bool:
        """Whether a picture of this size fills the frame of a film for no destination."""
        return 0 < self.cut_off(width, height) <= MOST_CROPPED

    def is_shaped(self, aspect: str) -> bool:
        """Whether it has about this aspect."""
        return self.cut_off(*_size_in(aspect, LONG_SIDE)) <= MOST_CROPPED

    @classmethod
    def of_shots(cls, shots: Sequence[ShotFacts], aspect: str, renditions: tuple[str, ...] = ()) -> "FilmFormat":
        """The size and the rate of most of the film's time, so that most shots are shown as they were made.

        The size is that of shots in about the brief's aspect, if there are any (even, at most LONG_SIDE).
        """
        wanted = cls(*_size_in(aspect, LONG_SIDE))
        near = [shot for shot in shots if wanted.cut_off(shot.width, shot.height) <= MOST_CROPPED]
        width, height = max(_most(near or shots, lambda shot: _even(shot.width, shot.height)))
        return cls(width, height, _most(shots, lambda shot: rate_of(renditions, shot.rate))[0])

    @classmethod
    def of_stills(cls, sizes: Sequence[tuple[int, int]], aspect: str, renditions: tuple[str, ...] = ()) -> "FilmFormat":
        """The aspect in the largest of SHORT_SIDES for which most stills need not be enlarged; an unknown size is 0."""
        made = [cls(*_size_in(aspect, short), rate_of(renditions, cls.rate)) for short in SHORT_SIDES]
        most = len(sizes) // 2 + 1
        return next((each for each in made if sum(each._has_pixels(*size) for size in sizes) >= most), made[-1])

    def _has_pixels(self, width: int, height: int) -> bool:
        """Whether a picture of this size is not enlarged for the film."""
        fits = (width >= self.width, height >= self.height)
        return all(fits) if self.is_filled(width, height) else any(fits)


def _size_in(aspect: str, short: int) -> tuple[int, int]:
    """The size of an aspect such as "16:9" with this shorter side, if its longer one is not above LONG_SIDE."""
    across, down = map(int, aspect.split(":"))
    unit = short / min(across, down)
    return _even(across * unit, down * unit)


def _even(width: float, height: float) -> tuple[int, int]:
    shrink = min(1.0, LONG_SIDE / max(width, height))
    return max(2, round(width * shrink / 2) * 2), max(2, round(height * shrink / 2) * 2)


def _most(shots: Sequence[ShotFacts], of: Callable[[ShotFacts], T]) -> list[T]:
    """What most of the time has; of equal ones all, in the order of the shots."""
    seconds: dict[T, float] = {}
    for shot in shots:
        value = of(shot)
        seconds[value] = seconds.get(value, 0.0) + round(shot.seconds, 1)
    most = max(seconds.values())
    return [value for value in seconds if seconds[value] >= most - 0.1]
