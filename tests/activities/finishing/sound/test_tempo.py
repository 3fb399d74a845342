"""The tempo of a recording: from its beats, and from its metadata."""

import math
import random
from pathlib import Path

import av
import pytest

from activities.finishing.sound.tempo import find_tempo, tagged_tempo
from tests.activities.finishing.sound.recordings import STOP, Wave, write_pcm, write_sound


def beats(bpm: float) -> Wave:
    length = 60 / bpm
    return lambda t: 0.6 * math.exp(-25 * (t % length)) * math.sin(2 * math.pi * 180 * t)


def noise(_: float) -> float:
    return NOISE.uniform(-0.3, 0.3)


NOISE = random.Random(7)


@pytest.mark.parametrize("bpm", [71.0, 96.4, 128.0])
def test_a_beat_is_found(tmp_path: Path, bpm: float) -> None:
    """The tempo of a clear beat is exact enough that a loop of 30 seconds is on the beat within 20 ms; double or half
    of it has the same beats."""
    found = find_tempo(write_pcm(tmp_path / "m.pcm", 12.0, beats(bpm)), STOP)
    assert found is not None
    assert min(abs(found * factor / bpm - 1) for factor in (0.5, 1, 2)) < 0.02 / 30


def test_no_beat_is_no_tempo(tmp_path: Path) -> None:
    """Noise, a steady tone and a sound that is too short have no tempo."""
    assert find_tempo(write_pcm(tmp_path / "n.pcm", 8.0, noise), STOP) is None
    assert find_tempo(write_pcm(tmp_path / "t.pcm", 8.0, lambda t: 0.2 * math.sin(1_000 * t)), STOP) is None
    assert find_tempo(write_pcm(tmp_path / "s.pcm", 0.4, beats(120)), STOP) is None


@pytest.mark.parametrize(
    ("tags", "bpm"),
    [({"TBPM": "98"}, 98), ({"comment": "made here, 101.5 bpm"}, 101.5), ({"TBPM": "0"}, None), ({"TBPM": "x"}, None)],
)
def test_a_tempo_is_read_from_the_metadata(tmp_path: Path, tags: dict[str, str], bpm: float | None) -> None:
    """A tempo in the metadata is used where it is one; a recording without any has none."""
    source = write_sound(tmp_path / "m.wav", 0.5, lambda _: 0.1)
    assert tagged_tempo(source) is None
    with av.open(str(source)) as given, av.open(str(tmp_path / "m.mp3"), "w") as out:
        out.metadata.update(tags)
        stream = out.add_stream("libmp3lame", rate=24_000, layout="mono")
        for frame in given.decode(audio=0):
            frame.pts = None
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    assert tagged_tempo(tmp_path / "m.mp3") == bpm
