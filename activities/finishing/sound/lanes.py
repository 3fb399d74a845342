"""Clips of decoded sound, streamed in lanes: within a lane no two overlap, so a lane is one input of the mix."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from activities.finishing.sound.samples import (
    BLOCK,
    FLOAT_BYTES,
    SAMPLE_BYTES,
    SAMPLE_RATE,
    add_source,
    bytes_of,
    frame_of,
    pull_all,
)


@dataclass(frozen=True)
class Clip:
    """A stretch of a file of 16 bit samples, from its begin on. Positions and lengths are samples."""

    source: Path
    start: int
    length: int
    fade_in: int = 0
    fade_out: int = 0
    gain_db: float = 0.0

    @classmethod
    def at(
        cls,
        source: Path,
        start: float,
        seconds: float,
        *,
        fade_in: float = 0.0,
        fade_out: float = 0.0,
        gain_db: float = 0.0,
    ) -> "Clip":
        """A clip of times in seconds; its end is rounded, not its length, so that clips that meet leave no gap."""
        begin, end = round(start * SAMPLE_RATE), round((start + seconds) * SAMPLE_RATE)
        return cls(source, begin, end - begin, round(fade_in * SAMPLE_RATE), round(fade_out * SAMPLE_RATE), gain_db)

    @property
    def end(self) -> int:
        return self.start + self.length


def lanes_of(clips: Iterable[Clip]) -> list[list[Clip]]:
    """The fewest lanes for these clips."""
    lanes: list[list[Clip]] = []
    for clip in sorted(clips, key=lambda c: (c.start, c.end)):
        lane = next((each for each in lanes if each[-1].end <= clip.start), None)
        if lane is None:
            lanes.append([clip])
        else:
            lane.append(clip)
    return lanes


class Lane:
    """The float samples of a lane, read from its begin to its end; silence is between its clips."""

    def __init__(self, clips: Sequence[Clip]) -> None:
        self._clips = list(reversed([c for c in clips if c.length > 0]))
        self._at = 0
        self._samples: Iterator[bytes] = iter(())
        self._rest = b""
        self._playing: Clip | None = None

    def read(self, count: int) -> bytes:
        """The next `count` samples."""
        parts: list[bytes] = []
        while count > 0:
            if self._playing is None:
                if not self._clips:
                    parts.append(bytes(count * FLOAT_BYTES))
                    self._at += count
                    break
                if quiet := min(count, self._clips[-1].start - self._at):
                    parts.append(bytes(quiet * FLOAT_BYTES))
                    self._at, count = self._at + quiet, count - quiet
                    continue
                self._playing = self._clips.pop()
                self._samples = samples_of(self._playing)
            take = min(count, self._playing.end - self._at)
            parts.append(self._take(take))
            self._at, count = self._at + take, count - take
            if self._at == self._playing.end:
                self._playing, self._rest = None, b""
        return b"".join(parts)

    def _take(self, count: int) -> bytes:
        """Samples of the clip that plays; silence where its file is shorter than the clip."""
        wanted = count * FLOAT_BYTES
        parts = [self._rest]
        have = len(self._rest)
        while have < wanted and (data := next(self._samples, None)) is not None:
            parts.append(data)
            have += len(data)
        joined = b"".join(parts)
        self._rest = joined[wanted:]
        return joined[:wanted].ljust(wanted, b"\0")


def samples_of(clip: Clip) -> Iterator[bytes]:
    """The samples of a clip as floats, with its gain and its fades."""
    import av

    filters = [("volume", f"{clip.gain_db:.4f}dB:precision=float")]
    if clip.fade_in:
        filters.append(("afade", f"t=in:ss=0:ns={clip.fade_in}:curve=qsin"))
    if clip.fade_out:
        filters.append(("afade", f"t=out:ss={clip.length - clip.fade_out}:ns={clip.fade_out}:curve=qsin"))
    graph = av.filter.Graph()
    entry, sink = add_source(graph, "s16"), graph.add("abuffersink")
    nodes = [graph.add(name, arguments) for name, arguments in (*filters, ("aformat", "sample_fmts=flt"))]
    graph.link_nodes(entry, *nodes, sink).configure()
    at, left = 0, clip.length
    with clip.source.open("rb") as file:
        while left > 0 and (data := file.read(min(BLOCK, left) * SAMPLE_BYTES)):
            frame = frame_of(data, "s16", at)
            at, left = at + frame.samples, left - frame.samples
            entry.push(frame)
            yield from (bytes_of(made, FLOAT_BYTES) for made in pull_all(sink))
    entry.push(None)
    yield from (bytes_of(made, FLOAT_BYTES) for made in pull_all(sink))
