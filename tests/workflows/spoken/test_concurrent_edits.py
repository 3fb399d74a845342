"""Two people change the cut and the languages of one film at the same time: nothing is lost, or the second is told."""

import asyncio
from collections.abc import Sized
from decimal import Decimal

import pytest
from temporalio import activity, workflow
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from tests.support.fake_film import SpokenFilm
    from tests.support.fakes import FakeActivities
    from tests.support.productions import Handle, Productions, refusal, snapshot, until, update
    from tests.support.waiting import eventually
    from tests.workflows.production.steps import approve, digest, edit, generating
    from workflows.activity_io import (
        BUDGET_SHORT,
        PLAN_INVALID,
        AddLanguages,
        AssembleFilm,
        AssetFailure,
        LanguagesAdded,
    )
    from workflows.cut import Cut
    from workflows.models import Deliverable
    from workflows.production.workflow import ProductionWorkflow
    from workflows.requests import EditOp, PlanEdit

FILM = {"platform": "video"}
SPOKEN = {"narration-1-de", "narration-2-de"}
CUT = EditOp(op="cut", cut=Cut(fade_out_seconds=1))
GERMAN = EditOp(op="languages", languages=("en", "de"))


class Busy(SpokenFilm):
    """Holds "translating" and "assembling" too, and records the numbers of the questions and the cuts of the films.
    The first `short` questions do not fit the budget."""

    def __init__(self, price_usd: str = "0") -> None:
        super().__init__(price_usd=price_usd)
        self.assembled: list[Cut] = []
        self.numbers: list[int] = []
        self.short = 0

    async def _wait_at(self, step: str) -> None:
        """Wait while a step is held, with heartbeats: otherwise a slow machine begins it twice."""
        held = self._held.get(step)
        while held and not held.is_set():
            activity.heartbeat()
            await asyncio.sleep(0.1)

    @activity.defn(name="add_languages")
    async def add_languages(self, request: AddLanguages) -> LanguagesAdded:
        self.numbers.append(request.number)
        await self._wait_at("translating")
        if len(self.numbers) <= self.short:
            failure = AssetFailure(message="languages: de: it does not fit", kind=BUDGET_SHORT, summed=True)
            raise ApplicationError(failure.message, failure, type=PLAN_INVALID, non_retryable=True)
        return await SpokenFilm.add_languages(self, request)

    @activity.defn(name="assemble_film")
    async def assemble_film(self, request: AssembleFilm) -> Deliverable:
        self.assembled.append(request.request.cut)
        await self._wait_at("assembling")
        return await FakeActivities.finish_deliverable(self, request.request)


async def reached(requests: Sized) -> None:
    """Wait for the first of these requests."""

    async def begun() -> bool | None:
        return len(requests) > 0 or None

    await eventually(begun)


async def send(handle: Handle, request: PlanEdit) -> None:
    await update(handle, ProductionWorkflow.edit_plan, request)


@pytest.mark.parametrize(("first", "second"), [(CUT, GERMAN), (GERMAN, CUT)], ids=["cut first", "languages first"])
@pytest.mark.parametrize("approved", [False, True], ids=["before the approval", "while the film is assembled"])
async def test_of_two_edits_of_one_plan_the_second_is_refused_and_can_be_repeated(
    productions: Productions, first: EditOp, second: EditOp, approved: bool
) -> None:
    """The second edit is refused with the new digest; sent again with that, the newest revision has the fade of one
    person and the language of the other."""
    fakes = Busy()
    async with fakes.working(productions.client):
        handle, plan = await productions.planned(**FILM)
        if approved:
            fakes.hold("assembling")
            await approve(handle, plan.digest, "ana")
            await reached(fakes.assembled)
        fakes.hold("translating")
        seen = await snapshot(handle)
        one, two = edit(seen, first), edit(seen, second)
        sending = asyncio.create_task(send(handle, one))
        await (reached(fakes.numbers) if first is GERMAN else asyncio.wait([sending]))
        refusing = asyncio.create_task(refusal(send(handle, two)))
        fakes.release("translating")
        await sending
        refused, seen = await refusing, await snapshot(handle)
        assert (refused.kind, refused.field, refused.plan_digest) == ("stale_digest", "plan_digest", digest(seen))
        await send(handle, edit(seen, second))
        if approved:
            fakes.release("assembling")
        else:
            await approve(handle, digest(await snapshot(handle)), "ana")
        seen = await handle.result()
    assert seen.plan
    assert (seen.plan.cut.fade_out_seconds, seen.plan.cut.languages) == (1, ("de",))
    assert fakes.assembled[-1] == seen.plan.cut
    assert seen.deliverable
    assert seen.deliverable.revision == len(fakes.assembled) == (2 if approved else 1)
    assert set(seen.deliverable.takes) >= SPOKEN


