"""Plans that the command shows."""

from decimal import Decimal

from api.views.production import PlanView
from workflows.models import Asset, Modality, Plan, Quote


def plan_of(count: int, price: str = "0.0350") -> PlanView:
    quote = Quote(low_usd=Decimal(0), high_usd=Decimal(price), expected_seconds=1)
    return PlanView.of(
        Plan.of(
            "A plan",
            [
                Asset(
                    asset_id=f"shot-{n}",
                    asset_type=Modality.TEXT,
                    role="body",
                    prompt=f"Words {n}\nand more, " + "long " * 40,
                    provider="fake",
                    model="words",
                    parameters={"seconds": n},
                    quote=quote,
                )
                for n in range(1, count + 1)
            ],
        )
    )
