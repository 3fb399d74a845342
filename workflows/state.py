"""The state of one production and its event log: pure, so that it is tested without a server."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from pydantic import JsonValue

from workflows import policies
from workflows.contracts import AssetCancelled, AssetFailure
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
    TakeOrder,
)
from workflows.models import ZERO, Asset, Deliverable, Plan, Take
from workflows.requests import Approval, Rejection

MAX_MESSAGE_CHARS = 300
"""Of a failure, in the record: a vendor's outage fails a thousand assets, and the record has to stay below 2 MB."""
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
        self.announced: tuple[ProductionStatus, int] | None = None
        """What queries tell while a delivery is written down: the status before, and how many events."""

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

    def told(self) -> Snapshot:
        """The snapshot for everybody outside: a delivery is told when its manifest is kept, not before."""
        whole = self.snapshot()
        if self.announced is None:
            return whole
        status, count = self.announced
        return whole.model_copy(update={"status": status, "events": whole.events[:count]})

    def progress(self, after: int) -> Progress:
        status, count = self.announced or (self.status, len(self.events))
        return Progress(
            production_id=self.production_id,
            status=status,
            plan_digest=self.plan.digest if self.plan else None,
            spent_usd=self.spent_usd,
            last_event_id=count,
            events=tuple(self.events[max(after, 0) : count]),
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

    def waiting(self) -> Iterator[Asset]:
        """The assets to start, in plan order: what an earlier run was making first, then what has all its inputs."""
        assets = self.plan.assets if self.plan and self.assets else ()
        for asset in assets:
            if self.assets[asset.asset_id].status is AssetStatus.GENERATING:
                yield asset
        for asset in assets:
            state = self.assets[asset.asset_id]
            if state.status is AssetStatus.PENDING and not state.attention and self.inputs_ready(asset):
                yield asset

    def left_usd(self) -> Decimal:
        """What may still be reserved: the budget less what is spent, and what is being made or in doubt may cost."""
        held = (
            i
            for i, s in self.assets.items()
            if s.status is AssetStatus.GENERATING or s.attention == "ambiguous_submission"
        )
        return (self.budget_usd or ZERO) - self.spent_usd - sum(map(self.price_usd, held), ZERO)

    def price_usd(self, asset_id: str) -> Decimal:
        """The most that one take of the asset may cost; what nobody published, as dear as it ever was here."""
        asset = self.plan.find(asset_id) if self.plan else None
        if asset is None:
            return ZERO
        return max(asset.high_usd, self.learned_usd(asset) or ZERO) if asset.unknown_price else asset.high_usd

    def learned_usd(self, asset: Asset) -> Decimal | None:
        """The dearest take so far of the model that makes the asset; None before the first."""
        takes = (t for s in self.assets.values() for t in s.takes)
        return max((t.cost_usd for t in takes if (t.provider, t.model) == self._made_by(asset)), default=None)

    def is_first_under_way(self, asset: Asset) -> bool:
        """Whether another asset is the first that the model of this one makes."""
        making = (i for i, s in self.assets.items() if s.status is AssetStatus.GENERATING and i != asset.asset_id)
        others = (self.plan.find(i) for i in making) if self.plan else ()
        same = any(o and self._made_by(o) == self._made_by(asset) for o in others)
        return same and self.learned_usd(asset) is None

    def _made_by(self, asset: Asset) -> tuple[str, str]:
        state = self.assets.get(asset.asset_id)
        chosen = asset.made_by(state.model) if state else asset
        return chosen.provider, chosen.model

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
            unknown_prices=len(plan.unknown_prices),
            warnings=list(plan.warnings),
            **data,
        )

    def plan_failed(self, message: str, billed_usd: Decimal = ZERO) -> None:
        """An impossible revision leaves the former plan to be decided on; an impossible brief ends here."""
        self.spent_usd += billed_usd
        message = message[:MAX_MESSAGE_CHARS]
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
        self.budget_usd = policies.allowance(self.brief, self.plan, approval, self.spent_usd)
        self.status = ProductionStatus.PRODUCING
        self.assets = {a.asset_id: AssetState() for a in self.plan.assets}
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
        before = self.assets[asset.asset_id]
        if before.status is not AssetStatus.GENERATING:
            self.update(asset.asset_id, status=AssetStatus.GENERATING, error=None)
            made: dict[str, JsonValue] = {"take": before.next_take, "provider": asset.provider, "model": asset.model}
            quote = asset.quote
            job: dict[str, JsonValue] = {"job": True} if quote and quote.job else {}
            paid: dict[str, JsonValue] = {"paid": True} if quote and (quote.high_usd or quote.unknown) else {}
            self.log("asset_start", asset.asset_id, **made, **job, **paid)

    def complete(self, asset_id: str, take: Take) -> None:
        before = self.assets[asset_id]
        self.spent_usd += max(take.billed_usd - before.booked_usd, ZERO)
        self.update(
            asset_id,
            status=AssetStatus.COMPLETED,
            takes=(*(t for t in before.takes if t.number != take.number), take),
            selected=take.number,
            next_take=take.number + 1,
            booked_usd=ZERO,
            attention=None,
            error=None,
            error_kind="",
            order=None,
        )
        data: dict[str, JsonValue] = {
            "take": take.number,
            "cost_usd": str(take.cost_usd),
            "cost_source": take.cost_source,
            "media_type": take.media.media_type,
        }
        if take.media.duration_seconds is not None:
            data["duration_seconds"] = take.media.duration_seconds
        self.log("asset_complete", asset_id, **data)
        self._restale(asset_id, with_dependents=bool(before.takes))

    def fail(self, asset_id: str, failure: AssetFailure) -> None:
        before = self.assets[asset_id]
        self.spent_usd += max(failure.billed_usd - before.booked_usd, ZERO)
        message = failure.message[:MAX_MESSAGE_CHARS]
        self.update(
            asset_id,
            status=AssetStatus.FAILED,
            booked_usd=failure.billed_usd,
            attention=failure.reason,
            error=message,
            error_kind=failure.kind,
            order=None,
        )
        told = failure.model_dump(mode="json", exclude={"reason", "message", "job_id"}, exclude_defaults=True)
        self.log("asset_failed", asset_id, reason=failure.reason, message=message, **told)
        self.log("needs_attention", asset_id, reason=failure.reason, job_id=failure.job_id)

    def fall_back(self, asset_id: str, failure: AssetFailure) -> bool:
        """Queue the asset for its next model, where it has one and the failure cost nothing; else change nothing.

        Refused content, a submission in doubt and whatever a person ordered are for a person to decide.
        """
        before, asset = self.assets[asset_id], self.plan.find(asset_id) if self.plan else None
        billed = failure.billed_usd or failure.maybe_billed
        free = failure.reason == "asset_failed" and not billed and before.order is None
        if asset is None or not free or before.model >= len(asset.fallbacks):
            return False
        other = asset.fallbacks[before.model]
        self.update(asset_id, status=AssetStatus.PENDING, model=before.model + 1, next_take=before.next_take + 1)
        self.log(
            "asset_fallback",
            asset_id,
            provider=other.provider,
            model=other.model,
            kind=failure.kind,
            message=failure.message[:MAX_MESSAGE_CHARS],
        )
        return True

    def park(self, asset_id: str, left: Decimal, price: Decimal) -> None:
        """The asset's price does not fit what is left of the budget: a person raises it or does without."""
        message = f"up to {price} USD does not fit the {left} USD that are left; raise the budget or go on without"
        self.update(asset_id, attention="budget_short", error=message)
        self.log("needs_attention", asset_id, reason="budget_short", message=message)

    def leave_out(self, asset_id: str, **data: JsonValue) -> None:
        """Go on without the take that is missing: with an earlier one where there is one, else without the asset."""
        before = self.assets[asset_id]
        status = AssetStatus.COMPLETED if before.take else AssetStatus.CANCELLED
        self.update(asset_id, status=status, attention=None, order=None, **_numbers_after(before))
        self.log("asset_cancelled", asset_id, **data)

    def make_again(self, asset_id: str) -> None:
        """Queue a new take of an asset; the selected one stays in use until the new one is there."""
        numbers = _numbers_after(self.assets[asset_id])
        self.update(
            asset_id,
            status=AssetStatus.PENDING,
            attention=None,
            error=None,
            error_kind="",
            order=None,
            model=0,
            **numbers,
        )
        self._go_on()

    def take_up(self, asset_id: str, adopt_job_id: str | None) -> None:
        """Take up the same take again, as a person ordered: with the job that runs, or by one more submission.

        One more submission books the doubtful one as if it was billed, which is what its ledger does too.
        """
        if adopt_job_id is None and self.assets[asset_id].attention == "ambiguous_submission":
            doubtful = self.price_usd(asset_id)
            self.spent_usd += doubtful
            self.update(asset_id, booked_usd=self.assets[asset_id].booked_usd + doubtful)
        order = TakeOrder(number=len(self.events), adopt_job_id=adopt_job_id)
        self.update(asset_id, status=AssetStatus.PENDING, attention=None, error=None, error_kind="", order=order)
        self._go_on()

    def select(self, asset_id: str, number: int) -> None:
        numbers = _numbers_after(self.assets[asset_id])
        self.update(
            asset_id, selected=number, status=AssetStatus.COMPLETED, attention=None, error=None, order=None, **numbers
        )
        self.log("take_selected", asset_id, take=number)
        self._restale(asset_id, with_dependents=True)
        self._go_on()

    def _go_on(self) -> None:
        if self.status is ProductionStatus.DELIVERED:
            self.status = ProductionStatus.PRODUCING

    def _restale(self, asset_id: str, *, with_dependents: bool) -> None:
        """What was made from a take that is no longer used is stale; nothing is remade unasked."""
        assert self.plan is not None
        for each in [asset_id, *(policies.dependents(self.plan, asset_id) if with_dependents else ())]:
            state = self.assets[each]
            made_from = state.take.inputs if state.take else {}
            stale = any(self.assets[i].selected != n or self.assets[i].stale for i, n in made_from.items())
            if stale != state.stale:
                self.update(each, stale=stale)
            if stale and not state.stale:
                self.log("asset_stale", each, because=asset_id, price_usd=str(self.price_usd(each)))

    def raise_budget(self, budget_usd: Decimal) -> None:
        self.budget_usd = max(budget_usd, self.budget_usd or ZERO)
        for asset_id in self.attention():
            if self.assets[asset_id].attention == "budget_short":
                self.update(asset_id, attention=None, error=None)

    def usable(self, asset_id: str) -> Take | None:
        """The take that others and the deliverable are made from; none of an asset that was left out."""
        state = self.assets[asset_id]
        return None if state.status is AssetStatus.CANCELLED else state.take

    def used(self) -> dict[str, int]:
        """Which take of each asset a deliverable is made from."""
        return {i: take.number for i in self.assets if (take := self.usable(i))}

    def deliver(self, deliverable: Deliverable) -> None:
        self.deliverable, self.error = deliverable, None
        self.status = ProductionStatus.DELIVERED
        self.log(
            "done",
            revision=deliverable.revision,
            files=[f.name for f in deliverable.files],
            cost_usd=str(self.spent_usd),
            notes=list(deliverable.notes),
        )

    def making_for_money(self) -> list[Asset]:
        """The assets that are being made and may cost something, as the model in use makes them."""
        making = (i for i, s in self.assets.items() if s.status is AssetStatus.GENERATING)
        found = (a.made_by(self.assets[i].model) for i in making if self.plan and (a := self.plan.find(i)))
        return [a for a in found if a.quote and (a.quote.high_usd or a.quote.unknown)]

    def cancel(self, stopped: Mapping[str, AssetCancelled]) -> None:
        """Stop what is not made. A production that was delivered before stays delivered, as it was.

        Args:
            stopped: What came of stopping the takes that cost money, by asset.
        """
        for asset_id, end in stopped.items():
            self.spent_usd += max(end.billed_usd - self.assets[asset_id].booked_usd, ZERO)
        for asset_id, state in self.assets.items():
            unfinished = state.status in (AssetStatus.PENDING, AssetStatus.GENERATING)
            if unfinished or (self.deliverable and state.status is AssetStatus.FAILED):
                told = stopped[asset_id].model_dump(mode="json", exclude_defaults=True) if asset_id in stopped else {}
                self.leave_out(asset_id, **told)
        if self.status.closed:
            return
        if self.deliverable is None:
            self.status = ProductionStatus.CANCELLED
        else:
            self.status = ProductionStatus.DELIVERED
            for asset_id, number in self.deliverable.takes.items():
                if self.assets[asset_id].selected != number:
                    self.update(asset_id, selected=number)
                    self.log("take_selected", asset_id, take=number)
                    self._restale(asset_id, with_dependents=True)
        self.log("cancelled", cost_usd=str(self.spent_usd))

    def update(self, asset_id: str, **fields: object) -> None:
        self.assets[asset_id] = self.assets[asset_id].model_copy(update=fields)


def _numbers_after(state: AssetState) -> dict[str, object]:
    """A take that was begun keeps its number and its ledger to itself: the next one is another."""
    begun = state.status in (AssetStatus.FAILED, AssetStatus.GENERATING) or state.order is not None
    return {"next_take": state.next_take + 1, "booked_usd": ZERO} if begun else {}
