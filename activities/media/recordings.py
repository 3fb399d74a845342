"""Sound and video from outside: opened within limits, decoded as players do, measured by its packets.

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
"""Of a frame: 8K has 33 million; the decoder allocates several frames of the size in the header."""
MAX_STREAMS: Final = 64
"""Tracks of one file; cameras write five or six."""
CONTAINERS: Final = "wav,mp3,flac,ogg,aac,mov,matroska"
"""libavformat's names of the accepted formats."""
SOUND_TYPES: Final = {
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "aac": "audio/aac",
    "mov": "audio/mp4",
    "matroska": "audio/webm",
}
"""The first of libavformat's format names -> media type."""
CLOSE_SECONDS: Final = 0.1
"""Between the length in a header and the measured length: rounding, and the padding of encoders."""
LEAST_SHARE: Final = 0.8
"""The share of the length in the header that has to be present; headers are often slightly wrong."""
NAMED_PLACES: Final = 3
"""Of the places where a recording does not decode, in a note."""

_READ_AGAIN: Final = 10
"""How often reading continues after a broken place, as in mpv (demux_lavf.c); the next broken place is the end."""
_HEAD_BYTES: Final = 64 * 1024
_TAG_BYTES: Final = 4 * 1024
"""The tag with the frame count of an MP3 is in the first frame, which has at most 1,441 bytes."""
_NO_SIZE: Final = 0x7FFF0000
"""A WAV that claims this many bytes or more was streamed: its writer did not know the size (sox and FFmpeg write such
sizes, others 0), and 2 GB are more than the longest take."""
_COUNTED: Final = re.compile(rb"(?:Xing|Info)(.{8})|VBRI.{10}(.{4})", re.DOTALL)
_DURATION: Final = re.compile(rb"\x44\x89[\x84\x88]")
"""Matroska's element Duration, of 4 or 8 bytes."""

Skip = Callable[[float], None]
"""Is called with the time of each place that does not decode, in seconds."""


def open_recording(source: Path | BinaryIO) -> "InputContainer":
    """Open sound or video from outside, with limits on the resources that this may take.

    Raises:
        av.FFmpegError: the format is not in CONTAINERS, frames exceed MAX_FRAME_PIXELS, or there are too many tracks.
    """
    import av

    limits = {
        # A format with references, such as a playlist, could make this machine read its own files or network.
        "format_whitelist": CONTAINERS,
        "max_streams": str(MAX_STREAMS),
        "max_pixels": str(MAX_FRAME_PIXELS),
    }
    # Old files have titles in old encodings.
    return av.open(str(source) if isinstance(source, Path) else source, "r", options=limits, metadata_errors="replace")


def audio_frames(container: "InputContainer", skip: Skip) -> "Iterator[AudioFrame]":
    """The frames of the first audio stream; packets that do not decode are skipped."""
    from av.audio.frame import AudioFrame

    sound = _Decoder(container.streams.audio[0], skip)
    return (f for f in _decoded(container, sound) if isinstance(f, AudioFrame))


def video_frames(container: "InputContainer", skip: Skip = lambda _: None) -> "Iterator[VideoFrame]":
    """The frames of the first video stream; packets that do not decode are skipped."""
    from av.video.frame import VideoFrame

    picture = _Decoder(container.streams.video[0], skip)
    return (f for f in _decoded(container, picture) if isinstance(f, VideoFrame))


def film_frames(container: "InputContainer", skip: Skip) -> "Iterator[VideoFrame | AudioFrame]":
    """The frames of the first video stream and of the first audio stream, if there is one, from one reading of the
    file; `skip` is called for packets of the video alone."""
    from av.audio.frame import AudioFrame
    from av.video.frame import VideoFrame

    decoders = [_Decoder(container.streams.video[0], skip)]
    decoders += [_Decoder(sound, lambda _: None) for sound in container.streams.audio[:1]]
    return (f for f in _decoded(container, *decoders) if isinstance(f, VideoFrame | AudioFrame))


def _decoded(container: "InputContainer", *decoders: "_Decoder") -> "Iterator[object]":
    of_stream = {decoder.stream.index: decoder for decoder in decoders}
    for packet in _packets(container, *(decoder.stream for decoder in decoders)):
        yield from of_stream[packet.stream.index].frames(packet)


@dataclass
class _Decoder:
    """Decodes one stream, and calls `skip` for the packets that do not decode."""

    stream: "Stream"
    skip: Skip
    _begin: int | None = None
    _at: float = 0.0
    _damaged: bool = False

    def __post_init__(self) -> None:
        self._begin = self.stream.start_time

    def frames(self, packet: "Packet[Any]") -> "Iterator[object]":
        import av

        if packet.pts is not None and packet.time_base is not None:
            self._begin = packet.pts if self._begin is None else self._begin
            self._at = max(0.0, float((packet.pts - self._begin) * packet.time_base))
        try:
            frames: Sequence[object] = packet.decode()
        except av.FFmpegError:
            self.skip(self._at)
            return
        for frame in frames:
            # The decoder fills in missing data, and marks such frames.
            before, self._damaged = self._damaged, bool(getattr(frame, "is_corrupt", False))
            if self._damaged and not before:
                self.skip(self._at)
            yield frame


def _packets(container: "InputContainer", *streams: "Stream") -> "Iterator[Packet[Any]]":
    """All packets of these streams; reading continues after places where the file itself is broken."""
    import av

    for _ in range(_READ_AGAIN):
        with suppress(av.FFmpegError):
            yield from container.demux(*streams)
            return


