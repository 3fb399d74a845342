"""Decisions of people about the whole production: approval, rejection and pauses.

Signals cannot be refused; what they cannot do is logged as `approval_ignored`.
"""

from decimal import Decimal
from typing import Any, Final

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from pydantic import ValidationError

    from workflows.agents.grants import is_agent
    from workflows.continuity.drafts import unknown_finals
    from workflows.events import ProductionStatus, Receipt
    from workflows.models import ZERO, Asset
    from workflows.production.agents import Grants, check_agent_decision, check_no_agent
    from workflows.production.allowance import Allowances
    from workflows.production.guards import (
        check_budget_limit,
        check_digest,
        check_phase,
        check_prices,
        check_series_approved,
    )
    from workflows.production.run import ProductionRun
    from workflows.production.state import policies
    from workflows.production.state.approvals import (
        FOR_MONEY,
        POLICY,
        abridged,
        approve_plan,
        assets_waiting_for_money,
        digest_to_approve,
        draft_waits,
        end_of_prices,
        pause_production,
        resume_production,
    )
    from workflows.production.state.budget import (
        disallowed_models,
        held_usd,
        is_part,
        left_usd,
        needed_usd,
        price_usd,
    )
    from workflows.production.state.changes import lower_budget, reject_plan
    from workflows.refusals import refuse
    from workflows.requests import Approval, ApprovalRequest, Decision, Pause, Rejection, Resume

SENT_AGAIN: Final = "lower-approvals-after-a-reset"
MAX_IGNORED: Final = 100
"""Lines about ignored signals in the event log; whoever sends more has a loop, and the record has a limit."""


