"""Changes after the plan: takes, edits, staleness, refreshes, uploads, pauses, on a real server with fake
activities."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

from tests.support.fake_film import Film
from tests.support.productions import Handle, Productions, names, refusal, snapshot, until, update
from tests.support.waiting import eventually
from tests.workflows.production.steps import NEW_SHOT, delivered, edit, made, reopened, server
from workflows import keys
from workflows.events import AssetStatus, ProductionStatus, Snapshot
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import (
    Approval,
    Decision,
    EditOp,
    Pause,
    Refresh,
    Regenerate,
    Resolve,
    Resume,
    SelectTake,
    UploadTake,
)


async def test_a_title_or_an_order_makes_nothing_stale(productions: Productions) -> None:
    """After delivery a new title or another order gives a new revision; nothing is made again and nothing is stale."""
    fakes = Film()
    async with fakes.working(productions.client):
        handle, seen = await delivered(productions)
        change = edit(seen, EditOp(op="title", title="Another"), EditOp(op="move", asset_id="title-1", position=1))
        seen = await reopened(productions, handle, ProductionWorkflow.edit_plan, change)
    assert len(fakes.produced) == 3
    assert seen.plan
    assert seen.plan.title == "Another"
    assert [a.asset_id for a in seen.plan.assets] == ["title-1", "still-1", "shot-1"]
    assert seen.deliverable
    assert seen.deliverable.revision == 2
    assert not any(s.stale for s in seen.assets.values())
    edited = next(e for e in seen.events if e.name == "plan_edited")
    assert edited.data["by"] == "ana"
    assert {c["field"] for c in edited.data["changes"]} == {"title", "order"}  # type: ignore[union-attr, call-overload, index]
    names(seen)


async def test_a_changed_prompt_makes_its_dependents_stale(productions: Productions) -> None:
    """A changed prompt makes its asset and its dependents stale, with reasons; a refresh makes only these again."""
    fakes = Film(price_usd="0.0500")
    async with fakes.working(productions.client):
        handle, seen = await delivered(productions)
        change = edit(seen, EditOp(op="change", asset_id="still-1", prompt="at night"))
        seen = await reopened(productions, handle, ProductionWorkflow.edit_plan, change)
        assert len(fakes.produced) == 3
        assert {i: s.stale_because for i, s in seen.assets.items()} == {
            "still-1": ("prompt",),
            "shot-1": ("still-1",),
            "title-1": (),
        }
        assert seen.deliverable
        assert seen.deliverable.revision == 1

        poor = Refresh(max_usd=Decimal("0.09"))
        refused = await refusal(productions.reopen(seen, ProductionWorkflow.refresh, poor))
        assert (refused.kind, refused.field) == ("budget_short", "max_usd")
        only = Refresh(asset_ids=("title-1",), max_usd=Decimal(1))
        refused = await refusal(productions.reopen(seen, ProductionWorkflow.refresh, only))
        assert (refused.kind, "not stale" in refused.message) == ("wrong_phase", True)

        seen = await reopened(productions, handle, ProductionWorkflow.refresh, Refresh(max_usd=Decimal("0.10")))
    assert fakes.produced[3:] == [("still-1", 2), ("shot-1", 2)]
    assert not any(s.stale for s in seen.assets.values())
    assert seen.assets["still-1"].takes[-1].prompt == "at night"
    assert seen.deliverable
    assert seen.deliverable.revision == 2
    names(seen)


async def test_a_take_that_a_person_selects_is_not_stale(productions: Productions) -> None:
    """Selecting the take of an earlier prompt accepts it; the dependents that were made from the other take are stale
    meanwhile."""
    fakes = Film()
    async with fakes.working(productions.client):
        handle, _ = await delivered(productions)
        regenerate, select = ProductionWorkflow.regenerate, ProductionWorkflow.select_take
        seen = await reopened(productions, handle, regenerate, Regenerate(asset_id="still-1", prompt="at night"))
        assert [i for i, s in seen.assets.items() if s.stale] == ["shot-1"]
        seen = await reopened(productions, handle, select, SelectTake(asset_id="still-1", take=1, requested_by="bo"))
        assert not any(s.stale for s in seen.assets.values())
        assert next(e for e in seen.events if e.name == "take_selected").data["by"] == "bo"


async def test_dropping_and_adding_after_the_approval(productions: Productions) -> None:
    """A dropped asset is left out of the deliverable and keeps its takes; an added one is made within the budget."""
    fakes = Film()
    async with fakes.working(productions.client):
        handle, seen = await delivered(productions)
        drop, add = EditOp(op="drop", asset_id="title-1"), EditOp(op="add", asset=NEW_SHOT, position=1)
        seen = await reopened(productions, handle, ProductionWorkflow.edit_plan, edit(seen, drop, add))
        assert made(fakes, "shot-2") == [1]
        assert seen.deliverable
        assert set(seen.deliverable.takes) == {"still-1", "shot-1", "shot-2"}
        dropped = seen.assets["title-1"]
        assert (dropped.status, len(dropped.takes)) == (AssetStatus.CANCELLED, 1)
        back = SelectTake(asset_id="title-1", take=1)
        seen = await reopened(productions, handle, ProductionWorkflow.select_take, back)
    assert seen.deliverable
    assert set(seen.deliverable.takes) == {"still-1", "shot-1", "shot-2", "title-1"}


async def test_an_added_asset_has_to_fit_the_budget(productions: Productions) -> None:
    """An edit whose new asset exceeds the approved budget waits for the approvers, and nothing is spent before."""
    fakes = Film(price_usd="1.0000")
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="3", platform="video")
        seen = await handle.result()
        change = edit(seen, EditOp(op="add", asset=NEW_SHOT))
        await productions.reopen(seen, ProductionWorkflow.edit_plan, change)
        again = productions.newest(handle)
        seen = await until(again, "needs_attention")
        waits = seen.assets["shot-2"]
        assert (waits.attention, waits.status) == ("change_to_approve", AssetStatus.PENDING)
        assert "above what was approved" in (waits.error or "")
        assert made(fakes, "shot-2") == []
        assert seen.plan
        stale = Decision(approve=Approval(plan_digest="0" * 32, approver="bo"))
        assert (await refusal(update(again, ProductionWorkflow.decide, stale))).kind == "stale_digest"
        approval = Approval(plan_digest=seen.plan.digest, approver="bo")
        await update(again, ProductionWorkflow.decide, Decision(approve=approval))
        seen = await again.result()
    assert seen.assets["shot-2"].status is AssetStatus.COMPLETED
    assert (seen.spent_usd, seen.budget_usd) == (Decimal(4), Decimal(4))
    (approved,) = [e for e in seen.events if e.name == "approved" and e.data.get("again")]
    assert (approved.data["approver"], approved.data["assets"]) == ("bo", ["shot-2"])


async def test_several_takes_to_choose_from(productions: Productions) -> None:
    """A request for three takes makes three at the same time; each is paid once, one is in use and any other can be
    selected."""
    fakes = Film(price_usd="0.1000")
    async with fakes.working(productions.client):
        handle, _ = await delivered(productions)
        fakes.hold("still-1")
        request = Regenerate(asset_id="still-1", count=3, requested_by="ana")
        closed = await productions.newest(handle).result()
        await productions.reopen(closed, ProductionWorkflow.regenerate, request)

        async def all_at_once() -> bool | None:
            return True if len(made(fakes, "still-1")) == 4 else None

        await eventually(all_at_once)
        held = await snapshot(productions.newest(handle))
        assert [(e.number, e.started) for e in held.assets["still-1"].extra] == [(2, True), (3, True)]
        fakes.release("still-1")
        seen = await productions.newest(handle).result()
        state = seen.assets["still-1"]
        assert [t.number for t in state.takes] == [1, 2, 3, 4]
        assert (state.selected, state.next_take, state.extra) == (4, 5, ())
        assert seen.spent_usd == Decimal("0.6000")
        chosen = SelectTake(asset_id="still-1", take=2)
        seen = await reopened(productions, handle, ProductionWorkflow.select_take, chosen)
        again = Regenerate(asset_id="still-1")
        seen = await reopened(productions, handle, ProductionWorkflow.regenerate, again)
        assert seen.assets["still-1"].selected == 5
    names(seen)


async def test_a_failed_further_take_needs_no_decision(productions: Productions) -> None:
    """When one of several takes fails, the failure is logged with its cost, and the production is delivered all the
    same."""
    fakes = Film(price_usd="0.1000")
    async with fakes.working(productions.client):
        handle, _ = await delivered(productions)
        closed = await productions.newest(handle).result()
        fakes.fail_takes = {("still-1", 2)}
        await productions.reopen(closed, ProductionWorkflow.regenerate, Regenerate(asset_id="still-1", count=2))
        seen = await productions.newest(handle).result()
    assert seen.status is ProductionStatus.DELIVERED
    assert [t.number for t in seen.assets["still-1"].takes] == [1, 3]
    assert next(e for e in seen.events if e.name == "take_failed").data["take"] == 2


async def test_concurrent_takes_have_to_fit_the_budget(productions: Productions) -> None:
    """All requested takes are reserved together, or none is."""
    fakes = Film(price_usd="1.0000")
    async with fakes.working(productions.client):
        _, seen = await delivered(productions)
        assert seen.spent_usd == 3
        many = Regenerate(asset_id="still-1", count=3)
        refused = await refusal(productions.reopen(seen, ProductionWorkflow.regenerate, many))
    assert refused.kind == "budget_short"
    assert "these 3 takes cost up to 3.0000 USD and 2.0000 USD are left" in refused.message


async def test_a_persons_own_file_replaces_an_asset(productions: Productions) -> None:
    """An uploaded file is a take like others: in use, free, marked, never stale; an invalid file is refused."""
    fakes = Film()
    async with fakes.working(productions.client):
        handle, seen = await delivered(productions)

        def upload(name: str) -> UploadTake:
            return UploadTake(asset_id="shot-1", key="k", filename=name, uploaded_by="bo")

        refused = await refusal(productions.reopen(seen, ProductionWorkflow.upload_take, upload("broken.mp4")))
        assert (refused.kind, refused.field) == ("upload_refused", "file")
        seen = await reopened(productions, handle, ProductionWorkflow.upload_take, upload("mine.mp4"))
        shot = seen.assets["shot-1"]
        assert (shot.selected, shot.takes[-1].provider, shot.takes[-1].model) == (2, "upload", "mine.mp4")
        assert seen.spent_usd == Decimal("0.0300")
        assert seen.deliverable
        assert (seen.deliverable.revision, seen.deliverable.takes["shot-1"]) == (2, 2)
        again = Regenerate(asset_id="still-1", prompt="at night")
        seen = await reopened(productions, handle, ProductionWorkflow.regenerate, again)
    assert not seen.assets["shot-1"].stale


async def test_an_upload_replaces_a_failed_asset(productions: Productions) -> None:
    """A person's own file resolves a failed asset, and its dependents are made from that file."""
    fakes = Film()
    fakes.fail = {"still-1"}
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="5", platform="video")
        await until(handle, "needs_attention")
        upload = UploadTake(asset_id="still-1", key="k", filename="mine.png", uploaded_by="bo")
        await update(handle, ProductionWorkflow.upload_take, upload)
        seen = await handle.result()
    assert seen.assets["still-1"].selected == 2
    assert seen.assets["shot-1"].takes[0].inputs == {"still-1": 2}
    names(seen)