@dataclass
class Skipped:
    """The places where the media of a film does not decode."""

    _places: dict[str, list[float]] = field(default_factory=dict)

    def recorder(self, asset_id: str) -> Skip:
        """A function that records the skipped packets of one asset."""
        return lambda at: self._places.setdefault(asset_id, []).append(at)

    def notes(self) -> list[str]:
        """A line for each asset that has such places, with their times."""
        notes = []
        for asset_id, times in self._places.items():
            places = list(dict.fromkeys(f"{at:.1f} s" for at in times))
            more = len(places) - NAMED_PLACES
            where = ", ".join(places[:NAMED_PLACES]) + (f" and {more} more places" if more > 0 else "")
            notes.append(f"{asset_id} does not decode at {where}, which is skipped; make it again if it matters")
        return notes


@dataclass(frozen=True)
class Length:
    """The length of a recording.

    Attributes:
        seconds: From its header if that agrees with its packets, otherwise from its packets.
        claimed: From the header alone; None if that only has an estimate, or no length.
        found: The end of the last packet.
        decodes: Whether any part of the stream decodes.
        size: Width and height in pixels of its first frame as it is shown; None of a sound.
    """

    seconds: float
    claimed: float | None
    found: float
    decodes: bool
    size: tuple[int, int] | None = None

    @property
    def is_cut(self) -> bool:
        """Whether a part is missing at the end, as of a download that broke off."""
        return bool(self.claimed) and self.found < (self.claimed or 0.0) * LEAST_SHARE - 1


def read_head(source: Path | BinaryIO) -> bytes:
    """The first bytes of a file after its ID3 tag, which may hold a long cover; read before the file is opened."""
    with source.open("rb") if isinstance(source, Path) else nullcontext(source) as file:
        begin = file.read(10)
        tagged = begin[:3] == b"ID3" and len(begin) == 10
        # Seven bits a byte (id3.org, ID3v2.4, section 6.2).
        size = sum(byte << shift for byte, shift in zip(begin[6:], (21, 14, 7, 0), strict=False)) if tagged else 0
        file.seek(10 + size if tagged else 0)
        head = file.read(_HEAD_BYTES)
        file.seek(0)
        return head


def measure(head: bytes, container: "InputContainer", stream: "Stream") -> Length:
    """Measure a recording that was just opened. If its header is reliable, only the packets up to the first frame of
    `stream` and those near the end are read, otherwise all packets.

    Args:
        head: The result of `read_head`.
    """
    import av

    form = container.format.name.partition(",")[0]
    duration = container.duration / av.time_base if container.duration and container.duration > 0 else None
    start = (container.start_time or 0) / av.time_base
    packets, frame_seconds, found, size = _packets(container, *container.streams), 0.0, start, None
    decodes = False
    for packet in packets:
        found = max(found, _end(packet))
        if packet.stream is stream:
            frame_seconds = frame_seconds or float((packet.duration or 0) * (packet.time_base or 0))
            with suppress(av.FFmpegError):
                frames = packet.decode()
                decodes = bool(frames)
                size = next((shown_size(f, stream) for f in frames if isinstance(f, av.VideoFrame)), None)
        if decodes:
            break
    claimed = _claimed(form, head, duration, frame_seconds)
    # Packets of these formats have no times of their own: they are right only when counted from the first one.
    counts = form in ("mp3", "aac")
    if decodes and duration and claimed and not counts:
        with suppress(av.FFmpegError):  # without seeking, all packets are read
            container.seek(round((start + max(min(duration, claimed) - 1, 0)) * av.time_base))
            packets = _packets(container, *container.streams)
    found = max(found, *map(_end, packets), start) - start
    agrees = duration is not None and abs(duration - found) <= CLOSE_SECONDS
    # Without a length in the header, its duration is an estimate.
    return Length(duration if duration and claimed and agrees else found, claimed, found, decodes, size)


def shown_size(frame: "VideoFrame", stream: "Stream") -> tuple[int, int]:
    """The width and height of a frame as it is shown: upright, with square pixels."""
    aspect = getattr(stream, "sample_aspect_ratio", None) or 1
    width, height = round(frame.width * aspect), frame.height
    return (height, width) if frame.rotation % 180 else (width, height)


def picture_seconds(container: "InputContainer", stream: "Stream") -> float:
    """The length of the video stream of a recording, by its packets: its sound may be longer."""
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
    # Recorders do not write the duration of the last frame.
    end = max(end, last + (1 / float(rate) if rate else 0.0)) if end <= last else end
    return end - (begin or 0.0)


def _end(packet: "Packet[Any]") -> float:
    """The end of a packet; 0 if it has no time, or only flushes a decoder."""
    if packet.pts is None or packet.time_base is None or not packet.size:
        return 0.0
    return float((packet.pts + (packet.duration or 0)) * packet.time_base)


def _claimed(form: str, head: bytes, duration: float | None, frame_seconds: float) -> float | None:
    """The length in the header: a part of a file that ends before that is missing."""
    if form == "aac":
        return None
    if form == "mp3":
        # Of the first file, if several were joined. Xing has four bytes of flags before its frame count.
        tag = _COUNTED.search(head[:_TAG_BYTES])
        count = tag and (tag[2] or (tag[1][4:] if tag[1][3] & 1 else None))
        return int.from_bytes(count) * frame_seconds if count else None
    if form == "wav" and head[:4] == b"RIFF":
        rate, size = head.find(b"fmt ") + 16, head.find(b"data") + 4
        claimed, a_second = (int.from_bytes(head[at : at + 4], "little") for at in (size, rate))
        return claimed / a_second if size >= 4 and a_second and 0 < claimed < _NO_SIZE else None
    if form == "matroska" and not _DURATION.search(head):
        return None
    return duration
