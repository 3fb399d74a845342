"""What is known of one production, and its event log: what snapshots, queries and manifests are made from."""

from collections.abc import Callable
from datetime import datetime

from pydantic import JsonValue

from workflows.events import (
    AssetState,
    Event,
    EventName,
    ProductionStart,
    ProductionStatus,
    Progress,
    Receipt,
    Snapshot,
)


class Record:
    """Everything a production knows. `clock` gives the workflow's time."""

    def __init__(self, start: ProductionStart, clock: Callable[[], datetime]) -> None:
        now = clock()
        carried = start.carried or Snapshot(
            production_id=start.production_id,
            status=ProductionStatus.PLANNING,
            brief=start.brief,
            created_at=now,
            updated_at=now,
            batch=start.batch,
        )
        self._clock = clock
        self._kept = carried
        self.production_id = carried.production_id
        self.brief = carried.brief
        self.status = carried.status
        self.references = carried.references
        self.plan = carried.plan
        self.budget_usd = carried.budget_usd
        self.spent_usd = carried.spent_usd
        self.learned = dict(carried.learned)
        self.overrun_usd = carried.overrun_usd
        self.assets: dict[str, AssetState] = dict(carried.assets)
        self.deliverable = carried.deliverable
        self.error = carried.error
        self.feedback = carried.feedback
        self.deadline = carried.deadline
        self.reminded = carried.reminded
        self.escalated = carried.escalated
        self.approvals = carried.approvals
        self.approval = carried.approval
        self.approved_at = carried.approved_at
        self.paused = carried.paused
        self.gate = carried.gate
        self.handed_over = carried.told
        self.preview_of = carried.preview_of
        self.batch = carried.batch
        self.run_id = carried.run_id
        self.answered = list(carried.answered)
        self.events: list[Event] = list(carried.events)
        self.announced: tuple[ProductionStatus, int] | None = None
        """What queries tell while a delivery is written down: the status before, and how many events."""

    def snapshot(self) -> Snapshot:
        return self._kept.model_copy(
            update={
                "status": self.status,
                "updated_at": self.events[-1].at if self.events else self._kept.updated_at,
                "references": self.references,
                "plan": self.plan,
                "approval": self.approval,
                "approved_at": self.approved_at,
                "approvals": self.approvals,
                "budget_usd": self.budget_usd,
                "spent_usd": self.spent_usd,
                "learned": dict(self.learned),
                "overrun_usd": self.overrun_usd,
                "assets": dict(self.assets),
                "deliverable": self.deliverable,
                "feedback": self.feedback,
                "error": self.error,
                "deadline": self.deadline,
                "reminded": self.reminded,
                "escalated": self.escalated,
                "paused": self.paused,
                "gate": self.gate,
                "told": self.handed_over,
                "batch": self.batch,
                "run_id": self.run_id,
                "answered": tuple(self.answered),
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

    def log(self, name: EventName, asset_id: str | None = None, /, **data: JsonValue) -> None:
        self.events.append(Event(id=len(self.events) + 1, name=name, at=self._clock(), asset_id=asset_id, data=data))

    def update(self, asset_id: str, **fields: object) -> None:
        self.assets[asset_id] = self.assets[asset_id].model_copy(update=fields)
