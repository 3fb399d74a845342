"""Answers to what one asset waits for: retry, resubmit, adopt, accept without it, raise the budget."""

from decimal import Decimal

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from pydantic import JsonValue

    from workflows.events import ProductionStatus, Receipt
    from workflows.models import ZERO
    from workflows.production.guards import (
        IN_DOUBT,
        check_budget_kept,
        check_budget_limit,
        check_may_release,
        check_not_a_preview,
        check_not_lowered,
        check_produced,
        check_record_size,
        known_asset,
        last_decision,
    )
    from workflows.production.prices import Prices, change_of
    from workflows.production.run import ProductionRun
    from workflows.production.state import policies
    from workflows.production.state.approvals import FOR_MONEY
    from workflows.production.state.budget import left_usd, needs_more_budget, price_usd, second_bill_short
    from workflows.production.state.changes import continue_take, leave_out, queue_takes, raise_budget
    from workflows.refusals import refuse
    from workflows.requests import Resolve


class Answers:
    """Applies what a person decides about an asset in attention."""

    def __init__(self, run: ProductionRun, prices: Prices) -> None:
        self._run = run
        self._prices = prices

    async def resolve(self, resolution: Resolve) -> Receipt:
        self._check(resolution)
        record, asset_id = self._run.record, resolution.asset_id
        if resolution.action == "retry" and asset_id not in policies.RESERVED_IDS:
            check_budget_kept(record, resolution.budget_usd)
            before = record.budget_usd
            await self._prices.reprice_asset(
                asset_id,
                change_of(resolution, resolution.prompt, resolution.delivery),
                resolution.budget_usd,
                lambda: self._recheck(resolution, before),
                allow_unknown=resolution.allow_unknown_prices,
                actor=resolution.resolver,
                how="retry",
            )
            self._log_answer(resolution)
            queue_takes(record, asset_id)
        elif resolution.action == "accept_without":
            self._log_answer(resolution)
            leave_out(record, asset_id, accepted_by=resolution.resolver)
        elif resolution.action in ("adopt", "resubmit"):
            self._log_answer(resolution)
            continue_take(record, asset_id, resolution.job_id if resolution.action == "adopt" else None)
        elif resolution.budget_usd is not None:
            await self._prices.allowances.reserve(resolution.budget_usd)
            self._check(resolution)
            self._log_answer(resolution, budget_usd=str(resolution.budget_usd))
            raise_budget(record, resolution.budget_usd, resolution.resolver)
        self._run.wake_up()
        return record.receipt()

    def _log_answer(self, resolution: Resolve, **data: JsonValue) -> None:
        action, actor = resolution.action, resolution.resolver
        self._run.record.log("resolved", resolution.asset_id, action=action, by=actor, **data)

    def _recheck(self, resolution: Resolve, before: Decimal | None) -> None:
        self._check(resolution)
        check_not_lowered(self._run.record, resolution.budget_usd, before)

    def _check(self, resolution: Resolve) -> None:
        record = self._run.record
        if resolution.asset_id in policies.RESERVED_IDS:
            failed = record.status is ProductionStatus.NEEDS_ATTENTION and record.plan is not None
            if not failed or resolution.action != "retry":
                raise refuse("wrong_phase", "action", "finishing can only be retried, and only where it failed")
            return
        check_produced(record)
        asset_id = known_asset(record, resolution.asset_id).asset_id
        state = record.assets[asset_id]
        reason = state.attention
        if reason is None:
            raise refuse(
                "wrong_phase",
                "asset_id",
                f"{asset_id!r} does not wait for a decision{last_decision(record, asset_id)}",
            )
        if resolution.attention is not None and state.waiting and resolution.attention != state.waiting.id:
            raise refuse(
                "stale_attention",
                "attention",
                f"{asset_id!r} waits for another decision by now: {reason}, number {state.waiting.id}; read it again",
            )
        if reason == "ambiguous_submission" and resolution.action == "retry":
            raise refuse("wrong_phase", "action", IN_DOUBT)
        if reason != "ambiguous_submission" and resolution.action in ("adopt", "resubmit"):
            raise refuse("wrong_phase", "action", "nothing of this asset is in doubt; retry it or accept without it")
        if reason in FOR_MONEY and resolution.action == "retry":
            message = (
                f"{asset_id!r} was not tried: it waits for money, {reason}; approve again, edit it or go on without it"
            )
            raise refuse("wrong_phase", "action", message)
        if resolution.action == "retry":
            check_record_size(record)
            changed = (resolution.prompt, resolution.provider, resolution.model, resolution.parameters)
            if any(changed) or resolution.delivery is not None:
                check_not_a_preview(record)
        if resolution.action == "raise_budget":
            check_not_a_preview(record)
            if not needs_more_budget(record, asset_id):
                raise refuse("wrong_phase", "action", f"{asset_id!r} does not wait for money: {reason}")
            check_may_release(record, resolution.resolver)
            check_budget_limit(record, resolution.budget_usd)
        if resolution.action == "resubmit":
            self._check_second_bill(asset_id)
        budget = record.budget_usd or ZERO
        if resolution.action == "raise_budget" and (resolution.budget_usd or ZERO) <= budget:
            raise refuse("budget_short", "budget_usd", f"the budget is {budget} USD already; name a higher one")

    def _check_second_bill(self, asset_id: str) -> None:
        record = self._run.record
        if second_bill_short(record, asset_id):
            price, left = price_usd(record, asset_id), left_usd(record)
            raise refuse(
                "budget_short",
                "budget_usd",
                f"the request in doubt and one more may cost {price} USD each and {left} USD are left beside the "
                "first; raise the budget before",
            )
