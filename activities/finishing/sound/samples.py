"""Sound as raw samples: 48 kHz, 16 bit, stereo, in files. Synchronous, so call it from a thread. Times are seconds."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, BinaryIO, Final

from activities.errors import OutputUnusable
from activities.finishing.picture.frames import check_stopped, decoding
from activities.media.facts import LONGEST_SECONDS
from activities.media.recordings import Skipped, audio_frames, open_recording

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.container import InputContainer
    from av.filter import Graph
    from av.filter.context import FilterContext

SAMPLE_RATE: Final = 48_000
SAMPLE_BYTES: Final = 4
"""16 bit stereo, as in files."""
FLOAT_BYTES: Final = 8
"""32 bit float stereo, as in the mix: it may exceed full scale until it is brought to its loudness."""
GAP_SECONDS: Final = 0.1
"""The shortest gap in a recording; smaller differences of packet times are rounding."""
SILENT_SIDE: Final = 10_000.0
"""How much more energy one channel has than the other, which is then silent: 40 dB."""
BLOCK: Final = SAMPLE_RATE // 4
"""Samples that are processed together: large enough that Python costs little, small enough to stop soon."""


def decode_voice(asset_id: str, source: Path, target: Path, stop: Event, skipped: Skipped) -> float:
    """Decode to samples; return the real length in seconds, which headers may have wrong.

    A place that does not decode becomes silence, so that the rest keeps its time.

    Raises:
        OutputUnusable: no part of it decodes.
    """
    with decoding(asset_id), open_recording(source) as container:
        stream = container.streams.audio[0]
        begin = stream.start_time * stream.time_base if stream.start_time and stream.time_base else Fraction(0)
        return _decode(asset_id, container, float(begin), LONGEST_SECONDS, target, stop, skipped)


def decode_own_sound(
    asset_id: str, source: Path, seconds: float, target: Path, stop: Event, skipped: Skipped
) -> float | None:
    """Decode the sound of a shot from its first picture on, at most `seconds`; None for a shot without sound.

    Raises:
        OutputUnusable: no part of the sound decodes.
    """
    with decoding(asset_id), open_recording(source) as container:
        if not container.streams.audio:
            return None
        picture = container.streams.video[0]
        begin = (picture.start_time or 0) * (picture.time_base or Fraction(0))
        return _decode(asset_id, container, float(begin), seconds, target, stop, skipped, exact=True)


def _decode(
    asset_id: str,
    container: "InputContainer",
    begin: float,
    most: float,
    target: Path,
    stop: Event,
    skipped: Skipped,
    *,
    exact: bool = False,
) -> float:
    """Write the samples from the time `begin` of the container on; a gap becomes silence.

    Args:
        exact: Also where the sound begins a little before or after that.
    """
    skip, left = skipped.recorder(asset_id), round(most * SAMPLE_RATE) * SAMPLE_BYTES
    decoded_bytes, drop = 0, 0
    with target.open("wb") as out:
        for frame, data in _resampled(container, asset_id, skipped):
            check_stopped(stop)
            if frame is not None and frame.time is not None:
                # Packets without sound give no frame, which leaves a gap in the times.
                written = out.tell() / SAMPLE_BYTES / SAMPLE_RATE
                gap = frame.time - begin - written
                if exact and gap < LONGEST_SECONDS:
                    drop = max(0, round(-gap * SAMPLE_RATE)) * SAMPLE_BYTES
                    _write(out, bytes(max(0, round(gap * SAMPLE_RATE)) * SAMPLE_BYTES), left)
                elif GAP_SECONDS < gap < LONGEST_SECONDS:
                    skip(written)
                    _write(out, bytes(round(gap * SAMPLE_RATE) * SAMPLE_BYTES), left)
                exact = False
            kept = data[drop:]
            drop -= len(data) - len(kept)
            decoded_bytes += len(data)
            _write(out, kept, left)
            if out.tell() >= left:
                break
    if not decoded_bytes:
        raise OutputUnusable("it has no sound")
    return target.stat().st_size / SAMPLE_BYTES / SAMPLE_RATE


def on_both_sides(samples: Path, stop: Event) -> None:
    """Copy a voice that was recorded on one channel to the other, where nothing is heard. Its file is replaced."""
    import numpy as np

    energy = np.zeros(2)
    with samples.open("rb") as recorded:
        for data in read_blocks(recorded, SAMPLE_BYTES):
            check_stopped(stop)
            energy += (np.frombuffer(data, np.int16).reshape(-1, 2).astype(np.float64) ** 2).sum(axis=0)
    if energy.min() * SILENT_SIDE >= energy.max():
        return
    made, loud = samples.with_suffix(".both.pcm"), int(energy.argmax())
    with samples.open("rb") as recorded, made.open("wb") as out:
        for data in read_blocks(recorded, SAMPLE_BYTES):
            check_stopped(stop)
            out.write(np.frombuffer(data, np.int16).reshape(-1, 2)[:, loud].repeat(2).tobytes())
    made.replace(samples)


def at_tempo(samples: Path, speed: float, stop: Event) -> Path:
    """The samples played faster or slower, at the same pitch, in a file next to theirs."""
    import av

    graph = av.filter.Graph()
    source, sink = add_source(graph, "s16"), graph.add("abuffersink")
    nodes = [source, graph.add("atempo", f"{speed:.6f}"), graph.add("aformat", "sample_fmts=s16"), sink]
    graph.link_nodes(*nodes).configure()
    target = samples.with_suffix(".tempo.pcm")
    with samples.open("rb") as recorded, target.open("wb") as out:
        at = 0
        for data in read_blocks(recorded, SAMPLE_BYTES):
            check_stopped(stop)
            source.push(frame_of(data, "s16", at))
            at += len(data) // SAMPLE_BYTES
            out.writelines(bytes_of(frame, SAMPLE_BYTES) for frame in pull_all(sink))
        source.push(None)
        out.writelines(bytes_of(frame, SAMPLE_BYTES) for frame in pull_all(sink))
    return target


def _write(out: BinaryIO, data: bytes, most: int) -> None:
    """Write the data as far as the file has room."""
    out.write(data[: most - out.tell()])


def _resampled(
    container: "InputContainer", asset_id: str, skipped: Skipped
) -> "Iterator[tuple[AudioFrame | None, bytes]]":
    """Each decoded frame with the samples that it completes; the rest of them comes without a frame."""
    import av

    resampler = av.AudioResampler("s16", "stereo", SAMPLE_RATE)
    for frame in audio_frames(container, skipped.recorder(asset_id)):
        at = frame.pts
        frame.pts = None
        pieces = resampler.resample(frame)
        frame.pts = at
        yield frame, b"".join(bytes(p.planes[0])[: p.samples * SAMPLE_BYTES] for p in pieces)
    yield None, b"".join(bytes(p.planes[0])[: p.samples * SAMPLE_BYTES] for p in resampler.resample(None))


# Frames of libavfilter


def add_source(graph: "Graph", form: str) -> "FilterContext":
    """A source of stereo frames of this sample format."""
    layout = f"sample_rate={SAMPLE_RATE}:sample_fmt={form}:channel_layout=stereo:time_base=1/{SAMPLE_RATE}"
    return graph.add("abuffer", layout)


def frame_of(data: bytes, form: str, at: int) -> "AudioFrame":
    """A stereo frame of these samples, interleaved, at a position in samples."""
    import av

    width = FLOAT_BYTES if form == "flt" else SAMPLE_BYTES
    frame = av.AudioFrame(form, "stereo", len(data) // width)
    frame.planes[0].update(data.ljust(frame.planes[0].buffer_size, b"\0"))
    frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, at, Fraction(1, SAMPLE_RATE)
    return frame


def pull_all(sink: "FilterContext") -> "Iterator[AudioFrame]":
    """The frames that a chain of filters has ready."""
    from av.audio.frame import AudioFrame

    while True:
        try:
            frame = sink.pull()
        except (BlockingIOError, EOFError):
            return
        assert isinstance(frame, AudioFrame)
        yield frame


def bytes_of(frame: "AudioFrame", width: int) -> bytes:
    return bytes(frame.planes[0])[: frame.samples * width]


def read_blocks(file: BinaryIO, width: int) -> Iterator[bytes]:
    """The samples of a file, `BLOCK` at a time."""
    while data := file.read(BLOCK * width):
        yield data
