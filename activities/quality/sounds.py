"""Checks of sound: silence, level, clipping, and speech that ends in the middle of a word.

Levels are dB below full scale, loudness is LUFS (EBU R 128), times are seconds.
"""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from activities.media.recordings import NAMED_PLACES, audio_frames, open_recording
from activities.quality.motion import Stretch
from activities.quality.order import Order
from activities.quality.report import Report

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.resampler import AudioResampler
    from av.filter import Graph

RATE: Final = 48_000
SILENT_DB: Final = -60.0
"""A peak below this is silence: the quietest whisper peaks at -40."""
SILENCE: Final = "n=-60dB:d=0.3"
SILENT_SHARE: Final = 0.9
"""Of a sound of which the rest is a click or a breath. A pause is shorter."""
GAP_SECONDS: Final = 4.0
"""A silence inside speech that is a note."""
QUIET_LUFS: Final = -45.0
"""Whispered speech reaches -40 to -30, ambience -45."""
QUIET_PEAK_DB: Final = -36.0
CLIPPED_SHARE: Final = 0.005
"""Of the samples that are in flat tops: a limiter leaves less than 0.1 %."""
CROWDED_SHARE: Final = 0.06
"""Of the samples of speech that are near its peaks, which is clipping that was encoded as MP3 or AAC since: a voice has
0.3 to 3 %, a clipped one 10 to 40 %."""
_NEAR_PEAK: Final = 0.7
_BINS: Final = 400
_FLAT: Final = 0.985
"""Of the highest sample, which is at least LOUD; MP3 and AAC bend a flat top."""
_LOUD: Final = 0.9
_FLAT_RUN: Final = 3
"""Consecutive samples of a flat top."""
WINDOW_SECONDS: Final = 0.01
TAIL_SECONDS: Final = 0.05
END_SECONDS: Final = 0.0015
"""A voice that ends by itself is below a hundredth of its peak for longer: 3 to 30 ms, also after MP3 and AAC."""
END_SHARE: Final = 0.01
CUT_DB: Final = 14.0
"""The last 10 ms are at most this much below the speech where it is cut: a silence that was trimmed is 30 dB below."""
LEAST_WORDS_SECONDS: Final = 0.8
"""A shorter sound is a single syllable."""
BROKEN_SHARE: Final = 0.02


@dataclass
class _Heard:
    """What one pass over the samples collects."""

    samples: int = 0
    peak: float = 0.0
    invalid: int = 0
    flat: int = 0
    amplitudes: Any = None
    """How many samples have each amplitude, 0 to 2, in _BINS steps."""
    lufs: float = -70.0
    silences: list[Stretch] = field(default_factory=list)
    opened: Stretch | None = None
    levels: "list[float]" = field(default_factory=list)
    """Power of each window."""
    rest: Any = None
    tail: Any = None
    """The last TAIL_SECONDS."""
    broken: list[float] = field(default_factory=list)
    frames: int = 0

    @property
    def seconds(self) -> float:
        return self.samples / RATE


@dataclass
class Track:
    """The sound of a video, which may be quiet: only its presence and its length matter.

    Attributes:
        peak: The highest amplitude, where 1 is full scale.
    """

    seconds: float = 0.0
    peak: float = 0.0
    _even: "AudioResampler | None" = None

    def add(self, frame: "AudioFrame") -> None:
        """Add the frame that follows."""
        import av
        import numpy as np

        self._even = self._even or av.AudioResampler(format="flt")
        for even in self._even.resample(frame):
            self.seconds += even.samples / even.sample_rate
            self.peak = max(self.peak, float(abs(np.nan_to_num(even.to_ndarray(), posinf=0, neginf=0)).max(initial=0)))


def check_track(track: Track, order: Order, report: Report) -> None:
    """Note where the ordered sound of a video is silent."""
    if order.sounding and _decibels(track.peak) < SILENT_DB:
        _find_silent(track.peak, track.seconds, report, hard=False)


def check_sound(source: Path | BinaryIO, order: Order, report: Report) -> float:
    """Decode the sound of a file to its end, and check it; its length in seconds."""
    heard = _decode(source)
    _check_opens(heard, report)
    if _check_silence(heard, order, report):
        return heard.seconds
    _check_level(heard, order, report)
    _check_clipping(heard, order, report)
    if order.spoken:
        _check_end(heard, report)
    return heard.seconds


