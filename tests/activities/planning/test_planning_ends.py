"""The record contains the bills of language models when a planning is cancelled, times out, or is failed by an
operator."""

import asyncio
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.planning.questions import limits
from activities.production import Activities
from activities.storage.bucket import Storage
from activities.takes.accounts.account import AccountFile
from activities.takes.paid import PaidTake
from tests.activities.planning.money.billed_planner import approved, holds, named, request_of, settled, summing, working
from tests.emulators.openai import OpenAIEmulator
from tests.support.productions import Productions, refusal, snapshot
from tests.support.waiting import WITHIN
from workflows import keys
from workflows.production import rewriting
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import Regenerate


async def test_a_cancel_while_planning_records_the_bill(
    productions: Productions, storage: Storage, vendor: OpenAIEmulator, tenant: str
) -> None:
    """A production that is cancelled during a planning request records the bill, or names the ambiguous request."""
    async with working(productions.client, storage, vendor):
        with vendor.held("submit", "billed") as reached:
            handle = await productions.start(tenant=tenant)
            assert await asyncio.to_thread(reached.wait, WITHIN)
            await handle.cancel()
            await summing(handle)
        seen = await handle.result()
    assert seen.status == "cancelled"
    event = named(seen, "planning_billed")
    doubt = Decimal(str(event.data.get("doubt_usd", "0")))
    assert holds(seen.spent_usd, vendor, doubt, vendor.billed_usd if doubt else Decimal(0))
    assert Decimal(str(named(seen, "cancelled").data["cost_usd"])) == seen.spent_usd >= vendor.billed_usd > 0


async def test_feedback_that_takes_too_long_is_recorded(
    productions: Productions, storage: Storage, vendor: OpenAIEmulator, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Feedback whose time limit passes after paid responses records each, and is refused all the same."""
    async with working(productions.client, storage, vendor):
        handle = await approved(productions, tenant=tenant)
        before = await snapshot(productions.newest(handle))
        planned = len(vendor.submissions)
        vendor.answer_text = lambda _: json.dumps({"prompt": " "})  # an unusable response
        request = Regenerate(asset_id="copy", feedback="shorter", requested_by="bo")
        for seconds in (4, 40):  # a busy machine may send nothing in the first
            monkeypatch.setattr(rewriting, "REWRITE_TIMEOUT", timedelta(seconds=seconds))
            vendor.slow_seconds = 0.6 * seconds
            refused = await refusal(productions.reopen(before, ProductionWorkflow.regenerate, request))
            before = seen = await productions.newest(handle).result()
            if len(vendor.submissions) > planned:
                break
    assert refused.kind == "invalid_edit"
    # The activity learns of its end some seconds later.
    assert len(vendor.submissions) - planned in (1, 2, 3)
    event = named(seen, "planning_billed")
    doubt = Decimal(str(event.data.get("doubt_usd", "0")))
    lost = vendor.prices[-1] if doubt else Decimal(0)
    assert event.asset_id == "copy"
    assert holds(seen.spent_usd, vendor, doubt, lost)


async def test_a_planning_that_an_operator_failed_is_recorded(
    productions: Productions, storage: Storage, vendor: OpenAIEmulator, tenant: str
) -> None:
    """After `temporal activity fail` on a running draft its response is awaited and recorded; no further request is
    sent."""
    vendor.answer_text = lambda _: "no plan"  # a model would be asked to repair this
    async with working(productions.client, storage, vendor):
        with vendor.held("submit", "billed") as reached:
            handle = await productions.start(tenant=tenant)
            assert await asyncio.to_thread(reached.wait, WITHIN)
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


@pytest.mark.parametrize("before", ["reserve", "claim"])
@pytest.mark.parametrize("question", [1, 2])
async def test_an_attempt_that_resumes_after_the_end_sends_nothing(
    activities: Activities,
    vendor: OpenAIEmulator,
    tenant: str,
    monkeypatch: pytest.MonkeyPatch,
    before: str,
    question: int,
) -> None:
    """An attempt that was suspended before it reserves or claims its next request finds that its inquiry was summed."""
    vendor.answer_text = lambda _: json.dumps({"prompt": " "})
    reached, go, calls = asyncio.Event(), asyncio.Event(), 0
    name = "_write" if before == "claim" else "_submit"
    whole = getattr(PaidTake, name)

    async def suspended(self: PaidTake, *args: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == question:
            reached.set()
            await go.wait()
        return await whole(self, *args)

    monkeypatch.setattr(PaidTake, name, suspended)
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


async def test_a_request_of_a_killed_attempt_counts_at_its_price(
    storage: Storage, activities: Activities, vendor: OpenAIEmulator, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attempt that is killed after its request leaves an ambiguous one: counted at its price, and reported as
    ambiguous, in every account."""

    class Killed(BaseException):
        pass

    async def killed(*_: Any) -> Any:
        raise Killed

    request = request_of(tenant, 0)
    monkeypatch.setattr(PaidTake, "_store", killed)
    attempt = asyncio.create_task(ActivityEnvironment().run(activities.rewrite_prompt, request))
    with pytest.raises(Killed):
        await attempt
    bill = await settled(activities, request)
    assert len(vendor.submissions) == 1
    assert bill.billed_usd == bill.doubt_usd >= vendor.billed_usd > 0
    payer = limits.payer_of(request)
    day = AccountFile(storage, keys.tenant_account(payer.tenant, payer.day))
    assert (await day.read()).taken_usd() == bill.billed_usd


async def test_a_request_is_settled_in_every_account(
    storage: Storage, activities: Activities, vendor: OpenAIEmulator, tenant: str
) -> None:
    """After a response the accounts hold its bill, and not its high price; a retry changes nothing."""
    request = request_of(tenant, 0)
    payer = limits.payer_of(request)
    first = await ActivityEnvironment().run(activities.rewrite_prompt, request)
    again = await ActivityEnvironment().run(activities.rewrite_prompt, request)
    assert first == again
    for key in (keys.planning_account(request.production_id), keys.tenant_account(payer.tenant, payer.day)):
        account = await AccountFile(storage, key).read()
        assert account.taken_usd(settled_only=True) == account.taken_usd() == first.billed_usd
