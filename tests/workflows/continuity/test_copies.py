"""Copies of shots that are not made yet, while their source changes."""

from decimal import Decimal

from temporalio import activity, workflow

with workflow.unsafe.imports_passed_through():
    from tests.support.fake_film import Film
    from tests.support.fakes import PROVIDER
    from tests.support.productions import Productions, snapshot, update
    from tests.support.waiting import eventually
    from tests.workflows.production.steps import edit
    from workflows.activity_io import DraftPlan, PricePlan
    from workflows.events import AssetStatus, ProductionStatus
    from workflows.models import Asset, Plan
    from workflows.production.workflow import ProductionWorkflow
    from workflows.requests import EditOp


class Copied(Film):
    """A film with a larger copy of its shot; it records which assets are priced."""

    def __init__(self) -> None:
        super().__init__(price_usd="0.10")
        self.priced: list[tuple[str, ...]] = []

    @activity.defn(name="draft_plan")
    async def draft_plan(self, request: DraftPlan) -> Plan:
        plan = await super().draft_plan(request)
        given = {"asset_type": "video", "role": "upscale", "prompt": "larger", "provider": PROVIDER, "model": "words"}
        copy = Asset.model_validate({"asset_id": "larger-1", "depends_on": ("shot-1",), **given})
        return Plan.of(plan.title, [*plan.assets, copy])

    @activity.defn(name="price_plan")
    async def price_plan(self, request: PricePlan) -> Plan:
        self.priced.append(request.only)
        return await super().price_plan(request)


async def test_a_copy_is_priced_again_with_its_source(productions: Productions) -> None:
    """A change of a shot after the approval prices its copy again too, which is not made yet: it costs as much as the
    shot is long. Once the copy is made, a change of the shot leaves its price."""
    fakes = Copied()
    fakes.hold("still-1")
    async with fakes.working(productions.client):
        handle = await productions.approved(platform="video", budget="2.00")

        async def waiting() -> object:
            seen = await snapshot(handle)
            return seen.assets and seen.assets["still-1"].status is AssetStatus.GENERATING

        await eventually(waiting)
        change = EditOp(op="change", asset_id="shot-1", prompt="the sea at night")
        await update(handle, ProductionWorkflow.edit_plan, edit(await snapshot(handle), change))
        assert fakes.priced[-1] == ("shot-1", "larger-1")
        fakes.release("still-1")
        seen = await handle.result()
    assert seen.status is ProductionStatus.DELIVERED
    assert seen.spent_usd <= Decimal("0.50")
