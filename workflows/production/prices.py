"""Prices of plans by the catalogue, and the budget that a change needs."""

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Final

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from workflows.activity_io import PLAN_INVALID, PricePlan
    from workflows.continuity.inputs import replacements, versions_of
    from workflows.contracts import ProductionActivities
    from workflows.models import ZERO, Plan
    from workflows.production.activity_options import HEARTBEAT, PATIENT, STEP_TIMEOUT
    from workflows.production.allowance import Allowances
    from workflows.production.failures import message_of, raise_if_cancelled
    from workflows.production.guards import check_budget_limit, check_may_release, check_prices
    from workflows.production.run import ProductionRun
    from workflows.production.state import policies
    from workflows.production.state.budget import allow_unknown_prices, held_usd, left_usd, reserve_usd
    from workflows.production.state.changes import raise_budget
    from workflows.production.state.plans import plan_diff
    from workflows.production.state.plans.script import follow
    from workflows.production.state.stale_takes import mark_scripts_stale
    from workflows.refusals import refuse
    from workflows.requests import EditOp, Regenerate, Resolve

PRICES_ENDED: Final = "the end of its rates"
"""The name under which an edit is logged that a change of rates in the catalogue made."""


class Prices:
    """Prices what a request changes, and raises the budget where the request says so."""

    def __init__(self, run: ProductionRun, allowances: Allowances) -> None:
        self._run = run
        self.allowances = allowances

    async def priced(self, plan: Plan, only: tuple[str, ...] = ()) -> Plan:
        """The plan with quotes from the catalogue, of all assets or `only` some.

        Raises:
            ApplicationError: a refusal, where the catalogue offers no way to make it.
        """
        record = self._run.record
        only = self._with_copies(plan, only)
        try:
            policies.check_plan(record.brief, plan)
            return await workflow.execute_activity_method(
                ProductionActivities.price_plan,
                PricePlan(
                    production_id=record.production_id,
                    brief=record.brief,
                    plan=plan,
                    references=record.references,
                    only=only,
                    extractions=record.extractions,
                ),
                start_to_close_timeout=STEP_TIMEOUT,
                heartbeat_timeout=HEARTBEAT,
                retry_policy=PATIENT,
                summary=f"price {', '.join(only) or f'{len(plan.assets)} assets'}",
            )
        except policies.PlanProblem as problem:
            raise refuse("invalid_plan", problem.field, str(problem)) from None
        except ActivityError as error:
            raise_if_cancelled(error)
            if isinstance(error.cause, ApplicationError) and error.cause.type == PLAN_INVALID:
                message = message_of(error)
                raise refuse("invalid_plan", _field_in(message), message) from None
            raise

    def _with_copies(self, plan: Plan, only: tuple[str, ...]) -> tuple[str, ...]:
        """Also the versions of these assets that are not made yet: a copy is priced by the length of its source."""
        versions, states = replacements(plan.assets) if only else {}, self._run.record.assets
        copies = (i for asset_id in only for i in versions_of(asset_id, versions))
        return tuple(dict.fromkeys((*only, *(i for i in copies if i in states and states[i].take is None))))

    async def reprice_asset(
        self,
        asset_id: str,
        change: EditOp,
        budget_usd: Decimal | None,
        recheck: Callable[[], None],
        *,
        allow_unknown: bool,
        actor: str,
        how: str,
        count: int = 1,
    ) -> None:
        """Price a change of one asset and make room for `count` takes of it; unchanged assets keep their price.

        `recheck` refuses what is no longer possible after the catalogue was asked.
        """
        record = self._run.record
        assert record.plan is not None
        async with self._run.pricing:
            recheck()
            plan = record.plan
            given = (change.prompt, change.delivery, change.provider, change.model, change.parameters)
            if any(value is not None for value in given):
                try:
                    plan = follow(record, policies.apply_edits(record.brief, plan, [change]))
                except policies.PlanProblem as problem:
                    raise refuse("invalid_edit", problem.field, str(problem)) from None
            # An unchanged asset is priced as well: its model may be retired since, or cost more.
            changed = (a.asset_id for a in plan.assets if a.quote is None)
            plan = await self.priced(plan, only=tuple(dict.fromkeys((asset_id, *changed))))
            recheck()
            changes = plan_diff.changes(record.plan, plan)
            takes = {asset_id: count}
            await self.reserve(plan, takes, budget_usd, recheck, actor=actor)
            budget = self.budget_for(plan, takes, budget_usd, allow_unknown=allow_unknown, actor=actor)
            self.release(plan, takes, budget, allow_unknown=allow_unknown, actor=actor)
            if changes:
                record.log("plan_edited", plan_digest=plan.digest, by=actor, how=how, changes=changes)

    async def reserve(
        self,
        plan: Plan,
        takes: Mapping[str, int],
        budget_usd: Decimal | None,
        recheck: Callable[[], None],
        *,
        actor: str,
    ) -> None:
        """Have the series of the production grant the price of so many takes; others have their whole budget.

        Raises:
            ApplicationError: a refusal; the requester may not raise the budget, or the series has too little.
        """
        record = self._run.record
        price = self._price_of(plan, takes)
        if record.allowance is None or not price:
            return
        budget = max(budget_usd or ZERO, record.budget_usd or ZERO)
        if budget > (record.budget_usd or ZERO):
            check_may_release(record, actor)
            check_budget_limit(record, budget_usd)
        await self.allowances.reserve(min(record.spent_usd + held_usd(record) + price, budget))
        recheck()

    def _price_of(self, plan: Plan, takes: Mapping[str, int]) -> Decimal:
        """The most that so many takes of these assets cost with their verdicts."""
        record = self._run.record
        return sum((reserve_usd(record, a) * takes[a.asset_id] for a in plan.assets if a.asset_id in takes), ZERO)

    def budget_for(
        self, plan: Plan, takes: Mapping[str, int], budget_usd: Decimal | None, *, allow_unknown: bool, actor: str
    ) -> Decimal:
        """The budget that holds so many takes of these assets: as it is, or raised to `budget_usd`.

        Raises:
            ApplicationError: a refusal, where they do not fit, where the price is unknown and not allowed, or
                where the requester may not raise the budget alone.
        """
        record = self._run.record
        assets = [a for a in plan.assets if a.asset_id in takes]
        if not allow_unknown:
            check_prices(tuple(a.asset_id for a in assets if a.unknown_price))
        before = record.budget_usd or ZERO
        price = self._price_of(plan, takes)
        budget = max(budget_usd or ZERO, before)
        if budget > before or (allow_unknown and any(a.unknown_price for a in assets)):
            check_may_release(record, actor)
        check_budget_limit(record, budget_usd)
        left = left_usd(record, budget)
        if price and price > left:
            what = "this take costs" if sum(takes.values()) == 1 else f"these {sum(takes.values())} takes cost"
            raise refuse(
                "budget_short",
                "budget_usd",
                f"{what} up to {price} USD and {left} USD are left; "
                f"send budget_usd of {budget + price - left} or more to raise the budget",
            )
        return budget

    def release(self, plan: Plan, assets: Iterable[str], budget: Decimal, *, allow_unknown: bool, actor: str) -> None:
        """Apply the plan and the budget of `budget_for`, and record which unpublished prices were allowed."""
        record = self._run.record
        record.plan = plan
        mark_scripts_stale(record)
        raise_budget(record, budget, actor)
        if allow_unknown:
            for asset_id in assets:
                if asset_id in record.assets:
                    allow_unknown_prices(record, plan.by_id[asset_id])


def change_of(request: Regenerate | Resolve, prompt: str | None, delivery: str | None) -> EditOp:
    """The edit of its asset that a request for another take makes."""
    return EditOp(
        op="change",
        asset_id=request.asset_id,
        prompt=prompt,
        delivery=delivery,
        provider=request.provider,
        model=request.model,
        parameters=request.parameters,
    )


def _field_in(message: str) -> str:
    """The field that the catalogue's message names, as in "asset 'shot-1': model: 'x' is not offered"."""
    named = re.match(r"(?:asset '[^']+': )?([a-z_.]+): ", message)
    return named[1] if named else "plan"
