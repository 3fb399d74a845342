"""The frames of shots and stills in the size and rate of the film, and single pictures for the contact sheet.

Frames stream through libavfilter one at a time. Synchronous, so call it from a thread. Sizes are pixels, times seconds.
"""

import math
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from fractions import Fraction
from itertools import chain, groupby
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final

from activities.disk import disk_full, is_out_of_room
from activities.errors import OutputUnusable
from activities.finishing.picture.conversion import convert
from activities.finishing.picture.formats import FilmFormat, ShotFacts
from activities.finishing.picture.joins import JOINS, darken
from activities.finishing.picture.pieces import Part, Piece
from activities.finishing.picture.titles import Titles, card_frame
from activities.finishing.timeline import PlacedShot, Shot
from activities.media.overlays import Overlay, compose
from activities.media.planes import frame_of, planes_of, window_of
from activities.media.recordings import Skipped, open_recording, picture_seconds, shown_size, video_frames
from activities.media.stills import BROKEN, PIXEL_BUDGET, decode_picture, open_picture, upright_size
from activities.media.timecode import MARK, FilmTimecode, mark_of
from workflows.destinations.profiles import USUAL_RATES, SafeArea

if TYPE_CHECKING:
    from av.filter import Graph
    from av.filter.context import FilterContext
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream
    from PIL.Image import Image

    from activities.finishing.picture.colours import Filter

PUSH_IN: Final = 0.03
"""The zoom of a held still over its whole length: text near its edges stays visible."""
OVERSCAN: Final = 1.2
"""How much larger than the frame a still is from which the frames of the zoom are cut."""


class Stopped(Exception):
    """The activity was cancelled between two frames."""


@contextmanager
def decoding(asset_id: str) -> Iterator[None]:
    """Name the asset in the error of media that does not decode.

    Raises:
        OutputUnusable: instead of the decoder's error.
        WorkerDiskFull: this worker has no room for the file; the media may be good.
    """
    import av

    try:
        yield
    except (OutputUnusable, av.FFmpegError, OSError, ValueError, IndexError) as error:
        if is_out_of_room(error):
            raise disk_full(error) from error
        raise OutputUnusable(f"{asset_id} does not decode ({error}); make it again") from None


def check_stopped(stop: Event) -> None:
    """Called before each frame.

    Raises:
        Stopped: the activity was cancelled.
    """
    if stop.is_set():
        raise Stopped


def shot_facts(asset_id: str, path: Path) -> ShotFacts:
    """Read the facts of a shot.

    Raises:
        OutputUnusable: no part of it decodes as video.
    """
    with decoding(asset_id), open_recording(path) as container:
        stream = container.streams.video[0]
        first = next(video_frames(container), None)
        if first is None:
            raise OutputUnusable("it has no picture")
        width, height = shown_size(first, stream)
        seconds = picture_seconds(container, stream)
        rate, sound = float(stream.average_rate or USUAL_RATES[0]), bool(container.streams.audio)
        marked = container.metadata.get("comment") == MARK
        return ShotFacts(width, height, seconds, rate, sound, timecode=marked)


def load_picture(path: Path, within: tuple[int, int]) -> "Image":
    """A picture file as RGB, upright, on white if it is transparent, no larger than `within` pixels.

    Raises:
        OutputUnusable: it does not open.
    """
    from PIL import Image

    try:
        with decode_picture(path, within) as picture:
            if picture.mode != "RGBA":
                return picture.convert("RGB")
            ground = Image.new("RGBA", picture.size, "white")
            ground.alpha_composite(picture)
            return ground.convert("RGB")
    except BROKEN as error:
        if is_out_of_room(error):
            raise disk_full(error) from error
        raise OutputUnusable(f"the picture does not open ({error})") from None


def load_middle_frame(path: Path, seconds: float, within: tuple[int, int]) -> "Image":
    """The frame in the middle of a shot of `seconds`, no larger than `within` pixels.

    Raises:
        OutputUnusable: no part of it decodes.
    """
    return _load_frame(path, seconds / 2, within)


def load_last_frame(path: Path, within: tuple[int, int]) -> "Image":
    """The last frame of a shot, no larger than `within` pixels.

    Raises:
        OutputUnusable: no part of it decodes.
    """
    return _load_frame(path, None, within)


def _load_frame(path: Path, seconds: float | None, within: tuple[int, int]) -> "Image":
    """The first frame from a time of a shot on, or its last frame."""
    import av

    try:
        with open_recording(path) as container:
            stream = container.streams.video[0]
            begin = float((stream.start_time or 0) * (stream.time_base or 0))
            end = picture_seconds(container, stream) if seconds is None else seconds
            best = None
            for start in (begin + end, begin):  # some files cannot be read from their last key frame
                container.seek(round(start * av.time_base))
                for best in video_frames(container):
                    if seconds is not None and best.time is not None and best.time >= begin + end:
                        break
                if best is not None:
                    break
            if best is None:
                raise OutputUnusable("the shot has no picture")
            return picture_of_frame(best, stream, within)
    except (av.FFmpegError, OSError, IndexError) as error:
        if is_out_of_room(error):
            raise disk_full(error) from error
        raise OutputUnusable(f"the shot does not decode ({error})") from None


