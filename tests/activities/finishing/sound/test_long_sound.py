"""A sound that is encoded in parts: it has no seams, and a worker that continues makes no part again."""

from functools import partial
from pathlib import Path
from threading import Event
from typing import Any
from uuid import uuid4

import av
import numpy as np
import pytest

from activities.finishing.sound import encoding, mastering
from activities.finishing.sound.encoding import PACKET, encode
from activities.finishing.sound.kept import KeptInBucket
from activities.finishing.sound.loudness import measure
from activities.finishing.sound.mastering import Goal, encode_to, read_tag
from activities.finishing.sound.samples import SAMPLE_RATE
from activities.finishing.sources import in_thread
from activities.storage.bucket import Storage
from tests.activities.finishing.sound.recordings import STOP

PACKETS = 100
"""In a part: two seconds."""
SECONDS = 7.3


def music(seconds: float) -> "np.ndarray[Any, np.dtype[np.float32]]":
    """Tones with attacks: windows of both lengths are encoded."""
    t = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    attacks = np.random.default_rng(3).standard_normal(len(t)) * np.exp(-((t * 4) % 1) * 6)
    wave = 0.1 * np.sin(2 * np.pi * 220 * t) + 0.08 * np.sin(2 * np.pi * 1330 * t) + 0.05 * attacks
    return np.repeat(wave.astype(np.float32), 2)


def decoded(path: Path) -> "np.ndarray[Any, np.dtype[np.float32]]":
    with av.open(str(path)) as container:
        return np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])


def packets(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(p.dts is not None for p in container.demux(container.streams.audio[0]))


def length(path: Path) -> float:
    """What a player shows, in seconds."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        assert stream.duration
        assert stream.time_base
        return float(stream.duration * stream.time_base)


@pytest.fixture
def short_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoding, "_PART_PACKETS", PACKETS)


@pytest.mark.usefixtures("short_parts")
def test_parts_are_joined_without_a_seam(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Around each joint the sound is as close to its samples as the sound that is encoded at once, and both have the
    same packets and length."""
    wave = music(SECONDS)
    pcm, joined, whole = tmp_path / "s.pcm", tmp_path / "joined.m4a", tmp_path / "whole.m4a"
    pcm.write_bytes((wave * 32767).astype(np.int16).tobytes())
    encode(pcm, joined, SECONDS, 192_000, STOP)
    monkeypatch.setattr(encoding, "_PART_PACKETS", 10_000)
    encode(pcm, whole, SECONDS, 192_000, STOP)
    assert packets(joined) == packets(whole)
    heard, known = decoded(joined), decoded(whole)
    assert heard.shape == known.shape
    assert length(joined) == length(whole) == pytest.approx(SECONDS)
    played = wave[::2]
    off, usual = np.abs(heard[: len(played)] - played), np.abs(known[: len(played)] - played)
    for joint in range(PACKETS * PACKET, len(played), PACKETS * PACKET):
        near = slice(joint - 2 * PACKET, joint + 2 * PACKET)
        assert off[near].max() < 1.5 * usual[near].max() + 0.002


class Killed(Exception):
    pass


@pytest.mark.usefixtures("short_parts")
async def test_a_worker_that_continues_makes_no_part_again(
    tmp_path: Path, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed whenever a part or a measurement is kept, the next attempt begins after it; the sound is the same as
    without a kill, and nothing is left beside it."""
    mix = tmp_path / "mix.f32"
    mix.write_bytes((music(SECONDS) * 6).tobytes())  # its peaks need the limiter
    mixed = measure(mix, "flt", STOP, true_peak=False)
    key = f"segments/{uuid4().hex}/sound-1.m4a"
    work: list[str] = []

    class OfThisAttempt(KeptInBucket):
        """The attempt ends once it has kept something."""

        def store(self, name: str, path: Path) -> None:
            super().store(name, path)
            raise Killed

        def remember(self, name: str, values: Any) -> None:
            super().remember(name, values)
            raise Killed

    def counted(module: Any, name: str) -> None:
        real = getattr(module, name)

        def count(*each: Any, **more: Any) -> Any:
            work.append(name)
            return real(*each, **more)

        monkeypatch.setattr(module, name, count)

    counted(encoding, "_encode")
    counted(mastering, "measure")
    counted(mastering, "measure_recording")

    def attempt(kept: KeptInBucket, target: Path, stop: Event) -> None:
        encode_to(Goal(-14), mix, mixed, target, SECONDS, (), stop, kept)

    target = tmp_path / "killed.m4a"
    attempts, done = 0, False
    while not done:
        attempts += 1
        kept = OfThisAttempt(storage, key)
        try:
            await in_thread(partial(attempt, kept, target))
            done = True
        except Killed:
            assert attempts < 40
    interrupted = [*work]
    work.clear()
    undisturbed = tmp_path / "undisturbed.m4a"
    encode_to(Goal(-14), mix, mixed, undisturbed, SECONDS, (), STOP)
    assert sorted(interrupted) == sorted(work)
    assert len(work) == attempts - 1, "each step of the work was kept"
    assert read_tag(target) == read_tag(undisturbed)
    assert np.array_equal(decoded(target), decoded(undisturbed))
    await kept.drop()
    assert await storage.list_keys(key.removesuffix("sound-1.m4a")) == []
