"""The inputs and results of activities, and the types of their errors. Pure."""

from collections.abc import Iterable, Sequence
from typing import Final, Literal

from pydantic import Field

from workflows.agents.grants import Grant
from workflows.base import Language
from workflows.brief import MAX_REFERENCES, REFERENCE, BatchBudget, Brief, Platform, Reference, reference_id
from workflows.cut import Cut, Translations
from workflows.events import AttentionReason, Event, TakeOrder
from workflows.models import MASK, ZERO, Asset, Media, Modality, Model, Money, Person, Plan, Slug, Take
from workflows.prices import EarlierRequest
from workflows.provenance.records import Provenance
from workflows.references.analysis import AnalysisSummary, Correction
from workflows.requests import UploadTake
from workflows.reuse.reused import ReuseTerms
from workflows.series.accounts import PartGrant

DRAFT_PLAN: Final = "draft_plan"
PRODUCE_ASSET: Final = "produce_asset"
TAKE_EXISTS: Final = "take_exists"
"""The kind of an AssetFailure: another request has used the take's number before (a workflow that was reset).
`billed_usd` is the cost of that request, which `earlier` describes; this request uses the next number."""
STILL_RUNNING: Final = "StillRunning"
"""The provider's job still runs; the retry is the next poll. It never counts as a failure."""
UPLOAD_REFUSED: Final = "UploadRefused"
REFERENCE_REFUSED: Final = "ReferenceRefused"
"""A reference of the brief cannot be used; the message names the reference and the remedy."""
FIELDS_REFUSED: Final = "FieldsRefused"
"""A review of fields is not possible; the message names the field and the remedy."""
PLAN_INVALID: Final = "PlanInvalid"
"""The plan does not fit the catalogue; the message names the asset, the field and the remedy."""
NAME_CHARS: Final = 80
"""Of a reference's name with each asset that is made from it: 1,000 assets have up to 8 references each."""
SEGMENT_MISSING: Final = "SegmentMissing"
"""A part of a film was deleted after it was found or made; the film is laid out again."""
BUDGET_SHORT: Final = "budget_short"
"""The kind of a failure: a limit is too low for a request to a language model; the message names the limit."""
GRANT_SHORT: Final = "GrantShort"
"""A grant does not cover what an agent wants to release; the message names the grant and what is left of it."""

Inquiry = Literal["draft", "rewrite", "analysis", "languages", "verdict"]
"""The purpose of requests to language models."""


class Payer(Model):
    """The tenant, person and batch whose limits apply to a request to a language model."""

    tenant: Slug
    person: Person = Field(description="The person who caused the request; with API keys, the key's name")
    day: str = Field(pattern=r"^\d{4}-\d\d-\d\d$", description="The day (UTC) of the request")
    batch: BatchBudget | None = None
    grant: Grant | None = Field(default=None, description="Of an agent: the grant that has to cover the request")
    free_only: bool = Field(default=False, description="An agent without a grant: no request may cost anything")


class ReserveGrant(Model):
    """The money of one production that an agent releases."""

    production_id: str
    grant: Grant
    day: str = Field(pattern=r"^\d{4}-\d\d-\d\d$", description="The day (UTC) of the release")
    usd: Money


class TakeInReferences(Model):
    production_id: str
    references: tuple[Reference, ...]
    brief: Brief | None = Field(
        default=None, description="Its `quality` and `models` are checked before anything is paid"
    )


class AnalyseReference(Model):
    """Reads one stored reference: on the worker, and by a model where one is enabled and the limit allows it."""

    production_id: str
    brief: Brief
    reference: int = Field(ge=1)
    media: Media
    number: int = Field(default=0, ge=0, description="How often this reference was analysed before")
    spent_usd: Money = Field(default=ZERO, description="Spent by the production so far")
    analysed_usd: Money = Field(default=ZERO, description="The part of it for earlier analyses")
    max_usd: Money | None = Field(
        default=None, description="What a person allows for this analysis; if absent, GREENLIGHT_PLANNING_USD in all"
    )
    payer: Payer | None = None

    @property
    def inquiry_number(self) -> int:
        """The number of its questions in the production: one for each analysis of each reference."""
        return self.number * MAX_REFERENCES + self.reference - 1


