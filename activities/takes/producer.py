"""`produce_asset`: make one take, pay for it at most once, store it.

An attempt first reads what earlier attempts left: the media object of a take that costs nothing (`free`), the
ledger of all others (`paid`). A provider's long job is polled by the activity's own retries: each poll that finds it
unfinished raises `StillRunning` with the delay of the next poll, so no worker slot is held while the job runs, and any
worker can poll next.
"""

from collections.abc import Mapping

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.catalogue.offers import Offer
from activities.errors import ChecksFailed
from activities.provenance.signer import Signer
from activities.providers.protocol import Provider
from activities.providers.selection import find_offer
from activities.quality.safety import Safety
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from activities.storage.errors import StorageFailed
from activities.takes.accounts.series import check_grant
from activities.takes.attempt import (
    Attempt,
    NumberUsed,
    application_error,
    failure_of,
    model_unavailable,
    request_digest,
    scratch_directory,
    send_heartbeats,
    stopped_by_storage,
    take_number_used,
)
from activities.takes.free import FreeTake
from activities.takes.ledger import Entry, Ledger, LedgerUnreadable
from activities.takes.paid import PaidTake
from activities.takes.reuse.copies import offer_for_reuse, reuse_digest
from activities.takes.slots.gate import open_pool, slot_needed, start_pool
from activities.takes.stopping import TakeStopper, request_of
from workflows import keys
from workflows.activity_io import AssetCancelled, ProduceAsset
from workflows.models import MASK, ZERO, Asset, Take
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
        """One attempt; a take that is made is moderated, if this worker moderates, and then offered for reuse.

        Raises:
            ApplicationError: StillRunning until the job is done; retryable or final failures, the final
                ones with an AssetFailure as first detail.
        """
        take = await self._moderated(request, await self._made(request))
        _, offer = self._offer(request.asset)
        if request.reuse and request.order is None and offer and not (offer.free or take.reused):
            await offer_for_reuse(self._storage, request, take, reuse_digest(request, offer))
        return take

    async def _moderated(self, request: ProduceAsset, take: Take) -> Take:
        """
        Raises:
            ApplicationError: it is flagged.
        """
        if not self._safety.applies_to(take):
            return take
        with send_heartbeats(lambda: activity.heartbeat({"asset_id": request.asset.asset_id, "step": "moderating"})):
            checked = await self._safety.checked(take, request.asset)
        if checked.checks.flagged:
            raise application_error(failure_of(ChecksFailed(checked), billed_usd=checked.billed_usd))
        return checked

    async def _made(self, request: ProduceAsset) -> Take:
        await self._check_slot(request)
        provider, offer = self._offer(request.asset)
        if provider is None or offer is None:
            return await self._unavailable(request, known=provider is not None)
        masks = [i.asset_id for i in request.inputs if i.role == MASK and i.provider == PREVIZ]
        if masks and not offer.free:
            return await self._placeholder_mask(request, masks[0])
        free = offer.free and not offer.job
        attempt = FreeTake if free else PaidTake
        try:
            if free:
                await self._check_unpaid(request)
            async with scratch_directory() as workdir:
                made = attempt(self._storage, provider, offer, request, workdir, self._settings, signer=self._signer)
                if isinstance(made, PaidTake) and (grant := request.grant):
                    made.reserve = lambda _: check_grant(self._storage, grant, request.production_id)
                return await made.make()
        except NumberUsed:
            raise await self._stop_earlier(request) from None

    async def _check_slot(self, request: ProduceAsset) -> None:
        """Check that the take has a slot, if its provider has an in-flight limit. A stored take needs none.

        Raises:
            ApplicationError: it has none; nothing was sent.
            RPCError: Temporal does not respond.
        """
        provider = request.asset.provider
        limit = self._settings.in_flight.get(provider)
        if limit is None or (request.slot and request.slot == await open_pool(activity.client(), provider)):
            return
        try:
            entry, job_id = await self._read(request)
        except StorageFailed as error:
            raise stopped_by_storage(error) from None
        if entry is None or entry.state != "stored":
            await start_pool(activity.client(), provider, limit)
            raise slot_needed(request, entry, unreadable=job_id is not None)

    async def cancel(self, request: ProduceAsset) -> AssetCancelled:
        """Stop a take and its job at the provider, if it has one; return its cost from the ledger.

        The ledger says which model and price it is: a run that was reset may have used the number for another request.
        """
        entry, job_id = await self._read(request)
        other = entry is not None and not _is_of(entry, request)
        made = request_of(entry, request) if entry and other else request
        asset = made.asset
        provider, offer = self._offer(asset)
        if provider is None or offer is None:
            end = _unreachable(asset, entry, job_id)
        else:
            async with scratch_directory() as workdir:
                attempt = Attempt(self._storage, provider, offer, made, workdir, self._settings)
                end = await TakeStopper(attempt).stop()
        if entry is None or not other:
            return end
        after, _ = await self._read(request)
        return end.model_copy(update={"earlier": (after or entry).as_earlier()})

    def _offer(self, asset: Asset) -> tuple[Provider | None, Offer | None]:
        provider = self._providers.get(asset.provider)
        return provider, find_offer(provider, asset.model, asset.asset_type) if provider else None

    async def _read(self, request: ProduceAsset) -> tuple[Entry | None, str | None]:
        """The ledger of the take; of one that this version cannot read, the last job id in its text.

        Raises:
            StorageFailed: the storage does not respond.
        """
        try:
            return await self._ledger(request).read(), None
        except LedgerUnreadable as error:
            return None, error.job_id or ""

    async def _check_unpaid(self, request: ProduceAsset) -> None:
        """Check that a run that was reset has not ordered a paid take of this number.

        Raises:
            NumberUsed: there is the ledger of such a take.
            ApplicationError: the storage does not respond.
        """
        try:
            found = await self._read(request)
        except StorageFailed as error:
            raise stopped_by_storage(error) from None
        if found != (None, None):
            raise NumberUsed

    async def _stop_earlier(self, request: ProduceAsset) -> ApplicationError:
        """Stop the request of another run that used the number of this take; the error to raise, with its cost."""
        try:
            with send_heartbeats(activity.heartbeat):
                return take_number_used(await self.cancel(request))
        except StorageFailed as error:
            return stopped_by_storage(error)

    async def _placeholder_mask(self, request: ProduceAsset, mask: str) -> Take:
        """The stored take of an edit whose mask is a placeholder, which marks no area to change.

        Raises:
            ApplicationError: no take is stored.
        """
        entry = await self._ledger(request).read()
        if entry and entry.take and _is_of(entry, request):
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
        if entry and entry.take and _is_of(entry, request):
            return entry.take
        message = f"this worker does not offer {asset.provider} {asset.model!r}; choose another"
        raise model_unavailable(message, entry, "model_retired" if known else "asset_failed")


def _is_of(entry: Entry, request: ProduceAsset) -> bool:
    """Whether the ledger is that of this request."""
    return entry.request_digest == request_digest(request)


def _unreachable(asset: Asset, entry: Entry | None, job_id: str | None) -> AssetCancelled:
    """The end of a take whose provider this worker has no key of: an open submission counts at its price."""
    if entry and not entry.is_open:
        return AssetCancelled(outcome="billed" if entry.billed_usd else "free", billed_usd=entry.billed_usd)
    message = f"no worker has a key of {asset.provider}: check there for jobs that still run"
    billed, price = (entry.billed_usd if entry else ZERO), asset.quote.high_usd if asset.quote else ZERO
    due = price if entry is None else entry.reserved_usd
    job_id = (entry.job_id if entry else job_id) or None
    return AssetCancelled(outcome="running", billed_usd=billed + due, job_id=job_id, message=message)
