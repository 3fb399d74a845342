"""Checks of a video: its length, its picture from the first frame to the last, and its sound."""

from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from activities.media.recordings import NAMED_PLACES, film_frames, open_recording
from activities.quality.lengths import check_length
from activities.quality.motion import BLOCK, SIDE, Motion, Stretch
from activities.quality.order import Order
from activities.quality.pictures import check_size
from activities.quality.report import Report
from activities.quality.sharpness import BLURRED, blur_of
from activities.quality.sounds import Track

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.filter import Graph
    from av.video.frame import VideoFrame
    from PIL.Image import Image

BROKEN_SHARE: Final = 0.02
"""Of the frames: an encoder's first or last frame may be incomplete, a damaged file loses more."""
BLACK: Final = "d=0.04:pix_th=0.08:pic_th=0.999"
"""A black frame: 0.1 % of its pixels may be brighter than 8 %. The lights of a night shot are more than that."""
BLACK_SHARE: Final = 0.5
BLACK_SECONDS: Final = 1.0
"""A black stretch inside a video that is a note; a fade at its start or end may be as long."""
FADE_SECONDS: Final = 2.0
FROZEN_SHARE: Final = 0.5
FROZEN_SECONDS: Final = 1.5
STILL_SECONDS: Final = 1.0
"""The shortest stretch that counts as frozen."""
RATE_FACTOR: Final = 1.2
LEAST_RATE: Final = 8.0
TRACKS_SECONDS: Final = 1.0
SHARP_SAMPLES: Final = 5
"""Frames whose sharpness is measured; the median counts, because single frames are blurred by motion."""


@dataclass
class _Seen:
    """What one pass over the frames collects."""

    motion: Motion = field(default_factory=Motion)
    black: list[Stretch] = field(default_factory=list)
    broken: list[float] = field(default_factory=list)
    blurs: "list[Future[float | None]]" = field(default_factory=list)
    track: Track | None = None
    size: tuple[int, int] | None = None
    seconds: float = 0.0