class Analysed(Model):
    """The result of an analysis, and its cost."""

    summary: AnalysisSummary
    billed_usd: Money = ZERO
    doubt_usd: Money = Field(default=ZERO, description="The part of billed_usd for requests with lost responses")


class DraftPlan(Model):
    production_id: str
    brief: Brief
    references: tuple[Media, ...] = Field(default=(), description="The brief's references, as stored")
    analyses: tuple[AnalysisSummary, ...] = Field(default=(), description="What was read in them")
    corrections: tuple[Correction, ...] = Field(default=(), description="What people changed in the analyses")
    feedback: tuple[str, ...] = Field(default=(), description="The feedback of each revision, oldest first")
    before: Plan | None = Field(default=None, description="The plan that the newest feedback is about")
    drafts: int = Field(
        default=0, description="How often this production was planned before, including failed attempts"
    )
    spent_usd: Money = Field(default=ZERO, description="Spent by the production so far")
    payer: Payer | None = Field(default=None, description="If absent, the brief's requester, today")


class PricePlan(Model):
    production_id: str
    brief: Brief
    plan: Plan
    references: tuple[Media, ...] = ()
    only: tuple[str, ...] = Field(default=(), description="The assets to check and quote; if empty, all")
    extractions: tuple[str, ...] = Field(
        default=(), description="The object keys of the extracted fields, which the plan should not contradict"
    )


class InputTake(Model):
    """A selected take, or a reference of the brief, that an asset is made from."""

    asset_id: str
    asset_type: Modality
    role: str
    take: int = Field(ge=1)
    media: Media
    provider: str = Field(default="", description='The provider of the take; "" for a reference')
    name: str = Field(default="", description="What a reference shows, as its requester names it; shortened")

    @classmethod
    def of_references(cls, references: Iterable[Media], named: Sequence[Reference] = ()) -> "dict[str, InputTake]":
        """Id -> the reference as an input; a reference has only one take."""
        names = {reference_id(n): (each.name or each.note)[:NAME_CHARS] for n, each in enumerate(named, start=1)}
        stored = {reference_id(n): media for n, media in enumerate(references, start=1)}
        return {
            key: cls(
                asset_id=key,
                asset_type=media.modality,
                role=MASK if media.use == MASK else REFERENCE,
                take=1,
                media=media,
                name=names.get(key, ""),
            )
            for key, media in stored.items()
        }


class ProduceAsset(Model):
    """One take of one asset. The pair (asset_id, take) under a production is the idempotency key."""

    production_id: str
    brief: Brief
    asset: Asset
    take: int = Field(ge=1)
    inputs: tuple[InputTake, ...] = ()
    film_start: float | None = Field(
        default=None,
        ge=0,
        description="For an animatic: the seconds from the start of the film to its shot, by the plan and the takes "
        "so far. It is drawn, and is no part of what identifies the take",
    )
    order: TakeOrder | None = Field(default=None, description="The decision about this take's ambiguous submission")
    given_up: bool = Field(default=False, description="Only the result of an earlier submission is fetched")
    reserved_usd: Money | None = Field(
        default=None,
        description="The amount reserved for one submission; nothing is submitted if its price is higher by now",
    )
    plan_digest: str = Field(default="", description="Signed into the take, like `approver`; it identifies nothing")
    approver: str = ""
    reuse: ReuseTerms | None = Field(default=None, description="If absent, it is made, and no other reuses it")
    slot: str = Field(default="", description="The pool that has given it a slot of its provider")
    grant: PartGrant | None = Field(default=None, description="Of a part of a series: what it is paid from")

    @property
    def source_seconds(self) -> float | None:
        """The length of the video that the take is made from; None without one. A continued shot is only a picture."""
        videos = (i for i in self.inputs if i.asset_type is Modality.VIDEO and i.asset_id != self.asset.continues)
        return next((i.media.duration_seconds or 0.0 for i in videos), None)


