"""The sound of a film as one AAC stream, and the measured facts of its recordings. Synchronous, so call it from a
thread. Times are seconds."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from threading import Event
from typing import Final

from activities.finishing.captions.pauses import Pause, pauses_of
from activities.finishing.editorial import PlacedSound
from activities.finishing.picture.frames import check_stopped
from activities.finishing.picture.segments import NOTES_TAG, RENDERER
from activities.finishing.sound import placement
from activities.finishing.sound.mix import Track, mix
from activities.finishing.sound.samples import SAMPLE_BYTES, SAMPLE_RATE, decode_voice, faster
from activities.finishing.sound.tempo import bar_seconds, find_tempo, tagged_tempo
from activities.finishing.timeline import Timeline
from activities.media.recordings import Skipped
from workflows.cut import Levels
from workflows.models import Media, digest_of

BIT_RATE: Final = 192_000


@dataclass(frozen=True)
class Bed:
    """A recording of role music, effects or ambience in a film.

    Attributes:
        seconds: Its real length.
        shots: Ids of the shots that it belongs to; none stands for the whole film.
        at_seconds: From the begin of its first shot, or of the film.
        bpm: Its tempo; None if it is unknown.
    """

    asset_id: str
    role: str
    media: Media
    seconds: float
    shots: tuple[str, ...] = ()
    at_seconds: float = 0.0
    bpm: float | None = None


@dataclass(frozen=True)
class Measured:
    """The real length of a recording, its pauses, and the tempo of music."""

    seconds: float
    pauses: Sequence[Pause] = ()
    bpm: float | None = None


def measure_recording(asset_id: str, source: Path, role: str, stop: Event) -> Measured:
    """
    Raises:
        OutputUnusable: no part of it decodes.
    """
    pcm = source.with_suffix(".pcm")
    try:
        seconds = decode_voice(asset_id, source, pcm, stop, Skipped())
        if role == "music":
            return Measured(seconds, bpm=tagged_tempo(source) or find_tempo(pcm, stop))
        return Measured(seconds, pauses_of(pcm) if role == "narration" else ())
    finally:
        pcm.unlink(missing_ok=True)


def is_heard(timeline: Timeline, beds: Sequence[Bed], levels: Levels) -> bool:
    """Whether a film has any sound."""
    own = levels.own_sound is not None and any(placed.shot.sound for placed in timeline.shots)
    return bool(timeline.voices or beds or own)


def sound_digest(timeline: Timeline, beds: Sequence[Bed], levels: Levels) -> str:
    """The digest of everything that is heard."""
    voices = [[placed.voice.media.sha256, placed.start, placed.voice.speed] for placed in timeline.voices]
    shots = [[p.shot.asset_id, p.start, p.frames, p.shot.media.sha256 if p.shot.sound else ""] for p in timeline.shots]
    others = [{**asdict(bed), "media": bed.media.sha256} for bed in beds]
    return digest_of([RENDERER, timeline.frames, timeline.rate, voices, shots, others, levels.model_dump(mode="json")])


def sounds_of(timeline: Timeline, beds: Sequence[Bed], levels: Levels) -> Iterator[PlacedSound]:
    """Where each recording is heard, for editing software."""
    for voice in timeline.voices:
        yield PlacedSound(voice.voice.asset_id, voice.start, voice.voice.seconds)
    for bed in beds:
        for part in placement.place(_placed(bed), timeline):
            yield PlacedSound(bed.asset_id, part.start, part.seconds, role=bed.role)
    for placed in timeline.shots:
        if placed.shot.sound and levels.own_sound is not None:
            seconds = min(placed.frames / timeline.rate, placed.shot.seconds)
            yield PlacedSound(placed.shot.asset_id, placed.start, seconds, role="own-sound")


def _placed(bed: Bed) -> placement.Sound:
    bar = bar_seconds(bed.bpm) if bed.bpm else None
    return placement.Sound(bed.asset_id, bed.role, bed.seconds, bed.shots, bed.at_seconds, bar)


def render(
    target: Path,
    timeline: Timeline,
    beds: Sequence[Bed],
    levels: Levels,
    paths: Mapping[str, Path],
    *,
    stop: Event,
    on_progress: Callable[[str], None],
) -> None:
    """Write the sound of the film as an MP4 of one AAC stream, as long as the film.

    Args:
        paths: Asset id -> the file of each recording, and of each shot that has a sound of its own.

    Raises:
        OutputUnusable: a recording does not decode; the message names it.
        Stopped: `stop` was set.
    """
    skipped = Skipped()
    samples = dict(paths)
    for placed in timeline.voices:
        asset_id = placed.voice.asset_id
        on_progress(f"decoding {asset_id}")
        samples[asset_id] = target.with_name(f"{asset_id}.voice.pcm")
        decode_voice(asset_id, paths[asset_id], samples[asset_id], stop, skipped)
        if placed.voice.speed != 1:
            samples[asset_id] = faster(samples[asset_id], placed.voice.speed, stop)
    tracks = [Track(b.asset_id, b.role, paths[b.asset_id], b.shots, b.at_seconds, b.bpm) for b in beds]
    on_progress("mixing the sound")
    mixed = mix(timeline, tracks, samples, target.with_name("mix"), stop, skipped, levels)
    silence = target.with_name("silence.pcm")
    silence.touch()
    notes = [*(mixed.notes if mixed else ()), *skipped.notes()]
    _encode(mixed.pcm if mixed else silence, target, timeline.seconds, notes, stop)


def _encode(pcm: Path, target: Path, seconds: float, notes: Sequence[str], stop: Event) -> None:
    """Encode samples, with silence where there are fewer than the film is long."""
    import av

    with pcm.open("rb") as samples, av.open(str(target), "w", format="mp4") as out:
        out.metadata[NOTES_TAG] = json.dumps(notes)
        stream = out.add_stream("aac", rate=SAMPLE_RATE, bit_rate=BIT_RATE)
        total = round(seconds * SAMPLE_RATE)
        for at in range(0, total, 1024):
            check_stopped(stop)
            count = min(1024, total - at)
            frame = av.AudioFrame("s16", "stereo", count)
            data = samples.read(count * SAMPLE_BYTES)
            frame.planes[0].update(data.ljust(frame.planes[0].buffer_size, b"\0"))
            frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, at, Fraction(1, SAMPLE_RATE)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
