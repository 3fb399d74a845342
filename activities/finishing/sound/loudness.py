"""The loudness of samples by ITU-R BS.1770. Loudness is integrated, in LUFS. Synchronous and streamed."""

import math
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
    frame_of,
    pull_all,
    read_blocks,
)

SILENCE_LUFS: Final = -70.0
"""The absolute gate of BS.1770: nothing below it counts."""
SHORTEST_SECONDS: Final = 3.0
"""A shorter sound is measured repeated: its gating blocks of 0.4 s would be too few, or none."""


@dataclass(frozen=True)
class Loudness:
    """What was measured. Silence has `lufs` of at most SILENCE_LUFS.

    Attributes:
        peak_dbtp: The true peak; of a meter without true peaks, the highest sample.
    """

    lufs: float
    peak_dbtp: float

    @property
    def silent(self) -> bool:
        return self.lufs <= SILENCE_LUFS


class Meter:
    """Measures the samples that are added to it.

    Args:
        true_peak: Whether peaks between the samples are found too, which takes three times as long.
    """

    def __init__(self, form: str, *, true_peak: bool = True) -> None:
        import av

        self._form, self._at = form, 0
        self._graph = graph = av.filter.Graph()  # its filters do not keep it alive
        self._source, self._sink = add_source(graph, form), graph.add("abuffersink")
        kind = "true" if true_peak else "sample"
        meter = graph.add("ebur128", f"metadata=1:peak={kind}:framelog=quiet")
        graph.link_nodes(self._source, meter, self._sink).configure()
        self._found: dict[str, str] = {}
        self._peak, self._peak_key = 0.0, f"lavfi.r128.{kind}_peak"

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
            self._peak = max(self._peak, float(self._found.get(self._peak_key, 0)))


def measure(path: Path, form: str, stop: Event, seconds: float = math.inf, *, true_peak: bool = True) -> Loudness:
    """The loudness of the first `seconds` of a file of samples; a short sound is measured as if it were repeated."""
    meter, width = Meter(form, true_peak=true_peak), FLOAT_BYTES if form == "flt" else SAMPLE_BYTES
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
