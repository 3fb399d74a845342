"""What language models cost fits every limit and is in the record, however a planning ends: real servers, a vendor
that bills, and answers that are lost, cancelled, timed out and ended from outside."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError
from temporalio.testing import ActivityEnvironment

from activities.planning.questions import limits
from activities.planning.questions.accounts import AccountFile
from activities.production import Activities
from activities.providers.openai.provider import OpenAI
from activities.providers.previz.provider import Previz
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from activities.takes.paid import LedgerTake
from deploy.local import Stack
from tests.emulators import openai_bodies
from tests.emulators.openai import OpenAIEmulator
from tests.support.productions import Handle, Productions, eventually, refusal, snapshot, until, update
from tests.support.stack import use_s3
from worker.__main__ import make_workers
from worker.settings import WorkerSettings
from workflows import keys
from workflows.activity_io import DraftPlan, Payer, RewritePrompt, SettledQuestions, SettleQuestions
from workflows.batch.records import Admit, BatchRow, BatchStart
from workflows.batch.workflow import BatchWorkflow
from workflows.events import BatchBudget, Event, Snapshot
from workflows.models import Brief, Platform
from workflows.production import take_requests
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import Approval, Decision, Regenerate, Revision

MODEL = "openai/gpt-6-luna"
PRICE = Decimal("0.0075")
"""The high price of one question of this model about a short text."""
ROUNDING = Decimal("0.0001")
"""Each bill is recorded with four decimals, rounded up."""
ASSET: dict[str, Any] = {
    "asset_id": "copy",
    "asset_type": "text",
    "role": "body",
    "label": "The text",
    "original": "say it",
    "prompt": "Say it well. " * 200,
    "provider": "previz",
    "model": "previz-text",
    "depends_on": [],
}
PLAN = {"title": "Words", "warnings": [], "assets": [{**ASSET, "parameters": []}]}


def answer(body: dict[str, Any]) -> str:
    """A plan, or a prompt where that is asked for."""
    asked = body["response_format"]["json_schema"]["schema"]["required"]
    return json.dumps({"prompt": f"Another text. {uuid4().hex}"} if asked == ["prompt"] else PLAN)


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIEmulator]:
    """Bills about a third of what a question may cost at most."""
    monkeypatch.setattr(openai_bodies, "CHAT_TOKENS", (1_000, 5_000))
    with OpenAIEmulator(answer) as emulator:
        yield emulator
    assert emulator.problems == []


@pytest.fixture
def tenant() -> str:
    """A tenant whose accounts nobody else uses."""
    return f"t{uuid4().hex[:12]}"


@asynccontextmanager
async def desk(storage: Storage, vendor: OpenAIEmulator, **settings: Any) -> AsyncIterator[Activities]:
    """The activities of a worker with the emulated vendor as its planner."""
    openai = OpenAI({"OPENAI_API_KEY": vendor.key, "OPENAI_BASE_URL": f"{vendor.url}/v1"})
    given = {"planner": MODEL, "claim_settles_seconds": 0.5, **settings}
    try:
        yield Activities(storage, {"openai": openai, "previz": Previz({})}, ActivitySettings(**given))
    finally:
        await openai.close()


@pytest.fixture
async def activities(storage: Storage, vendor: OpenAIEmulator) -> AsyncIterator[Activities]:
    async with desk(storage, vendor) as made:
        yield made


@asynccontextmanager
async def working(client: Client, storage: Storage, vendor: OpenAIEmulator, **settings: Any) -> AsyncIterator[None]:
    """The product's workers over such a desk."""
    async with AsyncExitStack() as stack:
        made = await stack.enter_async_context(desk(storage, vendor, **settings))
        for worker in make_workers(client, made, ["previz"], WorkerSettings(graceful_shutdown_seconds=0)):
            await stack.enter_async_context(worker)
        yield


def named(seen: Snapshot, name: str) -> Event:
    return next(e for e in reversed(seen.events) if e.name == name)


def holds(recorded: Decimal, vendor: OpenAIEmulator, doubt: Decimal = Decimal(0), lost: Decimal = Decimal(0)) -> bool:
    """Whether the record is what the vendor billed: to the rounding of each, and `doubt` in the place of `lost`."""
    exact = vendor.billed_usd - lost + doubt
    return exact <= recorded <= exact + ROUNDING * len(vendor.submissions)


