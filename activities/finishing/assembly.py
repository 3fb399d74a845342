"""The film file: stored segments and the stored sound, joined as they are, with captions and chapters.

Packets are streamed, for a film of any length. Synchronous, so call it from a thread. Sizes are pixels, times seconds.
"""

import heapq
import json
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, Final

from activities.finishing.captions.cues import Cue
from activities.finishing.captions.files import directed
from activities.finishing.languages.iso639 import three_letters
from activities.finishing.picture.frames import check_stopped
from activities.finishing.picture.segments import NOTES_TAG
from workflows.models import Chapter
from workflows.runtime.language import language_name

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet

MILLISECONDS: Final = Fraction(1, 1000)
REORDERED: Final = 2
"""How many frames the encoder shows later than it writes them (x264 with B-frames as references). The first packet is
decoded this much before it is shown."""

_ASS_HEADER: Final = """[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""
"""The mov_text encoder derives the sample description of the track (font, colour, place) from it."""


def assemble(
    target: Path,
    segments: Sequence[Path],
    sound: Path | None,
    rate: int,
    captions: Mapping[str, Sequence[Cue]],
    chapters: Sequence[Chapter],
    seconds: float,
    *,
    title: str,
    comment: str,
    language: str,
    stop: Event,
    edit_lists: bool = True,
) -> None:
    """Write the MP4 with the index at the front (faststart), so that it plays while it loads.

    Args:
        captions: BCP 47 tag -> the captions in this language; a track for each.
        language: The BCP 47 tag of the sound.
        edit_lists: Without them, which some destinations refuse, the sound is a fiftieth of a second late.

    Raises:
        Stopped: `stop` was set.
    """
    import av

    options = {"movflags": "+faststart"}
    if not edit_lists:
        options = {"movflags": "+faststart+negative_cts_offsets", "use_editlist": "0"}
    with av.open(str(target), "w", format="mp4", options=options) as film:
        film.metadata["title"], film.metadata["comment"] = title, comment
        if len(chapters) > 1:
            _add_chapters(film, chapters, seconds)
        streams = [_picture(film, segments, rate)]
        if sound:
            streams.append(_sound(film, sound, language))
        streams += [_subtitles(film, cues, tag) for tag, cues in captions.items()]
        for _, packet in heapq.merge(*streams, key=lambda timed: timed[0]):
            check_stopped(stop)
            film.mux(packet)


def notes_of(part: Path) -> list[str]:
    """The notes in a stored part."""
    import av

    with av.open(str(part)) as container:
        found = json.loads(container.metadata.get(NOTES_TAG, "[]"))
    notes: list[str] = found["notes"] if isinstance(found, dict) else found  # a sound has its measurements too
    return notes


_Timed = Iterator["tuple[float, Packet[Any]]"]
"""Packets in order, each with its time in the film."""


def _stream_like(film: "OutputContainer", part: Path) -> "Any":
    """A stream with the settings and headers of the only one in a part."""
    import av

    with av.open(str(part)) as container:
        return film.add_stream_from_template(container.streams[0])


def _picture(film: "OutputContainer", segments: Sequence[Path], rate: int) -> _Timed:
    stream = _stream_like(film, segments[0])
    return _joined(stream, segments, rate)


def _joined(stream: Any, segments: Sequence[Path], rate: int) -> _Timed:
    """The packets of all segments, one after the other: all have the same headers, and frames of equal length."""
    import av

    start = number = 0
    for segment in segments:
        with av.open(str(segment)) as container:
            for packet in container.demux(container.streams.video[0]):
                if packet.pts is None or packet.dts is None:
                    continue
                shown = start + round(packet.pts * packet.time_base * rate)
                packet.time_base = Fraction(1, rate)
                packet.pts, packet.dts, packet.duration = shown, number - REORDERED, 1
                packet.stream = stream
                yield max(0.0, (number - REORDERED) / rate), packet
                number += 1
            start = number


def _sound(film: "OutputContainer", sound: Path, language: str) -> _Timed:
    stream = _stream_like(film, sound)
    _tag(stream, language)
    return _copied(stream, sound)


def _copied(stream: Any, sound: Path) -> _Timed:
    import av

    with av.open(str(sound)) as container:
        for packet in container.demux(container.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                yield float(packet.dts * packet.time_base), packet


def _subtitles(film: "OutputContainer", cues: Sequence[Cue], language: str) -> _Timed:
    """The soft subtitle track (mov_text): a sample is the text's length in two bytes, big-endian, then UTF-8."""
    stream = film.add_stream("mov_text")
    stream.codec_context.subtitle_header = _ASS_HEADER.encode()
    stream.codec_context.time_base = stream.time_base = MILLISECONDS
    _tag(stream, language)
    return _texts(stream, cues)


def _tag(stream: Any, language: str) -> None:
    """Name the language of a track: by its code, and by a name, because pt-BR and pt-PT have the same code."""
    stream.metadata["language"] = three_letters(language)
    stream.metadata["handler_name"] = f"{language_name(language)} ({language})"


def _texts(stream: Any, cues: Sequence[Cue]) -> _Timed:
    import av

    for cue in cues:
        text = directed(cue.text).encode()
        packet = av.Packet(len(text).to_bytes(2, "big") + text)
        packet.stream, packet.time_base = stream, MILLISECONDS
        packet.pts = packet.dts = round(cue.start * 1000)
        packet.duration = round(cue.end * 1000) - packet.pts
        yield cue.start, packet


def _add_chapters(film: "OutputContainer", chapters: Sequence[Chapter], seconds: float) -> None:
    """Add chapters, which players show and seek to."""
    ends = [*(chapter.start_seconds for chapter in chapters[1:]), seconds]
    film.set_chapters(
        [
            {
                "id": number,
                "start": round(chapter.start_seconds / MILLISECONDS),
                "end": round(end / MILLISECONDS),
                "time_base": MILLISECONDS,
                "metadata": {"title": chapter.title},
            }
            for number, (chapter, end) in enumerate(zip(chapters, ends, strict=True), start=1)
        ]
    )
