"""Video and sound: checked by their streams, then read for scenes with key frames, loudness, and speech or silence.

Times are seconds from the start. Synchronous; it runs in the child process.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from activities.media.recordings import SOUND_TYPES, audio_frames, measure, open_recording, read_head
from activities.media.stills import BROKEN
from activities.references.reading.limits import FRAME_PIXELS, THUMBNAIL_PIXELS, Unusable
from workflows.references.kinds import LIMITS, ReferenceKind

if TYPE_CHECKING:
    import numpy as np
    from av.container import InputContainer
    from PIL.Image import Image

_WEBM: Final = frozenset({"vp8", "vp9", "av1", "opus", "vorbis"})
CUT_SCORE: Final = 12.0
"""Of FFmpeg's filter scdet, 0 to 100; its default is 10, and film grain and flashes reach that."""
MAX_SCENES: Final = 60
"""Of one video; further cuts are joined to the last scene."""
SCAN_PIXELS: Final = 320
SCAN_FPS: Final = 8
"""Frames a second that are compared: a cut is found within an eighth of a second."""
MIN_SCENE_SECONDS: Final = 0.4
HERTZ: Final = 16_000
BLOCK_SECONDS: Final = 0.1
SILENT_DB: Final = -50.0
MIN_SILENCE_SECONDS: Final = 1.0
MAX_STRETCHES: Final = 200


def inspect(path: Path) -> dict[str, Any]:
    """What a recording is, and its length.

    Raises:
        Unusable: with the remedy.
    """
    from av import FFmpegError

    try:
        head = read_head(path)
        with open_recording(path) as file:
            return _inspect(path, head, file)
    except (FFmpegError, *BROKEN):
        raise Unusable("it does not open as video or sound; export it again as MP4, MP3 or WAV") from None


def _inspect(path: Path, head: bytes, file: "InputContainer") -> dict[str, Any]:
    from av.stream import Disposition

    shown = [v for v in file.streams.video if not v.disposition & Disposition.attached_pic]
    kind = ReferenceKind.VIDEO if shown else ReferenceKind.SOUND
    if not shown and not file.streams.audio:
        raise Unusable("it has neither a picture nor a sound; export it again")
    stream = shown[0] if shown else file.streams.audio[0]
    length = measure(head, file, stream)
    _check_length(kind, max(length.claimed or 0.0, length.found), length.seconds)
    if length.is_cut:
        lengths = f"claims {length.claimed:.1f} s and ends after {length.found:.1f}"
        raise Unusable(f"the {kind.value} {lengths}; give the whole file, or export it again")
    if not length.decodes:
        raise Unusable(f"no part of the {kind.value} decodes; export it again")
    sound = file.streams.audio[0] if file.streams.audio else None
    width, height = length.size or (None, None)
    return {
        "kind": kind.value,
        "file": str(path),
        "media_type": _type_of(file, kind),
        "original_type": _type_of(file, kind),
        "width": width,
        "height": height,
        "duration_seconds": round(length.seconds, 3),
        "sound": sound is not None,
        "notes": [],
    }


def _check_length(kind: ReferenceKind, longest: float, seconds: float) -> None:
    limits = LIMITS[kind]
    if limits.max_seconds and longest > limits.max_seconds:
        raise Unusable(f"the {kind.value} lasts {longest:,.0f} s; cut it to at most {limits.max_seconds:,.0f}")
    if seconds < (limits.min_seconds or 0.0):
        raise Unusable(f"the {kind.value} lasts {seconds:.2f} s; give at least {limits.min_seconds:g} s")


def _type_of(file: "InputContainer", kind: ReferenceKind) -> str:
    container = file.format.name.partition(",")[0]
    if kind is ReferenceKind.SOUND:
        return SOUND_TYPES[container]
    if container == "mov":
        return "video/quicktime" if file.metadata.get("major_brand", "").strip() == "qt" else "video/mp4"
    if container == "ogg":
        return "video/ogg"
    streams = (*file.streams.video, *file.streams.audio)
    return "video/webm" if {s.codec_context.name for s in streams} <= _WEBM else "video/x-matroska"


# Scenes


@dataclass(frozen=True)
class Scene:
    start: float
    end: float
    frame: str
    brightness: float


def scenes(path: Path, out: Path, seconds: float) -> list[Scene]:
    """The scenes of a video with a key frame of each, from the middle of the scene, in the directory `out`."""
    cuts = [0.0, *_cuts(path)][:MAX_SCENES]
    ends = [*cuts[1:], seconds]
    spans = [(start, end) for start, end in zip(cuts, ends, strict=True) if end > start]
    found = []
    for number, (start, end) in enumerate(spans, start=1):
        frame = _frame_at(path, (start + end) / 2)
        if frame is None:
            continue
        name = f"frame-{number}.jpg"
        frame.save(out / name, "JPEG", quality=90)
        found.append(Scene(round(start, 2), round(end, 2), name, _brightness(frame)))
    if found:
        _thumbnail(out / found[0].frame, out / "thumbnail.jpg")
    return found