async def summing(handle: Handle) -> None:
    """Wait until the production sums what its questions have cost."""

    async def begun() -> bool | None:
        pending = (await handle.describe()).raw_description.pending_activities
        return any(each.activity_type.name == "settle_questions" for each in pending) or None

    await eventually(begun)


async def past_planning(handles: Sequence[Handle]) -> list[Snapshot]:
    """The productions once their first planning has ended; a few are asked at a time."""
    found = []
    async with asyncio.timeout(180):
        for handle in handles:
            while (seen := await answered(handle)).status == "planning":  # noqa: ASYNC110 - the server has no event to wait for
                await asyncio.sleep(0.3)
            found.append(seen)
    return found


async def answered(handle: Handle) -> Snapshot:
    """A worker refuses a query while a workflow task is about to begin: then it is asked again."""
    while True:
        try:
            return await snapshot(handle)
        except (RPCError, WorkflowQueryFailedError):
            await asyncio.sleep(0.1)


async def approved(productions: Productions, **brief: Any) -> Handle:
    """A delivered production whose budget leaves room for questions."""
    handle, plan = await productions.planned(**brief)
    release = Approval(plan_digest=plan.digest, approver="ana", budget_usd=Decimal(1))
    await update(handle, ProductionWorkflow.decide, Decision(approve=release))
    await handle.result()
    return handle


# Lost answers


async def test_a_lost_answer_is_bought_again_only_where_it_fits(
    productions: Productions, storage: Storage, vendor: OpenAIEmulator, tenant: str
) -> None:
    """With a budget of 0.0100 and an answer lost for 0.0076 nothing more is sent; record and event name the doubt."""
    vendor.meet("drop_after", "drop_after", "drop_after", "drop_after")
    async with working(productions.client, storage, vendor):
        handle = await productions.start(tenant=tenant, budget_usd="0.0100")
        seen = await handle.result()
    failed = named(seen, "plan_failed")
    assert len(vendor.submissions) == 1
    assert seen.spent_usd == PRICE <= Decimal("0.0100")
    assert failed.data["doubt_usd"] == str(PRICE)
    assert "left of brief.budget_usd (0.0100 USD); raise the brief's budget_usd" in str(failed.data["reason"])


async def test_a_plan_says_what_it_lost(
    productions: Productions, storage: Storage, vendor: OpenAIEmulator, tenant: str
) -> None:
    """Where the budget holds a second request the plan comes, counts both, and its warning names the doubtful one."""
    vendor.meet("drop_after")
    async with working(productions.client, storage, vendor):
        handle = await productions.start(tenant=tenant, budget_usd="0.0200")
        seen = await until(handle, "awaiting_approval")
    assert len(vendor.submissions) == 2
    assert holds(seen.spent_usd, vendor, doubt=PRICE, lost=vendor.prices[0])
    warnings = str(named(seen, "plan_ready").data["warnings"])
    assert f"was lost and counts as billed, with {PRICE} USD" in warnings


# Limits


async def test_all_planning_of_a_batch_fits_its_budget(
    client: Client, storage: Storage, vendor: OpenAIEmulator, tenant: str
) -> None:
    """Rows that are planned at the same time cost no more together than the batch's budget; the rest say why not."""
    batch_id, budget = f"{tenant}.b", Decimal("0.0200")
    brief = Brief(text="Say it.", platform=Platform.COPY, tenant=tenant)
    rows = tuple(BatchRow(row=n, key=f"k{n}", production_id=f"{batch_id}-{n}", brief=brief) for n in range(1, 41))
    async with working(client, storage, vendor):
        start = BatchStart(
            batch_id=batch_id, rows=rows, created_at=datetime.now(UTC), tenant=tenant, at_once=8, budget_usd=budget
        )
        batch = await client.start_workflow(
            BatchWorkflow.run, start, id=keys.batch_workflow_id(batch_id), task_queue=keys.TASK_QUEUE
        )

        async with asyncio.timeout(180):
            view = await batch.query(BatchWorkflow.progress)
            while {"pending", "planning"} & view.totals.statuses.keys():
                await asyncio.sleep(0.3)
                view = await batch.query(BatchWorkflow.progress)
        failed = [row for row in view.rows if row.status == "failed"]
        assert 0 < len(failed) < 40
        assert "the batch's budget_usd (0.0200 USD); admit the batch with a higher budget_usd" in failed[-1].error
        assert vendor.billed_usd <= view.totals.spent_usd <= budget
        assert holds(view.totals.spent_usd, vendor)

        # A higher budget reaches the rows that were started before.
        waiting = next(row.production_id for row in view.rows if row.status == "awaiting_approval")
        handle: Handle = client.get_workflow_handle_for(ProductionWorkflow.run, keys.workflow_id(waiting))
        refused = await refusal(update(handle, ProductionWorkflow.revise, Revision(feedback="longer")))
        assert refused.kind == "budget_short"
        await batch.execute_update(BatchWorkflow.admit, Admit(budget_usd=Decimal("0.0500"), approver="ana"))

        async def told() -> Any:
            seen = await answered(handle)
            return seen if seen.batch and seen.batch.budget_usd == Decimal("0.0500") else None

        await eventually(told)
        await batch.terminate()


