"""What callers get in addition to the stored record: the assets in the plan's event, and estimates."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from workflows.brief import Brief, Platform
from workflows.events import (
    AssetState,
    AssetStatus,
    AttentionReason,
    Event,
    EventName,
    ProductionStatus,
    Progress,
    Snapshot,
)
from workflows.models import UPLOAD, Asset, Estimate, Media, Modality, Plan, Quote, Take
from workflows.production.state import attention
from workflows.production.state.estimates import asset_estimate, production_estimate
from workflows.production.state.plans.plan_event import with_plan_assets
from workflows.production.state.record import Record
from workflows.production.ui_details import details_of
from workflows.requests import Resolve

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def asset(asset_id: str, low: str = "0.01", high: str = "0.02", *, unknown: bool = False, prompt: str = "sea") -> Asset:
    quote = Quote(low_usd=Decimal(low), high_usd=Decimal(high), expected_seconds=1, unknown=unknown)
    return Asset(
        asset_id=asset_id,
        asset_type=Modality.TEXT,
        role="body",
        prompt=prompt,
        provider="shop",
        model="m",
        quote=quote,
    )


def take(number: int, cost: str, estimate: Estimate | None = None, provider: str = "shop", **change: object) -> Take:
    made = Take(
        number=number,
        prompt="sea",
        provider=provider,
        model="m",
        media=Media(key="k", bytes=1, sha256="0", media_type="text/plain"),
        cost_usd=Decimal(cost),
        billed_usd=Decimal(cost),
        estimate_usd=estimate,
        started_at=NOW,
        finished_at=NOW,
    )
    return made.model_copy(update=change)


def snapshot(plan: Plan, *logged: tuple[EventName, str], **change: object) -> Snapshot:
    events = [Event(id=n, name=name, at=NOW, data={"plan_digest": d}) for n, (name, d) in enumerate(logged, 1)]
    made = Snapshot(
        production_id="p1",
        status=ProductionStatus.AWAITING_APPROVAL,
        brief=Brief(text="Say it.", platform=Platform.COPY),
        created_at=NOW,
        updated_at=NOW,
        plan=plan,
        events=tuple(events),
    )
    return made.model_copy(update=change)


FIRST = Plan.of("T", [asset("a")])
SECOND = Plan.of("T", [asset("a", prompt="sky"), asset("b", unknown=True)])


@pytest.mark.parametrize(
    ("logged", "carrying"),
    [
        ([("plan_start", ""), ("plan_ready", SECOND.digest)], 2),
        ([("plan_ready", FIRST.digest), ("plan_ready", SECOND.digest), ("approved", SECOND.digest)], 2),
        ([("plan_ready", FIRST.digest), ("plan_edited", SECOND.digest)], 2),
        ([("plan_ready", SECOND.digest), ("plan_edited", FIRST.digest), ("plan_edited", SECOND.digest)], 3),
        ([("plan_ready", FIRST.digest)], None),
        ([], None),
    ],
)
def test_newest_plan_event_has_assets(logged: Sequence[tuple[EventName, str]], carrying: int | None) -> None:
    """Only the newest event of the current plan carries its assets, in plan order, and nothing else changes."""
    record = snapshot(SECOND, *logged)
    for after in range(len(logged) + 1):
        part = Record.of(record, lambda: NOW).progress(after)
        published = with_plan_assets(record, part)
        assert [e.id for e in published.events] == [e.id for e in part.events]
        assert [e.id for e in published.events if "plan_assets" in e.data] == [carrying] * (after < (carrying or 0))
        for event, stored in zip(published.events, part.events, strict=True):
            assert {k: v for k, v in event.data.items() if k != "plan_assets"} == stored.data
    whole = with_plan_assets(record, record)
    if carrying:
        shown = whole.events[carrying - 1].data["plan_assets"]
        assert isinstance(shown, list)
        first, second = shown
        assert isinstance(second, dict)
        assert first == {
            "asset_id": "a",
            "asset_type": "text",
            "role": "body",
            "label": "",
            "position": 1,
            "prompt": "sky",
            "provider": "shop",
            "model": "m",
            "low_usd": "0.01",
            "high_usd": "0.02",
        }
        assert (second["asset_id"], second["position"], second["low_usd"]) == ("b", 2, None)
    assert all("plan_assets" not in event.data for event in record.events)


def test_published_plan_is_not_larger_than_record() -> None:
    """The events with the assets of a plan of 1,000 assets are one payload that is smaller than the record."""
    plan = Plan.of("T", [asset(f"a-{n}", prompt="x" * 200) for n in range(1_000)])
    logged: list[tuple[EventName, str]] = [("plan_ready", plan.digest)] * 50
    record = snapshot(plan, *logged)
    published: Progress = with_plan_assets(record, Record.of(record, lambda: NOW).progress(0))
    assert len(published.model_dump_json()) < len(record.model_dump_json())


def test_estimate_of_asset() -> None:
    """An asset's estimate covers the takes that its cost covers: one before the first, then each with its own price."""
    made, priced = asset("a"), Estimate(low=Decimal("0.03"), high=Decimal("0.05"))
    plan_price = Estimate(low=Decimal("0.01"), high=Decimal("0.02"))
    assert asset_estimate(made, AssetState()) == plan_price
    assert asset_estimate(made, AssetState(takes=(take(1, "0.04", priced),))) == priced
    assert asset_estimate(made, AssetState(takes=(take(1, "0.04", priced), take(2, "0.01")))) == priced + plan_price
    uploaded = AssetState(takes=(take(1, "0", provider=UPLOAD),))
    assert asset_estimate(made, uploaded) == Estimate(low=Decimal(0), high=Decimal(0))
    unpriced = made.model_copy(update={"quote": None})
    assert asset_estimate(unpriced, AssetState()) is None
    assert asset_estimate(unpriced, AssetState(takes=(take(1, "0.04"),))) is None


