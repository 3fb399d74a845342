"""The requests to a production: decisions, edits, new takes. Each is the argument of a signal or an update."""

from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator

from workflows.agents.grants import Grant
from workflows.base import MAX_LANGUAGES, Clean, Language, MaybeSlug
from workflows.cut import Cut, Translations, check_languages
from workflows.extraction.fields import FieldChange
from workflows.models import (
    MAX_TAKES_AT_ONCE,
    Asset,
    DeliveryText,
    Digest,
    Modality,
    Model,
    ModelName,
    Money,
    Person,
    PromptText,
    Slug,
    digest_of,
)
from workflows.references.analysis import PartId
from workflows.references.parts import MAX_PART_CHARS


class Approval(BaseModel):
    """Releases a plan for spending. In the Temporal UI, `{"plan_digest": "…", "approver": "…"}` is sufficient."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    plan_digest: Digest
    approver: Person = "someone"
    budget_usd: Money | None = Field(
        default=None,
        description="The most that may be spent; if absent, the brief's budget or the plan's high price; USD",
    )
    allow_unknown_prices: bool = Field(
        default=False, description="Also spend on models without a published price, which no budget can limit"
    )
    note: Annotated[str, StringConstraints(max_length=2_000)] = ""


class Rejection(BaseModel):
    """Ends a production before any asset of its plan is made."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    rejecter: Person = "someone"
    reason: Annotated[str, StringConstraints(max_length=2_000)] = ""


class KeyedRequest(Model):
    """A request that takes effect once, even if it is sent several times with the same key."""

    idempotency_key: Annotated[str, StringConstraints(max_length=255)] = Field(
        default="", description="A repeated request with the same key gets the same response and has no further effect"
    )


class Decision(KeyedRequest):
    """The body of the update `decide`: exactly one of the two."""

    approve: Approval | None = None
    reject: Rejection | None = None
    grant: Grant | None = Field(default=None, description="Of an agent's approval: what a person granted it")

    @model_validator(mode="after")
    def _exactly_one(self) -> "Decision":
        if (self.approve is None) == (self.reject is None):
            raise ValueError("decision: give exactly one of 'approve' and 'reject'")
        return self


class ApprovalRequest(KeyedRequest):
    """Asks people to approve exactly this plan. It releases nothing."""

    plan_digest: Digest
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = Field(
        default="", description="The reason, for the person who decides"
    )
    requested_by: Person = "someone"


MAX_EDITS: Final = 200
"""Edits of a plan in one request."""


class EditOp(Model):
    """One change of a plan.

    change: any of prompt, delivery (of speech), label, provider, model, parameters (merged; null removes a key),
    depends_on, continues and last_frame (of delivery and the last two, "" removes it).
    move: `position` (from 1). drop: only `asset_id`. add: `asset`, at `position` or last. title: `title`.
    cut: the whole `cut`, which makes no take stale; without `languages` it keeps those of the plan.
    languages: the `languages` of a film, after the original. Narrations and texts of those that are new, or that were
    changed since, are translated: from `translations` where these have the text, otherwise by a language model.
    """

    op: Literal["change", "move", "drop", "add", "title", "cut", "languages"]
    asset_id: Slug | None = None
    prompt: PromptText | None = None
    delivery: DeliveryText | None = None
    label: Annotated[str, StringConstraints(max_length=200)] | None = None
    provider: Slug | None = None
    model: ModelName | None = None
    parameters: dict[str, JsonValue] | None = None
    depends_on: tuple[Slug, ...] | None = None
    continues: MaybeSlug | None = None
    last_frame: MaybeSlug | None = None
    position: int | None = Field(default=None, ge=1)
    asset: Asset | None = None
    cut: Cut | None = None
    languages: Annotated[tuple[Language, ...], AfterValidator(check_languages)] | None = Field(
        default=None, max_length=MAX_LANGUAGES, description="All languages; the original may be named, and is kept"
    )
    translations: Translations = Field(
        default_factory=dict, description="Language -> narration, sentence or text on the screen -> its translation"
    )
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), Clean] | None = None

    @property
    def changes_inputs(self) -> bool:
        return any(each is not None for each in (self.depends_on, self.continues, self.last_frame))


class PlanEdit(KeyedRequest):
    """Applies all of `edits` or none, to exactly the plan that `plan_digest` identifies."""

    plan_digest: Digest
    edits: tuple[EditOp, ...] = Field(min_length=1, max_length=MAX_EDITS)
    editor: Person = "someone"
    budget_usd: Money | None = Field(
        default=None,
        description="After the approval: the new total budget, no less than the present one; USD",
    )
    allow_unknown_prices: bool = False


class Revision(KeyedRequest):
    """Plans again with this feedback."""

    feedback: PromptText
    reviser: Person = "someone"


class RegenerateBody(Model):
    """New takes of one asset, unchanged or changed. The last take is selected; the others can be selected later.

    With `feedback`, the planner writes the new prompt; of speech, feedback on how a line is said changes only its
    `delivery`, and feedback on its words only the prompt. `budget_usd` is the new total budget in USD,
    no less than the present one.
    """

    prompt: PromptText | None = None
    delivery: DeliveryText | None = None
    feedback: PromptText | None = None
    provider: Slug | None = None
    model: ModelName | None = None
    parameters: dict[str, JsonValue] | None = None
    count: int = Field(default=1, ge=1, le=MAX_TAKES_AT_ONCE)
    budget_usd: Money | None = None
    allow_unknown_prices: bool = False
    requested_by: Person = "someone"

    @model_validator(mode="after")
    def _one_prompt(self) -> Self:
        if self.feedback is not None and (self.prompt is not None or self.delivery is not None):
            raise ValueError("feedback: give either the new prompt or delivery, or the feedback, not both")
        return self


