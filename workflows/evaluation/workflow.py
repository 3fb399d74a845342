"""EvaluationWorkflow: makes cases with models under one cap, measures each take, and reports.

A case starts only if all its takes fit the cap together, so each started case has all models. Takes go through the same
ledger as those of productions: a killed worker, a reset or a repeated run pays for none of them again. The cells are in
pages in the bucket, so a run holds one page, and continues as new between two pages.
"""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from workflows import keys
    from workflows.evaluation.making import CellActivities
    from workflows.evaluation.progress import EvaluationProgress, details_of
    from workflows.evaluation.records import (
        EVALUATION_REFUSED,
        Cell,
        CellPage,
        CellsWanted,
        EvaluationRefusal,
        EvaluationStart,
        EvaluationStatus,
        EvaluationView,
        Prepared,
        WriteReport,
    )
    from workflows.production.activity_options import HEARTBEAT, PATIENT, STEP_TIMEOUT
    from workflows.production.failures import message_of, raise_if_cancelled
    from workflows.refusals import refuse
    from workflows.runtime.run_loop import UPGRADE, RunLoop
    from workflows.slots.messages import GRANT_SIGNAL, SlotGrant
    from workflows.start_options import COST, STATUS

from temporalio.common import SearchAttributeKey

PROVIDERS = SearchAttributeKey.for_keyword_list(keys.PROVIDERS_ATTRIBUTE)
REPORT_TIMEOUT = timedelta(minutes=30)
"""One attempt: the results of 5,000 takes are read."""


