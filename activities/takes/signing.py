"""Signs the output of a provider before it is stored; `activities/provenance/signer.py` describes why then."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from activities.disk import NO_ROOM
from activities.media.arriving import ArrivingFile
from activities.provenance.signer import Signer
from activities.provenance.statements import take_statement
from activities.providers.protocol import Finished, Stream
from activities.storage.bucket import sha256_of, size_and_sha256
from workflows.activity_io import ProduceAsset

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SignedMedia:
    """A provider's output as it is stored.

    Attributes:
        unsigned_sha256: The digest of the provider's own bytes; empty if it is not signed.
        note: Why it is not signed, if that failed.
    """

    finished: Finished
    unsigned_sha256: str = ""
    note: str = ""


async def sign_output(signer: Signer | None, task: ProduceAsset, finished: Finished) -> SignedMedia:
    """The output with its signature; never an error of the signer, because the output may be paid for."""
    source = finished.source
    if signer is None or not signer.can_sign(finished.media_type):
        return SignedMedia(finished)
    if callable(source):  # `spool` found no room for it
        _log.warning("%s of %s is not signed: the disk is full", task.asset.asset_id, task.production_id)
        return SignedMedia(finished, note="not signed: the disk of the worker is full")
    before = sha256_of(source) if isinstance(source, bytes) else (await size_and_sha256(source)).sha256
    done = await signer.sign(source, finished.media_type, take_statement(task))
    return SignedMedia(replace(finished, source=done.source), before if done.signed else "", done.problem)


async def spool(finished: Finished, path: Path, when_begun: Callable[[ArrivingFile], None]) -> Finished:
    """The output as a file, because a signature covers the whole file; on a full disk it stays a stream.

    Args:
        when_begun: Is called with the file before it has any bytes.
    """
    if not callable(finished.source):
        return finished
    async with ArrivingFile(path) as file:
        try:
            async with finished.source() as chunks:
                await file.write(b"")
                when_begun(file)
                async for chunk in chunks:
                    await file.write(chunk)
            file.end(whole=True)
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            await file.discard()
            return finished
    return replace(finished, source=path)


async def receive(source: Stream, path: Path) -> Path | bytes:
    """The response to a synchronous request, whose bytes exist nowhere else: a file, or bytes where it has no room."""
    written, held = 0, bytearray()
    async with ArrivingFile(path) as file, source() as chunks:
        fits = await _append(file, b"")
        async for chunk in chunks:
            fits = fits and await _append(file, chunk)
            if fits:
                written += len(chunk)
            else:
                held += chunk
    if fits:
        return path
    begin = await asyncio.to_thread(path.read_bytes) if written else b""
    return begin[:written] + bytes(held)


async def _append(file: ArrivingFile, data: bytes) -> bool:
    """Whether there was room for the data."""
    try:
        await file.write(data)
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        return False
    return True