async def test_a_film_that_is_delivered_while_a_language_is_translated_gets_it(productions: Productions) -> None:
    """The translation outlives the delivery of the first revision, and the second one speaks German."""
    fakes = Busy()
    fakes.hold("assembling")
    fakes.hold("translating")
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="0", **FILM)
        await reached(fakes.assembled)
        sending = asyncio.create_task(send(handle, edit(await snapshot(handle), GERMAN)))
        await reached(fakes.numbers)
        fakes.release("assembling")

        async def delivered() -> bool | None:
            return any(e.name == "done" for e in (await snapshot(handle)).events) or None

        await eventually(delivered)
        fakes.release("translating")
        await sending
        seen = await handle.result()
    assert [cut.languages for cut in fakes.assembled] == [(), ("de",)]
    assert seen.deliverable
    assert set(seen.deliverable.takes) >= SPOKEN


@pytest.mark.parametrize("approved", [False, True], ids=["before the approval", "after the delivery"])
async def test_a_refused_language_can_be_requested_again(productions: Productions, approved: bool) -> None:
    """Each request has a number of its own: no question is sent under the number of one that was refused, also in
    another run, because that number is closed."""
    fakes = Busy()
    fakes.short = 2
    async with fakes.working(productions.client):
        handle, plan = await productions.planned(**FILM)
        if approved:
            await approve(handle, plan.digest, "ana")
        for _ in range(fakes.short):
            seen = await handle.result() if approved else await snapshot(handle)
            asking = productions.reopen(seen, ProductionWorkflow.edit_plan, edit(seen, GERMAN))
            assert (await refusal(asking)).kind == "budget_short"
            handle = productions.newest(handle)
        seen = await handle.result() if approved else await snapshot(handle)
        await productions.reopen(seen, ProductionWorkflow.edit_plan, edit(seen, GERMAN))
    assert len(set(fakes.numbers)) == len(fakes.numbers) == 3


@pytest.mark.parametrize("short", [0, 1], ids=["added", "refused"])
async def test_a_translation_holds_money_only_while_it_is_under_way(productions: Productions, short: int) -> None:
    """Shots that do not fit beside the money of a translation wait without a decision of a person; when it ends, also
    in vain, they are made within the approved budget."""
    fakes = Busy(price_usd="0.0100")
    fakes.short = short
    for step in ("narration-1", "narration-2", "translating"):
        fakes.hold(step)
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="0.04", **FILM)
        await generating(handle, "narration-1", "narration-2")
        more = edit(await snapshot(handle), GERMAN, budget_usd=Decimal("0.10"))
        sending = asyncio.create_task(send(handle, more))
        await reached(fakes.numbers)
        fakes.release("narration-1")
        fakes.release("narration-2")
        await until(handle, "producing")
        fakes.release("translating")
        (ended,) = await asyncio.gather(sending, return_exceptions=True)
        assert isinstance(ended, WorkflowUpdateFailedError) is bool(short)
        seen = await (handle.result() if short else until(handle, "needs_attention"))
    assert [i for i, s in seen.assets.items() if s.take] == ["narration-1", "shot-1", "narration-2", "shot-2"]
    assert {s.attention for s in seen.assets.values()} == ({None} if short else {None, "change_to_approve"})
    assert "budget_short" not in str(seen.events)
    assert seen.spent_usd == Decimal("0.04")
