"""The pictures of takes as models see them."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from activities.evaluation.metrics.protocol import NoValueError
from activities.media.recordings import open_recording, video_frames
from activities.media.stills import decode_picture
from workflows.models import Modality

if TYPE_CHECKING:
    from PIL.Image import Image

FRAMES: Final = 8
"""Of a video, at even distances, where a metric is one of pictures."""
LARGEST: Final = (4096, 4096)


def pictures_of(path: Path, modality: Modality) -> "list[Image]":
    """The picture, or some frames of a video; RGB."""
    if modality is Modality.IMAGE:
        with decode_picture(path, LARGEST) as picture:
            return [picture.convert("RGB")]
    count = _count(path)
    wanted = {round(n * (count - 1) / max(FRAMES - 1, 1)) for n in range(FRAMES)}
    with open_recording(path) as container:
        found = [f.to_image() for n, f in enumerate(video_frames(container)) if n in wanted]  # type: ignore[no-untyped-call]
    if not found:
        raise NoValueError("no frame of the video decodes")
    return found


def _count(path: Path) -> int:
    with open_recording(path) as container:
        return sum(1 for _ in video_frames(container))


def frames_within(path: Path, side: int, most: int) -> Any:
    """The first frames of a video, each scaled to a square: an array of frames, rows, columns and colours, 0 to 255."""
    import numpy as np

    found: list[Any] = []
    with open_recording(path) as container:
        for frame in video_frames(container):
            found.append(frame.reformat(side, side, "rgb24", interpolation="BILINEAR").to_ndarray())
            if len(found) == most:
                break
    return np.stack(found) if found else np.zeros((0, side, side, 3), np.uint8)
