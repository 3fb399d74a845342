"""The film: shots of any size and rate become one H.264 stream, the mixed sound one AAC stream, cues a subtitle track.

Everything is streamed: one decoded frame at a time, for a film of any length. Synchronous, so call it from a thread;
`stop` is checked before each frame. Sizes are pixels, times seconds.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from fractions import Fraction
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, BinaryIO, Final

from activities.finishing.captions import Cue
from activities.finishing.frames import FilmFormat, all_frames
from activities.finishing.sound.samples import SAMPLE_BYTES, SAMPLE_RATE
from activities.finishing.timeline import Timeline
from activities.media.recordings import Skipped
from workflows.models import Chapter

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.subtitles.stream import SubtitleStream

MILLISECONDS: Final = Fraction(1, 1000)
BT709: Final = 1

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


def render(
    target: Path,
    timeline: Timeline,
    output: FilmFormat,
    sound_pcm: Path | None,
    cues: Sequence[Cue],
    chapters: Sequence[Chapter],
    *,
    title: str,
    language: str,
    stop: Event,
    skipped: Skipped,
    on_progress: Callable[[str], None],
) -> None:
    """Write the MP4 with the index at the front (faststart), so that it plays while it loads.

    Raises:
        OutputUnusable: a shot does not decode; the message names it.
        Stopped: `stop` was set.
    """
    import av

    with (
        sound_pcm.open("rb") if sound_pcm else nullcontext() as samples,
        av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as film,
    ):
        film.metadata["title"] = title
        if len(chapters) > 1:
            _add_chapters(film, chapters, timeline.seconds)
        video = film.add_stream("libx264", rate=output.rate, options={"preset": "veryfast", "crf": "20"})
        video.width, video.height, video.pix_fmt = output.width, output.height, "yuv420p"
        video.codec_context.gop_size = output.rate * 2  # a player can seek to every second second
        video.codec_context.time_base = Fraction(1, output.rate)
        for name in ("color_range", "colorspace", "color_primaries", "color_trc"):
            setattr(video.codec_context, name, BT709)  # AVCOL_RANGE_MPEG is also 1
        sound = _Sound(film, samples, language) if samples else None
        subtitles = _Subtitles(film, cues, language) if cues else None
        film.start_encoding()

        for number, frame in enumerate(all_frames(timeline, output, stop, skipped)):
            frame.pts, frame.time_base = number, Fraction(1, output.rate)
            frame.pict_type = 0  # otherwise the key frames of the source would stay key frames
            if subtitles:
                subtitles.write_until(number / output.rate)
            film.mux(video.encode(frame))
            if sound:
                sound.write_until((number + 1) / output.rate)
            if number % output.rate == 0:
                on_progress(f"film: {number // output.rate} of {timeline.seconds:.0f} s")
        film.mux(video.encode(None))
        if subtitles:
            subtitles.write_until(timeline.seconds)
        if sound:
            sound.close()


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


class _Sound:
    """The AAC stream, written up to the time of the video, so that the file is well interleaved."""

    def __init__(self, film: "OutputContainer", samples: BinaryIO, language: str) -> None:
        self._film = film
        self._stream: AudioStream = film.add_stream("aac", rate=SAMPLE_RATE, bit_rate=160_000)
        self._stream.metadata["language"] = language
        self._samples = samples
        self._at = 0

    def write_until(self, seconds: float) -> None:
        import av

        goal = round(seconds * SAMPLE_RATE)
        while self._at < goal:
            count = min(1024, goal - self._at)
            frame = av.AudioFrame("s16", "stereo", count)
            data = self._samples.read(count * SAMPLE_BYTES)
            frame.planes[0].update(data.ljust(frame.planes[0].buffer_size, b"\0"))
            frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, self._at, Fraction(1, SAMPLE_RATE)
            self._film.mux(self._stream.encode(frame))
            self._at += count

    def close(self) -> None:
        self._film.mux(self._stream.encode(None))


class _Subtitles:
    """The soft subtitle track (mov_text): a sample is the text's length in two bytes, big-endian, then UTF-8."""

    def __init__(self, film: "OutputContainer", cues: Sequence[Cue], language: str) -> None:
        self._film = film
        self._stream: SubtitleStream = film.add_stream("mov_text")
        self._stream.codec_context.subtitle_header = _ASS_HEADER.encode()
        self._stream.codec_context.time_base = self._stream.time_base = MILLISECONDS
        self._stream.metadata["language"] = language
        self._cues = list(reversed(cues))

    def write_until(self, seconds: float) -> None:
        import av

        while self._cues and self._cues[-1].start <= seconds:
            cue = self._cues.pop()
            text = cue.text.encode()
            packet = av.Packet(len(text).to_bytes(2, "big") + text)
            packet.stream, packet.time_base = self._stream, MILLISECONDS
            packet.pts = packet.dts = round(cue.start * 1000)
            packet.duration = round(cue.end * 1000) - packet.pts
            self._film.mux(packet)
