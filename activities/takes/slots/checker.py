"""`check_slots`: whether a slot that was not released is in use, by its workflow and by the ledger of its take."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from temporalio import activity
from temporalio.client import WorkflowExecutionStatus

from activities.errors import InvalidRequest, ProviderError
from activities.providers.protocol import Claim, Finished, Job, Provider
from activities.providers.selection import find_offer
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from activities.takes.attempt import Attempt, scratch_directory
from activities.takes.ledger import Entry, Ledger, LedgerUnreadable, now
from activities.takes.stopping import request_of
from workflows import keys
from workflows.activity_io import ProduceAsset
from workflows.brief import Brief, Platform
from workflows.models import Asset, Modality
from workflows.servers.runs import description_of
from workflows.slots.messages import CHECK_SLOTS, CheckSlots, HeldSlot, SlotsChecked, Verdict, take_of

AT_ONCE: Final = 8
"""Concurrent checks."""
STALE: Final = timedelta(seconds=20)
"""An attempt of a closed workflow learns of its end by its next heartbeat, within 15 s. It may submit until then."""
LOST_AFTER: Final = timedelta(minutes=15)
"""A request without a response is over by then: the longest call of a vendor has a limit of 10 minutes."""
JOB_ENDS_AFTER: Final = timedelta(days=1)
"""A job that can be neither polled nor found has ended by then: no vendor runs one for so long."""


class SlotChecker:
    """Checks slots over one bucket and the enabled providers."""

    def __init__(self, storage: Storage, providers: Mapping[str, Provider], settings: ActivitySettings) -> None:
        self._storage = storage
        self._providers = providers
        self._settings = settings

    @activity.defn(name=CHECK_SLOTS)
    async def check_slots(self, request: CheckSlots) -> SlotsChecked:
        """
        Raises:
            RPCError, StorageFailed: the check is repeated.
        """
        limit = asyncio.Semaphore(AT_ONCE)

        async def check(held: HeldSlot) -> Verdict:
            async with limit:
                return await self._verdict(request.provider, held)

        return SlotsChecked(verdicts=tuple(await asyncio.gather(*map(check, request.slots))))

    async def _verdict(self, provider: str, held: HeldSlot) -> Verdict:
        holder = await description_of(activity.client().get_workflow_handle(held.holder))
        production_id, asset_id, take = take_of(held.slot)
        if holder is None:
            closed, settled = True, now() - held.since > STALE
        else:
            closed = holder.status is not WorkflowExecutionStatus.RUNNING
            settled = not closed or (holder.close_time or held.since) < datetime.now(UTC) - STALE
            pending = {a.activity_id for a in holder.raw_description.pending_activities}
            if not closed and keys.take_activity(asset_id, take) in pending:
                return "held"
        if not settled or await self._is_at_provider(provider, production_id, asset_id, take):
            return "held"
        return "free" if closed or held.abandoned else "unclear"

    async def _is_at_provider(self, provider: str, production_id: str, asset_id: str, take: int) -> bool:
        """Whether a submission of the take may not have ended yet."""
        try:
            entry = await Ledger(self._storage, keys.take_prefix(production_id, asset_id, take)).read()
        except LedgerUnreadable:
            return False  # a person decides about it, who may take days
        if entry is None or not entry.is_open or entry.provider != provider:
            return False
        age = now() - entry.last.at
        if entry.state == "claimed" and age < LOST_AFTER:
            return True
        return age < JOB_ENDS_AFTER and await self._job_runs(entry, production_id, asset_id, take)

    async def _job_runs(self, entry: Entry, production_id: str, asset_id: str, take: int) -> bool:
        """Whether the job of an open submission runs; of a lost one, whether there is one that does."""
        provider = self._providers.get(entry.provider)
        offer = find_offer(provider, entry.model, entry.asset_type or Modality.IMAGE) if provider else None
        if provider is None or offer is None:
            return True
        async with scratch_directory() as workdir:
            task = _request(entry, production_id, asset_id, take)
            attempt = Attempt(self._storage, provider, offer, task, workdir, self._settings)
            try:
                job = (
                    Job(entry.job_id)
                    if entry.job_id
                    else await attempt.call_vendor("recover", provider.recover(Claim(attempt.request, entry.last.at)))
                )
                if job is None:
                    return False
                status = await attempt.call_vendor("poll", provider.poll(attempt.request, job), job.id)
            except InvalidRequest:
                return False  # the provider has no such job
            except ProviderError as error:
                return not error.ends_job
            return not isinstance(status, Finished)


def _request(entry: Entry, production_id: str, asset_id: str, take: int) -> ProduceAsset:
    """The request of a ledger, as far as polling its job needs it."""
    asset = Asset(
        asset_id=asset_id,
        asset_type=entry.asset_type or Modality.IMAGE,
        role="take",
        prompt="poll",
        provider=entry.provider,
        model=entry.model,
    )
    brief = Brief(text="poll", platform=Platform.VIDEO)
    return request_of(entry, ProduceAsset(production_id=production_id, brief=brief, asset=asset, take=take))
