"""What the workflow asks of its activities: names, inputs, outputs and failure types.

`workflows` owns these; `activities` implements them and repeats each `@activity.defn(name=…)`
(a test asserts that the names are equal), so nothing the workflow imports reaches a side effect.
"""

from abc import ABC, abstractmethod

from temporalio import activity

from workflows.activity_io import (
    DRAFT_PLAN,
    AssetCancelled,
    CheckUpload,
    DraftPlan,
    FinishDeliverable,
    KnownRecord,
    PricePlan,
    ProduceAsset,
    RewritePrompt,
    Rewritten,
    SettledQuestions,
    SettleQuestions,
    TakeInReferences,
)
from workflows.events import Snapshot
from workflows.models import (
    Deliverable,
    Media,
    Plan,
    Take,
)
from workflows.provider_report import ProvidersReport


class ProductionActivities(ABC):
    """Every side effect of a production. All are idempotent by their deterministic keys: activities run twice."""

    @activity.defn(name="take_in_references")
    @abstractmethod
    async def take_in_references(self, request: TakeInReferences) -> tuple[Media, ...]:
        """Fetch the pictures that a brief brings along, and keep them with the production, in their order.

        Raises:
            ApplicationError: type REFERENCE_REFUSED, not retried; the message names the one and the remedy.
        """

    @activity.defn(name=DRAFT_PLAN)
    @abstractmethod
    async def draft_plan(self, request: DraftPlan) -> Plan:
        """Route the brief into assets with prompts, unpriced."""

    @activity.defn(name="price_plan")
    @abstractmethod
    async def price_plan(self, request: PricePlan) -> Plan:
        """Check every asset against the catalogue and quote it; keeps the plan in the bucket.

        Raises:
            ApplicationError: type PLAN_INVALID, not retried.
        """

    @activity.defn(name="produce_asset")
    @abstractmethod
    async def produce_asset(self, request: ProduceAsset) -> Take:
        """Make one take, pay for it at most once and store it."""

    @activity.defn(name="cancel_asset")
    @abstractmethod
    async def cancel_asset(self, request: ProduceAsset) -> AssetCancelled:
        """Stop a take that is being made, at its provider too, and say what it has cost."""

    @activity.defn(name="rewrite_prompt")
    @abstractmethod
    async def rewrite_prompt(self, request: RewritePrompt) -> Rewritten:
        """A new prompt by a language model, through the same ledger and budget as the planner's questions.

        Raises:
            ApplicationError: with an AssetFailure as first detail, where it was billed and gave nothing.
        """

    @activity.defn(name="settle_questions")
    @abstractmethod
    async def settle_questions(self, request: SettleQuestions) -> SettledQuestions:
        """Let no attempt ask anything further, wait shortly for answers that are on their way, and sum what was billed.

        A request whose answer is lost counts with its high price.
        """

    @activity.defn(name="check_upload")
    @abstractmethod
    async def check_upload(self, request: CheckUpload) -> Take:
        """Look whether the file is what the asset asks for, and keep it as the take.

        Raises:
            ApplicationError: type UPLOAD_REFUSED, not retried; the message says what is wrong with the file.
        """

    @activity.defn(name="finish_deliverable")
    @abstractmethod
    async def finish_deliverable(self, request: FinishDeliverable) -> Deliverable:
        """Assemble the deliverable of one revision from the selected takes."""

    @activity.defn(name="write_manifest")
    @abstractmethod
    async def write_manifest(self, snapshot: Snapshot) -> Media:
        """Keep the whole record: next to its revision where there is one, and as the newest.

        A newer record that is there already stays.
        """

    @activity.defn(name="newest_manifest")
    @abstractmethod
    async def newest_manifest(self, known: KnownRecord) -> Snapshot | None:
        """The manifest in the bucket, where it holds more than the run knows; None also where the run wrote it itself.

        The second happens after a reset: it asks for the steps to be taken again.
        """

    @activity.defn(name="list_providers")
    @abstractmethod
    async def list_providers(self) -> ProvidersReport:
        """What is enabled on this worker, and why not."""
