"""Pictures in the form that a vendor accepts: upright, in sRGB, with their alpha channel, and within its limits."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from activities.errors import InvalidRequest
from activities.media.stills import BROKEN, PIXEL_BUDGET, decode_picture, open_picture, peculiarities

if TYPE_CHECKING:
    from PIL.Image import Image

USUAL_TYPES: Final = frozenset({"image/png", "image/jpeg", "image/webp"})
"""Media types that every vendor accepts."""
_TYPES: Final = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "AVIF": "image/avif",
}
"""Pillow's names; MPO is a JPEG file to which a phone appended a second picture."""
_QUALITIES: Final = (92, 85, 75)
"""For JPEG and WebP: from no visible loss to little. Below 75, a smaller picture looks better than a coarser one."""
_SHRINK: Final = 0.8
_OPAQUE_FROM: Final = 128


@dataclass(frozen=True)
class Limits:
    """The limits of a vendor for one picture.

    Attributes:
        max_bytes: Size of the file.
        max_side: Width and height, in pixels; 0: any.
        max_pixels: Width times height; 0: any.
        types: Accepted media types.
    """

    max_bytes: int
    max_side: int = 0
    max_pixels: int = 0
    types: frozenset[str] = USUAL_TYPES

    def scale(self, width: int, height: int) -> float:
        """The factor by which a picture has to be scaled down; 1 if it fits."""
        sides = self.max_side / max(width, height) if self.max_side else 1.0
        area = (self.max_pixels / (width * height)) ** 0.5 if self.max_pixels else 1.0
        return min(1.0, sides, area)


@dataclass(frozen=True)
class Picture:
    """An encoded picture, ready to send; `size` is in pixels."""

    data: bytes
    media_type: str
    size: tuple[int, int]


def fit_picture(path: Path, limits: Limits) -> Picture:
    """A picture within a vendor's limits: unchanged if it fits, otherwise encoded again and, if that is not enough,
    scaled down. Synchronous, so call it from a thread.

    Raises:
        InvalidRequest: the file is not a picture.
    """
    with _readable():
        if as_is := _as_is(path, limits):
            return as_is
        with decode_picture(path) as picture:
            return _encode(picture, limits)


def fit_mask(path: Path, size: tuple[int, int], max_bytes: int) -> Picture:
    """A mask as a PNG of the size of the picture that it masks; the picture is changed where the mask is transparent.

    Raises:
        InvalidRequest: the file is not a picture, or is too detailed for `max_bytes`.
    """
    from PIL import Image

    limits = Limits(max_bytes, types=frozenset({"image/png"}))
    with _readable():
        as_is = _as_is(path, limits)
        if as_is and as_is.size == size:
            return as_is
        with decode_picture(path) as picture:
            if picture.size != size:
                picture = picture.resize(size, Image.Resampling.NEAREST)
            data = _encode_file(picture, "PNG")
            if len(data) > max_bytes and picture.mode == "RGBA":
                # Neither the colours of a mask nor its degrees of transparency have a meaning.
                whole = picture.getchannel("A").point(lambda value: 255 * (value >= _OPAQUE_FROM))
                picture = Image.merge("LA", (Image.new("L", size), whole)).convert("RGBA")
                data = _encode_file(picture, "PNG")
    if len(data) > max_bytes:
        raise InvalidRequest(f"depends_on: the mask has more than {max_bytes:,} bytes as a PNG; give a simpler one")
    return Picture(data, "image/png", size)


def _as_is(path: Path, limits: Limits) -> Picture | None:
    """The file itself, if it is within the limits, and shown by every vendor as people see it."""
    with open_picture(path) as image:
        kind, size = _TYPES[str(image.format)], image.size
        fits = kind in limits.types and limits.scale(*size) == 1 and path.stat().st_size <= limits.max_bytes
        with PIXEL_BUDGET.reserve(size[0] * size[1]):  # the EXIF of a PNG may follow its picture data
            if not fits or peculiarities(image):
                return None
        return Picture(path.read_bytes(), kind, size)


def _encode(picture: "Image", limits: Limits) -> Picture:
    from PIL import Image

    scale = limits.scale(*picture.size)
    clear = picture.mode == "RGBA"
    while True:
        if scale < 1:
            small = [max(int(side * scale), 1) for side in picture.size]
            picture = picture.resize((small[0], small[1]), Image.Resampling.LANCZOS)
        forms = [("PNG", 0)] if clear else []
        lossy = "WEBP" if clear else "JPEG"
        if _TYPES[lossy] in limits.types:
            forms += [(lossy, quality) for quality in _QUALITIES]
        for form, quality in forms:
            data = _encode_file(picture, form, quality)
            if len(data) <= limits.max_bytes or max(picture.size) == 1:
                return Picture(data, _TYPES[form], picture.size)
        scale = _SHRINK


def _encode_file(picture: "Image", form: str, quality: int = 0) -> bytes:
    buffer = io.BytesIO()
    # A profile that could not be read is still there.
    picture.save(buffer, form, icc_profile=None, **({"quality": quality} if quality else {}))
    return buffer.getvalue()


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except BROKEN as error:
        raise InvalidRequest(f"inputs: an input picture does not open: {error}") from None