def test_estimate_of_production() -> None:
    """A production's estimate covers all takes, also of dropped assets, and the assets without a take."""
    price = Estimate(low=Decimal("0.03"), high=Decimal("0.05"))
    states = {"a": AssetState(takes=(take(1, "0.04", price),)), "gone": AssetState(takes=(take(1, "0.04", price),))}
    found = production_estimate(snapshot(SECOND, assets=states))
    assert found == Estimate(low=Decimal("0.07"), high=Decimal("0.12"), unknown=True)
    assert production_estimate(snapshot(SECOND).model_copy(update={"plan": None})) is None


@pytest.mark.parametrize(
    ("made", "state", "costs", "unknown"),
    [
        (asset("a", "0", "0"), AssetState(), ("free", ""), False),
        (asset("a", "0", "0"), AssetState(takes=(take(1, "0"),)), ("free", "free"), False),
        (asset("a", "0.03", "0.05"), AssetState(), ("0.03–0.05", ""), False),
        (asset("a", "0.05", "0.05"), AssetState(takes=(take(1, "0.04"),)), ("0.05", "0.04"), False),
        (asset("a", "0", "0", unknown=True), AssetState(), ("unknown", ""), True),
        (asset("a", "0", "0", unknown=True), AssetState(takes=(take(1, "0", cost_source="unknown"),)), None, True),
    ],
)
def test_free_differs_from_unknown(
    made: Asset, state: AssetState, costs: tuple[str, str] | None, unknown: bool
) -> None:
    """The details of a run show free and unknown costs in different words, next to the estimate."""
    shown = state.model_copy(update={"status": AssetStatus.COMPLETED})
    record = Record.of(snapshot(Plan.of("T", [made]), assets={"a": shown}), lambda: NOW)
    text = details_of(record)
    row = next(line for line in text.splitlines() if line.startswith("| a\u2003"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert tuple(cells[-2:]) == (costs or ("unknown", "unknown"))
    assert ("1 of unknown cost" in text) == unknown
    assert not (unknown and "nothing" in text)


@pytest.mark.parametrize("reason", ["content_refused", "output_unusable", "ambiguous_submission", "asset_failed"])
def test_the_answer_that_the_details_show_is_accepted(reason: AttentionReason) -> None:
    """The details of a run show the JSON of an answer to what waits, and it is one of the accepted answers."""
    waiting = AssetState(status=AssetStatus.FAILED, attention=reason, error="no")
    record = Record.of(snapshot(Plan.of("T", [asset("a")]), assets={"a": waiting}), lambda: NOW)
    record.status = ProductionStatus.NEEDS_ATTENTION
    answer = Resolve.model_validate_json(details_of(record).split("```json")[1].split("```")[0])
    assert (answer.asset_id, answer.resolver) == ("a", "your name")
    assert answer.action in attention.answers_to(record, reason, "a")
