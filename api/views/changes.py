"""Responses about takes, the history of a plan, revisions, and pending decisions."""

from datetime import datetime
from typing import Final, Literal

from pydantic import Field, JsonValue, TypeAdapter

from api.views.assets import take_url
from api.views.production import Links, View
from workflows.brief import Platform
from workflows.events import AttentionItem, Event, Snapshot
from workflows.judging.verdicts import Verdict
from workflows.models import Digest, Estimate, Money, Take
from workflows.quality import Checks
from workflows.reuse.reused import Reused

_CHANGING: Final = ("plan_ready", "plan_edited")


class TakePicture(View):
    """A picture of an illustrated text. The text has a line `![…](pictures/NAME)` in its place."""

    name: str
    url: str
    media_type: str
    bytes: int
    sha256: str
    width: int | None = None
    height: int | None = None


class TakeView(View):
    """One take of an asset: its inputs, its media and its cost. `url` leads to the media."""

    number: int
    selected: bool = Field(description="Whether it is the one in use")
    stale: bool = Field(default=False, description="For the take in use: one of its inputs has changed")
    stale_because: tuple[str, ...] = Field(
        default=(),
        description="The changed inputs: prompt, delivery, model, parameters, depends_on, or the id of an input",
    )
    prompt: str
    delivery: str = Field(default="", description="Of speech: how the prompt is said")
    provider: str = Field(description="'upload' for a person's own file")
    model: str
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    cost_usd: Money
    cost_source: Literal["vendor", "usage", "catalogue", "unknown"]
    billed_usd: Money = Field(description="For all submissions of this take, including failed ones")
    estimate_usd: Estimate | None = Field(default=None, description="The price range of the plan it was made from")
    job_id: str | None = None
    note: str = Field(
        default="",
        description="For a person's own file: its owner and its name. For a reused take: where it comes from",
    )
    checks: Checks = Field(
        default=Checks(),
        description="What the checks measured and found. A take with a hard finding has failed: it is used only after "
        "`select`. Empty for a take that was not checked",
    )
    verdict: Verdict | None = Field(
        default=None, description="The judge's scores and reasons; without a score, why the take is unjudged"
    )
    reused: Reused | None = Field(
        default=None, description="The take of another production whose media it has: it cost nothing here"
    )
    refined_from: int = Field(default=0, description="The take whose verdict gave this one its prompt; 0: none")
    media_type: str
    bytes: int
    sha256: str
    width: int | None = None
    height: int | None = None
    duration_seconds: float | None = None
    url: str
    pictures: tuple[TakePicture, ...] = Field(default=(), description="Of an illustrated text, in their order")
    inputs: dict[str, int] = Field(default_factory=dict, description="Asset id -> number of the take it was made from")
    made_from: dict[str, str] = Field(default_factory=dict, description="Digests of its inputs")
    started_at: datetime
    finished_at: datetime


class InlineMedia(View):
    """A small take inside a JSON response."""

    content_id: str
    asset_id: str
    take: int
    media_type: str
    bytes: int
    sha256: str
    base64: str = Field(description="The bytes in base64 (RFC 4648, section 4)")


class TakesView(View):
    """All takes of an asset, also of one that was dropped from the plan later."""

    production_id: str
    asset_id: str
    takes: tuple[TakeView, ...] = Field(description="By their number")


class PlanChange(View):
    """One changed field. An added asset has no `before`, a dropped one no `after`."""

    asset_id: str | None = None
    field: str
    before: JsonValue = None
    after: JsonValue = None


class PlanVersion(View):
    """One version of a plan: who made it, when, how, and its changes. Long texts are cut."""

    event_id: int
    at: datetime
    plan_digest: Digest
    by: str = ""
    how: str = Field(default="", description="draft, revise, edit, regenerate, retry or reprice")
    feedback: str = ""
    changes: tuple[PlanChange, ...] = ()


class PlanHistory(View):
    """All versions of a production's plan, the oldest first."""

    production_id: str
    plan_digest: str | None = Field(description="The current plan")
    versions: tuple[PlanVersion, ...]


class RevisionFile(View):
    """One file of a revision. `url` is a path of this API, which redirects to a short-lived link to the bytes."""

    name: str
    bytes: int
    url: str


class RevisionView(View):
    """One version of the deliverable, with its manifest."""

    revision: int
    stored_at: datetime
    files: tuple[RevisionFile, ...]


class DeliverablesView(View):
    """All revisions of the deliverable, the newest first."""

    production_id: str
    revisions: tuple[RevisionView, ...]


class AttentionEntry(View):
    """One pending decision, with its production."""

    production_id: str
    title: str = ""
    platform: Platform | None = None
    tenant: str | None = None
    requester: str | None = None
    waiting: AttentionItem
    links: Links


class AttentionView(View):
    """Pending decisions, the oldest first."""

    entries: tuple[AttentionEntry, ...]
    complete: bool = Field(
        default=True, description="False where more productions wait than one response covers: see next_page_token"
    )
    next_page_token: str | None = None


def waiting_since(entry: AttentionEntry) -> tuple[datetime, str, int]:
    """The order of pending decisions: the oldest first."""
    return entry.waiting.since, entry.production_id, entry.waiting.id


def takes_of(snapshot: Snapshot, asset_id: str) -> TakesView | None:
    """The takes of an asset, or None where the production has no such asset."""
    state = snapshot.assets.get(asset_id)
    if state is None and not (snapshot.plan and snapshot.plan.find(asset_id)):
        return None

    def view(take: Take) -> TakeView:
        selected = state is not None and take.number == state.selected
        url = take_url(snapshot.production_id, asset_id, take.number)
        return TakeView(
            selected=selected,
            stale=selected and state is not None and state.stale,
            stale_because=state.stale_because if selected and state else (),
            url=url,
            pictures=tuple(
                TakePicture(name=p.name, url=f"{url}?picture={n}", **p.model_dump(exclude={"key", "unsigned_sha256"}))
                for n, p in enumerate(take.media.pictures, start=1)
            ),
            **take.model_dump(exclude={"media"}),
            **take.media.model_dump(exclude={"key", "pictures"}),
        )

    takes = sorted(state.takes if state else (), key=lambda take: take.number)
    return TakesView(production_id=snapshot.production_id, asset_id=asset_id, takes=tuple(map(view, takes)))


def plan_history(snapshot: Snapshot) -> PlanHistory:
    """The versions of the plan from the event log."""
    return PlanHistory(
        production_id=snapshot.production_id,
        plan_digest=snapshot.plan.digest if snapshot.plan else None,
        versions=tuple(_version(e) for e in snapshot.events if e.name in _CHANGING),
    )


def _version(event: Event) -> PlanVersion:
    data = event.data
    return PlanVersion(
        event_id=event.id,
        at=event.at,
        plan_digest=str(data["plan_digest"]),
        by=str(data.get("by") or ""),
        how=str(data.get("how") or ""),
        feedback=str(data.get("feedback") or ""),
        changes=_CHANGES.validate_python(data.get("changes") or ()),
    )


_CHANGES: TypeAdapter[tuple[PlanChange, ...]] = TypeAdapter(tuple[PlanChange, ...])
