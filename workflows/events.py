"""The state of a production as callers see it: statuses, the event log, progress and the snapshot."""

import json
from datetime import datetime
from typing import Literal

from pydantic import AliasChoices, BaseModel, Field, JsonValue

from workflows.agents.grants import Grant
from workflows.base import AssetStatus as AssetStatus
from workflows.base import ProductionStatus as ProductionStatus
from workflows.brief import BatchBudget, Brief
from workflows.judging.verdicts import Verdict
from workflows.models import (
    ZERO,
    Asset,
    Charges,
    Deliverable,
    Estimate,
    Media,
    Modality,
    Model,
    Money,
    Plan,
    ProductionId,
    Take,
)
from workflows.naming.events import TRANSIENT_EVENTS as TRANSIENT_EVENTS
from workflows.naming.events import Answer as Answer
from workflows.naming.events import AttentionReason as AttentionReason
from workflows.naming.events import EventName as EventName
from workflows.quality import Finding
from workflows.references.analysis import AnalysisSummary, Correction
from workflows.requests import Approval, Pause
from workflows.reuse.reused import Reused
from workflows.series.accounts import Allowance


class Event(Model):
    """One entry of the event log, numbered from 1 without gaps over all runs of a production."""

    id: int = Field(ge=1)
    name: EventName
    at: datetime
    asset_id: str | None = None
    data: dict[str, JsonValue] = Field(default_factory=dict)


def event_json(production_id: str, event: BaseModel) -> str:
    """An event as JSON: the data of its server-sent event, and the body of a webhook."""
    body = {**event.model_dump(mode="json"), "production_id": production_id}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


class TakeOrder(Model):
    """A decision about a take with an ambiguous submission: adopt this job, or submit once more.

    `number` is the number of the decision's event, so the ledger applies each order once. A ledger that has newer facts
    than the attention item had, another job or the media, takes precedence.
    """

    number: int
    adopt_job_id: str | None = None
    about_job_id: str | None = Field(default=None, description="The job in the attention item")


class AttentionItem(Model):
    """One pending decision: its reason and time, the evidence, and the possible decisions."""

    id: int = Field(description="The number of the event that reported it; a decision may name it as `attention`")
    reason: AttentionReason
    since: datetime
    asset_id: str | None = None
    message: str = ""
    job_id: str | None = Field(default=None, description="The provider's id of the job in question")
    provider: str | None = None
    model: str | None = None
    cost_usd: Money = Field(default=ZERO, description="Billed so far for the asset, or otherwise for the production")
    price_usd: Money | None = Field(default=None, description="The most that a decision to spend may cost, if known")
    proposal: str = Field(default="", description="A prompt that is submitted only if a person accepts it")
    replacement: tuple[str, ...] = Field(default=(), description="Models that may replace a retired one")
    plan_digest: str | None = None
    missing_languages: tuple[str, ...] = Field(default=(), description="Of the brief, without narration in the plan")
    deadline: datetime | None = None
    answers: tuple[Answer, ...] = ()


class Waiting(Model):
    """Since when an asset waits for a decision, with the facts of its failure that AssetState does not hold."""

    id: int
    since: datetime
    job_id: str | None = None
    doubt_usd: Money = Field(default=ZERO, description="The reserved cost of an ambiguous submission")
    replacement: tuple[str, ...] = ()
    proposal: str = ""


class ExtraTake(Model):
    """A further take of an asset, for a later selection; made from the asset as it was at the request."""

    number: int
    asset: Asset
    started: bool = False
    order: TakeOrder | None = None
    booked_usd: Money = Field(default=ZERO, description="The part of its bills that spent_usd includes")
    given_up: bool = Field(default=False, description="A person decided to go on without it: nothing is sent for it")


class Refinement(Model):
    """The next take of an asset, which is made from a verdict's better prompt."""

    number: int = Field(ge=1, le=4, description="How many refinements there are with this one")
    from_take: int
    prompt: str


