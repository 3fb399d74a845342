"""The sound of a film: narrations at their times, as one AAC stream. Synchronous, so call it from a thread. Times are
seconds."""

import json
import shutil
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from threading import Event
from typing import Final

from activities.errors import OutputUnusable
from activities.finishing.captions.pauses import Pause, pauses_of
from activities.finishing.frames import check_stopped, decoding
from activities.finishing.segments import NOTES_TAG, RENDERER
from activities.finishing.timeline import PlacedVoice, Timeline
from activities.media.facts import LONGEST_SECONDS
from activities.media.recordings import Skipped, audio_frames, open_recording
from workflows.models import digest_of

SAMPLE_RATE: Final = 48_000
SAMPLE_BYTES: Final = 4
"""16 bit stereo."""
GAP_SECONDS: Final = 0.1
"""The shortest gap in a narration; smaller differences of packet times are rounding."""


def measure_voice(asset_id: str, source: Path, stop: Event) -> tuple[float, list[Pause]]:
    """The real length of a narration, and its pauses.

    Raises:
        OutputUnusable: no part of it decodes.
    """
    pcm = source.with_suffix(".pcm")
    try:
        return decode_voice(asset_id, source, pcm, stop, Skipped()), pauses_of(pcm)
    finally:
        pcm.unlink(missing_ok=True)


def sound_digest(timeline: Timeline) -> str:
    """The digest of everything that is heard."""
    heard = [[placed.voice.media.sha256, placed.start] for placed in timeline.voices]
    return digest_of([RENDERER, timeline.frames, timeline.rate, heard])


def decode_voice(asset_id: str, source: Path, target: Path, stop: Event, skipped: Skipped) -> float:
    """Decode to 48 kHz 16 bit stereo samples; return the real length in seconds, which headers may have wrong.

    A place that does not decode becomes silence, so that the rest keeps its time.

    Raises:
        OutputUnusable: no part of it decodes.
    """
    import av

    with decoding(asset_id), open_recording(source) as container, target.open("wb") as out:
        resampler = av.AudioResampler("s16", "stereo", SAMPLE_RATE)
        skip, decoded_bytes = skipped.recorder(asset_id), 0
        stream = container.streams.audio[0]
        begin = stream.start_time * stream.time_base if stream.start_time and stream.time_base else 0
        for frame in audio_frames(container, skip):
            check_stopped(stop)
            if frame.time is not None:
                # Packets without sound give no frame, which leaves a gap in the times.
                written = out.tell() / SAMPLE_BYTES / SAMPLE_RATE
                if GAP_SECONDS < (gap := frame.time - float(begin) - written) < LONGEST_SECONDS:
                    skip(written)
                    out.write(bytes(round(gap * SAMPLE_RATE) * SAMPLE_BYTES))
            frame.pts = None
            for piece in resampler.resample(frame):
                decoded_bytes += out.write(memoryview(piece.planes[0])[: piece.samples * SAMPLE_BYTES])
        for piece in resampler.resample(None):
            decoded_bytes += out.write(memoryview(piece.planes[0])[: piece.samples * SAMPLE_BYTES])
        if not decoded_bytes:
            raise OutputUnusable("it has no sound")
    return target.stat().st_size / SAMPLE_BYTES / SAMPLE_RATE


def _voice_track(voices: Iterable[PlacedVoice], pcm: Mapping[str, Path], target: Path) -> Path:
    """All narrations at their times, as raw samples in one (sparse) file; the gaps are silence."""
    with target.open("wb") as out:
        for placed in voices:
            out.seek(round(placed.start * SAMPLE_RATE) * SAMPLE_BYTES)
            with pcm[placed.voice.asset_id].open("rb") as samples:
                shutil.copyfileobj(samples, out)
    return target


def mix(
    target: Path, timeline: Timeline, paths: Mapping[str, Path], *, stop: Event, on_progress: Callable[[str], None]
) -> None:
    """Write the sound of the film as an MP4 of one AAC stream, as long as the film.

    Args:
        paths: Asset id -> the file of its take.

    Raises:
        OutputUnusable: a narration does not decode; the message names it.
        Stopped: `stop` was set.
    """
    import av

    skipped = Skipped()
    pcm: dict[str, Path] = {}
    for placed in timeline.voices:
        asset_id = placed.voice.asset_id
        on_progress(f"decoding {asset_id}")
        pcm[asset_id] = target.with_name(f"{asset_id}.pcm")
        decode_voice(asset_id, paths[asset_id], pcm[asset_id], stop, skipped)
    track = _voice_track(timeline.voices, pcm, target.with_name("voice.pcm"))
    with track.open("rb") as samples, av.open(str(target), "w", format="mp4") as out:
        out.metadata[NOTES_TAG] = json.dumps(skipped.notes())
        stream = out.add_stream("aac", rate=SAMPLE_RATE, bit_rate=160_000)
        total = round(timeline.seconds * SAMPLE_RATE)
        for at in range(0, total, 1024):
            check_stopped(stop)
            count = min(1024, total - at)
            frame = av.AudioFrame("s16", "stereo", count)
            data = samples.read(count * SAMPLE_BYTES)
            frame.planes[0].update(data.ljust(frame.planes[0].buffer_size, b"\0"))
            frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, at, Fraction(1, SAMPLE_RATE)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
