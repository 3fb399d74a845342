"""A classifier of pictures that runs here: the detector of NudeNet 3, whose model is in the wheel of nudenet.

onnxruntime runs it; the package itself, which needs OpenCV, is not imported. It finds nudity and nothing else, so a
vendor's moderation is better where one is enabled.
"""

import asyncio
import io
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from activities.providers.installed import is_installed

if TYPE_CHECKING:
    import numpy as np

    Scores = np.ndarray[tuple[int, ...], np.dtype[np.float32]]

EXTRA: Final = "safety"
SIDE: Final = 320
"""Pixels of the square that the model takes (nudenet 3.4, nudenet.py)."""
BOX_ROWS: Final = 4
EXPOSED: Final = {2: "buttocks", 3: "breasts", 4: "genitalia", 6: "anus", 14: "genitalia"}
"""The rows of the labels that count, after those of the box; covered parts, faces, feet and bellies do not."""
SCORE: Final = 0.25
"""The lowest score of a detection that the package returns."""


def model_file() -> Path | None:
    """The model in the wheel of nudenet; None where the extra is not installed."""
    if not (is_installed("nudenet") and is_installed("onnxruntime")):
        return None
    found = find_spec("nudenet")
    path = Path(found.origin).parent / "320n.onnx" if found and found.origin else None
    return path if path and path.is_file() else None


@cache
def _session(path: Path) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class NudityClassifier:
    """Flags pictures that show nudity."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def moderate_picture(self, jpeg: bytes) -> str:
        """The reason why a picture is flagged; "" where it is not."""
        return reason_of(await asyncio.to_thread(self.scores, jpeg))

    def scores(self, jpeg: bytes) -> "Scores":
        """Of each label the highest score in the picture."""
        session = _session(self._path)
        found = session.run(None, {session.get_inputs()[0].name: _input(jpeg)})[0]
        return found[0, BOX_ROWS:].max(axis=1)  # type: ignore[no-any-return]


def reason_of(scores: "Scores") -> str:
    """'nudity (breasts)'; "" where nothing of EXPOSED has a score of SCORE."""
    parts = dict.fromkeys(part for row, part in EXPOSED.items() if scores[row] >= SCORE)
    return f"nudity ({', '.join(parts)})" if parts else ""


def _input(jpeg: bytes) -> Any:
    """The picture at the top left of a black square: one picture, colours, rows, columns; 0 to 1."""
    import numpy as np
    from PIL import Image

    with Image.open(io.BytesIO(jpeg)) as picture:
        side = max(picture.size)
        square = Image.new("RGB", (side, side))
        square.paste(picture.convert("RGB"))
    pixels = np.asarray(square.resize((SIDE, SIDE), Image.Resampling.BILINEAR), np.float32) / 255
    return pixels.transpose(2, 0, 1)[None]
