"""Stores the files of a deliverable, signed if this worker has a certificate.

The files of a revision are stored under a digest of all of them, their fileset: an attempt that resumes late never
overwrites the files of another one, even if its encoder or its signatures give other bytes. The name of a signed
fileset begins with a digest of its files before the signatures, by which a retry finds it and signs nothing again.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from activities.finishing.files import File
from activities.finishing.languages.versions import version_of
from activities.media.facts import probe
from activities.provenance.credentials import CERTIFICATE
from activities.provenance.signer import Signer
from activities.provenance.statements import deliverable_statement, file_statement
from activities.storage.bucket import Storage, Stored, size_and_sha256
from workflows.activity_io import FinishDeliverable
from workflows.brief import REFERENCE
from workflows.keys import DIGEST_CHARS, deliverable_key, fileset_key, fileset_of
from workflows.models import Deliverable, DeliverableFile, Media, digest_of

NOT_SIGNED: Final = f"not signed: the worker has no certificate ({CERTIFICATE})"
_HALF: Final = DIGEST_CHARS // 2


@dataclass(frozen=True)
class _Ready:
    """A file as it is stored: at `path`, with the digest before its signature."""

    file: File
    stored: Stored
    unsigned_sha256: str

    @property
    def signed(self) -> bool:
        return self.stored.sha256 != self.unsigned_sha256


@dataclass(frozen=True)
class _Fileset:
    name: str
    files: Sequence[_Ready]
    notes: tuple[str, ...] = ()


async def store_fileset(
    storage: Storage,
    request: FinishDeliverable,
    files: Sequence[File],
    signer: Signer | None,
    on_progress: Callable[[str], None],
) -> Deliverable:
    """Sign the files and upload them; the result has the files, and notes on those that could not be signed.

    Raises:
        StorageFailed: try again.
    """
    hashes = await asyncio.gather(*(size_and_sha256(made.path) for made in files))
    plain = [_Ready(made, known, known.sha256) for made, known in zip(files, hashes, strict=True)]
    fileset = _Fileset(_digest(plain), plain)
    if signer:
        start = digest_of([_contents(plain), request.provenance.model_dump(mode="json"), signer.name])[:_HALF]
        fileset = await _find(storage, request, start, plain) or await _sign(request, start, plain, signer, on_progress)
    present = set(await storage.list_keys(fileset_key(request.production_id, request.revision, fileset.name, "")))

    async def upload(each: _Ready) -> DeliverableFile:
        made = each.file
        key = fileset_key(request.production_id, request.revision, fileset.name, made.name)
        facts = await asyncio.to_thread(probe, made.path, made.media_type, ours=True)
        served_as = f"{made.media_type}; charset=utf-8" if made.media_type.startswith("text/") else made.media_type
        if key not in present:  # an existing object has the same content
            await storage.put_file(key, made.path, served_as, known=each.stored)
        media = Media(
            key=key,
            bytes=each.stored.bytes,
            sha256=each.stored.sha256,
            media_type=made.media_type,
            width=facts.width,
            height=facts.height,
            duration_seconds=facts.duration_seconds,
            unsigned_sha256=each.unsigned_sha256 if each.signed else "",
        )
        on_progress(f"stored {made.name}")
        return DeliverableFile(
            name=made.name,
            role=made.role,
            media=media,
            language=made.language,
            measured=made.measured,
            signed_by=signer.name if signer and each.signed else "",
        )

    stored = await asyncio.gather(*map(upload, fileset.files))
    return Deliverable(
        revision=request.revision,
        files=tuple(stored),
        notes=fileset.notes,
        provenance=_signatures(signer, stored),
    )


async def _find(storage: Storage, request: FinishDeliverable, start: str, plain: Sequence[_Ready]) -> _Fileset | None:
    """The same files as an earlier attempt signed and stored them, or None if it did not store all."""
    prefix = deliverable_key(request.production_id, request.revision, start)
    found = await storage.list_keys(prefix)
    for name in sorted({fileset_of(key) for key in found}):
        keys = [fileset_key(request.production_id, request.revision, name, each.file.name) for each in plain]
        if not set(keys) <= set(found):
            continue
        digests = await asyncio.gather(*map(storage.sha256, keys))
        heads = await asyncio.gather(*map(storage.head, keys))
        ready = [
            replace(each, stored=Stored(head.bytes if head else 0, sha256))
            for each, head, sha256 in zip(plain, heads, digests, strict=True)
        ]
        return _Fileset(name, ready)
    return None


async def _sign(
    request: FinishDeliverable,
    start: str,
    plain: Sequence[_Ready],
    signer: Signer,
    on_progress: Callable[[str], None],
) -> _Fileset:
    """Sign what can be signed; the statements of the files that finishing made list the digests of all others."""
    others = {each.file.name: each.stored.sha256 for each in plain if not _signs(signer, each.file)}
    ready, notes = [], []
    for each in plain:
        made = each.file
        if made.role == REFERENCE:
            ready.append(each)
            continue
        if _signs(signer, made):
            on_progress(f"signing {made.name}")
        statement = (
            file_statement(request, made.asset_id)
            if made.asset_id
            else deliverable_statement(version_of(request, made.language)[0], made.name, others, made.language)
        )
        done = await signer.sign(made.path, made.media_type, statement)
        if done.problem:
            notes.append(f"{made.name} is {done.problem}")
        if isinstance(done.source, Path) and done.source != made.path:
            stored = await size_and_sha256(done.source)
            each = replace(each, file=replace(made, path=done.source), stored=stored)
        ready.append(each)
    return _Fileset(start + _digest(ready)[:_HALF], ready, tuple(notes))


def _signs(signer: Signer, file: File) -> bool:
    """Whether a file is signed. A reference is a person's own file: no statement of Greenlight's describes it."""
    return file.role != REFERENCE and signer.can_sign(file.media_type)


def _contents(files: Sequence[_Ready]) -> list[list[str]]:
    return [[each.file.name, each.file.media_type, each.stored.sha256] for each in files]


def _digest(files: Sequence[_Ready]) -> str:
    return digest_of(_contents(files))[:DIGEST_CHARS]


def _signatures(signer: Signer | None, files: Sequence[DeliverableFile]) -> str:
    """Whether the files are signed, for people."""
    if signer is None:
        return NOT_SIGNED
    signed = [each.name for each in files if each.signed_by]
    if not signed:
        return "not signed: none of the files can carry a signature; the manifest has their digests"
    return f"{', '.join(signed)} signed by {signer.name}"