class AssetFailure(Model):
    """The first detail of the error that ends `produce_asset` permanently."""

    reason: AttentionReason = "asset_failed"
    message: str
    billed_usd: Money = Field(default=ZERO, description="The cost of all submissions of the take so far")
    job_id: str | None = None
    kind: str = Field(default="", description="The error's name in the tree, e.g. 'rate_limited', 'content_refused'")
    refused: str = Field(default="", description="The refused content: prompt, input or output")
    category: str = Field(default="", description="The provider's own category of the refusal")
    maybe_billed: bool = Field(default=False, description="It may have cost more than `billed_usd`")
    replacement: tuple[str, ...] = Field(
        default=(), description="For a retired model, the replacements from the catalogue"
    )
    doubt_usd: Money = Field(
        default=ZERO, description="The reserved cost of the ambiguous submission, in addition to `billed_usd`"
    )
    resubmit: bool = Field(
        default=False, description="The ambiguous submission costs so little that it may be repeated without a decision"
    )
    now_usd: Money | None = Field(
        default=None,
        description="Nothing was submitted, because the price is up to this by now, above the reserved amount",
    )
    rejected: Take | None = Field(
        default=None, description="The take that failed its checks; it is kept, because a person may use it anyway"
    )
    earlier: EarlierRequest | None = Field(
        default=None, description="The request that `billed_usd` is for, where another run used the take's number"
    )
    lost_usd: Money = Field(default=ZERO, description="For planning: the part of billed_usd for lost responses")
    summed: bool = Field(
        default=False, description="For planning: billed_usd is the sum of all requests, and no other follows"
    )

    @property
    def flagged(self) -> bool:
        """Whether a moderation flagged what was made: no other model makes it without a person's decision."""
        return self.rejected is not None and self.rejected.checks.flagged


class AssetCancelled(Model):
    """The outcome of stopping a take. free: nothing was submitted; billed: it was already billed; stopped: its job was
    stopped; running: it may still run at the provider."""

    outcome: Literal["free", "billed", "stopped", "running"]
    billed_usd: Money = Field(
        default=ZERO, description="All submissions of the take; an ambiguous one counts at its high price"
    )
    job_id: str | None = None
    message: str = ""
    earlier: EarlierRequest | None = Field(
        default=None, description="The request that was stopped, where another run used the take's number"
    )


class RewritePrompt(Model):
    """A request for a new prompt, from a person's feedback on the last take or from a provider's refusal."""

    production_id: str
    brief: Brief
    asset: Asset
    number: int = Field(
        ge=1, description="The number of this request in the production; the response is stored under it"
    )
    feedback: str = Field(default="", description="A person's feedback; if empty, a softened prompt is requested")
    refusal: str = Field(default="", description="The provider's message, if it refused the prompt")
    spent_usd: Money = Field(default=ZERO, description="Spent by the production so far")
    payer: Payer | None = Field(default=None, description="If absent, the brief's requester, today")


class Rewritten(Model):
    prompt: str = Field(default="", description="Empty if no language model is enabled")
    delivery: str | None = Field(default=None, description="Of speech: how it is said; null if that stays as it is")
    billed_usd: Money = ZERO
    doubt_usd: Money = Field(default=ZERO, description="The part of billed_usd for requests with lost responses")


class AddLanguages(Model):
    """A request for the narrations and texts of a film in further languages."""

    production_id: str
    brief: Brief
    plan: Plan
    languages: tuple[Language, ...] = Field(description="Further languages, whose texts are to be complete")
    translations: Translations = Field(default_factory=dict, description="Given by people, or of an earlier plan")
    left_out: tuple[str, ...] = Field(default=(), description="Narrations of the original that are not in the film")
    number: int = Field(ge=1, description="The number of this request in the production; the responses are under it")
    needed: bool = Field(default=True, description="Refuse a language that cannot be added; otherwise the plan warns")
    drafted_usd: Money = Field(default=ZERO, description="The part of the limit of planning that the draft has used")
    spent_usd: Money = Field(default=ZERO, description="Spent by the production so far")
    payer: Payer | None = Field(default=None, description="If absent, the brief's requester, today")


