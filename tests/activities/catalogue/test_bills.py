"""What a take is recorded to cost, and what a sound may cost, where a vendor's numbers or names are unusual."""

from decimal import Decimal

import pytest

from activities.catalogue.offers import Parameter, Unit
from activities.catalogue.pricing import cost_of
from activities.providers.protocol import Finished
from tests.activities.catalogue.test_pricing import asset, offer, quoted, rate
from workflows.models import Modality, Quote


@pytest.mark.parametrize("role", ["music", "effects", "ambience"])
@pytest.mark.parametrize(
    ("name", "parameters", "high"),
    [("duration", {}, "3.0000"), ("seconds", {}, "3.0000"), ("duration", {"duration": 90}, "9.0000")],
)
def test_music_is_priced_by_its_length(role: str, name: str, parameters: dict[str, int], high: str) -> None:
    """A sound that is not spoken costs its own length, whatever the vendor calls it, not that of its description."""
    rule = {name: Parameter(meaning="length", type="number", default="30")}
    sold = offer(
        rate("second", "0.1"), modality=Modality.AUDIO, parameters={name: ""}, rules=rule, sounds=frozenset({role})
    )
    assert quoted(sold, role=role, prompt="calm", parameters=parameters).high_usd == Decimal(high)


@pytest.mark.parametrize(
    ("cost", "usage"),
    [
        ("-5", {}),
        ("NaN", {}),
        ("Infinity", {}),
        ("1000000.01", {}),
        (None, {"input_tokens": -1_000, "output_tokens": 10}),
        (None, {"input_tokens": 0, "output_tokens": 0}),
        (None, {"output_tokens": 10**15}),
    ],
)
def test_an_impossible_bill_is_not_recorded(cost: str | None, usage: dict[Unit, int | Decimal]) -> None:
    """A number that no take can cost neither stops the take nor lowers the record: the take costs its high price."""
    made = offer(rate("input_tokens", "2"), rate("output_tokens", "10"), modality=Modality.TEXT)
    one = asset(asset_type="text", quote=Quote(low_usd=Decimal(0), high_usd=Decimal("0.5"), expected_seconds=1))
    finished = Finished(b"", "", Decimal(cost) if cost else None, usage)
    assert cost_of(made, one, finished) == (Decimal("0.5"), "catalogue")
