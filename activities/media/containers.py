"""Recordings in a container that a vendor takes: the same sound and picture, not encoded again.

Synchronous, so call it from a thread.
"""

from collections.abc import Collection, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from activities.errors import InvalidRequest
from activities.media.recordings import open_recording
from activities.media.stills import BROKEN

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream


def in_container(path: Path, media_type: str, taken: Collection[str]) -> tuple[Path, str]:
    """The file and its media type if a vendor takes that, otherwise a copy next to it as M4A or MP4.

    Raises:
        InvalidRequest: MP4 does not hold what is in it.
    """
    import av

    if media_type in taken:
        return path, media_type
    kind = media_type.partition("/")[0]
    target = path.with_suffix(".m4a" if kind == "audio" else ".mp4")
    try:
        with open_recording(path) as source, av.open(str(target), "w", format="mp4") as copy:
            streams = [*(source.streams.video[:1] if kind == "video" else ()), *source.streams.audio[:1]]
            copies = {stream.index: copy.add_stream_from_template(stream) for stream in streams}
            for packet in chain.from_iterable(_timed(source, stream) for stream in streams):
                packet.stream = copies[packet.stream.index]
                copy.mux(packet)
    except (av.FFmpegError, *BROKEN):
        raise InvalidRequest(
            f"inputs: the vendor takes no {media_type}, and MP4 does not hold what is in it; give it as MP4 or MP3"
        ) from None
    return target, f"{kind}/mp4"


def _timed(source: "InputContainer", stream: "Stream") -> "Iterator[Packet[Any]]":
    """The packets of a stream, each with its time of decoding, which Matroska leaves out of the first ones."""
    source.seek(0)
    early: list[Packet[Any]] = []
    for packet in source.demux(stream):
        if not packet.size:  # the end of the stream
            continue
        if packet.dts is None:
            early.append(packet)
            continue
        for number, each in enumerate(reversed(early), start=1):
            each.dts = packet.dts - number * (each.duration or 1)
        yield from early
        early = []
        yield packet