async def test_a_key_spends_no_more_than_its_day(
    productions: Productions, storage: Storage, vendor: OpenAIEmulator, tenant: str
) -> None:
    """40 starts and ten revisions of one key at the same time cost at most its limit, and each refusal names it."""
    limit = Decimal("0.0200")
    async with working(productions.client, storage, vendor, key_planning_usd=limit):
        handles = await asyncio.gather(*(productions.start(tenant=tenant, requester="ana") for _ in range(40)))

        seen = await past_planning(handles)
        planned = [h for h, s in zip(handles, seen, strict=True) if s.status == "awaiting_approval"]
        failed = [s for s in seen if s.status == "failed"]
        assert planned
        assert failed
        assert "left of GREENLIGHT_KEY_PLANNING_USD for 'ana' (0.0200 USD)" in str(failed[0].error)
        revision = Revision(feedback="longer", reviser="ana")
        for _ in range(10):
            refused = await refusal(update(planned[0], ProductionWorkflow.revise, revision))
            assert (refused.kind, refused.field) == ("budget_short", "feedback")
            assert "raise GREENLIGHT_KEY_PLANNING_USD" in refused.message
        spent = sum([(await answered(h)).spent_usd for h in handles], Decimal(0))
        assert vendor.billed_usd <= spent <= limit
        assert holds(spent, vendor)
        other = Revision(feedback="longer", reviser="bo")
        await update(planned[0], ProductionWorkflow.revise, other)


async def test_feedback_is_refused_by_a_limit(
    productions: Productions, storage: Storage, vendor: OpenAIEmulator, tenant: str
) -> None:
    """Feedback that a limit leaves no room for is refused with the limit's name, and nothing is sent or booked."""
    async with working(productions.client, storage, vendor, tenant_planning_usd="0.0080"):
        handle = await approved(productions, tenant=tenant)
        before, sent = await snapshot(productions.newest(handle)), len(vendor.submissions)
        request = Regenerate(asset_id="copy", feedback="shorter", requested_by="bo")
        refused = await refusal(productions.reopen(before, ProductionWorkflow.regenerate, request))
        seen = await productions.newest(handle).result()
    assert refused.kind == "budget_short"
    assert f"left of GREENLIGHT_TENANT_PLANNING_USD for '{tenant}' (0.0080 USD)" in refused.message
    assert len(vendor.submissions) == sent
    assert seen.spent_usd == before.spent_usd


