"""The mix of a film: its loudness and peaks, the duck under narration, the levels, and what is heard when."""

import math
import random
from array import array
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import pytest

from activities.errors import OutputUnusable
from activities.finishing.picture.frames import Stopped
from activities.finishing.sound.loudness import Loudness
from activities.finishing.sound.mastering import Goal, Mastered, encode_to, master, measure_recording, read_tag
from activities.finishing.sound.mix import Track, mix
from activities.finishing.sound.samples import on_both_sides
from activities.finishing.timeline import Timeline
from activities.media.recordings import Skipped
from tests.activities.finishing.sound.recordings import (
    STOP,
    Wave,
    level_of,
    loud_at,
    loudness_of,
    samples_of,
    seconds_of,
    timeline,
    tone,
    write_pcm,
    write_sound,
)
from workflows.cut import BROADCAST_LUFS, Levels

DEFAULT = Levels()


@dataclass(frozen=True)
class Sound:
    """A mix at its loudness."""

    pcm: Path
    mastered: Mastered


def mixed(where: Path, film: Timeline, *tracks: Track, levels: Levels = DEFAULT) -> Sound:
    found = mix(film, tracks, samples_of(film), where / "sound", STOP, Skipped(), levels)
    assert found is not None
    pcm = where / "sound" / "mix.pcm"
    return Sound(pcm, master(found.samples, pcm, found.loudness, levels.loudness_lufs, STOP))


def speech(level: float) -> Wave:
    """Syllables of a tone, with pauses between words."""
    return lambda t: level * max(0.0, math.sin(2 * math.pi * 3 * t)) * math.sin(2 * math.pi * 220 * t)


def peaky(level: float) -> Wave:
    """Clicks far above a quiet tone: no gain alone brings it to -14 LUFS."""
    return lambda t: level if t % 0.5 < 0.0004 else 0.02 * math.sin(2 * math.pi * 500 * t)


def noise(level: float) -> Wave:
    dice = random.Random(1)
    return lambda _: dice.uniform(-level, level)


@pytest.mark.parametrize(
    ("wave", "target"),
    [
        pytest.param(speech(0.02), Levels().loudness_lufs, id="quiet speech"),
        pytest.param(speech(0.9), BROADCAST_LUFS, id="loud speech for broadcast"),
        pytest.param(peaky(0.9), Levels().loudness_lufs, id="clicks"),
        pytest.param(noise(1.0), Levels().loudness_lufs, id="noise at full scale"),
    ],
)
def test_loudness_and_peak(tmp_path: Path, wave: Wave, target: float) -> None:
    """Whatever is recorded, the encoded sound is within 0.5 LU of its target, its true peak is at most -1 dBTP, and
    both are stored with it as they are measured."""
    film = timeline(4.0, voices=((write_pcm(tmp_path / "v.pcm", 3.5, wave), 0.15, 3.5),))
    made, measured = encoded(tmp_path, film, Goal(target))
    assert measured.lufs == pytest.approx(target, abs=0.5)
    assert measured.peak_dbtp <= -1.0
    tag = read_tag(made)
    assert (tag["lufs"], tag["peak_dbtp"]) == pytest.approx((measured.lufs, measured.peak_dbtp), abs=0.02)


def encoded(where: Path, film: Timeline, goal: Goal, *tracks: Track) -> tuple[Path, Loudness]:
    """The sound of a film as an AAC stream, and what a player hears of it."""
    found = mix(film, tracks, samples_of(film), where / "sound", STOP, Skipped())
    assert found is not None
    target = where / "sound.m4a"
    encode_to(goal, found.samples, found.loudness, target, film.seconds, (), STOP)
    return target, measure_recording(target, STOP)


def square(level: float, hertz: float = 97.0) -> Wave:
    """Its peaks between the samples are far above them."""
    return lambda t: level if math.sin(2 * math.pi * hertz * t) >= 0 else -level


def clipped(t: float) -> float:
    """A voice that was recorded far too loud."""
    return max(-1.0, min(1.0, 8 * speech(1.0)(t)))


