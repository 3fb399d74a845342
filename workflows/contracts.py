"""The interface between the workflow and its activities: names, inputs, outputs and failure types.

`workflows` owns it; `activities` implements it and repeats each `@activity.defn(name=…)` (a test asserts that the names
are equal), so the workflow imports no code with side effects.
"""

from abc import ABC, abstractmethod
from decimal import Decimal

from temporalio import activity
from temporalio.exceptions import ApplicationError

from workflows.activity_io import (
    DRAFT_PLAN,
    GRANT_SHORT,
    AddLanguages,
    Analysed,
    AnalyseReference,
    AssembleFilm,
    AssetCancelled,
    CheckUpload,
    DraftPlan,
    EncodeSegment,
    FilmLayout,
    FinishDeliverable,
    KnownRecord,
    LanguagesAdded,
    MixSound,
    PricePlan,
    ProduceAsset,
    ReserveGrant,
    RewritePrompt,
    Rewritten,
    SettledQuestions,
    SettleQuestions,
    TakeInReferences,
)
from workflows.events import Snapshot
from workflows.extraction.fields import ExtractionSummary
from workflows.extraction.review import ReviewExtraction
from workflows.judging.requests import Judged, JudgeTake
from workflows.judging.verdicts import unjudged
from workflows.models import (
    Deliverable,
    Media,
    Plan,
    Take,
)
from workflows.provider_report import ProvidersReport
from workflows.references.analysis import AnalysisSummary, Unread
from workflows.references.kinds import Use, kind_of


def not_read(request: AnalyseReference, reason: str) -> Analysed:
    """The analysis of a reference that could not be read."""
    media = request.media
    summary = AnalysisSummary(
        reference=request.reference,
        key="",
        digest="",
        kind=kind_of(media.media_type),
        use=Use(media.use or Use.MATERIAL),
        summary="not read",
        unread=(Unread(what=reason, remedy="read it again, or describe it in the brief"),),
    )
    return Analysed(summary=summary)


