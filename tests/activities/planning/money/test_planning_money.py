"""The cost of language models stays within every limit and is in the record: real servers, a vendor that bills, lost
responses."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities import disk
from activities.planning.questions import limits
from activities.production import Activities
from activities.storage.bucket import Storage
from activities.takes.accounts.account import AccountFile
from deploy.local import Stack
from tests.activities.planning.money.billed_planner import (
    PRICE,
    answered,
    approved,
    desk,
    holds,
    named,
    past_planning,
    rewritten,
    working,
)
from tests.emulators.openai import OpenAIEmulator
from tests.support.productions import Handle, Productions, refusal, snapshot, until, update
from tests.support.stack import use_s3
from tests.support.waiting import WITHIN, eventually
from workflows import keys
from workflows.activity_io import DraftPlan, Payer
from workflows.batch.records import Admit, BatchRow, BatchStart, BatchView
from workflows.batch.workflow import BatchWorkflow
from workflows.brief import BatchBudget, Brief, Platform
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import Regenerate, Revision
from workflows.series.items import Item

# Lost responses


async def test_a_lost_response_is_requested_again_only_within_the_budget(
    productions: Productions, storage: Storage, vendor: OpenAIEmulator, tenant: str
) -> None:
    """With a budget of 0.0100 and a response lost for 0.0077 nothing more is sent; record and event name the ambiguous
    request."""
    vendor.meet("drop_after", "drop_after", "drop_after", "drop_after")
    async with working(productions.client, storage, vendor):
        handle = await productions.start(tenant=tenant, budget_usd="0.0100")
        seen = await handle.result()
    failed = named(seen, "plan_failed")
    assert len(vendor.submissions) == 1
    assert seen.spent_usd == PRICE <= Decimal("0.0100")
    assert failed.data["doubt_usd"] == str(PRICE)
    assert "left of brief.budget_usd (0.0100 USD); raise the brief's budget_usd" in str(failed.data["reason"])


async def test_a_plan_reports_its_lost_request(
    productions: Productions, storage: Storage, vendor: OpenAIEmulator, tenant: str
) -> None:
    """When the budget holds a second request the plan is made, counts both, and its warning names the ambiguous one."""
    vendor.meet("drop_after")
    async with working(productions.client, storage, vendor):
        handle = await productions.start(tenant=tenant, budget_usd="0.0200")
        seen = await until(handle, "awaiting_approval")
    assert len(vendor.submissions) == 2
    assert holds(seen.spent_usd, vendor, doubt=PRICE, lost=vendor.prices[0])
    warnings = str(named(seen, "plan_ready").data["warnings"])
    assert f"was lost and counts as billed, with {PRICE} USD" in warnings


async def test_a_full_disk_is_no_answer(
    storage: Storage, vendor: OpenAIEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a worker whose disk is full no model is asked, and none is skipped: the same question is asked later."""
    monkeypatch.setattr(disk, "MIN_FREE_BYTES", 1 << 62)
    request = DraftPlan(production_id=uuid4().hex, brief=Brief(text="Say it.", platform=Platform.COPY))
    async with desk(storage, vendor) as activities:
        with pytest.raises(ApplicationError) as failed:
            await ActivityEnvironment().run(activities.draft_plan, request)
    assert (failed.value.type, failed.value.non_retryable) == ("worker_disk_full", False)
    assert vendor.submissions == []


# Limits


async def test_all_planning_of_a_batch_fits_its_budget(
    client: Client, storage: Storage, vendor: OpenAIEmulator, tenant: str
) -> None:
    """Rows that are planned at the same time cost no more together than the batch's budget; the others report the
    reason."""
    batch_id, budget = f"{tenant}.b", Decimal("0.0080")
    brief = Brief(text="Say it.", platform=Platform.COPY, tenant=tenant)
    rows = tuple(BatchRow(row=n, key=f"k{n}", production_id=f"{batch_id}-{n}", brief=brief) for n in range(1, 17))
    async with working(client, storage, vendor):
        start = BatchStart(
            batch_id=batch_id, rows=rows, created_at=datetime.now(UTC), tenant=tenant, at_once=8, budget_usd=budget
        )
        batch = await client.start_workflow(
            BatchWorkflow.run, start, id=keys.batch_workflow_id(batch_id), task_queue=keys.TASK_QUEUE
        )

        async def planned() -> BatchView | None:
            seen = await batch.query(BatchWorkflow.progress)
            return None if {"pending", "planning"} & seen.totals.statuses.keys() else seen

        view = await eventually(planned, "all plans", within=WITHIN)
        failed = [row for row in view.rows if row.status == "failed"]
        assert 0 < len(failed) < 16
        assert "the batch's budget_usd (0.0080 USD); admit the batch with a higher budget_usd" in failed[-1].error
        assert vendor.billed_usd <= view.totals.spent_usd <= budget
        assert holds(view.totals.spent_usd, vendor)

        # A higher budget reaches the rows that were started before.
        waiting = next(row.production_id for row in view.rows if row.status == "awaiting_approval")
        handle: Handle = client.get_workflow_handle_for(ProductionWorkflow.run, keys.workflow_id(waiting))
        refused = await refusal(update(handle, ProductionWorkflow.revise, Revision(feedback="longer")))
        assert refused.kind == "budget_short"
        await batch.execute_update("admit", Admit(budget_usd=Decimal("0.0200"), approver="ana"))

        async def arrived() -> Any:
            seen = await answered(handle)
            return seen if seen.batch and seen.batch.budget_usd == Decimal("0.0200") else None

        await eventually(arrived)
        await batch.terminate()


