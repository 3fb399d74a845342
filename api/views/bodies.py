"""Request bodies that are not the workflow's own records."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, JsonValue, SecretStr

from workflows.brief import Brief
from workflows.models import MAX_TAKES_AT_ONCE, Model, Money, Person, ProductionId, PromptText
from workflows.requests import Approval, Rejection

UnknownPrices = Annotated[
    bool, Field(description="Also spend on models without a published price, which no budget can limit")
]


class SignIn(Model):
    """The key of the person at this browser."""

    key: SecretStr = Field(min_length=1, max_length=200)


class ApproveBody(Approval):
    """An approval over HTTP. A misspelt field is refused, because it might be the budget's."""

    model_config = ConfigDict(extra="forbid")


class RejectBody(Rejection):
    model_config = ConfigDict(extra="forbid")


class ExecutePlan(ApproveBody):
    """Approve exactly this plan of this production."""

    production_id: ProductionId


class Generate(Model):
    """Plan, and approve at once where the plan's high price is at most `max_usd`."""

    brief: Brief
    max_usd: Money
    allow_unknown_prices: UnknownPrices = False
    approver: Person = "someone"


class RegenerateBody(Model):
    """New takes, unchanged or changed: by a new prompt, or by feedback from which the planner writes one.

    The first of `count` takes is used. `budget_usd` raises the whole budget to that sum.
    """

    prompt: PromptText | None = None
    feedback: PromptText | None = None
    provider: str | None = None
    model: str | None = None
    parameters: dict[str, JsonValue] | None = None
    count: int = Field(default=1, ge=1, le=MAX_TAKES_AT_ONCE)
    budget_usd: Money | None = None
    allow_unknown_prices: bool = False
    requested_by: Person = "someone"


class ResolveBody(Model):
    """A pending decision; see `action`. adopt needs `job_id`, raise_budget `budget_usd`."""

    action: Literal["retry", "accept_without", "adopt", "resubmit", "raise_budget"]
    prompt: PromptText | None = None
    provider: str | None = None
    model: str | None = None
    parameters: dict[str, JsonValue] | None = None
    job_id: str | None = None
    budget_usd: Money | None = None
    allow_unknown_prices: bool = False
    resolver: Person = "someone"
    attention: int | None = Field(
        default=None, ge=1, description="The `id` of the decision that you saw; refused when another one is pending now"
    )


class SelectBody(Model):
    """The number of the take to use."""

    take: int = Field(ge=1)
    requested_by: Person = "someone"
