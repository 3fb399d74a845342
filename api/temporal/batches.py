"""Every call to Temporal about batches."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from temporalio.client import (
    Client,
    WorkflowExecution,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
)
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import FailureError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from api.problems import Problem, parse_field_error, unknown_batch
from api.temporal.outcomes import (
    RPC_TIMEOUT,
    SILENT,
    NoWorker,
    listed_memo,
    query_failed,
    rpc_problem,
    send_update,
    translating_errors,
)
from api.temporal.priorities import Priorities
from api.temporal.reads import MAX_QUERIES, QUERY_TIMEOUT
from api.temporal.titles import SearchableTitles
from api.temporal.updates import UPDATE_SECONDS
from api.views.batches import BatchLinks, ListedBatch
from workflows import keys
from workflows.batch.records import Admit, BatchRecord, BatchRow, BatchStart, BatchStatus, BatchView
from workflows.batch.state import check_repeat
from workflows.models import Model, digest_of
from workflows.refusals import refusal_in
from workflows.start_options import COST, REQUESTER, STATUS, TENANT, TITLE, Urgency, content_digest

ReadRecord = Callable[[str], Awaitable[BatchRecord | None]]


class BatchGateway:
    """Starts, reads and changes batches. Raises only `Problem`."""

    def __init__(
        self, client: Client, read_record: ReadRecord, titles: SearchableTitles, priorities: Priorities | None = None
    ) -> None:
        self._client = client
        self._priorities = priorities or Priorities()
        self._titles = titles
        self._read_record = read_record
        self._slots = asyncio.Semaphore(MAX_QUERIES)

    async def start_batch(self, start: BatchStart) -> BatchStatus:
        """Start a batch; one that was started before is left unchanged, and continues where it was interrupted.

        The bucket is read first, because Temporal may have deleted the batch of this id.

        Raises:
            Problem: 409 where the id began a batch of other rows; 503.
        """
        digest = _rows_digest(start.rows)
        kept = await self._read_record(start.batch_id)
        if kept and kept.rows_digest != digest:
            raise _batch_used(start.batch_id)
        if kept and kept.view.status is BatchStatus.DONE:
            return BatchStatus.DONE
        platforms = {row.brief.platform.value for row in start.rows if row.brief}
        pairs = [(STATUS, BatchStatus.PLANNING.value), (TENANT, start.tenant), (REQUESTER, start.requester)]
        attributes = [SearchAttributePair(key, value) for key, value in pairs]
        title = f"{len(start.rows)} rows: {', '.join(sorted(platforms))}"

        async def send(titled: bool) -> object:
            more = [SearchAttributePair(TITLE, title)] if titled else []
            return await self._client.start_workflow(
                keys.BATCH_TYPE,
                start.model_copy(update={"rows_digest": digest}),
                id=keys.batch_workflow_id(start.batch_id),
                task_queue=keys.TASK_QUEUE,
                priority=self._priorities.of(start.tenant, Urgency.BATCH),
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
                static_summary=title,
                search_attributes=TypedSearchAttributes([*attributes, SearchAttributePair(COST, 0.0), *more]),
                memo={
                    "rows_digest": digest,
                    "rows": len(start.rows),
                    "created_at": start.created_at.isoformat(),
                    "file": start.file,
                },
                rpc_timeout=RPC_TIMEOUT,
            )

        try:
            with translating_errors():
                await self._titles.start(send)
        except WorkflowAlreadyStartedError:
            pass  # it is closed; the rows are compared below, as for one that still runs
        description = await self._describe(start.batch_id)
        if await description.memo_value("rows_digest", "") != digest:
            raise _batch_used(start.batch_id)
        return _batch_status(description)

    async def batch(self, batch_id: str) -> BatchView:
        """The state of a batch: of a running one by a query, of a closed one its result.

        Raises:
            Problem: 404, 503.
        """
        try:
            description = await self._describe(batch_id)
        except Problem as problem:
            if problem.status_code == 404 and (kept := await self._read_record(batch_id)):
                return kept.view
            raise
        if description.status is WorkflowExecutionStatus.COMPLETED:
            with translating_errors(unknown_batch, batch_id):
                return await self._handle(batch_id).result(rpc_timeout=RPC_TIMEOUT)
        view = await self._query(batch_id)
        running = description.status is WorkflowExecutionStatus.RUNNING
        return view if running else view.model_copy(update={"status": _batch_status(description)})

    async def list_batches(
        self,
        tenant: str | None,
        page_size: int,
        page_token: bytes | None,
        links: Callable[[str], BatchLinks],
        prefix: str = "",
    ) -> tuple[list[ListedBatch], bytes | None]:
        """One page of batches, of one tenant or of all (None), open ones first; and the token of the next page.

        Args:
            prefix: The ids begin with it.

        Raises:
            Problem: 503.
        """
        query = f"WorkflowType = '{keys.BATCH_TYPE}' AND ExecutionStatus != 'ContinuedAsNew'"
        query += f" AND {keys.TENANT_ATTRIBUTE} = '{tenant}'" if tenant else ""
        query += f" AND WorkflowId STARTS_WITH '{keys.batch_workflow_id(prefix)}'" if prefix else ""
        page = self._client.list_workflows(
            query, page_size=page_size, next_page_token=page_token, rpc_timeout=RPC_TIMEOUT
        )
        with translating_errors():
            await page.fetch_next_page()
        newest = {e.id: e for e in reversed(page.current_page or ())}
        return [await _listed_batch(e, links) for e in reversed(newest.values())], page.next_page_token

    async def admit(self, batch_id: str, admit: Admit) -> BatchView:
        return await self._update(batch_id, "admit", admit)

    async def stop(self, batch_id: str) -> BatchView:
        return await self._update(batch_id, "stop")

    async def _describe(self, batch_id: str) -> WorkflowExecutionDescription:
        with translating_errors(unknown_batch, batch_id):
            return await self._handle(batch_id).describe(rpc_timeout=RPC_TIMEOUT)

    async def _query(self, batch_id: str) -> BatchView:
        try:
            # The SDK may retry when the server's deadline comes before its own: this timeout ends both.
            async with self._slots, asyncio.timeout(QUERY_TIMEOUT.total_seconds() + 0.1):
                view: BatchView = await self._handle(batch_id).query(
                    "progress", result_type=BatchView, rpc_timeout=QUERY_TIMEOUT
                )
                return view
        except WorkflowQueryFailedError as error:
            raise query_failed(error.message) from None
        except TimeoutError:
            raise NoWorker from None
        except RPCError as error:
            if error.status in SILENT or error.status is RPCStatusCode.FAILED_PRECONDITION:
                raise NoWorker from None
            raise rpc_problem(error) from None

    async def _update(self, batch_id: str, update: str, *args: Model) -> BatchView:
        handle = self._handle(batch_id)
        try:
            view = await send_update(handle, update, args, BatchView, UPDATE_SECONDS, lambda: self._describe(batch_id))
        except WorkflowUpdateFailedError as error:
            raise _refused(error) from None
        if view is not None:
            return view
        kept = await self._read_record(batch_id)
        if kept and args and isinstance(args[0], Admit) and args[0].idempotency_key:
            refusal, done = check_repeat(kept.admitted, args[0])
            if refusal:
                raise _conflict("key-used", refusal.field, refusal.message)
            if done:
                return kept.view
        status = _batch_status(await self._describe(batch_id))  # 404 where there is no such batch
        raise _conflict("wrong-phase", "batch_id", f"the batch is {status.value} and closed; send a new one")

    def _handle(self, batch_id: str) -> WorkflowHandle[Any, BatchView]:
        return self._client.get_workflow_handle(keys.batch_workflow_id(batch_id), result_type=BatchView)


def _conflict(kind: str, field: str, text: str) -> Problem:
    return Problem(409, kind, text, errors=[parse_field_error(f"{field}: {text}")])


def _batch_used(batch_id: str) -> Problem:
    return _conflict("batch-used", "batch_id", f"{batch_id!r} is a batch of other rows; choose another batch_id")


def _refused(error: WorkflowUpdateFailedError) -> Problem:
    cause = error.cause
    if refusal := refusal_in(cause):
        return _conflict(refusal.kind.replace("_", "-"), refusal.field, refusal.message)
    message = cause.message if isinstance(cause, FailureError) else str(cause)
    return Problem(409, "not-done", message or "The batch could not do it.")


def _rows_digest(rows: tuple[BatchRow, ...]) -> str:
    """A digest of the rows' content, without their requester. A field that a later version adds does not change it
    while the field has its default."""
    return digest_of([[row.key, row.brief and content_digest(row.brief)] for row in rows])


def _batch_status(execution: WorkflowExecution) -> BatchStatus:
    """The status according to the server; a failed batch counts as stopped, and continues when it is sent again."""
    if execution.status in (WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.COMPLETED):
        return BatchStatus(execution.typed_search_attributes.get(STATUS, BatchStatus.PLANNING))
    return BatchStatus.STOPPED


async def _listed_batch(execution: WorkflowExecution, links: Callable[[str], BatchLinks]) -> ListedBatch:
    attributes = execution.typed_search_attributes
    cost = attributes.get(COST)
    batch_id = keys.batch_id_of(execution.id)
    memo, encrypted = await listed_memo(execution)
    created_at = memo.get("created_at")
    return ListedBatch(
        batch_id=batch_id,
        status=_batch_status(execution),
        rows=memo.get("rows", 0),
        tenant=attributes.get(TENANT),
        requester=attributes.get(REQUESTER),
        file=encrypted or memo.get("file", ""),
        spent_usd=None if cost is None else Decimal(str(cost)).quantize(Decimal("0.0001")),
        created_at=datetime.fromisoformat(created_at) if created_at else execution.start_time,
        closed_at=execution.close_time,
        links=links(batch_id),
    )
