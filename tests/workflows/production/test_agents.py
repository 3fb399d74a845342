"""Agents and their grants in the workflow, whatever client sends their requests: real servers with fake activities."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.storage.bucket import Storage
    from tests.support.fakes import FakeActivities
    from tests.support.productions import Handle, Productions, refusal, snapshot, until, update
    from workflows.agents.grants import Grant
    from workflows.events import Receipt
    from workflows.production.workflow import ProductionWorkflow
    from workflows.requests import (
        Approval,
        ApprovalRequest,
        Decision,
        EditOp,
        PlanEdit,
        Refresh,
        Regenerate,
        Rejection,
        Resolve,
        Revision,
    )

AGENT = "agent:scout"


def grant(usd: str = "5", **changes: Any) -> Grant:
    now = datetime.now(UTC)
    given = {"grant_id": f"g-{uuid4().hex[:8]}", "agent": AGENT, "usd": Decimal(usd), "per": "day"}
    given |= {"granted_by": "ana", "created_at": now, "expires_at": now + timedelta(hours=1)}
    return Grant.model_validate(given | changes)


async def execute(handle: Handle, digest: str, granted: Grant | None, **approval: Any) -> Receipt:
    decision = Decision(approve=Approval(plan_digest=digest, **{"approver": AGENT, **approval}), grant=granted)
    receipt: Receipt = await update(handle, ProductionWorkflow.decide, decision)
    return receipt


@pytest.fixture
def fakes(storage: Storage) -> FakeActivities:
    """Three assets of up to 1 USD each."""
    made = FakeActivities(price_usd="1.0000")
    made.accounts = storage
    return made


async def test_an_agent_executes_its_plan_within_a_grant(productions: Productions, fakes: FakeActivities) -> None:
    """The whole budget is the plan's high price, and the event names the grant and who granted it."""
    async with fakes.working(productions.client):
        handle, plan = await productions.planned(requester=AGENT)
        granted = grant("3")
        await execute(handle, plan.digest, granted)
        done = await until(handle, "delivered")
    approved = next(e for e in done.events if e.name == "approved")
    assert (approved.data["grant"], approved.data["granted_by"]) == (granted.grant_id, "ana")
    assert approved.data["approver"] == AGENT
    assert done.spent_usd <= (done.budget_usd or 0) == 3


REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "a price above it": ({"usd": Decimal("2.9999")}, {}, "2.9999 USD"),
    "a budget above it": ({}, {"budget_usd": Decimal(6)}, "6 USD"),
    "a budget below the price": ({}, {"budget_usd": Decimal(2)}, "plan again for less"),
    "the name of another agent": ({"agent": "agent:other"}, {}, "without a grant"),
    "another tenant": ({"tenant": "acme"}, {}, "another production"),
    "another production": ({"per": "production", "production_id": "p-1"}, {}, "another production"),
    "its end": ({"expires_at": datetime.now(UTC) - timedelta(seconds=1)}, {}, "ended at"),
    "the permission of unknown prices": ({}, {"allow_unknown_prices": True}, "unpublished"),
    "the signature of a person": ({}, {"approver": "ana"}, "for an agent alone"),
}


@pytest.mark.parametrize("what", [*REFUSED])
async def test_a_grant_limits_its_agent(productions: Productions, fakes: FakeActivities, what: str) -> None:
    """What a grant does not cover is refused, and nothing is made."""
    terms, approval, message = REFUSED[what]
    async with fakes.working(productions.client):
        handle, plan = await productions.planned(requester=AGENT)
        found = await refusal(execute(handle, plan.digest, grant(**{"usd": "5", **terms}), **approval))
        assert message in found.message
        assert (await snapshot(handle)).status == "awaiting_approval"
    assert not fakes.produced


async def test_an_agent_releases_nothing_without_a_grant(productions: Productions, fakes: FakeActivities) -> None:
    """Without a grant no approval of an agent is accepted, by update or by signal, and no rejection either."""
    async with fakes.working(productions.client):
        handle, plan = await productions.planned(requester=AGENT)
        assert (await refusal(execute(handle, plan.digest, None))).kind == "not_allowed"
        await handle.signal("approve", {"plan_digest": plan.digest, "approver": AGENT})
        await handle.signal("approve", {"plan_digest": plan.digest, "approver": AGENT, "grant": {"usd": "9"}})
        reject = Decision(reject=Rejection(rejecter=AGENT))
        assert (await refusal(update(handle, ProductionWorkflow.decide, reject))).kind == "not_allowed"
        seen = await snapshot(handle)
        assert seen.status == "awaiting_approval"
        assert sum(e.name == "approval_ignored" for e in seen.events) == 2
    assert not fakes.produced


