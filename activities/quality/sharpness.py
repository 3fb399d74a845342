"""How blurred a picture is, without a reference: the share of its detail that a further blur would not remove.

The measure of Crete et al. (The Blur Effect, 2007): neighbouring pixels of a sharp picture differ much less after a
blur, those of a blurred one nearly as much. It is taken in tiles, and the sharpest tile counts, because a shallow depth
of field is no fault; and at three sizes, because at full size a strong blur leaves nothing to compare.
"""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

    Pixels = np.ndarray[tuple[int, ...], np.dtype[np.int16]]

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
        pixels = np.asarray(small, dtype=np.int16)
        found.append(_sharpest_tile(pixels, tiles))
    known = [value for value in found if value is not None]
    return max(known) if known else None


def _sharpest_tile(pixels: "Pixels", tiles: int) -> float | None:
    """The lowest blur of all tiles with detail; of the two directions of a tile, the more blurred one counts."""
    import numpy as np

    starts = [[n * side // tiles for n in range(tiles)] for side in pixels.shape]
    contrast = _of_tiles(np.maximum, pixels, starts) - _of_tiles(np.minimum, pixels, starts)
    worst = np.maximum(*(_blur_along(pixels, axis, starts) for axis in (0, 1)))
    found = worst[contrast >= _LEAST_CONTRAST]
    return float(found.min()) if found.size else None


def _blur_along(pixels: "Pixels", axis: int, starts: list[list[int]]) -> Any:
    """For each tile, 1 minus the share of the differences of neighbours along an axis that a blur removes."""
    import numpy as np

    # The mean of _TAPS pixels changes to the next one by the pixel that enters minus the pixel that leaves, over _TAPS.
    around = [(_TAPS // 2,) * 2 if each == axis else (0, 0) for each in (0, 1)]
    along = np.moveaxis(np.pad(pixels, around, "edge"), axis, 0)
    after = np.moveaxis(abs(along[_TAPS:] - along[:-_TAPS]), 0, axis)
    before = abs(np.diff(pixels, axis=axis)) * np.int16(_TAPS)
    lost = _of_tiles(np.add, np.maximum(before - after, 0), starts)
    return 1 - lost / np.maximum(_of_tiles(np.add, before, starts), 1)


def _of_tiles(reduce: "np.ufunc", values: Any, starts: list[list[int]]) -> Any:
    """The sum, maximum or minimum of each tile, which begin at these rows and columns."""
    for axis in (0, 1):
        values = reduce.reduceat(values, starts[axis], axis=axis, dtype="int32")
    return values
