"""The sound of a film as one AAC stream, and the measured facts of its recordings. Synchronous, so call it from a
thread. Times are seconds."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event
from typing import Final

from activities.finishing.captions.pauses import Pause, pauses_of
from activities.finishing.editorial import PlacedSound
from activities.finishing.sound import placement
from activities.finishing.sound.kept import Kept
from activities.finishing.sound.loudness import SILENCE_LUFS, Loudness
from activities.finishing.sound.mastering import Goal, encode_to
from activities.finishing.sound.mix import Mixed, Track, mix
from activities.finishing.sound.samples import at_tempo, decode_voice, on_both_sides
from activities.finishing.sound.tempo import bar_seconds, find_tempo, tagged_tempo
from activities.finishing.timeline import Timeline
from activities.media.recordings import Skipped
from workflows.cut import Levels
from workflows.models import Media, digest_of

SOUND: Final = 3
"""Is raised with every change of what the sound contains, so that stored sounds of older code are not used."""


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


def sound_digest(timeline: Timeline, beds: Sequence[Bed], levels: Levels, goal: Goal) -> str:
    """The digest of everything that is heard, at the loudness of a destination."""
    voices = [[placed.voice.media.sha256, placed.start, placed.voice.speed] for placed in timeline.voices]
    shots = [_heard_of(timeline, index) for index in range(len(timeline.shots))]
    others = [{**asdict(bed), "media": bed.media.sha256} for bed in beds]
    mixed = levels.model_dump(mode="json", exclude={"loudness_lufs"})
    return digest_of([SOUND, timeline.frames, timeline.rate, voices, shots, others, mixed, asdict(goal)])


def _heard_of(timeline: Timeline, index: int) -> list[object]:
    placed = timeline.shots[index]
    shot = placed.shot
    if not shot.sound:
        return [shot.asset_id, placed.start, placed.frames]
    return [shot.asset_id, placed.start, placed.frames, shot.media.sha256, shot.speed, *timeline.fades(index)]


def sounds_of(timeline: Timeline, beds: Sequence[Bed], levels: Levels) -> Iterator[PlacedSound]:
    """Where each recording is heard, for editing software."""
    for voice in timeline.voices:
        yield PlacedSound(voice.voice.asset_id, voice.start, voice.voice.seconds, speed=voice.voice.speed)
    for bed in beds:
        for part in placement.place(_placed(bed), timeline):
            yield PlacedSound(bed.asset_id, part.start, part.seconds, role=bed.role)
    for placed in timeline.shots:
        if placed.shot.sound and levels.own_sound is not None:
            seconds = min(placed.frames / timeline.rate, placed.shot.seconds)
            yield PlacedSound(placed.shot.asset_id, placed.start, seconds, role="own-sound", speed=placed.shot.speed)


def _placed(bed: Bed) -> placement.Sound:
    bar = bar_seconds(bed.bpm) if bed.bpm else None
    return placement.Sound(bed.asset_id, bed.role, bed.seconds, bed.shots, bed.at_seconds, bar)


def render(
    targets: Mapping[Goal, Path],
    timeline: Timeline,
    beds: Sequence[Bed],
    levels: Levels,
    paths: Mapping[str, Path],
    *,
    kept: Mapping[Goal, Kept],
    stop: Event,
    on_progress: Callable[[str], None],
) -> None:
    """Mix the sound of the film once, and write it for each goal as an MP4 of one AAC stream, as long as the film.

    Args:
        targets: Goal -> the file to write; all are in one folder.
        paths: Asset id -> the file of each recording, and of each shot that has a sound of its own.
        kept: What an earlier attempt kept for each goal.

    Raises:
        OutputUnusable: a recording does not decode; the message names it.
        Stopped: `stop` was set.
    """
    skipped = Skipped()
    folder = next(iter(targets.values())).parent
    samples = dict(paths)
    for placed in timeline.voices:
        asset_id = placed.voice.asset_id
        on_progress(f"decoding {asset_id}")
        samples[asset_id] = folder / f"{asset_id}.voice.pcm"
        decode_voice(asset_id, paths[asset_id], samples[asset_id], stop, skipped)
        on_both_sides(samples[asset_id], stop)
        if placed.voice.speed != 1:
            samples[asset_id] = at_tempo(samples[asset_id], placed.voice.speed, stop)
    tracks = [Track(b.asset_id, b.role, paths[b.asset_id], b.shots, b.at_seconds, b.bpm) for b in beds]
    on_progress("mixing the sound")
    mixed = mix(timeline, tracks, samples, folder / "mix", stop, skipped, levels) or _silence(folder)
    for goal, target in targets.items():
        on_progress(f"bringing the sound to {goal.lufs:g} LUFS")
        notes = [*mixed.notes, *skipped.notes()]
        encode_to(goal, mixed.samples, mixed.loudness, target, timeline.seconds, notes, stop, kept[goal])


def _silence(folder: Path) -> Mixed:
    samples = folder / "silence.f32"
    samples.touch()
    return Mixed(samples, Loudness(SILENCE_LUFS, -math.inf))
