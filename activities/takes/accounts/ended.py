"""The money of parts of a series whose workflow ended without returning it: terminated, timed out, deleted.

It is looked for when the series has too little for another part. First the grant of such a part ends, so that nothing
more is submitted for it. When each submission that was about to begin is in its ledger, the part keeps what its ledgers
say: the bills, and the price of every request whose outcome is unknown.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Literal, TypeVar

from temporalio import activity
from temporalio.client import WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError

from activities.finishing.manifests import Manifests
from activities.storage.bucket import Storage
from activities.takes.accounts.account import (
    CLAIMS_WITHIN_SECONDS,
    Account,
    AccountFile,
    Reservation,
)
from activities.takes.accounts.costs import CostUnreadable, cost_by_ledgers
from workflows import keys
from workflows.models import ZERO
from workflows.servers.runs import description_of

ASSETS: Final = "assets"
"""The entry of a part for all that follows its planning; its other entries are questions of planning."""
AT_ONCE: Final = 10
STALE: Final = timedelta(seconds=20)
"""An attempt of a closed workflow learns of its end by its next heartbeat, within 15 s: a question checks no grant."""

T = TypeVar("T")
Settling = Literal["released", "wait", "nothing"]
"""released: the account holds less now; wait: it may soon; nothing: no part has ended without returning its money."""
Closed = Callable[[str], Awaitable[datetime | None]]
"""When the workflow of a production was closed from outside, the earliest time where Temporal does not have it. None:
it is open, or has ended by itself."""


class EndedParts:
    """Settles them in the account of their series."""

    def __init__(self, storage: Storage, closed_at: Closed | None = None) -> None:
        self._storage = storage
        self._closed_at = closed_at or workflow_closed_at

    async def settle(self, file: AccountFile, asking: str) -> Settling:
        """Settle the parts that have ended, except `asking`.

        Raises:
            RPCError, StorageFailed: try again.
        """
        slots = asyncio.Semaphore(AT_ONCE)

        async def in_turn(work: Coroutine[Any, Any, T]) -> T:
            async with slots:
                return await work

        parts = {i: e for i, e in parts_of(await file.read()).items() if e.usd and i != asking}
        closed = await asyncio.gather(*(in_turn(self._end_grant(file, *part)) for part in parts.items()))
        ended = [i for i, since in zip(parts, closed, strict=True) if since is not None]
        if not ended:
            return "nothing"
        await asyncio.sleep(CLAIMS_WITHIN_SECONDS + 1)  # then every submission whose grant was valid has its claim
        if any(since and since > datetime.now(UTC) - STALE for since in closed):
            return "wait"
        account = await file.read()
        lower = await asyncio.gather(*(in_turn(self._count(file, account, i)) for i in ended))
        return "released" if any(lower) else "nothing"

    async def _end_grant(self, file: AccountFile, production_id: str, entry: Reservation) -> datetime | None:
        """End the grant of a part whose workflow has ended; the result is when. None if it is open, or has returned
        its money itself."""
        since = await self._closed_at(production_id)
        if since is None or await self._has_returned(production_id, entry):
            return None
        if not entry.ended:
            end = {"tries": entry.tries + 1, "returned": True, "ended": True}
            await file.change(_changing(production_id, entry, end))
        return since

    async def _count(self, file: AccountFile, account: Account, production_id: str) -> bool:
        """Let the part keep what its ledgers say; whether that is less than before."""
        entry = parts_of(account)[production_id]
        try:
            cost = await cost_by_ledgers(self._storage, production_id)
        except CostUnreadable:
            return False
        usd = max(cost - planned_usd(account, production_id), ZERO)
        if entry.ended and usd != entry.usd:
            await file.change(_changing(production_id, entry, {"usd": usd}))
        return entry.ended and usd < entry.usd

    async def _has_returned(self, production_id: str, entry: Reservation) -> bool:
        """Whether the production has ended by itself, with this amount; also where its manifest cannot be read."""
        try:
            manifest = await Manifests(self._storage).read(production_id)
        except ApplicationError:
            return True
        if manifest is None or not manifest.status.closed or manifest.allowance is None:
            return False
        return manifest.allowance.granted_usd == entry.usd


def parts_of(account: Account) -> dict[str, Reservation]:
    """Production -> the amount for all that follows its planning."""
    found = (name.rpartition("/") for name in account.entries)
    return {i: account.entries[f"{i}/{ASSETS}"] for i, _, what in found if what == ASSETS}


def planned_usd(account: Account, production_id: str) -> Decimal:
    """What the account counts for the planning of a part."""
    questions = account.of_group(production_id)
    planned = sum((e.usd for name, e in questions.items() if name != f"{production_id}/{ASSETS}"), ZERO)
    return planned + account.rolled_usd.get(production_id, ZERO)


def _changing(
    production_id: str, before: Reservation, changes: Mapping[str, object]
) -> Callable[[Account], Awaitable[Account]]:
    """Change the entry of a part, unless it has changed meanwhile."""
    name = f"{production_id}/{ASSETS}"

    async def changed(account: Account) -> Account:
        if account.entries.get(name) != before:
            return account
        return account.with_entry(name, before.model_copy(update=dict(changes)))

    return changed


async def workflow_closed_at(production_id: str) -> datetime | None:
    """See `Closed`.

    Raises:
        RPCError: Temporal does not respond.
    """
    found = await description_of(activity.client().get_workflow_handle(keys.workflow_id(production_id)))
    if found is None:
        return datetime.min.replace(tzinfo=UTC)
    if found.status in (WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.COMPLETED):
        return None
    return found.close_time or datetime.now(UTC)
