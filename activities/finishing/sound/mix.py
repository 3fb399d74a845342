"""The sound track of a film: narrations, music, effects, ambience and the shots' own sound in one mix at its loudness.

    voices ──────────────────────────────┐
    effects ─────────────────────────────┼─ sum ─ meter ─ `mastering`, for each destination
    music, ambience, own ─ side chain ───┘
                               └ the voices, a little earlier

Own sound at the level of a voice is in front, such as where people speak in shots. It lowers music and ambience too.

Everything is streamed from files of samples. Synchronous, so call it from a thread; `stop` is checked for each quarter
of a second. Times are seconds.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Final

from activities.errors import OutputUnusable
from activities.finishing.picture.frames import check_stopped
from activities.finishing.sound import placement
from activities.finishing.sound.lanes import Clip, Lane, lanes_of
from activities.finishing.sound.loudness import Loudness, Meter, measure
from activities.finishing.sound.samples import (
    BLOCK,
    FLOAT_BYTES,
    SAMPLE_RATE,
    add_source,
    at_tempo,
    bytes_of,
    decode_own_sound,
    decode_voice,
    frame_of,
    pull_all,
)
from activities.finishing.sound.tempo import bar_seconds, find_tempo, tagged_tempo
from activities.finishing.timeline import PlacedShot, Timeline
from activities.media.recordings import Skipped
from workflows.cut import Levels

if TYPE_CHECKING:
    from av.filter.context import FilterContext

REFERENCE_LUFS: Final = -23.0
"""To which each recording is brought before its level; low enough that a sum of them keeps its precision."""
MOST_RAISED_DB: Final = {"narration": 20.0, "music": 20.0, "ambience": 20.0, "effects": 0.0, "own": 0.0}
"""An effect or a shot that was recorded quietly stays quiet."""
RAISED_IN_FRONT_DB: Final = 12.0
"""Of own sound in front: people in one shot are about as loud as those in the next one."""
BEDS: Final = ("music", "ambience")
AHEAD_SECONDS: Final = 0.25
"""By which the music is lowered before a voice begins."""
ATTACK_MS: Final = 400
RELEASE_MS: Final = 2_500
"""libavfilter reaches 98 % of a change after these: words are joined, and the music returns within a second or two."""
_RATIO: Final = 20.0
_KEY_GAIN_DB: Final = 40.0
"""The key is speech that is clipped at full scale, so that loud and quiet voices lower the music by the same."""


@dataclass(frozen=True)
class Track:
    """A recording of role music, effects or ambience.

    Attributes:
        shots: Ids of the shots that it belongs to; none stands for the whole film.
        at_seconds: From the begin of its first shot, or of the film.
        bpm: Its tempo, if the plan has it.
    """

    asset_id: str
    role: str
    path: Path
    shots: tuple[str, ...] = ()
    at_seconds: float = 0.0
    bpm: float | None = None


@dataclass(frozen=True)
class Mixed:
    """The mix before its loudness: 48 kHz stereo float samples, as long as the film.

    Attributes:
        loudness: As measured, with the peak of the samples; silence has at most -70 LUFS.
        notes: Remarks for people.
    """

    samples: Path
    loudness: Loudness
    notes: tuple[str, ...] = ()


def mix(
    timeline: Timeline,
    tracks: Sequence[Track],
    paths: Mapping[str, Path],
    workdir: Path,
    stop: Event,
    skipped: Skipped,
    levels: Levels | None = None,
) -> Mixed | None:
    """The sound of a film; None for a film that has no sound at all.

    Args:
        paths: Asset id -> the samples of each narration, and the file of each shot that has a sound of its own.

    Raises:
        OutputUnusable: a recording does not decode; the message names it.
        Stopped: `stop` was set.
    """
    workdir.mkdir(parents=True, exist_ok=True)
    mixing = _Mixing(timeline, paths, workdir, stop, skipped, levels or Levels())
    clips = mixing.clips(tracks)
    if not any(clips.values()):
        return None
    raw = workdir / "mix.f32"
    total = round(timeline.seconds * SAMPLE_RATE)
    with raw.open("wb") as out:
        meter = Meter("flt", true_peak=False)
        for block in _blocks(clips, total, mixing.levels, stop):
            out.write(block)
            meter.add(block)
    found = meter.result()
    if timeline.seconds < SHORT_SECONDS:
        found = measure(raw, "flt", stop, true_peak=False)
    return Mixed(raw, found, tuple(mixing.notes))


SHORT_SECONDS: Final = 3.0


class _Mixing:
    """Decodes and places the recordings of one film."""

    def __init__(
        self,
        timeline: Timeline,
        paths: Mapping[str, Path],
        workdir: Path,
        stop: Event,
        skipped: Skipped,
        levels: Levels,
    ) -> None:
        self.levels = levels
        self.notes: list[str] = []
        self._timeline = timeline
        self._paths = paths
        self._workdir = workdir
        self._stop = stop
        self._skipped = skipped

    def clips(self, tracks: Sequence[Track]) -> dict[str, list[Clip]]:
        """The clips of each role, in the film's time."""
        found: dict[str, list[Clip]] = {"narration": self._voices()}
        for track in tracks:
            found.setdefault(track.role, []).extend(self._track(track))
        found["own"] = self._own_sounds()
        return found

    def _voices(self) -> list[Clip]:
        clips = []
        for placed in self._timeline.voices:
            pcm = self._paths[placed.voice.asset_id]
            # A recording that is cut tightly begins and ends within a wave.
            fades = {"fade_in": placement.DECLICK / 2, "fade_out": placement.DECLICK}
            gain = self._gain("narration", pcm)
            clips.append(Clip.at(pcm, placed.start, placed.voice.seconds, gain_db=gain, **fades))
        return clips

    def _track(self, track: Track) -> list[Clip]:
        pcm = self._workdir / f"{track.asset_id}.pcm"
        seconds = decode_voice(track.asset_id, track.path, pcm, self._stop, self._skipped)
        bpm = None
        if track.role == "music":
            bpm = track.bpm or tagged_tempo(track.path) or find_tempo(pcm, self._stop)
        sound = placement.Sound(
            track.asset_id,
            track.role,
            seconds,
            shots=track.shots,
            at_seconds=track.at_seconds,
            bar_seconds=bar_seconds(bpm) if bpm else None,
        )
        parts = placement.place(sound, self._timeline)
        if not parts:
            self.notes.append(f"{track.asset_id} would begin after the end of the film, and is not heard")
        gain = self._gain(track.role, pcm)
        return [Clip.at(pcm, p.start, p.seconds, fade_in=p.fade_in, fade_out=p.fade_out, gain_db=gain) for p in parts]

    def _own_sounds(self) -> list[Clip]:
        if self.levels.own_sound is None:
            return []
        shots = enumerate(self._timeline.shots)
        return [clip for index, placed in shots if placed.shot.sound for clip in self._own_sound(index, placed)]

    def _own_sound(self, index: int, placed: PlacedShot) -> list[Clip]:
        shot, lasts = placed.shot, placed.frames / self._timeline.rate
        asset_id, pcm = shot.asset_id, self._workdir / f"{shot.asset_id}.own.pcm"
        try:
            recorded = decode_own_sound(
                asset_id, self._paths[asset_id], lasts * shot.speed, pcm, self._stop, self._skipped
            )
        except OutputUnusable:
            self.notes.append(f"the sound of {asset_id} does not decode, and is left out; make it again if it matters")
            return []
        if not recorded:
            return []
        if shot.speed != 1:
            pcm = at_tempo(pcm, shot.speed, self._stop)
        part = placement.own_sound(self._timeline, index, recorded / shot.speed)
        gain = self._gain("own", pcm)
        return [Clip.at(pcm, part.start, part.seconds, fade_in=part.fade_in, fade_out=part.fade_out, gain_db=gain)]

    def _gain(self, role: str, pcm: Path) -> float:
        """From the recording to its level in the mix."""
        found = measure(pcm, "s16", self._stop, true_peak=False)
        most = RAISED_IN_FRONT_DB if role == "own" and self.levels.own_is_in_front else MOST_RAISED_DB[role]
        raised = 0.0 if found.silent else min(REFERENCE_LUFS - found.lufs, most)
        return raised + (self.levels.own_sound or 0.0 if role == "own" else self.levels.of(role))


