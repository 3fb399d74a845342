"""Sound and video are decoded as players do it: invalid packets are skipped, and lengths are measured."""

import asyncio
import io
import random
import threading
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, Literal
from uuid import uuid4

import av
import pytest

from activities.errors import OutputUnusable
from activities.finishing.deliverable import finish
from activities.finishing.picture.frames import shot_facts
from activities.media.facts import probe
from activities.storage.bucket import Storage
from activities.takes.uploads import INSPECTORS
from tests.activities.finishing.media import Film, Takes, finished, shot_file, voice_file
from tests.support.waiting import WITHIN
from workflows.brief import Platform
from workflows.models import Modality

RATE: Final = 44_100


def noisy(path: Path, codec: str, pieces: list[tuple[float, int]], **options: str) -> Path:
    """Noise of these durations in seconds and levels, in sequence."""
    rng = random.Random(7)
    rate = 48_000 if codec == "libopus" else RATE
    with av.open(str(path), "w", options=options) as out:
        stream: Any = out.add_stream(codec, rate=rate, layout="mono")
        if codec == "libmp3lame":
            stream.codec_context.qscale = 2
        at = 0
        for seconds, loud in pieces:
            for _ in range(round(seconds * rate / 1024)):
                frame = av.AudioFrame("s16", "mono", 1024)
                samples = bytes(rng.getrandbits(8) if loud else 0 for _ in range(2048))
                frame.planes[0].update(samples)
                frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
                at += 1024
                out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def spoiled(path: Path, kind: Literal["audio", "video"], packets: range) -> Path:
    """The file with the given packets, counted from 0, overwritten so that no decoder accepts them."""
    data = bytearray(path.read_bytes())
    with av.open(io.BytesIO(bytes(data)), "r") as source:
        stream = source.streams.get({kind: 0})[0]
        for number, packet in enumerate(p for p in source.demux(stream) if p.size):
            if number in packets:
                assert packet.pos is not None
                at = data.find(bytes(packet), packet.pos)
                data[at : at + packet.size] = b"\xff" * packet.size
    path.write_bytes(data)
    return path


async def test_invalid_packets_are_skipped(storage: Storage, tmp_path: Path) -> None:
    """A film is made of a narration and a shot with invalid packets; the rest keeps its time, and notes give the
    position."""
    takes = Takes(storage, f"broken-{uuid4().hex[:8]}")
    voice = noisy(tmp_path / "n.mka", "libopus", [(2.0, 1)])
    shot = shot_file(tmp_path / "s.webm", seconds=3.0, codec="libvpx-vp9")
    whole = await asyncio.to_thread(probe, voice, "audio/webm")
    spoiled(voice, "audio", range(50, 60))
    spoiled(shot, "video", range(40, 44))
    for path, modality in ((voice, Modality.AUDIO), (shot, Modality.VIDEO)):
        assert (await asyncio.to_thread(INSPECTORS[modality], path))[1].duration_seconds is not None
    await takes.add("n", Modality.AUDIO, "narration", voice, "audio/webm")
    await takes.add("s", Modality.VIDEO, "shot", shot, "video/webm", depends_on=("n",))
    deliverable, files = await finished(takes, takes.request(Platform.VIDEO), tmp_path)
    film = Film(files["deliverable.mp4"])
    assert film.seconds == pytest.approx(3.0, abs=0.1)
    notes = "\n".join(deliverable.notes)
    assert "n does not decode at 1.0 s" in notes
    assert "s does not decode at 1." in notes
    assert whole.duration_seconds
    heard = [i / 10 for i, loud in enumerate(film.loudness) if loud > 2000]
    assert heard[-1] == pytest.approx(0.15 + whole.duration_seconds, abs=0.2)


@pytest.mark.parametrize("kind", ["audio", "video"])
async def test_a_file_without_valid_packets_is_no_take(
    kind: Literal["audio", "video"], storage: Storage, tmp_path: Path
) -> None:
    """It is detected when it is stored, uploaded or finished, and never counts as a whole take."""
    if kind == "audio":
        path, media_type = noisy(tmp_path / "n.mka", "libopus", [(1.0, 1)]), "audio/webm"
    else:
        path, media_type = shot_file(tmp_path / "s.webm", codec="libvpx-vp9"), "video/webm"
    spoiled(path, kind, range(100_000))
    with pytest.raises(OutputUnusable, match="decodes"):
        await asyncio.to_thread(probe, path, media_type)
    with pytest.raises(OutputUnusable, match="decodes"):
        await asyncio.to_thread(INSPECTORS[Modality(kind)], path)
    takes = Takes(storage, f"nothing-{uuid4().hex[:8]}")
    await takes.add("a", Modality(kind), "shot" if kind == "video" else "narration", path, media_type)
    if kind == "audio":
        await takes.add("s", Modality.VIDEO, "shot", shot_file(tmp_path / "whole.mp4"), "video/mp4")
    with pytest.raises(OutputUnusable, match="a does not decode"):
        await finish(storage, takes.request(Platform.VIDEO), tmp_path / "work", lambda _: None)


