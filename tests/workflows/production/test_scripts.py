"""The script of a film follows the plan, on a real server with fake activities."""

from decimal import Decimal

from temporalio import activity

from tests.support.fakes import PROVIDER, FakeActivities
from tests.support.productions import Productions, snapshot, until, update
from tests.support.waiting import eventually
from tests.workflows.production.steps import delivered, edit, reopened
from workflows.activity_io import DraftPlan, ProduceAsset
from workflows.events import AssetStatus, Snapshot
from workflows.models import Asset, Modality, Plan, Take
from workflows.production.state.plans.script import compose
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import EditOp, Refresh, Regenerate, SelectTake


class Spoken(FakeActivities):
    """Plans a script and two narrations; `written` are the prompts with which the script was made."""

    def __init__(self, price_usd: str = "0.0100") -> None:
        super().__init__(price_usd=price_usd)
        self.written: list[str] = []

    @activity.defn(name="draft_plan")
    async def draft_plan(self, request: DraftPlan) -> Plan:
        def asset(asset_id: str, kind: Modality, prompt: str) -> Asset:
            role, composed = asset_id.partition("-")[0], kind is Modality.TEXT
            given = {"role": role, "provider": PROVIDER, "model": "words", "composed": composed}
            return Asset.model_validate({"asset_id": asset_id, "asset_type": kind, "prompt": prompt, **given})

        assets = [
            asset("script", Modality.TEXT, "The script."),
            asset("narration-1", Modality.AUDIO, "It is dark."),
            asset("narration-2", Modality.AUDIO, "It is light."),
        ]
        return Plan.of("A film", compose(assets))

    @activity.defn(name="produce_asset")
    async def produce_asset(self, request: ProduceAsset) -> Take:
        if request.asset.composed:
            self.written.append(request.asset.prompt)
        return await super().produce_asset(request)


def script_of(seen: Snapshot) -> Asset:
    assert seen.plan
    return seen.plan.by_id["script"]


async def test_the_script_follows_edits_before_the_approval(productions: Productions) -> None:
    """Whatever changes what is said changes the script and its price, so that an approver reads what will be heard."""
    fakes = Spoken()
    async with fakes.working(productions.client):
        handle, plan = await productions.planned(platform="video")
        assert "It is dark." in plan.by_id["script"].prompt
        change = edit(
            await snapshot(handle),
            EditOp(op="change", asset_id="narration-1", prompt="It is late."),
            EditOp(op="move", asset_id="narration-2", position=2),
        )
        await update(handle, ProductionWorkflow.edit_plan, change)
        script = script_of(await snapshot(handle))
    assert "It is dark." not in script.prompt
    assert script.prompt.index("It is light.") < script.prompt.index("It is late.")
    assert script.quote
    assert script.quote.high_usd == Decimal("0.0100")


async def test_a_changed_narration_makes_the_script_stale(productions: Productions) -> None:
    """After delivery an edited or regenerated narration makes the take of the script stale; a refresh writes the words
    that are said."""
    fakes = Spoken()
    async with fakes.working(productions.client):
        handle, seen = await delivered(productions)
        change = edit(seen, EditOp(op="change", asset_id="narration-1", prompt="It is late."))
        seen = await reopened(productions, handle, ProductionWorkflow.edit_plan, change)
        assert seen.assets["script"].stale_because == ("prompt",)

        seen = await reopened(productions, handle, ProductionWorkflow.refresh, Refresh(max_usd=Decimal(1)))
        assert not any(s.stale for s in seen.assets.values())
        assert "It is late." in fakes.written[-1]

        again = Regenerate(asset_id="narration-2", prompt="It is day.")
        seen = await reopened(productions, handle, ProductionWorkflow.regenerate, again)
        assert {i for i, s in seen.assets.items() if s.stale} == {"script"}
        assert "It is day." in script_of(seen).prompt
    assert len(fakes.written) == 2


async def test_an_earlier_take_gives_the_script_its_words(productions: Productions) -> None:
    """Where a person selects an earlier take, the script says what that take says."""
    fakes = Spoken()
    async with fakes.working(productions.client):
        handle, _ = await delivered(productions)
        again = Regenerate(asset_id="narration-1", prompt="It is late.")
        await reopened(productions, handle, ProductionWorkflow.regenerate, again)
        earlier = SelectTake(asset_id="narration-1", take=1)
        seen = await reopened(productions, handle, ProductionWorkflow.select_take, earlier)
    assert "It is dark." in script_of(seen).prompt
    assert not seen.assets["script"].stale


async def test_a_script_that_is_being_made_is_stale_when_it_arrives(productions: Productions) -> None:
    """A request that was sent does not change; its take is stale where the narration has changed meanwhile."""
    fakes = Spoken()
    fakes.hold("script")
    async with fakes.working(productions.client):
        handle = await productions.approved("1", platform="video")

        async def spoken() -> Snapshot | None:
            seen = await snapshot(handle)
            states = [seen.assets[i].status for i in ("narration-1", "narration-2") if i in seen.assets]
            return seen if states == [AssetStatus.COMPLETED] * 2 and fakes.written else None

        seen = await eventually(spoken)
        await update(
            handle,
            ProductionWorkflow.edit_plan,
            edit(seen, EditOp(op="change", asset_id="narration-1", prompt="It is late.")),
        )
        assert "It is late." not in script_of(await snapshot(handle)).prompt
        fakes.release("script")
        seen = await until(handle, "delivered")
    assert "It is dark." in fakes.written[-1]
    assert "It is late." in script_of(seen).prompt
    assert seen.assets["script"].stale_because == ("prompt",)
    edited = [e for e in seen.events if e.name == "plan_edited"]
    assert edited[-1].data["how"] == "follow"
    assert edited[-1].data["plan_digest"] == seen.plan.digest if seen.plan else False


async def test_a_persons_own_script_stays(productions: Productions) -> None:
    """A script whose prompt a person wrote no longer follows the narration."""
    fakes = Spoken()
    async with fakes.working(productions.client):
        handle, _ = await productions.planned(platform="video")
        for change in (
            EditOp(op="change", asset_id="script", prompt="Three haikus."),
            EditOp(op="change", asset_id="narration-1", prompt="It is late."),
        ):
            await update(handle, ProductionWorkflow.edit_plan, edit(await snapshot(handle), change))
        script = script_of(await snapshot(handle))
    assert (script.prompt, script.composed) == ("Three haikus.", False)
