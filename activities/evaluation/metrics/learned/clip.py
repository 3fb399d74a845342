"""How well a picture fits its prompt (CLIP, Radford et al. 2021), and how much people like such pictures (LAION)."""

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from activities.evaluation.metrics.learned.pixels import pictures_of
from activities.evaluation.metrics.learned.weights import AESTHETIC, CLIP, MODELS, load_pretrained
from activities.evaluation.metrics.protocol import Metric, Sample
from workflows.models import Modality

if TYPE_CHECKING:
    from pathlib import Path

    from PIL.Image import Image

IMAGES: Final = frozenset({Modality.IMAGE, Modality.VIDEO})
MEAN: Final = (0.48145466, 0.4578275, 0.40821073)
DEVIATION: Final = (0.26862954, 0.26130258, 0.27577711)
"""Of the colours of the training pictures (preprocessor_config.json of the weights)."""


@cache
def _clip(path: "Path") -> tuple[Any, Any]:
    from transformers import CLIPModel, CLIPTokenizer

    return load_pretrained(CLIP, CLIPModel), CLIPTokenizer.from_pretrained(path, local_files_only=True)


@cache
def _head(path: "Path") -> list[tuple[Any, Any]]:
    """The layers of the aesthetic predictor, which has no activations between them (simple_inference.py)."""
    import torch

    state = torch.load(path, map_location="cpu", weights_only=True)
    layers = sorted({int(key.split(".")[1]) for key in state})
    return [(state[f"layers.{n}.weight"], state[f"layers.{n}.bias"]) for n in layers]


def _embedded(pictures: "list[Image]", text: str) -> tuple[Any, Any]:
    """The unit vectors of pictures, a row each, and that of the text. The caller holds MODELS."""
    import torch

    model, tokenizer = _clip(CLIP.path)
    config = model.config
    words = tokenizer(text, truncation=True, max_length=config.text_config.max_position_embeddings, return_tensors="pt")
    pixels = torch.stack([_pixels(picture, config.vision_config.image_size) for picture in pictures])
    with torch.inference_mode():
        found = model(pixel_values=pixels, input_ids=words["input_ids"], attention_mask=words["attention_mask"])
    return found.image_embeds, found.text_embeds


def _pixels(picture: "Image", side: int) -> Any:
    """The middle square of a picture, normalised as the model was trained: colours, rows and columns."""
    import numpy as np
    import torch
    from PIL import Image, ImageOps

    square = ImageOps.fit(picture, (side, side), Image.Resampling.BICUBIC)
    scaled = (np.asarray(square, np.float32) / 255 - MEAN) / DEVIATION
    return torch.from_numpy(scaled.astype(np.float32).transpose(2, 0, 1))


class ClipScore(Metric):
    """100 times the cosine of picture and prompt, at least 0; of a video the mean of some frames."""

    name, title = "clip_score", "Picture like its prompt, 0 to 100 (CLIP ViT-L/14)"
    modalities = IMAGES

    def missing(self) -> str:
        return CLIP.missing()

    def measure(self, sample: Sample) -> float:
        pictures = pictures_of(sample.path, sample.modality)
        with MODELS:
            images, text = _embedded(pictures, sample.case.prompt)
        return float(100 * (images @ text.T).clamp(min=0).mean())


class Aesthetic(Metric):
    """The rating that people would give, by LAION's predictor on CLIP's vectors; of a video the mean of some frames."""

    name, title = "aesthetic", "Aesthetic score, 1 to 10 (LAION)"
    modalities = IMAGES

    def missing(self) -> str:
        return CLIP.missing() or AESTHETIC.missing()

    def measure(self, sample: Sample) -> float:
        pictures = pictures_of(sample.path, sample.modality)
        with MODELS:
            rated, _ = _embedded(pictures, "")
            for weight, bias in _head(AESTHETIC.path):
                rated = rated @ weight.T + bias
        return float(rated.mean())


METRICS = (ClipScore(), Aesthetic())
