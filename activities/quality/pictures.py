"""Checks of a picture: its size, and whether it shows anything, sharply."""

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from activities.media.stills import decode_picture
from activities.quality.order import Order
from activities.quality.report import Report
from activities.quality.sharpness import BLURRED, blur_of

if TYPE_CHECKING:
    from PIL.Image import Image

LOOKED_AT: Final = (640, 640)
"""The size at which a picture is measured: edges are a few pixels wide then, and noise is averaged."""
BLACK_LUMA: Final = 24
"""The brightest pixel of a black picture, 0 to 255: a night shot has brighter lights, an encoder's black reaches 20."""
ONE_COLOUR: Final = 2
"""The most by which the channels of a picture of one colour vary, 0 to 255."""
EXACT_ASPECT: Final = 1.06
"""By which the aspect of an ordered size may differ: models make multiples of 8, 16 or 64 pixels."""
NEAR_ASPECT: Final = 1.4
"""The same for the aspect of the brief: 3:2 is the nearest to 16:9 that some models make, 1.19 apart."""
LEAST_SHARE_OF_SIZE: Final = 0.9
"""Of the ordered width and height. A larger picture is no problem."""


def check_picture(source: Path | BinaryIO, order: Order, report: Report) -> None:
    """Check a picture file that opens."""
    if _is_damaged_jpeg(source):
        report.find("opens", "opens: a part of the JPEG is damaged", hard=True, frame=0, value=1, limit=0)
    with decode_picture(source, LOOKED_AT) as picture:
        _check_content(picture, order, report)


def _is_damaged_jpeg(source: Path | BinaryIO) -> bool:
    """Whether libavcodec finds an error in a JPEG that it can decode; libjpeg shows damaged blocks without an error."""
    import av

    data = _bytes_of(source)
    if not data.startswith(b"\xff\xd8\xff"):
        return False

    def decodes(**options: str) -> bool:
        decoder = av.CodecContext.create("mjpeg", "r")
        decoder.options = options
        try:
            return bool([*decoder.decode(av.Packet(data)), *decoder.decode(None)])
        except av.FFmpegError:
            return False

    return not decodes(err_detect="explode+bitstream+buffer") and decodes()


def _bytes_of(source: Path | BinaryIO) -> bytes:
    if isinstance(source, Path):
        return source.read_bytes()
    data = source.read()
    source.seek(0)
    return data


def check_size(width: int | None, height: int | None, order: Order, report: Report) -> None:
    """Compare the size of a picture or a video, upright, with the order."""
    if not width or not height:
        return
    found = width / height
    report.measure("size", found)
    factor = EXACT_ASPECT if order.exact else NEAR_ASPECT
    if order.aspect and max(found / order.aspect, order.aspect / found) > factor:
        message = f"size: it is {width} x {height} pixels ({found:.2f}); ordered was {_ordered(order)}"
        report.find("size", message, value=found, limit=order.aspect)
    elif order.width and order.height and (width < order.width * 0.9 or height < order.height * LEAST_SHARE_OF_SIZE):
        message = f"size: it is {width} x {height} pixels, smaller than the ordered {order.width} x {order.height}"
        report.find("size", message, value=width, limit=order.width)


def _ordered(order: Order) -> str:
    if order.width and order.height:
        return f"{order.width} x {order.height}"
    return f"an aspect of {order.aspect:.2f}"


def _check_content(picture: "Image", order: Order, report: Report) -> None:
    seen = _visible(picture)
    if seen is None:
        report.measure("blank", 1)
        if not order.plain:
            report.find("blank", "blank: every pixel of the picture is transparent", hard=True, value=1, limit=0)
        return
    low, high = seen.convert("L").getextrema()
    assert isinstance(low, int | float)
    assert isinstance(high, int | float)
    transparent = picture.mode == "RGBA"
    report.measure("black", float(high <= BLACK_LUMA and not transparent))
    if high <= BLACK_LUMA and not transparent:  # a black shape on a transparent ground is a picture
        if not order.dark:
            message = f"black: no pixel of the picture is brighter than {high:.0f} of 255"
            report.find("black", message, hard=True, frame=0, value=high, limit=BLACK_LUMA)
        return
    varies = max(top - bottom for bottom, top in _extrema(seen))
    blank = varies <= ONE_COLOUR and not transparent
    report.measure("blank", float(blank))
    if blank:
        if not order.plain:
            report.find("blank", "blank: the whole picture has one colour", frame=0, value=varies, limit=ONE_COLOUR)
        return
    _check_sharpness(seen, order, report)


def _visible(picture: "Image") -> "Image | None":
    """The picture on grey where it is transparent; None if nothing of it can be seen."""
    from PIL import Image

    if picture.mode != "RGBA":
        return picture.convert("RGB")
    if picture.getchannel("A").getextrema()[1] == 0:
        return None
    ground = Image.new("RGB", picture.size, (128, 128, 128))
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground


def _extrema(picture: "Image") -> list[tuple[float, float]]:
    found = [channel.getextrema() for channel in picture.split()]
    return [(low, high) for low, high in found if isinstance(low, int | float) and isinstance(high, int | float)]


def _check_sharpness(picture: "Image", order: Order, report: Report) -> None:
    blur = blur_of(picture)
    if blur is None:
        return
    report.measure("blurred", blur)
    if blur > BLURRED and not order.soft:
        message = f"blurred: even the sharpest part of the picture is blurred ({blur:.2f} of 1)"
        report.find("blurred", message, frame=0, value=blur, limit=BLURRED)