def _decode(source: Path | BinaryIO) -> _Heard:
    import av

    heard = _Heard()
    with open_recording(source) as container:
        layout = "mono" if container.streams.audio[0].codec_context.channels == 1 else "stereo"
        resampler = av.AudioResampler(format="flt", layout=layout, rate=RATE)
        graph = _graph(layout)
        for frame in audio_frames(container, heard.broken.append):
            heard.frames += 1
            for even in resampler.resample(frame):
                _push(even, graph, heard)
        for even in resampler.resample(None):
            _push(even, graph, heard)
        graph.push(None)
        _pull(graph, heard)
    if heard.opened is not None:
        heard.opened.end = heard.seconds
        heard.silences.append(heard.opened)
    return heard


def _graph(layout: str) -> "Graph":
    import av

    graph = av.filter.Graph()
    nodes = [
        graph.add("abuffer", f"sample_rate={RATE}:sample_fmt=flt:channel_layout={layout}:time_base=1/{RATE}"),
        graph.add("silencedetect", SILENCE),
        graph.add("ebur128", "metadata=1:framelog=quiet"),
        graph.add("abuffersink"),
    ]
    graph.link_nodes(*nodes).configure()
    return graph


def _push(frame: Any, graph: "Graph", heard: _Heard) -> None:
    import numpy as np

    samples = frame.to_ndarray().reshape(frame.samples, -1)
    invalid = ~np.isfinite(samples)
    if invalid.any():
        heard.invalid += int(invalid.any(axis=1).sum())
        samples = np.where(invalid, 0, samples)
    frame = _frame_of(samples, heard.samples)
    heard.samples += len(samples)
    loudest = np.abs(samples).max(axis=1)
    heard.peak = max(heard.peak, float(loudest.max(initial=0)))
    heard.flat += _flat(loudest)
    # `np.histogram` takes six times as long for the few samples of a frame.
    counts = np.bincount((np.minimum(loudest, 2) * (_BINS / 2)).astype(np.intp), minlength=_BINS + 1)
    heard.amplitudes = counts if heard.amplitudes is None else heard.amplitudes + counts
    _measure_windows(samples, heard)
    known = samples if heard.tail is None else np.concatenate((heard.tail, samples))
    heard.tail = known[-round(TAIL_SECONDS * RATE) :]
    graph.push(frame)
    _pull(graph, heard)


def _frame_of(samples: Any, at: int) -> Any:
    import av
    import numpy as np

    layout = "mono" if samples.shape[1] == 1 else "stereo"
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.reshape(1, -1), dtype="float32"), "flt", layout)
    frame.sample_rate, frame.pts = RATE, at
    return frame


def _flat(loudest: Any) -> int:
    """Samples in runs of at least _FLAT_RUN that are all near the highest sample of the frame."""
    import numpy as np

    top = float(loudest.max(initial=0))
    if top < _LOUD:
        return 0
    high = np.concatenate(([0], (loudest >= _FLAT * top).astype(np.int8), [0]))
    edges = np.flatnonzero(np.diff(high))
    runs = edges[1::2] - edges[::2]
    return int(runs[runs >= _FLAT_RUN].sum())


def _measure_windows(samples: Any, heard: _Heard) -> None:
    import numpy as np

    if heard.rest is not None:
        samples = np.concatenate((heard.rest, samples))
    size = round(WINDOW_SECONDS * RATE)
    count = len(samples) // size
    heard.rest = samples[count * size :]
    if count:
        power = (samples[: count * size].reshape(count, -1) ** 2).mean(axis=1)
        heard.levels += power.tolist()


def _pull(graph: "Graph", heard: _Heard) -> None:
    while True:
        try:
            frame = graph.pull()
        except (BlockingIOError, EOFError):
            return
        notes = frame.metadata
        if "lavfi.r128.I" in notes:
            heard.lufs = float(notes["lavfi.r128.I"])
        if "lavfi.silence_start" in notes:
            begin = float(notes["lavfi.silence_start"])
            heard.opened = Stretch(max(begin, 0.0), begin, 0)
        if "lavfi.silence_end" in notes and heard.opened is not None:
            heard.opened.end = float(notes["lavfi.silence_end"])
            heard.silences.append(heard.opened)
            heard.opened = None


def _check_opens(heard: _Heard, report: Report) -> None:
    share = len(heard.broken) / max(heard.frames + len(heard.broken), 1)
    report.measure("opens", len(heard.broken))
    if places := sorted({round(at, 1) for at in heard.broken}):
        more = f" and {len(places) - NAMED_PLACES} more places" if len(places) > NAMED_PLACES else ""
        where = ", ".join(f"{at:.1f} s" for at in places[:NAMED_PLACES]) + more
        message = f"opens: it does not decode at {where} ({share:.0%} of the sound)"
        hard = share > BROKEN_SHARE
        report.find("opens", message, hard=hard, at=places[0], value=share, limit=BROKEN_SHARE)
    if heard.invalid:
        share = heard.invalid / max(heard.samples, 1)
        message = f"opens: {share:.0%} of its samples are not numbers"
        report.find("opens", message, hard=share > BROKEN_SHARE, at=0, value=share, limit=BROKEN_SHARE)


