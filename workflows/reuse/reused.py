"""Where a reused take comes from, and which takes may be reused. Pure data."""

from pydantic import Field

from workflows.base import Model
from workflows.prices import Money


class Reused(Model):
    """The take of another production of the tenant whose media a take has."""

    production_id: str
    asset_id: str
    take: int = Field(ge=1)
    cost_usd: Money = Field(description="What it cost there; reusing it costs nothing")

    @property
    def place(self) -> str:
        return f"take {self.take} of {self.asset_id} in {self.production_id}"

    @property
    def statement(self) -> str:
        """Of an answer of a language model, for people."""
        return f"the answer is that of {self.production_id}, which was reused and cost nothing"


class ReuseTerms(Model):
    """How one take takes part in reuse."""

    allowed: bool = Field(description="Whether it may be a reused one. Otherwise it is made, and others may reuse it")
    twin: int = Field(
        default=0,
        ge=0,
        description="How many earlier assets of the plan have the same prompt: each of them gets a take of its own",
    )
