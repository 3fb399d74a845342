"""The messages between the pool of a provider's slots and the workflows that make takes, and their names.

A slot belongs to one take, so its id is that of the take: a message that arrives twice, or again after a reset, has no
second effect.
"""

from datetime import datetime
from typing import Final, Literal

from pydantic import Field

from workflows.base import Model

POOL_TYPE: Final = "Slots"
REQUEST_SIGNAL: Final = "request"
"""Of the pool, with a SlotRequest."""
LIMIT_SIGNAL: Final = "set_limit"
"""Of the pool, with the number of slots, or null for no limit."""
GRANT_SIGNAL: Final = "slots_granted"
"""Of a workflow that makes takes, with a SlotGrant."""
WAITING_QUERY: Final = "waiting_for_slots"
"""Of a production: the assets that wait for a slot, with their providers."""
CHECK_SLOTS: Final = "check_slots"
"""An activity of the provider's task queue: which slots of vanished takes are free again."""
SLOT_NEEDED: Final = "slot_needed"
"""The kind of an AssetFailure: the provider has an in-flight limit, and the take has no slot of its pool. Nothing was
sent. With `maybe_billed`, a submission of an earlier attempt is still open."""
URGENT: Final = 1
"""The priority key of what all other takes of a provider wait for."""


def pool_id(provider: str) -> str:
    """The workflow id of a provider's pool."""
    return f"slots-{provider}"


def slot_id(production_id: str, asset_id: str, take: int) -> str:
    return f"{production_id}/{asset_id}/{take}"


def take_of(slot: str) -> tuple[str, str, int]:
    """The production, the asset and the number of the take that a slot belongs to."""
    production_id, asset_id, take = slot.rsplit("/", 2)
    return production_id, asset_id, int(take)


class SlotRequest(Model):
    """What changed in a workflow that makes takes. Each field but the first four holds ids of slots."""

    holder: str = Field(description="The workflow id")
    tenant: str = Field(description="Tenants take turns")
    weight: float = Field(default=1.0, gt=0, description="The tenant's share in relation to other tenants")
    priority: int = Field(default=3, ge=1, le=5, description="Of a lower key all requests come first")
    wanted: tuple[str, ...] = ()
    running: tuple[str, ...] = Field(default=(), description="Submitted already: they count at once, above the limit")
    released: tuple[str, ...] = Field(default=(), description="Nothing of the take is at the provider any more")
    abandoned: tuple[str, ...] = Field(
        default=(), description="The workflow needs it no more, but a submission of the take may be open"
    )


class SlotGrant(Model):
    provider: str
    pool: str = Field(description="The first run of the pool: a pool that was ended and started again is another one")
    slots: tuple[str, ...]


class HeldSlot(Model):
    """A slot to check."""

    slot: str
    holder: str
    since: datetime
    abandoned: bool = False


class CheckSlots(Model):
    provider: str
    slots: tuple[HeldSlot, ...]


Verdict = Literal["held", "unclear", "free"]
"""held: its take is under way, or its job runs; free: neither; unclear: the holder runs, and only it knows."""


class SlotsChecked(Model):
    verdicts: tuple[Verdict, ...] = Field(description="One for each slot, in their order")


class PoolView(Model):
    """The state of a pool, for people."""

    provider: str
    limit: int | None
    held: tuple[HeldSlot, ...] = ()
    waiting: dict[str, int] = Field(default_factory=dict, description="Tenant -> takes that wait")
