"""Cancels: of takes, of a delivered production, and while the manifest is written."""

from decimal import Decimal

from tests.support.fakes import FakeActivities
from tests.support.productions import Productions, names, snapshot, until
from tests.support.waiting import eventually
from tests.workflows.production.steps import Scripted
from workflows.events import Snapshot
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import Regenerate, SelectTake


async def test_cancelling_a_regeneration_keeps_the_delivery(productions: Productions) -> None:
    """A delivered production whose new take is cancelled is delivered as before."""
    fakes = Scripted(1)
    async with fakes.working(productions.client):
        closed = await (await productions.approved(budget="1")).result()
        fakes.hold("text-1")
        await productions.reopen(closed, ProductionWorkflow.regenerate, Regenerate(asset_id="text-1"))
        handle = productions.of(productions.started[0])
        await handle.cancel()
        seen = await handle.result()
        fakes.release("text-1")
    assert (seen.status, seen.assets["text-1"].selected, seen.assets["text-1"].status) == ("delivered", 1, "completed")
    assert fakes.manifests[seen.production_id].events == seen.events


async def test_cancelling_a_selection_undoes_it(productions: Productions) -> None:
    """A selection that is cancelled before its revision is finished is undone: the record describes the delivered
    takes."""
    fakes = Scripted(2)
    async with fakes.working(productions.client):
        closed = await (await productions.approved(budget="1")).result()
        await productions.reopen(closed, ProductionWorkflow.regenerate, Regenerate(asset_id="text-1"))
        handle = productions.of(productions.started[0])
        second = await handle.result()
        fakes.hold("finishing")
        await productions.reopen(second, ProductionWorkflow.select_take, SelectTake(asset_id="text-1", take=1))
        handle = productions.newest(handle)
        await until(handle, "finishing")
        await handle.cancel()
        seen = await handle.result()
        fakes.release("finishing")
    assert (seen.status, seen.assets["text-1"].selected) == ("delivered", 2)
    assert seen.deliverable == second.deliverable
    assert seen.deliverable is not None
    assert seen.deliverable.takes == {"text-1": 2, "text-2": 1}


async def test_cancelling_drops_a_failed_regeneration(productions: Productions) -> None:
    """A cancel of a delivered production whose new take failed restores the take that was delivered."""
    fakes = Scripted(1)
    async with fakes.working(productions.client):
        closed = await (await productions.approved(budget="1")).result()
        fakes.fail = {"text-1"}
        await productions.reopen(closed, ProductionWorkflow.regenerate, Regenerate(asset_id="text-1"))
        handle = productions.of(productions.started[0])
        await until(handle, "needs_attention")
        await handle.cancel()
        seen = await handle.result()
    text = seen.assets["text-1"]
    assert (seen.status, text.status, text.attention, text.selected) == ("delivered", "completed", None, 1)


async def test_cancelling_while_the_manifest_is_written(productions: Productions) -> None:
    """A production that is cancelled while its manifest is written still closes with its result and its manifest."""
    fakes = Scripted(1)
    fakes.hold("manifest")
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="1")

        async def writing() -> bool | None:
            pending = (await handle.describe()).raw_description.pending_activities
            return any(a.activity_type.name == "write_manifest" for a in pending) or None

        await eventually(writing)
        assert (await snapshot(handle)).status == "finishing", "a delivery is reported after its manifest is stored"
        await handle.cancel()
        fakes.release("manifest")
        seen = await handle.result()
    assert seen.status == "delivered"
    assert fakes.manifests[seen.production_id].events == seen.events


async def test_cancelling_keeps_finished_takes(productions: Productions) -> None:
    """A production that is cancelled while assets are in progress stops them, and keeps finished takes and its
    manifest."""
    fakes = Scripted(2)
    fakes.hold("text-2")
    async with fakes.working(productions.client):
        handle = await productions.approved()

        async def first_done() -> Snapshot | None:
            seen = await snapshot(handle)
            return seen if seen.assets["text-1"].take else None

        await eventually(first_done)
        await handle.cancel()
        seen = await handle.result()
    assert seen.status == "cancelled"
    assert {i: s.status.value for i, s in seen.assets.items()} == {"text-1": "completed", "text-2": "cancelled"}
    assert fakes.manifests[seen.production_id].status == "cancelled"
    assert names(seen)[-1] == "cancelled"


async def test_a_cancel_stops_takes_in_doubt(productions: Productions) -> None:
    """A take that waits for a decision because its response was lost is stopped like one in progress: its job is
    searched for and cancelled, and the record has the cost that its ledger then has."""
    fakes = FakeActivities(2, price_usd="0.10")
    fakes.doubt = {"text-1"}
    async with fakes.working(productions.client):
        handle = await productions.approved()
        await until(handle, "needs_attention")
        fakes.doubt = set()  # the vendor lists the job by now
        await handle.cancel()
        seen = await handle.result()
    assert fakes.stopped == [("text-1", 1)]
    doubtful = seen.assets["text-1"]
    assert (doubtful.cancelled, doubtful.job_id, doubtful.attention) == ("stopped", "job-1", None)
    assert seen.spent_usd == Decimal("0.1040")