async def test_two_workers_share_one_limit(
    servers: Stack, vendor: OpenAIEmulator, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers that know nothing of each other ask together no more than a tenant's limit holds."""
    monkeypatch.setattr(limits, "ROOM_SECONDS", 0.0)  # what does not fit now is refused now
    use_s3(monkeypatch, servers)
    limit = 3 * Decimal("0.0081")
    async with AsyncExitStack() as stack:
        both = [
            await stack.enter_async_context(desk(Storage("tests"), vendor, tenant_planning_usd=limit)) for _ in range(2)
        ]
        with vendor.held():  # all of them reserve before the first is settled
            asked = [asyncio.create_task(rewritten(both[n % 2], tenant, n)) for n in range(12)]
            refused = 0
            async with asyncio.timeout(30):
                for each in asyncio.as_completed(asked):
                    with pytest.raises(ApplicationError, match="GREENLIGHT_TENANT_PLANNING_USD"):
                        await each
                    refused += 1
                    if refused == 9:
                        break
        ends = await asyncio.gather(*asked, return_exceptions=True)
    assert len(vendor.submissions) == sum(not isinstance(e, ApplicationError) for e in ends) == 3


def request_of(tenant: str, number: int) -> RewritePrompt:
    return RewritePrompt.model_validate(
        {
            "production_id": uuid4().hex,
            "brief": Brief(text="Say it.", platform=Platform.COPY, tenant=tenant),
            "asset": {**ASSET, "prompt": "Say it."},
            "number": number + 1,
            "feedback": "shorter",
        }
    )


async def rewritten(activities: Activities, tenant: str, number: int) -> Any:
    return await ActivityEnvironment().run(activities.rewrite_prompt, request_of(tenant, number))


async def test_an_unknown_price_is_not_asked_within_a_budget(
    activities: Activities, vendor: OpenAIEmulator, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A planner whose price nobody published is not asked where a batch's budget has to hold it."""
    monkeypatch.setattr("activities.catalogue.offers.Offer.unknown", property(lambda _: True))
    payer = Payer(tenant=tenant, person="ana", day="2026-11-28", batch=BatchBudget(batch_id="b", budget_usd=Decimal(1)))
    brief = Brief(text="Say it.", platform=Platform.COPY, tenant=tenant)
    draft = DraftPlan(production_id=uuid4().hex, brief=brief, payer=payer)
    with pytest.raises(ApplicationError, match="the batch's budget_usd cannot hold a model whose price is unknown"):
        await ActivityEnvironment().run(activities.draft_plan, draft)
    assert vendor.submissions == []


# Exit paths


async def test_a_cancel_while_planning_books_what_was_billed(
    productions: Productions, storage: Storage, vendor: OpenAIEmulator, tenant: str
) -> None:
    """A production that is cancelled while its question is answered records the bill, or names the doubt."""
    async with working(productions.client, storage, vendor):
        with vendor.held("submit", "billed") as reached:
            handle = await productions.start(tenant=tenant)
            assert await asyncio.to_thread(reached.wait, 20)
            await handle.cancel()
            await summing(handle)
        seen = await handle.result()
    assert seen.status == "cancelled"
    told = named(seen, "planning_billed")
    doubt = Decimal(str(told.data.get("doubt_usd", "0")))
    assert holds(seen.spent_usd, vendor, doubt, vendor.billed_usd if doubt else Decimal(0))
    assert Decimal(str(named(seen, "cancelled").data["cost_usd"])) == seen.spent_usd >= vendor.billed_usd > 0


async def test_feedback_that_takes_too_long_is_booked(
    productions: Productions, storage: Storage, vendor: OpenAIEmulator, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Feedback whose limit of time passes after two paid answers records both, and the refusal comes all the same."""
    monkeypatch.setattr(take_requests, "WORDS_TIMEOUT", timedelta(seconds=4))
    async with working(productions.client, storage, vendor):
        handle = await approved(productions, tenant=tenant)
        before = await snapshot(productions.newest(handle))
        planned = len(vendor.submissions)
        vendor.answer_text = lambda _: json.dumps({"prompt": " "})  # will not do
        vendor.slow_seconds = 2.5
        request = Regenerate(asset_id="copy", feedback="shorter", requested_by="bo")
        refused = await refusal(productions.reopen(before, ProductionWorkflow.regenerate, request))
        seen = await productions.newest(handle).result()
    assert refused.kind == "invalid_edit"
    assert len(vendor.submissions) - planned in (1, 2)
    told = named(seen, "planning_billed")
    doubt = Decimal(str(told.data.get("doubt_usd", "0")))
    lost = vendor.prices[-1] if doubt else Decimal(0)
    assert told.asset_id == "copy"
    assert holds(seen.spent_usd, vendor, doubt, lost)


async def test_a_planning_that_is_ended_from_outside_is_booked(
    productions: Productions, storage: Storage, vendor: OpenAIEmulator, tenant: str
) -> None:
    """After `temporal activity fail` on a running draft its answer is waited for and booked; nothing more is asked."""
    vendor.answer_text = lambda _: "no plan"  # it would be asked to repair this
    async with working(productions.client, storage, vendor):
        with vendor.held("submit", "billed") as reached:
            handle = await productions.start(tenant=tenant)
            assert await asyncio.to_thread(reached.wait, 20)
            pending = (await handle.describe()).raw_description.pending_activities[0]
            outside = productions.client.get_async_activity_handle(
                workflow_id=handle.id, run_id=None, activity_id=pending.activity_id
            )
            await outside.fail(ApplicationError("by hand", non_retryable=True))
            await summing(handle)
        seen = await handle.result()
        await asyncio.sleep(1)
    assert (seen.status, seen.error) == ("failed", "by hand")
    assert len(vendor.submissions) == 1
    assert holds(seen.spent_usd, vendor)
    assert named(seen, "plan_failed").data["billed_usd"] == str(seen.spent_usd)


async def settled(activities: Activities, request: RewritePrompt) -> SettledQuestions:
    payer = limits.payer_of(request)
    asked = SettleQuestions(production_id=request.production_id, inquiry="rewrite", number=request.number, payer=payer)
    return await ActivityEnvironment().run(activities.settle_questions, asked)


@pytest.mark.parametrize("before", ["reserve", "claim"])
@pytest.mark.parametrize("question", [1, 2])
async def test_an_attempt_that_resumes_after_the_end_asks_nothing(
    activities: Activities,
    vendor: OpenAIEmulator,
    tenant: str,
    monkeypatch: pytest.MonkeyPatch,
    before: str,
    question: int,
) -> None:
    """Suspended before it reserves or claims its next question, an attempt finds that its inquiry was summed."""
    vendor.answer_text = lambda _: json.dumps({"prompt": " "})
    reached, go, calls = asyncio.Event(), asyncio.Event(), 0
    name = "_write" if before == "claim" else "_submit"
    whole = getattr(LedgerTake, name)

    async def suspended(self: LedgerTake, *args: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == question:
            reached.set()
            await go.wait()
        return await whole(self, *args)

    monkeypatch.setattr(LedgerTake, name, suspended)
    request = request_of(tenant, 0)
    attempt = asyncio.create_task(ActivityEnvironment().run(activities.rewrite_prompt, request))
    await reached.wait()
    bill = await settled(activities, request)
    assert holds(bill.billed_usd, vendor)
    assert bill.doubt_usd == 0
    go.set()
    await asyncio.gather(attempt, return_exceptions=True)
    assert len(vendor.submissions) == question - 1
    assert await settled(activities, request) == bill


async def test_a_request_that_nobody_waits_for_any_more_counts_at_its_price(
    storage: Storage, activities: Activities, vendor: OpenAIEmulator, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after its request, an attempt leaves a doubt: counted at its price, told as one, in every account."""

    class Killed(BaseException):
        pass

    async def killed(*_: Any) -> Any:
        raise Killed

    request = request_of(tenant, 0)
    monkeypatch.setattr(LedgerTake, "_store", killed)
    attempt = asyncio.create_task(ActivityEnvironment().run(activities.rewrite_prompt, request))
    with pytest.raises(Killed):
        await attempt
    bill = await settled(activities, request)
    assert len(vendor.submissions) == 1
    assert bill.billed_usd == bill.doubt_usd >= vendor.billed_usd > 0
    payer = limits.payer_of(request)
    day = AccountFile(storage, keys.tenant_account(payer.tenant, payer.day))
    assert (await day.read()).taken_usd() == bill.billed_usd


async def test_what_was_asked_is_settled_in_every_account(
    storage: Storage, activities: Activities, vendor: OpenAIEmulator, tenant: str
) -> None:
    """After an answer the accounts hold what it was billed, not what it might have cost; a retry changes nothing."""
    request = request_of(tenant, 0)
    payer = limits.payer_of(request)
    first = await ActivityEnvironment().run(activities.rewrite_prompt, request)
    again = await ActivityEnvironment().run(activities.rewrite_prompt, request)
    assert first == again
    for key in (keys.planning_account(request.production_id), keys.tenant_account(payer.tenant, payer.day)):
        account = await AccountFile(storage, key).read()
        assert account.taken_usd(settled_only=True) == account.taken_usd() == first.billed_usd
