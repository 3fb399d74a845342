"""The owner of a provider's job: one take of one production. A reviewer may assign it to an ambiguous take."""

import json
from collections.abc import Mapping
from contextlib import suppress

from activities.errors import InvalidRequest
from activities.providers.protocol import Job
from activities.storage.bucket import Storage
from activities.storage.errors import StorageConflict, StorageFailed
from activities.takes.attempt import Attempt
from workflows import keys

Owner = Mapping[str, object]
"""production_id, asset_id and take."""


async def record_owner(attempt: Attempt, job: Job) -> None:
    """Record the take as owner of the job, so that no other take adopts it. The take itself does not depend on that."""
    with suppress(StorageFailed):
        await _claim(attempt.storage, attempt.offer.provider, job, _owner(attempt))


async def adopt(attempt: Attempt, job: Job) -> None:
    """Assign the job to the take of this attempt.

    Raises:
        InvalidRequest: the job belongs to another take, or by the provider's response to another request.
        ProviderError: the provider cannot be queried now.
        StorageUnavailable: the storage does not respond.
    """
    provider, mine = attempt.offer.provider, _owner(attempt)
    owner = await attempt.call(_claim(attempt.storage, provider, job, mine))
    if owner != mine:
        take = f"take {owner['take']} of {owner['asset_id']} in {owner['production_id']}"
        raise InvalidRequest(f"job {job.id!r} belongs to {take}; name another job, or resubmit")
    try:
        await attempt.call_vendor("poll", attempt.provider.check_adoptable(attempt.request, job), job.id)
    except InvalidRequest:
        await attempt.call(attempt.storage.delete(keys.job_key(provider, job.id)))
        raise


def _owner(attempt: Attempt) -> Owner:
    task = attempt.task
    return {"production_id": task.production_id, "asset_id": task.asset.asset_id, "take": task.take}


async def _claim(storage: Storage, provider: str, job: Job, owner: Owner) -> Owner:
    """Record `owner` as the owner of the job, unless it has one, and return its owner."""
    key = keys.job_key(provider, job.id)
    try:
        await storage.put_bytes(key, json.dumps(owner).encode(), "application/json", only_if_absent=True)
    except StorageConflict:
        found = await storage.get_bytes(key)
        known: Owner = json.loads(found[0]) if found else owner
        return known
    return owner
