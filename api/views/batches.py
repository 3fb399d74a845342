"""Requests and responses of batches and schedules."""

from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import Field, JsonValue, StringConstraints

from api.views.bodies import UnknownPrices
from api.views.production import View
from workflows.batch.records import MAX_AT_ONCE, MAX_ROWS, BatchId, BatchStatus, FileName, RowKey, RowStatus
from workflows.brief import Brief, Platform
from workflows.events import AssetStatus
from workflows.models import Model, Money, Person, Slug
from workflows.series.items import MAX_ITEMS, Item

_BRIEF: Final[dict[str, Any]] = {"description": "A brief, or a part of one", "examples": [{"text": "Say it."}]}


class BatchRowBody(Model):
    """One row: a brief, without the fields of `defaults`. The key identifies it in the results and in repetitions."""

    key: RowKey | None = Field(default=None, description="Unique in the batch; without it, a digest of the brief")
    brief: dict[str, JsonValue] = Field(json_schema_extra=_BRIEF)


class BatchBody(Model):
    """Many briefs. Without `approve` they are planned and wait for approvals."""

    rows: tuple[BatchRowBody, ...] = Field(default=(), json_schema_extra={"maxItems": MAX_ROWS})
    items: tuple[Item, ...] = Field(
        default=(), description="Instead of rows: the pictures of a catalogue, as a series of parts of `defaults`"
    )
    part_size: int = Field(default=MAX_ITEMS, ge=1, le=MAX_ITEMS, description="The most items in one part")
    series: bool = Field(
        default=False,
        description="One plan, one approval and one budget: the rows are approved together by the digest of all plans, "
        "and no change of a row exceeds the budget. Always so for `items`",
    )
    defaults: dict[str, JsonValue] = Field(default_factory=dict, json_schema_extra=_BRIEF)
    batch_id: BatchId | None = Field(default=None, description="The same id names the same batch; without it, a new id")
    at_once: int = Field(default=5, ge=1, le=MAX_AT_ONCE, description="Rows planned at a time, and produced at a time")
    approve: bool = Field(default=False, description="Approve all rows, once all are planned and fit the budget")
    budget_usd: Money | None = Field(default=None, description="The most that all rows may cost together")
    allow_unknown_prices: UnknownPrices = False
    requester: Person = "anonymous"
    file: FileName = Field(default="", description="The name of the file that the rows come from, for people")


class BatchLinks(View):
    """Paths of this API, and the run in the Temporal UI where its address is configured."""

    batch: str
    results: str
    temporal_ui: str | None = None


class BatchStarted(View):
    """A batch that was started, now or by an earlier request."""

    batch_id: str
    status: BatchStatus
    rows: int
    links: BatchLinks


class ListedBatch(View):
    """One line of the list, from Temporal's visibility store; the cost is that of the last change of the status."""

    batch_id: str
    status: BatchStatus
    rows: int
    tenant: str | None = None
    requester: str | None = None
    file: str = ""
    spent_usd: Money | None = None
    created_at: datetime
    closed_at: datetime | None = None
    links: BatchLinks


class BatchPage(View):
    """Open ones come on the first pages, then by when they closed. `next_page_token` is null on the last page.

    No batch is missed; one that closes while the pages are read can be on two of them.
    """

    batches: tuple[ListedBatch, ...]
    next_page_token: str | None = None


class BatchAssetResult(View):
    """One line of the result file by asset."""

    row: int
    row_key: str
    production_id: str
    asset_id: str
    label: str = Field(description="Of an item, its key")
    status: AssetStatus
    take: int | None
    cost_usd: Money
    media_type: str
    file: str = Field(description="The address of its media; empty until there is one")
    error: str


class BatchResult(View):
    """One line of the result file."""

    row: int
    key: str
    production_id: str
    status: RowStatus
    cost_usd: Money
    error: str
    deliverable: str = Field(description="The address of the deliverable; empty until there is one")
    title: str = ""


Cron = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Note = Annotated[str, StringConstraints(max_length=2_000)]


class ScheduleBody(Model):
    """A brief whose production starts again and again. The time zone is an IANA name; without one, UTC."""

    schedule_id: Slug
    brief: Brief
    cron: Cron = Field(description="Minute, hour, day of the month, month, day of the week", examples=["0 9 * * MON"])
    timezone: Annotated[str, StringConstraints(max_length=100)] = Field(default="UTC", examples=["Europe/Berlin"])
    note: Note = ""


class ScheduleNote(Model):
    """The reason for a pause or its end; shown until the next note."""

    note: Note = ""


class ScheduledRun(View):
    """One time of a schedule, and the production that was started for it."""

    at: datetime
    production_id: str


class ListedSchedule(View):
    """A schedule, without its brief."""

    schedule_id: str
    cron: str
    timezone: str
    paused: bool
    note: str
    platform: Platform
    title: str
    language: str = ""
    aspect: str = ""
    duration_seconds: float | None = Field(default=None, description="Of a video")
    next_runs: tuple[datetime, ...] = Field(description="None while it is paused")
    recent: tuple[ScheduledRun, ...] = Field(description="The last ten, newest first")


class ScheduleView(ListedSchedule):
    brief: Brief


class ScheduleList(View):
    """A page of schedules."""

    schedules: tuple[ListedSchedule, ...]
    next_page_token: str | None = None