class LanguagesAdded(Model):
    plan: Plan = Field(description="With the languages; unpriced where it changed")
    billed_usd: Money = ZERO
    doubt_usd: Money = Field(default=ZERO, description="The part of billed_usd for requests with lost responses")


class SettleQuestions(Model):
    """Ends the model requests for a plan, a rewritten prompt, an analysis, translations or a verdict, if their activity
    did not report their cost."""

    production_id: str
    inquiry: Inquiry
    number: int = Field(
        ge=0, description="`drafts` of the DraftPlan, `inquiry_number` of an analysis, `number` of the other requests"
    )
    payer: Payer
    subject: str = Field(default="", description="Of a verdict: the id of its requests in the ledger")


class SettledQuestions(Model):
    """The cost of the model requests."""

    billed_usd: Money = ZERO
    doubt_usd: Money = Field(default=ZERO, description="The part of billed_usd for requests with lost responses")


class CheckUpload(Model):
    """A person's file that becomes a take of an asset if it is suitable."""

    production_id: str
    asset: Asset
    take: int = Field(ge=1)
    upload: UploadTake


class FinishedAsset(Model):
    """An asset with its selected take, as an input of the deliverable."""

    asset: Asset
    take: Take


class FinishDeliverable(Model):
    production_id: str
    revision: int = Field(ge=1)
    brief: Brief
    title: str
    assets: tuple[FinishedAsset, ...] = Field(
        description="In plan order, without the assets that a person accepted as missing"
    )
    cut: Cut = Cut()
    references: tuple[Media, ...] = Field(default=(), description="Of a document: the brief's references, as stored")
    extractions: tuple[str, ...] = Field(default=(), description="The object keys of the extracted fields to deliver")
    provenance: Provenance = Field(default=Provenance(), description="Signed into the files")

    @property
    def film(self) -> bool:
        """Whether a film is made of the shots, or of the stills for a video platform; otherwise it is a document."""
        kinds = {each.asset.asset_type for each in self.assets}
        return Modality.VIDEO in kinds or (Modality.IMAGE in kinds and self.brief.platform is Platform.VIDEO)


class Segment(Model):
    """A part of a film's picture that is encoded by itself: a shot, or the transition between two."""

    timeline: str = Field(
        default="", description="The object key of its timeline, for a film in a further language; otherwise the film's"
    )
    number: int = Field(ge=1, description="Its place in the film")
    rendition: str = Field(default="", description="The further aspect that it belongs to; empty for the film itself")
    name: str = Field(description="Its shots")
    key: str = Field(description="Its object key, which contains the digest of everything in it")


class FilmLayout(Model):
    """The parts of a film, and which of them are to be made."""

    timeline: str = Field(description="The object key of the timeline, which places all shots and sounds")
    segments: tuple[Segment, ...] = Field(default=(), description="Those that are not stored yet")
    count: int = Field(ge=1, description="Of all segments")
    sound: str = Field(default="", description="The object key of the sound, if it is not stored yet")
    further_sounds: dict[str, str] = Field(
        default_factory=dict, description="Of further languages: timeline -> sound, if it is not stored yet"
    )

    @property
    def sounds(self) -> dict[str, str]:
        """Timeline -> sound, for all sounds that are not stored yet."""
        return {**({self.timeline: self.sound} if self.sound else {}), **self.further_sounds}


class EncodeSegment(Model):
    production_id: str
    timeline: str
    segment: Segment


class MixSound(Model):
    production_id: str
    timeline: str
    key: str


class AssembleFilm(Model):
    request: FinishDeliverable
    timeline: str


class KnownRecord(Model):
    """The record of a production at the start of its first run."""

    production_id: str
    run_id: str = Field(description="The id of this run; a reset keeps it")
    last: Event | None = Field(default=None, description="The newest event; None for a new production")
