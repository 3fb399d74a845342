"""Responses of the API: the public view of a production and its parts."""

from datetime import datetime
from decimal import Decimal
from typing import Final, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from api.auth.roles import Role
from api.views.assets import approve_usd, asset_records
from api.views.streams.event_ids import last_id
from workflows import keys
from workflows.brief import (
    Brief,
    Platform,
)
from workflows.continuity.drafts import finals_price
from workflows.cut import Cut
from workflows.events import AssetRecord, AttentionItem, EventName, ProductionStatus, Snapshot
from workflows.judging.policy import Terms
from workflows.models import ZERO, Alternative, Asset, Chapter, Estimate, Measured, Money, Plan
from workflows.production.state.estimates import production_estimate
from workflows.prompts.uses import PromptUse
from workflows.references.kinds import ReferenceKind
from workflows.requests import Approval, Pause
from workflows.spoken import languages

PREFIX: Final = "/api/v1"


class View(BaseModel):
    """Base of all responses. Fields are never removed; clients ignore fields that they do not know."""

    model_config = ConfigDict(frozen=True)


class Links(View):
    """Paths of this API, and the run in the Temporal UI where its address is configured."""

    production: str
    events: str
    deliverable: str
    manifest: str
    temporal_ui: str | None = None


class StoredReference(View):
    """A stored file, which briefs can name as a reference."""

    source: str = Field(description="The value for `references` in a brief")
    bytes: int
    kind: ReferenceKind = Field(
        default=ReferenceKind.PICTURE, description="By the first bytes of the file; a worker reads the whole file later"
    )


class LanguageShare(View):
    """One language of a film, and its share of the price; the original has everything that the languages share."""

    language: str
    original: bool = False
    low_usd: Money
    high_usd: Money
    unknown: bool = Field(default=False, description="A part has no published price, and is not in the amounts")
    narrations: int
    outdated: tuple[str, ...] = Field(
        default=(), description="Ids of narrations that translate an earlier text of the original"
    )
    untranslated: tuple[str, ...] = Field(default=(), description="Texts of the original that have no translation")


def language_shares(plan: Plan, original: str) -> tuple[LanguageShare, ...]:
    """The languages of a film; none of a plan with one language."""
    prices = languages.shares(plan)
    if not prices:
        return ()
    further = [
        LanguageShare(
            language=tag,
            low_usd=price.low,
            high_usd=price.high,
            unknown=price.unknown,
            narrations=len(known),
            outdated=tuple(a.asset_id for a in known.values() if languages.is_outdated(plan, a)),
            untranslated=tuple(languages.to_translate(plan, tag)),
        )
        for tag, price in prices.items()
        for known in (languages.in_language(plan, tag),)
    ]
    first = LanguageShare(
        language=original,
        original=True,
        low_usd=max(plan.low_usd - sum((s.low_usd for s in further), ZERO), ZERO),
        high_usd=max(plan.high_usd - sum((s.high_usd for s in further), ZERO), ZERO),
        unknown=any(a.unknown_price for a in plan.assets if not a.language),
        narrations=len(languages.narrations(plan)),
    )
    return (first, *further)


class PlanView(View):
    """A plan with its total price range."""

    title: str
    digest: str
    planner: str
    low_usd: Money
    high_usd: Money
    assets: tuple[Asset, ...]
    warnings: tuple[str, ...] = ()
    unknown_prices: tuple[str, ...] = Field(
        default=(), description="Ids of the assets without a published price; the total does not include them"
    )
    cut: Cut = Cut()
    languages: tuple[LanguageShare, ...] = Field(
        default=(), description="Of a film in several languages: the original, then the further ones"
    )
    finals: dict[str, tuple[Alternative, ...]] = Field(
        default_factory=dict,
        description="Of a draft, by asset: the model of the finals, then its fallbacks; `assets` have the draft's",
    )
    finals_usd: Estimate | None = Field(default=None, description="Of a draft: the price of the finals, made after it")
    quality: Terms | None = Field(default=None, description="How the takes are reviewed; null: they are only checked")
    prompts: tuple[PromptUse, ...] = Field(
        default=(), description="The versions of Greenlight's own prompts; empty where no language model is enabled"
    )
    review_usd: Estimate | None = Field(
        default=None, description="The part of the price for verdicts and refinements; low: one verdict for each take"
    )

    @property
    def planned_by(self) -> str:
        """The planner, with the versions of prompts that are not the built-in ones."""
        return ", ".join([self.planner, *(use.label for use in self.prompts if use.version)])

    @classmethod
    def of(cls, plan: Plan, original: str = "") -> "PlanView":
        return cls(
            title=plan.title,
            digest=plan.digest,
            planner=plan.planner,
            low_usd=plan.low_usd,
            high_usd=plan.high_usd,
            assets=plan.assets,
            warnings=plan.warnings,
            unknown_prices=plan.unknown_prices,
            cut=plan.cut,
            languages=language_shares(plan, original),
            finals=plan.finals,
            finals_usd=finals_price(plan) if plan.finals else None,
            quality=plan.quality,
            prompts=plan.prompts,
            review_usd=plan.review_usd if plan.quality else None,
        )


