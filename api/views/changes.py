"""What the API answers about changes: takes, the history of a plan, revisions, and what waits for a person."""

from datetime import datetime
from typing import Final, Literal

from pydantic import Field, JsonValue, TypeAdapter

from api.views.assets import take_url
from api.views.production import Links, View
from workflows.events import AttentionItem, Event, Snapshot
from workflows.models import Digest, Money, Platform, Take

_CHANGING: Final = ("plan_ready", "plan_edited")


class TakeView(View):
    """One take of an asset: what it was made from, what it is, what it cost. `url` leads to the media."""

    number: int
    selected: bool = Field(description="Whether it is the one in use")
    stale: bool = Field(default=False, description="Of the one in use: something that it was made from has changed")
    stale_because: tuple[str, ...] = Field(
        default=(), description="What changed since: prompt, model, parameters, depends_on, or an input's asset id"
    )
    prompt: str
    provider: str = Field(description="'upload' where it is a person's own file")
    model: str
    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    cost_usd: Money
    cost_source: Literal["vendor", "usage", "catalogue", "unknown"]
    billed_usd: Money = Field(description="All submissions of this take, the failed ones too")
    job_id: str | None = None
    note: str = Field(default="", description="Of a person's own file: whose it is and what it was called")
    media_type: str
    bytes: int
    sha256: str
    width: int | None = None
    height: int | None = None
    duration_seconds: float | None = None
    url: str
    inputs: dict[str, int] = Field(default_factory=dict, description="Asset id -> number of the take it was made from")
    made_from: dict[str, str] = Field(default_factory=dict, description="Digests of what it was made from")
    started_at: datetime
    finished_at: datetime


class TakesView(View):
    """All takes of an asset, also of one that the plan has dropped since."""

    production_id: str
    asset_id: str
    takes: tuple[TakeView, ...] = Field(description="By their number")


class PlanChange(View):
    """One field that became another. An added asset has no `before`, a dropped one no `after`."""

    asset_id: str | None = None
    field: str
    before: JsonValue = None
    after: JsonValue = None


class PlanVersion(View):
    """One state of a plan: who made it, when, how, and what became different. Long texts are cut."""

    event_id: int
    at: datetime
    plan_digest: Digest
    by: str = ""
    how: str = Field(default="", description="draft, revise, edit, regenerate or retry")
    feedback: str = ""
    changes: tuple[PlanChange, ...] = ()


class PlanHistory(View):
    """Every plan that a production has had, the oldest first."""

    production_id: str
    plan_digest: str | None = Field(description="The current plan")
    versions: tuple[PlanVersion, ...]


class RevisionFile(View):
    """One file of a revision. `url` is a path of this API that leads to the bytes for a short time."""

    name: str
    bytes: int
    url: str


class RevisionView(View):
    """One state of the deliverable, with the manifest of how it came to be."""

    revision: int
    stored_at: datetime
    files: tuple[RevisionFile, ...]


class DeliverablesView(View):
    """All revisions of the deliverable, the newest first."""

    production_id: str
    revisions: tuple[RevisionView, ...]


class AttentionEntry(View):
    """One thing that waits for a person, with the production that it holds up."""

    production_id: str
    title: str = ""
    platform: Platform | None = None
    tenant: str | None = None
    requester: str | None = None
    waiting: AttentionItem
    links: Links


class AttentionView(View):
    """What waits for a person, the longest waiting first."""

    entries: tuple[AttentionEntry, ...]
    complete: bool = Field(
        default=True, description="False where more productions wait than one answer reads; narrow it by tenant"
    )


def takes_of(snapshot: Snapshot, asset_id: str) -> TakesView | None:
    """The takes of an asset; None where the production has no such asset."""
    state = snapshot.assets.get(asset_id)
    if state is None and not (snapshot.plan and snapshot.plan.find(asset_id)):
        return None

    def view(take: Take) -> TakeView:
        selected = state is not None and take.number == state.selected
        return TakeView(
            selected=selected,
            stale=selected and state is not None and state.stale,
            stale_because=state.stale_because if selected and state else (),
            url=take_url(snapshot.production_id, asset_id, take.number),
            **take.model_dump(exclude={"media"}),
            **take.media.model_dump(exclude={"key"}),
        )

    takes = sorted(state.takes if state else (), key=lambda take: take.number)
    return TakesView(production_id=snapshot.production_id, asset_id=asset_id, takes=tuple(map(view, takes)))


def plan_history(snapshot: Snapshot) -> PlanHistory:
    """What the event log says of the plan."""
    return PlanHistory(
        production_id=snapshot.production_id,
        plan_digest=snapshot.plan.digest if snapshot.plan else None,
        versions=tuple(_version(e) for e in snapshot.events if e.name in _CHANGING),
    )


def _version(event: Event) -> PlanVersion:
    data = event.data
    # Productions from before the history was kept name nobody but the editor.
    by = data.get("by") or data.get("editor") or ""
    how = data.get("how") or ("edit" if "editor" in data else "")
    return PlanVersion(
        event_id=event.id,
        at=event.at,
        plan_digest=str(data["plan_digest"]),
        by=str(by),
        how=str(how),
        feedback=str(data.get("feedback") or ""),
        changes=_CHANGES.validate_python(data.get("changes") or ()),
    )


_CHANGES: TypeAdapter[tuple[PlanChange, ...]] = TypeAdapter(tuple[PlanChange, ...])
