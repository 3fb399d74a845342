"""The index of takes that can be reused: one small object for each tenant and digest, and its key.

`reuse/{tenant}/{digest}.json` names the take; a take that a judge rejected has an object `rejected.json` next to its
ledger.
"""

from typing import Final

from pydantic import ConfigDict, Field

from workflows import keys
from workflows.base import Model
from workflows.models import Media
from workflows.prices import Money
from workflows.reuse.reused import Reused

REUSE: Final = "reuse/"
"""The prefix of all entries."""


class KnownTake(Model):
    """A take that was made from the request with the digest in the key of this object."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    production_id: str
    asset_id: str
    take: int = Field(ge=1)
    provider: str
    model: str
    media: Media
    cost_usd: Money

    @property
    def origin(self) -> Reused:
        known = {"production_id": self.production_id, "asset_id": self.asset_id, "take": self.take}
        return Reused.model_validate({**known, "cost_usd": self.cost_usd})

    @property
    def prefix(self) -> str:
        """Of the objects of the take."""
        return keys.take_prefix(self.production_id, self.asset_id, self.take)


def known_take_key(tenant: str, digest: str) -> str:
    return f"{REUSE}{tenant}/{digest}.json"


def rejected_key(prefix: str) -> str:
    """The key of the object that says that a judge rejected the take with this prefix."""
    return f"{prefix}/rejected.json"
