"""`produce_asset`: make one take, pay for it at most once, store it.

An attempt first reads what earlier attempts left: the media object of a take that costs nothing (`free`), the
ledger of all others (`paid`). A provider's long job is polled by the activity's own retries: each poll that finds it
unfinished raises `StillRunning` with the delay of the next poll, so no worker slot is held while the job runs, and any
worker can poll next.
"""

from collections.abc import Mapping

from temporalio import activity

from activities.errors import ChecksFailed
from activities.provenance.signer import Signer
from activities.providers.protocol import Provider
from activities.providers.selection import find_offer
from activities.quality.safety import Safety
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from activities.storage.errors import StorageFailed
from activities.takes.attempt import (
    STORAGE_RETRY,
    Attempt,
    application_error,
    failure_of,
    model_unavailable,
    retry_later,
    scratch_directory,
    send_heartbeats,
    take_number_used,
)
from activities.takes.free import FreeTake
from activities.takes.ledger import Ledger, LedgerUnreadable
from activities.takes.paid import PaidTake
from activities.takes.stopping import TakeStopper
from workflows import keys
from workflows.activity_io import AssetCancelled, ProduceAsset
from workflows.models import MASK, ZERO, Take
from workflows.preview.plan import PREVIZ


class Producer:
    """Makes takes with the enabled providers and stores them in one bucket."""

    def __init__(
        self,
        storage: Storage,
        providers: Mapping[str, Provider],
        settings: ActivitySettings,
        signer: Signer | None = None,
    ) -> None:
        self._storage = storage
        self._providers = providers
        self._settings = settings
        self._signer = signer
        self._safety = Safety(storage, providers, enabled=settings.moderation)

    async def produce(self, request: ProduceAsset) -> Take:
        """One attempt; a take that is made is moderated, if this worker moderates.

        Raises:
            ApplicationError: StillRunning until the job is done; retryable or final failures, the final
                ones with an AssetFailure as first detail.
        """
        take = await self._made(request)
        if not self._safety.applies_to(take):
            return take
        with send_heartbeats(lambda: activity.heartbeat({"asset_id": request.asset.asset_id, "step": "moderating"})):
            checked = await self._safety.checked(take, request.asset)
        if checked.checks.flagged:
            raise application_error(failure_of(ChecksFailed(checked), billed_usd=checked.billed_usd))
        return checked

    async def _made(self, request: ProduceAsset) -> Take:
        asset = request.asset
        provider = self._providers.get(asset.provider)
        offer = find_offer(provider, asset.model, asset.asset_type) if provider else None
        if provider is None or offer is None:
            return await self._unavailable(request, known=provider is not None)
        masks = [i.asset_id for i in request.inputs if i.role == MASK and i.provider == PREVIZ]
        if masks and not offer.free:
            return await self._placeholder_mask(request, masks[0])
        free = offer.free and not offer.job
        if free:
            await self._check_unpaid(request)
        attempt = FreeTake if free else PaidTake
        async with scratch_directory() as workdir:
            made = attempt(self._storage, provider, offer, request, workdir, self._settings, signer=self._signer)
            return await made.make()

    async def cancel(self, request: ProduceAsset) -> AssetCancelled:
        """Stop a take and its job at the provider, if it has one; return its cost from the ledger."""
        asset = request.asset
        provider = self._providers.get(asset.provider)
        offer = find_offer(provider, asset.model, asset.asset_type) if provider else None
        if provider is None or offer is None:
            message = f"no worker has a key of {asset.provider}: check there for jobs that still run"
            price = asset.quote.high_usd if asset.quote else ZERO
            return AssetCancelled(outcome="running", billed_usd=price, message=message)
        async with scratch_directory() as workdir:
            return await TakeStopper(Attempt(self._storage, provider, offer, request, workdir, self._settings)).stop()

    async def _check_unpaid(self, request: ProduceAsset) -> None:
        """Stop and count a paid take of the same number, which a run that was reset may have ordered.

        Raises:
            ApplicationError: there is such a take.
        """
        try:
            entry = await self._ledger(request).read()
            if entry is None:
                return
            made_by = {"provider": entry.provider, "model": entry.model}
            other = request.model_copy(update={"asset": request.asset.model_copy(update=made_by)})
            end = await self.cancel(other)
        except LedgerUnreadable as error:
            raise take_number_used(job_id=error.job_id) from None
        except StorageFailed as error:
            raise retry_later(f"storage: {error}", STORAGE_RETRY, "storage_unavailable") from None
        raise take_number_used(end.billed_usd, end.job_id)

    async def _placeholder_mask(self, request: ProduceAsset, mask: str) -> Take:
        """The stored take of an edit whose mask is a placeholder, which marks no area to change.

        Raises:
            ApplicationError: no take is stored.
        """
        entry = await self._ledger(request).read()
        if entry and entry.take:
            return entry.take
        message = f"{mask} is a placeholder of previz, not a mask: upload the mask as its take, then retry"
        raise model_unavailable(message, entry, "asset_failed")

    def _ledger(self, request: ProduceAsset) -> Ledger:
        prefix = keys.take_prefix(request.production_id, request.asset.asset_id, request.take)
        return Ledger(self._storage, prefix)

    async def _unavailable(self, request: ProduceAsset, *, known: bool) -> Take:
        """The stored take of a model that this worker no longer offers; a reviewer decides about an open submission.

        Args:
            known: Whether the worker has a key of the provider: then only the model was removed.

        Raises:
            ApplicationError: no take is stored.
        """
        asset = request.asset
        entry = await self._ledger(request).read()
        if entry and entry.take:
            return entry.take
        message = f"this worker does not offer {asset.provider} {asset.model!r}; choose another"
        raise model_unavailable(message, entry, "model_retired" if known else "asset_failed")
