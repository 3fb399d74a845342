"""The second pass: brings a mix to the loudness and under the true peak of a destination, as heard after its encoding.

    mix ─ gain, or gain and limiter ─ 16 bit samples ─ AAC ─ decoded and measured ─ again, if a peak is too high

The limiter works at the rate of the sound, where it takes 4 s of an hour of sound; at four times the rate it took 22 s.
Peaks between the samples are up to 3 dB higher than the samples, in square waves and noise. They and those that the
encoder adds are measured in the encoded sound, and lower the limit where they exceed the ceiling. Loudness is in LUFS,
peaks are in dBTP. Synchronous, so call it from a thread.
"""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from threading import Event
from typing import Final

from activities.finishing.picture.frames import check_stopped
from activities.finishing.picture.segments import NOTES_TAG
from activities.finishing.sound.encoding import encode
from activities.finishing.sound.kept import NOTHING, Kept
from activities.finishing.sound.loudness import SHORTEST_SECONDS, Loudness, Meter, measure
from activities.finishing.sound.samples import (
    FLOAT_BYTES,
    SAMPLE_BYTES,
    SAMPLE_RATE,
    add_source,
    bytes_of,
    frame_of,
    pull_all,
    read_blocks,
)

HEADROOM_DB: Final = 1.2
"""Between the limit of the samples and the true peak of the encoded sound: enough for speech and music (measured at
128 to 192 kb/s), so that few films are encoded twice."""
AIM_LU: Final = 0.2
"""The distance from the target at which a limited mix is made again with another gain."""
MISSED_LU: Final = 0.4
"""The same for the encoded sound."""
NOTED_LU: Final = 0.5
ATTEMPTS: Final = 5
ENCODINGS: Final = 4
MOST_GAIN_DB: Final = 30.0
"""More would make the noise of a recording the film's sound."""
LEAST_SLOPE: Final = 0.3
"""By how much a limited mix becomes louder for a decibel of gain, at least."""
LOWEST_LIMIT_DB: Final = -24.0
"""The filter's own: 1/16 of full scale."""
PEAKS: Final = 1_000
"""Values of the waveform that the page draws."""


@dataclass(frozen=True)
class Goal:
    """What the sound of a destination has to be.

    Attributes:
        bit_rate: Of the AAC stream, in bits a second.
    """

    lufs: float
    peak_dbtp: float = -1.0
    bit_rate: int = 192_000


@dataclass(frozen=True)
class Mastered:
    """Samples at their loudness: the gain, and whether a limiter was needed. Its peak is that of the samples."""

    gain_db: float
    limited: bool
    measured: Loudness


@dataclass(frozen=True)
class Encoded:
    """The encoded sound, as a player decodes it.

    Attributes:
        peaks: The waveform: the highest sample of each part of the film, in percent of full scale.
    """

    measured: Loudness
    peaks: tuple[int, ...]


def master(
    mix: Path,
    target: Path,
    mixed: Loudness,
    lufs: float,
    stop: Event,
    ceiling: float = -1.0 - HEADROOM_DB,
    kept: Kept = NOTHING,
) -> Mastered:
    """Write a mix (float samples) at the loudness `lufs` as 16 bit samples, none of them above the ceiling.

    A gain is enough where the peaks allow it; otherwise a limiter holds them. Silence gets no gain.

    Args:
        mixed: The measured loudness of the mix, and the peak of its samples.
        ceiling: In dB of full scale.
    """
    ceiling = max(ceiling, LOWEST_LIMIT_DB)
    gain = 0.0 if mixed.silent else min(lufs - mixed.lufs, MOST_GAIN_DB)
    aim = mixed.lufs + gain
    if mixed.peak_dbtp + gain <= ceiling:
        _write(mix, target, [("volume", f"{gain:.4f}dB")], stop)
        return Mastered(gain, False, Loudness(aim if not mixed.silent else mixed.lufs, mixed.peak_dbtp + gain))
    slope, before = 1.0, (gain, aim)
    for attempt in range(1, ATTEMPTS + 1):
        found = _limit(mix, target, gain, ceiling, stop, kept)
        missed = aim - found.lufs
        if abs(missed) <= AIM_LU or mixed.silent or attempt == ATTEMPTS or (gain == MOST_GAIN_DB and missed > 0):
            break
        if attempt > 1:
            slope = min(1.0, max(LEAST_SLOPE, (found.lufs - before[1]) / (gain - before[0])))
        before = gain, found.lufs
        gain = min(gain + missed / slope, MOST_GAIN_DB)
    if not target.exists():  # all was known
        _write(mix, target, _limited(gain, ceiling), stop)
    return Mastered(gain, True, found)


def _limit(mix: Path, target: Path, gain: float, ceiling: float, stop: Event, kept: Kept) -> Loudness:
    """Write the mix with this gain and limit, unless its loudness is known; return that."""
    target.unlink(missing_ok=True)

    def write() -> Loudness:
        _write(mix, target, _limited(gain, ceiling), stop)
        return measure(target, "s16", stop, true_peak=False)

    return kept.once(f"limited {gain:.4f} {ceiling:.4f}", write)