@pytest.mark.parametrize(
    "wave",
    [
        pytest.param(square(1.0), id="square wave"),
        pytest.param(square(1.0, 5_000), id="high square wave"),
        pytest.param(clipped, id="clipped voice"),
        pytest.param(speech(0.01), id="voice at -40 dB"),
        pytest.param(noise(1.0), id="noise"),
        pytest.param(peaky(1.0), id="clicks"),
    ],
)
@pytest.mark.parametrize("goal", [Goal(-14, bit_rate=128_000), Goal(BROADCAST_LUFS)], ids=["reels", "broadcast"])
def test_hot_and_quiet_sound_meets_its_goal(tmp_path: Path, wave: Wave, goal: Goal) -> None:
    """Sound that is clipped, square, very quiet or very short meets loudness and true peak after its encoding."""
    film = timeline(2.0, voices=((write_pcm(tmp_path / "v.pcm", 1.8, wave), 0.1, 1.8),))
    _, heard = encoded(tmp_path, film, goal)
    assert heard.peak_dbtp <= goal.peak_dbtp
    assert heard.lufs == pytest.approx(goal.lufs, abs=0.5)


def test_length_and_waveform(tmp_path: Path) -> None:
    """The sound is as long as the film, and its waveform shows where it is loud."""
    film = timeline(4.0, voices=((write_pcm(tmp_path / "v.pcm", 1.0, tone(400, 0.5)), 2.0, 1.0),))
    assert seconds_of(mixed(tmp_path / "pcm", film).pcm) == 4.0
    made, _ = encoded(tmp_path, film, Goal(-14))
    peaks = read_tag(made)["peaks"]
    assert isinstance(peaks, list)
    loud = [at / len(peaks) * 4 for at, value in enumerate(peaks) if value > 10]
    assert (min(loud), max(loud)) == pytest.approx((2.0, 3.0), abs=0.02)


def test_silence_stays_silence(tmp_path: Path) -> None:
    """A film whose recordings are silent gets no gain, and one without recordings has no sound."""
    film = timeline(4.0, voices=((write_pcm(tmp_path / "v.pcm", 2.0, lambda _: 0.0), 0.15, 2.0),))
    found = mixed(tmp_path, film)
    assert found.mastered.measured.silent
    assert found.mastered.gain_db == 0
    assert loud_at(found.pcm, 0, 4) == 0
    assert mix(timeline(4.0), [], {}, tmp_path / "none", STOP, Skipped()) is None


@pytest.mark.parametrize("seconds", [0.25, 2.5])
def test_short_films(tmp_path: Path, seconds: float) -> None:
    """A film that is too short for gating windows is as loud as a long one with the same sound."""
    film = timeline(seconds, voices=((write_pcm(tmp_path / "v.pcm", seconds, tone(400, 0.05)), 0.0, seconds),))
    found = mixed(tmp_path, film)
    assert loudness_of(found.pcm).lufs == pytest.approx(-14, abs=0.5)
    assert loud_at(found.pcm, 0, seconds) == pytest.approx(10 ** ((-14 + 0.7) / 20), rel=0.1)


@pytest.mark.parametrize("voice", [0.02, 0.7], ids=["a quiet voice", "a loud voice"])
@pytest.mark.parametrize("role", ["music", "ambience"])
def test_narration_ducks(tmp_path: Path, voice: float, role: str) -> None:
    """Music and ambience are at least 8 dB lower under a narration, from its first word on, and return after it."""
    pcm = write_pcm(tmp_path / "v.pcm", 3.0, speech(voice))
    bed = write_sound(tmp_path / "bed.wav", 11.0, tone(1_000, 0.2), rate=8_000)
    found = mixed(tmp_path, timeline(11.0, voices=((pcm, 3.0, 3.0),)), Track("bed-1", role, bed))
    before = level_of(found.pcm, 1.0, 2.5, 1_000)
    assert level_of(found.pcm, 3.2, 6.0, 1_000) < before - 8
    assert level_of(found.pcm, 3.0, 3.3, 1_000) < before - 8
    assert level_of(found.pcm, 7.5, 8.5, 1_000) == pytest.approx(before, abs=1.0)


@pytest.mark.parametrize(("left", "right"), [(0.3, 0.0), (0.0, 0.3), (0.3, 0.1), (0.0, 0.0)])
def test_a_voice_on_one_channel_is_heard_on_both(tmp_path: Path, left: float, right: float) -> None:
    """A narration that was recorded on one channel is on both, and any other one stays as it is."""
    pcm = tmp_path / "v.pcm"
    waves = [tone(200, level) for level in (left, right)]
    pcm.write_bytes(array("h", (round(32_767 * wave(k / 48_000)) for k in range(20_000) for wave in waves)).tobytes())
    before = array("h", pcm.read_bytes())
    on_both_sides(pcm, STOP)
    after = array("h", pcm.read_bytes())
    if (left and right) or left == right:
        assert after == before
    else:
        loud = before[0::2] if left else before[1::2]
        assert after[0::2] == after[1::2] == loud