@workflow.defn(name=keys.EVALUATION_TYPE)
class EvaluationWorkflow:
    """One evaluation. Workflow id: `object_keys.evaluation_workflow_id`; result: its view."""

    @workflow.init
    def __init__(self, start: EvaluationStart) -> None:
        self._start = start
        self._loop = RunLoop()
        self._progress = EvaluationProgress(start)
        self._cells = CellActivities(start, self._progress, self._loop.in_background)
        self._running: dict[int, asyncio.Task[None]] = {}
        self._cancelled = False
        self._published: tuple[EvaluationStatus, int] | None = None

    @workflow.run
    async def run(self, start: EvaluationStart) -> EvaluationView:
        try:
            await self._run_pages()
        except asyncio.CancelledError:
            self._cancelled = True
        if self._cancelled:
            await self._stop()
        if self._progress.state is not None:
            try:
                await self._report()
            except asyncio.CancelledError:  # the report is all that is left to do
                await self._report()
        await workflow.wait_condition(self._loop.is_quiet)
        self._publish()
        return self._progress.view()

    # The cells

    async def _run_pages(self) -> None:
        if self._progress.state is None:
            await self._prepare()
        self._publish()
        while (state := self._progress.state) is not None and state.page < state.prepared.pages:
            if not await self._run_page(state.page):
                break
            if workflow.info().is_continue_as_new_suggested() or self._loop.should_upgrade():
                await self._wait_until_idle()
                self._progress.change(page=state.page + 1)
                await workflow.wait_condition(self._loop.is_quiet)
                if not self._cancelled:
                    workflow.continue_as_new(
                        self._start.model_copy(update={"cases": (), "state": self._progress.state}),
                        initial_versioning_behavior=UPGRADE,
                    )
            else:
                self._progress.change(page=state.page + 1)
        await self._wait_until_idle()

    async def _prepare(self) -> None:
        try:
            prepared = await workflow.execute_activity(
                keys.PREPARE_EVALUATION,
                self._start,
                result_type=Prepared,
                start_to_close_timeout=STEP_TIMEOUT,
                heartbeat_timeout=HEARTBEAT,
                retry_policy=PATIENT,
                summary="check and price all cases",
            )
        except ActivityError as error:
            raise_if_cancelled(error)
            self._progress.refused = (_refusal_of(error.cause), message_of(error))
        else:
            self._progress.begin(prepared)
            workflow.upsert_search_attributes([PROVIDERS.value_set(sorted({c.provider for c in prepared.columns}))])

    async def _run_page(self, page: int) -> bool:
        """Start all cells of the page; False if the evaluation is to end before it is through."""
        found = await workflow.execute_activity(
            keys.READ_CELLS,
            CellsWanted(evaluation_id=self._start.evaluation_id, page=page),
            result_type=CellPage,
            start_to_close_timeout=STEP_TIMEOUT,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=PATIENT,
            summary=f"read page {page + 1} of the cells",
        )
        for cells in _cases(found.cells):
            if not await self._admit(cells):
                return False
            for cell in cells:
                await workflow.wait_condition(self._may_start)
                if self._cancelled:
                    return False
                self._running[cell.number] = asyncio.create_task(self._run_cell(cell))
        return True

    async def _admit(self, cells: tuple[Cell, ...]) -> bool:
        """Reserve the money for one case with all its models; False if the cap is reached, or it is cancelled."""
        progress = self._progress
        while True:
            state = progress.state
            assert state is not None
            await workflow.wait_condition(lambda: self._cancelled or not self._is_paused())
            if self._cancelled:
                return False
            if progress.reserve(cells):
                return True
            if not self._running:
                progress.change(capped=True)
                return False
            await self._wait_for_an_end()

    def _is_paused(self) -> bool:
        return self._progress.state is not None and self._progress.state.paused

    async def _run_cell(self, cell: Cell) -> None:
        state = self._progress.state
        assert state is not None
        try:
            await self._cells.run(cell, state.prepared.metrics)
        finally:
            self._running.pop(cell.number, None)
            self._publish()

    def _may_start(self) -> bool:
        return self._cancelled or (not self._is_paused() and len(self._running) < self._start.at_once)

    async def _wait_for_an_end(self) -> None:
        """Wait until a take ends, which returns what it held and did not cost."""
        before = len(self._running)
        await workflow.wait_condition(lambda: self._cancelled or len(self._running) < before)

    async def _wait_until_idle(self) -> None:
        await workflow.wait_condition(lambda: self._cancelled or not self._running)

    async def _stop(self) -> None:
        """Cancel the takes under way, stop paid ones at their providers, and book what they have cost."""
        self._cells.freeze_paid()
        for number, task in self._running.items():
            if number not in self._cells.measuring:
                task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        await self._cells.stop_paid()
        self._progress.reserved.clear()
        if self._progress.state is None:
            self._progress.cancelled_early = self._progress.refused is None
        else:
            self._progress.change(cancelled=True)

    async def _report(self) -> None:
        self._progress.step = EvaluationStatus.REPORTING
        self._publish()
        await workflow.execute_activity(
            keys.REPORT_EVALUATION,
            WriteReport(view=self._ended()),
            start_to_close_timeout=REPORT_TIMEOUT,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=PATIENT,
            summary="write the report",
        )
        self._progress.step = EvaluationStatus.DONE

    def _ended(self) -> EvaluationView:
        """The view with the status that it has once the report is written."""
        self._progress.step = EvaluationStatus.DONE
        view = self._progress.view()
        self._progress.step = EvaluationStatus.REPORTING
        return view

    # Requests

    @workflow.update(description="Start no further takes; those under way continue")
    def pause(self) -> EvaluationView:
        return self._set_paused(paused=True)

    @workflow.update(description="Start takes again")
    def resume(self) -> EvaluationView:
        return self._set_paused(paused=False)

    def _set_paused(self, *, paused: bool) -> EvaluationView:
        self._check_open()
        if self._progress.state is None:
            raise refuse("wrong_phase", "status", "the evaluation is being prepared; ask again in a moment")
        self._progress.change(paused=paused)
        self._publish()
        return self._progress.view()

    @workflow.update(description="Stop all takes; the report covers what was made")
    def cancel(self) -> EvaluationView:
        self._check_open()
        self._cancelled = True
        return self._progress.view()

    def _check_open(self) -> None:
        status = self._progress.status
        if status.closed or status is EvaluationStatus.REPORTING or self._cancelled:
            state = "being cancelled" if self._cancelled else status.value
            raise refuse("wrong_phase", "status", f"the evaluation is {state}; this request needs a running one")

    @workflow.signal(name=GRANT_SIGNAL, description="The pool of a provider gives slots to takes")
    def slots_granted(self, grant: SlotGrant) -> None:
        self._cells.slots.grant(grant)

    @workflow.signal(name=keys.UPGRADE_SIGNAL, description="Go on with the current version of the workers")
    def upgrade(self) -> None:
        self._loop.upgrade()  # after the page of cells under way

    @workflow.query
    def progress(self) -> EvaluationView:
        return self._progress.view()

    @workflow.update(description="The evaluation once it is checked and priced, or refused")
    async def prepared(self) -> EvaluationView:
        await workflow.wait_condition(
            lambda: self._progress.state is not None or self._progress.refused is not None or self._cancelled
        )
        return self._progress.view()

    def _publish(self) -> None:
        """Publish the details and search attributes: at each change of the status, and every twentieth of the cells."""
        view = self._progress.view()
        every = max(view.cells // 20, 1)
        now = (view.status, self._progress.finished // every)
        if now == self._published:
            return
        changed = self._published is None or self._published[0] is not view.status
        self._published = now
        workflow.set_current_details(details_of(view))
        if changed or view.spent_usd:
            workflow.upsert_search_attributes(
                [STATUS.value_set(view.status.value), COST.value_set(float(view.spent_usd))]
            )


def _refusal_of(cause: BaseException | None) -> EvaluationRefusal:
    """What the activity gave; workers of an earlier version give the name of the field alone."""
    if not isinstance(cause, ApplicationError) or cause.type != EVALUATION_REFUSED or not cause.details:
        return EvaluationRefusal(field="cases")
    if len(cause.details) > 1:
        return EvaluationRefusal.model_validate(cause.details[1])
    return EvaluationRefusal(field=str(cause.details[0]))


def _cases(cells: tuple[Cell, ...]) -> Iterator[tuple[Cell, ...]]:
    for _, group in groupby(cells, key=lambda cell: cell.case.line):
        yield tuple(group)