class Regenerate(RegenerateBody, KeyedRequest):
    asset_id: Slug


class ResolveBody(Model):
    """A person's decision about a waiting asset: retry it (unchanged or changed), accept the deliverable without it,
    adopt a job that the provider already runs, resubmit after an ambiguous submission, or raise the budget."""

    action: Literal["retry", "accept_without", "adopt", "resubmit", "raise_budget"]
    prompt: PromptText | None = None
    delivery: DeliveryText | None = None
    provider: Slug | None = None
    model: ModelName | None = None
    parameters: dict[str, JsonValue] | None = None
    job_id: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    budget_usd: Money | None = None
    allow_unknown_prices: bool = False
    resolver: Person = "someone"
    attention: int | None = Field(
        default=None,
        ge=1,
        description="The `id` of the attention item; the decision is refused if the item is no longer current",
    )

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.action == "adopt" and not self.job_id:
            raise ValueError("job_id: name the provider's job to adopt")
        if self.action == "raise_budget" and self.budget_usd is None:
            raise ValueError("budget_usd: name the new budget in USD")
        return self


class Resolve(ResolveBody, KeyedRequest):
    asset_id: Slug


class SelectBody(Model):
    """Uses an earlier take of an asset in the deliverable."""

    take: int = Field(ge=1)
    requested_by: Person = "someone"


class SelectTake(SelectBody, KeyedRequest):
    asset_id: Slug


MAX_UPLOAD_BYTES: Final[dict[Modality, int]] = {
    Modality.TEXT: 1_000_000,  # a long book; the worker reads it at once, and the document contains it
    Modality.IMAGE: 50_000_000,  # the largest picture of a camera, as PNG
    Modality.AUDIO: 2_000_000_000,
    Modality.VIDEO: 2_000_000_000,  # the longest film in 4K
}
"""The maximum size of an uploaded file for an asset of this type."""


class UploadTake(KeyedRequest):
    """Uses a person's own file as a new take of an asset. `key` is the object key where the API stored it."""

    asset_id: Slug
    key: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    filename: Annotated[str, StringConstraints(max_length=200)] = ""
    sha256: Annotated[str, StringConstraints(max_length=64)] = Field(
        default="", description="Of the file; it shows whether a repeated request has the same file"
    )
    uploaded_by: Person = "someone"


class Refresh(KeyedRequest):
    """Makes stale assets again, all or the named ones, for at most `max_usd` in total."""

    asset_ids: tuple[Slug, ...] = Field(default=(), max_length=1_000, description="If empty, all stale assets")
    max_usd: Money = Field(description="The most that all of them may cost, by their high prices; USD")
    budget_usd: Money | None = Field(
        default=None, description="The new total budget, no less than the present one; USD"
    )
    allow_unknown_prices: bool = False
    requested_by: Person = "someone"


class Pause(Model):
    """Lets running assets finish and starts nothing new."""

    paused_by: Person = "someone"
    reason: Annotated[str, StringConstraints(max_length=2_000)] = ""


class LowerBudgetBody(Model):
    """Lowers the budget of an approved production. Nothing that is not spent or held yet exceeds it."""

    budget_usd: Money = Field(description="The new total budget, no more than the present one; USD")
    actor: Person = "someone"
    reason: Annotated[str, StringConstraints(max_length=2_000)] = ""


class LowerBudget(LowerBudgetBody, KeyedRequest):
    pass


class Resume(Model):
    """Continues after a pause."""

    resumed_by: Person = "someone"


class Cancel(Model):
    """Stops a production."""

    cancelled_by: Person = "someone"


def request_digest(update: str, request: KeyedRequest) -> str:
    """The digest of a request: of its update's name and all of its fields except the idempotency key.

    An uploaded file is identified by its SHA-256, not by its temporary object key. The grant of an agent's approval is
    no part of it: another one may cover the repetition.
    """
    return digest_of([update, request.model_dump(mode="json", exclude={"idempotency_key", "key", "grant"})])


class PartChange(Model):
    """A change of one part of an analysis."""

    part_id: PartId
    text: Annotated[str, StringConstraints(max_length=MAX_PART_CHARS)] | None = Field(
        default=None, description="What the part says instead; null strikes it out"
    )
    place: str = Field(default="", max_length=40, description="Set by the API: the place of the part, e.g. 'p. 3'")


class CorrectReference(KeyedRequest):
    """A person's changes of what was read in a reference."""

    reference: int = Field(ge=1, description="The number of the reference: 2 of reference-2")
    changes: tuple[PartChange, ...] = Field(min_length=1, max_length=50)
    editor: Person = "someone"


class AnalyseAgain(KeyedRequest):
    """A request to read a reference again, for at most `max_usd`: its analysis waited, or failed."""

    reference: int = Field(ge=1)
    max_usd: Money = Field(description="The most that this analysis may cost; USD")
    requested_by: Person = "someone"


class ReviewBody(Model):
    """A person's review of the fields of a document: corrections, and what is right as it is."""

    changes: tuple[FieldChange, ...] = Field(default=(), max_length=200)
    accept: tuple[Annotated[str, StringConstraints(max_length=200)], ...] = Field(
        default=(),
        max_length=200,
        description="Ids of fields and rules that are right as they are, `kind` for the kind of the document; "
        "* for everything that waits",
    )
    reviewer: Person = "someone"

    @model_validator(mode="after")
    def _reviews_something(self) -> Self:
        if not self.changes and not self.accept:
            raise ValueError("changes: give a change, or name in accept what is right as it is")
        return self


class ReviewFields(ReviewBody, KeyedRequest):
    reference: int = Field(ge=1, description="The number of the reference: 2 of reference-2")