async def test_a_pause_starts_nothing_new(productions: Productions) -> None:
    """While the production is paused, running takes finish and nothing else starts; resumed, the production
    continues."""
    fakes = Film()
    fakes.hold("still-1")
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="5", platform="video")

        async def under_way() -> bool | None:
            return True if made(fakes, "still-1") else None

        await eventually(under_way)
        await update(handle, ProductionWorkflow.pause, Pause(paused_by="ana", reason="lunch"))
        twice = await refusal(update(handle, ProductionWorkflow.pause, Pause(paused_by="bo")))
        assert "paused already, by ana" in twice.message
        fakes.release("still-1")
        seen = await until(handle, "needs_attention")
        assert seen.assets["still-1"].status is AssetStatus.COMPLETED
        assert seen.assets["shot-1"].status is AssetStatus.PENDING
        assert made(fakes, "shot-1") == []
        await update(handle, ProductionWorkflow.resume, Resume(resumed_by="bo"))
        nothing = await refusal(update(handle, ProductionWorkflow.resume, Resume()))
        assert nothing.kind == "wrong_phase"
        seen = await handle.result()
    assert seen.status is ProductionStatus.DELIVERED
    assert [e.data.get("by") for e in seen.events if e.name in ("paused", "resumed")] == ["ana", "bo"]


