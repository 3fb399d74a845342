"""Videos that are made here: sequences of frames, good and damaged, and their encoding."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import av
import numpy as np

from tests.activities.quality.labelled.pictures import Pixels, night, photograph, texture, title

SIZE: Final = (320, 180)
RATE: Final = 24

Frames = Iterator[Pixels]


def moving(seed: int, count: int, size: tuple[int, int] = SIZE) -> Frames:
    """The camera pans over a scene."""
    scene, step = np.asarray(photograph(seed, size)), 1 + seed % 4
    return (np.roll(scene, n * step, axis=1) for n in range(count))


def slow(seed: int, count: int, size: tuple[int, int] = SIZE) -> Frames:
    """A slow push in, of 6 % in all."""
    picture = photograph(seed, (size[0] * 2, size[1] * 2))
    for n in range(count):
        inset = 0.03 * n / count
        box = (picture.width * inset, picture.height * inset, picture.width * (1 - inset), picture.height * (1 - inset))
        yield np.asarray(picture.resize(size, box=box))


def steam(seed: int, count: int, size: tuple[int, int] = SIZE) -> Frames:
    """A fixed shot in which only a small thing moves."""
    scene, dice = np.asarray(photograph(seed, size)), np.random.default_rng(seed)
    for n in range(count):
        frame = scene.copy()
        y, x = size[1] // 2, size[0] // 2
        frame[y : y + 14, x : x + 10] = (120 + 100 * np.sin(n / 3)) + dice.normal(size=(14, 10, 1)) * 6
        yield frame


def night_drive(seed: int, count: int, size: tuple[int, int] = SIZE) -> Frames:
    scene = np.asarray(night(seed, size))
    return (np.roll(scene, n * 2, axis=1) for n in range(count))


def fade_in(seed: int, count: int, size: tuple[int, int] = SIZE) -> Frames:
    """A second of black that becomes a moving scene."""
    for n, frame in enumerate(moving(seed, count, size)):
        yield (frame * np.clip((n - RATE / 2) / RATE, 0, 1)).astype(np.uint8)


def cuts(seed: int, count: int, size: tuple[int, int] = SIZE) -> Frames:
    """A new scene each second, of another brightness."""
    for n in range(count):
        yield np.roll(texture((seed + n // RATE) % 12, *size), n * 2, axis=0)


def grain(seed: int, count: int, size: tuple[int, int] = SIZE) -> Frames:
    dice = np.random.default_rng(seed)
    for frame in slow(seed, count, size):
        yield np.clip(frame + dice.normal(size=frame.shape) * 5, 0, 255).astype(np.uint8)


def still(seed: int, count: int, size: tuple[int, int] = SIZE) -> Frames:
    scene = np.asarray(photograph(seed, size))
    return (scene for _ in range(count))


def card(seed: int, count: int, size: tuple[int, int] = SIZE) -> Frames:
    scene = np.asarray(title(seed, size))
    return (scene for _ in range(count))


GOOD: Final[dict[str, tuple[Callable[..., Frames], str]]] = {
    "pan": (moving, "A pan over a market"),
    "slow push in": (slow, "A slow push in on a boat"),
    "steam": (steam, "Steam rises from a cup"),
    "night": (night_drive, "A drive through the city at night"),
    "fade in": (fade_in, "The morning begins"),
    "cuts": (cuts, "A montage of the harbour"),
    "grain": (grain, "Grainy footage of a street"),
    "still life": (still, "A locked-off still life of three pears"),
    "title card": (card, "A title card on white"),
}
"""Name -> its frames, and the prompt of its order."""


def encode(
    frames: Frames,
    *,
    rate: int = RATE,
    size: tuple[int, int] = SIZE,
    codec: str = "libx264",
    container: str = "mp4",
    pix_fmt: str = "yuv420p",
    options: dict[str, str] | None = None,
    times: Callable[[int], int] | None = None,
    sound: np.ndarray[tuple[int, ...], np.dtype[np.float32]] | None = None,
) -> bytes:
    """A video file of RGB frames.

    Args:
        times: Number of a frame -> its time, in frames at `rate`.
        sound: Mono samples at 48 kHz.
    """
    buffer = BytesIO()
    with av.open(buffer, "w", format=container) as out:
        stream: Any = out.add_stream(codec, rate=rate, options=options or {"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
        track: Any = out.add_stream("aac", rate=48_000, layout="mono") if sound is not None else None
        for number, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), "rgb24")
            frame.pts, frame.time_base = times(number) if times else number, Fraction(1, rate)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        if track is not None and sound is not None:
            for at in range(0, len(sound), 1024):
                part = sound[at : at + 1024]
                piece = av.AudioFrame.from_ndarray(part.reshape(1, -1).astype(np.float32), "flt", "mono")
                piece.sample_rate, piece.pts = 48_000, at
                out.mux(track.encode(piece))
            out.mux(track.encode(None))
    return buffer.getvalue()


def index_first(data: bytes) -> bytes:
    """An MP4 as vendors that serve players write it: its index precedes its frames."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "first.mp4"  # libavformat reads the file again to move its frames
        with av.open(BytesIO(data), "r") as source, av.open(path, "w", options={"movflags": "faststart"}) as out:
            streams: dict[int, Any] = {each.index: out.add_stream_from_template(each) for each in source.streams}
            for packet in source.demux():
                if packet.dts is not None:
                    packet.stream = streams[packet.stream.index]
                    out.mux(packet)
        return path.read_bytes()
