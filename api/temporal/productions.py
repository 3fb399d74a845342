"""Changes of one production: start, preview, updates, cancellation.

The updates and their time limits are in `updates`, reads are in `reads`, the translation of errors is in `outcomes`.
"""

import asyncio
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from temporalio.client import (
    Client,
    RPCTimeoutOrCancelledError,
    WithStartWorkflowOperation,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
    WorkflowUpdateFailedError,
    WorkflowUpdateHandle,
    WorkflowUpdateStage,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, FailureError, WorkflowAlreadyStartedError
from temporalio.service import RPCError

from api import problems
from api.auth.tenant_policy import could_become
from api.problems import Problem, unknown_production
from api.temporal.outcomes import (
    ACCEPT_TIMEOUT,
    RPC_TIMEOUT,
    NoWorker,
    already_closed,
    await_update,
    key_used,
    no_worker_in_time,
    recorded_result,
    rpc_problem,
    send_update,
    status_of,
    translating_errors,
)
from api.temporal.priorities import Priorities
from api.temporal.reads import ProductionReader
from api.temporal.titles import SearchableTitles
from api.temporal.updates import Update
from workflows import keys
from workflows.agents.grants import Grant
from workflows.brief import Brief
from workflows.events import ProductionStart, ProductionStatus, Receipt, Snapshot
from workflows.models import Model
from workflows.preview.plan import preview_id, preview_start
from workflows.refusals import refusal_in
from workflows.start_options import Urgency, brief_digest, start_options
from workflows.voice.memos import continued

MAX_STARTS: Final = 8
"""At once; a burst waits here, where waiting is cheap, not in the server's store, where it times out."""
AFTER_ALL_EVENTS: Final = 2**31
"""An event number above every log's: the query returns only the status."""
MAX_REOPENINGS: Final = 4
"""Attempts to find a run that can process an update, while other callers open and close the production."""

A = TypeVar("A", bound=Model)
R = TypeVar("R", bound=Model)


class ProductionGateway:
    """Starts and changes productions. Raises only `Problem`."""

    def __init__(
        self, client: Client, reader: ProductionReader, titles: SearchableTitles, priorities: Priorities | None = None
    ) -> None:
        self._client = client
        self._priorities = priorities or Priorities()
        self._titles = titles
        self._reader = reader
        self._starts = asyncio.Semaphore(MAX_STARTS)

    async def start(
        self,
        production_id: str,
        brief: Brief,
        *,
        keyed: bool,
        memo: Snapshot | None = None,
        grant: Grant | None = None,
        requested: Brief | None = None,
    ) -> ProductionStatus:
        """Start a production and return its status; one that the same key began already is left unchanged.

        Args:
            memo: The record of the voice memo that the production continues; it has the same id.
            requested: The brief as it was sent, where the caller's key or its tenant's policy has changed it.

        For a production with a key the bucket is read first, because Temporal may have deleted the production.

        Raises:
            Problem: 409 where the key began a production with another brief; 503.
        """
        digest = brief_digest(brief)
        if keyed and (kept := await self._reader.read_manifest(production_id)):
            if brief_digest(kept.brief) != digest and not could_become(requested or brief, kept.brief):
                raise key_used(production_id)
            return await self._current_status(kept)
        async with self._starts:
            start = continued(memo, brief) if memo else ProductionStart(production_id=production_id, brief=brief)
            start = start.model_copy(update={"grant": grant})
            await self._start_once(keys.WORKFLOW_TYPE, start, ProductionStatus.PLANNING, datetime.now(UTC))
        if not keyed:
            return ProductionStatus.PLANNING
        description = await self._reader.describe(production_id)
        if await description.memo_value("brief_digest", "") != digest:
            started = await self._started_brief(description)
            if started is None or not could_become(requested or brief, started):
                raise key_used(production_id)
        return status_of(description)

    async def _started_brief(self, run: WorkflowExecutionDescription) -> Brief | None:
        """The brief with which a run was started, from its history, which needs no worker; None if it is not there."""
        handle = self._client.get_workflow_handle(run.id, run_id=run.run_id)
        with translating_errors():
            async for event in handle.fetch_history_events(page_size=1, rpc_timeout=RPC_TIMEOUT):
                payloads = event.workflow_execution_started_event_attributes.input.payloads
                decoded = await self._client.data_converter.decode(payloads, [ProductionStart]) if payloads else []
                return next((each.brief for each in decoded if isinstance(each, ProductionStart)), None)
        return None

    async def _current_status(self, kept: Snapshot) -> ProductionStatus:
        """The status of a production with a manifest: Temporal has a newer one while the production is open again."""
        try:
            description = await self._reader.describe(kept.production_id)
        except Problem as problem:
            if problem.status_code != 404:
                raise
            return kept.status
        return status_of(description) if description.status is WorkflowExecutionStatus.RUNNING else kept.status

    async def start_preview(self, production_id: str) -> str:
        """Start the preview of the current plan, once for each plan, and return the id of the preview.

        Raises:
            Problem: 404, 409 where there is no plan yet, 503.
        """
        snapshot = await self._reader.snapshot(production_id)
        if snapshot.plan is None:
            status = snapshot.status.value
            message = f"the production is {status} and has no plan"
            raise problems.wrong_phase(production_id, status, message, "wait for the event `plan_ready`")
        now = datetime.now(UTC)
        start = preview_start(snapshot, snapshot.plan, now)
        await self._start_once(keys.PREVIEW_TYPE, start, ProductionStatus.PRODUCING, now)
        return start.production_id

    async def find_preview(self, snapshot: Snapshot) -> str | None:
        """The id of the preview of the plan that awaits approval, or None where no one has requested one."""
        if snapshot.plan is None or snapshot.status is not ProductionStatus.AWAITING_APPROVAL:
            return None
        found = preview_id(snapshot.production_id, snapshot.plan)
        try:
            await self._reader.describe(found)
        except Problem:  # there is none, or the server is busy: the plan can be approved without it
            return None
        return found

    async def _start_once(
        self, workflow_type: str, start: ProductionStart, status: ProductionStatus, at: datetime
    ) -> None:
        """Start a workflow, unless there is one with its id, open or closed."""
        urgency = Urgency.PREVIEW if workflow_type == keys.PREVIEW_TYPE else Urgency.INTERACTIVE
        priority = self._priorities.of(start.brief.tenant, urgency)

        async def send(titled: bool) -> object:
            return await self._client.start_workflow(
                workflow_type,
                start,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                rpc_timeout=RPC_TIMEOUT,
                **start_options(
                    start.production_id, start.brief, status, at, start.carried, titled=titled, priority=priority
                ),
            )

        try:
            with translating_errors():
                await self._titles.start(send)
        except WorkflowAlreadyStartedError:
            pass  # the existing one is closed

    async def update(self, production_id: str, update: Update[A, R], request: A) -> R:
        """Send an update and wait for its result; a delivered production is opened again where the update does that.

        Raises:
            Problem: 404, 409 where it is refused or the production is closed, 422, 503.
        """
        for _ in range(MAX_REOPENINGS):
            try:
                result = await send_update(
                    self._reader.handle(production_id),
                    update.name,
                    [request],
                    update.result,
                    update.seconds,
                    lambda: self._reader.describe(production_id),
                )
            except WorkflowUpdateFailedError as error:
                raise await self._refused(production_id, error) from None
            if result is not None:
                return result
            snapshot = await self._reader.snapshot(production_id)  # 404 where there is no such production
            if recorded := recorded_result(snapshot, update.result, update.name, request):
                return recorded
            if update.reopens and snapshot.status is ProductionStatus.DELIVERED:
                return await self._reopen(snapshot, update, request)
            if snapshot.status.closed:
                break  # otherwise another caller has opened it again meanwhile, and that run can process the update
        raise already_closed(production_id, snapshot.status)

    async def _reopen(self, snapshot: Snapshot, update: Update[A, R], request: A) -> R:
        production_id = snapshot.production_id
        priority = self._priorities.of(snapshot.brief.tenant, Urgency.INTERACTIVE)

        async def send(titled: bool) -> WorkflowUpdateHandle[R]:
            # The SDK accepts each of these operations once.
            start: WithStartWorkflowOperation[Any, Any] = WithStartWorkflowOperation(
                keys.WORKFLOW_TYPE,
                ProductionStart(production_id=production_id, brief=snapshot.brief, carried=snapshot),
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                **start_options(
                    production_id,
                    snapshot.brief,
                    snapshot.status,
                    datetime.now(UTC),
                    snapshot,
                    titled=titled,
                    priority=priority,
                ),
            )
            return await self._client.start_update_with_start_workflow(
                update.name,
                request,
                start_workflow_operation=start,
                wait_for_stage=WorkflowUpdateStage.ACCEPTED,
                result_type=update.result,
                rpc_timeout=ACCEPT_TIMEOUT,
            )

        try:
            return await await_update(lambda: self._titles.start(send), update.seconds)
        except WorkflowUpdateFailedError as error:
            raise await self._refused(production_id, error) from None
        except (RPCTimeoutOrCancelledError, TimeoutError):
            raise no_worker_in_time() from None
        except RPCError as error:
            raise rpc_problem(error) from None

    async def _refused(self, production_id: str, error: WorkflowUpdateFailedError) -> Problem:
        cause = error.cause
        if refusal := refusal_in(cause):
            return problems.refused(refusal, production_id)
        if isinstance(cause, ApplicationError) and cause.type == "AcceptedUpdateCompletedWorkflow":
            return already_closed(production_id, status_of(await self._reader.describe(production_id)))
        message = cause.message if isinstance(cause, FailureError) else str(cause)
        return Problem(409, "not-done", message or "The production could not do it.", production_id=production_id)

    async def cancel(self, production_id: str, cancelled_by: str) -> Receipt:
        """Request the cancellation. Without a worker the server keeps the request until there is one.

        The name is the reason that Temporal keeps, and the event `cancelled` has it.

        Raises:
            Problem: 404, 409 where the production is closed, 503.
        """
        description = await self._reader.describe(production_id)
        if description.status is not WorkflowExecutionStatus.RUNNING:
            raise already_closed(production_id, status_of(description))
        with translating_errors(unknown_production, production_id):
            handle = self._reader.handle(production_id)
            await handle.cancel(reason=f"cancelled by {cancelled_by}", rpc_timeout=RPC_TIMEOUT)
        try:
            now = await self._reader.progress(production_id, AFTER_ALL_EVENTS)
        except NoWorker:
            return Receipt(status=status_of(description), plan_digest=None, last_event_id=0)
        return Receipt(status=now.status, plan_digest=now.plan_digest, last_event_id=now.last_event_id)
