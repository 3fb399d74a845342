"""BatchWorkflow: starts a production for each row, admits them together, and follows them to their ends.

Each production tells the batch of its changes by the signal `told`, and repeats nothing: a signal between workflows is
delivered once the server has it. So nothing polls. Once a day the batch looks for itself at what is still open, since
a production that an operator terminated can tell nobody.
"""

import asyncio
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, TemporalError, WorkflowAlreadyStartedError
from temporalio.workflow import ChildWorkflowCancellationType, ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from workflows import keys
    from workflows.batch.records import Admit, BatchRow, BatchStart, BatchStatus, BatchView, WantedProduction
    from workflows.batch.state import Batch, admission
    from workflows.events import ProductionStart, ProductionStatus, Report
    from workflows.production.desk import message_of
    from workflows.refusals import error_of, refuse
    from workflows.start_options import COST, STATUS, content_digest, start_options

from temporalio.common import RetryPolicy, WorkflowIDReusePolicy

LOOK_TIMEOUT = timedelta(seconds=30)
"""One look: a query, which waits for a worker, or the result of a closed production."""
KEEP_RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))
"""Nothing is started before the bucket has been asked whether it exists."""
LOOK_FOR = timedelta(minutes=10)
LOOK_EVERY = timedelta(days=1)
SHOWN_ROWS = 60


