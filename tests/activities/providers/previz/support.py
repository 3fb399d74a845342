"""Media by previz, and measurements of them."""

import array
import math
from pathlib import Path

import av
from PIL import Image

from activities.providers.previz.provider import Previz
from activities.providers.protocol import Finished, Input, Request
from workflows.brief import REFERENCE
from workflows.models import Media, Modality

MODELS = {
    "previz-text": (Modality.TEXT, "body"),
    "previz-storyboard": (Modality.IMAGE, "still"),
    "previz-narration": (Modality.AUDIO, "narration"),
    "previz-music": (Modality.AUDIO, "music"),
    "previz-sounds": (Modality.AUDIO, "effects"),
    "previz-animatic": (Modality.VIDEO, "shot"),
    "previz-animatic-job": (Modality.VIDEO, "shot"),
}


async def made(request: Request) -> Path:
    finished = await Previz({}).submit(request)
    assert isinstance(finished, Finished)
    assert finished.cost_usd == 0
    if isinstance(finished.source, bytes):
        return kept(request.workdir / "text.md", finished.source)
    assert isinstance(finished.source, Path)
    assert finished.source.parent == request.workdir
    return finished.source


def kept(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def given(
    path: Path,
    role: str,
    modality: Modality,
    media_type: str,
    seconds: float | None = None,
    *,
    asset_id: str = "",
    name: str = "",
) -> Input:
    async def fetch() -> Path:
        return path

    media = Media(key="k", bytes=path.stat().st_size, sha256="0", media_type=media_type, duration_seconds=seconds)
    return Input(asset_id or role, modality, role, media, fetch, name)


def reference(path: Path, number: int, name: str) -> Input:
    """A picture of the brief."""
    return given(path, REFERENCE, Modality.IMAGE, "image/png", asset_id=f"{REFERENCE}-{number}", name=name)


def frames_of(path: Path) -> list[Image.Image]:
    with av.open(str(path)) as container:
        shown = [frame.reformat(format="rgb24") for frame in container.decode(video=0)]
    size = (shown[0].width, shown[0].height)
    return [Image.frombytes("RGB", size, bytes(f.planes[0]), "raw", "RGB", f.planes[0].line_size, 1) for f in shown]


def loudness(path: Path) -> float:
    """Root mean square of the samples, 0 to 32,767."""
    with av.open(str(path)) as container:
        samples = array.array("h")
        for frame in container.decode(audio=0):
            samples.frombytes(bytes(frame.planes[0])[: frame.samples * 2])
    return math.sqrt(sum(s * s for s in samples) / len(samples))