def test_effects_are_not_ducked(tmp_path: Path) -> None:
    """An effect keeps its level under a narration, and without ducking, so does music."""
    pcm = write_pcm(tmp_path / "v.pcm", 2.0, speech(0.5))
    film = timeline(5.0, voices=((pcm, 2.5, 2.0),))
    steady = write_sound(tmp_path / "steady.wav", 5.0, tone(1_000, 0.1))
    for number, (role, levels) in enumerate((("effects", Levels()), ("music", Levels(duck_db=0)))):
        found = mixed(tmp_path / str(number), film, Track("one", role, steady), levels=levels)
        assert level_of(found.pcm, 2.6, 4.0, 1_000) == pytest.approx(level_of(found.pcm, 1.0, 2.0, 1_000), abs=0.5)


def test_levels_are_by_role(tmp_path: Path) -> None:
    """A level is what is heard relative to the narration, however loud the recordings are."""
    pcm = write_pcm(tmp_path / "v.pcm", 2.0, tone(400, 0.02))
    loud = write_sound(tmp_path / "m.wav", 5.0, tone(1_000, 0.5))
    film = timeline(5.0, voices=((pcm, 2.5, 2.0),))
    found = mixed(tmp_path, film, Track("m", "music", loud), levels=Levels(music=-10, duck_db=0))
    music, voice = level_of(found.pcm, 1.0, 2.0, 1_000), level_of(found.pcm, 2.6, 4.4, 400)
    assert music - voice == pytest.approx(-10, abs=1.2)


def test_effects_begin_with_their_shot(tmp_path: Path) -> None:
    """An effect begins with the first frame of its shot, or `at_seconds` after it, and the end of the film cuts it."""
    click = write_sound(tmp_path / "click.wav", 0.5, tone(800, 0.4))
    film = timeline(1.0, 1.0, 1.0)
    tracks = [
        Track("effects-1", "effects", click, ("shot-2",)),
        Track("effects-2", "effects", click, ("shot-3",), at_seconds=0.75),
    ]
    found = mixed(tmp_path, film, *tracks)
    assert loud_at(found.pcm, 0, 0.99) == 0
    assert loud_at(found.pcm, 1.0, 1.03) > 0.1
    assert loud_at(found.pcm, 1.51, 2.74) < 0.001
    assert loud_at(found.pcm, 2.76, 2.9) > 0.1
    late = mix(film, [Track("effects-1", "effects", click, at_seconds=7)], {}, tmp_path / "late", STOP, Skipped())
    assert late is None


def test_a_bed_loops_without_a_gap(tmp_path: Path) -> None:
    """A bed that is shorter than the film is heard to its end, without a gap and without a bump, and fades out."""
    for number, bpm in enumerate((120.0, None)):
        bed = write_sound(tmp_path / f"{number}.wav", 4.3, tone(1_000, 0.2))
        found = mixed(tmp_path / str(number), timeline(20.0), Track("music-1", "music", bed, bpm=bpm))
        levels = [level_of(found.pcm, at / 4, at / 4 + 0.25, 1_000) for at in range(4, 68)]
        assert max(levels) - min(levels) < 4.5
        assert loud_at(found.pcm, 19.95, 20) < 0.1 * loud_at(found.pcm, 10, 11)


def test_a_mix_stops(tmp_path: Path) -> None:
    """A mix stops when its activity is cancelled."""
    stop = Event()
    stop.set()
    bed = write_sound(tmp_path / "bed.wav", 1.0, tone(1_000))
    with pytest.raises(Stopped):
        mix(timeline(4.0), [Track("music-1", "music", bed)], {}, tmp_path / "sound", stop, Skipped())


def test_music_that_does_not_decode_is_named(tmp_path: Path) -> None:
    """A recording that does not decode is an error that names its asset."""
    (tmp_path / "bed.wav").write_bytes(b"RIFF, but nothing else")
    with pytest.raises(OutputUnusable, match="music-1 does not decode"):
        mix(timeline(4.0), [Track("music-1", "music", tmp_path / "bed.wav")], {}, tmp_path / "sound", STOP, Skipped())