@workflow.defn(name=keys.BATCH_TYPE)
class BatchWorkflow:
    """One batch. Workflow id: `keys.batch_workflow_id`; result: the view of all rows."""

    @workflow.init
    def __init__(self, start: BatchStart) -> None:
        self._batch = Batch(start)
        self._looking: set[asyncio.Task[None]] = set()
        self._poked = False
        self._shown: BatchStatus | None = None
        self._heard = 0

    @workflow.run
    async def run(self, start: BatchStart) -> BatchView:
        batch = self._batch
        if workflow.info().continued_run_id is None:
            await self._keep()
        daily = asyncio.create_task(self._look_daily())  # one timer a run, instead of one for each report
        while True:
            await asyncio.gather(*map(self._start, batch.to_start()))
            await asyncio.gather(*map(self._approve, batch.to_approve()))
            status = batch.status
            self._show(status)
            if status is BatchStatus.DONE and self._settled():
                daily.cancel()
                await self._keep()
                return batch.view()
            if self._should_continue():
                workflow.continue_as_new(batch.carried())
            await workflow.wait_condition(lambda: self._poked or self._should_continue())
            self._poked = False

    async def _keep(self) -> None:
        """Keep the record in the bucket; a batch without a digest of its rows was not started by the API.

        Raises:
            ActivityError: the id is that of a batch of other rows.
        """
        if self._batch.terms.rows_digest:
            await workflow.execute_activity(
                keys.KEEP_BATCH,
                self._batch.record(),
                start_to_close_timeout=LOOK_TIMEOUT,
                retry_policy=KEEP_RETRY,
                summary="keep the record of the batch",
            )

    async def _look_daily(self) -> None:
        while True:
            await workflow.sleep(LOOK_EVERY, summary="look at what is open")
            self._look_at(row for row in self._batch.rows if row.report and not row.closed)

    def _settled(self) -> bool:
        return workflow.all_handlers_finished() and not self._looking

    def _should_continue(self) -> bool:
        return workflow.info().is_continue_as_new_suggested() and self._settled()

    # Doing

    async def _start(self, row: BatchRow) -> None:
        """Start the row's production; one that exists is not started again: the row takes over how far it is."""
        assert row.brief is not None
        production_id = row.production_id
        self._batch.started(row)
        try:
            existing: Report | None = await workflow.execute_activity(
                keys.FIND_PRODUCTION,
                WantedProduction(production_id=production_id, content=content_digest(row.brief)),
                result_type=Report | None,  # type: ignore[arg-type]  # the SDK decodes unions too
                start_to_close_timeout=LOOK_TIMEOUT,
                retry_policy=KEEP_RETRY,
                summary=f"find the production of row {row.row}",
            )
        except ActivityError as error:
            self.told(Report(production_id=production_id, status=ProductionStatus.FAILED, error=message_of(error)))
            return
        if existing is not None:
            self.told(existing)
            return
        try:
            child = await workflow.start_child_workflow(
                keys.WORKFLOW_TYPE,
                ProductionStart(
                    production_id=production_id,
                    brief=row.brief,
                    reports_to=workflow.info().workflow_id,
                    batch=self._batch.budget,
                ),
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                parent_close_policy=ParentClosePolicy.ABANDON,
                cancellation_type=ChildWorkflowCancellationType.ABANDON,
                **start_options(production_id, row.brief, ProductionStatus.PLANNING, workflow.now()),
            )
        except WorkflowAlreadyStartedError:
            self._look_at([row])
        else:
            child.add_done_callback(partial(self._ended, production_id))

    def _ended(self, production_id: str, child: "asyncio.Future[Any]") -> None:
        """Most have told before; one that was broken off could not."""
        if not child.cancelled():
            child.exception()  # looked at, as nobody awaits it
        row = self._batch.find(production_id)
        if row and not row.closed:
            self._look_at([row])

    async def _approve(self, row: BatchRow) -> None:
        production = workflow.get_external_workflow_handle(keys.workflow_id(row.production_id))
        try:
            await production.signal("approve", self._batch.approval(row))
        except TemporalError:  # it is closed: then it has told, or was broken off
            self._look_at([row])

    async def _tell_budget(self, row: BatchRow) -> None:
        """What planning may cost together holds for the rows that were started before it changed, too."""
        production = workflow.get_external_workflow_handle(keys.workflow_id(row.production_id))
        with suppress(TemporalError):  # it is closed and plans nothing
            await production.signal("batch_budget", self._batch.budget)

    def _look_at(self, rows: Iterable[BatchRow]) -> None:
        for row in rows:
            self._beside(self._look(row))

    def _beside(self, work: Coroutine[Any, Any, None]) -> None:
        looking = asyncio.create_task(work)
        self._looking.add(looking)
        looking.add_done_callback(self._looked)

    def _looked(self, looking: "asyncio.Task[None]") -> None:
        self._looking.discard(looking)
        self._poked = True

    async def _look(self, row: BatchRow) -> None:
        known = self._batch.find(row.production_id)
        try:
            seen = await workflow.execute_activity(
                keys.LOOK_AT_PRODUCTION,
                row.production_id,
                result_type=Report,
                start_to_close_timeout=LOOK_TIMEOUT,
                schedule_to_close_timeout=LOOK_FOR,
                summary=f"look at row {row.row}",
            )
        except ActivityError:
            return  # it tells of its next change, and is looked at again in a day
        if self._batch.find(row.production_id) is known:  # else it has told something newer meanwhile
            self.told(seen)

    # What others say

    @workflow.signal(description="A production of this batch says how far it is")
    def told(self, report: Report) -> None:
        self._batch.told(report)
        self._heard += 1
        self._poked = True

    @workflow.update(description="Approve all rows that fit the budget together, or raise the budget")
    def admit(self, admit: Admit) -> BatchView:
        if admit.idempotency_key and self._admitted(admit):
            return self._batch.view()
        self._check_admit(admit)
        before = self._batch.budget
        self._batch.terms = self._batch.on(admit)
        if self._batch.budget != before:
            for row in self._batch.rows:
                if row.report and not row.closed:
                    self._beside(self._tell_budget(row))
        self._poked = True
        return self._batch.view()

    def _admitted(self, admit: Admit) -> bool:
        """Whether it was done before; the answer is then how far the batch is now.

        Raises:
            ApplicationError: a refusal; the key came with another request.
        """
        refusal, done = admission(self._batch.terms.admitted, admit)
        if refusal:
            raise error_of(refusal)
        return done

    def _check_admit(self, admit: Admit) -> None:
        self._check_open()
        if against := self._batch.objection(self._batch.on(admit)):
            raise refuse(against.kind, against.field, against.message)

    @workflow.update(description="Start and approve nothing further; what runs goes on")
    def stop(self) -> BatchView:
        self._check_open()
        self._batch.terms = self._batch.terms.model_copy(update={"stopped": True})
        self._poked = True
        return self._batch.view()

    def _check_open(self) -> None:
        status = self._batch.status
        if status in (BatchStatus.DONE, BatchStatus.STOPPED):
            raise refuse("wrong_phase", "status", f"the batch is {status.value}; this needs one that goes on")

    @workflow.query
    def progress(self) -> BatchView:
        return self._batch.view()

    def _show(self, status: BatchStatus) -> None:
        """In the Temporal UI and in the list: status, cost, and the rows that are not done."""
        batch = self._batch
        changed = status is not self._shown
        # Both cost too much for each of the thousands of reports of 1,000 rows.
        if changed or self._heard > len(batch.rows) // 20:
            workflow.set_current_details(_details(batch))
            self._heard = 0
        if changed:
            self._shown = status
            workflow.upsert_search_attributes([STATUS.value_set(status.value), COST.value_set(float(batch.spent_usd))])


def _details(batch: Batch) -> str:
    view = batch.view()
    totals = view.totals
    counts = " · ".join(f"{count} {status.replace('_', ' ')}" for status, count in sorted(totals.statuses.items()))
    budget = "" if view.budget_usd is None else f" of {view.budget_usd} USD"
    lines = [f"### {view.status.value.replace('_', ' ')}", "", counts, "", f"spent **{totals.spent_usd} USD**{budget}"]
    if view.message:
        lines += ["", f"**{view.message}**"]
    lines += ["", "| row | key | production | status |", "|---|---|---|---|"]
    open_ = [row for row in view.rows if row.status != ProductionStatus.DELIVERED][:SHOWN_ROWS]
    cells = ((str(row.row), row.key.replace("|", "\\|"), row.production_id, str(row.status)) for row in open_)
    return "\n".join([*lines, *(f"| {' | '.join(each)} |" for each in cells)])
