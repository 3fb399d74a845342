"""Sound and video that somebody else made: opened within bounds, decoded as players do, measured by its packets.

Times are seconds from the recording's start. Synchronous, so call it from a thread.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.frame import VideoFrame

MAX_FRAME_PIXELS: Final = 50_000_000
"""Of a film: 8K has 33 million; the decoder allocates several frames of what a file says."""
MAX_STREAMS: Final = 64
"""Tracks of one file; cameras write five or six."""
CONTAINERS: Final = "wav,mp3,flac,ogg,aac,mov,matroska"
"""libavformat's names of the files that are opened."""
CLOSE_SECONDS: Final = 0.1
"""Between what a header says and what is measured: rounding, and the padding of encoders."""
NAMED_PLACES: Final = 3
"""Of those where a recording does not decode, in a note."""

_READ_AGAIN: Final = 10
"""Times that a broken place is read past, as mpv does (demux_lavf.c); what is still broken then is the end."""
_HEAD_BYTES: Final = 64 * 1024
_TAG_BYTES: Final = 4 * 1024
"""The tag that counts the frames of an MP3 is in the first one, which has at most 1,441 bytes."""
_NO_SIZE: Final = 0x7FFF0000
"""A WAV that claims this many bytes or more was streamed: its writer did not know the size (sox and FFmpeg write such
sizes, others 0), and 2 GB are more than the longest take."""
_COUNTED: Final = re.compile(rb"(?:Xing|Info)(.{8})|VBRI.{10}(.{4})", re.DOTALL)
_DURATION: Final = re.compile(rb"\x44\x89[\x84\x88]")
"""Matroska's element Duration, of 4 or 8 bytes."""

Skip = Callable[[float], None]
"""Hears where something does not decode."""


def recording(source: Path | BinaryIO) -> "InputContainer":
    """Open sound or video that somebody else made, with bounds on what opening it may take.

    Raises:
        av.FFmpegError: it is none of CONTAINERS, or larger than MAX_FRAME_PIXELS, or has too many tracks.
    """
    import av

    limits = {
        # What leads elsewhere, such as a playlist, could have this machine read its own files or network for it.
        "format_whitelist": CONTAINERS,
        "max_streams": str(MAX_STREAMS),
        "max_pixels": str(MAX_FRAME_PIXELS),
    }
    # Old files name their titles in old encodings.
    return av.open(str(source) if isinstance(source, Path) else source, "r", options=limits, metadata_errors="replace")


def sounds_of(container: "InputContainer", skip: Skip) -> "Iterator[AudioFrame]":
    """The frames of the first sound; packets that do not decode are skipped."""
    from av.audio.frame import AudioFrame

    return (f for f in _decoded(container, container.streams.audio[0], skip) if isinstance(f, AudioFrame))


def pictures_of(container: "InputContainer", skip: Skip = lambda _: None) -> "Iterator[VideoFrame]":
    """The frames of the first video; packets that do not decode are skipped."""
    from av.video.frame import VideoFrame

    return (f for f in _decoded(container, container.streams.video[0], skip) if isinstance(f, VideoFrame))


def _decoded(container: "InputContainer", stream: "Stream", skip: Skip) -> "Iterator[object]":
    import av

    begin, at, damaged = stream.start_time, 0.0, False
    for packet in _packets(container, stream):
        if packet.pts is not None and packet.time_base is not None:
            begin = packet.pts if begin is None else begin
            at = max(0.0, float((packet.pts - begin) * packet.time_base))
        try:
            frames: Sequence[object] = packet.decode()
        except av.FFmpegError:
            skip(at)
            continue
        for frame in frames:
            # What the decoder made up for data that was not there.
            if damaged != (damaged := bool(getattr(frame, "is_corrupt", False))) and damaged:
                skip(at)
            yield frame


def _packets(container: "InputContainer", *streams: "Stream") -> "Iterator[Packet[Any]]":
    """All packets of these streams, read past places where the file itself is broken."""
    import av

    for _ in range(_READ_AGAIN):
        with suppress(av.FFmpegError):
            yield from container.demux(*streams)
            return


@dataclass
class Skipped:
    """Where the media of a film does not decode."""

    _places: dict[str, list[float]] = field(default_factory=dict)

    def of(self, asset_id: str) -> Skip:
        """What hears of the skipped packets of one asset."""
        return lambda at: self._places.setdefault(asset_id, []).append(at)

    def notes(self) -> list[str]:
        """A line for each asset that has such places, with their times."""
        notes = []
        for asset_id, times in self._places.items():
            places = list(dict.fromkeys(f"{at:.1f} s" for at in times))
            more = len(places) - NAMED_PLACES
            where = ", ".join(places[:NAMED_PLACES]) + (f" and {more} more places" if more > 0 else "")
            notes.append(f"{asset_id} has nothing that decodes at {where}: skipped; make it again if that shows")
        return notes


