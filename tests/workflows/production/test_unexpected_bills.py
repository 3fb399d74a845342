"""Bills above their price, changed prices, and a short budget: all are counted and reported to a person."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from temporalio.exceptions import ApplicationError

from tests.support.fake_film import Film
from tests.support.fakes import FakeActivities
from tests.support.productions import Productions, names, refusal, snapshot, until, update
from tests.support.waiting import eventually
from tests.workflows.production.steps import attention_of
from workflows import keys
from workflows.activity_io import AssetFailure
from workflows.events import AssetStatus, Snapshot
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import Approval, Decision, Pause, Regenerate, Resolve, Resume


async def test_a_bill_above_its_price_is_reported(productions: Productions) -> None:
    """A bill above the published price is an event, and a reason for attention while the production runs."""
    fakes = FakeActivities(4, price_usd="0.10")
    fakes.costs = dict.fromkeys((f"text-{n}" for n in range(1, 5)), Decimal("1.00"))
    for asset in ("text-2", "text-3", "text-4"):
        fakes.hold(asset)
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="2.50")

        async def overrun() -> Snapshot | None:
            seen = await snapshot(handle)
            return seen if "overrun" in names(seen) else None

        seen = await eventually(overrun)
        (event,) = [e for e in seen.events if e.name == "overrun"]
        assert (event.asset_id, event.data["price_usd"], event.data["cost_usd"]) == ("text-1", "0.10", "1.00")
        assert seen.waiting
        assert (seen.waiting.reason, seen.overrun_usd) == ("overrun", Decimal("0.9000"))
        await handle.cancel()
        await handle.result()


async def test_a_pending_asset_is_reserved_at_the_charged_price(productions: Productions) -> None:
    """After a bill of ten times the price, a pending asset is started at that price or not at all."""
    fakes = Film(price_usd="0.10")
    fakes.costs = {"still-1": Decimal("1.00"), "title-1": Decimal("0.05")}
    async with fakes.working(productions.client):
        handle = await productions.approved(platform="video", budget="1.20")
        seen = await until(handle, "needs_attention")
        assert attention_of(seen) == {"shot-1": "overrun"}
        assert "more than its published 0.10" in (seen.assets["shot-1"].error or "")
        assert (seen.spent_usd, [i for i, _ in fakes.produced if i == "shot-1"]) == (Decimal("1.0500"), [])
        answer = Resolve(asset_id="shot-1", action="raise_budget", budget_usd=Decimal("2.05"), resolver="bo")
        await update(handle, ProductionWorkflow.resolve, answer)
        assert (await handle.result()).status == "delivered"


async def test_a_price_that_changed_before_the_claim(productions: Productions) -> None:
    """A take whose attempt has a higher price than was reserved submits nothing; it is reserved at that price or
    waits."""
    fakes = FakeActivities(1, price_usd="0.10")
    fakes.failures["text-1"] = AssetFailure(message="overcharged", kind="price_changed", now_usd=Decimal("0.50"))
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="0.40")
        seen = await until(handle, "needs_attention")
        assert (attention_of(seen), seen.spent_usd) == ({"text-1": "overrun"}, Decimal(0))
        fakes.failures.clear()
        answer = Resolve(asset_id="text-1", action="raise_budget", budget_usd=Decimal("0.50"))
        await update(handle, ProductionWorkflow.resolve, answer)
        assert (await handle.result()).spent_usd == Decimal("0.1000")


async def test_a_short_budget_is_reported_at_once(productions: Productions) -> None:
    """A decision that only a person can make is reported when it becomes pending, in status, log and reason, though
    another asset is still being made; money that becomes free withdraws the question."""
    fakes = FakeActivities(2, price_usd="0.10")
    fakes.fixed = True
    fakes.hold("text-1")
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="0.15")
        seen = await until(handle, "needs_attention", at_once=True)
        assert seen.assets["text-1"].status is AssetStatus.GENERATING
        assert attention_of(seen) == {"text-2": "budget_short"}
        described = await handle.describe()
        found = {p.key.name: p.value for p in described.typed_search_attributes}
        assert found[keys.ATTENTION_ATTRIBUTE] == ["budget_short"]
        fakes.costs["text-1"] = Decimal("0.05")
        fakes.release("text-1")
        seen = await handle.result()
    assert (seen.spent_usd, "attention_withdrawn" in names(seen)) == (Decimal("0.1500"), True)


async def test_a_failure_is_reported_while_others_are_made(productions: Productions) -> None:
    """An asset that failed, or a pause that holds an asset, makes the status needs_attention at once."""
    fakes = Film(price_usd="0.10")
    fakes.hold("still-1")
    fakes.fail = {"title-1"}
    async with fakes.working(productions.client):
        handle = await productions.approved(platform="video")
        seen = await until(handle, "needs_attention", at_once=True)
        assert (attention_of(seen), seen.assets["still-1"].status) == (
            {"title-1": "asset_failed"},
            AssetStatus.GENERATING,
        )
        fakes.fail = set()
        await update(handle, ProductionWorkflow.resolve, Resolve(asset_id="title-1", action="retry"))
        await until(handle, "producing", at_once=True)
        await update(handle, ProductionWorkflow.pause, Pause(paused_by="bo"))
        seen = await until(handle, "needs_attention", at_once=True)
        assert seen.waiting
        assert (seen.waiting.reason, seen.waiting.answers) == ("paused", ("resume", "cancel"))
        await update(handle, ProductionWorkflow.resume, Resume())
        fakes.release("still-1")
        assert (await handle.result()).status == "delivered"


async def test_a_closed_production_needs_no_attention(productions: Productions) -> None:
    """A cancelled production has no attention items: not in its record, and not in its search attribute."""
    fakes = FakeActivities(3, price_usd="0.10")
    fakes.fail = {"text-1"}
    fakes.doubt = {"text-2"}
    async with fakes.working(productions.client):
        handle = await productions.approved(budget="0.15")
        seen = await until(handle, "needs_attention")
        assert sorted(attention_of(seen).values()) == ["ambiguous_submission", "asset_failed", "budget_short"]
        await handle.cancel()
        seen = await handle.result()
    assert (attention_of(seen), seen.waiting) == ({}, None)
    assert seen.assets["text-1"].error == "text-1 cannot be made"
    described = await handle.describe()
    assert keys.ATTENTION_ATTRIBUTE not in {p.key.name for p in described.typed_search_attributes}


async def test_a_late_response_withdraws_its_question(productions: Productions) -> None:
    """A worker that was suspended and received its response withdraws the question: the ledger is read again."""
    fakes = FakeActivities(1, price_usd="0.10")
    fakes.doubt = {"text-1"}
    async with fakes.working(productions.client):
        handle = await productions.approved()
        await until(handle, "needs_attention")
        await handle.signal("take_settled", args=["text-1", 2])
        assert attention_of(await snapshot(handle)) == {"text-1": "ambiguous_submission"}
        fakes.doubt = set()
        await handle.signal("take_settled", args=["text-1", 1])
        seen = await handle.result()
    assert (seen.spent_usd, fakes.produced) == (Decimal("0.1000"), [("text-1", 1), ("text-1", 1)])


async def test_a_take_that_an_operator_failed_is_stopped_and_counted(productions: Productions) -> None:
    """`temporal activity fail` on a running take does not prove that nothing was billed: the take is stopped, the cost
    in its ledger is counted, and no other model makes it without an order."""
    fakes = FakeActivities(1, price_usd="0.10")
    fakes.others = ("verse",)
    fakes.hold("text-1")

    async def started() -> bool | None:
        return ("text-1", 1) in fakes.produced or None

    async with fakes.working(productions.client):
        handle = await productions.approved()
        await eventually(started)  # Temporal fails no activity that a worker has not started
        activity = productions.client.get_async_activity_handle(
            workflow_id=handle.id, run_id=None, activity_id="text-1/1"
        )
        await activity.fail(ApplicationError("an operator ended it", non_retryable=True))
        seen = await until(handle, "needs_attention")
        fakes.release("text-1")
        assert fakes.stopped == [("text-1", 1)]
        assert (seen.spent_usd, attention_of(seen)) == (Decimal("0.0040"), {"text-1": "asset_failed"})
        assert "asset_fallback" not in names(seen)
        await handle.cancel()
        await handle.result()


async def test_a_plan_is_priced_again_when_its_rates_expire(productions: Productions) -> None:
    """Rates that expire while a plan waits make it a new plan with current prices: the old digest approves nothing."""
    fakes = FakeActivities(1, price_usd="0.10")
    fakes.until = datetime.now(UTC).date() - timedelta(days=1)
    fakes.then_usd = Decimal("0.20")
    async with fakes.working(productions.client):
        handle = await productions.start()

        async def first() -> str | None:
            ready = [e for e in (await snapshot(handle)).events if e.name == "plan_ready"]
            return str(ready[0].data["plan_digest"]) if ready else None

        digest = await eventually(first)
        old = Decision(approve=Approval(plan_digest=digest, approver="ana"))

        async def again() -> Snapshot | None:
            seen = await snapshot(handle)
            return seen if seen.plan and seen.plan.high_usd == fakes.then_usd else None

        seen = await eventually(again)
        assert (await refusal(update(handle, ProductionWorkflow.decide, old))).kind == "stale_digest"
        assert seen.plan
        (ready,) = [e for e in seen.events if e.name == "plan_ready" and e.data.get("how") == "reprice"]
        assert ready.data["by"] == "the end of its rates"
        new = Decision(approve=Approval(plan_digest=seen.plan.digest, approver="ana"))
        await update(handle, ProductionWorkflow.decide, new)
        assert (await handle.result()).spent_usd == Decimal("0.2000")


async def test_a_late_bill_of_a_skipped_take_is_counted(productions: Productions) -> None:
    """A take that a person skipped after its response was lost counts its bill once it arrives."""
    fakes = FakeActivities(2, price_usd="0.10")
    fakes.doubt = {"text-1"}
    fakes.hold("text-2")
    async with fakes.working(productions.client):
        handle = await productions.approved()
        await until(handle, "needs_attention", at_once=True)
        await update(handle, ProductionWorkflow.resolve, Resolve(asset_id="text-1", action="accept_without"))
        assert (await snapshot(handle)).spent_usd == Decimal("0.1000")
        fakes.doubt, fakes.costs["text-1"] = set(), Decimal("0.04")
        await handle.signal("take_settled", args=["text-1", 1])
        fakes.release("text-2")
        seen = await handle.result()
    assert [t.number for t in seen.assets["text-1"].takes] == [1]
    assert (seen.spent_usd, seen.assets["text-1"].selected) == (Decimal("0.1400"), 0)
    # It only fetches what exists: its request is never repeated.
    assert [r.given_up for r in fakes.requests if (r.asset.asset_id, r.take) == ("text-1", 1)] == [False, True]


async def test_a_used_number_is_skipped(productions: Productions) -> None:
    """A take that another run made from another request keeps its number and its bill; this run uses the next
    number."""
    fakes = FakeActivities(1, price_usd="0.10")
    fakes.used = {("text-1", 1): Decimal("0.10"), ("text-1", 2): Decimal("0.05")}
    async with fakes.working(productions.client):
        seen = await (await productions.approved(budget="1")).result()
    assert [t.number for t in seen.assets["text-1"].takes] == [3]
    assert seen.spent_usd == Decimal("0.2500")


async def test_a_bill_of_an_earlier_run_above_its_price_is_reported(productions: Productions) -> None:
    """The bill of a request of an earlier run is compared with the price of that request, not with that of the model
    that the asset has now: an event reports what is above it."""
    fakes = FakeActivities(1, price_usd="0.50")
    fakes.used = {("text-1", 1): Decimal("0.35"), ("text-1", 2): Decimal("0.10")}
    async with fakes.working(productions.client):
        seen = await (await productions.approved(budget="2")).result()
    (event,) = [e for e in seen.events if e.name == "overrun"]
    assert (event.data["model"], event.data["price_usd"], event.data["cost_usd"]) == ("earlier", "0.10", "0.35")
    assert (seen.spent_usd, seen.overrun_usd) == (Decimal("0.9500"), Decimal("0.2500"))


async def test_a_further_take_whose_number_was_used_gets_another(productions: Productions) -> None:
    """A further take whose number an earlier run used is made under a free number, and the bill of that run is booked;
    no number is used twice, however many takes follow."""
    fakes = FakeActivities(1, price_usd="0.01")
    async with fakes.working(productions.client):
        closed = await (await productions.approved(budget="2")).result()
        fakes.used = {("text-1", 2): Decimal("0.10"), ("text-1", 3): Decimal("0.10")}
        again = Regenerate(asset_id="text-1", count=3, budget_usd=Decimal(2))
        await productions.reopen(closed, ProductionWorkflow.regenerate, again)
        handle = productions.of(productions.started[0])
        seen = await handle.result()
        takes = [t.number for t in seen.assets["text-1"].takes]
        assert (len(takes), len(set(takes)), {2, 3} & set(takes)) == (4, 4, set())
        assert seen.spent_usd == Decimal("0.2400")
        await productions.reopen(seen, ProductionWorkflow.regenerate, Regenerate(asset_id="text-1", count=2))
        seen = await productions.of(productions.started[0]).result()
    numbers = [t.number for t in seen.assets["text-1"].takes]
    assert (len(numbers), len(set(numbers))) == (6, 6)
    assert len(fakes.produced) == len(set(fakes.produced)), "each number is ordered once"
