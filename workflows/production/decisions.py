"""Where people decide about the whole production: approval, edits of the plan, revisions, pauses.

Signals cannot be refused; what they cannot do is logged as `approval_ignored`.
"""

from typing import Any

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from pydantic import JsonValue, ValidationError

    from workflows.activity_io import BUDGET_SHORT
    from workflows.events import AssetStatus, BatchBudget, ProductionStatus, Receipt
    from workflows.models import Asset, Plan
    from workflows.production.desk import check_prices
    from workflows.production.repeats import Repeats
    from workflows.production.state import plan_diff, policies
    from workflows.production.state.approvals import FOR_MONEY, MAX_MESSAGE_CHARS, POLICY
    from workflows.refusals import RefusalKind, refuse
    from workflows.requests import Decision, EditOp, Pause, PlanEdit, Rejection, Resume, Revision

MAX_IGNORED = 100
"""Lines about ignored signals in the event log; whoever sends more has a loop, and the record has a limit."""


class Decisions(Repeats):
    """Signals and updates about the plan and the production as a whole."""

    # Approval

    @workflow.signal(description='Release the plan: {"plan_digest": "…", "approver": "…", "budget_usd": "…"}')
    async def approve(self, approval: Any) -> None:
        await self._ready()
        self._decide_by_signal({"approve": approval if isinstance(approval, dict) else {"plan_digest": approval}})

    @workflow.signal(description='End the production, nothing of its plan is made: {"rejecter": "…", "reason": "…"}')
    async def reject(self, rejection: Any) -> None:
        await self._ready()
        self._decide_by_signal(
            {"reject": rejection if isinstance(rejection, dict) else {"reason": str(rejection or "")}}
        )

    @workflow.signal(description="A worker says that a take in doubt was answered after all")
    async def take_settled(self, asset_id: str, take: int) -> None:
        await self._ready()
        if self._state.settled(asset_id, take):
            self._poke()

    def _decide_by_signal(self, decision: dict[str, Any]) -> None:
        try:
            self._check_decide(parsed := Decision.model_validate(decision))
            self._decide(parsed)
        except (ValidationError, ApplicationError) as error:
            words = error.message if isinstance(error, ApplicationError) else _first_problem(error)
            if sum(e.name == "approval_ignored" for e in self._state.events) < MAX_IGNORED:
                digest = self._state.digest_to_approve
                self._state.log("approval_ignored", reason=words[:MAX_MESSAGE_CHARS], plan_digest=digest)

    @workflow.update(description="Approve or reject; refused at once where the signal could only be ignored")
    async def decide(self, decision: Decision) -> Receipt:
        return await self._once("decide", decision, self._decided)

    async def _decided(self, decision: Decision) -> Receipt:
        self._check_decide(decision)
        self._decide(decision)
        return self._state.receipt()

    def _check_decide(self, decision: Decision) -> None:
        self._check_decision(decision)
        self._check_orders(decision)

    def _check_orders(self, decision: Decision) -> None:
        """A second approval may allow less than the first, but not less than what was ordered since."""
        state, approval = self._state, decision.approve
        held = state.held_usd()
        if approval is None or approval.budget_usd is None or state.plan is None or not state.assets:
            return
        known = state.spent_usd + held
        allowed = approval.budget_usd
        if state.gate == "waiting":
            allowed = policies.allowance(state.brief, state.plan, approval, state.spent_usd)
        if held and allowed < known:
            raise refuse(
                "budget_short",
                "budget_usd",
                f"{known} USD are spent, or held for takes that were ordered; allow that or more, or name no budget",
            )

    def _check_decision(self, decision: Decision) -> None:
        state, approval = self._state, decision.approve
        at_gate = state.gate == "waiting" and not state.status.closed
        # What an edit made to cost more than was approved, and what the budget does not hold, is approved again.
        again = bool(approval and state.asks_for_money) and not state.status.closed and not self._cancelling
        if not at_gate and not again:
            self._check_phase(ProductionStatus.AWAITING_APPROVAL)
        if approval is None:
            return
        self._check_digest(approval.plan_digest)
        policy = state.brief.approval
        self._check_most(approval.budget_usd)
        if approval.approver == POLICY:
            raise refuse("not_allowed", "approver", f"{POLICY!r} is nobody; name who approves")
        if policy.not_by_requester and approval.approver == state.brief.requester:
            raise refuse("not_allowed", "approver", f"{approval.approver!r} asked for it; somebody else has to approve")
        if any(a.approver == approval.approver for a in state.approvals):
            needed = f"{policy.approvers - len(state.approvals)} more of {policy.approvers}"
            raise refuse("not_allowed", "approver", f"{approval.approver!r} approved already; it needs {needed} people")
        ends = state.prices_end()
        if not state.assets and ends is not None and ends <= workflow.now():
            words = f"prices of this plan held until {ends:%Y-%m-%d}; it is priced again: look at it, then approve it"
            raise refuse("stale_digest", "plan_digest", words)
        if state.plan and not approval.allow_unknown_prices:
            check_prices(tuple(a.asset_id for a in state.plan.assets if self._needs_permission(a)))

    def _needs_permission(self, asset: Asset) -> bool:
        """Whether approving now would spend on a price that nobody published, and nobody has allowed that."""
        if not self._state.assets:
            return asset.unknown_price
        state = self._state.assets[asset.asset_id]
        return bool(state.attention in FOR_MONEY and self._state.not_allowed(asset))

    def _decide(self, decision: Decision) -> None:
        if decision.approve:
            self._state.approve(decision.approve)
        else:
            self._state.reject(decision.reject or Rejection())
        self._poke()

    @workflow.signal(description="Its batch has another budget, which all planning of its rows together has to fit")
    def batch_budget(self, batch: BatchBudget) -> None:
        if self._state.batch and self._state.batch.batch_id == batch.batch_id:
            self._state.batch = batch

    # Changing the plan

    @workflow.update(description="Change the plan that `plan_digest` names: all edits or none")
    async def edit_plan(self, edit: PlanEdit) -> Plan:
        return await self._once("edit_plan", edit, self._edit)

    async def _edit(self, edit: PlanEdit) -> Plan:
        self._check_edit(edit)
        async with self._pricing:
            self._check_edit(edit)
            if self._state.assets:
                plan = await self._edit_produced(edit)
            else:
                plan = await self._priced(self._edited(edit.edits))
                self._check_unapproved(edit)  # while the catalogue was asked, somebody may have decided or edited
                changes = plan_diff.changes(self._state.plan, plan)
                self._state.plan_ready(plan, editor=edit.editor, by=edit.editor, how="edit", changes=changes)
        self._poke()
        return plan

    async def _edit_produced(self, edit: PlanEdit) -> Plan:
        """After the approval: what is dropped stays in the record, what is new is made, what changed is stale."""
        before = self._state.plan
        assert before is not None
        dropped = {e.asset_id: edit.editor for e in edit.edits if e.op == "drop" and e.asset_id}
        plan = self._edited([e for e in edit.edits if e.op != "drop"])
        touched = [a.asset_id for a in plan.assets if a.quote is None]
        if touched:
            plan = await self._priced(plan, only=tuple(touched))
            self._check_edit(edit)
        pending = [a for a in plan.assets if self._is_to_be_made(a.asset_id)]
        changed = [a for a in pending if a != before.find(a.asset_id)]
        if not edit.allow_unknown_prices:
            check_prices(tuple(a.asset_id for a in changed if self._state.not_allowed(a)))
        if edit.budget_usd is not None or (edit.allow_unknown_prices and any(a.unknown_price for a in changed)):
            self._check_release(edit.editor)
        self._check_most(edit.budget_usd)
        left_out: list[JsonValue] = [{"asset_id": asset_id, "field": "left out"} for asset_id in dropped]
        changes = [*plan_diff.changes(before, plan), *left_out]
        if edit.budget_usd is not None:
            self._state.raise_budget(edit.budget_usd, edit.editor)
        allowed = edit.allow_unknown_prices
        self._state.edit(plan, dropped, allow_unknown=allowed, by=edit.editor, how="edit", changes=changes)
        return plan

    def _is_to_be_made(self, asset_id: str) -> bool:
        """Whether the asset is new, or was approved and is not begun: its price is not spent or held yet."""
        state = self._state.assets.get(asset_id)
        return state is None or state.status is AssetStatus.PENDING

    def _check_edit(self, edit: PlanEdit) -> None:
        state = self._state
        self._check_own()
        if state.assets:
            self._check_produced()
            current = state.plan.digest if state.plan else None
            if edit.plan_digest != current:
                words = f"{edit.plan_digest!r} is not the current plan; it is {current!r}"
                raise refuse("stale_digest", "plan_digest", words, plan_digest=current)
            for each in edit.edits:
                self._check_edit_of_made(each)
        else:
            self._check_unapproved(edit)
        self._check_room()
        self._edited([e for e in edit.edits if e.op != "drop"] if state.assets else edit.edits)

    def _check_unapproved(self, edit: PlanEdit) -> None:
        self._check_phase(ProductionStatus.AWAITING_APPROVAL)
        self._check_digest(edit.plan_digest)

    def _check_edit_of_made(self, edit: EditOp) -> None:
        """What is being made is left alone: its money is under way."""
        if edit.op not in ("change", "drop") or edit.asset_id is None:
            return
        self._known_asset(edit.asset_id)
        state = self._state.assets[edit.asset_id]
        if state.status is AssetStatus.GENERATING or state.extra:
            raise refuse("wrong_phase", "asset_id", f"{edit.asset_id!r} is being made; wait until it is done")
        self._check_no_doubt(edit.asset_id)

    def _edited(self, edits: "tuple[EditOp, ...] | list[EditOp]") -> Plan:
        assert self._state.plan is not None
        if not edits:
            return self._state.plan
        try:
            return policies.apply_edits(self._state.brief, self._state.plan, edits)
        except policies.PlanProblem as problem:
            raise refuse("invalid_edit", problem.field, str(problem)) from None

    @workflow.update(description="Plan again with feedback in words")
    async def revise(self, revision: Revision) -> Plan:
        return await self._once("revise", revision, self._revise)

    async def _revise(self, revision: Revision) -> Plan:
        self._check_revision(revision)
        state = self._state
        state.feedback = (*state.feedback, revision.feedback)
        state.status = ProductionStatus.PLANNING
        self._reviser = revision.reviser
        known = len(state.events)
        self._poke()
        await workflow.wait_condition(lambda: state.status is not ProductionStatus.PLANNING)
        failed = next((e for e in state.events[known:] if e.name == "plan_failed"), None)
        if failed:
            state.feedback = state.feedback[:-1]
        self._check_phase(ProductionStatus.AWAITING_APPROVAL)
        if failed or state.plan is None:
            kind: RefusalKind = "budget_short" if failed and failed.data.get("kind") == BUDGET_SHORT else "invalid_plan"
            raise refuse(kind, "feedback", str(failed.data["reason"]) if failed else "no plan was made")
        return state.plan

    def _check_revision(self, revision: Revision) -> None:
        self._check_phase(ProductionStatus.AWAITING_APPROVAL)
        self._check_room()

    # Pauses

    @workflow.update(description="Let what runs finish and start nothing new")
    async def pause(self, pause: Pause) -> Receipt:
        await self._ready()
        self._check_pause()
        self._state.pause(pause)
        self._poke()
        return self._state.receipt()

    def _check_pause(self) -> None:
        if self._state.status.closed:
            raise refuse("wrong_phase", "status", f"the production is {self._state.status.value} and starts nothing")
        if self._state.paused:
            raise refuse("wrong_phase", "status", f"it is paused already, by {self._state.paused.paused_by}")

    @workflow.update(description="Go on after a pause")
    async def resume(self, resume: Resume) -> Receipt:
        await self._ready()
        self._check_resume()
        self._state.resume(resume)
        self._poke()
        return self._state.receipt()

    def _check_resume(self) -> None:
        if self._state.paused is None:
            raise refuse("wrong_phase", "status", "the production is not paused; there is nothing to resume")


def _first_problem(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