def check_video(source: Path | BinaryIO, order: Order, report: Report, expected_frames: int = 120) -> Track | None:
    """Decode a video that opens to its end, and check its picture; its sound, if it has any.

    Args:
        expected_frames: About how many frames it has, if its header does not count them; sharpness is measured at some.
    """
    seen = _Seen()
    # The decoder has threads of its own; what is measured next to it costs no time of them.
    with open_recording(source) as container, ThreadPoolExecutor(1) as beside:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        # The loop filter costs a fifth of the time, and hides nothing that is checked.
        stream.codec_context.options = {"skip_loop_filter": "all"}
        begin = float((stream.start_time or 0) * stream.time_base) if stream.time_base else 0.0
        aspect = float(stream.sample_aspect_ratio or 1)
        seen.track = Track() if container.streams.audio else None
        shown = _shown(film_frames(container, seen.broken.append), seen)
        every = max((stream.frames or expected_frames) // SHARP_SAMPLES, 1)
        _decode(shown, seen, begin, aspect, every, beside)
    _check_opens(seen, report)
    if seen.motion.times:
        _check_pictures(seen, order, report)
    return seen.track


def _shown(frames: "Iterator[VideoFrame | AudioFrame]", seen: _Seen) -> "Iterator[VideoFrame]":
    """The frames of the picture; those of the sound are measured on the way."""
    from av.video.frame import VideoFrame

    for frame in frames:
        if isinstance(frame, VideoFrame):
            yield frame
        elif seen.track is not None:
            seen.track.add(frame)


def _check_pictures(seen: _Seen, order: Order, report: Report) -> None:
    seen.motion.end(seen.seconds)
    check_length(seen.seconds, order, report)
    width, height = seen.size or (None, None)
    check_size(width, height, order, report)
    _check_rate(seen, order, report)
    if not _check_black(seen, order, report):
        _check_motion(seen, order, report)
        _check_sharpness(seen, order, report)


def _decode(
    frames: "Iterator[VideoFrame]", seen: _Seen, begin: float, aspect: float, every: int, beside: Executor
) -> None:
    graph: Graph | None = None
    shape: tuple[int, int, str] | None = None
    opened: Stretch | None = None
    for number, frame in enumerate(frames):
        now = (frame.width, frame.height, frame.format.name)
        if graph is None or now != shape:
            graph, shape = _small_frames(frame), now
            turned = frame.rotation % 180 != 0
            wide = round(frame.width * aspect)
            seen.size = (frame.height, wide) if turned else (wide, frame.height)
        time = (frame.time or 0.0) - begin
        seen.seconds = max(seen.seconds, time + _duration(frame))
        graph.vpush(frame)
        small = graph.vpull()
        opened = _follow_black(small.metadata, opened, seen, number, time)
        seen.motion.add(small.to_ndarray().astype("int16"), time, key=bool(frame.key_frame))
        if number % every == every // 2 and len(seen.blurs) < 2 * SHARP_SAMPLES:
            seen.blurs.append(beside.submit(_blur_of, frame))
    if opened is not None:
        opened.end = seen.seconds
        seen.black.append(opened)


def _small_frames(frame: "VideoFrame") -> "Graph":
    """A graph from frames like this one to small grey ones, each with the notes of blackdetect."""
    import av

    graph = av.filter.Graph()
    scale = max(max(frame.width, frame.height) / SIDE, BLOCK)
    wide, high = max(8, round(frame.width / scale)), max(8, round(frame.height / scale))
    shape = f"video_size={frame.width}x{frame.height}:pix_fmt={frame.format.name}:time_base={frame.time_base or '1/25'}"
    nodes = [
        graph.add("buffer", f"{shape}:pixel_aspect=1/1:colorspace={frame.colorspace}:range={frame.color_range}"),
        graph.add("scale", f"{wide}:{high}:flags=area:out_range=pc"),
        graph.add("format", "gray"),
        graph.add("blackdetect", BLACK),
        graph.add("buffersink"),
    ]
    graph.link_nodes(*nodes).configure()
    return graph


def _duration(frame: "VideoFrame") -> float:
    return float(frame.duration * frame.time_base) if frame.duration and frame.time_base else 0.0


def _blur_of(frame: "VideoFrame") -> float | None:
    scale = min(1.0, 640 / max(frame.width, frame.height))
    small = frame.reformat(max(2, round(frame.width * scale)), max(2, round(frame.height * scale)), "gray")
    picture: Image = small.to_image()  # type: ignore[no-untyped-call]  # PyAV leaves it untyped
    return blur_of(picture)


def _follow_black(
    notes: dict[str, str], opened: Stretch | None, seen: _Seen, number: int, time: float
) -> Stretch | None:
    """The black stretch at this frame, from the notes of blackdetect."""
    if opened is not None and "lavfi.black_end" in notes:
        opened.end = time
        seen.black.append(opened)
        opened = None
    if "lavfi.black_start" in notes:
        opened = Stretch(time, time, number)
    return opened


def _check_opens(seen: _Seen, report: Report) -> None:
    """Frames that do not decode: the place, and their share."""
    places = sorted({round(at, 1) for at in seen.broken})
    share = len(seen.broken) / max(len(seen.motion.times) + len(seen.broken), 1)
    report.measure("opens", len(seen.broken))
    if not places:
        return
    more = f" and {len(places) - NAMED_PLACES} more places" if len(places) > NAMED_PLACES else ""
    where = ", ".join(f"{at:.1f} s" for at in places[:NAMED_PLACES]) + more
    hard = share > BROKEN_SHARE
    message = f"opens: it does not decode at {where} ({len(seen.broken)} places, {share:.0%} of the frames)"
    frame = sum(time < places[0] for time in seen.motion.times)
    report.find("opens", message, hard=hard, at=places[0], frame=frame, value=share, limit=BROKEN_SHARE)


def _check_rate(seen: _Seen, order: Order, report: Report) -> None:
    rate = len(seen.motion.times) / seen.seconds if seen.seconds > 0 else 0.0
    report.measure("rate", rate)
    if order.rate and max(rate / order.rate, order.rate / max(rate, 0.01)) > RATE_FACTOR:
        message = f"rate: it has {rate:.1f} frames a second; ordered were {order.rate:g}"
        report.find("rate", message, value=rate, limit=order.rate)
    elif not order.rate and rate < LEAST_RATE and order.moving and not order.stepped:
        report.find("rate", f"rate: it has only {rate:.1f} frames a second", value=rate, limit=LEAST_RATE)


def _check_black(seen: _Seen, order: Order, report: Report) -> bool:
    """Whether the video is black for so long that nothing else about its picture matters."""
    whole = seen.seconds or 1.0
    total = sum(each.seconds for each in seen.black)
    report.measure("black", total / whole)
    if order.dark or not seen.black:
        return total / whole > BLACK_SHARE
    longest = max(seen.black, key=lambda each: each.seconds)
    evidence = f"black: nothing can be seen from {longest.begin:.1f} s to {longest.end:.1f} s"
    if total / whole >= BLACK_SHARE:
        message = f"{evidence} ({total / whole:.0%} of the video)"
        report.find(
            "black", message, hard=True, at=longest.begin, frame=longest.frame, value=total / whole, limit=BLACK_SHARE
        )
        return True
    edge = longest.begin < 0.1 or longest.end > whole - 0.1
    if longest.seconds >= (FADE_SECONDS if edge else BLACK_SECONDS):
        report.find(
            "black", evidence, at=longest.begin, frame=longest.frame, value=longest.seconds, limit=BLACK_SECONDS
        )
    return False


def _check_motion(seen: _Seen, order: Order, report: Report) -> None:
    whole = seen.seconds or 1.0
    stretches = seen.motion.frozen(min(STILL_SECONDS, whole / 2))
    share = sum(each.seconds for each in stretches) / whole
    report.measure("frozen", share)
    if order.moving and stretches:
        longest = max(stretches, key=lambda each: each.seconds)
        hard = share >= FROZEN_SHARE
        if hard or longest.seconds >= FROZEN_SECONDS:
            message = (
                f"frozen: nothing moves from {longest.begin:.1f} s to {longest.end:.1f} s ({share:.0%} of the video)"
            )
            report.find(
                "frozen", message, hard=hard, at=longest.begin, frame=longest.frame, value=share, limit=FROZEN_SHARE
            )
    if repeats := seen.motion.repeats():
        report.measure("repeated", repeats)
        if not order.stepped and order.moving:
            message = f"repeated: {repeats:.0%} of the frames repeat the one before"
            report.find("repeated", message, at=0, frame=1, value=repeats, limit=0)
    jump, first = seen.motion.flicker()
    report.measure("flicker", jump)
    if jump and not order.flickers and order.moving:
        at = seen.motion.times[first]
        message = f"flicker: the brightness jumps by {jump:.0f} of 255 from frame to frame, from {at:.1f} s"
        report.find("flicker", message, at=at, frame=first, value=jump, limit=0)


def _check_sharpness(seen: _Seen, order: Order, report: Report) -> None:
    found = sorted(blur for each in seen.blurs if (blur := each.result()) is not None)
    if not found:
        return
    blur = found[len(found) // 2]
    report.measure("blurred", blur)
    if blur > BLURRED and not order.soft:
        message = f"blurred: even the sharpest part of most frames is blurred ({blur:.2f} of 1)"
        report.find("blurred", message, at=0, frame=0, value=blur, limit=BLURRED)


def check_tracks(picture_seconds: float, sound_seconds: float, report: Report) -> None:
    """Compare the lengths of the picture and of the sound of a video."""
    apart = sound_seconds - picture_seconds
    report.measure("tracks", apart)
    if abs(apart) > max(TRACKS_SECONDS, 0.15 * picture_seconds):
        longer, shorter = ("sound", "picture") if apart > 0 else ("picture", "sound")
        at = min(picture_seconds, sound_seconds)
        message = f"tracks: the {shorter} ends at {at:.1f} s, {abs(apart):.1f} s before the {longer}"
        report.find("tracks", message, at=at, value=apart, limit=TRACKS_SECONDS)
