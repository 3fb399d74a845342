"""The planes of a frame in yuv420p as pictures, to draw on them, and back. Sizes are pixels."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

Box = tuple[float, float, float, float]
"""Left, top, right and lower edge in a picture."""


def planes_of(frame: "VideoFrame") -> list[Image.Image]:
    """Copies of the planes Y, U and V; decoders and filters still use the frame itself."""
    return [
        Image.frombuffer("L", (p.width, p.height), bytes(p), "raw", "L", p.line_size, 1).copy() for p in frame.planes
    ]


def window_of(planes: Sequence[Image.Image], box: Box, size: tuple[int, int]) -> list[Image.Image]:
    """The part of the planes in a box, which may begin and end inside pixels, in this even size.

    A camera moves smoothly by it; libavfilter's zoompan moves by whole pixels, and trembles.
    """
    half: Box = (box[0] / 2, box[1] / 2, box[2] / 2, box[3] / 2)
    small = size[0] // 2, size[1] // 2
    parts = zip(planes, (size, small, small), (box, half, half), strict=True)
    return [plane.resize(shape, Image.Resampling.BILINEAR, box=part) for plane, shape, part in parts]


def frame_of(planes: Sequence[Image.Image], like: "VideoFrame") -> "VideoFrame":
    """A new frame of these planes, with the colours of another."""
    from av.video.frame import VideoFrame

    drawn = VideoFrame(planes[0].width, planes[0].height, "yuv420p")
    for image, target in zip(planes, drawn.planes, strict=True):
        target.update(image.tobytes("raw", "L", target.line_size, 1))
    drawn.colorspace, drawn.color_range = like.colorspace, like.color_range
    return drawn
