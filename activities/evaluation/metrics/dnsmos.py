"""DNSMOS (Reddy et al., ICASSP 2022): how people would rate the quality of speech, 1 to 5, by Microsoft's model.

The model `sig_bak_ovr.onnx` comes in the wheel of speechmos; onnxruntime runs it. Other parts of speechmos need
librosa, and are not used.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from activities.evaluation.metrics.protocol import Metric, NoValueError, Sample
from activities.evaluation.metrics.signals import RATE, samples_of
from activities.providers.installed import is_installed
from workflows.models import Modality

if TYPE_CHECKING:
    from activities.evaluation.metrics.signals import Samples

EXTRA: Final = "dnsmos"
SEGMENT: Final = int(9.01 * RATE)
"""Samples that the model takes at a time."""
MAX_SEGMENTS: Final = 30
_OVERALL: Final = (-0.06766283, 1.11546468, 0.04602535)
"""The polynomial from the model's output to the scale of the raters (speechmos 0.0.1.1, dnsmos.py)."""


def weights() -> Path | None:
    """The file of the model in the wheel of speechmos; None where the package is not installed."""
    found = find_spec("speechmos") if is_installed("speechmos") else None
    return Path(found.origin).parent / "dnsmos_models" / "sig_bak_ovr.onnx" if found and found.origin else None


@cache
def _session() -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(weights()), options, providers=["CPUExecutionProvider"])


def overall(samples: "Samples") -> float:
    """The mean overall score of the segments, a second apart; a shorter sound is repeated, as the authors do."""
    import numpy as np

    while len(samples) < SEGMENT:
        samples = np.concatenate((samples, samples))
    starts = range(0, len(samples) - SEGMENT + 1, RATE)
    scores = []
    for start in starts[:MAX_SEGMENTS]:
        part = samples[start : start + SEGMENT].astype(np.float32)[None]
        raw = float(_session().run(None, {"input_1": part})[0][0][2])
        scores.append(float(np.polyval(_OVERALL, raw)))
    return sum(scores) / len(scores)


class Dnsmos(Metric):
    name, title = "dnsmos", "Quality of speech, 1 to 5 (DNSMOS)"
    modalities = frozenset({Modality.AUDIO})

    def missing(self) -> str:
        model = weights()
        if model is None or not is_installed("onnxruntime"):
            return f"install greenlight[{EXTRA}] for the worker"
        return "" if model.is_file() else f"its weights {model.name} are absent; install speechmos again"

    def measure(self, sample: Sample) -> float:
        samples = samples_of(sample.path)
        if not sample.spoken or len(samples) < RATE // 2:
            raise NoValueError("there is no speech of half a second")
        return overall(samples)


METRICS = (Dnsmos(),)
