"""Pictures over frames of video: only the part of the frame that they cover is mixed.

Pixels of frames are yuv420p in BT.709, TV range, as films have them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from PIL import Image

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

_LUMA: Final = (0.2126, 0.7152, 0.0722)
_BLUE: Final = (-0.1146, -0.3854, 0.5)
_RED: Final = (0.5, -0.4542, -0.0458)
"""Of red, green and blue (ITU-R BT.709, 3.2 and 3.3)."""


class _Layer(NamedTuple):
    """A plane of the overlay: the part of the frame that is kept, of 255, and what is added, times 255."""

    kept: Any
    added: Any


@dataclass(frozen=True)
class Overlay:
    """A picture with transparency (RGBA), and where its upper left corner is in the frame; all are even numbers."""

    image: Image.Image
    left: int
    top: int

    @cached_property
    def layers(self) -> Sequence[_Layer]:
        """The planes Y, U and V, made once however many frames have this overlay."""
        import numpy as np

        *colours, alpha = (np.asarray(band).astype(np.float32) for band in self.image.split())
        light = [colour * alpha for colour in colours]

        def halved(plane: Any) -> Any:
            return (plane[::2, ::2] + plane[::2, 1::2] + plane[1::2, ::2] + plane[1::2, 1::2]) / 4

        def layer(weights: Sequence[float], scale: float, offset: float, light: Sequence[Any], alpha: Any) -> _Layer:
            added = alpha * offset + sum(
                part * (weight * scale / 255) for part, weight in zip(light, weights, strict=True)
            )
            return _Layer(np.rint(255 - alpha).astype(np.uint16), np.rint(added).astype(np.uint16))

        small, clear = [halved(part) for part in light], halved(alpha)
        luma = layer(_LUMA, 219, 16, light, alpha)
        return luma, layer(_BLUE, 224, 128, small, clear), layer(_RED, 224, 128, small, clear)


def compose(frame: "VideoFrame", overlay: Overlay) -> "VideoFrame":
    """A copy of a frame (yuv420p) with the overlay; decoders and filters still use the frame itself."""
    import numpy as np
    from av.video.frame import VideoFrame

    drawn = VideoFrame(frame.width, frame.height, "yuv420p")
    drawn.pts = frame.pts
    if frame.time_base:
        drawn.time_base = frame.time_base
    drawn.colorspace, drawn.color_range = frame.colorspace, frame.color_range
    for source, target, layer, step in zip(frame.planes, drawn.planes, overlay.layers, (1, 2, 2), strict=True):
        pixels = np.frombuffer(target, np.uint8).reshape(-1, target.line_size)  # type: ignore[call-overload]
        original = np.frombuffer(source, np.uint8).reshape(-1, source.line_size)  # type: ignore[call-overload]
        pixels[: target.height, : target.width] = original[: target.height, : target.width]
        top, left = overlay.top // step, overlay.left // step
        covered = pixels[top : top + len(layer.kept), left : left + layer.kept.shape[1]]
        mixed = covered * layer.kept + layer.added
        covered[:] = (mixed + 1 + (mixed >> 8)) >> 8  # divided by 255
    return drawn
