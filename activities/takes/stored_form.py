"""What a provider made, as it is kept: named by what it is, and text without what no document holds."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from activities.catalogue.offers import Offer
from activities.errors import OutputUnusable
from activities.media.media_types import HEAD_BYTES, found, media_type_of
from activities.providers.protocol import Finished
from activities.text.model_text import text_of
from activities.text.valid_unicode import REPLACEMENT, valid
from workflows.models import Modality
from workflows.requests import MAX_UPLOAD_BYTES

_WRITTEN: Final = frozenset({"text/markdown", "text/plain"})
"""What models write; a transcript, subtitles and JSON are nobody's own words."""
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_MOST_INVALID: Final = 0.25
"""Of the characters of a text; with more it is no text."""


async def taken_in(finished: Finished, offer: Offer, *, structured: bool = False) -> Finished:
    """Media that is whole, with its true media type, and text as it is kept. A stream of media stays as it is.

    Args:
        structured: The text answers a schema; whoever reads that, reads it as it is.

    Raises:
        OutputUnusable: it is no text, or nothing is left of it.
    """
    source = finished.source
    if offer.modality is Modality.TEXT:
        text = _text(await _bytes_of(finished))
        if not structured and finished.media_type.partition(";")[0] in _WRITTEN:
            text = text_of(text)
        if not text.strip():
            raise OutputUnusable("there are no words in the text")
        return replace(finished, source=text.encode())
    if isinstance(source, Path):
        return typed(finished, await asyncio.to_thread(_head_of, source), offer)
    return typed(finished, source[:HEAD_BYTES], offer) if isinstance(source, bytes) else finished


def typed(finished: Finished, head: bytes, offer: Offer) -> Finished:
    """The same media under the media type that its first bytes tell."""
    kind, declared = offer.modality.value, finished.media_type.partition(";")[0].strip().lower()
    likely = declared if declared.startswith(f"{kind}/") else offer.media_type
    return replace(finished, media_type=media_type_of(head, likely))


async def begun(chunks: AsyncIterator[bytes]) -> tuple[bytes, AsyncIterator[bytes]]:
    """The first bytes of a stream, and all of it."""
    head = bytearray()
    async for chunk in chunks:
        head += chunk
        if len(head) >= HEAD_BYTES:
            break

    async def whole() -> AsyncIterator[bytes]:
        yield bytes(head)
        async for chunk in chunks:
            yield chunk

    return bytes(head[:HEAD_BYTES]), whole()


def _head_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


async def _bytes_of(finished: Finished) -> bytes:
    source, most, data = finished.source, MAX_UPLOAD_BYTES[Modality.TEXT], bytearray()
    if isinstance(source, bytes):
        data += source
    elif isinstance(source, Path):
        data += await asyncio.to_thread(source.read_bytes)
    else:
        async with source() as chunks:
            async for chunk in chunks:
                data += chunk
                if len(data) > most:
                    break
    if len(data) > most:
        raise OutputUnusable(f"the text is longer than {most:,} bytes")
    return bytes(data)


def _text(data: bytes) -> str:
    if data[:2] in _UTF_16:
        return valid(data.decode("utf-16", "replace"))
    try:
        return valid(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        text = valid(data.decode("utf-8", "replace"))
    if kind := found(data[:HEAD_BYTES]):
        raise OutputUnusable(f"the text is {kind}, and there are no words in it")
    if text.count(REPLACEMENT) > _MOST_INVALID * len(text):
        raise OutputUnusable("the text is no UTF-8, and there are no words in it")
    return text
