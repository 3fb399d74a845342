"""The planes of a frame in yuv420p as pictures, to draw on them, and back. Sizes are pixels."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from av.video.frame import VideoFrame


def planes_of(frame: "VideoFrame") -> list[Image.Image]:
    """Copies of the planes Y, U and V; decoders and filters still use the frame itself."""
    return [
        Image.frombuffer("L", (p.width, p.height), bytes(p), "raw", "L", p.line_size, 1).copy() for p in frame.planes
    ]


def frame_of(planes: Sequence[Image.Image], like: "VideoFrame") -> "VideoFrame":
    """A new frame of these planes, with the colours of another."""
    from av.video.frame import VideoFrame

    drawn = VideoFrame(like.width, like.height, "yuv420p")
    for image, target in zip(planes, drawn.planes, strict=True):
        target.update(image.tobytes("raw", "L", target.line_size, 1))
    drawn.colorspace, drawn.color_range = like.colorspace, like.color_range
    return drawn
