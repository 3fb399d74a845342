"""The state of a production, without a server: large ones stay small enough, and takes keep their original request."""

from decimal import Decimal

from api.views.assets import asset_records
from tests.workflows.production.state.states import QUOTE, approved, clock, take, text
from workflows.activity_io import AssetCancelled, AssetFailure
from workflows.brief import Brief, Platform
from workflows.events import ProductionStart
from workflows.models import Alternative, Modality, Plan, Quote, Take
from workflows.production.state import policies
from workflows.production.state.approvals import (
    MAX_MESSAGE_CHARS,
    abridged,
    fail_plan,
    set_plan,
    take_approval_step,
)
from workflows.production.state.attention import published
from workflows.production.state.budget import held_usd, paid_takes_in_progress
from workflows.production.state.changes import (
    cancel_production,
    continue_take,
    queue_takes,
    raise_budget,
    replace_plan,
    select_take,
)
from workflows.production.state.record import Record
from workflows.production.state.takes import (
    complete_take,
    extras_to_start,
    fail_take,
    hold_for_budget,
    providers_in_use,
    start_extra,
    start_take,
    use_fallback,
)
from workflows.requests import EditOp


def test_a_thousand_failures_can_be_answered() -> None:
    """When an outage of a provider fails all of 1,000 assets, the record has room for the answers to them."""
    assets = [text(n) for n in range(policies.WINDOW * 20)]
    state = approved(*assets)
    for asset in assets:
        start_take(state, asset)
        fail_take(state, asset.asset_id, AssetFailure(message="the vendor is down, " * 20, kind="provider_unavailable"))
    assert len(state.model_dump_json(exclude_defaults=True).encode()) < policies.INLINE_RECORD_BYTES
    record = asset_records(published(state))[7]
    assert record.waiting
    assert (record.waiting.reason, record.waiting.price_usd) == ("asset_failed", Decimal("0.10"))
    assert record.waiting.message.startswith("the vendor is down")
    assert state.events[record.waiting.id - 1].asset_id == record.asset_id


def test_a_long_chain_of_inputs() -> None:
    """In a chain of 1,000 assets a change of the first makes all the others stale."""
    assets = [text(n, *([f"text-{n - 1}"] if n else [])) for n in range(1_000)]
    state = approved(*assets)
    for n, asset in enumerate(assets):
        start_take(state, asset)
        complete_take(state, asset.asset_id, take(asset, **({f"text-{n - 1}": 1} if n else {})))
    assert not any(s.stale for s in state.assets.values())
    queue_takes(state, "text-0")
    start_take(state, assets[0])
    complete_take(state, "text-0", take(assets[0], 2))
    assert sum(s.stale for s in state.assets.values()) == 999
    select_take(state, "text-0", 1)
    assert not any(s.stale for s in state.assets.values())


def test_a_signature_makes_nothing_stale() -> None:
    """A new take of the same content makes no dependent stale, although its signature and so its bytes differ; one of
    another content does."""
    still, shot = text(0), text(1, "text-0")
    state = approved(still, shot)

    def signed(number: int, content: str) -> Take:
        made = take(still, number)
        return made.model_copy(update={"media": made.media.model_copy(update={"unsigned_sha256": content * 64})})

    for asset, made in ((still, signed(1, "a")), (shot, take(shot, **{"text-0": 1}))):
        start_take(state, asset)
        complete_take(state, asset.asset_id, made)
    for number, content in ((2, "a"), (3, "b")):
        queue_takes(state, "text-0")
        start_take(state, still)
        complete_take(state, "text-0", signed(number, content))
        assert state.assets["text-1"].stale == (content == "b")


def test_a_further_take_keeps_its_provider() -> None:
    """A fallback of the main take changes neither the provider of further takes, nor their reserved money."""
    expensive = Quote(low_usd=Decimal(0), high_usd=Decimal("0.50"), expected_seconds=1)
    asset = text(1, fallbacks=(Alternative(provider="b", model="verse", quote=expensive),))
    state = approved(asset)
    start_take(state, asset)
    complete_take(state, asset.asset_id, take(asset))
    queue_takes(state, asset.asset_id, count=2)
    ((_, extra),) = extras_to_start(state)
    start_extra(state, asset.asset_id, extra.number)
    start_take(state, asset)
    assert use_fallback(state, asset.asset_id, AssetFailure(message="gone"))
    start_take(state, asset.made_by(1))
    assert [(a.provider, number) for a, number in paid_takes_in_progress(state)] == [("a", 2), ("b", 4)]
    assert held_usd(state) == Decimal("0.60")
    assert Modality.TEXT is extra.asset.asset_type


