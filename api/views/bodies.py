"""Request bodies that are not the workflow's own records."""

from typing import Annotated, Final

from pydantic import ConfigDict, Field, SecretStr, StringConstraints, model_validator

from workflows.brief import MAX_BRIEF_CHARS, Brief, Platform
from workflows.models import MAX_ASSETS, Model, Money, Person, ProductionId
from workflows.requests import Approval, Rejection

MAX_WAIT_SECONDS: Final = 600.0
"""Of `/generate`. Proxies often end a response that has not begun after a minute; a stream begins with the plan."""

UnknownPrices = Annotated[
    bool, Field(description="Also spend on models without a published price, which no budget can limit")
]


BriefText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_BRIEF_CHARS)]


class LanguageBody(Model):
    """The text of a brief."""

    text: BriefText


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
    """Plan, and approve at once where the plan's high price is at most `max_usd`. Give either `brief` or `prompt`."""

    brief: Brief | None = Field(default=None, description="Instead of `prompt`")
    prompt: BriefText | None = Field(
        default=None, description="The text of a brief, without its other fields", examples=["A jazz poster."]
    )
    platform: Platform | None = Field(default=None, description="With `prompt`; without it, social_post")
    max_usd: Money | None = Field(
        default=None, description="The most that the whole may cost. Without it, only a free plan is approved at once"
    )
    max_steps: int | None = Field(
        default=None, ge=1, le=MAX_ASSETS, description="The most assets; a longer plan is cut before it is approved"
    )
    wait_seconds: float = Field(
        default=0,
        ge=0,
        le=MAX_WAIT_SECONDS,
        description="Answer when the result is made, but at most this long after the plan is ready",
    )
    allow_unknown_prices: UnknownPrices = False
    approver: Person = "someone"

    @model_validator(mode="after")
    def _one_request(self) -> "Generate":
        if self.brief is None and self.prompt is None:
            raise ValueError("prompt: is needed, unless there is a brief; give either `prompt` or `brief`")
        if self.brief and self.prompt:
            raise ValueError("prompt: is given in addition to `brief`; send only one of them")
        if self.brief and self.platform:
            raise ValueError("platform: belongs to `prompt`; name it in the brief instead")
        return self

    @property
    def whole_brief(self) -> Brief:
        """The brief of the request, or one with the prompt as its text."""
        if self.brief is not None:
            return self.brief
        return Brief(text=self.prompt or "", platform=self.platform or Platform.SOCIAL_POST)
