"""What the models of one production have charged beyond, or without, a published price, known to every worker at once.

The workflow learns of a bill when its activity ends. Takes that it started before wait in a task queue meanwhile: each
attempt reads this record before it claims, so that no submission leaves at a price that is known to be wrong.
"""

from decimal import Decimal

from activities.storage.bucket import Storage
from activities.storage.errors import StorageConflict
from workflows import keys
from workflows.models import ZERO, Asset, Charges

_TRIES = 20
"""Of takes that overrun at the same moment; each rewrites one small object."""


async def learned(storage: Storage, production_id: str, asset: Asset) -> Charges:
    """What is known of the asset's model.

    Raises:
        StorageFailed: the storage does not answer.
    """
    found = await storage.get_bytes(keys.learned_key(production_id, asset.provider, asset.model))
    return Charges.model_validate_json(found[0], extra="ignore") if found else Charges()


async def learn(storage: Storage, production_id: str, asset: Asset, cost_usd: Decimal) -> None:
    """Keep what a submission was billed, where that is more than its price, or where no price is published.

    Raises:
        StorageFailed: the storage does not answer.
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
