"""What a run that is reset does not know: its earlier run has paid for it."""

from decimal import Decimal

from temporalio import activity, workflow

with workflow.unsafe.imports_passed_through():
    from tests.support.fakes import FakeActivities
    from tests.support.productions import Productions, refusal, snapshot, update
    from tests.support.waiting import eventually
    from tests.workflows.production.money.test_lowered_budgets import ends_task, reset
    from tests.workflows.production.steps import generating, made
    from workflows.production.workflow import ProductionWorkflow
    from workflows.requests import Pause, Regenerate, Resume


class Kept(FakeActivities):
    """Counts its takes as their ledgers do: each once, whatever run makes it."""

    @activity.defn(name="ledger_costs")
    async def ledger_costs(self, production_id: str) -> dict[str, Decimal]:
        return {f"{asset_id}/{take}": self.price_usd for asset_id, take in {*self.produced} - {("text-2", 1)}}


async def test_what_an_earlier_run_has_paid_counts(productions: Productions) -> None:
    """A take that a person requested, and whose request comes too early in a run that is reset, is still paid for: the
    budget holds no other take instead of it, and it costs nothing more when it is requested again."""
    fakes = Kept(2, price_usd="0.10")
    for asset_id in ("text-1", "text-2"):
        fakes.hold(asset_id)
    async with fakes.working(productions.client):
        handle = await productions.approved("0.30")
        await generating(handle, "text-1", "text-2")
        await update(handle, ProductionWorkflow.pause, Pause())
        tasks = [e.event_id async for e in handle.fetch_history_events() if ends_task(e)]
        await update(handle, ProductionWorkflow.resume, Resume())
        fakes.release("text-1")

        async def spent(usd: str) -> bool | None:
            return (await snapshot(productions.newest(handle))).spent_usd == Decimal(usd) or None

        await eventually(lambda: spent("0.10"))
        await update(handle, ProductionWorkflow.regenerate, Regenerate(asset_id="text-1"))
        await eventually(lambda: spent("0.20"))
        await reset(productions, handle, tasks[-1])
        again = productions.newest(handle)
        await eventually(lambda: spent("0.20"))
        refused = await refusal(update(again, ProductionWorkflow.regenerate, Regenerate(asset_id="text-1")))
        assert refused.kind == "budget_short"
    async with fakes.working(productions.client):  # it replays the whole run
        third = Regenerate(asset_id="text-1", budget_usd=Decimal("0.40"))
        await update(again, ProductionWorkflow.regenerate, third)
        await eventually(lambda: spent("0.20"))
        fakes.release("text-2")
        seen = await again.result()
    assert (seen.spent_usd, seen.earlier) == (Decimal("0.3000"), {})
    assert {*made(fakes, "text-1")} == {1, 2}
    assert [t.number for t in seen.assets["text-1"].takes] == [1, 2]
