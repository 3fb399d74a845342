"""Questions to language models that are under way while others are asked, or while the plan is approved."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest
from temporalio import activity, workflow
from temporalio.client import WorkflowUpdateStage

with workflow.unsafe.imports_passed_through():
    from tests.support.fake_film import SpokenFilm
    from tests.support.productions import Handle, Productions, refusal, snapshot, until
    from tests.support.waiting import eventually
    from tests.workflows.production.steps import approve, attention_of
    from workflows.activity_io import AddLanguages, Analysed, AnalyseReference, DraftPlan, LanguagesAdded
    from workflows.contracts import not_read
    from workflows.models import Plan
    from workflows.production.workflow import ProductionWorkflow
    from workflows.requests import AnalyseAgain, EditOp, PlanEdit, Revision

GERMAN = EditOp(op="languages", languages=("en", "de"))
BRIEF: dict[str, Any] = {"platform": "video", "references": [{"source": "https://example.com/a.png"}] * 2}


class Asked(SpokenFilm):
    """Bills for each question all that its limits allow, at most `most`: readings again, translations, new drafts."""

    most = Decimal("0.60")

    def __init__(self, price_usd: str) -> None:
        super().__init__(price_usd=price_usd)
        self.asked: list[str] = []

    async def _answer(self, what: str, request: Any, limit: Decimal) -> Decimal:
        self.asked.append(what)
        while (held := self._held.get(what)) and not held.is_set():
            activity.heartbeat()
            await asyncio.sleep(0.05)
        budget = request.brief.budget_usd
        left = limit if budget is None else min(limit, budget - request.spent_usd)
        return max(left, Decimal(0))

    @activity.defn(name="analyse_reference")
    async def analyse_reference(self, request: AnalyseReference) -> Analysed:
        found = not_read(request, "read")
        if request.max_usd is None:
            return found
        billed = await self._answer(f"reading-{request.reference}", request, request.max_usd)
        return found.model_copy(update={"billed_usd": billed})

    @activity.defn(name="draft_plan")
    async def draft_plan(self, request: DraftPlan) -> Plan:
        plan = await super().draft_plan(request)
        billed = await self._answer("draft", request, self.most) if request.feedback else Decimal(0)
        return plan.model_copy(update={"drafting_usd": billed})

    @activity.defn(name="add_languages")
    async def add_languages(self, request: AddLanguages) -> LanguagesAdded:
        added = await super().add_languages(request)
        return added.model_copy(update={"billed_usd": await self._answer("languages", request, self.most)})

    async def begun(self, *what: str) -> None:
        async def all_begun() -> bool | None:
            return set(what) <= set(self.asked) or None

        await eventually(all_begun)


async def sent(handle: Handle, method: Any, request: Any) -> Any:
    """An update that the workflow has accepted."""
    return await handle.start_update(method, request, wait_for_stage=WorkflowUpdateStage.ACCEPTED)


def reading(reference: int, usd: str) -> AnalyseAgain:
    return AnalyseAgain(reference=reference, max_usd=Decimal(usd))


async def test_questions_of_one_time_keep_to_the_budget_of_the_brief(productions: Productions) -> None:
    """Two readings and a translation that are requested at one time cost no more together than the brief's budget, and
    neither do a reading and a revision."""
    fakes = Asked("0")
    fakes.hold("reading-1")
    async with fakes.working(productions.client):
        handle, plan = await productions.planned(budget_usd="1.00", **BRIEF)
        requests = [await sent(handle, ProductionWorkflow.analyse_again, reading(n, "0.40")) for n in (1, 2)]
        german = PlanEdit(plan_digest=plan.digest, edits=(GERMAN,), editor="ana")
        requests.append(await sent(handle, ProductionWorkflow.edit_plan, german))
        fakes.release("reading-1")
        await asyncio.gather(*(each.result() for each in requests))
        assert (await snapshot(handle)).spent_usd == 1
        await handle.cancel()
        await handle.result()
        fakes.hold("reading-1")
        handle, plan = await productions.planned(budget_usd="1.00", **BRIEF)
        read = await sent(handle, ProductionWorkflow.analyse_again, reading(1, "0.70"))
        revised = await sent(handle, ProductionWorkflow.revise, Revision(feedback="more sea"))
        fakes.release("reading-1")
        await asyncio.gather(read.result(), revised.result())
        assert (await snapshot(handle)).spent_usd == 1
        await handle.cancel()
        await handle.result()


@pytest.mark.parametrize("what", ["reading-1", "languages"])
async def test_an_approval_waits_for_the_cost_of_planning(productions: Productions, what: str) -> None:
    """What is approved while a reference is read again, or a language is translated, keeps to the budget with the cost
    of that; the plan that was approved is made."""
    fakes = Asked("0.10")
    fakes.hold(what)
    async with fakes.working(productions.client):
        handle, plan = await productions.planned(**BRIEF)
        if what == "languages":
            german = PlanEdit(plan_digest=plan.digest, edits=(GERMAN,), editor="ana")
            asked = await sent(handle, ProductionWorkflow.edit_plan, german)
        else:
            asked = await sent(handle, ProductionWorkflow.analyse_again, reading(1, "0.60"))
        await fakes.begun(what)
        await approve(handle, plan.digest, "ana", budget_usd=Decimal("0.80"))
        fakes.release(what)
        if what == "languages":
            assert (await refusal(asked.result())).kind == "wrong_phase"
        else:
            await asked.result()
        seen = await until(handle, "needs_attention")
        assert seen.spent_usd == seen.budget_usd == Decimal("0.80")
        assert attention_of(seen) == {"shot-1": "budget_short", "shot-2": "budget_short"}
        await handle.cancel()
        await handle.result()