class FileView(View):
    """One file of the deliverable. `url` is a path of this API, which redirects to a short-lived link to the bytes."""

    name: str
    role: str
    media_type: str
    language: str = Field(default="", description="Of a file in a further language; empty for the original")
    bytes: int
    sha256: str
    url: str
    width: int | None = None
    height: int | None = None
    duration_seconds: float | None = None
    measured: Measured | None = Field(
        default=None, description="For a film: its loudness, true peak and rate, and the checks of its destination"
    )


class DeliverableView(View):
    revision: int
    files: tuple[FileView, ...] = Field(description="The first is the main one")
    notes: tuple[str, ...] = ()
    duration_seconds: float | None = None
    chapters: tuple[Chapter, ...] = Field(default=(), description="For a film: the start of each shot")


class Started(View):
    """A production that was started, now or by an earlier request with the same Idempotency-Key."""

    production_id: str
    status: ProductionStatus
    links: Links


class ProductionView(View):
    """The whole state of a production."""

    production_id: str
    status: ProductionStatus
    brief: Brief
    created_at: datetime
    updated_at: datetime
    plan: PlanView | None = None
    assets: tuple[AssetRecord, ...] = Field(default=(), description="In plan order")
    budget_usd: Money | None = Field(default=None, description="The most that may be spent; set by the approval")
    spent_usd: Money = Decimal(0)
    estimate_usd: Estimate | None = Field(
        default=None, description="The price range of all takes, and of the assets without one; without planning"
    )
    overrun_usd: Money = Field(default=ZERO, description="The part of spent_usd above published prices")
    approve_usd: Money | None = Field(
        default=None,
        description="While assets wait for another approval: the whole budget to name in it, to release all that waits",
    )
    approval: Approval | None = None
    approved_at: datetime | None = None
    approvals: tuple[Approval, ...] = Field(default=(), description="So far, for the plan that waits for approval")
    deadline: datetime | None = Field(default=None, description="Without an approval by then the production expires")
    gate: Literal["", "waiting", "open"] = Field(default="", description="The approval of stills before video is paid")
    paused: Pause | None = Field(default=None, description="Running work is finished, and no new work is started")
    waiting: AttentionItem | None = Field(default=None, description="The pending decision about the whole production")
    preview_of: str = Field(default="", description="The production whose plan this preview shows without cost")
    series_id: str = Field(
        default="", description="The series (a batch) that it is a part of: all plans of it are approved together"
    )
    preview: str | None = Field(
        default=None, description="The preview of the plan that awaits approval, once someone has requested it"
    )
    feedback: tuple[str, ...] = ()
    deliverable: DeliverableView | None = None
    error: str | None = None
    last_event_id: int = Field(default=0, description="The number of the last event")
    resume_id: int = Field(default=0, description="The SSE id of the last event: send it as Last-Event-ID")
    links: Links

    @property
    def unknown_costs(self) -> int:
        """How many assets have a cost that `spent_usd` leaves out, because their price is not published."""
        return sum(record.cost_source == "unknown" for record in self.assets)


