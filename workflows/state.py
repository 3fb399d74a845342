"""The state of one production and its event log: pure, so that it is tested without a server."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from pydantic import JsonValue

from workflows import policies
from workflows.contracts import AssetFailure
from workflows.events import (
    AssetState,
    AssetStatus,
    Event,
    EventName,
    ProductionStart,
    ProductionStatus,
    Progress,
    Receipt,
    Snapshot,
)
from workflows.models import ZERO, Approval, Asset, Deliverable, Plan, Rejection, Take

REMINDER_SHARE = 0.25
"""The reminder comes when a quarter of the time to approve is left."""


class ProductionState:
    """Everything a production knows. Each change logs its event; `clock` gives the workflow's time."""

    def __init__(self, start: ProductionStart, clock: Callable[[], datetime]) -> None:
        now = clock()
        carried = start.carried or Snapshot(
            production_id=start.production_id,
            status=ProductionStatus.PLANNING,
            brief=start.brief,
            created_at=now,
            updated_at=now,
        )
        self._clock = clock
        self._kept = carried
        self.production_id = carried.production_id
        self.brief = carried.brief
        self.status = carried.status
        self.plan = carried.plan
        self.budget_usd = carried.budget_usd
        self.spent_usd = carried.spent_usd
        self.assets: dict[str, AssetState] = dict(carried.assets)
        self.deliverable = carried.deliverable
        self.error = carried.error
        self.feedback = carried.feedback
        self.deadline = carried.deadline
        self.reminded = carried.reminded
        self.approval = carried.approval
        self.approved_at = carried.approved_at
        self.events: list[Event] = list(carried.events)
        self.pending: dict[str, None] = {}
        """Ids of assets that can be started once what they need is there, in plan order."""
        self.queue_pending()

    # What is known

    def snapshot(self) -> Snapshot:
        return self._kept.model_copy(
            update={
                "status": self.status,
                "updated_at": self.events[-1].at if self.events else self._kept.updated_at,
                "plan": self.plan,
                "approval": self.approval,
                "approved_at": self.approved_at,
                "budget_usd": self.budget_usd,
                "spent_usd": self.spent_usd,
                "assets": dict(self.assets),
                "deliverable": self.deliverable,
                "feedback": self.feedback,
                "error": self.error,
                "deadline": self.deadline,
                "reminded": self.reminded,
                "events": tuple(self.events),
            }
        )

    def progress(self, after: int) -> Progress:
        return Progress(
            production_id=self.production_id,
            status=self.status,
            plan_digest=self.plan.digest if self.plan else None,
            spent_usd=self.spent_usd,
            last_event_id=len(self.events),
            events=tuple(self.events[max(after, 0) :]),
        )

    def receipt(self) -> Receipt:
        return Receipt(
            status=self.status,
            plan_digest=self.plan.digest if self.plan else None,
            last_event_id=len(self.events),
        )

    def attention(self) -> list[str]:
        """Ids of the assets that wait for a person."""
        return [i for i, s in self.assets.items() if s.attention]

    def inputs_ready(self, asset: Asset) -> bool:
        """True when everything the asset is made from is there, or was left out by a person's decision."""
        done = (AssetStatus.COMPLETED, AssetStatus.CANCELLED)
        return all(self.assets[i].status in done for i in asset.depends_on)

    # What happens

    def log(self, name: EventName, asset_id: str | None = None, /, **data: JsonValue) -> None:
        self.events.append(Event(id=len(self.events) + 1, name=name, at=self._clock(), asset_id=asset_id, data=data))

    def plan_ready(self, plan: Plan, **data: JsonValue) -> None:
        """A new plan, or an edited one, waits for approval; the time to approve starts again."""
        self.plan = plan
        self.status = ProductionStatus.AWAITING_APPROVAL
        self.deadline = self._clock() + timedelta(seconds=self.brief.approval_deadline_seconds)
        self.reminded = False
        self.log(
            "plan_ready",
            plan_digest=plan.digest,
            assets=len(plan.assets),
            low_usd=str(plan.low_usd),
            high_usd=str(plan.high_usd),
            warnings=list(plan.warnings),
            **data,
        )

    def plan_failed(self, message: str) -> None:
        """An impossible revision leaves the former plan to be decided on; an impossible brief ends here."""
        self.log("plan_failed", reason=message)
        if self.plan is None:
            self.status, self.error = ProductionStatus.FAILED, message
        else:
            self.status = ProductionStatus.AWAITING_APPROVAL

    def reminder_at(self) -> datetime | None:
        if self.deadline is None or self.reminded:
            return None
        return self.deadline - timedelta(seconds=self.brief.approval_deadline_seconds * REMINDER_SHARE)

    def remind(self) -> None:
        self.reminded = True
        self.log("approval_reminder", deadline=self.deadline.isoformat() if self.deadline else None)

    def expire(self) -> None:
        self.status = ProductionStatus.EXPIRED
        self.log("expired", deadline=self.deadline.isoformat() if self.deadline else None)

    def approve(self, approval: Approval) -> None:
        assert self.plan is not None
        self.approval, self.approved_at = approval, self._clock()
        self.budget_usd = policies.allowance(self.brief, self.plan, approval)
        self.status = ProductionStatus.PRODUCING
        self.assets = {a.asset_id: AssetState() for a in self.plan.assets}
        self.queue_pending()
        self.log(
            "approved",
            approver=approval.approver,
            plan_digest=approval.plan_digest,
            budget_usd=str(self.budget_usd),
            note=approval.note,
        )

    def reject(self, rejection: Rejection) -> None:
        self.status = ProductionStatus.REJECTED
        self.log("rejected", rejecter=rejection.rejecter, reason=rejection.reason)

    def start(self, asset: Asset) -> None:
        """Mark an asset as being made. After continue-as-new it already was: then nothing is logged again."""
        self.pending.pop(asset.asset_id, None)
        before = self.assets[asset.asset_id]
        if before.status is not AssetStatus.GENERATING:
            self.update(asset.asset_id, status=AssetStatus.GENERATING, error=None)
            self.log("asset_start", asset.asset_id, take=before.next_take, provider=asset.provider, model=asset.model)

    def complete(self, asset_id: str, take: Take) -> None:
        state = self.assets[asset_id]
        self.spent_usd += take.cost_usd
        self.update(
            asset_id,
            status=AssetStatus.COMPLETED,
            takes=(*(t for t in state.takes if t.number != take.number), take),
            selected=take.number,
            next_take=take.number + 1,
            attention=None,
            error=None,
            stale=False,
            adopt_job_id=None,
            resubmit=False,
        )
        data: dict[str, JsonValue] = {
            "take": take.number,
            "cost_usd": str(take.cost_usd),
            "media_type": take.media.media_type,
        }
        if take.media.duration_seconds is not None:
            data["duration_seconds"] = take.media.duration_seconds
        self.log("asset_complete", asset_id, **data)
        if state.takes:
            self.mark_stale(asset_id)

    def fail(self, asset_id: str, failure: AssetFailure) -> None:
        self.spent_usd += failure.billed_usd
        self.update(
            asset_id,
            status=AssetStatus.FAILED,
            attention=failure.reason,
            error=failure.message,
            adopt_job_id=None,
            resubmit=False,
        )
        self.log("asset_failed", asset_id, reason=failure.reason, message=failure.message)
        self.log("needs_attention", asset_id, reason=failure.reason, message=failure.message, job_id=failure.job_id)

    def park(self, asset_id: str, left: Decimal, price: Decimal) -> None:
        """The asset's price does not fit what is left of the budget: a person raises it or does without."""
        message = f"up to {price} USD does not fit the {left} USD that are left; raise the budget or go on without"
        self.pending.pop(asset_id, None)
        self.update(asset_id, attention="budget_short", error=message)
        self.log("needs_attention", asset_id, reason="budget_short", message=message)

    def leave_out(self, asset_id: str, **data: JsonValue) -> None:
        self.pending.pop(asset_id, None)
        self.update(asset_id, status=AssetStatus.CANCELLED, attention=None)
        self.log("asset_cancelled", asset_id, **data)

    def make_again(
        self, asset_id: str, *, same_take: bool = False, adopt_job_id: str | None = None, resubmit: bool = False
    ) -> None:
        """Queue one more production of an asset; its selected take stays in use until the new one is there.

        A take that failed keeps its number only where the same submission is taken up again.
        """
        state = self.assets[asset_id]
        failed = state.status is AssetStatus.FAILED
        self.update(
            asset_id,
            status=AssetStatus.PENDING,
            attention=None,
            error=None,
            next_take=state.next_take + (1 if failed and not same_take else 0),
            adopt_job_id=adopt_job_id,
            resubmit=resubmit,
        )
        self.queue_pending()
        self._go_on()

    def select(self, asset_id: str, number: int) -> None:
        self.update(asset_id, selected=number, status=AssetStatus.COMPLETED, attention=None, error=None)
        self.log("take_selected", asset_id, take=number)
        self.mark_stale(asset_id)
        self._go_on()

    def _go_on(self) -> None:
        if self.status is ProductionStatus.DELIVERED:
            self.status = ProductionStatus.PRODUCING

    def mark_stale(self, asset_id: str) -> None:
        """What was made from a take that is no longer used is stale; nothing is remade unasked."""
        assert self.plan is not None
        for dependent in policies.dependents(self.plan, asset_id):
            state, asset = self.assets[dependent], self.plan.find(dependent)
            if state.takes and not state.stale:
                self.update(dependent, stale=True)
                price = asset.quote.high_usd if asset and asset.quote else ZERO
                self.log("asset_stale", dependent, because=asset_id, price_usd=str(price))

    def raise_budget(self, budget_usd: Decimal) -> None:
        self.budget_usd = max(budget_usd, self.budget_usd or ZERO)
        for asset_id in self.attention():
            if self.assets[asset_id].attention == "budget_short":
                self.make_again(asset_id, same_take=True)

    def delivered(self, deliverable: Deliverable) -> Snapshot:
        """The snapshot that `deliver` leads to, for the manifest that is kept before anybody hears of it."""
        ahead = ProductionState(
            ProductionStart(production_id=self.production_id, brief=self.brief, carried=self.snapshot()), self._clock
        )
        ahead.deliver(deliverable)
        return ahead.snapshot()

    def deliver(self, deliverable: Deliverable, at: datetime | None = None) -> None:
        """`at` is the moment that the manifest, written before, gives for it: both tell the same log."""
        self.deliverable, self.error = deliverable, None
        self.status = ProductionStatus.DELIVERED
        self.log(
            "done",
            revision=deliverable.revision,
            files=[f.name for f in deliverable.files],
            cost_usd=str(self.spent_usd),
            notes=list(deliverable.notes),
        )
        if at is not None:
            self.events[-1] = self.events[-1].model_copy(update={"at": at})

    def cancel(self) -> None:
        for asset_id, state in self.assets.items():
            if state.status in (AssetStatus.PENDING, AssetStatus.GENERATING):
                self.leave_out(asset_id)
        self.status = ProductionStatus.CANCELLED
        self.log("cancelled", cost_usd=str(self.spent_usd))

    def update(self, asset_id: str, **fields: object) -> None:
        self.assets[asset_id] = self.assets[asset_id].model_copy(update=fields)

    def queue_pending(self) -> None:
        """Everything unfinished that waits for no person; what an earlier run was making comes first of all."""
        if self.plan is None:
            return
        waiting = (AssetStatus.PENDING, AssetStatus.GENERATING)
        self.pending = {
            a.asset_id: None
            for a in self.plan.assets
            if (state := self.assets.get(a.asset_id)) and state.status in waiting and not state.attention
        }
