"""How blurred a picture is, without a reference: the share of its detail that a further blur would not remove.

The measure of Crete et al. (The Blur Effect, 2007): neighbouring pixels of a sharp picture differ much less after a
blur, those of a blurred one nearly as much. It is taken in tiles, and the sharpest tile counts, because a shallow depth
of field is no fault; and at three sizes, because at full size a strong blur leaves nothing to compare.
"""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

    Pixels = np.ndarray[tuple[int, ...], np.dtype[np.float32]]

BLURRED: Final = 0.53
"""0 is sharp, 1 blurred. Measured in pictures 640 pixels wide: drawings, screens and photographs 0.1 to 0.45; the same
with a blur of 1 pixel (sigma) up to 0.49, of 3 pixels and more at least 0.54, mostly 0.6 to 0.9."""
_LEVELS: Final = ((1, 6), (2, 4), (4, 2))
"""Divisor of the size, and tiles in each direction."""
_LEAST_CONTRAST: Final = 24
"""Within a tile that counts, 0 to 255: without detail, there is nothing that could be blurred."""
_TAPS: Final = 9
_LEAST_SIDE: Final = 160
"""A smaller picture, pixels, is an icon, whose edges cannot be wide."""


def blur_of(picture: "Image") -> float | None:
    """From 0 (sharp) to 1 (blurred), of a picture up to 640 pixels wide; None if it has no detail, or is small."""
    import numpy as np

    if min(picture.size) < _LEAST_SIDE:
        return None
    grey, found = picture.convert("L"), []
    for divisor, tiles in _LEVELS:
        small = grey.reduce(divisor) if divisor > 1 else grey
        pixels = np.asarray(small, dtype=np.float32)
        found.append(_sharpest_tile(pixels, tiles))
    known = [value for value in found if value is not None]
    return max(known) if known else None


def _sharpest_tile(pixels: "Pixels", tiles: int) -> float | None:
    """The lowest blur of all tiles with detail; of the two directions of a tile, the more blurred one counts."""
    before_and_lost = [_differences(pixels, axis) for axis in (0, 1)]
    height, width = pixels.shape
    lowest: float | None = None
    for row in range(tiles):
        for column in range(tiles):
            tile = (
                slice(row * height // tiles, (row + 1) * height // tiles),
                slice(column * width // tiles, (column + 1) * width // tiles),
            )
            if float(pixels[tile].max() - pixels[tile].min()) < _LEAST_CONTRAST:
                continue
            kept = (
                1 - float(lost[tile].sum()) / max(float(before[tile].sum()), 1e-6) for before, lost in before_and_lost
            )
            worst = max(kept)
            lowest = worst if lowest is None else min(lowest, worst)
    return lowest


def _differences(pixels: "Pixels", axis: int) -> "tuple[Any, Any]":
    """Of neighbours along an axis: the differences, and by how much a blur reduces them."""
    import numpy as np

    along = np.ascontiguousarray(np.moveaxis(pixels, axis, 0))  # rows are added up much faster than columns
    padded = np.pad(along, ((_TAPS // 2 + 1, _TAPS // 2), (0, 0)), "edge")
    sums = np.cumsum(padded, axis=0)
    blurred = (sums[_TAPS:] - sums[:-_TAPS]) / _TAPS
    before, after = np.abs(np.diff(along, axis=0)), np.abs(np.diff(blurred, axis=0))
    lost = np.maximum(before - after, 0)
    return np.moveaxis(before, 0, axis), np.moveaxis(lost, 0, axis)
