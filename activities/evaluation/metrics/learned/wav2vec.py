"""How much a recording sounds like a reference, by the representations of Wav2Vec 2.0 (Baevski et al. 2020)."""

from functools import cache
from pathlib import Path
from typing import Any, Final

from activities.evaluation.metrics.learned.weights import MODELS, WAV2VEC, load_pretrained
from activities.evaluation.metrics.protocol import Metric, NoValueError, Sample
from activities.evaluation.metrics.signals import RATE, samples_of
from workflows.models import Modality

MAX_SECONDS: Final = 30
"""The memory of attention grows with the square of the length."""
MIN_SECONDS: Final = 0.1


@cache
def _wav2vec(path: Path) -> Any:
    from transformers import Wav2Vec2Model

    return load_pretrained(WAV2VEC, Wav2Vec2Model)


def _vector(path: Path) -> Any:
    """The mean of the last layer over time, a unit vector."""
    import numpy as np
    import torch

    samples = samples_of(path)[: MAX_SECONDS * RATE]
    if len(samples) < MIN_SECONDS * RATE or not float(abs(samples).max()):
        raise NoValueError("a recording is silent, or shorter than a tenth of a second")
    # As the feature extractor of the weights does it: mean 0 and variance 1.
    scaled = ((samples - samples.mean()) / np.sqrt(samples.var() + 1e-7)).astype(np.float32)
    with MODELS, torch.inference_mode():
        states = _wav2vec(WAV2VEC.path)(torch.from_numpy(scaled)[None]).last_hidden_state
    return torch.nn.functional.normalize(states[0].mean(dim=0), dim=0)


class Wav2VecSimilarity(Metric):
    """The cosine of a take and the reference recording of its case."""

    name, title = "wav2vec_similarity", "Like the reference recording, -1 to 1 (Wav2Vec 2.0)"
    modalities, needs_reference = frozenset({Modality.AUDIO}), True

    def missing(self) -> str:
        return WAV2VEC.missing()

    def measure(self, sample: Sample) -> float:
        return float(_vector(sample.path) @ _vector(sample.reference_path()))


METRICS = (Wav2VecSimilarity(),)