async def test_a_series_holds_its_planning_too(
    client: Client, storage: Storage, vendor: OpenAIEmulator, tenant: str
) -> None:
    """A budget of exactly the price releases a series whose plans have cost something, less does not; its account has
    the bills of planning."""
    series_id = f"{tenant}.s"
    brief = Brief(text="Say it.", platform=Platform.COPY, tenant=tenant)
    rows = tuple(BatchRow(row=n, key=f"k{n}", production_id=f"{series_id}-{n}", brief=brief) for n in (1, 2))
    async with working(client, storage, vendor):
        start = BatchStart(batch_id=series_id, rows=rows, created_at=datetime.now(UTC), tenant=tenant, series=True)
        series = await client.start_workflow(
            BatchWorkflow.run, start, id=keys.batch_workflow_id(series_id), task_queue=keys.TASK_QUEUE
        )

        async def until_it_is(status: str) -> BatchView:
            async def poll() -> BatchView | None:
                seen = await series.query(BatchWorkflow.progress)
                return seen if seen.status == status else None

            return await eventually(poll)

        view = await until_it_is("planned")
        price = view.totals.high_usd
        assert len(vendor.submissions) == 2
        assert holds(price, vendor)
        short = Admit(plan_digest=view.plan_digest, budget_usd=price - Decimal("0.0001"))
        assert (await refusal(series.execute_update("admit", short))).kind == "budget_short"
        await series.execute_update("admit", Admit(plan_digest=view.plan_digest, budget_usd=price))
        view = await until_it_is("done")
        account = await AccountFile(storage, keys.batch_account(tenant, series_id)).read()
        assert account.taken_usd() == view.totals.spent_usd == price


async def test_a_catalogue_asks_no_language_model(storage: Storage, vendor: OpenAIEmulator) -> None:
    """Each item is one picture in its order, with its own text and the style; nothing else is planned."""
    items = (Item(key="a", text="A mug"), Item(key="b", text="A cup"))
    brief = Brief(text="Kitchen", style="on white", platform=Platform.DESIGN, items=items)
    async with desk(storage, vendor) as made:
        request = DraftPlan(production_id=uuid4().hex, brief=brief)
        plan = await ActivityEnvironment().run(made.draft_plan, request)
    assert not vendor.submissions
    assert [(a.label, a.prompt, a.asset_type.value) for a in plan.assets] == [
        ("a", "A mug. Style: on white.", "image"),
        ("b", "A cup. Style: on white.", "image"),
    ]


async def test_a_key_spends_no_more_than_its_daily_limit(
    productions: Productions, storage: Storage, vendor: OpenAIEmulator, tenant: str
) -> None:
    """16 starts and ten revisions of one key at the same time cost at most its limit, and each refusal names it."""
    limit = Decimal("0.0200")
    async with working(productions.client, storage, vendor, key_planning_usd=limit):
        handles = await asyncio.gather(*(productions.start(tenant=tenant, requester="ana") for _ in range(16)))

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
    """Feedback that does not fit a limit is refused with the limit's name, and nothing is sent or recorded."""
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
    """Independent workers together send no more requests than a tenant's limit holds."""
    monkeypatch.setattr(limits, "ROOM_SECONDS", 0.0)  # a request that does not fit now is refused now
    use_s3(monkeypatch, servers)
    limit = 3 * Decimal("0.0081")
    async with AsyncExitStack() as stack:
        both = [
            await stack.enter_async_context(desk(Storage("tests"), vendor, tenant_planning_usd=limit)) for _ in range(2)
        ]
        with vendor.held():  # all of them reserve before the first is settled
            asked = [asyncio.create_task(rewritten(both[n % 2], tenant, n)) for n in range(12)]
            refused = 0
            async with asyncio.timeout(WITHIN):
                for each in asyncio.as_completed(asked):
                    with pytest.raises(ApplicationError, match="GREENLIGHT_TENANT_PLANNING_USD"):
                        await each
                    refused += 1
                    if refused == 9:
                        break
        ends = await asyncio.gather(*asked, return_exceptions=True)
    assert len(vendor.submissions) == sum(not isinstance(e, ApplicationError) for e in ends) == 3


async def test_an_unknown_price_is_not_used_within_a_budget(
    activities: Activities, vendor: OpenAIEmulator, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A planner with an unpublished price receives no request when a batch's budget has to hold it."""
    monkeypatch.setattr("activities.catalogue.offers.Offer.unknown", property(lambda _: True))
    payer = Payer(tenant=tenant, person="ana", day="2026-11-28", batch=BatchBudget(batch_id="b", budget_usd=Decimal(1)))
    brief = Brief(text="Say it.", platform=Platform.COPY, tenant=tenant)
    draft = DraftPlan(production_id=uuid4().hex, brief=brief, payer=payer)
    with pytest.raises(ApplicationError, match="the batch's budget_usd cannot hold a model whose price is unknown"):
        await ActivityEnvironment().run(activities.draft_plan, draft)
    assert vendor.submissions == []
