"""Recordings with known sound, and the measurement of what finishing made of them."""

import math
from array import array
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from threading import Event

import av

from activities.finishing.sound.loudness import Loudness, measure
from activities.finishing.sound.samples import SAMPLE_BYTES, SAMPLE_RATE
from activities.finishing.timeline import PlacedShot, PlacedVoice, Shot, Timeline, Voice
from workflows.models import Media

Wave = Callable[[float], float]
STOP = Event()


def tone(hertz: float, level: float = 0.3) -> Wave:
    return lambda t: level * math.sin(2 * math.pi * hertz * t)


def write_sound(path: Path, seconds: float, wave: Wave, *, rate: int = 24_000) -> Path:
    """A mono WAV file of a wave."""
    with av.open(str(path), "w", format="wav") as out:
        stream = out.add_stream("pcm_s16le", rate=rate, layout="mono")
        samples = array("h", (round(32_767 * wave(k / rate)) for k in range(round(seconds * rate))))
        frame = av.AudioFrame("s16", "mono", len(samples))
        frame.planes[0].update(samples.tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        out.mux([*stream.encode(frame), *stream.encode(None)])
    return path


def write_pcm(path: Path, seconds: float, wave: Wave) -> Path:
    """48 kHz stereo samples of a wave, as a decoded narration has them."""
    values = (round(32_767 * wave(k / SAMPLE_RATE)) for k in range(round(seconds * SAMPLE_RATE)))
    path.write_bytes(array("h", (v for value in values for v in (value, value))).tobytes())
    return path


def timeline(*shots: float, voices: tuple[tuple[Path, float, float], ...] = (), rate: int = 24) -> Timeline:
    """Stills of these lengths, with narrations of (samples, start, seconds)."""
    placed, frame = [], 0
    for number, seconds in enumerate(shots, start=1):
        frames = round(seconds * rate)
        placed.append(PlacedShot(Shot(f"shot-{number}", media(Path()), seconds, still=True), frame / rate, frames))
        frame += frames
    spoken = tuple(
        PlacedVoice(Voice(f"narration-{k}", "", media(pcm), seconds), start)
        for k, (pcm, start, seconds) in enumerate(voices, start=1)
    )
    return Timeline(tuple(placed), spoken, (), rate)


def media(path: Path) -> Media:
    return Media(key=str(path), bytes=0, sha256="", media_type="audio/wav")


def samples_of(film: Timeline) -> dict[str, Path]:
    """The samples of its narrations."""
    return {placed.voice.asset_id: Path(placed.voice.media.key) for placed in film.voices}


def loudness_of(pcm: Path) -> Loudness:
    return measure(pcm, "s16", STOP)


def level_of(pcm: Path, begin: float, end: float, hertz: float) -> float:
    """The level of one tone between two times of a file of samples, in dB of full scale (Goertzel)."""
    data = array("h", pcm.read_bytes())[0::2][round(begin * SAMPLE_RATE) : round(end * SAMPLE_RATE)]
    turn = 2 * math.cos(2 * math.pi * hertz / SAMPLE_RATE)
    one = two = 0.0
    for value in data:
        one, two = value + turn * one - two, one
    power = max(one * one + two * two - turn * one * two, 1e-9)
    return 20 * math.log10(2 * math.sqrt(power) / len(data) / 32_767)


def loud_at(pcm: Path, begin: float, end: float) -> float:
    """The highest absolute sample between two times, as a share of full scale."""
    data = array("h", pcm.read_bytes())[2 * round(begin * SAMPLE_RATE) : 2 * round(end * SAMPLE_RATE)]
    return max(map(abs, data), default=0) / 32_767


def seconds_of(pcm: Path) -> float:
    return pcm.stat().st_size / SAMPLE_BYTES / SAMPLE_RATE
