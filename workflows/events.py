"""What callers see of a production: statuses, the event log, progress and the snapshot."""

import json
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal

from pydantic import BaseModel, Field, JsonValue

from workflows.models import (
    ZERO,
    Asset,
    Brief,
    Deliverable,
    Learned,
    Media,
    Modality,
    Model,
    Money,
    Plan,
    ProductionId,
    Take,
)
from workflows.requests import Approval, Pause


class ProductionStatus(StrEnum):
    PLANNING = "planning"
    AWAITING_APPROVAL = "awaiting_approval"
    PRODUCING = "producing"
    NEEDS_ATTENTION = "needs_attention"
    FINISHING = "finishing"
    DELIVERED = "delivered"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def closed(self) -> bool:
        return self in _CLOSED


_CLOSED = frozenset(
    {
        ProductionStatus.DELIVERED,
        ProductionStatus.REJECTED,
        ProductionStatus.EXPIRED,
        ProductionStatus.CANCELLED,
        ProductionStatus.FAILED,
    }
)


class AssetStatus(StrEnum):
    PENDING = "pending"
    GENERATING = "generating"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


EventName = Literal[
    "plan_start",
    "plan_progress",
    "plan_ready",
    "plan_edited",
    "plan_failed",
    "planning_billed",
    "approval_ignored",
    "approval_given",
    "approval_reminder",
    "approval_escalated",
    "approved",
    "rejected",
    "expired",
    "cancelled",
    "asset_start",
    "asset_progress",
    "asset_complete",
    "asset_failed",
    "asset_fallback",
    "asset_cancelled",
    "asset_stale",
    "take_requested",
    "take_failed",
    "take_selected",
    "paused",
    "resumed",
    "needs_attention",
    "attention_withdrawn",
    "overrun",
    "budget_raised",
    "prompt_proposed",
    "resolved",
    "finishing",
    "done",
    "stalled",
]
"""Those of `PASSING` come from the relay and carry no id; all others are in the log."""
PASSING: Final[frozenset[EventName]] = frozenset({"plan_progress", "asset_progress", "stalled"})

AttentionReason = Literal[
    "approval",
    "deadline_near",
    "price_unknown",
    "stills_to_approve",
    "paused",
    "asset_failed",
    "content_refused",
    "output_unusable",
    "model_retired",
    "store_unsupported",
    "ambiguous_submission",
    "budget_short",
    "overrun",
    "change_to_approve",
    "plan_failed",
    "finishing_failed",
]
"""Why something waits for a person; the first five wait for a decision about the whole production.

overrun: a model charges more than its published price, so that what is left does not fit the budget; while the rest
fits it is a notice about the whole production. change_to_approve: an edit costs more than was approved.
price_unknown of an asset: nobody allowed to spend on its unpublished price.
"""

Answer = Literal[
    "approve",
    "reject",
    "edit_plan",
    "revise",
    "pause",
    "resume",
    "retry",
    "accept_without",
    "adopt",
    "resubmit",
    "raise_budget",
    "upload",
    "cancel",
]
"""What a person can do about it: an update of the production, or an action of the update `resolve`."""


class Event(Model):
    """One line of the event log, numbered from 1 without gaps over all runs of a production."""

    id: int = Field(ge=1)
    name: EventName
    at: datetime
    asset_id: str | None = None
    data: dict[str, JsonValue] = Field(default_factory=dict)


def event_body(production_id: str, event: BaseModel) -> str:
    """An event as JSON: the data of its server-sent event, and what webhooks get."""
    body = {**event.model_dump(mode="json"), "production_id": production_id}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


class TakeOrder(Model):
    """A decision about a take whose submission is in doubt: adopt this job, or submit once more.

    `number` is the event's number when it was given, so that the ledger follows each order once. A ledger that knows
    more by now than the question did, another job or the media, is followed instead.
    """

    number: int
    adopt_job_id: str | None = None
    about_job_id: str | None = Field(default=None, description="The job that the question named")


