"""Small pictures of productions, for lists."""

import asyncio
import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePosixPath
from typing import Final

from api.storage import Listed, Vault
from workflows import keys

SIZE: Final = (192, 108)
"""Pixels; a list shows a picture at half of this, which is sharp on dense screens."""
MEDIA_TYPE: Final = "image/webp"
_QUALITY: Final = 75
_SUFFIXES: Final = (".png", ".jpg", ".jpeg", ".webp")
_MAX_BYTES: Final = 30_000_000
_MAX_PIXELS: Final = 40_000_000
"""Larger pictures have no thumbnail: decoding one takes 160 MB."""
_DECODERS: Final = ThreadPoolExecutor(1, "thumbnails")
"""One picture at a time, so that lists leave the other cores to everything else."""


async def thumbnail(vault: Vault, production_id: str) -> bytes | None:
    """The first picture that the production made, as a WebP within SIZE; None where there is none.

    Raises:
        Problem: 503; the storage does not answer.
    """
    found = await vault.listed(f"{keys.production_prefix(production_id)}/assets/")
    pictures = [each for each in found if _is_picture(each)]
    if not pictures:
        return None
    stored = await vault.find(min(pictures, key=lambda each: (each.stored_at, each.key)).key)
    if stored is None:
        return None
    try:
        content = await vault.read(stored["Body"], _MAX_BYTES)
    finally:
        stored["Body"].close()
    return await asyncio.get_running_loop().run_in_executor(_DECODERS, _scaled, content)


def _is_picture(stored: Listed) -> bool:
    path = PurePosixPath(stored.key)
    return path.name.startswith("media") and path.suffix in _SUFFIXES and stored.bytes <= _MAX_BYTES


def _scaled(content: bytes) -> bytes | None:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content)) as picture:
            if picture.width * picture.height > _MAX_PIXELS:
                return None
            picture.draft("RGB", SIZE)  # a JPEG is decoded at a fraction of its size
            picture.thumbnail(SIZE)
            file = io.BytesIO()
            picture.convert("RGB").save(file, "WEBP", quality=_QUALITY)
    except (OSError, ValueError, UnidentifiedImageError, Image.DecompressionBombError):
        return None
    return file.getvalue()
