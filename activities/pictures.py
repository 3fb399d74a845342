"""Pictures: a shot's or a still's frames in the film's size and rate, and single pictures for the contact sheet.

Frames stream through libavfilter one at a time. Synchronous, so call it from a thread. Sizes are pixels, times seconds.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final

from activities.errors import OutputUnusable
from activities.media import recording
from activities.timeline import PlacedShot, Timeline

if TYPE_CHECKING:
    from av.filter import Graph
    from av.filter.context import FilterContext
    from av.video.frame import VideoFrame
    from PIL.Image import Image

RATES: Final = (24, 25, 30)
"""Frames a second that every player and platform takes; a film runs at the one nearest to its first shot."""
LONG_SIDE: Final = 1920
"""The longer side is at most this, in pixels: 4K shots would take minutes and gigabytes to finish."""
PUSH_IN: Final = 0.03
"""How far a held still moves in over its whole length: writing near its edges stays in the picture."""

_UPRIGHT: Final[Mapping[int, Sequence[tuple[str, str]]]] = {
    90: [("transpose", "cclock")],
    -90: [("transpose", "clock")],
    180: [("transpose", "clock"), ("transpose", "clock")],
    -180: [("transpose", "clock"), ("transpose", "clock")],
}
"""Degrees by which a frame has to be turned (a telephone notes how it was held) -> filters that do it."""


class Stopped(Exception):
    """The work was cancelled between two frames."""


@dataclass(frozen=True)
class Look:
    """Size and rate of the film."""

    width: int
    height: int
    rate: int = 24

    @classmethod
    def of_shot(cls, shot: "ShotFacts") -> "Look":
        """The shot's own size (even, at most LONG_SIDE) and the nearest usual rate."""
        shrink = min(1.0, LONG_SIDE / max(shot.width, shot.height))
        even = [max(2, round(side * shrink / 2) * 2) for side in (shot.width, shot.height)]
        return cls(even[0], even[1], min(RATES, key=lambda usual: abs(usual - shot.rate)))

    @classmethod
    def of_aspect(cls, aspect: str) -> "Look":
        """720 pixels on the shorter side of an aspect such as "16:9"."""
        across, down = map(int, aspect.split(":"))
        unit = 720 / min(across, down)
        return cls(round(across * unit / 2) * 2, round(down * unit / 2) * 2)


@contextmanager
def decoding(asset_id: str) -> Iterator[None]:
    """Name the asset whose media does not decode.

    Raises:
        OutputUnusable: instead of what the decoder raised.
    """
    import av

    try:
        yield
    except (OutputUnusable, av.FFmpegError, OSError, ValueError, IndexError) as error:
        raise OutputUnusable(f"{asset_id} does not decode ({error}); make it again") from None


def look_at(stop: Event) -> None:
    """Called before each frame.

    Raises:
        Stopped: the work was cancelled.
    """
    if stop.is_set():
        raise Stopped


@dataclass(frozen=True)
class ShotFacts:
    """Pixels as they are shown, and the seconds of the moving picture: a file's sound may be longer."""

    width: int
    height: int
    seconds: float
    rate: float
    sound: bool


def shot_facts(asset_id: str, path: Path) -> ShotFacts:
    """Read what a shot is.

    Raises:
        OutputUnusable: it does not open as video.
    """
    import av

    with decoding(asset_id), recording(path) as container:
        stream = container.streams.video[0]
        if stream.duration and stream.time_base:
            seconds = float(stream.duration * stream.time_base)
        else:
            seconds = float((container.duration or 0) / av.time_base)
        sides = round(stream.width * float(stream.sample_aspect_ratio or 1)), stream.height
        first = next(container.decode(stream), None)
        width, height = sides[::-1] if first and abs(first.rotation) == 90 else sides
        return ShotFacts(width, height, seconds, float(stream.average_rate or RATES[0]), bool(container.streams.audio))