class ListedProduction(View):
    """One line of the list, from Temporal's visibility store."""

    production_id: str
    status: ProductionStatus
    platform: Platform | None = None
    title: str = ""
    tenant: str | None = None
    requester: str | None = None
    spent_usd: Money | None = None
    overrun_usd: Money = Field(default=ZERO, description="The part of spent_usd above published prices")
    created_at: datetime = Field(description="The time of the first start, also where it was opened again later")
    closed_at: datetime | None = None
    links: Links


class ProductionPage(View):
    """Open ones come on the first pages and first on each page, the newest at the top, then the most recently closed.

    `next_page_token` is null on the last page. No production is missed; one that closes, or is opened again, while the
    pages are read can be on two of them.
    """

    productions: tuple[ListedProduction, ...]
    next_page_token: str | None = None


class StreamEvent(View):
    """The data of one server-sent event, and the body of a webhook.

    plan_progress, asset_progress and stalled carry no id: they are not in the log, and webhooks do not get them.
    """

    id: int | None = Field(default=None, ge=1, description="Its number in the log")
    name: EventName
    at: datetime
    asset_id: str | None = None
    data: dict[str, JsonValue] = Field(default_factory=dict)
    production_id: str = ""
    resume_id: int | None = Field(
        default=None,
        description="The SSE id, which the Python client adds: larger than `id` after a reset",
    )


class Ready(View):
    """The readiness checks, each with 'ok' or the reason why not."""

    ready: bool
    checks: dict[str, str]


class SessionView(View):
    """The caller. Without keys the API is `open`: every user of this machine may act for any tenant."""

    open: bool
    name: str
    tenant: str | None
    roles: tuple[Role, ...]


class Home(View):
    """The addresses of this API."""

    name: str
    version: str
    links: dict[str, str]


def production_path(production_id: str) -> str:
    return f"{PREFIX}/productions/{production_id}"


def links_of(production_id: str, ui_url: str, namespace: str) -> Links:
    path = production_path(production_id)
    run = f"{ui_url}/namespaces/{namespace}/workflows/{keys.workflow_id(production_id)}"
    return Links(
        production=path,
        events=f"{path}/events",
        deliverable=f"{path}/deliverable",
        manifest=f"{path}/manifest",
        temporal_ui=run if ui_url else None,
    )


def production_view(snapshot: Snapshot, links: Links, preview: str | None = None) -> ProductionView:
    """The public view of a snapshot.

    Args:
        preview: The production id of its plan's preview.
    """
    return ProductionView(
        production_id=snapshot.production_id,
        status=snapshot.status,
        brief=snapshot.brief,
        created_at=snapshot.created_at,
        updated_at=snapshot.updated_at,
        plan=PlanView.of(snapshot.plan, snapshot.brief.language) if snapshot.plan else None,
        assets=tuple(asset_records(snapshot)),
        budget_usd=snapshot.budget_usd,
        spent_usd=snapshot.spent_usd,
        estimate_usd=production_estimate(snapshot),
        overrun_usd=snapshot.overrun_usd,
        approve_usd=approve_usd(snapshot),
        approval=snapshot.approval,
        approved_at=snapshot.approved_at,
        approvals=snapshot.approvals,
        gate=snapshot.gate,
        paused=snapshot.paused,
        waiting=snapshot.waiting,
        preview_of=snapshot.preview_of,
        series_id=snapshot.batch.batch_id if snapshot.batch and snapshot.batch.series else "",
        preview=preview,
        deadline=snapshot.deadline,
        feedback=snapshot.feedback,
        deliverable=_deliverable(snapshot, links),
        error=snapshot.error,
        last_event_id=snapshot.events[-1].id if snapshot.events else 0,
        resume_id=last_id(snapshot.events, snapshot.resets),
        links=links,
    )


def _deliverable(snapshot: Snapshot, links: Links) -> DeliverableView | None:
    made = snapshot.deliverable
    if made is None:
        return None
    files = tuple(
        FileView(
            name=f.name,
            role=f.role,
            language=f.language,
            url=f"{links.deliverable}?file={quote(f.name)}",
            measured=f.measured,
            **f.media.model_dump(exclude={"key"}),
        )
        for f in made.files
    )
    return DeliverableView(
        revision=made.revision,
        files=files,
        notes=made.notes,
        duration_seconds=made.duration_seconds,
        chapters=made.chapters,
    )
