"""What people ask of a production: decisions, edits, new takes. Each is the argument of a signal or an update."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator

from workflows.models import (
    MAX_TAKES_AT_ONCE,
    Asset,
    Digest,
    Modality,
    Model,
    ModelName,
    Money,
    Person,
    Slug,
    Words,
    digest_of,
)


class Approval(BaseModel):
    """Releases a plan for spending. From the Temporal UI a plain `{"plan_digest": "…", "approver": "…"}` does."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    plan_digest: Digest
    approver: Person = "someone"
    budget_usd: Money | None = Field(
        default=None,
        description="Spend at most this; without it, the brief's budget or the plan's high price",
    )
    allow_unknown_prices: bool = Field(
        default=False, description="Also spend on models whose price nobody published, which no budget can foresee"
    )
    note: Annotated[str, StringConstraints(max_length=2_000)] = ""


class Rejection(BaseModel):
    """Ends a production before anything of its plan is made."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    rejecter: Person = "someone"
    reason: Annotated[str, StringConstraints(max_length=2_000)] = ""


class KeyedRequest(Model):
    """Something that is asked of a production once, however often it is sent with the same key."""

    idempotency_key: Annotated[str, StringConstraints(max_length=255)] = Field(
        default="", description="The same key with the same request is answered as before, and nothing is done again"
    )


class Decision(KeyedRequest):
    """The body of the update `decide`: exactly one of the two."""

    approve: Approval | None = None
    reject: Rejection | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> "Decision":
        if (self.approve is None) == (self.reject is None):
            raise ValueError("decision: give exactly one of 'approve' and 'reject'")
        return self


class EditOp(Model):
    """One change of a plan.

    change: any of prompt, label, provider, model, parameters (merged; null removes a key), depends_on.
    move: `position` (from 1). drop: nothing more. add: `asset`, at `position` or last. title: `title`.
    """

    op: Literal["change", "move", "drop", "add", "title"]
    asset_id: Slug | None = None
    prompt: Words | None = None
    label: Annotated[str, StringConstraints(max_length=200)] | None = None
    provider: Slug | None = None
    model: ModelName | None = None
    parameters: dict[str, JsonValue] | None = None
    depends_on: tuple[Slug, ...] | None = None
    position: int | None = Field(default=None, ge=1)
    asset: Asset | None = None
    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] | None = None


class PlanEdit(KeyedRequest):
    """All of `edits` or none, on exactly the plan that `plan_digest` names."""

    plan_digest: Digest
    edits: tuple[EditOp, ...] = Field(min_length=1, max_length=200)
    editor: Person = "someone"
    budget_usd: Money | None = Field(
        default=None, description="After the approval: raises the whole budget to this, where an added asset needs it"
    )
    allow_unknown_prices: bool = False


class Revision(KeyedRequest):
    """Plan again, with this feedback."""

    feedback: Words
    reviser: Person = "someone"


class Regenerate(KeyedRequest):
    """Make new takes of one asset, as it is or changed; the last of them is used, the others are there to choose from.

    `feedback` in words lets the planner write the new prompt. `budget_usd` raises the whole budget to that sum.
    """

    asset_id: Slug
    prompt: Words | None = None
    feedback: Words | None = None
    provider: Slug | None = None
    model: ModelName | None = None
    parameters: dict[str, JsonValue] | None = None
    count: int = Field(default=1, ge=1, le=MAX_TAKES_AT_ONCE)
    budget_usd: Money | None = None
    allow_unknown_prices: bool = False
    requested_by: Person = "someone"

    @model_validator(mode="after")
    def _one_prompt(self) -> "Regenerate":
        if self.prompt is not None and self.feedback is not None:
            raise ValueError("feedback: give either the new prompt or feedback that makes one")
        return self


class Resolve(KeyedRequest):
    """What a person decides where a production waits: retry (as it is or changed), accept it without the asset,
    adopt a job that the provider already runs, resubmit after an ambiguous submission, or raise the budget."""

    asset_id: Slug
    action: Literal["retry", "accept_without", "adopt", "resubmit", "raise_budget"]
    prompt: Words | None = None
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
        description="The `id` of what waited when it was answered; refused when it is another now",
    )

    @model_validator(mode="after")
    def _complete(self) -> "Resolve":
        if self.action == "adopt" and not self.job_id:
            raise ValueError("job_id: name the provider's job to adopt")
        if self.action == "raise_budget" and self.budget_usd is None:
            raise ValueError("budget_usd: name the new budget in USD")
        return self


class SelectTake(KeyedRequest):
    """Use an earlier take of an asset in the deliverable."""

    asset_id: Slug
    take: int = Field(ge=1)
    requested_by: Person = "someone"


MAX_UPLOAD_BYTES: Final[dict[Modality, int]] = {
    Modality.TEXT: 1_000_000,  # a long book; it is read whole, and stands in the document
    Modality.IMAGE: 50_000_000,  # a camera's largest picture as PNG
    Modality.AUDIO: 2_000_000_000,
    Modality.VIDEO: 2_000_000_000,  # the longest film in 4K
}
"""Of a person's own file for an asset of this type."""


class UploadTake(KeyedRequest):
    """Use a person's own file as a new take of an asset. `key` is where the API put the bytes."""

    asset_id: Slug
    key: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    filename: Annotated[str, StringConstraints(max_length=200)] = ""
    sha256: Annotated[str, StringConstraints(max_length=64)] = Field(
        default="", description="Of the file; tells whether a request that is repeated brings the same one"
    )
    uploaded_by: Person = "someone"


class Refresh(KeyedRequest):
    """Make stale assets again, all or the named ones, for at most `max_usd` in all."""

    asset_ids: tuple[Slug, ...] = Field(default=(), max_length=1_000, description="Without any, all that are stale")
    max_usd: Money = Field(description="The most that all of it may cost, by the high prices; USD")
    budget_usd: Money | None = Field(default=None, description="Raises the whole budget to this")
    allow_unknown_prices: bool = False
    requested_by: Person = "someone"


class Pause(Model):
    """Let what runs finish and start nothing new."""

    paused_by: Person = "someone"
    reason: Annotated[str, StringConstraints(max_length=2_000)] = ""


class Resume(Model):
    """Go on after a pause."""

    resumed_by: Person = "someone"


def request_digest(update: str, request: KeyedRequest) -> str:
    """Identifies a request to a production: the name of its update and everything in it but the idempotency key.

    Of an uploaded file its SHA-256 counts, not the temporary key under which it arrived.
    """
    return digest_of([update, request.model_dump(mode="json", exclude={"idempotency_key", "key"})])