def picture_of_frame(frame: "VideoFrame", stream: "VideoStream", within: tuple[int, int]) -> "Image":
    """A frame as it is shown: upright, with square pixels, in BT.709, no larger than `within` pixels."""
    scale = f"min({within[0]},iw):min({within[1]},ih):force_original_aspect_ratio=decrease:reset_sar=1"
    filters = (*convert(frame, stream), ("scale", scale), ("format", "rgb24"))
    (made,) = _filtered([frame], _buffer(frame, _pixel_aspect(frame, stream)), filters)
    picture: Image = made.to_image()  # type: ignore[no-untyped-call]  # PyAV leaves it untyped
    return picture


def frames_of(
    piece: Piece, paths: Mapping[str, Path], output: FilmFormat, stop: Event, skipped: Skipped
) -> Iterator["VideoFrame"]:
    """Every frame of a piece in order; if a part of a shot does not decode, the previous frame is held.

    Args:
        paths: Asset id -> the file of its take.

    Raises:
        OutputUnusable: a shot does not decode; the message names it.
        Stopped: `stop` was set.
    """
    shown = [_part_frames(part, piece.frames, paths, output, skipped) for part in piece.parts]
    if piece.card:
        shown = [_card_frames(piece, output)]
    titles = Titles(piece.texts, (output.width, output.height), output.safe)
    with ExitStack() as closes:
        for each in shown:
            closes.enter_context(closing(each))
        for number, frames in enumerate(zip(*shown, strict=True)):
            check_stopped(stop)
            frame = frames[0]
            if len(frames) == 2:
                frame = JOINS[piece.kind](frame, frames[1], (number + 1) / (piece.frames + 1))
            frame = titles.onto(frame, piece.start + number)
            light = min(
                1.0,
                (number + 1) / (piece.fade_in + 1) if piece.fade_in else 1.0,
                (piece.frames - number) / (piece.fade_out + 1) if piece.fade_out else 1.0,
            )
            yield darken(frame, light) if light < 1 else frame


def _card_frames(piece: Piece, output: FilmFormat) -> Generator["VideoFrame"]:
    frame = card_frame(piece.card, (output.width, output.height), output.safe)
    for _ in range(piece.frames):
        yield frame


def _part_frames(
    part: Part, count: int, paths: Mapping[str, Path], output: FilmFormat, skipped: Skipped
) -> Generator["VideoFrame"]:
    """`count` frames of a shot from the first of the part."""
    placed, shot = part.placed, part.placed.shot
    path = paths[shot.asset_id]
    made = _still_frames(placed, path, output) if shot.still else _shot_frames(shot, path, output, skipped)
    drawn = shot.timecode and not (output.crop or shot.fill)  # a crop also cuts the time of the animatic itself
    mark = _mark(output) if shot.timecode and output.crop else None
    timecode = FilmTimecode(shot.timecode, (output.width, output.height)) if shot.timecode and drawn else None
    with decoding(shot.asset_id), closing(_exactly(part.first + count, made)) as frames:
        for number, frame in enumerate(frames):
            if number >= part.first:
                frame = compose(frame, mark) if mark else frame
                yield timecode.onto(frame, placed.start + number / output.rate) if timecode else frame


def _mark(output: FilmFormat) -> Overlay:
    """The mark of an animatic, inside the safe area of a destination."""
    area = output.safe or SafeArea()
    return mark_of((output.width, output.height), area.right, area.top)


def _exactly(count: int, frames: Iterator["VideoFrame"]) -> Generator["VideoFrame"]:
    """Exactly `count` frames: the rest is cut, or the last frame is held."""
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


def _fit(output: FilmFormat, shot: Shot, grow: float = 1) -> list[tuple[str, str]]:
    """Filters that scale, crop around the focus or add bars if the aspect differs, and give square pixels, BT.709 TV
    range.

    Args:
        grow: How much larger than the film the frames are.
    """
    width, height = (round(side * grow / 2) * 2 for side in (output.width, output.height))
    crop = output.crop or shot.fill
    grown = "increase" if crop else "decrease"
    scale = f"{width}:{height}:force_original_aspect_ratio={grown}:force_divisible_by=2:reset_sar=1"
    x, y = (
        f"max(0,min({whole}-o{side},{whole}*{at}-o{side}/2))"
        for whole, side, at in zip(("iw", "ih"), "wh", shot.focus, strict=True)
    )
    return [
        ("scale", f"{scale}:out_color_matrix=bt709:out_range=tv"),
        ("format", "yuv420p"),
        ("crop", f"w={width}:h={height}:x='{x}':y='{y}'") if crop else ("pad", f"{width}:{height}:-1:-1"),
    ]