def streamed_wav(size: int) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = voice_file(folder / "a.wav", 4.0)
        data = path.read_bytes()
        at = data.index(b"data") + 4
        path.write_bytes(data[:at] + size.to_bytes(4, "little") + data[at + 4 :])
        return path

    return make


def joined_mp3(folder: Path) -> Path:
    one = noisy(folder / "1.mp3", "libmp3lame", [(1.0, 1)])
    two = noisy(folder / "2.mp3", "libmp3lame", [(3.0, 0)])
    path = folder / "joined.mp3"
    path.write_bytes(one.read_bytes() + two.read_bytes())
    return path


LENGTHS: Final[dict[str, tuple[Callable[[Path], Path], str]]] = {
    "vbr-quiet-first": (
        lambda f: noisy(f / "a.mp3", "libmp3lame", [(3.0, 0), (1.0, 1)], write_xing="0"),
        "audio/mpeg",
    ),
    "vbr-loud-first": (
        lambda f: noisy(f / "a.mp3", "libmp3lame", [(1.0, 1), (3.0, 0)], write_xing="0"),
        "audio/mpeg",
    ),
    "joined-mp3": (joined_mp3, "audio/mpeg"),
    "recorder-sound": (lambda f: noisy(f / "a.webm", "libopus", [(4.0, 1)], live="1"), "audio/webm"),
    "wav-0": (streamed_wav(0), "audio/wav"),
    "wav-ffffffff": (streamed_wav(0xFFFFFFFF), "audio/wav"),
    "wav-7fffffff": (streamed_wav(0x7FFFFFFF), "audio/wav"),
    "adts": (lambda f: noisy(f / "a.aac", "aac", [(1.0, 1), (3.0, 0)]), "audio/aac"),
}


@pytest.mark.parametrize("name", LENGTHS)
def test_lengths_are_measured(name: str, tmp_path: Path) -> None:
    """Four seconds are measured as four seconds, whatever the header estimates from its first packets or omits."""
    make, media_type = LENGTHS[name]
    path = make(tmp_path)
    assert probe(path, media_type).duration_seconds == pytest.approx(4.0, abs=0.15)
    assert probe(io.BytesIO(path.read_bytes()), media_type).duration_seconds == pytest.approx(4.0, abs=0.15)


def test_a_recorders_video_is_measured(tmp_path: Path) -> None:
    """A WebM without a duration, as browsers record it, is as long as its last packet states, also as a shot."""
    whole, path = shot_file(tmp_path / "a.webm", seconds=2.0, codec="libvpx-vp9"), tmp_path / "live.webm"
    with av.open(str(whole)) as source, av.open(str(path), "w", options={"live": "1"}) as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    assert probe(path, "video/webm").duration_seconds == pytest.approx(2.0, abs=0.1)
    assert shot_facts("s", path).seconds == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("name", ["a.mp3", "a.wav", "a.flac", "a.mp4"])
def test_a_truncated_file_is_refused(name: str, tmp_path: Path) -> None:
    """A header that counts the following data is trusted: a file that ends before that is no take."""
    codecs = {"a.mp3": "libmp3lame", "a.wav": "pcm_s16le", "a.flac": "flac", "a.mp4": "aac"}
    flags = {"movflags": "faststart"} if name == "a.mp4" else {}
    path = noisy(tmp_path / name, codecs[name], [(4.0, 1)], **flags)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 5])
    with pytest.raises(OutputUnusable, match="ends after"):
        probe(path, {"a.mp3": "audio/mpeg", "a.wav": "audio/wav"}.get(name, "audio/mp4"))


def test_program_faults_are_not_reported_as_media_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A TypeError during the analysis of media is raised unchanged, for sound, video and pictures."""

    def wrong(*_: object, **__: object) -> None:
        raise TypeError("a slip of the pen")

    monkeypatch.setattr("activities.media.facts.measure", wrong)
    monkeypatch.setattr("activities.media.facts.open_picture", wrong)
    monkeypatch.setattr("activities.takes.uploads.open_picture", wrong)
    wav = voice_file(tmp_path / "a.wav", 1.0)
    inspect = INSPECTORS[Modality.IMAGE]
    for look in (lambda: probe(wav, "audio/wav"), lambda: probe(wav, "image/png"), lambda: inspect(wav)):
        with pytest.raises(TypeError, match="slip"):
            look()


def test_threads_wait_for_room() -> None:
    """No more pixels than the limit are decoded at once, and a picture above the limit is decoded alone."""
    from activities.media.stills import PixelBudget

    room, seen = PixelBudget(100), list[int]()
    held = threading.Event()

    def take(pixels: int) -> None:
        with room.reserve(pixels):
            seen.append(pixels)
            held.wait(WITHIN)

    threads = [threading.Thread(target=take, args=(n,)) for n in (60, 500)]
    threads[0].start()
    while not seen:
        pass
    threads[1].start()
    assert seen == [60]
    assert room._used == 60
    held.set()
    for thread in threads:
        thread.join(5)
    assert seen == [60, 500]
    assert room._used == 0
