"""Which take a provider's job belongs to: one take of one production; a person may give it to a take in doubt."""

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


async def own(attempt: Attempt, job: Job) -> None:
    """Write whose job it is, so that nobody adopts it for another take. The take itself does not depend on that."""
    with suppress(StorageFailed):
        await _owner_of(attempt.storage, attempt.offer.provider, job, _owner(attempt))


async def adopt(attempt: Attempt, job: Job) -> None:
    """Give the job to the take of this attempt.

    Raises:
        InvalidRequest: it is another take's, or the provider says that it is not the job of this request.
        ProviderError: the provider cannot be asked now.
        StorageUnavailable: nor can the storage.
    """
    provider, mine = attempt.offer.provider, _owner(attempt)
    of = await attempt.ask(_owner_of(attempt.storage, provider, job, mine))
    if of != mine:
        words = f"job {job.id!r} belongs to take {of['take']} of {of['asset_id']} in {of['production_id']}"
        raise InvalidRequest(f"{words}; name another job, or resubmit")
    try:
        await attempt.ask_vendor("poll", attempt.provider.adoptable(attempt.request, job), job.id)
    except InvalidRequest:
        await attempt.ask(attempt.storage.drop(keys.job_key(provider, job.id)))
        raise


def _owner(attempt: Attempt) -> Owner:
    asked = attempt.asked
    return {"production_id": asked.production_id, "asset_id": asked.asset.asset_id, "take": asked.take}


async def _owner_of(storage: Storage, provider: str, job: Job, owner: Owner) -> Owner:
    """Whose job it is: `owner`'s from now on, where nobody has it yet."""
    key = keys.job_key(provider, job.id)
    try:
        await storage.put_bytes(key, json.dumps(owner).encode(), "application/json", only_if_absent=True)
    except StorageConflict:
        found = await storage.get_bytes(key)
        known: Owner = json.loads(found[0]) if found else owner
        return known
    return owner
