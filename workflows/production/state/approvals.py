"""From a plan to its approval: deadlines, approvers, the second gate, and pauses. Each change logs its event."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Final

from pydantic import JsonValue

from workflows.events import AssetState, AssetStatus, ProductionStatus
from workflows.models import ZERO, Asset, Modality, Plan, digest_of
from workflows.production.state import policies
from workflows.production.state.budget import Accounts
from workflows.requests import Approval, Pause, Resume

MAX_MESSAGE_CHARS = 300
"""Of a failure, in the record: a vendor's outage fails a thousand assets, and the record has to stay below 2 MB."""
REMINDER_SHARE = 0.25
"""The reminder comes when a quarter of the time to approve is left."""
ESCALATION_SHARE = 0.1
"""The escalation comes when a tenth of it is left."""
DECIDED: Final[Mapping[str, object]] = {"attention": None, "waiting": None, "error": None, "error_kind": ""}
"""Of an asset that waits for nobody any more."""
FOR_MONEY: Final = frozenset({"change_to_approve", "price_unknown", "budget_short", "overrun"})
"""Reasons for which an asset waits before it is started, until somebody who may releases the money."""
POLICY = "the approval policy"
"""Approves in the place of a person."""


class Approving(Accounts):
    """The record of a production, up to its approval and at its gates."""

    # Plans

    def plan_ready(self, plan: Plan, **data: JsonValue) -> None:
        """A new plan, or an edited one, waits for approval; the time to approve starts again."""
        self.plan = plan
        self.status = ProductionStatus.AWAITING_APPROVAL
        self.deadline = self._clock() + timedelta(seconds=self.brief.approval_deadline_seconds)
        self.reminded = self.escalated = False
        self.approvals = ()
        self.log(
            "plan_ready",
            plan_digest=plan.digest,
            assets=len(plan.assets),
            low_usd=str(plan.low_usd),
            high_usd=str(plan.high_usd),
            unknown_prices=len(plan.unknown_prices),
            warnings=list(plan.warnings),
            **data,
        )

    def plan_failed(
        self, message: str, billed_usd: Decimal = ZERO, *, doubt_usd: Decimal = ZERO, kind: str = ""
    ) -> None:
        """An impossible revision leaves the former plan to be decided on; an impossible brief ends here.

        Args:
            doubt_usd: Of `billed_usd`, what is only counted as billed: the answers were lost.
        """
        self.spent_usd += billed_usd
        message = message[:MAX_MESSAGE_CHARS]
        told: dict[str, JsonValue] = {"kind": kind} if kind else {}
        told |= {k: str(v) for k, v in {"billed_usd": billed_usd, "doubt_usd": doubt_usd}.items() if v}
        self.log("plan_failed", reason=message, **told)
        if self.plan is None:
            self.status, self.error = ProductionStatus.FAILED, message
        else:
            self.status = ProductionStatus.AWAITING_APPROVAL

    def book_planning(self, billed_usd: Decimal, doubt_usd: Decimal = ZERO, asset_id: str | None = None) -> None:
        """Enter what questions to language models have cost that brought nothing, or whose answers were lost."""
        self.spent_usd += billed_usd
        if billed_usd:
            told: dict[str, JsonValue] = {"doubt_usd": str(doubt_usd)} if doubt_usd else {}
            self.log("planning_billed", asset_id, billed_usd=str(billed_usd), **told)

    # Time to approve

    def next_moment(self) -> datetime:
        """When the approval has to be reminded of, escalated or given up."""
        assert self.deadline is not None
        whole = self.brief.approval_deadline_seconds
        if not self.reminded:
            return self.deadline - timedelta(seconds=whole * REMINDER_SHARE)
        if not self.escalated and self.brief.approval.escalate_to:
            return self.deadline - timedelta(seconds=whole * ESCALATION_SHARE)
        return self.deadline

    def prices_end(self) -> datetime | None:
        """When the first rate of the plan ends: midnight (UTC) after its last day. None where none does."""
        quotes = (quote for a in self.plan.assets for _, quote in a.quotes) if self.plan else ()
        last = min((quote.until for quote in quotes if quote.until), default=None)
        return datetime.combine(last + timedelta(days=1), time(), UTC) if last else None

    def moment_came(self) -> None:
        """Remind, escalate or expire, as `next_moment` foresaw."""
        deadline = self.deadline.isoformat() if self.deadline else None
        if not self.reminded:
            self.reminded = True
            self.log("approval_reminder", deadline=deadline)
        elif not self.escalated and self.brief.approval.escalate_to:
            self.escalated = True
            self.log("approval_escalated", deadline=deadline, to=list(self.brief.approval.escalate_to))
        else:
            self.status = ProductionStatus.EXPIRED
            self.log("expired", deadline=deadline)

    # Decisions

    @property
    def digest_to_approve(self) -> str | None:
        """What an approval has to name: the plan, or at the second gate the plan with the takes that were seen."""
        if self.plan and self.gate == "waiting":
            return digest_of([self.plan.digest, {i: s.selected for i, s in self.assets.items()}])
        return self.plan.digest if self.plan else None

    def approve(self, approval: Approval, *, by_policy: bool = False) -> None:
        """One approval: the plan is released with the last one that the policy asks for."""
        assert self.plan is not None
        self.approvals = (*self.approvals, approval)
        needed = self.brief.approval.approvers
        if len(self.approvals) < needed and not by_policy:
            self.log(
                "approval_given",
                approver=approval.approver,
                plan_digest=approval.plan_digest,
                given=len(self.approvals),
                needed=needed,
            )
            return
        whole = self._together(approval)
        data: dict[str, JsonValue] = {"approvers": [a.approver for a in self.approvals]} if needed > 1 else {}
        if self.gate == "waiting":
            self.gate = "open"
            if whole.budget_usd is not None:
                self.budget_usd = policies.allowance(self.brief, self.plan, whole, self.spent_usd)
            data["gate"] = "stills"
        elif self.assets:
            data |= self._approve_again(whole)
        else:
            self.approval, self.approved_at = whole, self._clock()
            self.budget_usd = policies.allowance(self.brief, self.plan, whole, self.spent_usd)
            self.assets = {a.asset_id: AssetState() for a in self.plan.assets}
        if whole.allow_unknown_prices:
            for asset in self.plan.assets:
                self.allow_unknown(asset)
        self.status = ProductionStatus.PRODUCING
        self.approvals = ()
        self.log(
            "approved",
            approver=whole.approver,
            plan_digest=whole.plan_digest,
            budget_usd=str(self.budget_usd),
            note=whole.note,
            **data,
        )

    @property
    def asks_for_money(self) -> list[str]:
        """Ids of the assets that another approval releases: what an edit made to cost more, and what does not fit."""
        return [i for i, s in self.assets.items() if s.attention in FOR_MONEY]

    def _approve_again(self, whole: Approval) -> dict[str, JsonValue]:
        """Release what waits for money, up to the named budget, else up to all that is to make, within the brief's."""
        asked = self.asks_for_money
        budget = self.budget_to_approve(whole)
        self.budget_usd = budget
        for asset_id in asked:
            self.update(asset_id, **DECIDED)
        return {"again": True, "assets": list(asked), **self._above_brief(budget)}

    def _above_brief(self, budget_usd: Decimal) -> dict[str, JsonValue]:
        """What an event says beside a budget that is above the brief's."""
        limit = self.brief.budget_usd
        return {"brief_budget_usd": str(limit)} if limit is not None and budget_usd > limit else {}

    def budget_to_approve(self, whole: Approval) -> Decimal:
        """What may be spent after another approval, USD."""
        if whole.budget_usd is not None:
            return whole.budget_usd
        before = self.budget_usd or ZERO
        needed = max(before, self.spent_usd + self.held_usd() + self.to_make_usd())
        return max(before, policies.within(self.brief, needed))

    def _together(self, last: Approval) -> Approval:
        """What all that approved allow: the lowest budget, and unknown prices where nobody objects."""
        named = [a.budget_usd for a in self.approvals if a.budget_usd is not None]
        return last.model_copy(
            update={
                "budget_usd": min(named) if named else None,
                "allow_unknown_prices": all(a.allow_unknown_prices for a in self.approvals),
            }
        )

    def approved_by_policy(self) -> bool:
        """Release a first draft that costs no more than the brief allows without a person."""
        limit = self.brief.approval.auto_below_usd
        if limit is None or self.plan is None or self.plan.unknown_prices or self.feedback:
            return False
        cost = self.spent_usd + self.plan.high_usd
        if cost > limit or (self.brief.budget_usd is not None and cost > self.brief.budget_usd):
            return False
        note = f"costs at most {cost} USD, and up to {limit} USD nobody has to be asked"
        self.approve(Approval(plan_digest=self.plan.digest, approver=POLICY, note=note), by_policy=True)
        return True

    # The second gate

    def is_gated(self, asset: Asset) -> bool:
        """Whether it is a video that costs money, and nobody has approved the stills yet."""
        closed = self.brief.approval.stills_first and self.gate != "open"
        return closed and asset.asset_type is Modality.VIDEO and bool(asset.high_usd or asset.unknown_price)

    def gated(self) -> list[Asset]:
        """The videos that wait for the approval of what they are made from."""
        if not self.brief.approval.stills_first or self.gate == "open" or not self.assets:
            return []
        return [a for a in self.plan.assets if self.is_gated(a) and self._to_start(a.asset_id)] if self.plan else []

    def _to_start(self, asset_id: str) -> bool:
        state = self.assets[asset_id]
        return state.status is AssetStatus.PENDING or any(not extra.started for extra in state.extra)

    def close_gate(self) -> None:
        """What was shown at the gate is no longer what is there: whoever approved it has to look again."""
        if self.gate == "waiting":
            self.gate, self.approvals = "", ()

    def reach_gate(self) -> None:
        """Everything but video is made: ask for the second approval, once for each set of takes."""
        if self.gate != "waiting":
            self.gate, self.approvals = "waiting", ()
            ids: list[JsonValue] = [a.asset_id for a in self.gated()]
            self.log("needs_attention", reason="stills_to_approve", plan_digest=self.digest_to_approve, assets=ids)

    # Pauses

    def pause(self, pause: Pause) -> None:
        self.paused = pause
        self.log("paused", by=pause.paused_by, reason=pause.reason)

    def resume(self, resume: Resume) -> None:
        self.paused = None
        self.log("resumed", by=resume.resumed_by)

    def held_back(self) -> bool:
        """Whether a pause keeps something from being started."""
        return self.paused is not None and self.unfinished()

    def unfinished(self) -> bool:
        """Whether something is to be made, or being made."""
        making = (AssetStatus.PENDING, AssetStatus.GENERATING)
        return any(s.extra or (s.status in making and not s.attention) for s in self.assets.values())