async def test_a_cancel_records_the_outcome_of_each_asset(productions: Productions) -> None:
    """Finished takes are kept, queued ones are cancelled without cost, and each running job is recorded with its
    outcome and its id."""
    fakes = Film(price_usd="0.1000")
    fakes.hold("still-1")
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="5", platform="video")

        async def under_way() -> Snapshot | None:
            seen = await snapshot(handle)
            return seen if seen.assets["title-1"].take and made(fakes, "still-1") else None

        await eventually(under_way)
        await handle.cancel()
        seen = await handle.result()
    assert seen.status is ProductionStatus.CANCELLED
    assert {i: (s.status.value, s.cancelled, s.job_id) for i, s in seen.assets.items()} == {
        "still-1": ("cancelled", "stopped", "job-1"),
        "shot-1": ("cancelled", "free", None),
        "title-1": ("completed", None, None),
    }
    assert seen.spent_usd == Decimal("0.1040")


async def test_a_cancel_stops_further_takes_too(productions: Productions) -> None:
    """Each of several takes in progress is stopped at its provider and counted; the delivery stays."""
    fakes = Film(price_usd="0.1000")
    async with fakes.working(productions.client):
        handle, closed = await delivered(productions)
        fakes.hold("still-1")
        await productions.reopen(closed, ProductionWorkflow.regenerate, Regenerate(asset_id="still-1", count=2))

        async def both() -> bool | None:
            return True if len(made(fakes, "still-1")) == 3 else None

        await eventually(both)
        await productions.newest(handle).cancel()
        seen = await productions.newest(handle).result()
    assert sorted(fakes.stopped) == [("still-1", 2), ("still-1", 3)]
    assert seen.status is ProductionStatus.DELIVERED
    assert seen.assets["still-1"].selected == 1
    assert seen.assets["still-1"].extra == ()
    assert seen.spent_usd == Decimal("0.3080")


