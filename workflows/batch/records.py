"""The records of a batch: many briefs, each a production, that one budget admits all together or not at all."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from workflows.brief import Brief
from workflows.events import AnsweredRequest, ProductionStatus, Report
from workflows.models import ZERO, Digest, Model, Money, Person, ProductionId, Slug
from workflows.requests import KeyedRequest

MAX_ROWS: Final = 1_000
MAX_BATCH_BYTES: Final = 1_500_000
"""All briefs are in one payload of at most 2 MB (Temporal's limit); the rest is for the state of the rows."""
MAX_SERIES_BYTES: Final = 6_000_000
"""Of a series: a payload from 256 KiB is an object of the bucket. 5,000 pictures with prompts of 1,000 characters."""
MAX_AT_ONCE: Final = 50

PRODUCTION_USED: Final = "ProductionUsed"
"""A type of failure: a production with another brief has the id of a row's production."""
BATCH_USED: Final = "BatchUsed"
"""A type of failure: a batch of other rows has the id of this batch."""

_IN_WORK: Final = (ProductionStatus.PRODUCING, ProductionStatus.FINISHING)

BatchId = ProductionId
RowKey = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
FileName = Annotated[str, StringConstraints(max_length=200)]
RowStatus = ProductionStatus | Literal["pending"]


class BatchStatus(StrEnum):
    PLANNING = "planning"
    PLANNED = "planned"
    OVER_BUDGET = "over_budget"
    PRODUCING = "producing"
    NEEDS_ATTENTION = "needs_attention"
    STOPPED = "stopped"
    DONE = "done"


class BatchRow(Model):
    """One row and the state of its production. The brief is removed at the start, because the production has it."""

    row: int = Field(ge=1)
    key: RowKey
    production_id: ProductionId
    title: str = Field(default="", description="Of the brief, for people")
    brief: Brief | None = None
    report: Report | None = Field(default=None, description="The last report of the production; None before its start")
    by_people: bool = Field(default=False, description="Its brief requires approvals that a batch cannot give")
    approved: str = Field(default="", description="The digest of the plan that the batch approved")
    planning_usd: Money = Field(default=ZERO, description="The cost of its planning, until its approval")
    admitted: str = Field(default="", description="Of a part of a series: the digest that a person approved")
    not_by_requester: bool = Field(default=False, description="Of a part of a series: as in its brief")

    @property
    def status(self) -> RowStatus:
        return self.report.status if self.report else "pending"

    @property
    def closed(self) -> bool:
        return self.report is not None and self.report.status.closed

    @property
    def digest(self) -> str:
        """The digest of the plan that awaits approval; empty if none does."""
        awaiting = self.status is ProductionStatus.AWAITING_APPROVAL
        return self.report.plan_digest or "" if self.report and awaiting else ""

    @property
    def needs_person(self) -> bool:
        """Whether the batch cannot approve its plan, because of its brief or because a language is missing."""
        return self.by_people or bool(self.report and self.report.missing_languages)

    @property
    def is_admitted(self) -> bool:
        """Whether its plan is the one that a person has approved with the series."""
        return bool(self.digest) and self.digest == self.admitted

    @property
    def in_work(self) -> bool:
        return self.status in _IN_WORK or bool(self.digest and self.digest == self.approved)

    @property
    def making_usd(self) -> Decimal:
        """The most that its assets may cost, in addition to its planning."""
        return max(self.high_usd - self.planning_usd, ZERO)

    @property
    def low_usd(self) -> Decimal:
        """The least that the production may cost, as far as known; after its approval, its cost so far."""
        return max(self.report.low_usd, self.report.spent_usd) if self.report else ZERO

    @property
    def high_usd(self) -> Decimal:
        """The most that the production may cost, as far as known; for a closed one, its cost."""
        if self.report is None:
            return ZERO
        return self.report.spent_usd if self.closed else max(self.report.high_usd, self.report.spent_usd)


class BatchStart(Model):
    """The workflow's input, also of the next run after continue-as-new."""

    batch_id: BatchId
    rows: tuple[BatchRow, ...] = Field(min_length=1, max_length=MAX_ROWS)
    created_at: datetime
    tenant: Slug = "default"
    requester: Person = "anonymous"
    file: FileName = ""
    at_once: int = Field(default=5, ge=1, le=MAX_AT_ONCE)
    approve: bool = False
    approver: Person = "someone"
    budget_usd: Money | None = None
    allow_unknown_prices: bool = False
    stopped: bool = False
    series: bool = Field(default=False, description="One plan, one approval and one budget for all rows")
    rows_digest: str = Field(default="", description="A digest of the rows' briefs without their requesters")
    admitted: tuple[AnsweredRequest, ...] = Field(default=(), description="The newest admissions that have a key")
    planning_usd: Money | None = Field(
        default=None, description="The most that all planning may cost since rows were approved; the rest is theirs"
    )


class Admit(KeyedRequest):
    """Approves all rows of a batch together if they fit the budget. Absent fields leave the terms unchanged."""

    budget_usd: Money | None = Field(default=None, description="The most that all rows may cost together; USD")
    allow_unknown_prices: bool = False
    approver: Person = "someone"
    plan_digest: Digest | Literal[""] = Field(
        default="", description="Of all plans that wait, as the batch shows it. A series needs it; otherwise optional"
    )


class BatchRowView(Model):
    row: int
    key: str
    production_id: str
    status: RowStatus = Field(description="The status of its production; pending before its start")
    spent_usd: Money = ZERO
    high_usd: Money = Field(default=ZERO, description="The most that it may cost; for a closed one, its cost")
    assets: int = Field(default=0, description="The number of assets of its plan, as far as known")
    error: str = ""
    title: str = ""


class BatchTotals(Model):
    rows: int
    statuses: dict[str, int] = Field(description="Status -> number of rows")
    spent_usd: Money
    high_usd: Money = Field(description="The most that all rows may cost, as far as known; the budget must cover it")
    low_usd: Money = Field(default=ZERO, description="The least that all rows may cost, as far as known")
    assets: int = Field(default=0, description="The number of assets of all plans, as far as known")
    unknown_prices: int = Field(
        default=0, description="The number of rows with an unpublished price, which high_usd does not include"
    )


class BatchView(Model):
    """The state of a batch; also the workflow's result."""

    batch_id: str
    status: BatchStatus
    message: str = Field(default="", description="Why no row is approved, with the amounts and the remedy")
    tenant: str
    requester: str
    file: str = Field(default="", description="The name of the file that the rows come from")
    created_at: datetime
    at_once: int
    approve: bool
    budget_usd: Money | None = None
    allow_unknown_prices: bool = False
    series: bool = Field(default=False, description="One plan, one approval and one budget for all rows")
    plan_digest: str = Field(
        default="", description="Identifies all plans that wait for an approval; empty until all rows are planned"
    )
    totals: BatchTotals
    rows: tuple[BatchRowView, ...]


class BatchRecord(Model):
    """A batch as stored in the bucket: it claims the id for these rows, and holds their states."""

    rows_digest: str
    view: BatchView
    admitted: tuple[AnsweredRequest, ...] = ()


class WantedProduction(Model):
    """The production of a row; `content` is the digest of its brief without the requester."""

    production_id: str
    content: str