class Decisions:
    """Applies approvals, rejections and pauses, or refuses them."""

    def __init__(self, run: ProductionRun, allowances: Allowances) -> None:
        self._run = run
        self._grants = Grants(run)
        self._allowances = allowances

    def approve_by_signal(self, approval: Any) -> None:
        self._decide_by_signal({"approve": approval if isinstance(approval, dict) else {"plan_digest": approval}})

    def reject_by_signal(self, rejection: Any) -> None:
        named = rejection if isinstance(rejection, dict) else {"reason": str(rejection or "")}
        self._decide_by_signal({"reject": named})

    def _decide_by_signal(self, decision: dict[str, Any]) -> None:
        record = self._run.record
        try:
            self._check_decide(parsed := Decision.model_validate(decision))
            self._apply(parsed)
        except (ValidationError, ApplicationError) as error:
            message = error.message if isinstance(error, ApplicationError) else _first_problem(error)
            if sum(e.name == "approval_ignored" for e in record.events) < MAX_IGNORED:
                digest = digest_to_approve(record)
                record.log("approval_ignored", reason=abridged(message), plan_digest=digest)

    async def decide(self, decision: Decision) -> Receipt:
        try:
            self._check_decide(decision)
        except ApplicationError:
            if not await self._keeps_lower_budget(decision.approve):
                raise
            return self._run.record.receipt()
        if decision.approve and decision.grant:
            await self._grants.reserve(decision.approve, decision.grant)
            self._check_decide(decision)  # the plan may have changed, or been approved, meanwhile
        if decision.approve and decision.approve.budget_usd and self._run.record.allowance:
            await self._allowances.reserve(decision.approve.budget_usd)
            self._check_decide(decision)
        self._apply(decision)
        return self._run.record.receipt()

    async def request_approval(self, request: ApprovalRequest) -> Receipt:
        """Log the request, once for each plan."""
        record = self._run.record
        check_phase(record, ProductionStatus.AWAITING_APPROVAL)
        check_digest(record, request.plan_digest)
        asked = (e for e in record.events if e.name == "approval_requested")
        if not any(e.data.get("plan_digest") == request.plan_digest for e in asked):
            record.log(
                "approval_requested", by=request.requested_by, plan_digest=request.plan_digest, note=request.note
            )
            self._run.wake_up()
        return record.receipt()

    async def _keeps_lower_budget(self, approval: Approval | None) -> bool:
        """Whether an approval that is impossible now was sent again after a reset: then its lower budget is kept."""
        record = self._run.record
        if approval is None or approval.budget_usd is None or is_agent(approval.approver) or is_part(record):
            return False
        if not self._is_lower(approval.budget_usd) or not workflow.patched(SENT_AGAIN):
            return False
        if not await self._run.is_sent_again() or not self._is_lower(approval.budget_usd):
            return False
        lower_budget(record, approval.budget_usd, approval.approver, "as approved before the run was reset")
        self._run.wake_up()
        return True

    def _is_lower(self, budget_usd: Decimal) -> bool:
        record = self._run.record
        return bool(record.assets) and not record.status.closed and budget_usd < (record.budget_usd or ZERO)

    def _check_decide(self, decision: Decision) -> None:
        self._check_decision(decision)
        check_agent_decision(self._run.record, decision, workflow.now())
        self._check_orders(decision)
        self._check_lowered(decision)

    def _check_lowered(self, decision: Decision) -> None:
        """An approval without an amount keeps to a budget that a person has lowered; it has to release something."""
        record, approval = self._run.record, decision.approve
        waiting = assets_waiting_for_money(record)
        if approval is None or approval.budget_usd is not None or record.lowered_usd is None or not waiting:
            return
        if all(price_usd(record, asset_id) > left_usd(record) for asset_id in waiting):
            message = f"the budget was lowered to {record.lowered_usd} USD, which holds nothing that waits"
            needed = f"name a budget_usd of {needed_usd(record)} or more to release all of it"
            raise refuse("budget_short", "budget_usd", f"{message}; {needed}")

    def _check_orders(self, decision: Decision) -> None:
        """A second approval may allow less than the first, but not less than what was requested since."""
        record, approval = self._run.record, decision.approve
        held = held_usd(record)
        if approval is None or approval.budget_usd is None or record.plan is None or not record.assets:
            return
        known = record.spent_usd + held
        allowed = approval.budget_usd
        if record.gate == "waiting":
            allowed = policies.allowance(record.brief, record.plan, approval, record.spent_usd)
        if held and allowed < known:
            raise refuse(
                "budget_short",
                "budget_usd",
                f"{known} USD are spent, or held for takes that were ordered; allow that or more, or name no budget",
            )

    def _check_decision(self, decision: Decision) -> None:
        record, approval = self._run.record, decision.approve
        at_gate = record.gate == "waiting" and not record.status.closed
        # Assets that cost more than was approved, or than the budget holds, are released by another approval.
        again = (
            bool(approval and assets_waiting_for_money(record)) and not record.status.closed and not record.cancelling
        )
        if not at_gate and not again:
            check_phase(record, ProductionStatus.AWAITING_APPROVAL)
        if approval is None:
            return
        check_series_approved(record)
        check_digest(record, approval.plan_digest)
        policy = record.brief.approval
        check_budget_limit(record, approval.budget_usd)
        if approval.approver == POLICY:
            raise refuse("not_allowed", "approver", f"{POLICY!r} is no person; name who approves")
        if policy.not_by_requester and approval.approver == record.brief.requester:
            raise refuse(
                "not_allowed", "approver", f"{approval.approver!r} is the requester; another person has to approve"
            )
        if any(a.approver == approval.approver for a in record.approvals):
            needed = f"{policy.approvers - len(record.approvals)} more of {policy.approvers}"
            raise refuse("not_allowed", "approver", f"{approval.approver!r} approved already; it needs {needed} people")
        ends = end_of_prices(record)
        if not record.assets and ends is not None and ends <= workflow.now():
            message = f"prices of this plan held until {ends:%Y-%m-%d}; it is priced again: read it, then approve it"
            raise refuse("stale_digest", "plan_digest", message)
        if record.plan and not approval.allow_unknown_prices and draft_waits(record):
            check_prices(unknown_finals(record.plan))
        elif record.plan and not approval.allow_unknown_prices:
            check_prices(tuple(a.asset_id for a in record.plan.assets if self._needs_permission(a)))

    def _needs_permission(self, asset: Asset) -> bool:
        """Whether approving now would spend on an unpublished price that is not allowed yet."""
        record = self._run.record
        if not record.assets:
            return asset.unknown_price
        state = record.assets[asset.asset_id]
        return bool(state.attention in FOR_MONEY and disallowed_models(record, asset))

    def _apply(self, decision: Decision) -> None:
        record = self._run.record
        if decision.approve:
            approve_plan(record, decision.approve, grant=decision.grant)
        else:
            reject_plan(record, decision.reject or Rejection())
        self._run.wake_up()

    def pause(self, pause: Pause) -> Receipt:
        self._check_pause()
        pause_production(self._run.record, pause)
        self._run.wake_up()
        return self._run.record.receipt()

    def _check_pause(self) -> None:
        record = self._run.record
        if record.status.closed:
            raise refuse("wrong_phase", "status", f"the production is {record.status.value} and starts nothing")
        if record.paused:
            raise refuse("wrong_phase", "status", f"it is paused already, by {record.paused.paused_by}")

    def resume(self, resume: Resume) -> Receipt:
        check_no_agent(resume)
        self._check_resume()
        resume_production(self._run.record, resume)
        self._run.wake_up()
        return self._run.record.receipt()

    def _check_resume(self) -> None:
        if self._run.record.paused is None:
            raise refuse("wrong_phase", "status", "the production is not paused; there is nothing to resume")


def _first_problem(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
