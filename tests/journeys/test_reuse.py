"""Two productions of the same brief: the second one takes over the takes, the plan's prices stay an upper bound."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

from activities.storage.bucket import Storage
from tests.activities.judging.studio import Studio
from tests.support.productions import Handle, Productions, plan_of, update
from tests.workflows.production.quality.test_converging import studio_of
from workflows import keys
from workflows.events import ProductionStart, Snapshot
from workflows.models import Plan
from workflows.production.state.record import Record
from workflows.production.ui_details import details_of
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import Approval, Decision

JUDGE = "openai/gpt-6-sol"


async def delivered(productions: Productions, text: str, **brief: object) -> tuple[Plan, Snapshot]:
    given: dict[str, Any] = {
        "text": text,
        "platform": "design",
        "quality": {"mode": "advise", "min_score": 0},
        "reuse": True,
        **brief,
    }
    handle: Handle = await productions.start(**given)
    plan = await plan_of(handle)
    approval = Approval(plan_digest=plan.digest, approver="ana")
    await update(handle, ProductionWorkflow.decide, Decision(approve=approval))
    return plan, await handle.result()


async def test_a_second_production_of_a_brief_is_free(productions: Productions, storage: Storage) -> None:
    """Takes and verdicts are copied and cost nothing; events, takes, details and manifest say where they come from. The
    judge is that of the brief. A brief that does not allow reuse pays."""
    text = f"A fox in the snow under the moon, number {uuid4().hex[:8]}."
    with Studio() as vendor:
        async with studio_of(productions.client, storage, vendor):
            plan, first = await delivered(productions, text, models={"judge": JUDGE})
            sent = len(vendor.submissions)
            assert sent >= 2
            again, second = await delivered(productions, text, models={"judge": JUDGE})
            assert len(vendor.submissions) == sent, "nothing is requested again"
            _, third = await delivered(productions, text, models={"judge": JUDGE}, reuse=False)
            assert len(vendor.submissions) == 2 * sent
    assert {a.review.judge for a in plan.assets if a.review} == {JUDGE}
    assert (again.low_usd, again.high_usd) == (plan.low_usd, plan.high_usd)
    assert second.budget_usd == first.budget_usd
    assert (second.status, second.spent_usd, first.spent_usd > 0) == ("delivered", Decimal(0), True)
    for asset_id, state in second.assets.items():
        original, take = first.assets[asset_id].take, state.take
        assert take is not None
        assert original is not None
        assert take.reused is not None
        assert (take.reused.production_id, take.reused.asset_id) == (first.production_id, asset_id)
        assert take.media.sha256 == original.media.sha256
        assert take.media.key.startswith(keys.production_prefix(second.production_id))
        assert (take.reused.cost_usd, take.cost_usd) == (original.cost_usd, Decimal(0))
        assert take.verdict is not None
        assert take.verdict.reused == first.production_id
        assert third.assets[asset_id].take is not None
    done = [e for e in second.events if e.name == "asset_complete"]
    assert all(e.data["reused"]["production_id"] == first.production_id for e in done)  # type: ignore[index,call-overload]
    carried = ProductionStart(production_id=second.production_id, brief=second.brief, carried=second)
    record = Record.begin(carried, lambda: second.updated_at)
    assert f"reused from take 1 of {done[0].asset_id} in {first.production_id}" in details_of(record)
    manifest = await storage.get_bytes(keys.manifest_key(second.production_id))
    assert manifest is not None
    assert f'"production_id":"{first.production_id}"'.encode() in manifest[0].replace(b'": "', b'":"')
    assert all(state.take and not state.take.reused for state in third.assets.values())
