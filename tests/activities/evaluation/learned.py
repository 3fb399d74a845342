"""Small random weights in the forms of the published ones, made by their own libraries."""

import json
import math
import warnings
from pathlib import Path

import pytest
from PIL import Image

pytest.importorskip("torch", reason="the extra `metrics` is not installed")
pytest.importorskip("transformers", reason="the extra `metrics` is not installed")

import torch
import transformers

WIDTH = 16


class Inception(torch.nn.Module):  # type: ignore[misc]
    """Takes pictures of any size as NVIDIA's script does: features, or the probabilities of classes."""

    def __init__(self) -> None:
        super().__init__()
        self.features = torch.nn.Linear(3, WIDTH)
        self.classes = torch.nn.Linear(WIDTH, 10)

    def forward(self, img: torch.Tensor, return_features: bool = False, no_output_bias: bool = False) -> torch.Tensor:
        x = torch.tanh(self.features(img.to(torch.float32).mean([2, 3]) / 255))
        if return_features:
            return x
        if no_output_bias:
            return torch.softmax(torch.nn.functional.linear(x, self.classes.weight), dim=1)
        return torch.softmax(self.classes(x), dim=1)


class I3d(torch.nn.Module):  # type: ignore[misc]
    """Takes videos from -1 to 1 with 3 colours, at least 10 frames, and a square of 224 pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.classes = torch.nn.Linear(3, WIDTH)

    def forward(
        self, x: torch.Tensor, rescale: bool = True, resize: bool = True, return_features: bool = False
    ) -> torch.Tensor:
        assert not rescale
        assert not resize
        assert x.shape[1] == 3
        assert x.shape[2] >= 10
        assert x.shape[3] == 224
        assert float(x.abs().max()) <= 1
        assert return_features
        return self.classes(x.mean([2, 3, 4]))


def make_weights(folder: Path) -> None:
    """All weights, below the names under which their authors publish them."""
    torch.manual_seed(2)
    _save_script(Inception(), folder / "nvidia/inception-2015-12-05.pt")
    _save_script(I3d(), folder / "universome/i3d_torchscript.pt")
    _make_clip(folder / "openai/clip-vit-large-patch14")
    _make_aesthetic(folder / "christophschuhmann/sac+logos+ava1-l14-linearMSE.pth")
    config = transformers.Wav2Vec2Config(
        hidden_size=WIDTH, num_hidden_layers=1, num_attention_heads=2, intermediate_size=WIDTH,
        conv_dim=(8, 8), conv_kernel=(10, 8), conv_stride=(5, 4), num_conv_pos_embeddings=4,
        num_conv_pos_embedding_groups=2,
    )  # fmt: skip
    transformers.Wav2Vec2Model(config).save_pretrained(folder / "facebook/wav2vec2-base-960h")


def _save_script(module: "torch.nn.Module", path: Path) -> None:
    path.parent.mkdir(parents=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the published files have no other form
        torch.jit.script(module.eval()).save(str(path))


def _make_clip(folder: Path) -> None:
    words = {"hidden_size": WIDTH, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": WIDTH}
    config = transformers.CLIPConfig(
        text_config={
            **words,
            "vocab_size": 300,
            "max_position_embeddings": 12,
            "eos_token_id": 257,
            "bos_token_id": 256,
        },
        vision_config={**words, "image_size": 32, "patch_size": 16},
        projection_dim=WIDTH,
    )
    transformers.CLIPModel(config).save_pretrained(folder)
    letters = [*"abcdefghijklmnopqrstuvwxyz"]
    tokens = [*letters, *(f"{letter}</w>" for letter in letters)]
    vocabulary = {token: n for n, token in enumerate(tokens)} | {"<|startoftext|>": 256, "<|endoftext|>": 257}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("#version: 0.2\n")


def _make_aesthetic(path: Path) -> None:
    """The layers of the published predictor, for shorter vectors."""
    path.parent.mkdir(parents=True)
    sizes = {0: (WIDTH, 8), 2: (8, 6), 4: (6, 5), 6: (5, 4), 7: (4, 1)}
    state = {}
    for number, (width, height) in sizes.items():
        state[f"layers.{number}.weight"] = torch.randn(height, width)
        state[f"layers.{number}.bias"] = torch.randn(height)
    torch.save(state, path)


def cosine(folder: Path, picture: Path, text: str) -> float:
    """Of a square picture and a text, as the library itself prepares and compares them."""
    model = transformers.CLIPModel.from_pretrained(folder)
    tokenizer = transformers.CLIPTokenizer.from_pretrained(folder)
    words = tokenizer(text, truncation=True, max_length=12, return_tensors="pt")
    processor = transformers.CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size=32)
    pixels = processor(images=Image.open(picture), return_tensors="pt")["pixel_values"]
    with torch.inference_mode():
        found = model(**words, pixel_values=pixels)
    return float(found.logits_per_image) / math.exp(model.logit_scale.item())
