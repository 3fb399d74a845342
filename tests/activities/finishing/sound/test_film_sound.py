"""The sound of a finished film: everything that is in the plan is heard, in time with the pictures."""

import math
from array import array
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import pytest
from PIL import Image

from activities.finishing.sound.loudness import Loudness, Meter
from activities.finishing.sound.mastering import master
from activities.finishing.sound.mix import Track, mix
from activities.finishing.timeline import Shot, lay_out
from activities.media.recordings import Skipped
from activities.storage.bucket import Storage
from tests.activities.finishing.media import Film, Takes, finished, shot_file, voice_file
from tests.activities.finishing.sound.recordings import STOP, level_of, media, tone, write_sound
from workflows.brief import Platform
from workflows.cut import Cut, Levels
from workflows.models import Modality

RATE = 24


def clapper(path: Path, clap: float, *, seconds: float = 2.0, late: float = 0.0, lasts: float = 2 / RATE) -> Path:
    """A black shot that is white from `clap` on, with a tone of 1 kHz at the same time; its sound track begins `late`
    seconds after the picture."""
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=RATE)
        video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
        audio = out.add_stream("aac", rate=48_000, layout="stereo")
        for number in range(round(seconds * RATE)):
            on = clap <= number / RATE < clap + lasts
            frame = av.VideoFrame.from_image(Image.new("RGB", (320, 180), "white" if on else "black"))  # type: ignore[no-untyped-call]
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            out.mux(video.encode(frame))
        wave = (
            round(20_000 * math.sin(2 * math.pi * 1_000 * t)) if clap <= t < clap + lasts else 0
            for t in (k / 48_000 for k in range(round(late * 48_000), round(seconds * 48_000)))
        )
        samples = array("h", (v for value in wave for v in (value, value)))
        for at in range(0, len(samples) // 2, 1024):
            part = samples[2 * at : 2 * (at + 1024)]
            sound = av.AudioFrame("s16", "stereo", len(part) // 2)
            sound.planes[0].update(part.tobytes().ljust(sound.planes[0].buffer_size, b"\0"))
            sound.sample_rate, sound.pts = 48_000, at + round(late * 48_000)
            sound.time_base = Fraction(1, 48_000)
            out.mux(audio.encode(sound))
        out.mux([*video.encode(None), *audio.encode(None)])
    return path


def decoded(data: bytes) -> "tuple[array[int], Loudness]":
    """The left channel and the loudness of the sound track of a film."""
    meter, left = Meter("s16"), array("h")
    with av.open(BytesIO(data), "r") as film:
        resampler = av.AudioResampler("s16", "stereo", 48_000)
        for sound in film.decode(audio=0):
            for piece in resampler.resample(sound):
                samples = bytes(piece.planes[0])[: piece.samples * 4]
                meter.add(samples)
                left.extend(array("h", samples)[0::2])
    return left, meter.result()


def first_loud(samples: "array[int]", begin: float) -> float:
    """The time from which the sound is loud, at or after `begin`."""
    top = max(map(abs, samples))
    return next(k for k in range(round(begin * 48_000), len(samples)) if abs(samples[k]) > top / 4) / 48_000


@pytest.mark.parametrize(
    ("late", "spoken"),
    [(0.0, 0.0), (0.25, 0.0), (0.0, 2.5)],
    ids=["together", "the sound track begins later", "played slower for a narration"],
)
async def test_own_sound_is_in_time_with_its_picture(
    storage: Storage, tmp_path: Path, late: float, spoken: float
) -> None:
    """A shot's own sound is heard with its picture within a frame, in the first shot and after a cut."""
    takes = Takes(storage, f"sync-{late}-{spoken}")
    tied = ("narration-1",) if spoken else ()
    for each in tied:
        await takes.add(each, Modality.AUDIO, "narration", voice_file(tmp_path / "v.wav", spoken), "audio/wav")
    claps = (0.75, 1.25)
    for number, clap in enumerate(claps, start=1):
        source = clapper(tmp_path / f"{number}.mp4", clap, late=late)
        needs = tied if number == 2 else ()
        await takes.add(f"shot-{number}", Modality.VIDEO, "shot", source, "video/mp4", depends_on=needs)
    cut = Cut(levels=Levels(narration=-60, duck_db=0))
    deliverable, files = await finished(takes, takes.request(Platform.VIDEO).model_copy(update={"cut": cut}), tmp_path)
    film = Film(files["deliverable.mp4"])
    samples, loudness = decoded(files["deliverable.mp4"])
    assert ["shot-2 0.92 times" in note for note in deliverable.notes] == [True] * len(tied)
    assert len(film.pictures) == (100 if spoken else 96)
    for at in (claps[0], 2.0 + claps[1]):
        bright = [k / RATE for k, picture in enumerate(film.pictures) if bytes(picture.planes[0])[0] > 128]
        seen = min(bright, key=lambda t: abs(t - at))
        assert first_loud(samples, at - 0.5) == pytest.approx(seen, abs=1 / RATE)
    assert loudness.peak_dbtp <= -1.0


@pytest.mark.parametrize(("level", "lowered"), [(-10.0, False), (0.0, True)], ids=["behind", "in front"])
def test_own_sound_in_front_lowers_music(tmp_path: Path, level: float, lowered: bool) -> None:
    """Where people speak in the shots, music goes down under them as under a narration, and their quiet shots are
    raised; own sound at its usual level does neither."""
    source = clapper(tmp_path / "s.mp4", 1.0, seconds=4.0, lasts=2.0)
    music = write_sound(tmp_path / "m.wav", 4.0, tone(300))
    film = lay_out([Shot("shot-1", media(source), 4.0, sound=True)], [], RATE)
    track = Track("music-1", "music", music)
    found = mix(film, [track], {"shot-1": source}, tmp_path / "mix", STOP, Skipped(), Levels(own_sound=level))
    assert found
    heard = tmp_path / "heard.pcm"
    master(found.samples, heard, found.loudness, -20, STOP)
    alone, under = (level_of(heard, begin, end, 300) for begin, end in ((0.55, 0.7), (1.5, 1.95)))
    assert under < alone - 8 if lowered else under == pytest.approx(alone, abs=1)


async def test_all_sound_is_in_the_film(storage: Storage, tmp_path: Path) -> None:
    """Music, effects, ambience and narration are in the one sound track, at the target and under the peak after its
    encoding; captions are of the narration alone."""
    takes = Takes(storage, "all")
    for role, hertz, seconds in (("music", 300, 2.0), ("ambience", 900, 1.0), ("effects", 2_000, 0.4)):
        source = write_sound(tmp_path / f"{role}.wav", seconds, tone(hertz))
        await takes.add(f"{role}-1", Modality.AUDIO, role, source, "audio/wav", prompt=f"some {role}")
    source = voice_file(tmp_path / "v.wav", 1.5)
    await takes.add("narration-1", Modality.AUDIO, "narration", source, "audio/wav", prompt="The words.")
    for number in (1, 2):
        source = shot_file(tmp_path / f"{number}.mp4", seconds=2.5, hue=number * 80)
        tied = ("narration-1",) if number == 2 else ("effects-1",)
        await takes.add(f"shot-{number}", Modality.VIDEO, "shot", source, "video/mp4", depends_on=tied)
    deliverable, files = await finished(takes, takes.request(Platform.VIDEO), tmp_path)
    film = Film(files["deliverable.mp4"])
    samples, loudness = decoded(files["deliverable.mp4"])
    assert deliverable.notes == ()
    assert film.kinds == ["video", "audio", "subtitle"]
    assert [text for _, _, text in film.subtitles()] == ["The words."]
    assert loudness.lufs == pytest.approx(-14, abs=0.5)
    assert loudness.peak_dbtp <= -1.0
    assert len(samples) / 48_000 == pytest.approx(5.0, abs=0.05)
    assert min(film.loudness[1:47]) > 300, "the bed and the ambience are looped"


async def test_a_film_without_narration_has_sound(storage: Storage, tmp_path: Path) -> None:
    """Music alone is a sound track; a film without any recording has none."""
    takes = Takes(storage, "music-alone")
    await takes.add("shot-1", Modality.VIDEO, "shot", shot_file(tmp_path / "s.mp4"), "video/mp4")
    _, files = await finished(takes, takes.request(Platform.VIDEO), tmp_path)
    assert Film(files["deliverable.mp4"]).kinds == ["video"]
    await takes.add("music-1", Modality.AUDIO, "music", write_sound(tmp_path / "m.wav", 3, tone(300)), "audio/wav")
    _, files = await finished(takes, takes.request(Platform.VIDEO), tmp_path)
    assert Film(files["deliverable.mp4"]).kinds == ["video", "audio"]
    assert "captions.vtt" not in files


async def test_own_sound_that_does_not_decode_is_left_out(storage: Storage, tmp_path: Path) -> None:
    """A shot whose sound is broken stays in the film, and a note names it."""
    takes = Takes(storage, "broken-sound")
    source = clapper(tmp_path / "1.mp4", 0.5, seconds=1.0)
    data = bytearray(source.read_bytes())
    with av.open(str(source)) as shot:
        for packet in shot.demux(audio=0):
            if packet.size and packet.pos is not None:
                data[packet.pos : packet.pos + packet.size] = b"\xff" * packet.size
    await takes.add("shot-1", Modality.VIDEO, "shot", bytes(data), "video/mp4")
    deliverable, files = await finished(takes, takes.request(Platform.VIDEO), tmp_path)
    assert Film(files["deliverable.mp4"]).kinds[0] == "video"
    assert any("shot-1" in note and "does not decode" in note for note in deliverable.notes)