class AttentionItem(Model):
    """One thing that waits for a person: why, since when, the evidence, and what can be answered."""

    id: int = Field(description="The number of the event that told of it; an answer may name it as `attention`")
    reason: AttentionReason
    since: datetime
    asset_id: str | None = None
    message: str = ""
    job_id: str | None = Field(default=None, description="The provider's own number of the job in question")
    provider: str | None = None
    model: str | None = None
    cost_usd: Money = Field(default=ZERO, description="Of an asset: billed for it so far; else of the production")
    price_usd: Money | None = Field(
        default=None, description="What the answer that spends may cost at most, where that is known"
    )
    proposal: str = Field(default="", description="A prompt that may be accepted; never sent unasked")
    replacement: tuple[str, ...] = Field(default=(), description="Models that may stand in for a retired one")
    plan_digest: str | None = None
    deadline: datetime | None = None
    answers: tuple[Answer, ...] = ()


class Waiting(Model):
    """Since when an asset waits for a person, and what only its failure knew; the rest stands beside it."""

    id: int
    since: datetime
    job_id: str | None = None
    doubt_usd: Money = Field(default=ZERO, description="What a submission in doubt counts for")
    replacement: tuple[str, ...] = ()
    proposal: str = ""


class ExtraTake(Model):
    """A further take of an asset, to choose from: made as the asset was when it was asked for, whatever it is now."""

    number: int
    asset: Asset
    started: bool = False
    order: TakeOrder | None = None
    booked_usd: Money = Field(default=ZERO, description="Of its bills, what is in spent_usd already")


class AssetState(Model):
    """How far one asset of the plan is. `selected` is the number of the take in use, 0 before the first."""

    status: AssetStatus = AssetStatus.PENDING
    takes: tuple[Take, ...] = ()
    selected: int = 0
    next_take: int = 1
    booked_usd: Money = Field(default=ZERO, description="Of the next take's bills, what is in spent_usd already")
    attention: AttentionReason | None = None
    error: str | None = None
    error_kind: str = Field(default="", description="The error's name in the tree, e.g. 'content_refused'")
    stale: bool = False
    stale_because: tuple[str, ...] = Field(
        default=(), description="What changed since: prompt, model, parameters, depends_on, or an input's asset id"
    )
    settled: dict[str, str] = Field(
        default_factory=dict, description="What a person accepted the take in use for, where that is not what made it"
    )
    extra: tuple[ExtraTake, ...] = Field(default=(), description="Further takes that are to be made, or being made")
    lost: tuple[ExtraTake, ...] = Field(
        default=(), description="Takes that were given up in doubt, and count as billed; should they be there after all"
    )
    waiting: Waiting | None = None
    cancelled: Literal["free", "billed", "stopped", "running"] | None = Field(
        default=None, description="What became of the take that was being made when it was cancelled"
    )
    job_id: str | None = Field(default=None, description="Of a cancelled take that may still run at the provider")
    order: TakeOrder | None = None
    made_with: dict[str, int] = Field(
        default_factory=dict, description="Of the take that is being made, or in doubt: its inputs and their takes"
    )
    unknown_allowed: tuple[str, ...] = Field(
        default=(), description="provider/model of unpublished price that somebody allowed for this asset"
    )
    model: int = Field(default=0, description="Which of its models makes it: 0 its own, then its fallbacks from 1")

    @property
    def take(self) -> Take | None:
        return next((t for t in self.takes if t.number == self.selected), None)


class BatchBudget(Model):
    """The batch of a production, and what all planning of its rows may cost together."""

    batch_id: ProductionId
    budget_usd: Money | None = None


class Receipt(Model):
    """The answer of an update: what holds now."""

    status: ProductionStatus
    plan_digest: str | None
    last_event_id: int


class Answered(Model):
    """A request that came with an idempotency key, and its answer: one of the three last fields."""

    key: str = Field(description="A digest of the caller's key")
    request: str = Field(description="A digest of what was requested")
    receipt: Receipt | None = None
    plan_digest: str = Field(default="", description="The answer was this plan")
    refused: dict[str, JsonValue] = Field(
        default_factory=dict, description="A Refusal, where the request was refused after it had cost something"
    )


