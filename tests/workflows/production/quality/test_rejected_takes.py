"""A take that failed its checks, on a real Temporal server: billed once, kept, and used only by a person's decision."""

from decimal import Decimal

from tests.activities.quality.labelled.rejected import MESSAGE, rejected
from tests.support.fakes import FakeActivities
from tests.support.productions import Productions, names, until, update
from workflows.production.state.checked import findings_of
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import Resolve, SelectTake


async def test_a_rejected_take_waits_with_its_evidence(productions: Productions) -> None:
    """The event and the pending decision have the finding with its time and frame; nothing is made again by itself."""
    fakes = FakeActivities(1, price_usd="0.30")
    fakes.failures = {"text-1": rejected()}
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="2")
        seen = await until(handle, "needs_attention")
        state = seen.assets["text-1"]
        assert state.attention == "output_unusable"
        assert (state.selected, state.booked_usd) == (0, Decimal(0))
        assert [(t.number, t.checks.failed) for t in state.takes] == [(1, True)]
        assert [f.at_seconds for f in findings_of(state)] == [1.3]
        assert state.error == f"{MESSAGE}; take 1 is kept: select it to use it anyway"
        failed = next(e for e in seen.events if e.name == "asset_failed")
        assert failed.data["findings"] == [f.model_dump(mode="json", exclude_defaults=True) for f in findings_of(state)]
        assert "rejected" not in failed.data
        assert seen.spent_usd == Decimal("0.30")
        assert names(seen).count("asset_start") == len(seen.assets)
        details = await handle.query("__temporal_workflow_metadata")
        assert "nothing moves" in str(details)
        await handle.cancel()
        await handle.result()


async def test_a_person_uses_a_rejected_take(productions: Productions) -> None:
    """`select` uses the take after all: the film is delivered with it, for the bill that was paid."""
    fakes = FakeActivities(1, price_usd="0.30")
    fakes.failures = {"text-1": rejected()}
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="2")
        await until(handle, "needs_attention")
        await update(handle, ProductionWorkflow.select_take, SelectTake(asset_id="text-1", take=1))
        done = await handle.result()
    assert done.status == "delivered"
    assert done.deliverable is not None
    assert done.deliverable.takes["text-1"] == 1
    assert done.spent_usd == Decimal("0.30") * len(done.assets)


async def test_a_retry_makes_the_next_take_within_the_budget(productions: Productions) -> None:
    """A retry is take 2 at its own price; the rejected take stays, unselected, and both bills count."""
    fakes = FakeActivities(1, price_usd="0.30")
    fakes.failures = {"text-1": rejected()}
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="2")
        await until(handle, "needs_attention")
        fakes.failures = {}
        await update(handle, ProductionWorkflow.resolve, Resolve(asset_id="text-1", action="retry"))
        done = await handle.result()
    state = done.assets["text-1"]
    assert ([t.number for t in state.takes], state.selected) == ([1, 2], 2)
    assert done.spent_usd == Decimal("0.30") * (len(done.assets) + 1)


async def test_going_on_without_it_does_not_use_it(productions: Productions) -> None:
    """`accept_without` leaves the asset out, and never takes the rejected take in its place."""
    fakes = FakeActivities(2, price_usd="0.30")
    fakes.failures = {"text-1": rejected()}
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="2")
        await until(handle, "needs_attention")
        await update(handle, ProductionWorkflow.resolve, Resolve(asset_id="text-1", action="accept_without"))
        done = await handle.result()
    assert done.assets["text-1"].status == "cancelled"
    assert done.deliverable is None or "text-1" not in done.deliverable.takes
