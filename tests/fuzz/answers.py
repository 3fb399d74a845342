"""Results of the activities of a simulated production: prices, takes and deliverables of one byte."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from tests.fuzz.simulation import NOW
from workflows.models import (
    ZERO,
    Alternative,
    Asset,
    Deliverable,
    DeliverableFile,
    Media,
    Modality,
    Plan,
    Quote,
    Take,
)

PRICES: Final[Mapping[str, Decimal]] = {
    "gift": ZERO,
    "cheap": Decimal("0.01"),
    "expensive": Decimal("0.10"),
    "job": Decimal("0.05"),
    "spare": Decimal("0.03"),
    "secret": Decimal("0.02"),
}
"""The price of a take, USD."""
UNPUBLISHED: Final = frozenset({"secret"})
"""Models without a published price."""
MODELS: Final = tuple(PRICES)


def made_up(
    asset_id: str, kind: Modality, model: str, needs: tuple[str, ...], prompt: str, others: tuple[Alternative, ...] = ()
) -> Asset:
    return Asset(
        asset_id=asset_id,
        asset_type=kind,
        role="body",
        prompt=prompt,
        provider="fake",
        model=model,
        depends_on=needs,
        fallbacks=others,
    )


def priced(plan: Plan, only: tuple[str, ...]) -> Plan:
    def quote(model: str) -> Quote:
        unknown = model in UNPUBLISHED
        high = ZERO if unknown else PRICES[model]
        return Quote(low_usd=ZERO, high_usd=high, expected_seconds=1, job=model == "job", unknown=unknown)

    assets = [
        a
        if only and a.asset_id not in only
        else a.model_copy(
            update={
                "quote": quote(a.model),
                "fallbacks": tuple(f.model_copy(update={"quote": quote(f.model)}) for f in a.fallbacks),
            }
        )
        for a in plan.assets
    ]
    return Plan.of(plan.title, assets, plan.planner)


def media(content: str) -> Media:
    return Media(key=content, bytes=1, sha256=content, media_type="text/plain")


def taken(
    asset: Asset, number: int, content: str, provider: str, billed: Decimal = ZERO, inputs: dict[str, int] | None = None
) -> Take:
    return Take(
        number=number,
        prompt=asset.prompt,
        provider=provider,
        model=asset.model,
        media=media(content),
        cost_usd=PRICES[asset.model],
        billed_usd=billed,
        inputs=inputs or {},
        started_at=NOW,
        finished_at=NOW,
    )


def delivered(revision: int) -> Deliverable:
    file = DeliverableFile(name="content.md", role="document", media=media("document"))
    return Deliverable(revision=revision, files=(file,))
