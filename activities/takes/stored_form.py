"""Normalizes a provider's output for storage: the media type by content, and text without invalid characters."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from activities.catalogue.offers import Offer
from activities.errors import OutputUnusable
from activities.media.arriving import ArrivingFile
from activities.media.facts import Facts
from activities.media.media_types import HEAD_BYTES, detect, media_type_of
from activities.providers.protocol import Finished
from activities.storage.bucket import Stored
from activities.takes.illustrated.compose import compose
from activities.text.model_text import text_of
from activities.text.valid_unicode import REPLACEMENT, valid
from workflows.illustrated.parts import StoredPicture
from workflows.models import Media, Modality
from workflows.requests import MAX_UPLOAD_BYTES

_WRITTEN: Final = frozenset({"text/markdown", "text/plain"})
"""The types of texts that models write; transcripts, subtitles and JSON stay as they are."""
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
_MAX_INVALID_SHARE: Final = 0.25
"""Of the characters of a text; content with more is not a text."""
LOCAL_COPY_BYTES: Final = 256 * 1024 * 1024
"""The largest stream of which a copy is kept for its checks: a minute of film in good quality."""
WRITTEN_BYTES: Final = 1024 * 1024
"""Of a copy at a time."""

_log = logging.getLogger(__name__)


async def normalize(finished: Finished, offer: Offer, *, structured: bool = False, label: str = "") -> Finished:
    """Complete media with its detected media type, or normalized text. A stream of media stays as it is.

    Args:
        structured: The text follows a schema, so it stays as it is for the code that parses it.
        label: The label of the asset, for the pictures of an illustrated text.

    Raises:
        OutputUnusable: the content is not a text, or the text is empty, or a picture of it does not open.
    """
    if finished.parts:
        text, pictures = await asyncio.to_thread(compose, finished.parts, label)
        finished = replace(finished, source=text.encode(), parts=(), pictures=pictures)
    source = finished.source
    if offer.modality is Modality.TEXT:
        text = _text(await _bytes_of(finished))
        if not structured and finished.media_type.partition(";")[0] in _WRITTEN:
            text = text_of(text)
        if not text.strip():
            raise OutputUnusable("the text is empty")
        return replace(finished, source=text.encode())
    if isinstance(source, Path):
        return with_detected_type(finished, await asyncio.to_thread(_head_of, source), offer)
    return with_detected_type(finished, source[:HEAD_BYTES], offer) if isinstance(source, bytes) else finished


def with_detected_type(finished: Finished, head: bytes, offer: Offer) -> Finished:
    """The same media under the media type that its first bytes have."""
    kind, declared = offer.modality.value, finished.media_type.partition(";")[0].strip().lower()
    likely = declared if declared.startswith(f"{kind}/") else offer.media_type
    return replace(finished, media_type=media_type_of(head, likely))


def data_of(finished: Finished) -> bytes | None:
    """What the provider returned next to the media, as JSON; None if there is nothing."""
    return json.dumps(dict(finished.data), ensure_ascii=False, indent=1).encode() if finished.data else None


async def peek(chunks: AsyncIterator[bytes]) -> tuple[bytes, AsyncIterator[bytes]]:
    """The first bytes of a stream, and the complete stream."""
    head = bytearray()
    async for chunk in chunks:
        head += chunk
        if len(head) >= HEAD_BYTES:
            break

    async def stream() -> AsyncIterator[bytes]:
        yield bytes(head)
        async for chunk in chunks:
            yield chunk

    return bytes(head[:HEAD_BYTES]), stream()


class LocalCopy:
    """A copy of a stream on the disk of the worker, so that its checks do not download what was just stored.

    Its last part is uploaded when the copy is whole, so the checks run at the same time; some videos are checked while
    the copy grows. There is no copy of a large stream, or on a full disk.

    Args:
        when_begun: Is called with the copy before it has any bytes.
    """

    def __init__(self, path: Path, when_begun: Callable[[ArrivingFile], None], when_whole: Callable[[], None]) -> None:
        self._path = path
        self._when_begun = when_begun
        self._when_whole = when_whole

    async def tee(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The chunks as they are; each is appended to the copy."""
        size, waiting = 0, bytearray()
        async with ArrivingFile(self._path) as file:
            keeping = await self._write(file, waiting, size)
            if keeping:
                self._when_begun(file)
            async for chunk in chunks:
                yield chunk
                waiting += chunk if keeping else b""
                size += len(chunk)
                if len(waiting) >= WRITTEN_BYTES:
                    keeping = await self._write(file, waiting, size)
                    waiting.clear()
            if keeping and await self._write(file, waiting, size):
                file.end(whole=True)
                self._when_whole()

    async def _write(self, file: ArrivingFile, data: bytearray, size: int) -> bool:
        """Whether there is room for the data, with which the copy has `size` bytes."""
        try:
            if size <= LOCAL_COPY_BYTES:
                await file.write(bytes(data))
                return True
            reason = "it is larger than a copy may be"
        except OSError as error:
            reason = str(error)
        _log.info("The checks of a take read it from the bucket: %s", reason)
        await file.discard()
        return False


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
    if kind := detect(data[:HEAD_BYTES]):
        raise OutputUnusable(f"the content is {kind}, not a text")
    if text.count(REPLACEMENT) > _MAX_INVALID_SHARE * len(text):
        raise OutputUnusable("the content is not a text in UTF-8")
    return text


def media_of(
    key: str,
    stored: Stored,
    media_type: str,
    facts: Facts,
    unsigned_sha256: str = "",
    pictures: tuple[StoredPicture, ...] = (),
) -> Media:
    return Media(
        key=key,
        bytes=stored.bytes,
        sha256=stored.sha256,
        media_type=media_type,
        width=facts.width,
        height=facts.height,
        duration_seconds=facts.duration_seconds,
        unsigned_sha256=unsigned_sha256,
        pictures=pictures,
    )
