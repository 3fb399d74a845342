"""Sounds that are made here: speech by espeak-ng, music, ambience; and their damage."""

import asyncio
import tempfile
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import av
import numpy as np

from activities.providers.previz.narration import speak

RATE: Final = 48_000
Samples = np.ndarray[tuple[int, ...], np.dtype[np.float32]]

SPEECH: Final = (
    ("en", "The lighthouse has guided ships for two hundred years."),
    ("en", "Three reasons to take the night train. It is quiet, it is slow, and you wake up somewhere else."),
    ("en-us", "Welcome."),
    ("de", "Der Zug verlässt den Bahnhof um sechs Uhr morgens."),
    ("fr", "Le phare éclaire la mer depuis deux cents ans."),
    ("es", "La panadería abre antes del amanecer."),
    ("it", "Il mare è calmo questa mattina."),
    ("pt", "O barco chega ao porto."),
    ("en-gb", "Fresh bread. Every morning. Since nineteen twelve."),
    ("nl", "De boot vaart langzaam de haven uit."),
)


@cache
def speech(number: int, rate: float = 165) -> Samples:
    """Speech as float samples, mono, at 48 kHz."""
    voice, words = SPEECH[number % len(SPEECH)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder).resolve() / "speech.wav"
        asyncio.run(speak(words, path, voice=voice, rate=rate))
        return decode(path.read_bytes())


def decode(data: bytes) -> Samples:
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    with av.open(BytesIO(data), "r") as container:
        parts = [f.to_ndarray().ravel() for frame in container.decode(audio=0) for f in resampler.resample(frame)]
        parts += [f.to_ndarray().ravel() for f in resampler.resample(None)]
    result: Samples = np.concatenate(parts).astype(np.float32)
    return result


def music(seed: int, seconds: float = 4.0) -> Samples:
    """Chords with a pause of a second in the middle."""
    dice, time = np.random.default_rng(seed), np.arange(int(seconds * RATE)) / RATE
    root = 110 * 2 ** (dice.integers(0, 12) / 12)
    chord = sum(np.sin(2 * np.pi * root * ratio * time) / (n + 1) for n, ratio in enumerate((1, 1.25, 1.5, 2)))
    beat = 0.4 + 0.6 * np.exp(-((time * 2) % 1) * 4)
    made = 0.2 * chord * beat
    middle = int(len(made) / 2)
    made[middle : middle + RATE] = 0
    result: Samples = made.astype(np.float32)
    return result


def ambience(seed: int, seconds: float = 4.0, level: float = 0.05) -> Samples:
    dice = np.random.default_rng(seed)
    noise = np.cumsum(dice.normal(size=int(seconds * RATE)))
    noise -= np.convolve(noise, np.ones(2048) / 2048, "same")
    result: Samples = (noise / np.abs(noise).max() * level * 2).astype(np.float32)
    return result


def whisper(number: int) -> Samples:
    """Speech as noise, at a low level."""
    spoken = speech(number)
    size = RATE // 100
    power = np.sqrt(np.convolve(spoken**2, np.ones(size) / size, "same").clip(0))
    result: Samples = (power * np.random.default_rng(number).normal(size=len(spoken)) * 0.12).astype(np.float32)
    return result


def loud(seed: int) -> Samples:
    """Music that a limiter has brought close to full scale."""
    made = music(seed) * 4
    result: Samples = (np.tanh(made * 0.9) * 0.94).astype(np.float32)
    return result


def encode(samples: Samples, kind: str = "wav") -> bytes:
    """Mono samples as a WAV, float WAV, MP3 or M4A file."""
    codec, container = {
        "wav": ("pcm_s16le", "wav"),
        "float": ("pcm_f32le", "wav"),
        "mp3": ("libmp3lame", "mp3"),
        "m4a": ("aac", "mp4"),
    }[kind]
    buffer = BytesIO()
    with av.open(buffer, "w", format=container) as out:
        stream: Any = out.add_stream(codec, rate=RATE, layout="mono")
        for at in range(0, len(samples), 4_608):
            part = samples[at : at + 4_608].reshape(1, -1).astype(np.float32)
            if kind == "wav":
                frame = av.AudioFrame.from_ndarray((np.clip(part, -1, 1) * 32_767).astype(np.int16), "s16", "mono")
            else:
                frame = av.AudioFrame.from_ndarray(part, "flt", "mono")
            frame.sample_rate, frame.pts = RATE, at
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return buffer.getvalue()
