"""Sound from formulas: libavfilter's `aevalsrc` evaluates them, and a WAV file gets the samples.

A formula is an expression of libavutil (https://ffmpeg.org/ffmpeg-utils.html#Expression-Evaluation) in `t`, seconds
from the begin. WAV: 16 bit, stereo, 24 kHz. Synchronous; the same formulas give the same bytes.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final

from activities.providers.previz.animatic import RenderStopped

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream

RATE: Final = 24_000
FRAME_BYTES: Final = 8
"""A stereo sample of 32 bit floats."""
COMMENT: Final = "PREVIZ scratch sound made on this machine by synthesis"
_BLOCK: Final = RATE // 4

Formula = tuple[str, ...]
"""One channel, or the left and the right one."""


def evaluate(formula: Formula, seconds: float) -> bytes:
    """The float samples of a formula."""
    import av

    graph = av.filter.Graph()
    source = graph.add("aevalsrc", exprs="|".join(formula), sample_rate=str(RATE), duration=f"{seconds:.6f}")
    sink = graph.add("abuffersink")
    graph.link_nodes(source, graph.add("aformat", "sample_fmts=flt:channel_layouts=stereo"), sink).configure()
    return b"".join(bytes(frame.planes[0])[: frame.samples * FRAME_BYTES] for frame in _pulled(sink))


def write_wav(
    target: Path,
    pieces: Iterable[bytes],
    filters: Sequence[tuple[str, str]],
    seconds: float,
    stop: Callable[[], bool] = lambda: False,
    remark: str = "",
) -> Path:
    """Write float samples through filters as a WAV file of exactly `seconds`; its comment ends with the remark.

    Raises:
        RenderStopped: `stop` returned true.
    """
    import av

    left = round(seconds * RATE)
    with av.open(str(target), "w", format="wav") as out:
        out.metadata["comment"] = f"{COMMENT}{remark}"
        stream: AudioStream = out.add_stream("pcm_s16le", rate=RATE, layout="stereo")
        at = 0
        for frame in _filtered(pieces, filters):
            if stop():
                raise RenderStopped
            count = min(frame.samples, left)
            if count <= 0:
                continue
            data = bytes(frame.planes[0])[: count * 4]
            out.mux(stream.encode(_frame("s16", data, 4, at)))
            at, left = at + count, left - count
        if left > 0:
            out.mux(stream.encode(_frame("s16", bytes(left * 4), 4, at)))
        out.mux(stream.encode(None))
    return target


def _filtered(pieces: Iterable[bytes], filters: Sequence[tuple[str, str]]) -> "Iterator[AudioFrame]":
    import av

    graph = av.filter.Graph()
    layout = f"sample_rate={RATE}:sample_fmt=flt:channel_layout=stereo:time_base=1/{RATE}"
    source, sink = graph.add("abuffer", layout), graph.add("abuffersink")
    nodes = [graph.add(name, arguments) for name, arguments in (*filters, ("aformat", "sample_fmts=s16"))]
    graph.link_nodes(source, *nodes, sink).configure()
    at = 0
    for piece in pieces:
        for begin in range(0, len(piece), _BLOCK * FRAME_BYTES):
            data = piece[begin : begin + _BLOCK * FRAME_BYTES]
            source.push(_frame("flt", data, FRAME_BYTES, at))
            at += len(data) // FRAME_BYTES
            yield from _pulled(sink)
    source.push(None)
    yield from _pulled(sink)


def _frame(form: str, data: bytes, width: int, at: int) -> "AudioFrame":
    import av

    frame = av.AudioFrame(form, "stereo", len(data) // width)
    frame.planes[0].update(data.ljust(frame.planes[0].buffer_size, b"\0"))
    frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
    return frame


def _pulled(sink: object) -> "Iterator[AudioFrame]":
    from av.audio.frame import AudioFrame
    from av.filter.context import FilterContext

    assert isinstance(sink, FilterContext)
    while True:
        try:
            frame = sink.pull()
        except (BlockingIOError, EOFError):
            return
        assert isinstance(frame, AudioFrame)
        yield frame
