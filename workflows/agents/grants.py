"""Grants: the money that a person lets an agent release. Pure data.

An agent is the holder of an API key of role `agent`. The API signs its requests with `agent:` and the key's name, which
no person can have, so the workflow recognises it in every request.
"""

from datetime import datetime
from typing import Final, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from workflows.models import Model, Money, Person, ProductionId, Slug

AGENT: Final = "agent:"
"""The prefix of an agent's name in requests and events."""


def agent_name(key_name: str) -> str:
    """The name with which an agent's requests are signed."""
    return f"{AGENT}{key_name}"


def is_agent(person: str) -> bool:
    return person.startswith(AGENT)


class Grant(Model):
    """The most that an agent may release without a person: for one production, for each one, or for all of a day (UTC).

    It covers what planning may cost before the approval, and the whole budget of each plan that the agent executes.
    """

    grant_id: Slug
    agent: Person = Field(description="The name of the agent's key")
    tenant: Slug = "default"
    usd: Money = Field(description="The most; USD")
    per: Literal["production", "day"] = Field(
        description="production: for each production, or `production_id` alone. day: for all of a day (UTC) together"
    )
    production_id: ProductionId | None = Field(default=None, description="The only production that it covers")
    granted_by: Person = "someone"
    created_at: AwareDatetime
    expires_at: AwareDatetime

    @model_validator(mode="after")
    def _one_production(self) -> Self:
        if self.production_id and self.per == "day":
            raise ValueError("production_id: a grant for a day covers all productions; give per 'production'")
        return self

    def is_valid_at(self, moment: datetime) -> bool:
        return moment < self.expires_at

    def covers(self, production_id: str) -> bool:
        """Whether it may be used for this production."""
        return self.production_id in (None, production_id)

    def period_of(self, production_id: str, day: str) -> str:
        """What its amount is counted for: a production, or a day such as 2026-11-29."""
        return day if self.per == "day" else production_id
