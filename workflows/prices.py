"""Price ranges of the catalogue, and what models charged above them. USD; pure."""

from datetime import date
from decimal import ROUND_UP, Decimal
from typing import Annotated, Final

from pydantic import Field

from workflows.base import Model

ZERO: Final = Decimal(0)

MAX_USD: Final = 1_000_000
"""The highest amount of a price, a cost or a budget."""
Money = Annotated[Decimal, Field(ge=0, le=MAX_USD, decimal_places=4, examples=["2.50"])]


class Quote(Model):
    """The price range (USD) and the duration of one asset, from the model catalogue."""

    low_usd: Money
    high_usd: Money
    expected_seconds: float = Field(description="The usual duration; the first poll of a job comes after it")
    job: bool = Field(default=False, description="A long job of the provider, polled; it holds no worker slot")
    unknown: bool = Field(default=False, description="No published price: the amounts are 0 and mean nothing")
    until: date | None = Field(
        default=None, description="The last day (UTC) on which the rates are valid; after it, the asset is priced again"
    )
    rates: str = Field(
        default="", description="Identifies the rates; a take is submitted at others if they are no higher"
    )
    lengths: tuple[float, ...] = Field(
        default=(), description="Of a shot that depends on its narration: the lengths (s) from which it is chosen then"
    )

    def is_valid_on(self, day: date) -> bool:
        return self.until is None or day <= self.until


class EarlierRequest(Model):
    """The request of another run that used the number of a take; its model may be another than that of the plan."""

    provider: str
    model: str
    price_usd: Money = Field(description="What was reserved for each of its submissions; 0 if no price is published")
    above_usd: Money = Field(default=ZERO, description="What its submissions were billed above that price, in all")

    @property
    def quote(self) -> Quote:
        """Its price, as reserved."""
        price = self.price_usd
        return Quote(low_usd=price, high_usd=price, expected_seconds=0, unknown=not price)


class Estimate(Model):
    """A price range of the catalogue, USD, to compare with the actual cost."""

    low: Money
    high: Money
    unknown: bool = Field(default=False, description="A part has no published price, and is not in the amounts")

    def __add__(self, other: "Estimate") -> "Estimate":
        return Estimate(low=self.low + other.low, high=self.high + other.high, unknown=self.unknown or other.unknown)


class Charges(Model):
    """What one model charged in a production above its published price, or without a published price."""

    usd: Money = Field(default=ZERO, description="The most expensive submission that exceeded its price")
    factor: Decimal = Field(default=Decimal(1), description="The highest ratio of a bill to its published price")

    def with_bill(self, quote: Quote, cost_usd: Decimal) -> "Charges":
        """The charges after one more bill; a bill within the published price changes nothing."""
        if cost_usd <= (ZERO if quote.unknown else quote.high_usd):
            return self
        factor = cost_usd / quote.high_usd if quote.high_usd else Decimal(1)
        return Charges(
            usd=max(self.usd, cost_usd), factor=max(self.factor, factor.quantize(Decimal("0.0001"), ROUND_UP))
        )

    def price(self, quote: Quote) -> Decimal:
        """The most that a submission may cost, USD: the published high price, or the highest charge if that is more."""
        raised = (quote.high_usd * self.factor).quantize(Decimal("0.0001"), ROUND_UP)
        return max(quote.high_usd, raised, self.usd)
