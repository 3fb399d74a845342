"""What the parts of a series may spend: the requests to its account, and what a part was granted. Pure data; USD.

The account is an object in the bucket, next to the planning of the series, so that no cap depends on which workflow or
worker is alive. It holds one amount for each part. All amounts together, and all planning, never exceed the approved
budget.
"""

from decimal import Decimal
from typing import Final

from pydantic import Field

from workflows.models import ZERO, Model, Money, ProductionId, Slug

OPEN_SERIES: Final = "open_series"
RESERVE_PART: Final = "reserve_part"
RETURN_PART: Final = "return_part"
"""The activities of the account."""
SERIES_SHORT: Final = "SeriesShort"
"""The type of a failure: the budget of a series does not hold an amount; the message names what is left of it."""


class SeriesAccount(Model):
    """The account of a series."""

    tenant: Slug
    series_id: ProductionId


class OpenSeries(SeriesAccount):
    """An approved budget, and what it holds for each part from now on."""

    budget_usd: Money = Field(description="The most that all parts may cost together, with their planning")
    number: int = Field(ge=1, description="Grows with each approval, so that an attempt that comes late does nothing")
    parts: dict[ProductionId, Money] = Field(description="Production -> the most that its assets may cost")


class ReservePart(SeriesAccount):
    """The most that a part may cost after its planning, from now on. A lower amount than before changes nothing."""

    production_id: ProductionId
    usd: Money
    number: int = Field(default=0, ge=0, description="Of the grant that the part knows; 0 before the first")


class ReturnPart(ReservePart):
    """What a closed part has cost after its planning; the rest is free for other parts. It ends the grant."""


class Granted(Model):
    """What the account holds for a part. `number` counts the grants: one ends when money is returned. A run that was
    reset does not know of the end, and gets nothing more."""

    usd: Money
    number: int = Field(ge=1)


class PartGrant(SeriesAccount):
    """The grant from which a take is paid. After its end nothing is submitted, whatever run requests it."""

    number: int = Field(ge=0)


class Allowance(Model):
    """What a part may spend, as far as its run knows."""

    planned_usd: Money = Field(description="The cost of its planning, which the account counts by itself")
    granted_usd: Money = Field(default=ZERO, description="For all that follows")
    number: int = Field(default=0, ge=0, description="Of the grant; 0 before the first")

    def taking(self, granted: Granted) -> "Allowance":
        return Allowance(planned_usd=self.planned_usd, granted_usd=granted.usd, number=granted.number)

    @property
    def usd(self) -> Decimal:
        return self.planned_usd + self.granted_usd
