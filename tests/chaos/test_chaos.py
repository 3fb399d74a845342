"""Short chaos trials, and tests of their audit: nothing is lost, no second bill is unflagged, each event arrives once.

`make chaos` plays more and larger trials.
"""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from activities.takes.ledger import Entry, Submission
from tests.chaos.audit.records import Audit, money, orphans, untrue
from tests.chaos.scenario import Script
from tests.chaos.servers.bills import mark
from tests.chaos.servers.vendors import Vendors
from tests.chaos.trial import run
from tests.emulators.base import Call
from tests.support.servers.linux import needs_linux
from workflows import keys
from workflows.brief import Brief, Platform
from workflows.events import AssetState, ProductionStatus, Snapshot

SEEDS: Final = (19,)
"""A short trial of one production, in which every process dies; `make chaos` plays 200 larger ones."""
NOW: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.trial
@needs_linux
@pytest.mark.parametrize("seed", SEEDS)
def test_chaos(seed: int, tmp_path: Path) -> None:
    """A production passes the audit although processes are killed at random times."""
    outcome = run(seed, 1, tmp_path)
    assert outcome.problems == []
    assert outcome.statuses.total() == 1
    assert outcome.kills


def test_trials_differ_and_can_be_played_again() -> None:
    """A seed determines its trial, and the trials of this module kill every kind of process."""
    assert Script.of(7, 4) == Script.of(7, 4)
    assert Script.of(7, 4) != Script.of(8, 4)
    injected = {part for seed in SEEDS for fault in Script.of(seed, 1).process_faults for part in fault.targets}
    assert injected == {"worker", "api", "temporal", "s3"}


def submission(**more: Any) -> Submission:
    return Submission(at=NOW, run_id="r", attempt=1, nonce="n", **more)


def audit(*submissions: Submission, state: Any = "stored", spent: str = "0.06", **asset: Any) -> Audit:
    """Of a production with one asset and the ledger of its first take."""
    snapshot = Snapshot(
        production_id="x",
        status=ProductionStatus.NEEDS_ATTENTION,
        brief=Brief(text="a boat", platform=Platform.DESIGN),
        created_at=NOW,
        updated_at=NOW,
        spent_usd=Decimal(spent),
        assets={"visual": AssetState(**asset)},
    )
    entry = Entry(
        state=state,
        provider="openai",
        model="m",
        request_digest="d",
        price_usd=Decimal("0.06"),
        submissions=submissions,
    )
    return Audit("x", snapshot, {("visual", 1): entry})


def books(times: int) -> Vendors:
    """Vendors of which one billed the asset so many times, 0.03 USD each."""
    vendors = Vendors()
    for _ in range(times):
        call = Call("POST", "/v1/images/generations", {}, {}, f'{{"prompt": "{mark("p1", "visual")}"}}'.encode())
        vendors.by_name["openai"].bill(call, "0.03")
    return vendors


PAID: Final = Decimal("0.03")


@pytest.mark.parametrize(
    ("found", "times", "words"),
    [
        (audit(submission(billed_usd=PAID), spent="0.03"), 1, ""),
        (audit(submission(billed_usd=PAID), submission(billed_usd=PAID, resubmitted=True)), 2, ""),
        (audit(submission(billed_usd=PAID), submission(billed_usd=PAID, order=9)), 2, ""),
        (audit(submission(billed_usd=PAID), submission(billed_usd=PAID)), 2, "billed 2 times for 1 takes"),
        (audit(submission(billed_usd=2 * PAID)), 2, "billed 2 times, and 1 are in a ledger"),
        (audit(submission(billed_usd=PAID), spent="0.02"), 1, "spent 0.02, but the ledgers count 0.03"),
        (audit(submission(billed_usd=PAID), spent="0.09"), 1, "spent 0.09, but the ledgers count 0.03"),
        (audit(submission(), state="claimed", spent="0", attention="ambiguous_submission"), 1, ""),
    ],
)
def test_bills(found: Audit, times: int, words: str) -> None:
    """The audit finds a bill without a ledger, a second bill without a flag, and an amount that is not recorded."""
    money(found, "p1", books(times))
    assert found.problems if words else not found.problems, found.problems
    assert words in " ".join(found.problems)
    assert bool(found.flagged) == (times == 2 and not words)


def test_reasons() -> None:
    """An attention reason is right only if the ledger confirms it."""
    doubtful: dict[str, Any] = {"attention": "ambiguous_submission"}
    assert not untrue(audit(submission(), state="claimed", **doubtful), "visual")
    assert untrue(audit(submission(), state="stored", **doubtful), "visual")
    assert untrue(
        audit(submission(), state="released", attention="asset_failed", error_kind="invalid_request"), "visual"
    )


def test_orphans() -> None:
    """An object that neither the record nor a ledger explains is an orphan."""
    found = audit(submission())
    take = keys.take_prefix("x", "visual", 1)
    known = [f"{take}/ledger.json", f"{take}/media.png", keys.plan_key("x", "d"), keys.manifest_key("x")]
    stray = [f"{take}/media-2.png", keys.deliverable_key("x", 1, "deliverable.mp4")]
    assert orphans(found, {*known, *stray}, is_free_take=lambda _: False) == sorted(stray)
    free = f"{keys.take_prefix('x', 'caption', 1)}/media.md"
    assert orphans(found, {*known, free}, is_free_take=lambda key: key == free) == [free]
    assert orphans(found, {keys.deliverable_key("x", 2, "post.md")}, is_free_take=lambda _: False)
    found.was_reset = True
    assert orphans(found, {keys.deliverable_key("x", 2, "post.md")}, is_free_take=lambda _: False) == []
    assert orphans(found, {*known, free}, is_free_take=lambda key: key == free) == []
