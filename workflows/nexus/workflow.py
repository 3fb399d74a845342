"""ProductionOperation: the workflow of one Nexus operation. It starts a production and returns its result.

The production itself is not the operation: its result is a record of megabytes in our bucket, which callers cannot
read, and a person may reopen it after the operation has ended.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    ChildWorkflowError,
    TemporalError,
    WorkflowAlreadyStartedError,
)
from temporalio.workflow import ChildWorkflowCancellationType, ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from workflows import keys
    from workflows.batch.records import WantedProduction
    from workflows.events import ProductionStart, ProductionStatus, Report
    from workflows.nexus.service import (
        FOLLOW_PRODUCTION,
        OPERATION_TYPE,
        Follow,
        OperationRecord,
        OperationStart,
        Outcome,
    )
    from workflows.production.failures import message_of
    from workflows.runtime.run_loop import UPGRADE, RunLoop
    from workflows.start_options import TITLE, content_digest, start_options

ATTEMPT_TIMEOUT = timedelta(seconds=30)
"""One attempt: a query, which waits for a worker, or the result of a closed production."""
RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))


@workflow.defn(name=OPERATION_TYPE)
class ProductionOperation:
    """One operation. Workflow id: `operation_workflow_id`; the chain of its runs is the operation."""

    def __init__(self) -> None:
        self._loop = RunLoop()
        self._cancelled = False
        self._exists = False
        """Whether the production is started, so that another run could follow it too."""

    @workflow.run
    async def run(self, start: OperationStart) -> OperationRecord:
        following = asyncio.create_task(self._follow(start))
        try:
            await workflow.wait_condition(lambda: following.done() or (self._exists and self._loop.should_upgrade()))
        except asyncio.CancelledError:
            self._cancelled = True
            await self._cancel(start.production_id)
        else:
            if not following.done():
                workflow.continue_as_new(start, initial_versioning_behavior=UPGRADE)
        return self._result(start, await following)

    @workflow.signal(name=keys.UPGRADE_SIGNAL, description="Go on with the current version of the workers")
    def upgrade(self) -> None:
        self._loop.upgrade()

    async def _follow(self, start: OperationStart) -> Outcome:
        """The state of the production when the operation ends; it is started if it does not exist."""
        if not await self._find(start) and not self._cancelled:
            with suppress(WorkflowAlreadyStartedError, ChildWorkflowError):  # the activity finds out what it is now
                production = await self._start(start)
                self._exists = True
                if start.operation == "produce":
                    await production
                else:
                    production.add_done_callback(lambda done: None if done.cancelled() else done.exception() and None)
        self._exists = True
        outcome: Outcome = await workflow.execute_activity(
            FOLLOW_PRODUCTION,
            Follow(production_id=start.production_id, until="planned" if start.operation == "quote" else "closed"),
            result_type=Outcome,
            start_to_close_timeout=ATTEMPT_TIMEOUT,
            retry_policy=RETRY,
            summary=f"follow {start.production_id}",
        )
        return outcome

    async def _find(self, start: OperationStart) -> bool:
        """Whether the production of this key exists already.

        Raises:
            ApplicationError: it was made from another brief.
        """
        wanted = WantedProduction(production_id=start.production_id, content=content_digest(start.brief))
        try:
            found: Report | None = await workflow.execute_activity(
                keys.FIND_PRODUCTION,
                wanted,
                result_type=Report | None,  # type: ignore[arg-type]  # the SDK decodes unions too
                start_to_close_timeout=ATTEMPT_TIMEOUT,
                retry_policy=RETRY,
                summary=f"find {start.production_id}",
            )
        except ActivityError as error:
            raise ApplicationError(
                f"Idempotency-Key: {message_of(error)}", type="KeyUsed", non_retryable=True
            ) from None
        return found is not None

    async def _start(self, start: OperationStart) -> "workflow.ChildWorkflowHandle[object, RawValue]":
        """Start the production; it outlives this workflow. Its result is not decoded."""
        child = await workflow.start_child_workflow(
            keys.WORKFLOW_TYPE,
            ProductionStart(production_id=start.production_id, brief=start.brief),
            result_type=RawValue,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            parent_close_policy=ParentClosePolicy.ABANDON,
            cancellation_type=ChildWorkflowCancellationType.ABANDON,
            **start_options(
                start.production_id,
                start.brief,
                ProductionStatus.PLANNING,
                workflow.now(),
                titled=workflow.info().typed_search_attributes.get(TITLE) is not None,
            ),
        )
        if self._cancelled:  # while it was started: that cancellation found no production
            await self._cancel(start.production_id)
        return child

    async def _cancel(self, production_id: str) -> None:
        with suppress(TemporalError):  # it is closed, or is not started yet
            await workflow.get_external_workflow_handle(keys.workflow_id(production_id)).cancel()

    def _result(self, start: OperationStart, outcome: Outcome) -> OperationRecord:
        """
        Raises:
            asyncio.CancelledError: the caller cancelled the operation, and nothing was delivered.
            ApplicationError: the production ended otherwise.
        """
        status = outcome.record.status
        planned = start.operation == "quote" and not status.closed
        if status is ProductionStatus.DELIVERED or (planned and not self._cancelled):
            return outcome.record
        if self._cancelled:
            raise asyncio.CancelledError
        reason = f": {outcome.reason}" if outcome.reason else ""
        message = f"the production {start.production_id} is {status.value}{reason}"
        raise ApplicationError(message, outcome.record, type=f"Production{status.value.title()}", non_retryable=True)
