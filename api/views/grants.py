"""Grants of agents over HTTP."""

from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from api.views.production import View
from workflows.agents.grants import Grant
from workflows.models import Digest, Model, Money, Person, ProductionId

MAX_VALID_SECONDS: Final = 90 * 86_400.0

Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)]


class GrantBody(Model):
    """What a person lets an agent release without a further approval. The name of the caller's key is recorded."""

    agent: Person = Field(description="The name of the agent's key", examples=["research-agent"])
    usd: Money = Field(gt=0, description="The most, planning included; USD")
    per: Literal["production", "day"] = Field(
        default="day", description="day: for all of its productions on a day (UTC). production: for each of them"
    )
    production_id: ProductionId | None = Field(
        default=None, description="With per 'production': for this production alone, whoever requested it"
    )
    valid_seconds: float = Field(default=86_400, ge=1, le=MAX_VALID_SECONDS, description="From now; at most 90 days")


class GrantList(View):
    """Grants, the newest first."""

    grants: tuple[Grant, ...]


class ApprovalRequestBody(Model):
    """Asks people to approve exactly this plan."""

    plan_digest: Digest
    note: Note = Field(default="", description="The reason, for the person who decides")


class ExecuteBody(Model):
    """Approves exactly this plan within a grant. An agent cannot allow prices that are not published."""

    plan_digest: Digest
    budget_usd: Money | None = Field(
        default=None, description="The most that may be spent; if absent, the brief's budget or the plan's high price"
    )
    note: Note = ""
