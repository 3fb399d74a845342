"""Small pictures of productions, for lists."""

import asyncio
import io
from collections import OrderedDict
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
_KEPT: Final = 500
"""Some 4 kB each: ten pages of the list."""
AT_ONCE: Final = 2
"""Of one tenant: one is read from the storage while another is decoded."""
MOST_REQUESTS: Final = 400
"""Of one tenant: eight people who open a list of 50."""
_DECODERS: Final = ThreadPoolExecutor(1, "thumbnails")
"""One picture at a time, so that lists leave the other cores to everything else."""


class Thumbnails:
    """The first picture of each production, as a WebP within SIZE; the last ones are kept."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._kept: OrderedDict[Listed, bytes | None] = OrderedDict()

    async def of(self, production_id: str) -> bytes | None:
        """The first picture that the production made; None where there is none.

        Raises:
            Problem: 503; the storage does not answer.
        """
        found = await self._vault.listed(f"{keys.production_prefix(production_id)}/assets/")
        pictures = [each for each in found if _is_picture(each)]
        if not pictures:
            return None
        first = min(pictures, key=lambda each: (each.stored_at, each.key))
        if first not in self._kept:
            self._kept[first] = await self._scaled(first.key)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(first)
        return self._kept[first]

    async def _scaled(self, key: str) -> bytes | None:
        stored = await self._vault.find(key)
        if stored is None:
            return None
        try:
            content = await self._vault.read(stored["Body"], _MAX_BYTES)
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