def encode_to(
    goal: Goal,
    mix: Path,
    mixed: Loudness,
    target: Path,
    seconds: float,
    notes: Sequence[str],
    stop: Event,
    kept: Kept = NOTHING,
) -> Encoded:
    """Write a mix as an MP4 of one AAC stream, `seconds` long, that meets the goal after its encoding.

    Args:
        notes: Remarks for people, which are stored with it.

    Raises:
        Stopped: `stop` was set.
    """
    pcm, bare = target.with_suffix(".pcm"), target.with_suffix(".bare.m4a")
    ceiling, aim = goal.peak_dbtp - HEADROOM_DB, goal.lufs
    for attempt in range(1, ENCODINGS + 1):
        mastered = master(mix, pcm, mixed, aim, stop, ceiling, kept)
        name = f"{aim:.4f} {ceiling:.4f}"
        encode(pcm, bare, seconds, goal.bit_rate, stop, kept, name)
        heard = kept.once(f"heard {name}", partial(measure_recording, bare, stop))
        over, missed = heard.peak_dbtp - goal.peak_dbtp, goal.lufs - heard.lufs
        reachable = not heard.silent and mastered.gain_db < MOST_GAIN_DB
        if attempt == ENCODINGS or (over <= 0 and not (reachable and abs(missed) > MISSED_LU)):
            break
        ceiling -= over + 0.2 if over > 0 else 0.0
        aim += missed if reachable else 0.0
    made = Encoded(heard, peaks_of(pcm))
    if not heard.silent and abs(missed) > NOTED_LU:
        said = f"the sound is {heard.lufs:.1f} LUFS instead of {goal.lufs:g}"
        notes = (*notes, f"{said}: its recordings are too quiet or too uneven for more")
    _tag(bare, target, made, notes)
    pcm.unlink()
    bare.unlink()
    return made


def measure_recording(path: Path, stop: Event) -> Loudness:
    """The loudness and the true peak of a sound file as a player decodes it; a short one as if it were repeated."""
    import av

    meter, added = Meter("flt"), 0
    while added < SHORTEST_SECONDS * SAMPLE_RATE:
        before = added
        resampler = av.AudioResampler("flt", "stereo", SAMPLE_RATE)
        with av.open(str(path)) as container:
            for frame in chain(container.decode(audio=0), (None,)):
                check_stopped(stop)
                for piece in resampler.resample(frame):
                    meter.add(bytes_of(piece, FLOAT_BYTES))
                    added += piece.samples
        if added == before:
            break
    return meter.result()


def peaks_of(pcm: Path) -> tuple[int, ...]:
    """The highest sample of each of PEAKS equal parts, in percent of full scale; fewer for a very short sound."""
    import numpy as np

    part = max(2, math.ceil(pcm.stat().st_size / 2 / PEAKS / 2) * 2)
    with pcm.open("rb") as samples:  # not mapped: an hour of it would count as memory of the worker
        parts = iter(partial(samples.read, 2 * part), b"")
        highest = [int(np.abs(np.frombuffer(each, np.int16).astype(np.int32)).max()) for each in parts]
    return tuple(round(each / 327.68) for each in highest)


def read_tag(path: Path) -> dict[str, object]:
    """What is stored with an encoded sound: `notes`, `lufs`, `peak_dbtp` and `peaks`."""
    import av

    with av.open(str(path)) as container:
        found: dict[str, object] = json.loads(container.metadata.get(NOTES_TAG, "{}"))
        return found


def _tag(bare: Path, target: Path, made: Encoded, notes: Sequence[str]) -> None:
    """Copy the sound with its notes and measurements in the header."""
    import av

    heard = made.measured
    peak = None if math.isinf(heard.peak_dbtp) else round(heard.peak_dbtp, 2)
    tag = {"notes": list(notes), "lufs": round(heard.lufs, 2), "peak_dbtp": peak, "peaks": made.peaks}
    with av.open(str(bare)) as source, av.open(str(target), "w", format="mp4") as out:
        out.metadata[NOTES_TAG] = json.dumps(tag, separators=(",", ":"))
        stream = out.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)


def _limited(gain_db: float, limit_db: float) -> list[tuple[str, str]]:
    limit = 10 ** (limit_db / 20)
    return [
        ("volume", f"{gain_db:.4f}dB"),
        ("alimiter", f"limit={limit:.6f}:attack=5:release=80:level=disabled:latency=1"),
    ]


def _write(source: Path, target: Path, filters: list[tuple[str, str]], stop: Event) -> None:
    """Filter float samples into 16 bit samples of the same length."""
    left = source.stat().st_size // FLOAT_BYTES * SAMPLE_BYTES
    with target.open("wb") as out:
        for data in _filtered(source, filters, stop):
            out.write(data[:left])
            left -= min(left, len(data))
        out.write(bytes(left))


def _filtered(source: Path, filters: list[tuple[str, str]], stop: Event) -> Iterator[bytes]:
    import av

    graph = av.filter.Graph()
    entry, sink = add_source(graph, "flt"), graph.add("abuffersink")
    nodes = [graph.add(name, arguments) for name, arguments in (*filters, ("aformat", "sample_fmts=s16"))]
    graph.link_nodes(entry, *nodes, sink).configure()
    at = 0
    with source.open("rb") as file:
        for data in read_blocks(file, FLOAT_BYTES):
            check_stopped(stop)
            frame = frame_of(data, "flt", at)
            at += frame.samples
            entry.push(frame)
            yield from (bytes_of(made, SAMPLE_BYTES) for made in pull_all(sink))
    entry.push(None)
    yield from (bytes_of(made, SAMPLE_BYTES) for made in pull_all(sink))