@asynccontextmanager
async def suggesting_soon(name: str) -> AsyncIterator[Productions]:
    """A server that suggests continue-as-new after very few events."""
    async with server("limit.historyCount.suggestContinueAsNew=30") as environment:
        yield Productions(environment.client, name)


async def until_takes(productions: Productions, handle: Handle, count: int) -> Snapshot:
    """The production that waits for a person again, with so many takes; its next run begins them a moment later."""

    async def poll() -> Snapshot | None:
        seen = await until(productions.newest(handle), "needs_attention")
        return seen if len(seen.assets["still-1"].takes) >= count else None

    return await eventually(poll)


async def test_continue_as_new_keeps_changes() -> None:
    """Edits, takes, attention and a pause over several runs are kept, and the event numbers have no gap."""
    fakes = Film(price_usd="0.1000")
    fakes.fail = {"title-1"}
    async with suggesting_soon("continued") as productions, fakes.working(productions.client):
        handle = await productions.approved(budget="5", platform="video")
        seen = await until(handle, "needs_attention")
        item = seen.assets["title-1"].waiting
        assert item
        for number in range(3):
            change = edit(seen, EditOp(op="change", asset_id="still-1", prompt=f"version {number}"))
            await update(productions.newest(handle), ProductionWorkflow.edit_plan, change)
            request = Regenerate(asset_id="still-1", count=2)
            await update(productions.newest(handle), ProductionWorkflow.regenerate, request)
            seen = await until_takes(productions, handle, 3 + 2 * number)
            assert [t.number for t in seen.assets["still-1"].takes] == list(range(1, 4 + 2 * number))
            assert seen.assets["title-1"].waiting == item
            assert seen.assets["shot-1"].stale_because == ("still-1",)
        fakes.fail = set()
        answer = Resolve(asset_id="title-1", action="retry", attention=item.id)
        await update(productions.newest(handle), ProductionWorkflow.resolve, answer)
        last = await productions.newest(handle).result()
        runs = [
            e async for e in productions.client.list_workflows(f"WorkflowId = '{keys.workflow_id(last.production_id)}'")
        ]
    assert last.status is ProductionStatus.DELIVERED
    assert len(made(fakes, "still-1")) == 7
    names(last)
    assert len(runs) > 1