class AssetState(Model):
    """The state of one asset of the plan. `selected` is the number of the selected take, 0 before the first."""

    status: AssetStatus = AssetStatus.PENDING
    takes: tuple[Take, ...] = ()
    selected: int = 0
    next_take: int = 1
    booked_usd: Money = Field(default=ZERO, description="The part of the next take's bills that spent_usd includes")
    attention: AttentionReason | None = None
    error: str | None = None
    error_kind: str = Field(default="", description="The error's name in the tree, e.g. 'content_refused'")
    stale: bool = False
    stale_because: tuple[str, ...] = Field(default=(), description="What changed: as in the asset's record")
    corrected: tuple[str, ...] = Field(default=(), description="Its `sources` that were corrected after its take")
    settled: dict[str, str] = Field(
        default_factory=dict, description="Digests for which a person accepted the selected take, if not its own"
    )
    extra: tuple[ExtraTake, ...] = Field(default=(), description="Further takes that are pending or in production")
    lost: tuple[ExtraTake, ...] = Field(
        default=(), description="Ambiguous takes that were given up and count as billed; their media may still appear"
    )
    waiting: Waiting | None = None
    cancelled: Literal["free", "billed", "stopped", "running"] | None = Field(
        default=None, description="The outcome of the take that was in production at the cancellation"
    )
    job_id: str | None = Field(default=None, description="The job of a cancelled take that may still run")
    order: TakeOrder | None = None
    made_with: dict[str, int] = Field(
        default_factory=dict, description="Input id -> its take, for a take that is in production or ambiguous"
    )
    seconds: float | None = Field(default=None, description="The length that its narration chose, for the same take")
    unknown_allowed: tuple[str, ...] = Field(
        default=(), description="provider/model of unpublished price that a person allowed for this asset"
    )
    model: int = Field(default=0, description="The index of its model: 0 its own, then its fallbacks from 1")
    judging: bool = Field(default=False, description="The next take is made, and its verdict is pending")
    refinement: Refinement | None = Field(default=None, description="Of the next take, if it is a refinement")

    @property
    def take(self) -> Take | None:
        return next((t for t in self.takes if t.number == self.selected), None)


class Receipt(Model):
    """The result of an update: the current state."""

    status: ProductionStatus
    plan_digest: str | None
    last_event_id: int


class AnsweredRequest(Model):
    """A request with an idempotency key, and its result: one of the last three fields."""

    key: str = Field(description="A digest of the caller's key")
    request: str = Field(description="A digest of the request")
    receipt: Receipt | None = None
    plan_digest: str = Field(default="", description="The digest of the plan that was the result")
    refused: dict[str, JsonValue] = Field(
        default_factory=dict, description="A Refusal, if the request was refused after it had caused a cost"
    )


class Snapshot(Model):
    """The whole state of a production: the workflow's result, its manifest, and the start of a reopened run."""

    production_id: str
    status: ProductionStatus
    brief: Brief
    created_at: datetime
    updated_at: datetime
    references: tuple[Media, ...] = Field(default=(), description="The brief's references, as stored")
    analyses: tuple[AnalysisSummary, ...] = Field(default=(), description="What was read in the references")
    corrections: tuple[Correction, ...] = Field(default=(), description="What people changed in the analyses")
    plan: Plan | None = None
    approval: Approval | None = None
    approved_at: datetime | None = None
    budget_usd: Money | None = Field(default=None, description="The most that may be spent; the approval sets it")
    lowered_usd: Money | None = Field(
        default=None,
        description="The budget to which a person lowered it: only a request that names a higher one raises it again",
    )
    spent_usd: Money = ZERO
    estimate_usd: Estimate | None = Field(
        default=None, description="In a manifest: the price range of all takes, and of the assets without one"
    )
    learned: dict[str, Charges] = Field(
        default_factory=dict, description="provider/model -> its charges above, or without, a published price"
    )
    overrun_usd: Money = Field(default=ZERO, description="The part of spent_usd that exceeds published prices")
    assets: dict[str, AssetState] = Field(default_factory=dict)
    deliverable: Deliverable | None = None
    feedback: tuple[str, ...] = ()
    error: str | None = None
    deadline: datetime | None = Field(default=None, description="The time at which it expires without an approval")
    reminded: bool = False
    escalated: bool = False
    approvals: tuple[Approval, ...] = Field(default=(), description="The approvals so far of the current plan")
    paused: Pause | None = None
    gate: Literal["", "waiting", "open"] = Field(default="", description="The approval of stills before any video")
    waiting: AttentionItem | None = Field(default=None, description="The pending decision about the whole production")
    notified: int = Field(
        default=0,
        validation_alias=AliasChoices("notified", "told"),  # its earlier name
        description="The number of the last event that was sent to webhooks",
    )
    preview_of: str = Field(default="", description="The production that this one previews; it spends nothing")
    batch: BatchBudget | None = Field(default=None, description="The batch that started it")
    allowance: Allowance | None = Field(default=None, description="Of a part of a series: what was granted to it")
    grant: Grant | None = Field(
        default=None, description="Of an agent's production: the grant that planning may use before the approval"
    )
    run_id: str = Field(default="", description="Temporal's id of the first run of the chain that wrote this record")
    answered: tuple[AnsweredRequest, ...] = Field(default=(), description="The newest requests with an idempotency key")
    translation_requests: int = Field(default=0, description="The edits that have asked for translations, also in vain")
    build: str = Field(default="", description="In a manifest: the version and build of the worker that wrote it")
    earlier: dict[str, Money] = Field(
        default_factory=dict, description="Takes that only a run before a reset has made -> what is spent for each"
    )
    resets: tuple[datetime, ...] = Field(
        default=(), description="When a run went on after a reset, as the events since"
    )
    events: tuple[Event, ...] = ()