@pytest.mark.parametrize(
    ("brief", "unknown", "message"),
    [
        ({"requester": "rita"}, False, "not the agent's own"),
        ({"requester": AGENT, "approval": {"approvers": 2}}, False, "2 people"),
        ({"requester": AGENT}, True, "not published"),
    ],
)
async def test_what_needs_people_needs_people(
    productions: Productions, fakes: FakeActivities, brief: dict[str, Any], unknown: bool, message: str
) -> None:
    """An agent does not execute the plan of a person, a plan for several approvers, or prices that nobody published."""
    fakes.unknown = unknown
    async with fakes.working(productions.client):
        handle, plan = await productions.planned(**brief)
        assert message in (await refusal(execute(handle, plan.digest, grant()))).message
    assert not fakes.produced


async def test_a_digest_is_never_invented(productions: Productions, fakes: FakeActivities) -> None:
    """A digest of another plan, an earlier plan or no plan releases nothing."""
    async with fakes.working(productions.client):
        handle, plan = await productions.planned(requester=AGENT)
        change = EditOp(op="change", asset_id="text-1", prompt="other words")
        await update(handle, ProductionWorkflow.edit_plan, PlanEdit(plan_digest=plan.digest, edits=(change,)))
        for digest in (plan.digest, "0" * 32, "*"):
            assert (await refusal(execute(handle, digest, grant()))).kind == "stale_digest"
    assert not fakes.produced


async def test_concurrent_productions_share_a_day(productions: Productions, fakes: FakeActivities) -> None:
    """Of five plans of 3 USD that are executed at once with 7 USD for the day, two are made."""
    async with fakes.working(productions.client):
        planned = [await productions.planned(requester=AGENT) for _ in range(5)]
        granted = grant("7")
        ends = await asyncio.gather(
            *(execute(handle, plan.digest, granted) for handle, plan in planned), return_exceptions=True
        )
        accepted = [handle for (handle, _), end in zip(planned, ends, strict=True) if isinstance(end, Receipt)]
        assert len(accepted) == 2, ends
        spent = [(await until(handle, "delivered")).spent_usd for handle in accepted]
    assert sum(spent) <= 7


async def test_concurrent_executions_count_once(productions: Productions, fakes: FakeActivities) -> None:
    """Of several executions of one plan at once, one is accepted, and the day counts the plan once."""
    async with fakes.working(productions.client):
        granted = grant("7")
        handle, plan = await productions.planned(requester=AGENT)
        ends = await asyncio.gather(*(execute(handle, plan.digest, granted) for _ in range(5)), return_exceptions=True)
        assert sum(isinstance(end, Receipt) for end in ends) == 1, ends
        other, second = await productions.planned(requester=AGENT)
        await execute(other, second.digest, granted)
        await until(handle, "delivered")
        await until(other, "delivered")
    assert len(fakes.produced) == 6


async def test_an_agent_changes_nothing_else(productions: Productions, fakes: FakeActivities) -> None:
    """Every other request in an agent's name is refused, before and after the approval."""
    async with fakes.working(productions.client):
        handle, plan = await productions.planned(requester=AGENT)
        edit = PlanEdit(plan_digest=plan.digest, edits=(EditOp(op="title", title="New"),), editor=AGENT)
        revision = Revision(feedback="more", reviser=AGENT)
        before: list[tuple[Any, Any]] = [(ProductionWorkflow.edit_plan, edit), (ProductionWorkflow.revise, revision)]
        for method, request in before:
            assert (await refusal(update(handle, method, request))).kind == "not_allowed"
        await execute(handle, plan.digest, grant("3"))
        done = await until(handle, "delivered")
        again = Regenerate(asset_id="text-1", requested_by=AGENT, budget_usd=Decimal(9), allow_unknown_prices=True)
        after: list[tuple[Any, Any]] = [
            (ProductionWorkflow.edit_plan, edit),
            (ProductionWorkflow.regenerate, again),
            (ProductionWorkflow.refresh, Refresh(max_usd=Decimal(9), requested_by=AGENT)),
            (ProductionWorkflow.resolve, Resolve(asset_id="text-1", action="retry", resolver=AGENT)),
        ]
        for method, request in after:
            assert "is an agent" in (await refusal(productions.reopen(done, method, request))).message
    assert len(fakes.produced) == 3


async def test_a_request_for_an_approval_is_logged_once(productions: Productions, fakes: FakeActivities) -> None:
    """It names the plan and the reason, releases nothing, and is logged once for each plan."""
    async with fakes.working(productions.client):
        handle, plan = await productions.planned(requester=AGENT)
        request = ApprovalRequest(plan_digest=plan.digest, note="for the fair", requested_by=AGENT)
        for _ in range(3):
            await update(handle, ProductionWorkflow.request_approval, request)
        seen = await snapshot(handle)
    (asked,) = (e for e in seen.events if e.name == "approval_requested")
    assert asked.data == {"by": AGENT, "plan_digest": plan.digest, "note": "for the fair"}
    assert seen.status == "awaiting_approval"
