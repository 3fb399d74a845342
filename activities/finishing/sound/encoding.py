"""Samples as an AAC stream. A long one is encoded in parts, which may be kept, and which are joined without a seam.

Each packet of AAC overlaps with the one before it, and the encoder adapts to what it has encoded. So a part begins and
ends a little outside of what is used of it, and the packets of these margins are left out. Synchronous, so call it from
a thread. Times are seconds.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from threading import Event
from typing import Any, Final

from activities.finishing.picture.frames import check_stopped
from activities.finishing.sound.kept import NOTHING, Kept
from activities.finishing.sound.samples import SAMPLE_BYTES, SAMPLE_RATE

PACKET: Final = 1024
"""Samples in a packet of AAC. The first packet of a stream has the samples before its begin."""
PART_SECONDS: Final = 240
_PART_PACKETS: Final = PART_SECONDS * SAMPLE_RATE // PACKET
_BEFORE: Final = SAMPLE_RATE // PACKET
"""Packets of a second: the encoder's state no longer depends on where it began."""
_AFTER: Final = 4
"""More than the encoder looks ahead."""


@dataclass(frozen=True)
class _Part:
    """The packets from `first` up to `last` of a stream, and the file with them and their margins.

    Attributes:
        begin: The packet with which the file begins.
    """

    first: int
    last: int
    begin: int
    path: Path


def encode(
    pcm: Path, target: Path, seconds: float, bit_rate: int, stop: Event, kept: Kept = NOTHING, name: str = ""
) -> None:
    """Encode 16 bit samples, with silence where there are fewer than the sound is long.

    Args:
        bit_rate: In bits a second.
        name: Under which the parts are kept; it names all that decides about the samples.

    Raises:
        Stopped: `stop` was set.
    """
    total = round(seconds * SAMPLE_RATE)
    count = math.ceil(total / PACKET)
    if count <= _PART_PACKETS:
        _encode(pcm, target, 0, total, bit_rate, stop)
        return
    parts = []
    for first in range(0, count, _PART_PACKETS):
        last, begin = min(first + _PART_PACKETS, count), max(0, first - _BEFORE)
        path = target.with_suffix(f".{first}.m4a")
        if not kept.fetch(f"{name}-{first}.m4a", path):
            _encode(pcm, path, begin * PACKET, min(total, (last + _AFTER) * PACKET), bit_rate, stop)
            kept.store(f"{name}-{first}.m4a", path)
        parts.append(_Part(first, last, begin, path))
    _join(parts, target)
    for part in parts:
        part.path.unlink()


def _encode(pcm: Path, target: Path, begin: int, end: int, bit_rate: int, stop: Event) -> None:
    """Encode the samples from `begin` up to `end`."""
    import av

    with pcm.open("rb") as samples, av.open(str(target), "w", format="mp4") as out:
        stream = out.add_stream("aac", rate=SAMPLE_RATE, bit_rate=bit_rate)
        samples.seek(begin * SAMPLE_BYTES)
        for at in range(begin, end, PACKET):
            check_stopped(stop)
            count = min(PACKET, end - at)
            frame = av.AudioFrame("s16", "stereo", count)
            data = samples.read(count * SAMPLE_BYTES)
            frame.planes[0].update(data.ljust(frame.planes[0].buffer_size, b"\0"))
            frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, at - begin, Fraction(1, SAMPLE_RATE)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def _join(parts: Sequence[_Part], target: Path) -> None:
    """Copy the packets of the parts, without those of their margins."""
    import av

    with av.open(str(parts[0].path)) as like, av.open(str(target), "w", format="mp4") as out:
        stream = out.add_stream_from_template(like.streams.audio[0])
        for number, packet in _used(parts):
            packet.stream, packet.time_base = stream, Fraction(1, SAMPLE_RATE)
            packet.pts = packet.dts = number * PACKET
            out.mux(packet)


def _used(parts: Sequence[_Part]) -> Iterator[tuple[int, Any]]:
    """The packets of all parts with their numbers; that before the begin of the sound is -1."""
    import av

    for part in parts:
        from_, to = part.first if part.begin else -1, math.inf if part is parts[-1] else part.last
        with av.open(str(part.path)) as container:
            packets = (p for p in container.demux(container.streams.audio[0]) if p.dts is not None)
            for number, packet in enumerate(packets, start=part.begin - 1):
                if from_ <= number < to:
                    yield number, packet
