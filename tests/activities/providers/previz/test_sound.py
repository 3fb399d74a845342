"""Scratch music, effects and ambience by previz: audible, in tune with the prompt, in time, and tagged."""

import math
from array import array
from collections.abc import Callable
from pathlib import Path

import av
import pytest

from activities.finishing.sound.loudness import Loudness, Meter
from activities.finishing.sound.tempo import tagged_tempo
from activities.media.facts import probe
from activities.providers.previz.sound.effects import AMBIENCES, EFFECTS, recipe_of
from activities.providers.previz.sound.music import bed_of
from activities.providers.protocol import Request
from tests.activities.providers.previz.support import made


def samples_of(path: Path) -> tuple["array[int]", Loudness]:
    """The left channel at 48 kHz, and the loudness of both."""
    meter, left = Meter("s16"), array("h")
    resampler = av.AudioResampler("s16", "stereo", 48_000)
    with av.open(str(path)) as sound:
        for frame in [*sound.decode(audio=0), None]:
            for piece in resampler.resample(frame):
                data = bytes(piece.planes[0])[: piece.samples * 4]
                meter.add(data)
                left.extend(array("h", data)[0::2])
    return left, meter.result()


def power(samples: "array[int]", hertz: float) -> float:
    """The power of one frequency (Goertzel)."""
    turn, one, two = 2 * math.cos(2 * math.pi * hertz / 48_000), 0.0, 0.0
    for value in samples:
        one, two = value + turn * one - two, one
    return one * one + two * two - turn * one * two


async def test_music_is_in_its_key(ask: Callable[..., Request]) -> None:
    """A bed is stereo of exactly the length that was asked, at the loudness of a mix and without clipping; the tones of
    its first chord are far louder than those next to them, and its comment has the tempo."""
    prompt = "calm piano music"
    path = await made(ask("previz-music", prompt, parameters={"seconds": 3.2}))
    samples, loudness = samples_of(path)
    assert probe(path, "audio/wav").duration_seconds == pytest.approx(3.2, abs=0.001)
    assert -28 < loudness.lufs < -16
    assert loudness.peak_dbtp < -2
    bed = bed_of(prompt)
    root = 440 * 2 ** ((54 + (bed.root + (0, 2, 4, 5, 7, 9, 11)[bed.degrees[0]] - 54) % 12 - 69) / 12)
    chord = samples[4_800 : 4_800 + 96_000]
    assert power(chord, root) > 20 * power(chord, root * 2 ** (0.5 / 12))
    assert tagged_tempo(path) == bed.bpm
    assert b"PREVIZ" in path.read_bytes()[:300]


@pytest.mark.parametrize(
    ("prompt", "bpm", "mode"),
    [
        ("calm piano music", 72, "major"),
        ("upbeat electronic music", 122, "major"),
        ("dark, tense strings", 92, "minor"),
        ("traurige Klaviermusik, langsam", 72, "minor"),
        ("a warm guitar, 104 bpm", 104, "major"),
        ("hard techno, 400 bpm", 180, "major"),
    ],
)
def test_mood_and_tempo_follow_the_prompt(prompt: str, bpm: float, mode: str) -> None:
    """Words of mood set mode and tempo, a tempo in the prompt counts, and a parameter has priority."""
    assert (bed_of(prompt).bpm, bed_of(prompt).mode) == (bpm, mode)
    assert bed_of(prompt, 88.0).bpm == 88
    assert bed_of(prompt) == bed_of(prompt)


@pytest.mark.parametrize("role", ["effects", "ambience"])
def test_a_word_chooses_the_sound(role: str) -> None:
    """Each sound has words that choose it in its role; a prompt without any has a neutral one."""
    for recipes in (EFFECTS, AMBIENCES) if role == "effects" else (AMBIENCES,):
        for recipe in recipes:
            word = recipe.words.split("|")[0].replace(r"\w*", "").replace("s?", "").replace("?", "")
            assert recipe_of(role, f"far away, {word} in the dark") is recipe
    assert recipe_of(role, "something else").seconds > 0


@pytest.mark.parametrize(
    ("role", "prompt", "seconds"),
    [
        ("effects", "whoosh", 1.2),
        ("effects", "a button click", 0.2),
        ("effects", "impact", 1.8),
        ("effects", "door bell", 2.6),
        ("ambience", "rain on the roof", 2.0),
        ("ambience", "waves at the sea", 2.0),
        ("ambience", "birds", 2.0),
        ("ambience", "a quiet room", 2.0),
    ],
)
async def test_effects_are_audible(ask: Callable[..., Request], role: str, prompt: str, seconds: float) -> None:
    """An effect has its usual length, an ambience the one that was asked; both are heard and do not clip."""
    parameters = {"seconds": seconds} if role == "ambience" else {}
    asked = ask("previz-sounds", prompt, parameters=parameters)
    object.__setattr__(asked, "asset", asked.asset.model_copy(update={"role": role}))
    path = await made(asked)
    samples, loudness = samples_of(path)
    assert probe(path, "audio/wav").duration_seconds == pytest.approx(seconds, abs=0.001)
    assert max(map(abs, samples)) > 500
    assert loudness.lufs < -10
    assert loudness.peak_dbtp < -1
    assert abs(sum(samples) / len(samples)) < 300, "no constant offset"