def _cuts(path: Path) -> Iterator[float]:
    """The times of the cuts, by FFmpeg's filter scdet over a small copy of the picture."""
    import av
    from av.filter import Graph

    with open_recording(path) as file:
        stream = file.streams.video[0]
        stream.thread_type = "AUTO"
        graph = Graph()
        source = graph.add_buffer(template=stream)
        last = source
        for name, arguments in (
            ("fps", f"{SCAN_FPS}"),
            ("scale", f"{SCAN_PIXELS}:-2"),
            ("format", "yuv420p"),
            ("scdet", f"threshold={CUT_SCORE}"),
        ):
            node = graph.add(name, arguments)
            last.link_to(node)
            last = node
        sink = graph.add("buffersink")
        last.link_to(sink)
        graph.configure()
        before = 0.0
        for frame in file.decode(stream):
            try:
                graph.push(frame)
            except av.FFmpegError:
                continue
            for at in _marked(graph):
                if at - before >= MIN_SCENE_SECONDS:
                    before = at
                    yield at


def _marked(graph: Any) -> Iterator[float]:
    """The times of the frames that the filter marked as the first of a scene."""
    import av

    while True:
        try:
            frame = graph.vpull()
        except (BlockingIOError, av.EOFError):
            return
        if "lavfi.scd.time" in frame.metadata:
            yield float(frame.metadata["lavfi.scd.time"])


def _frame_at(path: Path, seconds: float) -> "Image | None":
    """The frame that is shown at this time, or the last one before it, as it is shown."""
    from av import FFmpegError

    from activities.finishing.picture.frames import picture_of_frame

    best = None
    try:
        with open_recording(path) as file:
            stream = file.streams.video[0]
            start = float((stream.start_time or 0) * (stream.time_base or 0))
            if stream.time_base:
                file.seek(int((seconds + start) / stream.time_base), stream=stream)
            for frame in file.decode(stream):
                if best is not None and frame.time is not None and frame.time - start > seconds:
                    break
                best = frame
            return picture_of_frame(best, stream, (FRAME_PIXELS, FRAME_PIXELS)) if best is not None else None
    except (FFmpegError, *BROKEN):
        return None


def _brightness(frame: "Image") -> float:
    """The mean brightness of a picture, 0 to 1."""
    grey = frame.convert("L")
    histogram = grey.histogram()
    total = sum(histogram) or 1
    return round(sum(value * count for value, count in enumerate(histogram)) / total / 255, 3)


def _thumbnail(source: Path, target: Path) -> None:
    from PIL import Image

    with Image.open(source) as image:
        image.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
        image.save(target, "JPEG", quality=85)


# Sound


def listen(path: Path) -> dict[str, Any] | None:
    """The loudness and the silent stretches of a recording; None without a sound.

    peak_db and mean_db are dB relative to full scale; sounding and silent are lists of [start, end].
    """
    levels, peak = _levels(path)
    if levels is None:
        return None
    loud = [level > SILENT_DB for level in levels]
    power = [10 ** (level / 10) for level, heard in zip(levels, loud, strict=True) if heard]
    mean = 10 * math.log10(sum(power) / len(power)) if power else None
    sounding = _stretches(loud)
    return {
        "seconds": round(len(levels) * BLOCK_SECONDS, 1),
        "peak_db": round(peak, 1) if peak > -120 else None,
        "mean_db": round(mean, 1) if mean is not None else None,
        "sounding": sounding[:MAX_STRETCHES],
        "silent_share": round(1 - sum(loud) / max(len(loud), 1), 3),
    }


def _levels(path: Path) -> tuple[list[float] | None, float]:
    """The level of each block in dB, and the peak; None without a sound."""
    import numpy as np
    from av.audio.resampler import AudioResampler

    levels: list[float] = []
    peak, rest = 0.0, np.zeros(0, np.float32)
    block = int(HERTZ * BLOCK_SECONDS)
    with open_recording(path) as file:
        if not file.streams.audio:
            return None, -120.0
        resampler = AudioResampler("flt", "mono", HERTZ)
        for frame in audio_frames(file, lambda _: None):
            for part in resampler.resample(frame):
                rest = np.concatenate([rest, part.to_ndarray().reshape(-1)])
            whole = len(rest) // block * block
            if whole:
                blocks = rest[:whole].reshape(-1, block)
                peak = max(peak, float(np.abs(blocks).max()))
                levels += _decibels(blocks)
                rest = rest[whole:]
    if len(rest):
        peak = max(peak, float(np.abs(rest).max()))
        levels += _decibels(rest.reshape(1, -1))
    return levels, 20 * math.log10(max(peak, 1e-6))


def _decibels(blocks: "np.ndarray[Any, Any]") -> list[float]:
    import numpy as np

    power = np.mean(np.square(blocks, dtype=np.float64), axis=1)
    return [float(level) for level in 10 * np.log10(np.maximum(power, 1e-12))]


def _stretches(loud: list[bool]) -> list[list[float]]:
    """The stretches with sound, as [start, end]; silences shorter than MIN_SILENCE_SECONDS belong to them."""
    found: list[list[float]] = []
    for number, heard in enumerate(loud):
        if not heard:
            continue
        start, end = number * BLOCK_SECONDS, (number + 1) * BLOCK_SECONDS
        if found and start - found[-1][1] < MIN_SILENCE_SECONDS:
            found[-1][1] = round(end, 1)
        else:
            found.append([round(start, 1), round(end, 1)])
    return found
