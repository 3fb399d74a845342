"""What people decide about a production, and its end: each change logs its event. Pure: tested without a server."""

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from pydantic import JsonValue

from workflows.events import (
    AssetState,
    AssetStatus,
    ExtraTake,
    ProductionStatus,
    Snapshot,
    TakeOrder,
)
from workflows.models import ZERO, Deliverable, Plan, Take
from workflows.production.state import attention, staleness
from workflows.production.state.approvals import DECIDED
from workflows.production.state.takes import Making
from workflows.requests import Rejection

if TYPE_CHECKING:  # the record of assets is read by clients, which load no Temporal
    from workflows.activity_io import AssetCancelled


class ProductionState(Making):
    """Everything a production knows, and what can happen to it."""

    def told(self) -> Snapshot:
        """What everybody outside is told, with what waits for a word about the whole production."""
        return super().told().model_copy(update={"waiting": attention.whole_production(self)})

    # What people decide

    def reject(self, rejection: Rejection) -> None:
        """End it; what was delivered before the second gate stays delivered, without the new video."""
        at_gate: dict[str, JsonValue] = {"gate": "stills"} if self.gate == "waiting" else {}
        self.log("rejected", rejecter=rejection.rejecter, reason=rejection.reason, **at_gate)
        if at_gate and self.deliverable:
            for asset in self.gated():
                self.leave_out(asset.asset_id, by=rejection.rejecter)
            self.status = ProductionStatus.PRODUCING
        else:
            self.status = ProductionStatus.REJECTED
        self.close_gate()

    def leave_out(self, asset_id: str, *, drop: bool = False, **data: JsonValue) -> None:
        """Go on without the take that is missing: with an earlier one where there is one, else without the asset.

        Args:
            drop: Go on without the asset although there is a take of it; the take stays, and can be selected again.
        """
        self._book_doubt(asset_id)
        before = self.assets[asset_id]
        selected = before.selected or max((t.number for t in before.takes), default=0)
        status = AssetStatus.COMPLETED if selected and not drop else AssetStatus.CANCELLED
        self.update(
            asset_id,
            status=status,
            selected=selected,
            attention=None,
            waiting=None,
            order=None,
            **_numbers_after(before),
        )
        self.log("asset_cancelled", asset_id, **data)
        self.close_gate()
        if status is AssetStatus.COMPLETED:
            self._accept(asset_id)
            self._restale(asset_id, with_dependents=False)

    def _book_doubt(self, asset_id: str) -> None:
        """Go on without knowing whether a submission was billed: then it counts as billed."""
        if self.assets[asset_id].attention == "ambiguous_submission":
            before, asset = self.assets[asset_id], self.plan.find(asset_id) if self.plan else None
            doubtful = self.doubt_usd(asset_id)
            self.spent_usd += doubtful
            booked = before.booked_usd + doubtful
            self.update(asset_id, booked_usd=booked)
            if asset:
                maker = asset.made_by(before.model)
                given_up = ExtraTake(number=before.next_take, asset=maker, started=True, booked_usd=booked)
                self.update(asset_id, lost=(*before.lost, given_up))

    def make_again(self, asset_id: str, count: int = 1) -> None:
        """Queue new takes of an asset; the selected one stays in use until the last of the new numbers is there."""
        before, asset = self.assets[asset_id], self.plan.find(asset_id) if self.plan else None
        first = self.next_number(asset_id)
        last = first + count - 1
        extra = [ExtraTake(number=number, asset=asset) for number in range(first, last) if asset]
        self.update(
            asset_id,
            **{**_numbers_after(before), **DECIDED, "next_take": last},
            status=AssetStatus.PENDING,
            extra=(*before.extra, *extra),
            order=None,
            model=0,
            made_with={},
            cancelled=None,
            job_id=None,
        )
        self._go_on()

    def take_up(self, asset_id: str, adopt_job_id: str | None) -> None:
        """Take up the same take again, as a person ordered: with the job that runs, or by one more submission.

        One more submission books the doubtful one as if it was billed, which is what its ledger does too.
        """
        if adopt_job_id is None and self.assets[asset_id].attention == "ambiguous_submission":
            doubtful = self.doubt_usd(asset_id)
            self.spent_usd += doubtful
            self.update(asset_id, booked_usd=self.assets[asset_id].booked_usd + doubtful)
        about = waiting.job_id if (waiting := self.assets[asset_id].waiting) else None
        order = TakeOrder(number=len(self.events), adopt_job_id=adopt_job_id, about_job_id=about)
        # An adopted job costs nothing more than what is held for it.
        status = AssetStatus.PENDING if adopt_job_id is None else AssetStatus.GENERATING
        self.update(asset_id, status=status, order=order, **DECIDED)
        self._go_on()

    def next_number(self, asset_id: str) -> int:
        """The number of the take that comes after what was begun."""
        before = self.assets[asset_id]
        return before.next_take + (1 if _begun(before) else 0)

    def use_upload(self, asset_id: str, take: Take, by: str) -> None:
        """A person's own file is the take in use; what was made or failed before stays in the record."""
        self.update(asset_id, **_numbers_after(self.assets[asset_id]))
        self.complete(asset_id, take, by=by, note=take.note)
        self._go_on()

    def select(self, asset_id: str, number: int, **data: JsonValue) -> None:
        self._book_doubt(asset_id)
        numbers = _numbers_after(self.assets[asset_id])
        self.update(
            asset_id,
            selected=number,
            status=AssetStatus.COMPLETED,
            order=None,
            **DECIDED,
            **numbers,
        )
        self._accept(asset_id)
        self.log("take_selected", asset_id, take=number, **data)
        self._restale(asset_id, with_dependents=True)
        self._go_on()

    def edit(self, plan: Plan, dropped: Mapping[str, str], *, allow_unknown: bool, **data: JsonValue) -> None:
        """The plan was changed after the approval: new assets are made, changed ones are stale, dropped ones left out.
        What is still to be made and costs more than was approved waits for the approvers.

        Args:
            dropped: Asset -> who left it out.
            allow_unknown: The editor may release money, and allows what has no published price.
        """
        before, costs = self.plan, {i: self.price_usd(i) for i in self.assets}
        self.plan = plan
        self.log("plan_edited", plan_digest=plan.digest, **data)
        added = [a.asset_id for a in plan.assets if a.asset_id not in self.assets]
        self.assets = {a.asset_id: self.assets.get(a.asset_id, AssetState()) for a in plan.assets}
        for asset_id, who in dropped.items():
            self.leave_out(asset_id, drop=True, by=who)
        pending = [a for a in plan.assets if self.assets[a.asset_id].status is AssetStatus.PENDING]
        if allow_unknown:
            for asset in pending:
                self.allow_unknown(asset)
        self.approvals = ()
        self._weigh([a.asset_id for a in pending if self.price_usd(a.asset_id) > costs.get(a.asset_id, ZERO)])
        self._restale_all([a.asset_id for a in plan.assets])
        moved = before is None or [a.asset_id for a in before.assets] != [a.asset_id for a in plan.assets]
        if added or dropped or moved or (before and before.title != plan.title):
            self._go_on()

    def _weigh(self, raised: list[str]) -> None:
        """After an edit: where all that is to be made does not fit, what costs more now waits for the approvers."""
        short = self.to_make_usd() - self.left_usd()
        for asset_id in self.attention():
            if short <= 0 and self.assets[asset_id].attention == "change_to_approve":
                self.log("attention_withdrawn", asset_id, reason="change_to_approve")
                self.update(asset_id, **DECIDED)
        if short > 0:
            for asset_id in raised:
                price = self.price_usd(asset_id)
                words = f"it costs up to {price} USD now, which takes the plan {short} USD above what was approved"
                self.ask(asset_id, "change_to_approve", f"{words}; approve it again, edit it, or go on without")

    def _accept(self, asset_id: str) -> None:
        """A person uses this take for what the plan asks for now, whatever it was made from."""
        if self.plan and (asset := self.plan.find(asset_id)):
            self.update(asset_id, settled=staleness.spec(asset))

    def raise_budget(self, budget_usd: Decimal, by: str) -> None:
        """Allow more to be spent, and tell where that is more than the brief says."""
        before = self.budget_usd or ZERO
        if budget_usd <= before:
            return
        self.budget_usd = budget_usd
        above = self._above_brief(budget_usd)
        self.log("budget_raised", by=by, budget_usd=str(budget_usd), before_usd=str(before), **above)
        self.unpark()
        self._weigh([])  # what costs more than was approved may fit now

    # The deliverable

    def used(self) -> dict[str, int]:
        """Which take of each asset a deliverable is made from."""
        return {i: take.number for i in self.assets if (take := self.usable(i))}

    def deliver(self, deliverable: Deliverable) -> None:
        self.deliverable, self.error, self.paused = deliverable, None, None
        self.status = ProductionStatus.DELIVERED
        self.log(
            "done",
            revision=deliverable.revision,
            files=[f.name for f in deliverable.files],
            cost_usd=str(self.spent_usd),
            notes=list(deliverable.notes),
        )

    # The end before the end

    def cancel(self, stopped: "Mapping[tuple[str, int], AssetCancelled]") -> None:
        """Stop what is not made. A production that was delivered before stays delivered, as it was.

        Args:
            stopped: What came of stopping the takes that cost money, by asset and number.
        """
        for (asset_id, number), end in stopped.items():
            before, asset = self.assets[asset_id], self.plan.find(asset_id) if self.plan else None
            extra = next((e for e in before.extra if e.number == number), None)
            if extra:
                self.book(extra.asset, end.billed_usd, extra.booked_usd)
            elif asset:
                self.book(asset.made_by(before.model), end.billed_usd, before.booked_usd)
        for asset_id, state in self.assets.items():
            ends = [end for (each, _), end in stopped.items() if each == asset_id]
            unfinished = bool(state.extra) or state.status in (AssetStatus.PENDING, AssetStatus.GENERATING)
            ended = unfinished or (self.deliverable is not None and state.status is AssetStatus.FAILED)
            if state.attention == "ambiguous_submission":
                self.update(asset_id, cancelled="running", job_id=state.waiting.job_id if state.waiting else None)
                if not ended:  # else it is left out, and its doubt booked with that
                    self._book_doubt(asset_id)
            if ended:
                self._end(asset_id, ends)
            self.update(asset_id, attention=None, waiting=None)  # what is closed asks for nothing
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

    def _end(self, asset_id: str, ends: "list[AssetCancelled]") -> None:
        """Leave out what was being made of an asset; of several takes, the one that may still cost something tells."""
        order = ("running", "stopped", "billed", "free")
        worst = min(ends, key=lambda end: order.index(end.outcome), default=None)
        told = worst.model_dump(mode="json", exclude_defaults=True) if worst else {}
        self.leave_out(asset_id, **told)
        self.update(
            asset_id,
            extra=(),
            cancelled=worst.outcome if worst else self.assets[asset_id].cancelled or "free",
            job_id=worst.job_id if worst else self.assets[asset_id].job_id,
        )


def _begun(state: AssetState) -> bool:
    return state.status in (AssetStatus.FAILED, AssetStatus.GENERATING) or state.order is not None


def _numbers_after(state: AssetState) -> dict[str, object]:
    """A take that was begun keeps its number and its ledger to itself: the next one is another."""
    return {"next_take": state.next_take + 1, "booked_usd": ZERO} if _begun(state) else {}
