"""BatchWorkflow: starts a production for each row, admits them together, and follows each until it is closed.

Each production reports its changes with the signal `report`, once each and one after the other: the server delivers a
signal between workflows that it has accepted. So there is no frequent polling. Once a day the batch polls the open
productions, because a production that an operator terminated sends no report.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from temporalio import workflow
from temporalio.exceptions import ActivityError, TemporalError, WorkflowAlreadyStartedError
from temporalio.workflow import ChildWorkflowCancellationType, ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from workflows import keys
    from workflows.batch import series
    from workflows.batch.records import Admit, BatchRow, BatchStart, BatchStatus, BatchView, WantedProduction
    from workflows.batch.state import Batch, check_repeat
    from workflows.events import ProductionStart, ProductionStatus, Report
    from workflows.production.failures import message_of
    from workflows.refusals import error_of, refuse
    from workflows.runtime.run_loop import UPGRADE, RunLoop
    from workflows.series.accounts import OPEN_SERIES
    from workflows.start_options import COST, STATUS, TITLE, content_digest, start_options

from temporalio.common import RetryPolicy, WorkflowIDReusePolicy

ATTEMPT_TIMEOUT = timedelta(seconds=30)
"""One attempt: a query, which waits for a worker, the result of a closed production, or a request to the bucket."""
RETRY = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))
"""Unlimited attempts: no production is started until the bucket shows whether it exists."""
POLL_TIMEOUT = timedelta(minutes=10)
POLL_INTERVAL = timedelta(days=1)
KEPT_OPEN = timedelta(days=90)
"""After a series is done, its budget can be raised for so long, and it follows changes of its parts."""
MAX_ROWS_IN_DETAILS = 60


@workflow.defn(name=keys.BATCH_TYPE)
class BatchWorkflow:
    """One batch. Workflow id: `keys.batch_workflow_id`; result: the view of all rows."""

    @workflow.init
    def __init__(self, start: BatchStart) -> None:
        self._batch = Batch(start)
        self._loop = RunLoop()
        self._opening = asyncio.Lock()
        self._published: BatchStatus | None = None
        self._unpublished = 0
        """The number of reports since the details were published."""
        self._polled_again: set[str] = set()

    @workflow.run
    async def run(self, start: BatchStart) -> BatchView:
        batch = self._batch
        if workflow.info().continued_run_id is None:
            await self._store_record()
        for row in batch.rows:
            self._poll_again(row)
        daily = asyncio.create_task(self._poll_daily())  # one timer for each run, instead of one for each report
        while True:
            await asyncio.gather(*map(self._start, batch.rows_to_start()))
            next_rows = batch.rows_to_approve() and workflow.patched("planning-leaves-what-rows-need")
            if next_rows or (batch.released() and workflow.patched("planning-leaves-what-people-approved")):
                await self._limit_planning()
            await asyncio.gather(*map(self._approve, batch.rows_to_approve()))
            status = batch.status
            self._publish(status)
            done = status is BatchStatus.DONE and self._loop.is_quiet()
            if done and not (batch.terms.series and await self._is_changed()):
                daily.cancel()
                await self._store_record()
                return batch.view()
            if self._loop.should_continue():
                workflow.continue_as_new(batch.to_start(), initial_versioning_behavior=UPGRADE)
            if done:
                continue
            if status is BatchStatus.DONE:
                await workflow.wait_condition(self._loop.is_quiet)
            else:
                await self._loop.wait_for_change(or_continue=True)

    async def _is_changed(self) -> bool:
        """Wait, after a series is done, for changes of its parts or its budget; False if there is none for long."""
        await self._store_record()
        try:
            await self._loop.wait_for_change(within=KEPT_OPEN, summary="changes of a done series", or_continue=True)
        except TimeoutError:
            return False
        return True

    async def _store_record(self) -> None:
        """Store the record in the bucket. A batch without a digest of its rows was not started by the API.

        Raises:
            ActivityError: a batch of other rows has this id.
        """
        if self._batch.terms.rows_digest:
            await workflow.execute_activity(
                keys.KEEP_BATCH,
                self._batch.record(),
                start_to_close_timeout=ATTEMPT_TIMEOUT,
                retry_policy=RETRY,
                summary="store the record of the batch",
            )

    async def _poll_daily(self) -> None:
        while True:
            await workflow.sleep(POLL_INTERVAL, summary="poll the open productions")
            self._poll(row for row in self._batch.rows if row.report and not row.closed)

    # Productions

    async def _start(self, row: BatchRow) -> None:
        """Start the row's production. One that exists is not started again; the row takes over its state."""
        assert row.brief is not None
        production_id = row.production_id
        self._batch.record_start(row)
        try:
            existing: Report | None = await workflow.execute_activity(
                keys.FIND_PRODUCTION,
                WantedProduction(production_id=production_id, content=content_digest(row.brief)),
                result_type=Report | None,  # type: ignore[arg-type]  # the SDK decodes unions too
                start_to_close_timeout=ATTEMPT_TIMEOUT,
                retry_policy=RETRY,
                summary=f"find the production of row {row.row}",
            )
        except ActivityError as error:
            failed = ProductionStatus.FAILED
            self.take_report(Report(production_id=production_id, status=failed, error=message_of(error)))
            return
        if existing is not None:
            self.take_report(existing)
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
                **start_options(
                    production_id,
                    row.brief,
                    ProductionStatus.PLANNING,
                    workflow.now(),
                    titled=workflow.info().typed_search_attributes.get(TITLE) is not None,
                ),
            )
        except WorkflowAlreadyStartedError:
            self._poll([row])
        else:
            child.add_done_callback(partial(self._on_child_end, production_id))

    def _on_child_end(self, production_id: str, child: "asyncio.Future[Any]") -> None:
        """Poll a production that ended without a report, because it was terminated."""
        if not child.cancelled():
            child.exception()  # retrieve it, because no code awaits the child
        row = self._batch.find(production_id)
        if row and not row.closed:
            self._poll([row])

    async def _approve(self, row: BatchRow) -> None:
        production = workflow.get_external_workflow_handle(keys.workflow_id(row.production_id))
        if self._batch.terms.series:
            await self._send_budget(row)  # it accepts no approval before it knows of that of the series
        try:
            await production.signal("approve", self._batch.approve(row))
        except TemporalError:  # it is closed: it has reported that, or was terminated
            self._poll([row])

    async def _limit_planning(self) -> None:
        """Signal the budget that is left for planning before rows are approved, or after people approved some."""
        if self._batch.limit_planning():
            await asyncio.gather(*(self._send_budget(row) for row in self._batch.rows if row.report and not row.closed))

    async def _send_budget(self, row: BatchRow) -> None:
        """Signal the changed budget to a production that was started before the change."""
        production = workflow.get_external_workflow_handle(keys.workflow_id(row.production_id))
        with suppress(TemporalError):  # it is closed and plans nothing
            await production.signal("batch_budget", self._batch.budget)

    def _poll_again(self, row: BatchRow) -> None:
        """Poll a row until it is closed, if its last report asks for that. This run may end: the next one goes on."""
        if row.report and row.report.again_seconds and row.production_id not in self._polled_again:
            self._polled_again.add(row.production_id)
            asyncio.create_task(self._poll_until_closed(row.production_id))  # noqa: RUF006 - the SDK keeps it

    async def _poll_until_closed(self, production_id: str) -> None:
        while (row := self._batch.find(production_id)) and row.report and row.report.again_seconds:
            await workflow.sleep(row.report.again_seconds, summary=f"poll row {row.row} again")
            await self._poll_row(row)
        self._polled_again.discard(production_id)

    def _poll(self, rows: Iterable[BatchRow]) -> None:
        for row in rows:
            self._loop.in_background(self._poll_row(row))

    async def _poll_row(self, row: BatchRow) -> None:
        before = self._batch.find(row.production_id)
        try:
            report = await workflow.execute_activity(
                keys.REPORT_PRODUCTION,
                row.production_id,
                result_type=Report,
                start_to_close_timeout=ATTEMPT_TIMEOUT,
                schedule_to_close_timeout=POLL_TIMEOUT,
                summary=f"poll row {row.row}",
            )
        except ActivityError:
            return  # the production reports its next change, and the next poll is in a day
        if self._batch.find(row.production_id) is before:  # otherwise it has sent a newer report
            self.take_report(report)

    # Requests and reports

    @workflow.signal(name="report", description="The report of a production of this batch")
    def take_report(self, report: Report) -> None:
        self._batch.record_report(report)
        if row := self._batch.find(report.production_id):
            self._poll_again(row)
        self._unpublished += 1
        self._loop.wake_up()

    @workflow.signal(name="told", description="`report` by its earlier name")
    def take_earlier_report(self, report: Report) -> None:
        self.take_report(report)

    @workflow.update(description="Approve all rows that fit the budget together, or raise the budget")
    async def admit(self, admit: Admit) -> BatchView:
        if not self._batch.terms.series:
            return self._admit(admit)
        async with self._opening:
            if not self._admitted(admit):
                self._check_admit(admit)
                await self._open_series(admit)
            return self._admit(admit)  # the plans may have changed meanwhile

    def _admit(self, admit: Admit) -> BatchView:
        if self._admitted(admit):
            return self._batch.view()
        self._check_admit(admit)
        before = self._batch.budget
        self._batch.admit(admit)
        if self._batch.budget != before:
            for row in self._batch.rows:
                if row.report and not row.closed:
                    self._loop.in_background(self._send_budget(row))
        self._loop.wake_up()
        return self._batch.view()

    def _admitted(self, admit: Admit) -> bool:
        """Whether this admission was done before; the result is then the current state of the batch.

        Raises:
            ApplicationError: a refusal; another admission had this key before.
        """
        if not admit.idempotency_key:
            return False
        refusal, done = check_repeat(self._batch.terms.admitted, admit)
        if refusal:
            raise error_of(refusal)
        return done

    async def _open_series(self, admit: Admit) -> None:
        """Store the budget of a series, and reserve it for the parts that are approved now.

        Raises:
            ApplicationError: a refusal; the budget is too low.
        """
        try:
            await workflow.execute_activity(
                OPEN_SERIES,
                series.opening(self._batch, admit, workflow.now()),
                start_to_close_timeout=ATTEMPT_TIMEOUT,
                retry_policy=RETRY,
                summary="reserve the budget of the series",
            )
        except ActivityError as error:
            raise refuse("budget_short", "budget_usd", message_of(error)) from None

    def _check_admit(self, admit: Admit) -> None:
        if not self._batch.terms.series or self._batch.terms.stopped:  # a series that is done keeps its budget
            self._check_open()
        if wrong := series.find_objection(self._batch, admit):
            raise refuse(wrong.kind, wrong.field, wrong.message)
        if objection := self._batch.find_objection(self._batch.terms_with(admit)):
            raise refuse(objection.kind, objection.field, objection.message)

    @workflow.update(description="Start and approve no further rows; running productions continue")
    def stop(self) -> BatchView:
        self._check_open()
        self._batch.terms = self._batch.terms.model_copy(update={"stopped": True})
        self._loop.wake_up()
        return self._batch.view()

    def _check_open(self) -> None:
        status = self._batch.status
        if status in (BatchStatus.DONE, BatchStatus.STOPPED):
            raise refuse("wrong_phase", "status", f"the batch is {status.value}; this request needs an open batch")

    @workflow.signal(name=keys.UPGRADE_SIGNAL, description="Go on with the current version of the workers")
    def upgrade(self) -> None:
        self._loop.upgrade()

    @workflow.query
    def progress(self) -> BatchView:
        return self._batch.view()

    def _publish(self, status: BatchStatus) -> None:
        """Publish the details and search attributes: status, cost, and the rows that are not delivered."""
        batch = self._batch
        changed = status is not self._published
        # Both are too expensive for each of the thousands of reports of 1,000 rows.
        if changed or self._unpublished > len(batch.rows) // 20:
            workflow.set_current_details(_details(batch))
            self._unpublished = 0
        if changed:
            self._published = status
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
    open_ = [row for row in view.rows if row.status != ProductionStatus.DELIVERED][:MAX_ROWS_IN_DETAILS]
    cells = ((str(row.row), row.key.replace("|", "\\|"), row.production_id, str(row.status)) for row in open_)
    return "\n".join([*lines, *(f"| {' | '.join(each)} |" for each in cells)])
