"""Segments: the pieces of a film, each encoded by itself with the same settings, so that they are joined as they are.

Every segment begins with a key frame that no other segment refers to (closed GOP). Frames are streamed, one at a time.
Synchronous, so call it from a thread; `stop` is checked before each frame.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final

from activities.finishing.captions.cues import Cue
from activities.finishing.picture.burned_captions import BurnedCaptions, CaptionStyle
from activities.finishing.picture.formats import FilmFormat
from activities.finishing.picture.frames import frames_of
from activities.finishing.picture.pieces import Piece
from activities.media.recordings import Skipped
from workflows.models import digest_of

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.video.stream import VideoStream

RENDERER: Final = 3
"""Is raised with every change of what a segment or the sound contains, so that stored parts of older code are not
used."""
LETTERING: Final = 2
"""The same for texts and captions that are drawn: segments without any are used on."""
BT709: Final = 1
NOTES_TAG: Final = "comment"
"""The tag of a part that has its notes, a list in JSON: who assembles the film finds them with the part."""


def segment_digest(piece: Piece, output: FilmFormat, style: CaptionStyle = "sidecar", cues: Sequence[Cue] = ()) -> str:
    """The digest of everything that a segment shows. It is the same on every worker, whatever its fonts.

    Args:
        style: Of the captions that are drawn into the picture.
        cues: All captions of the film.
    """
    parts = []
    for part in piece.parts:
        placed, shot = part.placed, part.placed.shot
        zoom = placed.frames if shot.still else None  # the zoom into a still spreads over its whole length
        time = [*shot.timecode, round(placed.start * output.rate)] if shot.timecode else None
        speed = [shot.speed] if shot.speed != 1 else []
        crop = shot.focus if output.crop or shot.fill else None
        parts.append([shot.media.sha256, part.first, zoom, time, crop, *speed])
    fades = [piece.fade_in, piece.fade_out]
    texts = [piece.card, *([t.kind, t.text, t.first - piece.start, t.frames, *t.over] for t in piece.texts)]
    drawn = [] if style == "sidecar" else list(_cues_in(piece, output.rate, cues))
    shown = [style, *drawn] if drawn else []
    shape = {name: value for name, value in asdict(output).items() if value is not None}
    lettering = [LETTERING]
    if not (drawn or piece.card or piece.texts):
        lettering = []
        shape.pop("safe", None)  # destinations of one size share what has no text
    return digest_of([RENDERER, shape, piece.kind, piece.frames, fades, parts, texts, shown, *lettering])


def _cues_in(piece: Piece, rate: int, cues: Sequence[Cue]) -> Iterator[object]:
    """The captions of a piece, with their frames from its first one."""
    for cue in cues:
        start, end = (round(seconds * rate) - piece.start for seconds in (cue.start, cue.end))
        if start < piece.frames and end > 0:
            words = [[w.at, w.until, *(round(t * rate) - piece.start for t in (w.start, w.end))] for w in cue.words]
            yield [start, end, cue.text, words]


def add_picture(container: "OutputContainer", output: FilmFormat) -> "VideoStream":
    """A stream with the settings of all segments."""
    # stitchable: the headers do not depend on the pictures, so all segments have the same.
    options = {"preset": "veryfast", "crf": "20", "x264-params": "stitchable=1:open-gop=0"}
    if output.kbps:  # each segment may also use what its buffer holds: half a second
        options |= {"maxrate": f"{output.kbps}k", "bufsize": f"{output.kbps // 2}k"}
    video: VideoStream = container.add_stream("libx264", rate=output.rate, options=options)
    video.width, video.height, video.pix_fmt = output.width, output.height, "yuv420p"
    video.codec_context.gop_size = output.rate * 2  # a player can seek to every second second
    video.codec_context.time_base = Fraction(1, output.rate)
    for name in ("color_range", "colorspace", "color_primaries", "color_trc"):
        setattr(video.codec_context, name, BT709)  # AVCOL_RANGE_MPEG is also 1
    return video


def encode(
    target: Path,
    piece: Piece,
    paths: Mapping[str, Path],
    output: FilmFormat,
    captions: BurnedCaptions | None = None,
    *,
    stop: Event,
    on_progress: Callable[[str], None],
) -> None:
    """Write a segment as an MP4 of one H.264 stream.

    Args:
        paths: Asset id -> the file of its take.
        captions: Those of the film that are drawn into the picture.

    Raises:
        OutputUnusable: a shot does not decode; the message names it.
        Stopped: `stop` was set.
    """
    import av

    skipped = Skipped()
    with av.open(str(target), "w", format="mp4") as segment:
        video = add_picture(segment, output)
        for number, frame in enumerate(frames_of(piece, paths, output, stop, skipped)):
            frame = captions.onto(frame, piece.start + number) if captions else frame
            frame.pts, frame.time_base = number, Fraction(1, output.rate)
            frame.pict_type = 0  # otherwise the key frames of the source would stay key frames
            segment.mux(video.encode(frame))
            if number % output.rate == 0:
                on_progress(f"{piece.name}: {number // output.rate} of {piece.frames / output.rate:.0f} s")
        segment.mux(video.encode(None))
    if notes := skipped.notes():
        _tag(target, notes)


def _tag(path: Path, notes: list[str]) -> None:
    """Write the notes into the header of a file, which comes before its frames."""
    import av

    bare = path.rename(path.with_suffix(".bare"))
    with av.open(str(bare)) as source, av.open(str(path), "w", format="mp4") as target:
        target.metadata[NOTES_TAG] = json.dumps(notes)
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    bare.unlink()
