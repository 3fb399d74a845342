"""What planning for an agent costs counts against what a person granted it: real servers, a vendor that bills."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

from activities.planning.questions.grants import grant_file
from activities.storage.bucket import Storage
from tests.activities.planning.money.billed_planner import PRICE, holds, named, past_planning, working
from tests.emulators.openai import OpenAIEmulator
from tests.support.productions import Productions, until, update
from workflows.agents.grants import Grant
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import Approval, Decision

AGENT = "agent:scout"


def grant(tenant: str, usd: str) -> Grant:
    now = datetime.now(UTC)
    ends = now + timedelta(hours=1)
    name = f"g-{uuid4().hex[:8]}"
    return Grant(
        grant_id=name, agent=AGENT, tenant=tenant, usd=Decimal(usd), per="day", created_at=now, expires_at=ends
    )


async def test_an_agent_without_a_grant_plans_for_free(
    productions: Productions, storage: Storage, vendor: OpenAIEmulator, tenant: str
) -> None:
    """The template plans, and no request is sent to the language model that plans for people."""
    async with working(productions.client, storage, vendor):
        seen = await until(await productions.start(tenant=tenant, requester=AGENT), "awaiting_approval")
    assert seen.plan is not None
    assert (seen.plan.planner, seen.spent_usd, len(vendor.submissions)) == ("template", Decimal(0), 0)


async def test_an_ended_grant_pays_for_no_planning(
    productions: Productions, storage: Storage, vendor: OpenAIEmulator, tenant: str
) -> None:
    """A grant that has ended, or is of another agent, is none."""
    ended = grant(tenant, "5").model_copy(update={"expires_at": datetime.now(UTC) - timedelta(seconds=1)})
    foreign = grant(tenant, "5").model_copy(update={"agent": "agent:other"})
    async with working(productions.client, storage, vendor):
        for each in (ended, foreign):
            handle = await productions.start(grant=each, tenant=tenant, requester=AGENT)
            assert (await until(handle, "awaiting_approval")).spent_usd == 0
    assert not vendor.submissions


async def test_planning_and_plans_share_a_grant(
    productions: Productions, storage: Storage, vendor: OpenAIEmulator, tenant: str
) -> None:
    """Of three productions planned at once with a grant for one and a half plans, one plan is paid for; the account
    holds its bill and the budget that its execution releases."""
    given = grant(tenant, str((PRICE * Decimal("1.5")).quantize(Decimal("0.0001"))))
    async with working(productions.client, storage, vendor):
        handles = [await productions.start(grant=given, tenant=tenant, requester=AGENT) for _ in range(3)]
        seen = await past_planning(handles)
        assert sum(each.spent_usd for each in seen) <= given.usd
        assert holds(sum((each.spent_usd for each in seen), Decimal(0)), vendor)
        refused = [each for each in seen if each.status == "failed"]
        assert refused
        assert all(f"the grant {given.grant_id}" in str(named(each, "plan_failed").data["reason"]) for each in refused)
        number = next(n for n, each in enumerate(seen) if each.status == "awaiting_approval")
        plan = seen[number].plan
        assert plan is not None
        decision = Decision(approve=Approval(plan_digest=plan.digest, approver=AGENT), grant=given)
        await update(handles[number], ProductionWorkflow.decide, decision)
        done = await handles[number].result()
    account = await grant_file(storage, given, "", datetime.now(UTC).date().isoformat()).read()
    assert done.spent_usd <= account.taken_usd() <= given.usd
