"""What is known of one production: the snapshot that grows while the workflow runs, with its event log."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Self

from pydantic import ConfigDict, Field, JsonValue

from workflows.events import Event, EventName, ProductionStart, ProductionStatus, Progress, Receipt, Snapshot
from workflows.models import ZERO, Asset
from workflows.production.state.policies import MAX_RECORD_BYTES


def _fits_the_driver(size: int) -> bool:
    return size <= MAX_RECORD_BYTES


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

    fits: Callable[[int], bool] = Field(
        default=_fits_the_driver, exclude=True, description="Whether a record may have so many bytes"
    )

    @classmethod
    def of(cls, snapshot: Snapshot, clock: Callable[[], datetime]) -> Self:
        return cls(clock=clock, **{name: getattr(snapshot, name) for name in Snapshot.model_fields})

    @classmethod
    def begin(
        cls, start: ProductionStart, clock: Callable[[], datetime], fits: Callable[[int], bool] = _fits_the_driver
    ) -> Self:
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
        record = cls.of(start.carried or new, clock)
        record.fits = fits
        return record

    def progress(self, after: int) -> Progress:
        status, count = self.published_until or (self.status, len(self.events))
        return Progress(
            production_id=self.production_id,
            status=status,
            plan_digest=self.plan.digest if self.plan else None,
            spent_usd=self.spent_usd,
            last_event_id=count,
            events=self.events[max(after, 0) : count],
            resets=self.resets,
        )

    def receipt(self) -> Receipt:
        return Receipt(
            status=self.status,
            plan_digest=self.plan.digest if self.plan else None,
            last_event_id=len(self.events),
        )

    @property
    def full(self) -> bool:
        """Whether it is too large for more takes and edits. A record that no payload can hold would stop the run."""
        return not self.fits(len(self.model_dump_json(exclude_defaults=True).encode()))

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
