"""Makes frames of any camera or model opaque, progressive, upright, and BT.709."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from activities.finishing.picture.colours import map_colours

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from activities.finishing.picture.colours import Filter

UPRIGHT: Final[Mapping[int, Sequence[tuple[str, str]]]] = {
    90: [("transpose", "cclock")],
    -90: [("transpose", "clock")],
    180: [("transpose", "clock"), ("transpose", "clock")],
    -180: [("transpose", "clock"), ("transpose", "clock")],
}
"""Degrees by which a frame has to be rotated (telephones record their orientation) -> filters for that."""
_FIELDS: Final = (2, 3, 4, 5)
"""Orders of fields in which a stream is interlaced (libavcodec, AVFieldOrder)."""
_UNSPECIFIED: Final = 2
_HDR: Final = (16, 18)
_BT2020: Final = 9
"""ITU-T H.273, tables 2 and 3: transfer characteristics of PQ and HLG; primaries and matrix of BT.2020."""
_HD_WIDTH, _SD_HEIGHT = 1280, 576
"""From this width, or above this height, players read colours without a matrix as BT.709, otherwise as BT.601
(mpv, mp_csp_guess_colorspace)."""


def convert(frame: "VideoFrame", stream: "VideoStream") -> Sequence["Filter"]:
    """The filters for frames like this one of a stream."""
    turned = UPRIGHT.get(frame.rotation, ())
    return (*_matrix(frame), *_opaque(frame), *_progressive(frame, stream), *turned, *map_colours(frame))


def _matrix(frame: "VideoFrame") -> Sequence["Filter"]:
    """The matrix that players use where the source has none; libswscale reads all as BT.601."""
    if frame.colorspace != _UNSPECIFIED or frame.format.is_rgb or len(frame.format.components) < 3:
        return ()
    if frame.color_trc in _HDR or frame.color_primaries == _BT2020:
        return (("setparams", "colorspace=bt2020nc"),)
    high = frame.width >= _HD_WIDTH or frame.height > _SD_HEIGHT
    return (("setparams", f"colorspace={'bt709' if high else 'smpte170m'}"),)


def _opaque(frame: "VideoFrame") -> Sequence["Filter"]:
    """A transparent picture over black: what is under its transparent parts was never meant to be seen."""
    if not any(component.is_alpha for component in frame.format.components):
        return ()
    return (("premultiply", "inplace=1"),)


def _progressive(frame: "VideoFrame", stream: "VideoStream") -> Sequence["Filter"]:
    """One frame of both fields of an interlaced frame, without combs; progressive frames stay as they are."""
    order = getattr(stream.codec_context, "field_order", 0)
    if not frame.interlaced_frame and order not in _FIELDS:
        return ()
    return (("bwdif", "mode=send_frame:deint=interlaced"),)
