"""The activities of batches and of operations: the state of productions, and the records of batches."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from temporalio import activity
from temporalio.client import (
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowFailureError,
    WorkflowHandle,
)
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.takes.accounts.costs import CostUnreadable
from workflows import keys
from workflows.batch.records import BATCH_USED, PRODUCTION_USED, BatchRecord, WantedProduction
from workflows.events import ProductionStatus, Report, Snapshot
from workflows.models import ZERO
from workflows.nexus.outcomes import outcome_of
from workflows.nexus.service import FOLLOW_PRODUCTION, STILL_OPEN, Follow, OperationRecord, Outcome
from workflows.production.state.policies import highest_usd
from workflows.refusals import refusal_in
from workflows.servers.runs import description_of
from workflows.start_options import COST, STATUS, content_digest

if TYPE_CHECKING:
    from activities.storage.bucket import Storage

ReadCost = Callable[[str], Awaitable[Decimal]]
ReadManifest = Callable[[str], Awaitable[Snapshot | None]]
MAX_POLL_SECONDS: Final = 30.0
"""Between two polls of a production that some operation follows."""
UNREADABLE_SECONDS: Final = 60.0
"""Between two polls of a production whose ledgers cannot be read."""
FORGOTTEN = "the Temporal server no longer has it, and it has no manifest"


class ProductionReports:
    """Reads productions from Temporal, or from the manifest if Temporal no longer has them."""

    def __init__(self, read_manifest: ReadManifest, read_cost: ReadCost | None = None) -> None:
        """
        Args:
            read_cost: The cost of a production by its ledgers, USD; for one that has no result. It raises
                CostUnreadable.
        """
        self._read_manifest = read_manifest
        self._read_cost = read_cost

    @activity.defn(name=keys.REPORT_PRODUCTION)
    async def report_production(self, production_id: str) -> Report:
        """Query a running production, or read the result of a closed one; a terminated one has failed.

        One whose manifest or cost cannot be read needs attention until that is repaired.

        Raises:
            RPCError: the server or a worker does not respond; try again.
        """
        handle, described = await _describe(production_id)
        if described is None:
            try:
                manifest = await self._read_manifest(production_id)
            except ApplicationError as error:
                return _unreadable(Report(production_id=production_id, status=ProductionStatus.FAILED), error.message)
            return _report(manifest) if manifest else await self._failed(production_id, FORGOTTEN, 0)
        found = await self._snapshot_or_error(production_id, handle, described)
        if isinstance(found, Snapshot):
            return _report(found)
        # It has no result, and a run that no worker started cannot be queried.
        return await self._failed(production_id, found, described.typed_search_attributes.get(COST, 0))

    @activity.defn(name=keys.FIND_PRODUCTION)
    async def find_production(self, wanted: WantedProduction) -> Report | None:
        """The state of the production of a row; None if it does not exist, so that it can be started.

        Raises:
            ApplicationError: type PRODUCTION_USED, not retried; a production with another brief has this id.
            RPCError: the server or a worker does not respond; try again.
        """
        production_id = wanted.production_id
        handle, described = await _describe(production_id)
        if described is None:
            found: Snapshot | str | None = await self._read_manifest(production_id)
        else:
            found = await self._snapshot_or_error(production_id, handle, described)
        if isinstance(found, Snapshot):
            if content_digest(found.brief) != wanted.content:
                message = f"{production_id!r} was made from another brief; give the row another key"
                raise ApplicationError(message, type=PRODUCTION_USED, non_retryable=True)
            return _report(found)
        if described is None:
            return None
        return await self._failed(production_id, str(found), described.typed_search_attributes.get(COST, 0))

    @activity.defn(name=FOLLOW_PRODUCTION)
    async def follow_production(self, request: Follow) -> Outcome:
        """The state of a production that is planned or closed. The retries of the activity poll it: no slot is held.

        Raises:
            ApplicationError: type STILL_OPEN; it is polled again after a time that grows to 30 s.
            RPCError: the server or a worker does not respond; try again.
        """
        production_id = request.production_id
        handle, described = await _describe(production_id)
        if described is None:
            found: Snapshot | str = await self._read_manifest(production_id) or FORGOTTEN
        elif described.status is WorkflowExecutionStatus.RUNNING and (
            request.until == "closed" or described.typed_search_attributes.get(STATUS) == ProductionStatus.PLANNING
        ):
            raise _still_open()
        else:
            found = await self._snapshot_or_error(production_id, handle, described)
        if not isinstance(found, Snapshot):
            record = OperationRecord(production_id=production_id, status=ProductionStatus.FAILED)
            return Outcome(record=record, reason=found)
        if not found.plan and not found.status.closed:
            raise _still_open()
        return outcome_of(found)

    async def _snapshot_or_error(
        self, production_id: str, handle: WorkflowHandle[Any, Snapshot], described: WorkflowExecutionDescription
    ) -> Snapshot | str:
        """The snapshot of the newest run, or the reason why it has none."""
        if described.status is WorkflowExecutionStatus.RUNNING:
            running: Snapshot = await handle.query("snapshot", result_type=Snapshot)
            return running
        if described.status is WorkflowExecutionStatus.COMPLETED:
            return await handle.result()
        if described.status is WorkflowExecutionStatus.FAILED:
            try:
                await handle.result()
            except WorkflowFailureError as error:
                refusal = refusal_in(error.cause)
                manifest = await self._read_manifest(production_id) if refusal and refusal.kind == "id_used" else None
                return manifest or str(error.cause)
        return "it timed out" if described.status is WorkflowExecutionStatus.TIMED_OUT else "terminated by an operator"

    async def _failed(self, production_id: str, error: str, shown_usd: float) -> Report:
        """The report of a production without a result: requests whose outcome is unknown count at their price.

        Args:
            shown_usd: The cost that its run has published last.
        """
        spent = Decimal(str(shown_usd)).quantize(Decimal("0.0001"))
        failed = Report(production_id=production_id, status=ProductionStatus.FAILED, error=error, spent_usd=spent)
        try:
            cost = await self._read_cost(production_id) if self._read_cost else ZERO
        except CostUnreadable as unreadable:
            return _unreadable(failed, f"{unreadable}; {error}")
        return failed.model_copy(update={"spent_usd": max(spent, cost)})


class BatchRecords:
    """The records of batches in the bucket, which remain after Temporal's retention."""

    def __init__(self, storage: "Storage") -> None:
        self._storage = storage

    @activity.defn(name=keys.KEEP_BATCH)
    async def keep_batch(self, record: BatchRecord) -> None:
        """Store the record of a batch; the first record claims its id for these rows.

        Raises:
            ApplicationError: type BATCH_USED, not retried; a batch of other rows has this id.
            StorageFailed, StorageConflict: try again.
        """
        key, data = keys.batch_key(record.view.batch_id), record.model_dump_json(indent=1).encode()
        found = await self._storage.get_bytes(key)
        if found is None:
            await self._storage.put_unpaid(key, data, "application/json", only_if_absent=True)
            return
        if BatchRecord.model_validate_json(found[0]).rows_digest != record.rows_digest:
            message = f"{record.view.batch_id!r} is a batch of other rows; choose another batch_id"
            raise ApplicationError(message, type=BATCH_USED, non_retryable=True)
        await self._storage.put_unpaid(key, data, "application/json", if_match=found[1])


