"""The state of a production, without a server: large ones stay small enough, and takes keep what they were asked as."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from workflows import policies
from workflows.asset_records import asset_records
from workflows.contracts import AssetFailure
from workflows.events import ProductionStart
from workflows.models import Alternative, Asset, Brief, Media, Modality, Plan, Platform, Quote, Take
from workflows.requests import Approval
from workflows.state import ProductionState

NOW = datetime(2026, 11, 20, tzinfo=UTC)
QUOTE = Quote(low_usd=Decimal(0), high_usd=Decimal("0.10"), expected_seconds=1)


def approved(*assets: Asset) -> ProductionState:
    state = ProductionState(
        ProductionStart(production_id="p1", brief=Brief(text="x", platform=Platform.COPY)), _clock()
    )
    plan = Plan.of("A plan", assets)
    state.plan_ready(plan)
    state.approve(Approval(plan_digest=plan.digest, approver="ana", budget_usd=Decimal(1_000)))
    return state


def _clock() -> Callable[[], datetime]:
    ticks = iter(range(1_000_000))
    return lambda: NOW + timedelta(seconds=next(ticks))


def text(number: int, *needs: str, **more: object) -> Asset:
    made = {"provider": "a", "model": "words", "quote": QUOTE, "depends_on": needs, "prompt": "Say it well. " * 13}
    return Asset.model_validate({"asset_id": f"text-{number}", "asset_type": "text", "role": "body", **made, **more})


def take(asset: Asset, number: int = 1, **inputs: int) -> Take:
    media = Media(key=f"{asset.asset_id}/{number}", bytes=5, sha256=f"{number}".ljust(64, "0"), media_type="text/plain")
    told = {"prompt": asset.prompt, "provider": asset.provider, "model": asset.model}
    return Take(number=number, media=media, inputs=inputs, started_at=NOW, finished_at=NOW, **told)


def test_a_thousand_failures_can_be_answered() -> None:
    """When a provider's outage fails all of 1,000 assets, the record has room for the answers to them."""
    assets = [text(n) for n in range(policies.WINDOW * 20)]
    state = approved(*assets)
    for asset in assets:
        state.start(asset)
        state.fail(asset.asset_id, AssetFailure(message="the vendor is down, " * 20, kind="provider_unavailable"))
    assert len(state.snapshot().model_dump_json(exclude_defaults=True).encode()) < policies.MAX_RECORD_BYTES
    record = asset_records(state.told())[7]
    assert record.waiting
    assert (record.waiting.reason, record.waiting.price_usd) == ("asset_failed", Decimal("0.10"))
    assert record.waiting.message.startswith("the vendor is down")
    assert state.events[record.waiting.id - 1].asset_id == record.asset_id


def test_a_long_chain_of_inputs() -> None:
    """Of 1,000 assets, each made from the one before, a change of the first makes all the others stale."""
    assets = [text(n, *([f"text-{n - 1}"] if n else [])) for n in range(1_000)]
    state = approved(*assets)
    for n, asset in enumerate(assets):
        state.start(asset)
        state.complete(asset.asset_id, take(asset, **({f"text-{n - 1}": 1} if n else {})))
    assert not any(s.stale for s in state.assets.values())
    state.make_again("text-0")
    state.start(assets[0])
    state.complete("text-0", take(assets[0], 2))
    assert sum(s.stale for s in state.assets.values()) == 999
    state.select("text-0", 1)
    assert not any(s.stale for s in state.assets.values())


def test_a_further_take_keeps_its_maker() -> None:
    """A fallback of the main take changes neither who makes the further ones, nor what they hold."""
    dear = Quote(low_usd=Decimal(0), high_usd=Decimal("0.50"), expected_seconds=1)
    asset = text(1, fallbacks=(Alternative(provider="b", model="verse", quote=dear),))
    state = approved(asset)
    state.start(asset)
    state.complete(asset.asset_id, take(asset))
    state.make_again(asset.asset_id, count=2)
    ((_, extra),) = state.extras()
    state.start_extra(asset.asset_id, extra.number)
    state.start(asset)
    assert state.fall_back(asset.asset_id, AssetFailure(message="gone"))
    state.start(asset.made_by(1))
    assert [(a.provider, number) for a, number in state.making_for_money()] == [("a", 2), ("b", 4)]
    assert state.held_usd() == Decimal("0.60")
    assert Modality.TEXT is extra.asset.asset_type
