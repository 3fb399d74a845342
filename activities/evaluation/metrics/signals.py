"""The signals of recordings as arrays: samples of sound, and small grey frames of video. Synchronous."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from activities.media.recordings import audio_frames, open_recording, video_frames

if TYPE_CHECKING:
    import numpy as np

    Samples = np.ndarray[tuple[int, ...], np.dtype[np.float32]]
    Frames = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

RATE: Final = 16_000
SIDE: Final = 256
"""Pixels of the long side of a small frame."""
MAX_FRAMES: Final = 720
"""Of a video: half a minute at 24 frames a second shows how its frames follow each other."""
MAX_SECONDS: Final = 600
SOUNDING_DB: Final = 35.0
"""Below the loudest 10 ms: quieter parts at the start and the end are breath and noise."""


def samples_of(path: Path) -> "Samples":
    """The first ten minutes of a sound, mono, 16,000 samples a second, -1 to 1."""
    import av
    import numpy as np

    found, length = [np.zeros(0, np.float32)], 0
    with open_recording(path) as container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        for frame in (*audio_frames(container, lambda _: None), None):
            for even in resampler.resample(frame):
                found.append(even.to_ndarray().reshape(-1).astype(np.float32))
                length += len(found[-1])
            if length > MAX_SECONDS * RATE:
                break
    return np.clip(np.nan_to_num(np.concatenate(found)), -1, 1)


def sounding_span(path: Path) -> tuple[float, float]:
    """When the first and the last sound begin and end, seconds; twice 0 for silence."""
    import numpy as np

    samples, window = samples_of(path), RATE // 100
    count = len(samples) // window
    power = (samples[: count * window].reshape(count, window).astype(np.float64) ** 2).mean(axis=1)
    top = float(power.max(initial=0))
    if top < 1e-8:
        return 0.0, 0.0
    loud = np.flatnonzero(power >= top * 10 ** (-SOUNDING_DB / 10))
    return float(loud[0]) / 100, float(loud[-1] + 1) / 100


def frames_of(path: Path) -> "Frames":
    """The first frames of a video in grey, 0 to 255: an array of frames, rows and columns."""
    import numpy as np

    found: list[Any] = []
    with open_recording(path) as container:
        for frame in video_frames(container, lambda _: None):
            scale = min(1.0, SIDE / max(frame.width, frame.height))
            small = frame.reformat(max(16, round(frame.width * scale)), max(16, round(frame.height * scale)), "gray")
            pixels = small.to_ndarray().astype(np.float64)
            if found and pixels.shape != found[0].shape:
                break
            found.append(pixels)
            if len(found) == MAX_FRAMES:
                break
    return np.stack(found) if found else np.zeros((0, 0, 0))