def _find_silent(peak: float, seconds: float, report: Report, *, hard: bool) -> None:
    message = f"silent: from 0.0 s to {seconds or 1.0:.1f} s nothing is louder than {_decibels(peak):.0f} dB"
    report.find("silent", message, hard=hard, at=0, value=_decibels(peak), limit=SILENT_DB)


def _check_silence(heard: _Heard, order: Order, report: Report) -> bool:
    """Whether there is nothing to hear."""
    whole = heard.seconds or 1.0
    share = min(sum(each.seconds for each in heard.silences) / whole, 1.0)
    silent = _decibels(heard.peak) < SILENT_DB or not heard.samples
    report.measure("silent", 1.0 if silent else share)
    if silent:
        if not order.quiet:
            _find_silent(heard.peak, heard.seconds, report, hard=True)
        return True
    if order.quiet or not heard.silences:
        return False
    longest = max(heard.silences, key=lambda each: each.seconds)
    evidence = f"silent: from {longest.begin:.1f} s to {longest.end:.1f} s"
    if share > SILENT_SHARE:
        message = f"{evidence} ({share:.0%} of the sound)"
        report.find("silent", message, hard=share > 0.97, at=longest.begin, value=share, limit=SILENT_SHARE)
    elif order.spoken and longest.seconds > GAP_SECONDS:
        report.find("silent", evidence, at=longest.begin, value=longest.seconds, limit=GAP_SECONDS)
    return False


def _check_level(heard: _Heard, order: Order, report: Report) -> None:
    peak = _decibels(heard.peak)
    lufs = heard.lufs if heard.seconds >= 0.5 else peak - 10  # EBU R 128 needs 400 ms
    report.measure("level", lufs)
    if lufs < QUIET_LUFS and peak < QUIET_PEAK_DB and not order.quiet:
        message = f"level: it is very quiet, {lufs:.0f} LUFS with a peak of {peak:.0f} dB"
        report.find("level", message, at=0, value=lufs, limit=QUIET_LUFS)


def _check_clipping(heard: _Heard, order: Order, report: Report) -> None:
    share = heard.flat / max(heard.samples, 1)
    crowded = _crowded(heard) if order.spoken else 0.0
    report.measure("clipped", max(share, crowded))
    if share > CLIPPED_SHARE:
        message = f"clipped: {share:.1%} of its samples are cut off at {_decibels(heard.peak):.1f} dB"
        report.find("clipped", message, at=0, value=share, limit=CLIPPED_SHARE)
    elif crowded > CROWDED_SHARE:
        message = f"clipped: {crowded:.0%} of its samples are near its peaks, as in a voice that was too loud"
        report.find("clipped", message, at=0, value=crowded, limit=CROWDED_SHARE)


def _crowded(heard: _Heard) -> float:
    """The share of the samples near the peaks."""
    import numpy as np

    counts = heard.amplitudes
    if counts is None or not counts.sum():
        return 0.0
    below = np.cumsum(counts) / counts.sum()
    peak = int(np.searchsorted(below, 0.999))
    return float(1 - below[max(int(peak * _NEAR_PEAK) - 1, 0)]) if peak > 4 else 0.0


def _check_end(heard: _Heard, report: Report) -> None:
    """Find a voice that stops while it sounds."""
    import numpy as np

    if heard.seconds < LEAST_WORDS_SECONDS or heard.tail is None:
        return
    ordered = sorted(heard.levels)
    speech = ordered[int(len(ordered) * 0.8)]
    last = float((heard.tail[-round(0.01 * RATE) :] ** 2).mean())
    below = 10 * math.log10(max(speech, 1e-12) / max(last, 1e-12))
    sounding = np.flatnonzero(np.abs(heard.tail).max(axis=1) > END_SHARE * heard.peak)
    abrupt = bool(len(sounding)) and len(heard.tail) - int(sounding[-1]) <= END_SECONDS * RATE
    report.measure("cut_off", below)
    if abrupt and below < CUT_DB:
        at = heard.seconds
        message = f"cut off: the voice stops at {at:.1f} s in the middle of a sound, {below:.0f} dB below its level"
        report.find("cut_off", message, at=at, value=below, limit=CUT_DB)


def _decibels(amplitude: float) -> float:
    return 20 * math.log10(amplitude) if amplitude > 1e-6 else -120.0
