"""Decodes picture files: upright, 8 bits a channel, in sRGB, with their alpha channel, and few at once in a process.

Sizes are pixels. Synchronous, so call it from a thread: it may wait until other pictures are decoded.
"""

import io
import struct
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from itertools import chain, product
from pathlib import Path
from threading import Condition, Lock
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF", "AVIF")
"""Pillow's names; some other formats start external programs, and no browser shows them."""
PIXELS_AT_ONCE: Final = 70_000_000
"""Of all pictures that this process decodes concurrently, at four bytes each: one of the largest accepted pictures."""
BROKEN: Final = (
    *(OSError, EOFError, ValueError, SyntaxError, LookupError, ArithmeticError, RuntimeError),
    *(struct.error, zlib.error),
)
"""The errors of Pillow and its decoders for a broken file. Others, such as a TypeError, are errors of the program."""

_ORIENTATION: Final = 0x0112
_TURNS: Final = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}
"""EXIF orientation -> Pillow's `Transpose` that makes it upright."""
_SIDEWAYS: Final = (2, 4, 5, 6)
_PIECE_BYTES: Final = 1_000_000
_IN_MEMORY_BYTES: Final = 64_000_000
"""Of a PNG without its texts: so a full disk does not stop the check of a picture that is paid for."""
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_TEXTS: Final = (b"tEXt", b"zTXt", b"iTXt")
_PLAIN_MODES: Final = ("L", "RGB", "RGBA")
_SPACES: Final = {"L": "GRAY", "RGB": "RGB", "RGBA": "RGB", "CMYK": "CMYK"}
"""Pillow's modes -> the colour space of a profile that fits them."""
_SAMPLES: Final = bytes(chain.from_iterable(product((0, 64, 128, 192, 255), repeat=3)))
_SAME_COLOUR: Final = 3
"""Of 255: the profiles that cameras and editors write for sRGB differ by their rounding."""


class PixelBudget:
    """Limits the pixels that are decoded at once, first come, first served; a larger picture is decoded alone."""

    def __init__(self, pixels: int) -> None:
        self._pixels = pixels
        self._used = 0
        self._turn = Lock()
        self._left = Condition()

    @contextmanager
    def reserve(self, pixels: int) -> Iterator[None]:
        """Wait until a picture of `pixels` fits, and reserve its pixels while the block runs."""
        needed = min(pixels, self._pixels)
        with self._turn, self._left:
            self._left.wait_for(lambda: self._used + needed <= self._pixels)
            self._used += needed
        try:
            yield
        finally:
            with self._left:
                self._used -= needed
                self._left.notify_all()


PIXEL_BUDGET: Final = PixelBudget(PIXELS_AT_ONCE)


@contextmanager
def open_picture(source: Path | BinaryIO) -> Iterator["Image"]:
    """A picture file whose header is read. The text chunks of a PNG are left out, however long they are.

    Raises:
        BROKEN: the format is not in FORMATS, or the file is incomplete.
    """
    from PIL import Image

    with source.open("rb") if isinstance(source, Path) else nullcontext(source) as file:
        begin = file.read(len(_PNG))
        file.seek(0)
        with _without_texts(file) if begin == _PNG else nullcontext(file) as plain:
            try:
                image = Image.open(plain, formats=FORMATS)
            except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
                raise ValueError(str(error)) from None
            with image:
                yield image


@contextmanager
def decode_picture(source: Path | BinaryIO, within: tuple[int, int] | None = None) -> Iterator["Image"]:
    """A picture as L, RGB or, if a part of it is transparent, RGBA; upright, 8 bits a channel, in sRGB.

    Its pixels are reserved while the block runs: an image that is kept longer should be smaller.

    Args:
        within: The largest size; a larger picture is scaled down, with its own aspect.

    Raises:
        BROKEN: the format is not in FORMATS, or the file is incomplete.
    """
    with open_picture(source) as image:
        if within:
            # A JPEG then decodes at a reduced size; it may have to be rotated afterwards.
            image.draft(None, (max(within), max(within)))
        with PIXEL_BUDGET.reserve(image.width * image.height):
            yield upright(image, within)


def upright(image: "Image", within: tuple[int, int] | None = None) -> "Image":
    """The first frame of an open picture as `decode_picture` gives it."""
    from PIL import Image

    picture = _eight_bits(image)
    turn = _TURNS.get(orientation_of(picture))
    if within:
        picture.thumbnail(within[::-1] if turn in _SIDEWAYS else within, Image.Resampling.LANCZOS)
    picture = in_srgb(picture)
    picture.info.pop("exif", None)
    return picture if turn is None else picture.transpose(Image.Transpose(turn))


