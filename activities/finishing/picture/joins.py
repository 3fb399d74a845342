"""What a frame of a transition shows: two shots at once, or one that is darker. Frames are yuv420p."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from PIL import Image

from activities.media.planes import frame_of, planes_of

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

_BLACK: Final = (16, 128, 128)
"""Of the planes Y, U and V, in the limited range."""


def _dissolve(one: "VideoFrame", other: "VideoFrame", share: float) -> "VideoFrame":
    pairs = zip(planes_of(one), planes_of(other), strict=True)
    return frame_of([Image.blend(before, after, share) for before, after in pairs], one)


def _wipe(one: "VideoFrame", other: "VideoFrame", share: float) -> "VideoFrame":
    """The second shot covers the first from the left."""
    edge = round(one.width * share / 2) * 2
    planes = planes_of(one)
    for number, (before, after) in enumerate(zip(planes, planes_of(other), strict=True)):
        before.paste(after.crop((0, 0, edge if number == 0 else edge // 2, after.height)), (0, 0))
    return frame_of(planes, one)


JOINS: Final[Mapping[str, "Callable[[VideoFrame, VideoFrame, float], VideoFrame]"]] = {
    "dissolve": _dissolve,
    "wipe": _wipe,
}
"""Kind of a transition -> the frame at a share of it between 0 and 1."""


def darken(frame: "VideoFrame", light: float) -> "VideoFrame":
    """The frame with a share of its light; 0 is black."""
    planes = zip(planes_of(frame), _BLACK, strict=True)
    return frame_of([Image.blend(Image.new("L", p.size, black), p, light) for p, black in planes], frame)
