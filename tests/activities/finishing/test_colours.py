"""HDR and wide gamuts in BT.709: exact values of the table, and pictures that need none."""

import av
import numpy as np
import pytest

from activities.finishing.picture.colours import map_colours, to_bt709

PQ, HLG, SDR = 16, 18, 1
BT2020, DISPLAY_P3 = 9, 12


@pytest.mark.parametrize(
    ("transfer", "white", "grey"),
    [(PQ, 0.5807, 0.4156), (HLG, 0.7499, 0.4456), (SDR, 1.0, 0.5)],  # codes of 203 and 38.46 cd/m2 (BT.2100)
    ids=["pq", "hlg", "sdr"],
)
def test_greys_stay_grey(transfer: int, white: float, grey: float) -> None:
    """Diffuse white becomes white, a middle grey keeps its share of the light, and black is black."""
    shown = to_bt709(np.repeat([[white], [grey], [0.0]], 3, axis=1), BT2020, transfer)
    assert shown == pytest.approx(np.repeat([[1.0], [0.5], [0.0]], 3, axis=1), abs=0.002)


def test_colours_outside_of_bt709_are_beyond_its_values() -> None:
    """Pure red of a wider gamut is more red than BT.709 has, and less than no green; its own white is white."""
    red, white = to_bt709(np.array([[1.0, 0, 0], [1.0, 1, 1]]), DISPLAY_P3, SDR)
    assert (red[0] > 1, red[1] < 0) == (True, True)
    assert white == pytest.approx([1, 1, 1], abs=0.001)


def test_usual_colours_have_no_table() -> None:
    """A frame of SDR is mapped only if its primaries are wide."""
    frame = av.VideoFrame(16, 16, "yuv420p")
    for primaries, wide in ((1, False), (2, False), (BT2020, True), (DISPLAY_P3, True)):
        frame.color_primaries = primaries
        assert bool(map_colours(frame)) == wide
