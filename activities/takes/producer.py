"""`produce_asset`: make one take, pay for it at most once, store it.

The first thing an attempt does is to look for what earlier attempts left: the media object of a take that
costs nothing (`free`), the ledger of all others (`paid`). A provider's long job is polled by
the activity's own retries: each look that finds it unfinished raises `StillRunning` with the delay of the
next look, so no worker slot is held while it renders and any worker can take the next look.
"""

from collections.abc import Mapping

from activities.providers.protocol import Provider
from activities.providers.selection import offer_of
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from activities.storage.errors import StorageFailed
from activities.takes.attempt import STORAGE_RETRY, Attempt, again, unaskable, used_before, workplace
from activities.takes.free import FreeTake
from activities.takes.ledger import Ledger, LedgerUnreadable
from activities.takes.paid import LedgerTake
from activities.takes.stopping import StoppedTake
from workflows import keys
from workflows.activity_io import AssetCancelled, ProduceAsset
from workflows.models import MASK, ZERO, Take
from workflows.preview.plan import PREVIZ


class Producer:
    """Makes takes with the enabled providers into one bucket."""

    def __init__(self, storage: Storage, providers: Mapping[str, Provider], settings: ActivitySettings) -> None:
        self._storage = storage
        self._providers = providers
        self._settings = settings

    async def produce(self, request: ProduceAsset) -> Take:
        """One attempt.

        Raises:
            ApplicationError: StillRunning until the job is done; retryable or final failures, the final
                ones with an AssetFailure as first detail.
        """
        asset = request.asset
        provider = self._providers.get(asset.provider)
        offer = offer_of(provider, asset.model, asset.asset_type) if provider else None
        if provider is None or offer is None:
            return await self._gone(request, known=provider is not None)
        masks = [i.asset_id for i in request.inputs if i.role == MASK and i.provider == PREVIZ]
        if masks and not offer.free:
            return await self._unmasked(request, masks[0])
        free = offer.free and not offer.job
        if free:
            await self._check_unpaid(request)
        way = FreeTake if free else LedgerTake
        async with workplace() as workdir:
            return await way(self._storage, provider, offer, request, workdir, self._settings).make()

    async def cancel(self, request: ProduceAsset) -> AssetCancelled:
        """Stop a take: its job at the provider, where it has one; and what it cost, as its ledger knows it."""
        asset = request.asset
        provider = self._providers.get(asset.provider)
        offer = offer_of(provider, asset.model, asset.asset_type) if provider else None
        if provider is None or offer is None:
            words = f"no worker has a key of {asset.provider}: look there for what still runs"
            price = asset.quote.high_usd if asset.quote else ZERO
            return AssetCancelled(outcome="running", billed_usd=price, message=words)
        async with workplace() as workdir:
            return await StoppedTake(Attempt(self._storage, provider, offer, request, workdir, self._settings)).stop()

    async def _check_unpaid(self, request: ProduceAsset) -> None:
        """Look for a paid take of this number, which a run that was reset has ordered: it is stopped and counted.

        Raises:
            ApplicationError: there is one.
        """
        try:
            entry = await self._ledger(request).read()
            if entry is None:
                return
            made_by = {"provider": entry.provider, "model": entry.model}
            other = request.model_copy(update={"asset": request.asset.model_copy(update=made_by)})
            end = await self.cancel(other)
        except LedgerUnreadable as error:
            raise used_before(job_id=error.job_id) from None
        except StorageFailed as error:
            raise again(f"storage: {error}", STORAGE_RETRY, "storage_unavailable") from None
        raise used_before(end.billed_usd, end.job_id)

    async def _unmasked(self, request: ProduceAsset, mask: str) -> Take:
        """The take of an edit whose mask is a placeholder, which says nothing of what is to be changed.

        Raises:
            ApplicationError: there is nothing stored.
        """
        entry = await self._ledger(request).read()
        if entry and entry.take:
            return entry.take
        words = f"{mask} is a placeholder of previz, no mask: upload the mask as its take, then retry"
        raise unaskable(words, entry, "asset_failed")

    def _ledger(self, request: ProduceAsset) -> Ledger:
        prefix = keys.take_prefix(request.production_id, request.asset.asset_id, request.take)
        return Ledger(self._storage, prefix)

    async def _gone(self, request: ProduceAsset, *, known: bool) -> Take:
        """The take of a model that this worker no longer offers: what is stored stays, what is open is for a person.

        Args:
            known: Whether the worker has a key of the provider: then it is the model that is gone.

        Raises:
            ApplicationError: there is nothing stored.
        """
        asset = request.asset
        entry = await self._ledger(request).read()
        if entry and entry.take:
            return entry.take
        words = f"this worker does not offer {asset.provider} {asset.model!r}; choose another"
        raise unaskable(words, entry, "model_retired" if known else "asset_failed")