def test_an_ambiguous_submission_costs_the_price_of_its_request() -> None:
    """A request whose response was lost is counted and reserved at the price in its ledger: that of its own model."""
    expensive = Quote(low_usd=Decimal(0), high_usd=Decimal("0.50"), expected_seconds=1)
    asset = text(1, fallbacks=(Alternative(provider="b", model="verse", quote=expensive),))
    state = approved(asset)
    start_take(state, asset)
    assert held_usd(state) == Decimal("0.50")
    doubt = AssetFailure(message="lost", reason="ambiguous_submission", doubt_usd=Decimal("0.10"))
    fail_take(state, "text-1", doubt)
    assert held_usd(state) == Decimal("0.10")
    continue_take(state, "text-1", adopt_job_id=None)
    assert state.spent_usd == Decimal("0.10")
    start_take(state, asset)
    complete_take(state, "text-1", take(asset).model_copy(update={"billed_usd": Decimal("0.20")}))
    assert state.spent_usd == Decimal("0.20")


def test_an_ambiguous_submission_is_counted_once() -> None:
    """An ambiguous asset that is cancelled during a further take counts the possible bill once."""
    asset = text(1)
    state = approved(asset)
    start_take(state, asset)
    complete_take(state, asset.asset_id, take(asset))
    queue_takes(state, asset.asset_id, count=2)
    start_extra(state, asset.asset_id, 2)
    start_take(state, asset)
    doubt = AssetFailure(reason="ambiguous_submission", message="in doubt", doubt_usd=Decimal("0.10"))
    fail_take(state, asset.asset_id, doubt)
    cancel_production(state, {(asset.asset_id, 2): AssetCancelled(outcome="free")})
    assert state.spent_usd == Decimal("0.10")


def test_an_edit_removes_fallbacks() -> None:
    """An asset that a fallback made is made by its own model once an edit has named one."""
    spare = Alternative(provider="b", model="verse", quote=QUOTE)
    asset = text(1, fallbacks=(spare,))
    state = approved(asset)
    start_take(state, asset)
    assert use_fallback(state, asset.asset_id, AssetFailure(message="gone"))
    start_take(state, asset.made_by(1))
    complete_take(state, asset.asset_id, take(asset.made_by(1)))
    assert providers_in_use(state) == ["b"]
    edit = EditOp(op="change", asset_id=asset.asset_id, model="other words")
    assert state.plan
    replace_plan(state, policies.apply_edits(state.brief, state.plan, [edit]), {}, allow_unknown=False)
    assert providers_in_use(state) == ["a"]


def test_a_refused_key_skips_fallbacks_of_the_same_provider() -> None:
    """A fault of an account affects all its models: only another provider can replace it."""
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
        start_take(state, asset)
        assert use_fallback(state, asset.asset_id, AssetFailure(message="refused", kind=kind)) is bool(maker)
        assert state.assets[asset.asset_id].model == (maker or 0)


def test_the_reasons_before_the_approval() -> None:
    """A plan waits for its approval; an unknown price is the reported reason, with a budget or without."""

    def waiting(budget: str | None, **quote: object) -> Record:
        brief = Brief(text="x", platform=Platform.COPY, budget_usd=Decimal(budget) if budget else None)
        state = Record.begin(ProductionStart(production_id="p1", brief=brief), clock())
        set_plan(state, Plan.of("A plan", [text(1, quote=QUOTE.model_copy(update=quote))]))
        return state

    assert _reason(waiting(None)) == "approval"
    assert _reason(waiting(None, unknown=True)) == "price_unknown"
    late = waiting("5", unknown=True)
    assert _reason(late) == "price_unknown"
    take_approval_step(late)
    assert _reason(late) == "deadline_near"
    take_approval_step(late)
    assert published(late).waiting is None


def test_the_reasons_of_a_failed_plan_are_kept_with_their_remedy() -> None:
    """A plan fails once, so its message may be long; the messages of assets lose their middle, not the remedy."""
    state = approved(text(1))
    message = f"no language model gave a plan: {'x' * 1_000}; plan again"
    fail_plan(state, message)
    assert state.events[-1].data["reason"] == message
    assert len(short := abridged(message)) == MAX_MESSAGE_CHARS
    assert short.startswith("no language model gave a plan: x")
    assert short.endswith("x; plan again")


def test_a_parked_asset_waits_for_its_budget() -> None:
    """An asset that exceeds the budget starts when the budget is raised. Only the event names what was left: money may
    return while the asset waits."""
    asset = text(1)
    state = approved(asset)
    hold_for_budget(state, asset.asset_id, Decimal("0.05"), Decimal("0.10"))
    (record,) = asset_records(published(state))
    assert record.waiting
    assert (record.waiting.reason, record.waiting.answers[0]) == ("budget_short", "approve")
    assert record.waiting.message.startswith("its price does not fit what is left of the budget; raise the budget")
    assert "(up to 0.10 USD, and 0.05 USD were left)" in str(state.events[-1].data["message"])
    assert "raise_budget" in record.waiting.answers
    raise_budget(state, Decimal(2_000), "ana")
    (record,) = asset_records(published(state))
    assert record.waiting is None


def _reason(state: Record) -> str:
    item = published(state).waiting
    assert item
    return item.reason