@dataclass(frozen=True)
class Length:
    """How long a recording is.

    Attributes:
        seconds: By its header where that agrees with its packets, else by its packets.
        claimed: What the header counts; None where it only estimates, or does not know.
        found: Where the last packet ends.
        decodes: Whether anything of the stream does.
    """

    seconds: float
    claimed: float | None
    found: float
    decodes: bool


def head_of(source: Path | BinaryIO) -> bytes:
    """The first bytes of a file behind its ID3 tag, which a cover makes long; read before the file is opened."""
    with source.open("rb") if isinstance(source, Path) else nullcontext(source) as file:
        begin = file.read(10)
        tagged = begin[:3] == b"ID3" and len(begin) == 10
        # Seven bits a byte (id3.org, ID3v2.4, section 6.2).
        size = sum(byte << shift for byte, shift in zip(begin[6:], (21, 14, 7, 0), strict=False)) if tagged else 0
        file.seek(10 + size if tagged else 0)
        head = file.read(_HEAD_BYTES)
        file.seek(0)
        return head


def length_of(head: bytes, container: "InputContainer", stream: "Stream") -> Length:
    """Measure a recording that was just opened. What its header can be relied on for is read to the first frame of
    `stream` and near its end, all else from its beginning to its end.

    Args:
        head: As `head_of` read it.
    """
    import av

    form = container.format.name.partition(",")[0]
    said = container.duration / av.time_base if container.duration and container.duration > 0 else None
    start = (container.start_time or 0) / av.time_base
    packets, frame_seconds, found, decodes = _packets(container, *container.streams), 0.0, start, False
    for packet in packets:
        found = max(found, _end(packet))
        if packet.stream is stream:
            frame_seconds = frame_seconds or float((packet.duration or 0) * (packet.time_base or 0))
            with suppress(av.FFmpegError):
                decodes = bool(packet.decode())
        if decodes:
            break
    claimed = _claimed(form, head, said, frame_seconds)
    # Packets of these have no times of their own: only counted from the first one are they right.
    counts = form in ("mp3", "aac")
    if decodes and said and claimed and not counts:
        with suppress(av.FFmpegError):  # what cannot be sought is read from where it is
            container.seek(round((start + max(min(said, claimed) - 1, 0)) * av.time_base))
            packets = _packets(container, *container.streams)
    found = max(found, *map(_end, packets), start) - start
    agrees = said is not None and abs(said - found) <= CLOSE_SECONDS
    return Length(said if said and agrees else found, claimed, found, decodes)


def picture_seconds(container: "InputContainer", stream: "Stream") -> float:
    """How long the moving picture of a recording is, by its packets: the sound next to it may be longer."""
    import av

    with suppress(av.FFmpegError):
        container.seek(0)
    begin, end, last = None, 0.0, 0.0
    for packet in _packets(container, stream):
        if packet.pts is None or packet.time_base is None or not packet.size or packet.is_discard:
            continue
        at = float(packet.pts * packet.time_base)
        begin = at if begin is None else min(begin, at)
        last, end = max(last, at), max(end, _end(packet))
    rate = stream.average_rate if isinstance(stream, av.VideoStream) else None
    # A recorder does not say how long its last picture is.
    end = max(end, last + (1 / float(rate) if rate else 0.0)) if end <= last else end
    return end - (begin or 0.0)


def _end(packet: "Packet[Any]") -> float:
    """When a packet ends; 0 where it says no time, or is one that only flushes a decoder."""
    if packet.pts is None or packet.time_base is None or not packet.size:
        return 0.0
    return float((packet.pts + (packet.duration or 0)) * packet.time_base)


def _claimed(form: str, head: bytes, said: float | None, frame_seconds: float) -> float | None:
    """What the header counts: of a file that ends before that, a part is missing."""
    if form == "aac":
        return None
    if form == "mp3":
        # Of the first file, where several were joined. Xing has four bytes of flags before its count of frames.
        tag = _COUNTED.search(head[:_TAG_BYTES])
        count = tag and (tag[2] or (tag[1][4:] if tag[1][3] & 1 else None))
        return int.from_bytes(count) * frame_seconds if count else None
    if form == "wav" and head[:4] == b"RIFF":
        rate, size = head.find(b"fmt ") + 16, head.find(b"data") + 4
        claimed, a_second = (int.from_bytes(head[at : at + 4], "little") for at in (size, rate))
        return claimed / a_second if size >= 4 and a_second and 0 < claimed < _NO_SIZE else None
    if form == "matroska" and not _DURATION.search(head):
        return None
    return said
