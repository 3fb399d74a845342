"""Decodes picture files: upright, 8 bits a channel, with their alpha channel, and few at once in a process.

Sizes are pixels. Synchronous, so call it from a thread: it may wait until other pictures are decoded.
"""

import struct
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from threading import Condition, Lock
from typing import TYPE_CHECKING, BinaryIO, Final, cast

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
    """A picture as L, RGB or, if a part of it is transparent, RGBA; upright, 8 bits a channel.

    Its pixels are reserved while the block runs: an image that is kept longer should be smaller.

    Args:
        within: The largest size; a larger picture is scaled down, with its own aspect.

    Raises:
        BROKEN: the format is not in FORMATS, or the file is incomplete.
    """
    from PIL import Image

    with open_picture(source) as image:
        if within:
            # A JPEG then decodes at a reduced size; it may have to be rotated afterwards.
            image.draft(None, (max(within), max(within)))
        with PIXEL_BUDGET.reserve(image.width * image.height):
            picture = _eight_bits(image)
            turn = _TURNS.get(orientation_of(picture))
            if within:
                picture.thumbnail(within[::-1] if turn in _SIDEWAYS else within, Image.Resampling.LANCZOS)
            picture.info.pop("exif", None)
            yield picture if turn is None else picture.transpose(Image.Transpose(turn))


def orientation_of(image: "Image") -> int:
    """The EXIF orientation of a picture: 1 to 8; 1, upright, if it is absent or broken."""
    with suppress(*BROKEN):
        noted = image.getexif().get(_ORIENTATION)
        return noted if isinstance(noted, int) else 1
    return 1


def upright_size(image: "Image") -> tuple[int, int]:
    """The width and height of a picture as it is shown."""
    width, height = image.size
    return (height, width) if _TURNS.get(orientation_of(image)) in _SIDEWAYS else (width, height)


def _eight_bits(image: "Image") -> "Image":
    """The picture converted to L, RGB or RGBA."""
    if image.mode.startswith("I"):  # Pillow would clip 16 bits at 255
        clear = image.info.get("transparency")
        image = image.point(lambda value: value * (1 / 257) + 0.5).convert("L")
        if isinstance(clear, int):
            image.info["transparency"] = clear // 257
    if image.has_transparency_data:
        picture = image if image.mode == "RGBA" else image.convert("RGBA")
        lowest, _ = picture.getchannel("A").getextrema()
        return picture if lowest != 255 else picture.convert("RGB")
    image.load()
    return image if image.mode in ("L", "RGB") else image.convert("RGB")


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