class Progress(Model):
    """The result of the query `progress(after)`: the status and only the events after `after`."""

    production_id: str
    status: ProductionStatus
    plan_digest: str | None
    spent_usd: Money
    last_event_id: int
    events: tuple[Event, ...]
    resets: tuple[datetime, ...] = ()


class AssetRecord(Model):
    """One asset as callers see it. `file_url` is a path of this API that redirects to the media for a short time."""

    content_id: str = Field(description="Names the content that the asset belongs to; the same for all of its takes")
    asset_id: str
    asset_type: Modality
    role: str
    language: str = Field(default="", description="Of a narration in a further language")
    translates: str = ""
    replaces: str = Field(default="", description="The asset of which it is a version, shown in its place")
    label: str
    provider: str
    model: str
    prompt: str
    delivery: str = Field(default="", description="Of speech: how the prompt is said")
    revised_prompt: str | None = Field(
        default=None, description="The prompt after the planner or the vendor rewrote it; null if it is as written"
    )
    position: int
    status: AssetStatus
    file_url: str | None
    take: int | None
    takes: int
    cost_usd: Money
    estimate_usd: Estimate | None = Field(default=None, description="The price range of its takes, or of its first one")
    cost_source: Literal["vendor", "usage", "catalogue", "unknown"] | None = Field(
        default=None, description="The source of the selected take's cost; unknown: it has no published price"
    )
    reused: Reused | None = Field(default=None, description="The take of another production whose media its take has")
    error: str | None
    error_kind: str
    attention: AttentionReason | None
    waiting: AttentionItem | None = Field(default=None, description="The pending decision about it")
    stale: bool
    stale_because: tuple[str, ...] = Field(default=(), description="What changed: a field, or the id of an input")
    refresh_usd: Money | None = Field(default=None, description="The most that a refresh of a stale asset costs")
    making: int = Field(default=0, description="The number of its takes in production")
    cancelled: Literal["free", "billed", "stopped", "running"] | None = None
    job_id: str | None = None
    media_type: str | None
    duration_seconds: float | None
    findings: tuple[Finding, ...] = Field(default=(), description="Of the checks of its take, or of one that failed")
    verdict: Verdict | None = Field(default=None, description="Of its take, or of the one that waits for a decision")
    review_usd: Estimate | None = Field(default=None, description="The price range of its verdicts and refinements")


class ProductionStart(Model):
    """The input. `carried` is the end of an earlier run. `reports_to` gets a Report by the signal `report`."""

    production_id: ProductionId
    brief: Brief
    carried: Snapshot | None = None
    reports_to: str = ""
    batch: BatchBudget | None = None
    grant: Grant | None = None


class Report(Model):
    """The state of a production, as it reports it to the workflow that started it."""

    production_id: str
    status: ProductionStatus
    plan_digest: str | None = None
    high_usd: Money = Field(default=ZERO, description="The plan's high price and the cost of planning")
    low_usd: Money = Field(default=ZERO, description="The same with its low price, while it awaits approval")
    assets: int = Field(default=0, description="The number of assets of its plan")
    unknown_prices: bool = False
    missing_languages: tuple[str, ...] = Field(default=(), description="As in the attention item of the plan")
    spent_usd: Money = ZERO
    error: str = ""
    again_seconds: float = Field(default=0, description="Poll it again then: it is closed, and its cost is not known")
