"""FVD (Unterthiner et al. 2018): the Fréchet distance of videos, by the I3D network (Carreira and Zisserman 2017)."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from activities.evaluation.metrics.learned.pixels import frames_within
from activities.evaluation.metrics.learned.sets import frechet_distance
from activities.evaluation.metrics.learned.weights import I3D, MODELS, load_script
from activities.evaluation.metrics.protocol import NoValueError, SetMetric
from workflows.models import Modality

if TYPE_CHECKING:
    from activities.evaluation.metrics.learned.sets import Vectors

SIDE: Final = 224
CLIP_FRAMES: Final = 16
"""Of one vector, as in the published comparisons of FVD."""
MIN_FRAMES: Final = 10
"""The network's strides leave nothing of fewer."""
CLIPS: Final = 4
"""Vectors of one video at most, one after the other."""


@cache
def _i3d(path: Path) -> Any:
    return load_script(I3D)


class FrechetVideoDistance(SetMetric):
    """The distance from the reference videos of the cases."""

    name, title, better = "fvd", "Distance from the reference videos (FVD)", "lower"
    modalities, needs_reference = frozenset({Modality.VIDEO}), True

    def missing(self) -> str:
        return I3D.missing()

    def vectors(self, path: Path) -> "Vectors":
        import numpy as np
        import torch

        frames = frames_within(path, SIDE, CLIPS * CLIP_FRAMES)
        if len(frames) < MIN_FRAMES:
            raise NoValueError(f"the video has fewer than {MIN_FRAMES} frames")
        clips = max(len(frames) // CLIP_FRAMES, 1)
        rows = []
        for clip in (frames[n * CLIP_FRAMES : (n + 1) * CLIP_FRAMES] for n in range(clips)):
            scaled = clip.astype(np.float32) / 127.5 - 1
            given = torch.from_numpy(scaled.transpose(3, 0, 1, 2)[None].copy())  # colours, frames, rows, columns
            with MODELS, torch.inference_mode():
                rows.append(_i3d(I3D.path)(given, rescale=False, resize=False, return_features=True).float().numpy())
        return np.concatenate(rows)

    def value(self, takes: "Vectors", references: "Vectors") -> float:
        return frechet_distance(takes, references)


METRICS = (FrechetVideoDistance(),)
