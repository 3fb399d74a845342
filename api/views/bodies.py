"""What callers send where it is not one of the workflow's own records as it is."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, JsonValue, SecretStr, StringConstraints

from workflows.models import MAX_TAKES_AT_ONCE, Brief, Model, Money, Person, ProductionId, Words
from workflows.requests import Approval, Rejection


class SignIn(Model):
    """The key of whoever sits at this browser."""

    key: SecretStr = Field(min_length=1, max_length=200)


class ApproveBody(Approval):
    """An approval over HTTP. A slip in a field's name is refused: it might be the budget's."""

    model_config = ConfigDict(extra="forbid")


class RejectBody(Rejection):
    model_config = ConfigDict(extra="forbid")


class ExecutePlan(Model):
    """Approve exactly this plan of this production."""

    production_id: ProductionId
    plan_digest: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    budget_usd: Money | None = Field(default=None, description="Spend at most this")
    allow_unknown_prices: bool = Field(
        default=False, description="Also spend on models whose price nobody published, which no budget can foresee"
    )
    approver: Person = "someone"


class Generate(Model):
    """Plan, and approve at once where the plan's high price is at most `max_usd`."""

    brief: Brief
    max_usd: Money
    allow_unknown_prices: bool = Field(
        default=False, description="Also spend on models whose price nobody published, which no budget can foresee"
    )
    approver: Person = "someone"


class RegenerateBody(Model):
    """New takes, as it is or changed: by a new prompt, or by feedback that the planner makes one from.

    The first of `count` takes is used. `budget_usd` raises the whole budget to that sum.
    """

    prompt: Words | None = None
    feedback: Words | None = None
    provider: str | None = None
    model: str | None = None
    parameters: dict[str, JsonValue] | None = None
    count: int = Field(default=1, ge=1, le=MAX_TAKES_AT_ONCE)
    budget_usd: Money | None = None
    allow_unknown_prices: bool = False
    requested_by: Person = "someone"


class ResolveBody(Model):
    """The decision a production waits for; see `action`. adopt needs `job_id`, raise_budget `budget_usd`."""

    action: Literal["retry", "accept_without", "adopt", "resubmit", "raise_budget"]
    prompt: Words | None = None
    provider: str | None = None
    model: str | None = None
    parameters: dict[str, JsonValue] | None = None
    job_id: str | None = None
    budget_usd: Money | None = None
    allow_unknown_prices: bool = False
    resolver: Person = "someone"
    attention: int | None = Field(
        default=None, ge=1, description="The `id` of what waited when it was answered; refused when it is another now"
    )


class SelectBody(Model):
    """The number of the take to use."""

    take: int = Field(ge=1)
    requested_by: Person = "someone"
