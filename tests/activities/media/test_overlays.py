"""Pictures over frames: mixed in BT.709, only where they are, without changing the frame itself."""

import av
import numpy as np
import pytest
from PIL import Image

from activities.media.overlays import Overlay, compose


def frame_of(colour: tuple[int, int, int], size: tuple[int, int] = (130, 90)) -> av.VideoFrame:
    """A frame in yuv420p, BT.709, TV range; the width is no multiple of its lines' alignment."""
    picture: av.VideoFrame = av.VideoFrame.from_image(Image.new("RGB", size, colour))  # type: ignore[no-untyped-call]  # PyAV leaves it untyped
    return picture.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")


def pixel(frame: av.VideoFrame, at: tuple[int, int]) -> tuple[int, ...]:
    shown = frame.reformat(format="rgb24", src_colorspace="ITU709", src_color_range="MPEG").to_ndarray()
    return tuple(int(value) for value in shown[at[1], at[0]])


@pytest.mark.parametrize("colour", [(255, 255, 255), (0, 0, 0), (255, 214, 10), (20, 90, 200), (190, 30, 40)])
@pytest.mark.parametrize("alpha", [255, 128, 0])
def test_colours_are_mixed(colour: tuple[int, int, int], alpha: int) -> None:
    """A colour of any opacity is that of the picture over the frame, within the rounding of 8 bit."""
    overlay = Overlay(Image.new("RGBA", (40, 20), (*colour, alpha)), 30, 40)
    frame = frame_of((60, 120, 180))
    ground = pixel(frame, (50, 50))
    drawn = compose(frame, overlay)
    expected = [(top * alpha + low * (255 - alpha)) / 255 for top, low in zip(colour, ground, strict=True)]
    assert pixel(drawn, (50, 50)) == pytest.approx(expected, abs=4)
    for outside in ((28, 50), (71, 50), (50, 38), (50, 61)):
        assert pixel(drawn, outside) == pytest.approx(ground, abs=3)


def test_the_frame_itself_stays() -> None:
    """Decoders refer to frames, and a held frame is drawn on again: only a copy has the picture."""
    frame = frame_of((10, 200, 30))
    before = [bytes(plane) for plane in frame.planes]
    frame.pts = 7
    drawn = compose(frame, Overlay(Image.new("RGBA", (130, 90), (255, 255, 255, 255)), 0, 0))
    assert [bytes(plane) for plane in frame.planes] == before
    assert (drawn.pts, drawn.colorspace, drawn.color_range) == (7, frame.colorspace, frame.color_range)
    luma = np.frombuffer(drawn.planes[0], np.uint8).reshape(90, -1)[:, :130]  # type: ignore[call-overload]
    assert set(luma.ravel().tolist()) == {235}
