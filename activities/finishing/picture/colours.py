"""Maps HDR and wide gamuts to BT.709.

A table of colours of our own: libswscale calculates one for each graph of filters in 4 s, and PQ needs two of them
because its table is coarse for dark values. Synchronous, so call it from a thread.
"""

from collections.abc import Callable, Sequence
from functools import cache
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from av.filter import Graph
    from av.filter.context import FilterContext
    from av.video.frame import VideoFrame
    from numpy.typing import NDArray

    Filter = tuple[str, str] | Callable[[Graph], FilterContext]

WHITE: Final = 203
"""cd/m2 of diffuse white in HDR (ITU-R BT.2408)."""
_HLG_PEAK: Final = 1_000
"""cd/m2 of the display for which HLG is converted (ITU-R BT.2408)."""
_PQ_PEAK: Final = 10_000
_PQ, _HLG = 16, 18
"""Transfer characteristics (ITU-T H.273, table 3)."""
_BT2020, _DCI_P3, _DISPLAY_P3 = 9, 11, 12
"""Colour primaries (ITU-T H.273, table 2)."""
_GAMMA: Final = 2.4
"""Of an SDR display (ITU-R BT.1886)."""
_SIZE: Final = 33
"""Values of each component in the table; between them libavfilter interpolates."""
_D65: Final = (0.3127, 0.3290)
_P3: Final = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
_CHROMATICITIES: Final = {
    1: ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    _BT2020: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    _DCI_P3: _P3,  # with the white of D65, so that white stays white
    _DISPLAY_P3: _P3,
}
"""x and y of red, green and blue."""


def map_colours(frame: "VideoFrame") -> Sequence["Filter"]:
    """Filters that map HDR and wide gamuts to BT.709; none for SDR with the usual colours.

    Diffuse white of HDR becomes white; brighter values, and colours outside of BT.709, are clipped.
    """
    hdr = frame.color_trc in (_PQ, _HLG)
    wide = frame.color_primaries in (_BT2020, _DCI_P3, _DISPLAY_P3)
    if not hdr and not wide:
        return ()
    # A telephone may leave out values that its transfer implies.
    primaries = frame.color_primaries if wide else _BT2020
    transfer = frame.color_trc if hdr else 1
    return (
        ("scale", "iw:ih"),
        ("format", "gbrp16le"),
        lambda graph: _add_table(graph, primaries, transfer),
        ("setparams", "color_primaries=bt709:color_trc=bt709"),
    )


def _add_table(graph: "Graph", primaries: int, transfer: int) -> "FilterContext":
    """The filter has read its file when it is in the graph."""
    with NamedTemporaryFile("w", suffix=".cube", encoding="ascii") as file:
        file.write(_cube(primaries, transfer))
        file.flush()
        return graph.add("lut3d", file=file.name, interp="tetrahedral")


@cache
def _cube(primaries: int, transfer: int) -> str:
    """The table in the format of a .cube file: red changes fastest. Values beyond 0 to 1 are clipped after they are
    interpolated, so that colours next to the clipped ones stay exact."""
    import numpy as np

    steps = np.linspace(0, 1, _SIZE)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    rows = to_bt709(np.stack([red, green, blue], axis=-1).reshape(-1, 3), primaries, transfer)
    return f"LUT_3D_SIZE {_SIZE}\n" + "".join(f"{r:.6f} {g:.6f} {b:.6f}\n" for r, g, b in rows.tolist())


def to_bt709(rgb: "NDArray[Any]", primaries: int, transfer: int) -> "NDArray[Any]":
    """Rows of red, green and blue, 0 to 1, in BT.709; less than 0 or more than 1 outside of it."""
    import numpy as np

    to_xyz = _to_xyz(_CHROMATICITIES[primaries])
    light = _light(rgb, transfer, to_xyz[1]) @ (np.linalg.inv(_to_xyz(_CHROMATICITIES[1])) @ to_xyz).T
    return np.asarray(np.sign(light) * np.abs(light) ** (1 / _GAMMA))


def _light(rgb: "NDArray[Any]", transfer: int, luma: "NDArray[Any]") -> "NDArray[Any]":
    """The displayed light of each component; white is 1.

    Args:
        luma: The shares of the components in the luminance.
    """
    import numpy as np

    if transfer == _PQ:  # SMPTE ST 2084
        power = rgb ** (1 / 78.84375)
        light = np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)
        return np.asarray(light ** (1 / 0.1593017578125) * (_PQ_PEAK / WHITE))
    if transfer == _HLG:  # ITU-R BT.2100
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        scene = np.where(rgb <= 0.5, rgb**2 / 3, (np.exp((rgb - c) / a) + b) / 12)
        return np.asarray(scene * (scene @ luma)[:, None] ** 0.2 * (_HLG_PEAK / WHITE))
    return np.asarray(rgb**_GAMMA)


def _to_xyz(chromaticities: Sequence[tuple[float, float]]) -> "NDArray[Any]":
    """The matrix from linear red, green and blue to XYZ."""
    import numpy as np

    white, *primaries = (np.array([x / y, 1, (1 - x - y) / y]) for x, y in (_D65, *chromaticities))
    columns = np.stack(primaries, axis=1)
    return columns * np.linalg.solve(columns, white)
