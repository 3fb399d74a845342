"""What activities are given and what they answer: records, and the types of their errors. Pure."""

from collections.abc import Iterable
from typing import Final, Literal

from pydantic import Field

from workflows.events import AttentionReason, BatchBudget, Event, TakeOrder
from workflows.models import (
    REFERENCE,
    ZERO,
    Asset,
    Brief,
    Media,
    Modality,
    Model,
    Money,
    Person,
    Plan,
    Reference,
    Slug,
    Take,
    reference_id,
)
from workflows.requests import UploadTake

DRAFT_PLAN: Final = "draft_plan"
PRODUCE_ASSET: Final = "produce_asset"
TAKE_EXISTS: Final = "take_exists"
"""The kind of an AssetFailure: the take's number was used for another request before (a workflow that was reset). Its
`billed_usd` is what that one has cost; this one takes the next number."""
STILL_RUNNING: Final = "StillRunning"
"""The provider's job is not done; the retry is the next look. Never counted as a failure."""
UPLOAD_REFUSED: Final = "UploadRefused"
REFERENCE_REFUSED: Final = "ReferenceRefused"
"""A picture that the brief brings along cannot be used; the message names it and the remedy."""
PLAN_INVALID: Final = "PlanInvalid"
"""The catalogue refuses the plan; the message names the asset, the field and the remedy."""
BUDGET_SHORT: Final = "budget_short"
"""The kind of a failure where a limit left no room for a question to a language model; the message names the limit."""


class Payer(Model):
    """Whose limits a question to a language model has to keep: those of the tenant, the person and the batch."""

    tenant: Slug
    person: Person = Field(description="In whose name it is asked; with keys, the key's name")
    day: str = Field(pattern=r"^\d{4}-\d\d-\d\d$", description="Of UTC, when it was requested")
    batch: BatchBudget | None = None


class TakeInReferences(Model):
    production_id: str
    references: tuple[Reference, ...]


class DraftPlan(Model):
    production_id: str
    brief: Brief
    references: tuple[Media, ...] = Field(default=(), description="The brief's, as they are kept")
    feedback: tuple[str, ...] = Field(default=(), description="Each revision's words, oldest first")
    drafts: int = Field(default=0, description="How often this production was planned before, in vain too")
    spent_usd: Money = Field(default=ZERO, description="By the production so far")
    payer: Payer | None = Field(default=None, description="Without it: the brief's requester, today")


class PricePlan(Model):
    production_id: str
    brief: Brief
    plan: Plan
    references: tuple[Media, ...] = ()
    only: tuple[str, ...] = Field(default=(), description="The assets to check and quote; without it, all")


class InputTake(Model):
    """A selected take, or a reference of the brief, that an asset is made from."""

    asset_id: str
    asset_type: Modality
    role: str
    take: int = Field(ge=1)
    media: Media
    provider: str = Field(default="", description='Who made the take; "" of a reference')

    @classmethod
    def of_references(cls, references: Iterable[Media]) -> "dict[str, InputTake]":
        """Id -> the reference as an input; there is never another take of it."""
        named = {reference_id(n): media for n, media in enumerate(references, start=1)}
        return {
            name: cls(asset_id=name, asset_type=Modality.IMAGE, role=REFERENCE, take=1, media=media)
            for name, media in named.items()
        }


class ProduceAsset(Model):
    """One take of one asset. The pair (asset_id, take) under a production is the idempotency key."""

    production_id: str
    brief: Brief
    asset: Asset
    take: int = Field(ge=1)
    inputs: tuple[InputTake, ...] = ()
    order: TakeOrder | None = Field(default=None, description="What was decided about this take's submission in doubt")
    reserved_usd: Money | None = Field(
        default=None, description="What the production holds for one submission; where more is known, none is made"
    )


class AssetFailure(Model):
    """The first detail of the error that ends `produce_asset` for good."""

    reason: AttentionReason = "asset_failed"
    message: str
    billed_usd: Money = Field(default=ZERO, description="All submissions of the take so far")
    job_id: str | None = None
    kind: str = Field(default="", description="The error's name in the tree, e.g. 'rate_limited', 'content_refused'")
    refused: str = Field(default="", description="Of refused content: prompt, input or output")
    category: str = Field(default="", description="The provider's own word for why it was refused")
    maybe_billed: bool = Field(default=False, description="Nobody can say that it cost nothing more")
    replacement: tuple[str, ...] = Field(default=(), description="Of a retired model: what the catalogue names instead")
    doubt_usd: Money = Field(default=ZERO, description="What the submission in doubt counts for, beside `billed_usd`")
    resubmit: bool = Field(
        default=False, description="The submission in doubt costs so little that it may be made again unasked"
    )
    now_usd: Money | None = Field(
        default=None, description="Nothing was submitted: it costs up to this by now, more than was reserved"
    )
    lost_usd: Money = Field(default=ZERO, description="Of planning: what of billed_usd is for lost answers")
    summed: bool = Field(
        default=False, description="Of planning: billed_usd is the sum of all questions, and none follows"
    )


class AssetCancelled(Model):
    """What came of stopping a take: nothing was submitted; it was billed already; its job was stopped; or it may go on
    at the provider."""

    outcome: Literal["free", "billed", "stopped", "running"]
    billed_usd: Money = Field(default=ZERO, description="All submissions of the take; one in doubt at its high price")
    job_id: str | None = None
    message: str = ""


class RewritePrompt(Model):
    """Words for another take: what a person said of the last one, or why a provider refused it."""

    production_id: str
    brief: Brief
    asset: Asset
    number: int = Field(ge=1, description="Of this question in the production; the answer is kept under it")
    feedback: str = Field(default="", description="A person's words; without them a softened prompt is asked for")
    refusal: str = Field(default="", description="The provider's words where it refused the prompt")
    spent_usd: Money = Field(default=ZERO, description="By the production so far")
    payer: Payer | None = Field(default=None, description="Without it: the brief's requester, today")


class Rewritten(Model):
    prompt: str = Field(default="", description="Empty where no language model is there to write one")
    billed_usd: Money = ZERO
    doubt_usd: Money = Field(default=ZERO, description="Of billed_usd: requests whose answers were lost")


class SettleQuestions(Model):
    """End the questions of a plan, or of a rewritten prompt, whose activity did not say what they have cost."""

    production_id: str
    inquiry: Literal["draft", "rewrite"]
    number: int = Field(ge=0, description="`drafts` of the DraftPlan, or `number` of the RewritePrompt")
    payer: Payer


class SettledQuestions(Model):
    """What the questions have cost."""

    billed_usd: Money = ZERO
    doubt_usd: Money = Field(default=ZERO, description="Of billed_usd: requests whose answers were lost")


class CheckUpload(Model):
    """A person's file that is to be a take of an asset."""

    production_id: str
    asset: Asset
    take: int = Field(ge=1)
    upload: UploadTake


class FinishedAsset(Model):
    """An asset with its selected take, as the deliverable is made from it."""

    asset: Asset
    take: Take


class FinishDeliverable(Model):
    production_id: str
    revision: int = Field(ge=1)
    brief: Brief
    title: str
    assets: tuple[FinishedAsset, ...] = Field(description="In plan order; without the assets that were left out")


class KnownRecord(Model):
    """What a first run knows of its production when it begins."""

    production_id: str
    run_id: str = Field(description="Of this run; a reset keeps it")
    last: Event | None = Field(default=None, description="The newest event; none of a production that is new")
