"""The loudness of samples by ITU-R BS.1770, and the second pass that brings a mix to its target.

Loudness is integrated, in LUFS; peaks are true peaks, in dBTP. Synchronous and streamed.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Final

from activities.finishing.picture.frames import check_stopped
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

SILENCE_LUFS: Final = -70.0
"""The absolute gate of BS.1770: nothing below it counts."""
PEAK_DBTP: Final = -1.0
ENCODER_MARGIN_DB: Final = 0.9
"""An AAC encoder raises a peak by up to 0.7 dB (measured at 160 and 192 kb/s with speech, music and clipped noise)."""
TOLERANCE_LU: Final = 0.2
"""The distance from the target at which a limited mix is made again with another gain."""
ATTEMPTS: Final = 4
MOST_GAIN_DB: Final = 30.0
"""More would make the noise of a recording the film's sound."""
SHORTEST_SECONDS: Final = 3.0
"""A shorter sound is measured repeated: its gating blocks of 0.4 s would be too few, or none."""
OVERSAMPLED: Final = 4 * SAMPLE_RATE


@dataclass(frozen=True)
class Loudness:
    """What was measured. Silence has `lufs` of at most SILENCE_LUFS."""

    lufs: float
    peak_dbtp: float

    @property
    def silent(self) -> bool:
        return self.lufs <= SILENCE_LUFS


class Meter:
    """Measures the samples that are added to it."""

    def __init__(self, form: str) -> None:
        import av

        self._form, self._at = form, 0
        self._graph = graph = av.filter.Graph()  # its filters do not keep it alive
        self._source, self._sink = add_source(graph, form), graph.add("abuffersink")
        meter = graph.add("ebur128", "metadata=1:peak=true:framelog=quiet")
        graph.link_nodes(self._source, meter, self._sink).configure()
        self._found: dict[str, str] = {}
        self._peak = 0.0

    def add(self, data: bytes) -> None:
        frame = frame_of(data, self._form, self._at)
        self._at += frame.samples
        self._source.push(frame)
        self._read()

    def result(self) -> Loudness:
        """The loudness of everything that was added; nothing can be added afterwards."""
        self._source.push(None)
        self._read()
        peak = 20 * math.log10(self._peak) if self._peak > 0 else -math.inf
        return Loudness(float(self._found.get("lavfi.r128.I", SILENCE_LUFS)), peak)

    def _read(self) -> None:
        for frame in pull_all(self._sink):
            self._found = frame.metadata or self._found
            self._peak = max(self._peak, float(self._found.get("lavfi.r128.true_peak", 0)))


def measure(path: Path, form: str, stop: Event, seconds: float = math.inf) -> Loudness:
    """The loudness of the first `seconds` of a file of samples; a short sound is measured as if it were repeated."""
    meter, width = Meter(form), FLOAT_BYTES if form == "flt" else SAMPLE_BYTES
    most = math.inf if math.isinf(seconds) else round(seconds * SAMPLE_RATE) * width
    length = min(path.stat().st_size, most)
    if not length:
        return Loudness(SILENCE_LUFS, -math.inf)
    for _ in range(math.ceil(SHORTEST_SECONDS * SAMPLE_RATE * width / length) if length else 0):
        left = length
        with path.open("rb") as file:
            for data in read_blocks(file, width):
                check_stopped(stop)
                meter.add(data[: int(min(left, len(data)))])
                left -= len(data)
                if left <= 0:
                    break
    return meter.result()


@dataclass(frozen=True)
class Mastered:
    """The second pass: the gain that was applied, whether a limiter was needed, and what was measured after it."""

    gain_db: float
    limited: bool
    measured: Loudness


def master(mix: Path, target: Path, mixed: Loudness, lufs: float, stop: Event) -> Mastered:
    """Write a mix (float samples) at the loudness `lufs` as 16 bit samples.

    A gain is enough where the peaks allow it; otherwise a limiter holds them. Silence gets no gain.

    Args:
        mixed: The measured loudness of the mix.
    """
    ceiling = PEAK_DBTP - ENCODER_MARGIN_DB
    gain = 0.0 if mixed.silent else min(lufs - mixed.lufs, MOST_GAIN_DB)
    aim, limit = mixed.lufs + gain, ceiling
    if mixed.peak_dbtp + gain <= ceiling:
        _write(mix, target, [("volume", f"{gain:.4f}dB")], stop)
        return Mastered(gain, False, Loudness(aim if not mixed.silent else mixed.lufs, mixed.peak_dbtp + gain))
    for _ in range(ATTEMPTS):
        _write(mix, target, _limited(gain, limit), stop)
        found = measure(target, "s16", stop)
        if abs(found.lufs - aim) <= TOLERANCE_LU and found.peak_dbtp <= ceiling + 0.05:
            break
        if not mixed.silent:
            gain = min(gain + aim - found.lufs, MOST_GAIN_DB)
        limit -= max(0.0, found.peak_dbtp - ceiling)
    return Mastered(gain, True, found)


def _limited(gain_db: float, limit_db: float) -> list[tuple[str, str]]:
    """A gain and a limiter at four times the rate: peaks between the samples count too."""
    return [
        ("volume", f"{gain_db:.4f}dB"),
        ("aresample", str(OVERSAMPLED)),
        ("alimiter", f"limit={10 ** (limit_db / 20):.6f}:attack=5:release=80:level=disabled:latency=1"),
        ("aresample", str(SAMPLE_RATE)),
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
