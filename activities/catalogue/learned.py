"""Bills of a production's models above, or without, a published price, shared by all workers immediately.

The workflow gets a bill only when its activity ends. Takes that it started before may already be in a task queue, so
each attempt reads this record before it claims: no submission is sent at a price that is known to be wrong.
"""

from decimal import Decimal

from activities.storage.bucket import Storage
from activities.storage.errors import StorageConflict
from workflows import keys
from workflows.models import ZERO, Asset, Charges

_TRIES = 20
"""For takes that exceed their price at the same time; each rewrites one small object."""


async def read_charges(storage: Storage, production_id: str, asset: Asset) -> Charges:
    """The charges that are recorded for the asset's model in this production.

    Raises:
        StorageFailed: the storage does not respond.
    """
    found = await storage.get_bytes(keys.learned_key(production_id, asset.provider, asset.model))
    return Charges.model_validate_json(found[0], extra="ignore") if found else Charges()


async def record_bill(storage: Storage, production_id: str, asset: Asset, cost_usd: Decimal) -> None:
    """Record the bill of a submission, if it is above its price or if no price is published.

    Raises:
        StorageFailed: the storage does not respond.
    """
    if asset.quote is None or cost_usd <= (ZERO if asset.quote.unknown else asset.quote.high_usd):
        return
    key = keys.learned_key(production_id, asset.provider, asset.model)
    for _ in range(_TRIES):
        found = await storage.get_bytes(key)
        before = Charges.model_validate_json(found[0], extra="ignore") if found else Charges()
        after = before.with_bill(asset.quote, cost_usd)
        if after == before:
            return
        version = found[1] if found else None
        data = after.model_dump_json().encode()
        try:
            await storage.put_bytes(key, data, "application/json", only_if_absent=version is None, if_match=version)
        except StorageConflict:
            continue
        return
