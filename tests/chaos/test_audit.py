"""The audit of money in `make chaos` finds every class of fault that it checks for, and nothing else."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import pytest

from activities.takes.ledger import Entry, Submission
from tests.chaos.audit.money import Accounts, balance, published_usd
from tests.chaos.audit.records import Audit, orphans
from tests.chaos.servers.bills import Bill, Billed
from workflows import keys
from workflows.activity_io import AssetFailure
from workflows.brief import Brief, Platform
from workflows.events import AssetState, AssetStatus, Event, ProductionStatus, Snapshot
from workflows.models import Media, Take

NOW: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
PRICE: Final = Decimal("0.06")


def submission(billed: str = "0", **more: Any) -> Submission:
    return Submission(at=NOW, run_id="r", attempt=1, nonce="n", billed_usd=Decimal(billed), **more)


def entry(*submissions: Submission, state: Any = "stored", price: Decimal = PRICE, **more: Any) -> Entry:
    return Entry(
        state=state,
        provider="openai",
        model="m",
        request_digest="d",
        price_usd=price,
        submissions=submissions,
        **more,
    )


def refused(*, price: Decimal, maybe_billed: bool) -> Entry:
    failure = AssetFailure(reason="content_refused", message="no", maybe_billed=maybe_billed)
    return entry(submission(outcome="no"), state="released", price=price, final=failure)


def taken(source: Any) -> Take:
    media = Media(key="k", bytes=1, sha256="s", media_type="image/png")
    return Take(
        number=1,
        prompt="a boat",
        provider="openai",
        model="m",
        media=media,
        cost_source=source,
        started_at=NOW,
        finished_at=NOW,
    )


def held(
    entries: dict[str, Entry],
    *bills: str,
    spent: str,
    budget: str | None = "1",
    named: str = "1",
    owner: str = "visual",
    events: tuple[Event, ...] = (),
    allows_unknown: bool = True,
    brief_budget: str | None = None,
    surcharge: str = "0",
    **asset: Any,
) -> Accounts:
    """The accounts of a production with these ledgers of first takes, and bills for `owner`."""
    snapshot = Snapshot(
        production_id="x",
        status=ProductionStatus.DELIVERED,
        brief=Brief(
            text="a boat", platform=Platform.DESIGN, budget_usd=None if brief_budget is None else Decimal(brief_budget)
        ),
        created_at=NOW,
        updated_at=NOW,
        approved_at=None if budget is None else NOW,
        budget_usd=None if budget is None else Decimal(budget),
        spent_usd=Decimal(spent),
        assets={"visual": AssetState(**asset)},
        events=events,
    )
    return balance(
        snapshot,
        {(name, 1): each for name, each in entries.items()},
        [Bill("openai", Billed("p1", owner), Decimal(usd), Decimal(surcharge)) for usd in bills],
        highest_budget_usd=Decimal(named),
        allows_unknown=allows_unknown,
        was_reset=False,
    )


def overrun(cost: str) -> Event:
    data: dict[str, Any] = {"provider": "openai", "model": "m", "price_usd": "0.06", "cost_usd": cost}
    name: Any = "overrun"
    return Event.model_construct(id=1, name=name, at=NOW, asset_id="visual", data=data)


def asked() -> Event:
    return Event(id=1, name="asset_failed", at=NOW, asset_id="visual", data={"reason": "ambiguous_submission"})


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (held({"visual": entry(submission("0.03"))}, "0.03", spent="0.03", budget="0.03"), ""),
        (held({"visual": entry(submission("0.03"))}, "0.03", spent="0.03", budget="0.02"), "CAP: vendors bill 0.03"),
        (held({"visual": entry(submission("0.03"))}, "0.03", spent="0.03", named="0.5"), "nobody named more than 0.5"),
        (
            held({"visual": entry(submission("0.6"))}, "0.6", spent="0.6", budget="0.06", events=(overrun("0.6"),)),
            "",
        ),
        (held({"visual": entry(submission("0.6"))}, "0.6", spent="0.6", budget="0.06"), "no event tells of it"),
        (
            held(
                {"visual": entry(submission(), price=Decimal(0), take=taken("unknown"))}, "0.03", spent="0", budget="0"
            ),
            "",
        ),
        (
            held({keys.PLANNER: entry(submission("0.03"))}, "0.03", spent="0.03", owner=keys.PLANNER, budget=None),
            "",
        ),
        (
            held(
                {keys.PLANNER: entry(submission("0.03"))},
                "0.03",
                spent="0.03",
                owner=keys.PLANNER,
                budget=None,
                brief_budget="0.01",
            ),
            "CAP: planning was billed 0.03",
        ),
        (
            held({"visual": entry(submission("0.03"), price=Decimal(0))}, "0.03", spent="0.03", allows_unknown=False),
            "PERMISSION: visual/1 was made by openai/m",
        ),
    ],
)
def test_caps(found: Accounts, words: str) -> None:
    """The audit finds bills above the budget, an unrequested budget, an unreported overrun and an unflagged price."""
    assert words in " ".join(found.problems)
    assert bool(found.problems) == bool(words), found.problems
    assert found.exceeded == words.startswith("CAP: vendors") or words.startswith("CAP: planning")


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (held({"visual": entry(submission("0.03"))}, "0.03", spent="0.03"), ""),
        (held({"visual": entry(submission("0.02"))}, "0.03", spent="0.02"), "DIFFERENCE"),
        (held({"visual": entry(submission("0.04"))}, "0.03", spent="0.04"), "DIFFERENCE"),
        (held({}, "0.03", spent="0"), "DIFFERENCE"),
        (held({"visual": entry(submission("0.03"))}, "0.03", "0.03", spent="0.03"), "DIFFERENCE"),
        (
            held({"visual": entry(submission("0.06"), submission("0.03", resubmitted=True))}, "0.03", spent="0.09"),
            "in doubt",
        ),
        (held({"visual": entry(submission("0.06"), state="claimed")}, spent="0.06"), "open"),
        (
            held({"visual": entry(submission("0.06"), state="claimed")}, "0.60", spent="0.06", surcharge="0.54"),
            "open",
        ),
        (
            held({"visual": entry(submission("0.06"), take=taken("vendor"))}, "0.60", spent="0.06", surcharge="0.54"),
            "DIFFERENCE",
        ),
        (
            held({"visual": entry(submission(), state="claimed")}, "0.03", spent="0", attention="ambiguous_submission"),
            "open",
        ),
        (held({"visual": entry(submission(), state="claimed")}, "0.03", spent="0"), "DIFFERENCE"),
        (
            held({"visual": entry(submission("0.06", outcome="cancelled"), state="released")}, spent="0.06"),
            "cancelled",
        ),
        (held({"visual": entry(submission("0.06"), take=taken("catalogue"))}, "0.03", spent="0.06"), "catalogue"),
        (held({"visual": entry(submission("0.06"), take=taken("vendor"))}, "0.03", spent="0.06"), "DIFFERENCE"),
        (held({"visual": entry(submission(), take=taken("unknown"))}, "0.03", spent="0"), "unknown"),
        (held({"visual": refused(price=Decimal(0), maybe_billed=True)}, "0.03", spent="0"), ""),
        (held({"visual": refused(price=Decimal(0), maybe_billed=False)}, "0.03", spent="0"), "DIFFERENCE"),
        (
            held({"visual": entry(submission(outcome="500"), submission("0.03"))}, "0.03", "0.03", spent="0.03"),
            "DIFFERENCE",
        ),
        (
            held({"visual": entry(submission(), state="claimed")}, "0.03", spent="0.06", events=(asked(),)),
            "open",
        ),
        (
            held({"visual": entry(submission(), state="claimed")}, "0.03", spent="0", events=(asked(),)),
            "DIFFERENCE",
        ),
    ],
)
def test_differences(found: Accounts, reason: str) -> None:
    """A difference between record and bill is a fault unless the record itself names a reason."""
    assert any(p.startswith("DIFFERENCE") for p in found.problems) == (reason == "DIFFERENCE"), found.problems
    assert reason in ("", "DIFFERENCE") or reason in found.explained
    assert bool(found.unexplained) == (reason == "DIFFERENCE")


def test_orphans() -> None:
    """Objects that no record names are found, but not what a cancelled take without cost has stored: its data comes
    before its media. The data of a paid take belongs to one of its submissions."""
    assets = {"voice": AssetState(status=AssetStatus.CANCELLED, next_take=2)}
    brief = Brief(text="x", platform=Platform.COPY)
    cancelled = ProductionStatus.CANCELLED
    seen = Snapshot(production_id="p", status=cancelled, brief=brief, created_at=NOW, updated_at=NOW, assets=assets)
    take = keys.take_prefix("p", "voice", 1)
    media, later = f"{take}/media.wav", f"{keys.take_prefix('p', 'voice', 9)}/data.json"
    paid = keys.data_key(keys.media_key(take, "png", 1, "abcd"))
    stored = [media, keys.data_key(media), later, paid]
    assert orphans(Audit("p", seen, {}), stored, lambda key: key == media) == [paid, later]


def test_a_bill_is_compared_with_the_price_of_its_own_job() -> None:
    """A bill that names its job is compared with the price of that submission, not with that of another take of the
    asset, which may be higher."""
    ledgers = {
        ("visual", 1): entry(submission("0.04", job_id="one"), price=Decimal("0.04")),
        ("visual", 2): entry(submission("0", job_id="two"), price=Decimal(0)),
    }
    bill = Bill("openai", Billed("p1", "visual"), Decimal("0.01"), job_id="two")
    assert published_usd(ledgers, "x", bill) == 0
    assert published_usd(ledgers, "x", replace(bill, job_id="one")) == Decimal("0.04")