def _blocks(clips: dict[str, list[Clip]], total: int, levels: Levels, stop: Event) -> Iterator[bytes]:
    """The mix as float samples, exactly `total` of them."""
    graph = _Graph(clips, levels)
    left = total * FLOAT_BYTES
    for at in range(0, total, BLOCK):
        check_stopped(stop)
        for data in graph.run(at, min(BLOCK, total - at)):
            left -= len(data)
            yield data
    for data in graph.end():
        kept = data[:left]
        left -= len(kept)
        yield kept
    if left:
        yield bytes(left)


class _Graph:
    """The chain of libavfilter's filters, with one source for each lane."""

    def __init__(self, clips: dict[str, list[Clip]], levels: Levels) -> None:
        import av

        self._graph = av.filter.Graph()
        self._duck_db = levels.duck_db
        self._inputs: list[tuple[Lane, FilterContext]] = []
        voices, own = clips["narration"], clips["own"]
        beds = [c for role in BEDS for c in clips.get(role, ())]
        parts = [*self._sources(voices), *self._sources(clips.get("effects", ()))]
        if levels.own_is_in_front:
            parts += [*self._ducked(own, voices), *self._ducked(beds, [*voices, *own])]
        else:
            parts += self._ducked([*beds, *own], voices)
        self._sink = self._graph.add("abuffersink")
        self._link(self._sum(parts), self._graph.add("aformat", "sample_fmts=flt"), self._sink)
        self._graph.configure()

    def run(self, at: int, count: int) -> Iterator[bytes]:
        """Push the samples of all lanes from `at` on; return what is mixed by then."""
        for lane, entry in self._inputs:
            entry.push(frame_of(lane.read(count), "flt", at))
        return self._pull()

    def end(self) -> Iterator[bytes]:
        for _, entry in self._inputs:
            entry.push(None)
        return self._pull()

    def _pull(self) -> Iterator[bytes]:
        return (bytes_of(frame, FLOAT_BYTES) for frame in pull_all(self._sink))

    def _sources(self, clips: Iterable[Clip]) -> "list[FilterContext]":
        found = []
        for lane in lanes_of(clips):
            entry = add_source(self._graph, "flt")
            self._inputs.append((Lane(lane), entry))
            found.append(entry)
        return found

    def _ducked(self, clips: Sequence[Clip], voices: Sequence[Clip]) -> "Iterator[FilterContext]":
        """The sum of the clips, if there are any, lowered under the voices."""
        if not clips:
            return
        bed = self._sum(self._sources(clips))
        if not (voices and self._duck_db):
            yield bed
            return
        key = self._sum(self._sources(map(_earlier, voices)))
        clipped = self._graph.add("asoftclip", "type=hard")
        self._link(key, self._graph.add("volume", f"{_KEY_GAIN_DB}dB:precision=float"), clipped)
        threshold = 10 ** (-self._duck_db / (1 - 1 / _RATIO) / 20)
        chain = self._graph.add(
            "sidechaincompress",
            f"threshold={threshold:.6f}:ratio={_RATIO:g}:knee=1:attack={ATTACK_MS}:release={RELEASE_MS}:"
            "detection=peak:link=maximum",
        )
        bed.link_to(chain, 0, 0)
        clipped.link_to(chain, 0, 1)
        yield chain

    def _sum(self, parts: "Sequence[FilterContext]") -> "FilterContext":
        if len(parts) == 1:
            return parts[0]
        total = self._graph.add("amix", f"inputs={len(parts)}:normalize=0:dropout_transition=0")
        for number, part in enumerate(parts):
            part.link_to(total, 0, number)
        return total

    @staticmethod
    def _link(*nodes: "FilterContext") -> None:
        for one, other in pairwise(nodes):
            one.link_to(other, 0, 0)


def _earlier(clip: Clip) -> Clip:
    """The clip as the key of the side chain."""
    ahead = min(clip.start, round(AHEAD_SECONDS * SAMPLE_RATE))
    return replace(clip, start=clip.start - ahead)
