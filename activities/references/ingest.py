"""The references of a brief: fetched or read once, inspected, converted, and stored with their production.

A stored reference never changes: its record, which is written last, names the media and the facts. Sizes are bytes.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.errors import OutputUnusable
from activities.media.facts import Facts, extension_of
from activities.providers.protocol import scratch_file
from activities.references.masks import mask_problem
from activities.references.reading.sandbox import read_file
from activities.references.sources import ReferenceUnavailable, ReferenceUnusable, copy_to
from activities.storage.bucket import Storage, Stored, size_and_sha256
from activities.storage.errors import StorageConflict
from activities.takes.attempt import scratch_directory
from activities.takes.stored_form import media_of
from workflows import keys
from workflows.activity_io import REFERENCE_REFUSED, TakeInReferences
from workflows.brief import Reference
from workflows.models import Media
from workflows.references.analysis import IngestedReference
from workflows.references.kinds import ReferenceKind

ATTEMPTS: Final = 3
"""At an address that does not respond, with 1 and 2 s between them: it may be mistyped, and the user waits."""


async def store_references(request: TakeInReferences, storage: Storage) -> tuple[Media, ...]:
    """The stored references, in their order; a second attempt finds those that the first one stored.

    Raises:
        ApplicationError: type REFERENCE_REFUSED; names the reference and the remedy.
        StorageFailed: try again.
    """
    media: list[Media] = []
    for number, reference in enumerate(request.references, start=1):
        known = await stored_reference(storage, request.production_id, number)
        media.append((known or await _store(storage, request.production_id, number, reference)).media)
    _check_masks(request.references, media)
    return tuple(media)


async def stored_reference(storage: Storage, production_id: str, number: int) -> IngestedReference | None:
    """The record of a stored reference, or None if it is not stored."""
    found = await storage.get_bytes(keys.reference_record_key(production_id, number))
    return IngestedReference.model_validate_json(found[0]) if found else None


async def _store(storage: Storage, production_id: str, number: int, reference: Reference) -> IngestedReference:
    async with scratch_directory() as workdir:
        path = scratch_file(workdir, "reference")
        try:
            declared = await copy_to(storage, reference.source, path, keys.tenant_of(production_id))
            found = await read_file("ingest", path, workdir, use=reference.use.value, declared=declared)
        except (OutputUnusable, ReferenceUnusable) as error:
            retryable = isinstance(error, ReferenceUnavailable) and activity.info().attempt < ATTEMPTS
            raise _refused(number, reference, str(error), retryable=retryable) from None
        media = await _put_media(storage, production_id, number, found)
    record = IngestedReference(
        media=media.model_copy(update={"use": reference.use.value}),
        kind=ReferenceKind(found["kind"]),
        original_type=found["original_type"],
        pages=found.get("pages"),
        notes=tuple(found["notes"]),
    )
    try:
        content = record.model_dump_json().encode()
        key = keys.reference_record_key(production_id, number)
        await storage.put_unpaid(key, content, "application/json", only_if_absent=True)
    except StorageConflict:  # another attempt was faster: its record counts
        known = await stored_reference(storage, production_id, number)
        assert known is not None
        return known
    return record


async def _put_media(storage: Storage, production_id: str, number: int, found: Any) -> Media:
    """Store the media so that no attempt overwrites the file of another one.

    A picture is small, and is put only if there is none. The key of a larger file contains its digest.
    """
    path, media_type = Path(found["file"]), found["media_type"]
    stored, extension = await size_and_sha256(path), extension_of(media_type)
    facts = Facts(found.get("width"), found.get("height"), found.get("duration_seconds"))
    if found["kind"] == ReferenceKind.PICTURE:
        key = keys.reference_key(production_id, number, extension)
        metadata = {"sha256": stored.sha256, "width": str(facts.width), "height": str(facts.height)}
        try:
            data = await asyncio.to_thread(path.read_bytes)
            await storage.put_unpaid(key, data, media_type, metadata=metadata, only_if_absent=True)
        except StorageConflict:  # another attempt was faster: its picture is the reference
            head = await storage.head(key)
            assert head is not None
            stored = Stored(head.bytes, head.metadata["sha256"])
            facts = Facts(int(head.metadata["width"]), int(head.metadata["height"]))
        return media_of(key, stored, media_type, facts)
    key = keys.reference_key(production_id, number, extension, stored.sha256)
    if await storage.head(key) is None:
        await storage.put_file(key, path, media_type, known=stored)
    return media_of(key, stored, media_type, facts)


def _check_masks(references: Sequence[Reference], media: Sequence[Media]) -> None:
    for number, (reference, each) in enumerate(zip(references, media, strict=True), start=1):
        if problem := mask_problem(each, [m for m in media if m is not each]):
            raise _refused(number, reference, problem)


def _refused(number: int, reference: Reference, problem: str, *, retryable: bool = False) -> ApplicationError:
    name = f" ({reference.name})" if reference.name else ""
    message = f"references[{number - 1}]{name}: {problem}"
    return ApplicationError(message, type=REFERENCE_REFUSED, non_retryable=not retryable)
