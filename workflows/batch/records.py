"""The records of a batch: many briefs, each a production, admitted to one budget all or none."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from workflows.events import Answered, ProductionStatus, Report
from workflows.models import ZERO, Brief, Model, Money, Person, ProductionId, Slug
from workflows.requests import KeyedRequest

MAX_ROWS: Final = 1_000
MAX_BATCH_BYTES: Final = 1_500_000
"""The briefs travel as one payload, of which Temporal takes 2 MB; the rest is room for what is known of the rows."""
MAX_AT_ONCE: Final = 50

PRODUCTION_USED: Final = "ProductionUsed"
"""A failure: the id of a row's production is that of a production with another brief."""
BATCH_USED: Final = "BatchUsed"
"""A failure: the id of the batch is that of a batch of other rows."""

_IN_WORK: Final = (ProductionStatus.PRODUCING, ProductionStatus.FINISHING)

BatchId = ProductionId
RowKey = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
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
    """One row and what is known of its production. Its brief is dropped when it is started: the production has it."""

    row: int = Field(ge=1)
    key: RowKey
    production_id: ProductionId
    brief: Brief | None = None
    report: Report | None = Field(default=None, description="The last word of the production; none before its start")
    by_people: bool = Field(default=False, description="Its brief asks for approvals that a batch cannot give")
    approved: str = Field(default="", description="The digest of the plan that the batch approved")

    @property
    def status(self) -> RowStatus:
        return self.report.status if self.report else "pending"

    @property
    def closed(self) -> bool:
        return self.report is not None and self.report.status.closed

    @property
    def digest(self) -> str:
        """Of the plan that waits for an approval; empty where none does."""
        waits = self.status is ProductionStatus.AWAITING_APPROVAL
        return self.report.plan_digest or "" if self.report and waits else ""

    @property
    def in_work(self) -> bool:
        return self.status in _IN_WORK or bool(self.digest and self.digest == self.approved)

    @property
    def high_usd(self) -> Decimal:
        """The most that it may cost, as far as that is known; of a closed production what it has cost."""
        if self.report is None:
            return ZERO
        return self.report.spent_usd if self.closed else max(self.report.high_usd, self.report.spent_usd)


class BatchStart(Model):
    """The workflow's input, and all that a next run needs."""

    batch_id: BatchId
    rows: tuple[BatchRow, ...] = Field(min_length=1, max_length=MAX_ROWS)
    created_at: datetime
    tenant: Slug = "default"
    requester: Person = "anonymous"
    at_once: int = Field(default=5, ge=1, le=MAX_AT_ONCE)
    approve: bool = False
    approver: Person = "someone"
    budget_usd: Money | None = None
    allow_unknown_prices: bool = False
    stopped: bool = False
    rows_digest: str = Field(default="", description="Of what the rows ask for, whoever sends them")
    admitted: tuple[Answered, ...] = Field(default=(), description="The newest admissions with an idempotency key")


class Admit(KeyedRequest):
    """Approve all rows of a batch together, where they fit the budget; what is left out stays as it was."""

    budget_usd: Money | None = Field(default=None, description="What all rows may cost together at most")
    allow_unknown_prices: bool = False
    approver: Person = "someone"


class BatchRowView(Model):
    row: int
    key: str
    production_id: str
    status: RowStatus = Field(description="Of its production; pending before that is started")
    spent_usd: Money = ZERO
    high_usd: Money = Field(default=ZERO, description="The most that it may cost; of a closed one what it has cost")
    error: str = ""


class BatchTotals(Model):
    rows: int
    statuses: dict[str, int] = Field(description="Status -> how many rows have it")
    spent_usd: Money
    high_usd: Money = Field(description="The most that all rows may cost, as far as it is known; the budget holds this")
    unknown_prices: int = Field(default=0, description="Rows with a price that nobody published; left out of high_usd")


class BatchView(Model):
    """How far a batch is; also the workflow's result."""

    batch_id: str
    status: BatchStatus
    message: str = Field(default="", description="Why nothing is approved, with the numbers and the remedy")
    tenant: str
    requester: str
    created_at: datetime
    at_once: int
    approve: bool
    budget_usd: Money | None = None
    allow_unknown_prices: bool = False
    totals: BatchTotals
    rows: tuple[BatchRowView, ...]


class BatchRecord(Model):
    """A batch as it is kept in the bucket: it claims the id for these rows, and tells what came of them."""

    rows_digest: str
    view: BatchView
    admitted: tuple[Answered, ...] = ()


class WantedProduction(Model):
    """The production that a row needs; `content` is the digest of its brief, whoever sends it."""

    production_id: str
    content: str
