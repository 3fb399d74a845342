"""Request bodies that are not the workflow's own records."""

from typing import Annotated

from pydantic import ConfigDict, Field, SecretStr

from workflows.brief import Brief
from workflows.models import Model, Money, Person, ProductionId
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
