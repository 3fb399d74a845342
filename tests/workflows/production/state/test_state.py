"""The state of a production, without a server: large ones stay small enough, and takes keep what they were asked as."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from api.views.assets import asset_records
from workflows.activity_io import AssetCancelled, AssetFailure
from workflows.events import ProductionStart
from workflows.models import Alternative, Asset, Brief, Media, Modality, Plan, Platform, Quote, Take
from workflows.production.state import policies
from workflows.production.state.state import ProductionState
from workflows.requests import Approval, EditOp

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


def test_a_doubt_costs_what_was_asked() -> None:
    """A request whose answer was lost counts and is held as its ledger says: what its own model costs."""
    dear = Quote(low_usd=Decimal(0), high_usd=Decimal("0.50"), expected_seconds=1)
    asset = text(1, fallbacks=(Alternative(provider="b", model="verse", quote=dear),))
    state = approved(asset)
    state.start(asset)
    assert state.held_usd() == Decimal("0.50")
    doubt = AssetFailure(message="lost", reason="ambiguous_submission", doubt_usd=Decimal("0.10"))
    state.fail("text-1", doubt)
    assert state.held_usd() == Decimal("0.10")
    state.take_up("text-1", adopt_job_id=None)
    assert state.spent_usd == Decimal("0.10")
    state.start(asset)
    state.complete("text-1", take(asset).model_copy(update={"billed_usd": Decimal("0.20")}))
    assert state.spent_usd == Decimal("0.20")


def test_a_doubt_is_counted_once() -> None:
    """Cancelled while a further take of it is made, an asset in doubt counts what may have been billed, once."""
    asset = text(1)
    state = approved(asset)
    state.start(asset)
    state.complete(asset.asset_id, take(asset))
    state.make_again(asset.asset_id, count=2)
    state.start_extra(asset.asset_id, 2)
    state.start(asset)
    doubt = AssetFailure(reason="ambiguous_submission", message="in doubt", doubt_usd=Decimal("0.10"))
    state.fail(asset.asset_id, doubt)
    state.cancel({(asset.asset_id, 2): AssetCancelled(outcome="free")})
    assert state.spent_usd == Decimal("0.10")


def test_fallbacks_that_an_edit_took_out() -> None:
    """What a fallback made is made by the asset's own model, once an edit has named one."""
    spare = Alternative(provider="b", model="verse", quote=QUOTE)
    asset = text(1, fallbacks=(spare,))
    state = approved(asset)
    state.start(asset)
    assert state.fall_back(asset.asset_id, AssetFailure(message="gone"))
    state.start(asset.made_by(1))
    state.complete(asset.asset_id, take(asset.made_by(1)))
    assert state.providers() == ["b"]
    edit = EditOp(op="change", asset_id=asset.asset_id, model="other words")
    assert state.plan
    state.edit(policies.apply_edits(state.brief, state.plan, [edit]), {}, allow_unknown=False)
    assert state.providers() == ["a"]


def test_a_key_that_is_refused_is_not_tried_with_another_model() -> None:
    """What ails an account ails all its models: only another provider can stand in."""
    same, other = (Alternative(provider=p, model="verse", quote=QUOTE) for p in ("a", "b"))
    for kind, spares, maker in (
        ("authentication_failed", (same,), None),
        ("quota_exhausted", (same,), None),
        ("overloaded", (same,), 1),
        ("authentication_failed", (other,), 1),
        ("authentication_failed", (same, other), 2),
        ("overloaded", (same, other), 1),
    ):
        asset = text(1, fallbacks=spares)
        state = approved(asset)
        state.start(asset)
        assert state.fall_back(asset.asset_id, AssetFailure(message="refused", kind=kind)) is bool(maker)
        assert state.assets[asset.asset_id].model == (maker or 0)


def test_what_waits_before_the_approval() -> None:
    """A plan waits for its approval; an unknown price is the reason it tells, with a budget or without."""

    def waiting(budget: str | None, **quote: object) -> ProductionState:
        brief = Brief(text="x", platform=Platform.COPY, budget_usd=Decimal(budget) if budget else None)
        state = ProductionState(ProductionStart(production_id="p1", brief=brief), _clock())
        state.plan_ready(Plan.of("A plan", [text(1, quote=QUOTE.model_copy(update=quote))]))
        return state

    assert _reason(waiting(None)) == "approval"
    assert _reason(waiting(None, unknown=True)) == "price_unknown"
    late = waiting("5", unknown=True)
    assert _reason(late) == "price_unknown"
    late.moment_came()
    assert _reason(late) == "deadline_near"
    late.moment_came()
    assert late.told().waiting is None


def test_a_parked_asset_waits_for_its_budget() -> None:
    """What does not fit the budget waits with both sums, and is taken up again when the budget is raised."""
    asset = text(1)
    state = approved(asset)
    state.park(asset.asset_id, Decimal("0.05"), Decimal("0.10"))
    (record,) = asset_records(state.told())
    assert record.waiting
    assert (record.waiting.reason, record.waiting.answers[0]) == ("budget_short", "approve")
    assert "0.10 USD does not fit the 0.05 USD" in record.waiting.message
    assert "raise_budget" in record.waiting.answers
    state.raise_budget(Decimal(2_000), "ana")
    (record,) = asset_records(state.told())
    assert record.waiting is None


def _reason(state: ProductionState) -> str:
    item = state.told().waiting
    assert item
    return item.reason
