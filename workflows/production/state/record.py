"""What is known of one production: the snapshot that grows while the workflow runs, with its event log."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Self

from pydantic import ConfigDict, Field, JsonValue

from workflows.events import Event, EventName, ProductionStart, ProductionStatus, Progress, Receipt, Snapshot
from workflows.models import ZERO, Asset


class Record(Snapshot):
    """The snapshot, changed in place. Its own fields belong to one run: no payload holds them."""

    model_config = ConfigDict(frozen=False)

    clock: Callable[[], datetime] = Field(exclude=True, description="Gives the workflow's time")
    questions_usd: Decimal = Field(
        default=ZERO, exclude=True, description="What the questions to language models that are under way may cost"
    )
    cancelling: bool = Field(default=False, exclude=True)
    published_until: tuple[ProductionStatus, int] | None = Field(
        default=None,
        exclude=True,
        description="While a delivery is written down: the status before it, and how many events queries return",
    )

    @classmethod
    def of(cls, snapshot: Snapshot, clock: Callable[[], datetime]) -> Self:
        return cls(clock=clock, **{name: getattr(snapshot, name) for name in Snapshot.model_fields})

    @classmethod
    def begin(cls, start: ProductionStart, clock: Callable[[], datetime]) -> Self:
        """The record that a run starts with: what an earlier run carried over, otherwise a new one."""
        now = clock()
        new = Snapshot(
            production_id=start.production_id,
            status=ProductionStatus.PLANNING,
            brief=start.brief,
            created_at=now,
            updated_at=now,
            batch=start.batch,
            grant=start.grant,
        )
        return cls.of(start.carried or new, clock)

    def progress(self, after: int) -> Progress:
        status, count = self.published_until or (self.status, len(self.events))
        return Progress(
            production_id=self.production_id,
            status=status,
            plan_digest=self.plan.digest if self.plan else None,
            spent_usd=self.spent_usd,
            last_event_id=count,
            events=self.events[max(after, 0) : count],
        )

    def receipt(self) -> Receipt:
        return Receipt(
            status=self.status,
            plan_digest=self.plan.digest if self.plan else None,
            last_event_id=len(self.events),
        )

    @property
    def extractions(self) -> tuple[str, ...]:
        """The object keys of the extracted fields."""
        return tuple(each.extraction.key for each in self.analyses if each.extraction)

    def find(self, asset_id: str) -> Asset | None:
        return self.plan.find(asset_id) if self.plan else None

    def log(self, name: EventName, asset_id: str | None = None, /, **data: JsonValue) -> None:
        event = Event(id=len(self.events) + 1, name=name, at=self.clock(), asset_id=asset_id, data=data)
        self.events = (*self.events, event)
        self.updated_at = event.at

    def update(self, asset_id: str, **fields: object) -> None:
        """Replace fields of one asset's state."""
        self.assets[asset_id] = self.assets[asset_id].model_copy(update=fields)