def picture_of(path: Path, within: tuple[int, int]) -> "Image":
    """A picture file as RGB, upright, on white where it is transparent, no larger than `within` pixels.

    Raises:
        OutputUnusable: it does not open.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as opened:
            opened.draft("RGB", within)  # lets a JPEG decode small at once
            picture = ImageOps.exif_transpose(opened)
            if picture.has_transparency_data:
                clear = picture.convert("RGBA")
                picture = Image.new("RGBA", clear.size, "white")
                picture.alpha_composite(clear)
            picture = picture.convert("RGB")
    except Exception as error:  # Pillow raises what its many decoders happen to raise
        raise OutputUnusable(f"the picture does not open ({error})") from None
    picture.thumbnail(within)
    return picture


def middle_of(path: Path, seconds: float, within: tuple[int, int]) -> "Image":
    """The frame in the middle of a shot of `seconds`, no larger than `within` pixels.

    Raises:
        OutputUnusable: it does not decode.
    """
    import av

    try:
        with recording(path) as container:
            stream = container.streams.video[0]
            begin = float((stream.start_time or 0) * (stream.time_base or 0))
            middle = begin + seconds / 2
            container.seek(round(middle * av.time_base))
            best = None
            for best in container.decode(stream):
                if best.time is not None and best.time >= middle:
                    break
            if best is None:
                raise OutputUnusable("the shot has no picture")
            picture: Image = best.to_image()  # type: ignore[no-untyped-call]  # PyAV leaves it untyped
            picture = picture.rotate(best.rotation, expand=True)
    except (av.FFmpegError, OSError, IndexError) as error:
        raise OutputUnusable(f"the shot does not decode ({error})") from None
    picture.thumbnail(within)
    return picture


def all_frames(timeline: Timeline, look: Look, stop: Event) -> Iterator["VideoFrame"]:
    """Every frame of the film in order.

    Raises:
        OutputUnusable: a shot does not decode; the message names it.
        Stopped: `stop` was set.
    """
    for placed in timeline.shots:
        make = _still_frames if placed.shot.still else _shot_frames
        with decoding(placed.shot.asset_id), closing(_exactly(placed.frames, make(placed, look))) as frames:
            for frame in frames:
                look_at(stop)
                yield frame


def _exactly(count: int, frames: Iterator["VideoFrame"]) -> Generator["VideoFrame"]:
    """Cut after `count` frames, or hold the last one until then."""
    last: VideoFrame | None = None
    made = 0
    for frame in frames:
        yield frame
        last, made = frame, made + 1
        if made == count:
            return
    if last is None:
        raise ValueError("it has no picture")
    for _ in range(made, count):
        yield last


def _fit(look: Look, grow: int = 1) -> list[tuple[str, str]]:
    """Scale into the frame without cropping, bars where the aspect differs, square pixels, BT.709 TV range."""
    width, height = look.width * grow, look.height * grow
    scale = f"{width}:{height}:force_original_aspect_ratio=decrease:force_divisible_by=2:reset_sar=1"
    return [
        ("scale", f"{scale}:out_color_matrix=bt709:out_range=tv"),
        ("format", "yuv420p"),
        ("pad", f"{width}:{height}:-1:-1"),
    ]


def _filtered(
    source: Iterable["VideoFrame"], buffer: Callable[["Graph"], "FilterContext"], filters: Sequence[tuple[str, str]]
) -> Iterator["VideoFrame"]:
    """Push frames through a chain of libavfilter's filters, holding no more than the chain itself does."""
    import av

    graph = av.filter.Graph()
    nodes = [buffer(graph), *(graph.add(name, arguments) for name, arguments in filters), graph.add("buffersink")]
    graph.link_nodes(*nodes).configure()
    for frame in chain(source, (None,)):
        graph.vpush(frame)
        while True:
            try:
                yield graph.vpull()
            except (BlockingIOError, EOFError):  # it wants more, or has given all
                break


def _shot_frames(placed: PlacedShot, look: Look) -> Iterator["VideoFrame"]:
    with recording(placed.shot.path) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        frames = container.decode(stream)
        first = next(frames, None)
        if first is None:
            return
        upright = _UPRIGHT.get(first.rotation, ())
        filters = [("setpts", "PTS-STARTPTS"), *upright, *_fit(look), ("fps", str(look.rate))]
        yield from _filtered(chain((first,), frames), lambda graph: graph.add_buffer(template=stream), filters)


def _still_frames(placed: PlacedShot, look: Look) -> Iterator["VideoFrame"]:
    """A still moves in slowly; it is enlarged first, because the crop moves by whole pixels and would tremble."""
    import av

    picture = picture_of(placed.shot.path, (look.width * 2, look.height * 2))
    frame = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]  # PyAV leaves it untyped
    frame.pts, frame.time_base = 0, Fraction(1, look.rate)
    count = placed.frames
    zoom = f"z='1+{PUSH_IN}*on/{count}':x='(iw-iw/zoom)/2':y='(ih-ih/zoom)/2':d={count}"
    filters = [*_fit(look, 2), ("zoompan", f"{zoom}:s={look.width}x{look.height}:fps={look.rate}")]

    def buffer(graph: "Graph") -> "FilterContext":
        return graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, look.rate)
        )

    yield from _filtered([frame], buffer, filters)
