"""Where people's decisions arrive: the signals, updates and queries of a production.

A validator refuses at once what is impossible, so nothing of it enters history. Signals cannot be
refused; what they cannot do is logged as `approval_ignored`. Every change wakes the workflow's loop.
"""

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from workflows import policies
    from workflows.contracts import PLAN_INVALID, PricePlan, ProductionActivities
    from workflows.events import AssetStatus, ProductionStart, ProductionStatus, Progress, Receipt, Snapshot
    from workflows.models import ZERO, Asset, Plan, utc
    from workflows.refusals import refuse
    from workflows.requests import Decision, EditOp, PlanEdit, Regenerate, Rejection, Resolve, Revision, SelectTake
    from workflows.state import MAX_MESSAGE_CHARS, ProductionState

PATIENT = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))
"""Storage or a planner that is down is waited for; what cannot succeed is raised as non-retryable."""
STEP_TIMEOUT = timedelta(minutes=10)
"""One attempt of pricing or manifest."""
PRICED_AGAIN = "every-new-take-is-priced"
"""Since 2026-11-20 also a take that is made again as it was: its model may be gone since, or dearer."""
IN_DOUBT = "it may have been submitted; adopt its job_id, resubmit it or accept without it"
MAX_IGNORED = 100
"""Lines about ignored signals in the event log; whoever sends more has a loop, and the record has a limit."""
HEARTBEAT = timedelta(seconds=15)
"""What a killed worker held, or the server handed to a poll that was gone, is taken up by another after this."""


