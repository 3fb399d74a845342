"""States of a production whose plan is approved."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from workflows.brief import Brief, Platform
from workflows.events import ProductionStart
from workflows.models import Asset, Media, Plan, Quote, Take
from workflows.production.state.approvals import approve_plan, set_plan
from workflows.production.state.record import Record
from workflows.requests import Approval

NOW = datetime(2026, 11, 20, tzinfo=UTC)
QUOTE = Quote(low_usd=Decimal(0), high_usd=Decimal("0.10"), expected_seconds=1)


def approved(*assets: Asset) -> Record:
    state = Record.begin(ProductionStart(production_id="p1", brief=Brief(text="x", platform=Platform.COPY)), clock())
    plan = Plan.of("A plan", assets)
    set_plan(state, plan)
    approve_plan(state, Approval(plan_digest=plan.digest, approver="ana", budget_usd=Decimal(1_000)))
    return state


def clock() -> Callable[[], datetime]:
    ticks = iter(range(1_000_000))
    return lambda: NOW + timedelta(seconds=next(ticks))


def text(number: int, *needs: str, **more: object) -> Asset:
    made = {"provider": "a", "model": "words", "quote": QUOTE, "depends_on": needs, "prompt": "Say it well. " * 13}
    return Asset.model_validate({"asset_id": f"text-{number}", "asset_type": "text", "role": "body", **made, **more})


def take(asset: Asset, number: int = 1, **inputs: int) -> Take:
    media = Media(key=f"{asset.asset_id}/{number}", bytes=5, sha256=f"{number}".ljust(64, "0"), media_type="text/plain")
    copied = {"prompt": asset.prompt, "provider": asset.provider, "model": asset.model}
    return Take(number=number, media=media, inputs=inputs, started_at=NOW, finished_at=NOW, **copied)
