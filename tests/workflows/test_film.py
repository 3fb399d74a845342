"""A film is made in many activities: what is stored is never made again, and one broken shot stops no other."""

import pytest
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from tests.support.fake_film import Film
    from tests.support.productions import Productions, refusal, snapshot, until, update
    from workflows.cut import Card, Cut, Transition
    from workflows.production.workflow import ProductionWorkflow
    from workflows.requests import EditOp, PlanEdit, Regenerate


async def test_a_broken_shot_stops_no_other_segment(productions: Productions) -> None:
    """The error names each shot that cannot be encoded, also after an unexpected failure; all others are encoded, and
    only those are repeated."""
    fakes = Film()
    fakes.segments = ("shot-1", "shot-2", "shot-3", "shot-4 9:16")
    fakes.broken = {"shot-2": "shot-2 does not decode; make it again", "shot-4 9:16": "OSError: the disk is full"}
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="5", platform="video")
        seen = await until(handle, "needs_attention")
        assert seen.error == "shot-2 does not decode; make it again; shot-4 9:16: OSError: the disk is full"
        assert sorted(fakes.encoded) == ["shot-1", "shot-3", "sound"]
        fakes.broken.clear()
        await update(handle, ProductionWorkflow.regenerate, Regenerate(asset_id="shot-1"))
        seen = await handle.result()
    assert seen.deliverable
    assert sorted(fakes.encoded) == ["shot-1", "shot-2", "shot-3", "shot-4 9:16", "sound"]
    progress = [(e.data["segments"], e.data["count"]) for e in seen.events if e.name == "film_progress"]
    assert progress == [(1, 4), (2, 4), (3, 4), (4, 4)]


async def test_a_part_that_was_deleted_is_made_again(productions: Productions) -> None:
    """If a stored part is gone when the film is assembled, the film is laid out again and the part is made again."""
    fakes = Film()
    fakes.segments, fakes.deleted = ("shot-1", "shot-2"), ["shot-2"]
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="5", platform="video")
        seen = await handle.result()
    assert seen.deliverable
    assert fakes.layouts == 2
    assert sorted(fakes.encoded) == ["shot-1", "shot-2", "sound"]


async def test_another_cut_makes_a_revision_and_no_take(productions: Productions) -> None:
    """A new cut after the delivery makes nothing stale and no take; it gives a new revision, and is in the digest."""
    fakes = Film()
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="5", platform="video")
        before = await handle.result()
        assert before.plan
        cut = Cut(transitions={"shot-1": Transition(kind="fade", seconds=1)}, fade_out_seconds=2)
        edit = PlanEdit(plan_digest=before.plan.digest, edits=(EditOp(op="cut", cut=cut),), editor="ana")
        await productions.reopen(before, ProductionWorkflow.edit_plan, edit)
        seen = await productions.newest(handle).result()
    assert seen.plan
    assert seen.deliverable
    assert (seen.plan.cut, seen.deliverable.revision) == (cut, 2)
    assert seen.plan.digest != before.plan.digest
    assert len(fakes.produced) == 3
    assert not any(state.stale for state in seen.assets.values())
    edited = next(e for e in seen.events if e.name == "plan_edited")
    after = "fade to shot-1 (1 s), fade out (2 s)"
    assert edited.data["changes"] == [{"field": "cut", "before": "no transitions", "after": after}]


@pytest.mark.parametrize(
    ("cut", "field"),
    [
        (Cut(transitions={"shot-1": Transition(kind="dissolve")}), "cut.transitions.shot-1"),
        (Cut(transitions={"shot-9": Transition()}), "cut.transitions"),
        (Cut(transitions={"title-1": Transition(kind="fade")}), "cut.transitions.title-1"),
        (Cut(end_card=Card(text="The end", seconds=1), fade_out_seconds=2), "cut.fade_out_seconds"),
    ],
    ids=["a dissolve into the first shot", "an unknown shot", "no shot", "a fade that is longer than the end card"],
)
async def test_an_impossible_cut_is_refused(productions: Productions, cut: Cut, field: str) -> None:
    """A cut with a transition that leads into no shot is refused by its field, and changes nothing."""
    async with Film().working(productions.client):
        handle, plan = await productions.planned(platform="video")
        edit = PlanEdit(plan_digest=plan.digest, edits=(EditOp(op="cut", cut=cut),))
        refused = await refusal(update(handle, ProductionWorkflow.edit_plan, edit))
        assert (refused.kind, refused.field) == ("invalid_edit", field)
        seen = await snapshot(handle)
        assert seen.plan
        assert seen.plan.digest == plan.digest