def peculiarities(image: "Image") -> list[str]:
    """What some models and browsers would show in another way than people see the picture; empty for a plain file.

    Call it before the picture is decoded.

    Raises:
        BROKEN: the file is incomplete.
    """
    tiles: Any = getattr(image, "tile", ())  # of a file, until it is decoded
    deep = any(";16" in str(tile[3]) for tile in tiles)
    form = "16 bits" if deep else image.mode if image.mode not in _PLAIN_MODES else ""
    why = [f"converted from {form} to RGB, 8 bits"] if form else []
    why += ["converted from the colours of its profile to sRGB"] if _has_other_colours(image) else []
    why += ["turned upright by its EXIF orientation"] if orientation_of(image) != 1 else []
    # A telephone appends a second picture to a JPEG (MPO), which is not shown.
    return why + (["its first frame is used"] if image.format != "MPO" and getattr(image, "n_frames", 1) > 1 else [])


def in_srgb(picture: "Image") -> "Image":
    """A picture in sRGB by its colour profile, without the profile; as it is where it has none that fits."""
    from PIL import ImageCms

    profile = picture.info.get("icc_profile")
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile)) if profile else None
        if own is None or own.profile.xcolor_space.strip() != _SPACES.get(picture.mode):
            return picture
        mode = "RGBA" if picture.mode == "RGBA" else "RGB"
        made = ImageCms.profileToProfile(picture, own, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return picture
    assert made is not None  # only a change in place returns None
    made.info = {name: value for name, value in picture.info.items() if name != "icc_profile"}
    return made


def _has_other_colours(image: "Image") -> bool:
    """Whether the colours of a picture by its profile differ from those without it."""
    from PIL import Image, ImageChops

    mode = "RGB" if image.mode in ("P", "RGBA") else image.mode
    if mode not in _SPACES or "icc_profile" not in image.info:
        return False
    sample = Image.frombytes(mode, (len(_SAMPLES) // len(Image.new(mode, (1, 1)).getbands()), 1), _SAMPLES)
    sample.info["icc_profile"] = image.info["icc_profile"]
    shown = in_srgb(sample)
    far = ImageChops.difference(shown.convert("RGB"), sample.convert("RGB"))
    return shown is not sample and max(high for _, high in far.getextrema()) > _SAME_COLOUR  # type: ignore[misc]


def orientation_of(image: "Image") -> int:
    """The EXIF orientation of a picture: 1 to 8; 1, upright, if it is absent or broken.

    Raises:
        BROKEN: the pixels of a PNG, which its EXIF may follow, are incomplete.
    """
    if image.format == "PNG":
        image.load()  # Pillow would do that while it reads the EXIF
    with suppress(*BROKEN):
        noted = image.getexif().get(_ORIENTATION)
        return noted if noted in _TURNS else 1
    return 1


def upright_size(image: "Image") -> tuple[int, int]:
    """The width and height of a picture as it is shown."""
    width, height = image.size
    return (height, width) if _TURNS.get(orientation_of(image)) in _SIDEWAYS else (width, height)


def _eight_bits(image: "Image") -> "Image":
    """The first frame of a picture, converted to L, RGB or RGBA; print colours by their profile."""
    image = in_srgb(image) if image.mode == "CMYK" else _grey(image)
    if image.has_transparency_data:
        picture = image if image.mode == "RGBA" else image.convert("RGBA")
        lowest, _ = picture.getchannel("A").getextrema()
        return picture if lowest != 255 else picture.convert("RGB")
    image.load()
    return image if image.mode in ("L", "RGB") else image.convert("RGB")


def _grey(image: "Image") -> "Image":
    """A picture of 16 or 32 bits, or of floats, as L: Pillow would clip it at 255. Any other one as it is."""
    if image.mode != "F" and not image.mode.startswith("I"):
        return image
    clear, most = image.info.get("transparency"), 65_535
    if image.mode in ("F", "I"):
        high = cast(float, image.getextrema()[1])
        most = most if high > 255 else 255 if high > 1 else 1
    image = image.point(lambda value: value * (255 / most) + 0.5).convert("L")
    if isinstance(clear, int):
        image.info["transparency"] = clear * 255 // most
    return image


@contextmanager
def _without_texts(file: BinaryIO) -> Iterator[BinaryIO]:
    """A PNG without its text chunks, which Pillow reads in full and refuses if they are long."""
    with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as plain:
        plain.write(file.read(len(_PNG)))
        while len(head := file.read(8)) == 8:
            length = int.from_bytes(head[:4]) + 4  # with its checksum
            if head[4:] in _TEXTS:
                file.seek(length, 1)
                continue
            plain.write(head)
            while length and (piece := file.read(min(length, _PIECE_BYTES))):
                plain.write(piece)
                length -= len(piece)
        plain.seek(0)
        yield cast(BinaryIO, plain)
