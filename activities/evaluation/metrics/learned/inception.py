"""FID (Heusel et al. 2017) and Inception Score (Salimans et al. 2016) of the pictures of a model.

The network is Google's Inception v3 of 2015-12-05, with the resizing of the original, as NVIDIA publishes it.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from activities.evaluation.metrics.learned.pixels import pictures_of
from activities.evaluation.metrics.learned.sets import frechet_distance, inception_score
from activities.evaluation.metrics.learned.weights import INCEPTION, MODELS, load_script
from activities.evaluation.metrics.protocol import SetMetric
from workflows.models import Modality

if TYPE_CHECKING:
    from activities.evaluation.metrics.learned.sets import Vectors

IMAGES = frozenset({Modality.IMAGE})


@cache
def _inception(path: Path) -> Any:
    return load_script(INCEPTION)


def _answers(path: Path, **wanted: bool) -> Any:
    """The network's row for a picture."""
    import numpy as np
    import torch

    pixels = np.asarray(pictures_of(path, Modality.IMAGE)[0], np.uint8).transpose(2, 0, 1)[None]
    with MODELS, torch.inference_mode():
        return _inception(INCEPTION.path)(torch.from_numpy(pixels.copy()), **wanted).float().numpy()


class FrechetInceptionDistance(SetMetric):
    """The distance from the reference pictures of the cases. It falls with their number, so only models of the same
    cases compare; the authors use 50,000 pictures."""

    name, title, better = "fid", "Distance from the reference pictures (FID)", "lower"
    modalities, needs_reference = IMAGES, True

    def missing(self) -> str:
        return INCEPTION.missing()

    def vectors(self, path: Path) -> "Vectors":
        return _answers(path, return_features=True)  # type: ignore[no-any-return]

    def value(self, takes: "Vectors", references: "Vectors") -> float:
        return frechet_distance(takes, references)


class InceptionScore(SetMetric):
    """How sure the network is of each picture, and how varied they are."""

    name, title = "inception_score", "Inception Score"
    modalities = IMAGES

    def missing(self) -> str:
        return INCEPTION.missing()

    def vectors(self, path: Path) -> "Vectors":
        return _answers(path, no_output_bias=True)  # type: ignore[no-any-return]

    def value(self, takes: "Vectors", references: "Vectors") -> float:
        return inception_score(takes)


METRICS = (FrechetInceptionDistance(), InceptionScore())
