"""Versions of Greenlight's own prompts, the choice of a tenant among them, and what one production uses. Pure.

prompts/{tenant}/{name}/{version}.json   a version; it never changes
prompts/{tenant}/chosen.json             the versions in use, with those that were in use before
productions/{production_id}/prompts.json what one production uses: read once, and kept for all its questions
"""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints

from workflows.base import Model
from workflows.evaluation.statistics import Difference, Interval
from workflows.prices import ZERO, Money
from workflows.prompts.uses import (
    BUILT_IN_VERSION,
    KEPT_CHOICES,
    MAX_TEXT_CHARS,
    PromptName,
    Version,
)

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEXT_CHARS)]
By = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Gain(Model):
    """What a version changes on cases that its optimisation did not see."""

    metric: str
    better: Literal["higher", "lower"]
    before: Interval = Field(description="The version in use, on the held-out cases")
    after: Interval = Field(description="This version, on the same cases")
    gain: Difference = Field(description="By case; positive is better, whichever direction the metric has")
    held_out: int = Field(description="Cases that the search did not see")
    trained: int = Field(description="Cases that the search used")
    method: str
    spent_usd: Money = ZERO


class PromptVersion(Model):
    """One text under a number. It never changes."""

    name: PromptName
    version: int = Field(ge=1)
    text: Text
    note: Annotated[str, StringConstraints(max_length=500)] = ""
    author: By
    created_at: datetime
    optimisation_id: str = Field(default="", description="The optimisation that found it")
    gain: Gain | None = None


class Choice(Model):
    """A version that a person put into use."""

    version: Version
    by: By
    at: datetime


class Choices(Model):
    """The choices of one tenant: of each name the newest is in use."""

    chosen: dict[PromptName, tuple[Choice, ...]] = Field(default_factory=dict)

    def version_of(self, name: PromptName) -> int:
        found = self.chosen.get(name)
        return found[-1].version if found else BUILT_IN_VERSION

    def with_choice(self, name: PromptName, choice: Choice) -> Self:
        """With another version in use; the same object where that version is in use already."""
        if choice.version == self.version_of(name):
            return self
        kept = (*self.chosen.get(name, ()), choice)[-KEPT_CHOICES:]
        return self.model_copy(update={"chosen": {**self.chosen, name: kept}})

    def rolled_back(self, name: PromptName) -> Self | None:
        """With the version before in use; None where there is none before."""
        found = self.chosen.get(name, ())
        return self.model_copy(update={"chosen": {**self.chosen, name: found[:-1]}}) if found else None
