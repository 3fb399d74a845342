"""Pictures of any accepted format: converted once to PNG or JPEG, upright, 8 bits a channel, sRGB, and described.

Sizes are pixels. Synchronous; it runs in the child process.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from activities.media.stills import BROKEN, peculiarities, upright
from activities.references.reading.limits import THUMBNAIL_PIXELS, Unusable
from workflows.references.kinds import LIMITS, ReferenceKind

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF", "AVIF", "HEIF", "TIFF")
"""Pillow's names. It opens an MPO, a JPEG to which a telephone appended a second one, as a JPEG."""
_MEDIA_TYPES: Final = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "AVIF": "image/avif",
    "HEIF": "image/heic",
    "TIFF": "image/tiff",
}
_KEPT: Final = ("image/png", "image/jpeg", "image/webp")
"""Formats that every model and browser takes."""
STORED_BYTES: Final = 20_000_000
"""A stored picture is at most this large: models refuse larger ones, and work in one or two megapixels anyway."""
_SMALLER: Final = (4_096, 3_072, 2_048)
"""Long sides that are tried for a picture that stays too large."""
_JPEG_QUALITY: Final = 92
PALETTE_COLOURS: Final = 6


def convert(path: Path, out: Path) -> dict[str, Any]:
    """The picture in the form in which it is stored: the file itself where every model takes it as it is.

    Raises:
        Unusable: with the remedy.
    """
    from PIL import Image, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = None  # checked below, with our own message
    _register_heif()
    try:
        with Image.open(path, formats=FORMATS) as image:
            original = _MEDIA_TYPES[str(image.format)]
            _check_pixels(image)
            why = _reasons(image, original, path.stat().st_size)
            image.load()
            if not why:
                return _facts(path, original, original, image.size)
            image.seek(0)
            picture = upright(image)
    except UnidentifiedImageError:
        raise Unusable("it does not open as a picture; export it again as PNG or JPEG") from None
    except BROKEN as error:
        raise Unusable(f"the picture does not open ({_short(error)}); export it again as PNG or JPEG") from None
    target, media_type = _save(picture, out)
    found = _facts(target, media_type, original, _size_of(target))
    return found | {"notes": why}


def _register_heif() -> None:
    import pi_heif

    pi_heif.register_heif_opener(thumbnails=False, decode_threads=1)


def _check_pixels(image: "Image") -> None:
    most, (width, height) = LIMITS[ReferenceKind.PICTURE].pixels or 0, image.size
    if width * height > most:
        raise Unusable(f"it has {width:,} x {height:,} pixels, more than {most:,}; give it in a smaller size")
    if min(width, height) < 1:
        raise Unusable("it has no pixels; export it again")


def _reasons(image: "Image", original: str, size: int) -> list[str]:
    """Why the file is not stored as it is; empty where it is."""
    why = [f"converted from {original}"] if original not in _KEPT else []
    why += peculiarities(image)
    return why + ([f"made smaller than {STORED_BYTES:,} bytes"] if size > STORED_BYTES else [])


def _save(picture: "Image", out: Path) -> tuple[Path, str]:
    """Write a PNG, or a JPEG where the PNG would be large; below STORED_BYTES in any case."""
    picture.info.clear()  # neither an EXIF nor a profile describes these pixels
    if picture.mode != "RGBA":
        png = out / "picture.png"
        picture.save(png, "PNG")
        if png.stat().st_size <= STORED_BYTES // 4:
            return png, "image/png"
        return _save_within(picture, out / "picture.jpg", "JPEG", quality=_JPEG_QUALITY), "image/jpeg"
    return _save_within(picture, out / "picture.png", "PNG"), "image/png"


def _save_within(picture: "Image", target: Path, form: str, **options: int) -> Path:
    for side in (None, *_SMALLER):
        if side:
            picture.thumbnail((side, side))
        picture.save(target, form, **options)
        if target.stat().st_size <= STORED_BYTES:
            return target
    raise Unusable(f"it stays larger than {STORED_BYTES:,} bytes; give it in a smaller size")


def _size_of(path: Path) -> tuple[int, int]:
    from PIL import Image

    with Image.open(path) as image:
        return image.size


def _facts(path: Path, media_type: str, original: str, size: tuple[int, int]) -> dict[str, Any]:
    return {
        "kind": ReferenceKind.PICTURE.value,
        "file": str(path),
        "media_type": media_type,
        "original_type": original,
        "width": size[0],
        "height": size[1],
        "notes": [],
    }


def _short(error: BaseException) -> str:
    return " ".join(str(error).split("<")[0].split())[:120] or type(error).__name__


def check_mask(path: Path) -> None:
    """
    Raises:
        Unusable: the picture has no transparent part, so it marks no area.
    """
    from PIL import Image

    with Image.open(path) as image:
        share = _alpha(image).get("transparent", 0.0)
    if not share:
        raise Unusable(
            "the mask has no transparent part, and so marks nothing; make the area to change transparent, as PNG"
        )


# What a stored picture shows, free of charge


def describe(path: Path, out: Path) -> dict[str, Any]:
    """The palette, the brightness and the transparency of a stored picture, and its thumbnail."""
    from PIL import Image

    with Image.open(path) as image:
        size = image.size
        image.draft("RGB", (THUMBNAIL_PIXELS * 2, THUMBNAIL_PIXELS * 2))
        alpha = _alpha(image)
        small = image.convert("RGB")
        small.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
        small.save(out / "thumbnail.jpg", "JPEG", quality=85)
        colours = palette(small)
    return {"thumbnail": "thumbnail.jpg", "size": size, "palette": colours, **alpha}


def palette(small: "Image") -> list[dict[str, Any]]:
    """The main colours, as {colour: "#rrggbb", share: 0..1}, the largest share first."""
    reduced = small.quantize(PALETTE_COLOURS)
    values, counts = reduced.getpalette() or [], reduced.getcolors() or []
    total = sum(int(count) for count, _ in counts) or 1
    found = []
    for count, index in sorted(counts, key=lambda each: -int(each[0])):
        assert isinstance(index, int)
        red, green, blue = values[3 * index : 3 * index + 3]
        found.append({"colour": f"#{red:02x}{green:02x}{blue:02x}", "share": round(int(count) / total, 3)})
    return found


def _alpha(image: "Image") -> dict[str, Any]:
    """The transparent share of a picture, 0..1; absent without an alpha channel."""
    if not image.has_transparency_data:
        return {}
    channel = image.convert("RGBA").getchannel("A")
    histogram = channel.histogram()
    return {"transparent": round(sum(histogram[:128]) / max(sum(histogram), 1), 4)}