class Snapshot(Model):
    """All of a production: the workflow's result, its manifest, and what reopening starts from."""

    production_id: str
    status: ProductionStatus
    brief: Brief
    created_at: datetime
    updated_at: datetime
    references: tuple[Media, ...] = Field(default=(), description="The brief's, as they are kept")
    plan: Plan | None = None
    approval: Approval | None = None
    approved_at: datetime | None = None
    budget_usd: Money | None = Field(default=None, description="The most that may be spent; set by the approval")
    spent_usd: Money = ZERO
    learned: dict[str, Learned] = Field(
        default_factory=dict, description="provider/model -> what it charged beyond, or without, a published price"
    )
    overrun_usd: Money = Field(default=ZERO, description="Of spent_usd, what was charged beyond published prices")
    assets: dict[str, AssetState] = Field(default_factory=dict)
    deliverable: Deliverable | None = None
    feedback: tuple[str, ...] = ()
    error: str | None = None
    deadline: datetime | None = Field(default=None, description="Without an approval by then it expires")
    reminded: bool = False
    escalated: bool = False
    approvals: tuple[Approval, ...] = Field(default=(), description="Given so far, of the plan that is to be approved")
    paused: Pause | None = None
    gate: Literal["", "waiting", "open"] = Field(default="", description="The approval of stills before video is paid")
    waiting: AttentionItem | None = Field(default=None, description="What waits for a word about the whole production")
    told: int = Field(default=0, description="The last event that was handed to webhooks")
    preview_of: str = Field(default="", description="The production whose plan this one shows; it spends nothing")
    batch: BatchBudget | None = Field(default=None, description="The batch that started it")
    run_id: str = Field(default="", description="Temporal's id of the first run of the chain that wrote this")
    answered: tuple[Answered, ...] = Field(default=(), description="The newest requests with an idempotency key")
    events: tuple[Event, ...] = ()


class Progress(Model):
    """The answer of the query `progress(after)`: the status and only the events past `after`."""

    production_id: str
    status: ProductionStatus
    plan_digest: str | None
    spent_usd: Money
    last_event_id: int
    events: tuple[Event, ...]


class AssetRecord(Model):
    """One asset as callers see it. `file_url` is a path of this API that leads to the media for a short time."""

    content_id: str
    asset_id: str
    asset_type: Modality
    role: str
    label: str
    provider: str
    model: str
    prompt: str
    position: int
    status: AssetStatus
    file_url: str | None
    take: int | None
    takes: int
    cost_usd: Money
    cost_source: Literal["vendor", "usage", "catalogue", "unknown"] | None = Field(
        default=None, description="Where the cost of the take in use is from; unknown: nobody published its price"
    )
    error: str | None
    error_kind: str
    attention: AttentionReason | None
    waiting: AttentionItem | None = Field(default=None, description="What is to be decided about it, with the answers")
    stale: bool
    stale_because: tuple[str, ...] = Field(
        default=(), description="What changed since: prompt, model, parameters, depends_on, or an input's asset id"
    )
    refresh_usd: Money | None = Field(default=None, description="Of a stale asset: what remaking it costs at most")
    making: int = Field(default=0, description="How many takes of it are being made")
    cancelled: Literal["free", "billed", "stopped", "running"] | None = None
    job_id: str | None = Field(default=None, description="Of a cancelled take that may still run at the provider")
    media_type: str | None
    duration_seconds: float | None


class ProductionStart(Model):
    """The workflow's input. `carried` is where an earlier run stopped: continue-as-new, or reopening.

    `reports_to` is the id of a workflow that gets the signal `told` with a Report whenever the status changes.
    """

    production_id: ProductionId
    brief: Brief
    carried: Snapshot | None = None
    reports_to: str = ""
    batch: BatchBudget | None = None


class Report(Model):
    """How far a production is, as it tells the workflow that started it."""

    production_id: str
    status: ProductionStatus
    plan_digest: str | None = None
    high_usd: Money = Field(default=ZERO, description="The plan's high price, and what planning has cost")
    unknown_prices: bool = False
    spent_usd: Money = ZERO
    error: str = ""