def _still_open() -> ApplicationError:
    delay = timedelta(seconds=min(MAX_POLL_SECONDS, activity.info().attempt * 0.2))
    benign = ApplicationErrorCategory.BENIGN
    return ApplicationError("it is still open", type=STILL_OPEN, next_retry_delay=delay, category=benign)


async def _describe(
    production_id: str,
) -> tuple[WorkflowHandle[Any, Snapshot], WorkflowExecutionDescription | None]:
    """The handle and the description of the newest run; no description if the server does not know the production."""
    handle = activity.client().get_workflow_handle(keys.workflow_id(production_id), result_type=Snapshot)
    return handle, await description_of(handle)


def _unreadable(report: Report, error: str) -> Report:
    """The report of a production of which an object has to be repaired first."""
    waits = {"status": ProductionStatus.NEEDS_ATTENTION, "again_seconds": UNREADABLE_SECONDS, "error": error}
    return report.model_copy(update=waits)


def _report(snapshot: Snapshot) -> Report:
    plan = snapshot.plan
    planned = snapshot.status is ProductionStatus.AWAITING_APPROVAL and plan is not None
    return Report(
        production_id=snapshot.production_id,
        status=snapshot.status,
        plan_digest=plan.digest if plan else None,
        high_usd=highest_usd(snapshot) if planned else snapshot.budget_usd or ZERO,
        low_usd=snapshot.spent_usd + (plan.low_usd if planned and plan else ZERO),
        assets=len(plan.assets) if plan else 0,
        unknown_prices=bool(plan and plan.unknown_prices),
        spent_usd=snapshot.spent_usd,
        error=snapshot.error or "",
    )
