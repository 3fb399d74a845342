"""While a plan waits for its approval: reminder, escalation, deadline, and rates that end."""

from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from workflows.events import ProductionStatus
    from workflows.production.prices import PRICES_ENDED, Prices
    from workflows.production.run import ProductionRun
    from workflows.production.state.approvals import (
        MAX_PLAN_MESSAGE_CHARS,
        abridged,
        end_of_prices,
        next_approval_step,
        set_plan,
        take_approval_step,
    )
    from workflows.production.state.plans import plan_diff


class ApprovalWait:
    """Waits for a decision about the plan, and takes the steps that time brings meanwhile."""

    def __init__(self, run: ProductionRun, prices: Prices) -> None:
        self._run = run
        self._prices = prices
        self._priced_until: datetime | None = None

    async def wait(self) -> None:
        """Return after a decision, an edit, or one step."""
        record = self._run.record
        assert record.deadline is not None
        moment, ends = next_approval_step(record), end_of_prices(record)
        summary = "approval deadline" if moment == record.deadline else "approval reminder"
        reprice = ends is not None and ends < moment and ends != self._priced_until
        if ends is not None and reprice:
            moment, summary = ends, "end of prices"
        left = max(moment - workflow.now(), timedelta(0))
        try:
            await self._run.wait_for_change(within=left, summary=summary, or_continue=True)
        except TimeoutError:
            if reprice:
                self._priced_until = ends
                await self._reprice_plan()
            else:
                take_approval_step(record)

    async def _reprice_plan(self) -> None:
        """Rates of the plan have ended before its approval: what is approved is what is charged from now on."""
        record = self._run.record
        async with self._run.pricing:
            if record.status is not ProductionStatus.AWAITING_APPROVAL or record.plan is None:
                return
            try:
                plan = await self._prices.priced(record.plan)
            except ApplicationError as error:  # the plan waits as it is, cannot be approved, and the log says why
                record.log("plan_failed", reason=abridged(error.message, MAX_PLAN_MESSAGE_CHARS), how="reprice")
                return
            if record.status is ProductionStatus.AWAITING_APPROVAL:
                changes = plan_diff.changes(record.plan, plan)
                set_plan(record, plan, how="reprice", by=PRICES_ENDED, changes=changes)
