"""A person lowers the budget of an approved production."""

from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.events import Receipt
    from workflows.models import ZERO
    from workflows.production.guards import check_not_a_preview, check_produced
    from workflows.production.run import ProductionRun
    from workflows.production.state.budget import held_usd, is_part
    from workflows.production.state.changes import lower_budget
    from workflows.production.state.record import Record
    from workflows.refusals import refuse
    from workflows.requests import LowerBudget

LATER: Final = "what is requested from now on can be limited with budget_usd or max_usd"


SENT_AGAIN: Final = "lower-budgets-after-a-reset"


class Budgets:
    """Lowers the budget, or refuses it. Nothing is awaited between its check and its change, so no take starts
    meanwhile.

    A reset takes back what was spent and what other requests raised, so a request that was accepted before it may be
    refused now, and no one would read the refusal. So it is accepted again, after the requests that came before it.
    """

    def __init__(self, run: ProductionRun) -> None:
        self._run = run

    async def lower(self, request: LowerBudget) -> Receipt:
        record = self._run.record
        check_may_lower(record)
        if not self._fits(request) and workflow.patched(SENT_AGAIN) and await self._run.is_sent_again():
            async with self._run.pricing:
                check_may_lower(record)
                self._check_below(request)
                return self._lower(request)
        check_may_lower(record)
        self._check_below(request)
        self._check_above_held(request)
        return self._lower(request)

    def _lower(self, request: LowerBudget) -> Receipt:
        record = self._run.record
        lower_budget(record, request.budget_usd, request.actor, request.reason)
        self._run.wake_up()
        return record.receipt()

    def _fits(self, request: LowerBudget) -> bool:
        record = self._run.record
        return record.spent_usd + held_usd(record) <= request.budget_usd <= (record.budget_usd or ZERO)

    def _check_below(self, request: LowerBudget) -> None:
        before, usd = self._run.record.budget_usd or ZERO, request.budget_usd
        if usd > before:
            message = (
                f"the budget is {before} USD, and {usd} USD is above it; name less, or raise it with the request that "
                "needs more (raise_budget, approve, regenerate, refresh or edit)"
            )
            raise refuse("budget_short", "budget_usd", message)

    def _check_above_held(self, request: LowerBudget) -> None:
        record, held = self._run.record, held_usd(self._run.record)
        if request.budget_usd < (lowest := record.spent_usd + held):
            message = (
                f"{record.spent_usd} USD are spent and {held} USD are held for what is under way, in doubt or ordered; "
                f"the lowest possible budget now is {lowest} USD: name that or more"
            )
            raise refuse("budget_short", "budget_usd", message)


def check_may_lower(record: Record) -> None:
    check_not_a_preview(record)
    if record.status.closed:
        message = f"the production is {record.status.value} and starts nothing; {LATER}"
        raise refuse("wrong_phase", "status", message)
    check_produced(record)
    if is_part(record) and record.batch:
        message = f"the series {record.batch.batch_id!r} grants what this part may spend; pause or cancel the part"
        raise refuse("not_allowed", "budget_usd", message)
