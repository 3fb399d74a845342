"""Reuse of takes: a take whose request another production of the tenant has made already is copied, not paid.

The index is in the bucket: one object for each tenant and digest of a request (`workflows.reuse.index`), written by a
conditional put after a take is stored and moderated. It is only a hint. What a production gets is a verified copy under
its own keys, so deleting, moving or exporting the other production changes nothing for it. The ledger of the take
decides between attempts, as for every paid take: the copy is named in it by the same conditional put that would claim
a submission, so a take is either reused or paid, never both.

Two productions that make the same take at the same time both pay, and both keep their take; the index has the first.
"""

import logging
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import uuid4

from pydantic import JsonValue, ValidationError

from activities.catalogue.offers import Offer
from activities.errors import OutputUnusable
from activities.media.facts import extension_of
from activities.providers.protocol import Finished
from activities.storage.bucket import Storage, Stored, size_and_sha256
from activities.storage.errors import ObjectMissing, StorageConflict, StorageFailed
from activities.takes.attempt import Attempt, instructions_for, without_placing
from activities.takes.illustrated.stored import copy_pictures, fetch_pictures
from activities.takes.ledger import now
from activities.takes.stored_form import media_of
from workflows import keys
from workflows.activity_io import InputTake, ProduceAsset
from workflows.models import ZERO, Take, digest_of
from workflows.reuse.index import KnownTake, known_take_key, rejected_key

NO_SUBMISSION: Final = 0
"""In the name of copied media, where other media has the number of its submission."""

_log = logging.getLogger(__name__)


def reuse_digest(
    task: ProduceAsset,
    offer: Offer,
    instructions: str | None = None,
    schema: Mapping[str, JsonValue] | None = None,
) -> str:
    """Identifies everything that the provider gets, whatever production sends it.

    The seed is that of the parameters: the one that Greenlight derives from a take's key only identifies the request,
    and no person has chosen it. Inputs count by their content, without the signature of each file.
    """
    asset, brief = without_placing(task.asset, offer), task.brief
    sent = asset.model_dump(
        mode="json", include={"asset_type", "prompt", "delivery", "provider", "model", "parameters"}
    )
    words = instructions_for(brief, asset) if instructions is None else instructions
    brief_parts = [brief.aspect, brief.language, brief.style]
    inputs = [_input_of(task, each) for each in task.inputs]
    twin = task.reuse.twin if task.reuse else 0
    return digest_of([1, sent, words, dict(schema or {}), brief_parts, inputs, twin])


def _input_of(task: ProduceAsset, given: InputTake) -> list[str]:
    asset, place = task.asset, ""
    if given.asset_id in (asset.continues, asset.last_frame):
        place = "continues" if given.asset_id == asset.continues else "last_frame"
    return [given.role, given.asset_type.value, place, given.name, given.media.content_sha256]


async def reused_take(attempt: Attempt, digest: str) -> Take | None:
    """A copy of a take of another production of the tenant; None where there is none that can be used.

    Raises:
        StorageConflict: another attempt works on the take; the copy is deleted.
        ProviderError: the storage does not respond.
    """
    task, storage = attempt.task, attempt.storage
    known = await attempt.call(_known(storage, task.brief.tenant, digest))
    if known is None or known.production_id == task.production_id:
        return None
    if (known.provider, known.model) != (task.asset.provider, task.asset.model):
        return None
    if await attempt.call(storage.head(rejected_key(known.prefix))) is not None:
        return None
    started = now()
    path = await attempt.call(_fetched(storage, known, attempt.request.file("reused")))
    if path is None:
        return None
    pictures = await attempt.call(fetch_pictures(storage, known.media, attempt.request.file))
    if pictures is None:
        return None
    finished = Finished(path, known.media.media_type, pictures=pictures)
    try:
        facts = await attempt.facts_of(finished)
        checks = await attempt.call(attempt.checker.check(finished, facts))
    except OutputUnusable:
        return None
    if checks.failed:
        return None
    key = keys.media_key(attempt.prefix, extension_of(known.media.media_type), NO_SUBMISSION, uuid4().hex[:8])
    await attempt.call(_copy_data(storage, known, key))
    stored = Stored(known.media.bytes, known.media.sha256)
    await attempt.call(storage.put_file(key, path, known.media.media_type, known=stored))
    copied = await attempt.call(copy_pictures(storage, known.media, pictures, key))
    media = media_of(key, stored, known.media.media_type, facts, known.media.unsigned_sha256, copied)
    note = f"reused from {known.origin.place}"
    take = attempt.take(media, ZERO, started, cost_source="vendor", note=note, checks=checks)
    return take.model_copy(update={"reused": known.origin})


async def _fetched(storage: Storage, known: KnownTake, path: Path) -> Path | None:
    """A local copy of the media; None where it does not exist any more, or has other content than was recorded."""
    try:
        await storage.fetch(known.media.key, path)
    except ObjectMissing:
        return None
    if await size_and_sha256(path) != Stored(known.media.bytes, known.media.sha256):
        _log.warning("%s is not reused: its content is not what was recorded", known.media.key)
        return None
    return path


async def _known(storage: Storage, tenant: str, digest: str) -> KnownTake | None:
    """The take of the tenant in the index; None where there is none, or one that this version cannot read."""
    found = await storage.get_bytes(known_take_key(tenant, digest))
    known = _parsed(found[0]) if found else None
    return known if known and keys.tenant_of(known.production_id) == tenant else None


def _parsed(content: bytes) -> KnownTake | None:
    try:
        return KnownTake.model_validate_json(content)
    except ValidationError:
        return None


async def _copy_data(storage: Storage, known: KnownTake, key: str) -> None:
    """Copy what the vendor returned next to the media, before the media, by which leftovers are found."""
    if found := await storage.get_bytes(keys.data_key(known.media.key)):
        await storage.put_bytes(keys.data_key(key), found[0], "application/json")


async def offer_for_reuse(storage: Storage, task: ProduceAsset, take: Take, digest: str) -> None:
    """Add a paid take to the index of its tenant. A failure costs nothing but its reuse.

    A newer take of the same asset takes the place of the older one, because a person wanted another; so does any take
    where the one in the index is missing or was rejected.
    """
    offered = KnownTake(
        production_id=task.production_id,
        asset_id=task.asset.asset_id,
        take=take.number,
        provider=take.provider,
        model=take.model,
        media=take.media,
        cost_usd=take.cost_usd,
    )
    content = offered.model_dump_json(exclude_defaults=True).encode()
    key = known_take_key(task.brief.tenant, digest)
    try:
        with suppress(StorageConflict):
            await storage.put_unpaid(key, content, "application/json", only_if_absent=True)
            return
        found = await storage.get_bytes(key)
        if found and await _is_replaced(storage, _parsed(found[0]), offered):
            with suppress(StorageConflict):  # another production was faster
                await storage.put_unpaid(key, content, "application/json", if_match=found[1])
    except StorageFailed as error:
        _log.info("%s is not offered for reuse: %s", take.media.key, error)


async def _is_replaced(storage: Storage, known: KnownTake | None, offered: KnownTake) -> bool:
    if known is None:
        return True
    if (known.production_id, known.asset_id) == (offered.production_id, offered.asset_id):
        return known.take < offered.take
    return await storage.head(known.media.key) is None or await storage.head(rejected_key(known.prefix)) is not None
