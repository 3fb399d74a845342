"""The published weights of the metrics that need torch: their names, and where this worker expects their files.

Weights are not in any wheel, and nothing downloads them: an operator puts the files into the folder that
GREENLIGHT_METRICS_WEIGHTS names, each below the name of its authors. torch is imported by the metrics alone.
"""

from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Final

from activities.providers.installed import is_installed

EXTRA: Final = "metrics"
VARIABLE: Final = "GREENLIGHT_METRICS_WEIGHTS"
PACKAGES: Final = ("torch", "transformers")

MODELS: Final = Lock()
"""Held while a model is loaded or runs: takes are measured concurrently, and one model uses all cores."""


@dataclass
class _Place:
    folder: Path | None = None


_PLACE: Final = _Place()


def use_weights(folder: Path | None) -> None:
    """Set the folder of the weights of this process; None where the operator named none."""
    _PLACE.folder = folder


@dataclass(frozen=True)
class Weights:
    """Weights as their authors publish them.

    Attributes:
        name: Also their path in the folder: a file, or a folder that has `files`.
        source: The page that publishes them.
    """

    name: str
    source: str
    files: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        assert _PLACE.folder is not None
        return _PLACE.folder / self.name

    def missing(self) -> str:
        """Why the weights cannot be used, with the remedy; empty if they can."""
        if not all(map(is_installed, PACKAGES)):
            return f"install greenlight[{EXTRA}] for the worker; it also needs the weights {self.name} in {VARIABLE}"
        if _PLACE.folder is None:
            return f"its weights {self.name} are absent; put them from {self.source} into the folder {VARIABLE} names"
        if not all(path.is_file() for path in self._expected()):
            return f"its weights {self.name} are absent; put them from {self.source} at {self.path}"
        return ""

    def _expected(self) -> list[Path]:
        return [self.path / file for file in self.files] if self.files else [self.path]


_PRETRAINED: Final = ("config.json", "model.safetensors")
CLIP: Final = Weights(
    "openai/clip-vit-large-patch14",
    "huggingface.co/openai/clip-vit-large-patch14",
    (*_PRETRAINED, "vocab.json", "merges.txt"),
)
AESTHETIC: Final = Weights(
    "christophschuhmann/sac+logos+ava1-l14-linearMSE.pth",
    "github.com/christophschuhmann/improved-aesthetic-predictor",
)
INCEPTION: Final = Weights("nvidia/inception-2015-12-05.pt", "github.com/NVlabs/stylegan2-ada-pytorch")
I3D: Final = Weights("universome/i3d_torchscript.pt", "github.com/universome/fvd-comparison")
WAV2VEC: Final = Weights("facebook/wav2vec2-base-960h", "huggingface.co/facebook/wav2vec2-base-960h", _PRETRAINED)


def load_pretrained(weights: Weights, loader: Any) -> Any:
    """A model of transformers for the CPU, by its class. The caller holds MODELS."""
    from transformers.utils import logging

    logging.disable_progress_bar()
    return loader.from_pretrained(weights.path, local_files_only=True, use_safetensors=True).eval()


def load_script(weights: Weights) -> Any:
    """A TorchScript model for the CPU. The caller holds MODELS."""
    import warnings

    import torch

    with warnings.catch_warnings():
        # Their authors publish these models in no other form.
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        return torch.jit.load(str(weights.path), map_location="cpu").eval()
