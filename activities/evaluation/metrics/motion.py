"""Metrics of a video's frames in their order: how alike neighbours are, and how much moves."""

from typing import TYPE_CHECKING, Any, Final

from activities.evaluation.metrics.protocol import Metric, NoValueError, Sample
from activities.evaluation.metrics.signals import frames_of
from workflows.models import Modality

if TYPE_CHECKING:
    import numpy as np

    Picture = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

_WINDOW: Final = 7
_C1: Final = (0.01 * 255) ** 2
_C2: Final = (0.03 * 255) ** 2


def ssim(first: "Picture", second: "Picture") -> float:
    """The mean structural similarity of two grey pictures (Wang et al. 2004) over windows of 7 x 7 pixels."""
    mean_x, mean_y = _window_means(first), _window_means(second)
    scale = _WINDOW**2 / (_WINDOW**2 - 1)  # of a sample variance
    var_x = scale * (_window_means(first * first) - mean_x * mean_x)
    var_y = scale * (_window_means(second * second) - mean_y * mean_y)
    both = scale * (_window_means(first * second) - mean_x * mean_y)
    above = (2 * mean_x * mean_y + _C1) * (2 * both + _C2)
    below = (mean_x**2 + mean_y**2 + _C1) * (var_x + var_y + _C2)
    return float((above / below).mean())


def _window_means(picture: "Picture") -> Any:
    import numpy as np

    sums = np.cumsum(np.cumsum(np.pad(picture, ((1, 0), (1, 0))), axis=0), axis=1)
    w = _WINDOW
    return (sums[w:, w:] - sums[:-w, w:] - sums[w:, :-w] + sums[:-w, :-w]) / w**2


class Consistency(Metric):
    """The mean similarity of each frame with the next one; a flickering or tearing picture has less."""

    name, title = "consistency", "Similarity of neighbouring frames (SSIM)"
    modalities = frozenset({Modality.VIDEO})

    def measure(self, sample: Sample) -> float:
        frames = frames_of(sample.path)
        if len(frames) < 2:
            raise NoValueError("the video has fewer than two frames")
        return sum(ssim(frames[n], frames[n + 1]) for n in range(len(frames) - 1)) / (len(frames) - 1)


class MotionAmount(Metric):
    """The mean change of a pixel from frame to frame, times the rate: grey levels a second."""

    name, title, unit, better = "motion", "Motion", "levels/s", "neither"
    modalities = frozenset({Modality.VIDEO})

    def measure(self, sample: Sample) -> float:
        frames = frames_of(sample.path)
        seconds = sample.take.media.duration_seconds
        if len(frames) < 2 or not seconds:
            raise NoValueError("the video has fewer than two frames")
        change = sum(float(abs(frames[n + 1] - frames[n]).mean()) for n in range(len(frames) - 1)) / (len(frames) - 1)
        rate = sample.take.checks.measured.get("rate") or len(frames) / seconds
        return change * rate


METRICS = (Consistency(), MotionAmount())