def _filtered(
    source: Iterable["VideoFrame"], buffer: Callable[["Graph"], "FilterContext"], filters: Sequence["Filter"]
) -> Iterator["VideoFrame"]:
    """Push frames through a chain of libavfilter's filters, one at a time."""
    import av

    graph = av.filter.Graph()
    made = (graph.add(*each) if isinstance(each, tuple) else each(graph) for each in filters)
    nodes = [buffer(graph), *made, graph.add("buffersink")]
    graph.link_nodes(*nodes).configure()
    for frame in chain(source, (None,)):
        graph.vpush(frame)
        while True:
            try:
                yield graph.vpull()
            except (BlockingIOError, EOFError):  # it needs another frame, or is at its end
                break


def _shot_frames(shot: Shot, path: Path, output: FilmFormat, skipped: Skipped) -> Iterator["VideoFrame"]:
    with open_recording(path) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        frames = _resize(video_frames(container, skipped.recorder(shot.asset_id)), stream, output, shot)
        first = next(frames, None)
        if first is not None:
            slower = "" if shot.speed == 1 else f"/{shot.speed:.6f}"  # frames are repeated, as in editing software
            timed = [("setpts", f"(PTS-STARTPTS){slower}"), ("fps", str(output.rate))]
            yield from _filtered(chain((first,), frames), _buffer(first), timed)


def _resize(
    frames: Iterable["VideoFrame"], stream: "VideoStream", output: FilmFormat, shot: Shot
) -> Iterator["VideoFrame"]:
    """Each frame in the size of the film; a shot may change its size, e.g. when a telephone is rotated."""
    for _, alike in groupby(frames, _shape):
        run = iter(alike)
        first = next(run)
        filters = [*convert(first, stream), *_fit(output, shot)]
        yield from _filtered(chain((first,), run), _buffer(first, _pixel_aspect(first, stream)), filters)


def _shape(frame: "VideoFrame") -> tuple[object, ...]:
    """The properties of a frame for which a chain of filters is built."""
    colours = (frame.colorspace, frame.color_range, frame.color_primaries, frame.color_trc)
    return (frame.width, frame.height, frame.format.name, frame.rotation, *colours)


def _pixel_aspect(frame: "VideoFrame", stream: "VideoStream") -> Fraction:
    """The aspect of the stream, if the frame has the size of the stream; otherwise 1."""
    own = (frame.width, frame.height) == (stream.width, stream.height)
    return (stream.sample_aspect_ratio if own else None) or Fraction(1)


def _buffer(frame: "VideoFrame", aspect: Fraction = Fraction(1)) -> Callable[["Graph"], "FilterContext"]:
    """The source of a chain of filters for frames like this one, with pixels of this `aspect`."""
    shape = f"video_size={frame.width}x{frame.height}:pix_fmt={frame.format.name}:time_base={frame.time_base}"
    colours = f"colorspace={frame.colorspace}:range={frame.color_range}"
    return lambda graph: graph.add("buffer", f"{shape}:pixel_aspect={aspect.numerator}/{aspect.denominator}:{colours}")


def _still_frames(placed: PlacedShot, path: Path, output: FilmFormat) -> Iterator["VideoFrame"]:
    """The frames of a slow zoom into a still."""
    import av

    picture = load_picture(path, _within(path, placed.shot, output))
    frame = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]  # PyAV leaves it untyped
    frame.pts, frame.time_base = 0, Fraction(1, output.rate)
    (fitted,) = _filtered([frame], _buffer(frame), _fit(output, placed.shot, OVERSCAN))
    planes = planes_of(fitted)
    for number in range(placed.frames):
        margins = (1 - 1 / (1 + PUSH_IN * number / placed.frames)) / 2
        left, top = fitted.width * margins, fitted.height * margins
        window = (left, top, fitted.width - left, fitted.height - top)
        yield frame_of(window_of(planes, window, (output.width, output.height)), fitted)


def _within(path: Path, shot: Shot, output: FilmFormat) -> tuple[int, int]:
    """The size in which a still is decoded: not less than the film shows of it, whatever is cropped."""
    with suppress(*BROKEN), open_picture(path) as picture:
        with PIXEL_BUDGET.reserve(picture.width * picture.height):  # the EXIF of a PNG may follow its picture data
            across, down = upright_size(picture)
        times = (output.width * OVERSCAN / across, output.height * OVERSCAN / down)
        scale = max(times) if output.crop or shot.fill else min(times)
        return math.ceil(across * scale), math.ceil(down * scale)
    return output.width, output.height