class ProductionActivities(ABC):
    """All side effects of a production. Each has a deterministic key and is idempotent: activities can run twice."""

    @activity.defn(name="take_in_references")
    @abstractmethod
    async def take_in_references(self, request: TakeInReferences) -> tuple[Media, ...]:
        """Fetch the references of a brief, and store them with the production in their order.

        Raises:
            ApplicationError: type REFERENCE_REFUSED, not retried; the message names the reference and the remedy.
        """

    @activity.defn(name="analyse_reference")
    async def analyse_reference(self, request: AnalyseReference) -> Analysed:
        """Read one stored reference, store the analysis, and return its summary.

        An implementation that reads nothing may leave it out.

        Raises:
            ApplicationError: with an AssetFailure as first detail, if a request was billed without a result.
        """
        return not_read(request, "this worker reads no references")

    @activity.defn(name="review_extraction")
    async def review_extraction(self, request: ReviewExtraction) -> ExtractionSummary:
        """Apply a person's review to the fields of a document, check them again, and store them.

        An implementation that extracts nothing may leave it out.

        Raises:
            ApplicationError: type FIELDS_REFUSED, not retried.
        """
        return request.extraction

    @activity.defn(name=DRAFT_PLAN)
    @abstractmethod
    async def draft_plan(self, request: DraftPlan) -> Plan:
        """Route the brief into assets with prompts, unpriced."""

    @activity.defn(name="price_plan")
    @abstractmethod
    async def price_plan(self, request: PricePlan) -> Plan:
        """Check every asset against the catalogue and quote it; store the plan in the bucket.

        Raises:
            ApplicationError: type PLAN_INVALID, not retried.
        """

    @activity.defn(name="produce_asset")
    @abstractmethod
    async def produce_asset(self, request: ProduceAsset) -> Take:
        """Produce one take, pay for it at most once and store it."""

    @activity.defn(name="judge_take")
    async def judge_take(self, request: JudgeTake) -> Judged:
        """Request the verdict of a judge model about a take, with a ledger of its own and within `max_usd`.

        A judge that does not answer, or whose answer cannot be used, leaves the take unjudged. An implementation that
        judges nothing may leave it out.
        """
        return Judged(verdict=unjudged("this worker judges no takes"))

    @activity.defn(name="cancel_asset")
    @abstractmethod
    async def cancel_asset(self, request: ProduceAsset) -> AssetCancelled:
        """Stop a take in production, also at its provider, and return its cost."""

    @activity.defn(name="rewrite_prompt")
    @abstractmethod
    async def rewrite_prompt(self, request: RewritePrompt) -> Rewritten:
        """Request a new prompt from a language model, with the same ledger and budget as the planner's requests.

        Raises:
            ApplicationError: with an AssetFailure as first detail, if a request was billed without a result.
        """

    @activity.defn(name="add_languages")
    @abstractmethod
    async def add_languages(self, request: AddLanguages) -> LanguagesAdded:
        """Add the narrations and texts of a film in further languages, translated by a language model where nobody
        gave them; with the same ledger and limits as the planner's requests.

        Raises:
            ApplicationError: type PLAN_INVALID, not retried: no voice speaks a language, or it cannot be translated.
                The first detail is an AssetFailure, if a request was billed.
        """

    @activity.defn(name="settle_questions")
    @abstractmethod
    async def settle_questions(self, request: SettleQuestions) -> SettledQuestions:
        """Prevent further requests by any attempt, wait briefly for pending responses, and sum the bills.

        A request whose response is lost counts at its high price.
        """

    @activity.defn(name="reserve_grant")
    async def reserve_grant(self, request: ReserveGrant) -> None:
        """Count what an agent releases for a production against its grant, once for each production and period.

        An implementation without it grants nothing.

        Raises:
            ApplicationError: type GRANT_SHORT, not retried: the grant does not cover it.
        """
        raise ApplicationError("this worker keeps no grants", type=GRANT_SHORT, non_retryable=True)

    @activity.defn(name="ledger_costs")
    async def ledger_costs(self, production_id: str) -> dict[str, Decimal]:
        """The cost of each take of a production by its ledger, USD, and of all questions to language models under "".

        An implementation without ledgers may leave it out.
        """
        return {}

    @activity.defn(name="check_upload")
    @abstractmethod
    async def check_upload(self, request: CheckUpload) -> Take:
        """Check that the file fits the asset, and store it as the take.

        Raises:
            ApplicationError: type UPLOAD_REFUSED, not retried; the message describes the problem of the file.
        """

    @activity.defn(name="finish_deliverable")
    @abstractmethod
    async def finish_deliverable(self, request: FinishDeliverable) -> Deliverable:
        """Assemble the deliverable of one revision from the selected takes."""

    @activity.defn(name="lay_out_film")
    @abstractmethod
    async def lay_out_film(self, request: FinishDeliverable) -> FilmLayout:
        """Place all shots and sounds of a film in its timeline, and list the parts that are not stored yet."""

    @activity.defn(name="encode_segment")
    @abstractmethod
    async def encode_segment(self, request: EncodeSegment) -> None:
        """Encode one segment, and store it under its key."""

    @activity.defn(name="mix_sound")
    @abstractmethod
    async def mix_sound(self, request: MixSound) -> None:
        """Mix the sound of a film, and store it under its key."""

    @activity.defn(name="assemble_film")
    @abstractmethod
    async def assemble_film(self, request: AssembleFilm) -> Deliverable:
        """Join the stored parts of a film without encoding them again, with captions and chapters.

        Raises:
            ApplicationError: type SEGMENT_MISSING, not retried: a part is not stored any more.
        """

    @activity.defn(name="write_manifest")
    @abstractmethod
    async def write_manifest(self, snapshot: Snapshot) -> Media:
        """Store the whole record: next to its revision if there is one, and as the newest manifest.

        A newer record is not overwritten.
        """

    @activity.defn(name="newest_manifest")
    @abstractmethod
    async def newest_manifest(self, known: KnownRecord) -> Snapshot | None:
        """The manifest in the bucket, if it is newer than the run's record and another run wrote it; otherwise None.

        A run that was reset finds its own manifest, and executes its later steps again.
        """

    @activity.defn(name="list_providers")
    @abstractmethod
    async def list_providers(self) -> ProvidersReport:
        """The providers that are enabled on this worker, and why others are not."""