class Desk:
    """The state of a production and everything that can be asked of it from outside."""

    def __init__(self, start: ProductionStart) -> None:
        self._state = ProductionState(start, lambda: utc(workflow.now()))
        self._running: dict[str, asyncio.Task[None]] = {}
        self._jobs: set[str] = set()
        self._pricing = asyncio.Lock()
        self._poked = False

    # Queries

    @workflow.query
    def progress(self, after: int) -> Progress:
        return self._state.progress(after)

    @workflow.query
    def snapshot(self) -> Snapshot:
        return self._state.told()

    # Approval

    @workflow.signal(description='Release the plan: {"plan_digest": "…", "approver": "…", "budget_usd": "…"}')
    def approve(self, approval: Any) -> None:
        self._decide_by_signal({"approve": approval if isinstance(approval, dict) else {"plan_digest": approval}})

    @workflow.signal(description='End the production unspent: {"rejecter": "…", "reason": "…"}')
    def reject(self, rejection: Any) -> None:
        self._decide_by_signal(
            {"reject": rejection if isinstance(rejection, dict) else {"reason": str(rejection or "")}}
        )

    def _decide_by_signal(self, decision: dict[str, Any]) -> None:
        try:
            self._check_decision(parsed := Decision.model_validate(decision))
            self._decide(parsed)
        except (ValidationError, ApplicationError) as error:
            digest = self._state.plan.digest if self._state.plan else None
            words = error.message if isinstance(error, ApplicationError) else _first_problem(error)
            if sum(e.name == "approval_ignored" for e in self._state.events) < MAX_IGNORED:
                self._state.log("approval_ignored", reason=words[:MAX_MESSAGE_CHARS], plan_digest=digest)

    @workflow.update(description="Approve or reject; refused at once where the signal could only be ignored")
    async def decide(self, decision: Decision) -> Receipt:
        self._decide(decision)
        return self._state.receipt()

    @decide.validator
    def _check_decision(self, decision: Decision) -> None:
        self._check_phase(ProductionStatus.AWAITING_APPROVAL)
        if approval := decision.approve:
            self._check_digest(approval.plan_digest)
            capped = policies.cap(self._state.brief, approval) is not None
            if self._state.plan and capped and not approval.allow_unknown_prices:
                _check_prices(self._state.plan.unknown_prices)

    def _decide(self, decision: Decision) -> None:
        if decision.approve:
            self._state.approve(decision.approve)
        else:
            self._state.reject(decision.reject or Rejection())
        self._poke()

    # Changing the plan before approval

    @workflow.update(description="Change the plan that `plan_digest` names: all edits or none")
    async def edit_plan(self, edit: PlanEdit) -> Plan:
        async with self._pricing:
            plan = await self._priced(self._edited(edit))
            self._check_edit(edit)  # while the catalogue was asked, somebody may have decided or edited
            self._state.plan_ready(plan, editor=edit.editor)
        self._poke()
        return plan

    @edit_plan.validator
    def _check_edit(self, edit: PlanEdit) -> None:
        self._check_phase(ProductionStatus.AWAITING_APPROVAL)
        self._check_digest(edit.plan_digest)
        self._check_room()
        self._edited(edit)

    def _edited(self, edit: PlanEdit) -> Plan:
        assert self._state.plan is not None
        try:
            return policies.apply_edits(self._state.brief, self._state.plan, edit.edits)
        except policies.PlanProblem as problem:
            raise refuse("invalid_edit", problem.field, str(problem)) from None

    @workflow.update(description="Plan again with feedback in words")
    async def revise(self, revision: Revision) -> Plan:
        state = self._state
        state.feedback = (*state.feedback, revision.feedback)
        state.status = ProductionStatus.PLANNING
        known = len(state.events)
        self._poke()
        await workflow.wait_condition(lambda: state.status is not ProductionStatus.PLANNING)
        failed = next((e for e in state.events[known:] if e.name == "plan_failed"), None)
        if failed:
            state.feedback = state.feedback[:-1]
        self._check_phase(ProductionStatus.AWAITING_APPROVAL)
        if failed or state.plan is None:
            raise refuse("invalid_plan", "feedback", str(failed.data["reason"]) if failed else "no plan was made")
        return state.plan

    @revise.validator
    def _check_revision(self, revision: Revision) -> None:
        self._check_phase(ProductionStatus.AWAITING_APPROVAL)
        self._check_room()

    # Changing assets after approval

    @workflow.update(description="Make a new take of one asset, as it is or changed")
    async def regenerate(self, request: Regenerate) -> Receipt:
        change = EditOp(
            op="change",
            asset_id=request.asset_id,
            prompt=request.prompt,
            provider=request.provider,
            model=request.model,
            parameters=request.parameters,
        )
        await self._replan(
            request.asset_id,
            change,
            request.budget_usd,
            lambda: self._check_regenerate(request),
            allow_unknown=request.allow_unknown_prices,
        )
        self._state.make_again(request.asset_id)
        self._poke()
        return self._state.receipt()

    @regenerate.validator
    def _check_regenerate(self, request: Regenerate) -> None:
        self._check_produced()
        self._check_room()
        self._known_asset(request.asset_id)
        self._check_idle(request.asset_id)
        if self._state.assets[request.asset_id].attention == "ambiguous_submission":
            raise refuse("wrong_phase", "asset_id", IN_DOUBT)

    @workflow.update(description="Decide where the production waits for a person")
    async def resolve(self, resolution: Resolve) -> Receipt:
        state, asset_id = self._state, resolution.asset_id
        if resolution.action == "retry" and asset_id not in policies.RESERVED_IDS:
            change = EditOp(
                op="change",
                asset_id=asset_id,
                prompt=resolution.prompt,
                provider=resolution.provider,
                model=resolution.model,
                parameters=resolution.parameters,
            )
            await self._replan(
                asset_id,
                change,
                resolution.budget_usd,
                lambda: self._check_resolution(resolution),
                allow_unknown=resolution.allow_unknown_prices,
            )
            state.make_again(asset_id)
        elif resolution.action == "accept_without":
            state.leave_out(asset_id, accepted_by=resolution.resolver)
        elif resolution.action in ("adopt", "resubmit"):
            state.take_up(asset_id, resolution.job_id if resolution.action == "adopt" else None)
        elif resolution.budget_usd is not None:
            state.raise_budget(resolution.budget_usd)
        self._poke()
        return state.receipt()

    @resolve.validator
    def _check_resolution(self, resolution: Resolve) -> None:
        if resolution.asset_id in policies.RESERVED_IDS:
            if self._state.status is not ProductionStatus.NEEDS_ATTENTION or resolution.action != "retry":
                raise refuse("wrong_phase", "action", "finishing can only be retried, and only where it failed")
            return
        self._check_produced()
        self._known_asset(resolution.asset_id)
        reason = self._state.assets[resolution.asset_id].attention
        if reason is None:
            raise refuse("wrong_phase", "asset_id", f"{resolution.asset_id!r} does not wait for a decision")
        if reason == "ambiguous_submission" and resolution.action == "retry":
            raise refuse("wrong_phase", "action", IN_DOUBT)
        if reason != "ambiguous_submission" and resolution.action in ("adopt", "resubmit"):
            raise refuse("wrong_phase", "action", "nothing of this asset is in doubt; retry it or accept without it")
        self._check_room()
        if resolution.action == "resubmit":
            price, left = self._state.price_usd(resolution.asset_id), self._state.left_usd()
            if price > left:
                raise refuse(
                    "budget_short",
                    "budget_usd",
                    f"the doubtful request and one more may cost {price} USD each and {left} USD are left beside the "
                    "first; raise the budget before",
                )
        budget = self._state.budget_usd or ZERO
        if resolution.action == "raise_budget" and (resolution.budget_usd or ZERO) <= budget:
            raise refuse("budget_short", "budget_usd", f"the budget is {budget} USD already; name a higher one")

    @workflow.update(description="Use an earlier take of an asset; the deliverable gets a new revision")
    async def select_take(self, selection: SelectTake) -> Receipt:
        self._state.select(selection.asset_id, selection.take)
        self._poke()
        return self._state.receipt()

    @select_take.validator
    def _check_selection(self, selection: SelectTake) -> None:
        self._check_produced()
        self._check_room()
        self._known_asset(selection.asset_id)
        self._check_idle(selection.asset_id)
        state = self._state.assets[selection.asset_id]
        if selection.take not in (numbers := [t.number for t in state.takes]):
            raise refuse("unknown_take", "take", f"{selection.asset_id!r} has takes {numbers}; choose one of them")

    # Shared by handlers and loop

    async def _replan(
        self,
        asset_id: str,
        change: EditOp,
        budget_usd: Decimal | None,
        recheck: Callable[[], None],
        *,
        allow_unknown: bool,
    ) -> None:
        """Price a change of one asset and make room for it in the budget; unchanged assets keep their price.

        `recheck` refuses what became impossible while the catalogue was asked.
        """
        state = self._state
        assert state.plan is not None
        async with self._pricing:
            recheck()
            plan = state.plan
            if any(v is not None for v in (change.prompt, change.provider, change.model, change.parameters)):
                try:
                    assets = [policies.changed(a, change) if a.asset_id == asset_id else a for a in plan.assets]
                except policies.PlanProblem as problem:
                    raise refuse("invalid_edit", problem.field, str(problem)) from None
                plan = await self._priced(Plan.of(plan.title, assets, plan.planner), only=(asset_id,))
                recheck()
            elif workflow.patched(PRICED_AGAIN):
                plan = await self._priced(plan, only=(asset_id,))
                recheck()
            asset = plan.find(asset_id)
            price = asset.high_usd if asset else ZERO
            if asset and asset.unknown_price and not allow_unknown:
                _check_prices((asset_id,))
            budget = max(budget_usd or ZERO, state.budget_usd or ZERO)
            left = state.left_usd() + budget - (state.budget_usd or ZERO)
            if price and price > left:
                raise refuse(
                    "budget_short",
                    "budget_usd",
                    f"this take costs up to {price} USD and {left} USD are left; "
                    f"send budget_usd of {budget + price - left} or more to raise the budget",
                )
            state.plan, state.budget_usd = plan, budget

    async def _priced(self, plan: Plan, only: tuple[str, ...] = ()) -> Plan:
        """The plan with quotes from the catalogue, of all assets or `only` some.

        Raises:
            ApplicationError: a refusal, where the catalogue says that it cannot be made.
        """
        try:
            policies.check_plan(self._state.brief, plan)
            return await workflow.execute_activity_method(
                ProductionActivities.price_plan,
                PricePlan(production_id=self._state.production_id, brief=self._state.brief, plan=plan, only=only),
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
                words = message_of(error)
                raise refuse("invalid_plan", _field_in(words), words) from None
            raise

    def _check_phase(self, needed: ProductionStatus) -> None:
        status = self._state.status
        if status is not needed:
            raise refuse("wrong_phase", "status", f"the production is {status.value}; this needs {needed.value}")

    def _check_digest(self, digest: str) -> None:
        current = self._state.plan.digest if self._state.plan else None
        if digest != current:
            raise refuse(
                "stale_digest",
                "plan_digest",
                f"{digest!r} is not the current plan; it is {current!r}",
                plan_digest=current,
            )

    def _check_produced(self) -> None:
        status = self._state.status
        if not self._state.assets or (status.closed and status is not ProductionStatus.DELIVERED):
            raise refuse("wrong_phase", "status", f"the production is {status.value}; this needs an approved one")

    def _check_idle(self, asset_id: str) -> None:
        if self._state.assets[asset_id].status in (AssetStatus.PENDING, AssetStatus.GENERATING):
            raise refuse("wrong_phase", "asset_id", f"{asset_id!r} is to be made or being made; wait until it is done")

    def _check_room(self) -> None:
        """A record above Temporal's payload limit would stop the run for good."""
        if len(self._state.snapshot().model_dump_json(exclude_defaults=True).encode()) > policies.MAX_RECORD_BYTES:
            raise refuse("wrong_phase", "status", "this production's record is full; start a new one from its brief")

    def _known_asset(self, asset_id: str) -> Asset:
        asset = self._state.plan.find(asset_id) if self._state.plan else None
        if asset is None:
            raise refuse("unknown_asset", "asset_id", f"there is no asset {asset_id!r} in this production")
        return asset

    def _poke(self) -> None:
        self._poked = True

    async def _wake(self) -> None:
        """Wait until anything changed."""
        await workflow.wait_condition(lambda: self._poked)
        self._poked = False

    async def _woken(self, within: timedelta | None = None, summary: str | None = None) -> None:
        """Wait, at no cost and for as long as it takes, until anything changed or the run should be continued.

        Raises:
            TimeoutError: nothing did `within` that time.
        """
        await workflow.wait_condition(
            lambda: self._poked or self._should_continue(), timeout=within, timeout_summary=summary
        )
        self._poked = False

    def _should_continue(self) -> bool:
        return workflow.info().is_continue_as_new_suggested() and workflow.all_handlers_finished()


def _check_prices(unknown: tuple[str, ...]) -> None:
    """No budget can hold what nobody knows the price of.

    Raises:
        ApplicationError: a refusal, where an asset's price is unknown.
    """
    if unknown:
        raise refuse(
            "price_unknown",
            "allow_unknown_prices",
            f"the price of {', '.join(unknown[:5])}{' and others' if len(unknown) > 5 else ''} is not published, so no "
            "budget can hold it; send allow_unknown_prices: true, or choose models with a price",
        )


def _field_in(message: str) -> str:
    """The field that the catalogue's words name, as in "asset 'shot-1': model: 'x' is not offered"."""
    named = re.match(r"(?:asset '[^']+': )?([a-z_.]+): ", message)
    return named[1] if named else "plan"


def _first_problem(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"


def raise_if_cancelled(error: BaseException) -> None:
    """A cancelled activity means that the production is being cancelled: no failure of its own."""
    if is_cancelled_exception(error):
        raise asyncio.CancelledError from None


def message_of(error: BaseException) -> str:
    """The words of the innermost failure."""
    while isinstance(error, ActivityError) and error.cause is not None:
        error = error.cause
    return error.message if isinstance(error, ApplicationError) else str(error)
