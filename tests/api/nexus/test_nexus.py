"""Another namespace orders productions over Nexus, on a real Temporal server."""

import inspect
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from nexusrpc import HandlerError
from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import CancelledError
from temporalio.service import RPCError

from api.nexus.handler import Admission
from api.settings import Settings
from tests.api.nexus.campaign import Campaign
from tests.api.nexus.conftest import TENANT, Team
from tests.guides import GUIDES
from tests.support.productions import Handle, Productions, plan_of, snapshot, until
from tests.support.waiting import eventually
from workflows import keys
from workflows.brief import Brief, Platform
from workflows.naming.productions import keyed_production_id
from workflows.nexus.service import OperationStart, operation_workflow_id, production_of_operation
from workflows.requests import Approval, Rejection

BRIEF = Brief(text="Say it.", platform=Platform.COPY)


async def ordered(team: Team, key: str) -> Handle:
    """The production of a key, once it exists."""
    workflow_id = keys.workflow_id(keyed_production_id(TENANT, key))
    handle = Productions(team.studio, key).of(workflow_id)

    async def found() -> bool | None:
        with suppress(RPCError):
            await handle.describe()
            return True
        return None

    await eventually(found)
    return handle


async def approve(handle: Handle, **terms: Any) -> None:
    """Approve as a person does in the Temporal UI."""
    digest = (await plan_of(handle)).digest
    await handle.signal("approve", Approval(plan_digest=digest, approver="ana", **terms))


async def failure(campaign: WorkflowHandle[Any, Any]) -> str:
    """The messages of the failure of an operation, from the outermost to the innermost."""
    with pytest.raises(WorkflowFailureError) as failed:
        await campaign.result()
    error: BaseException | None = failed.value.cause
    messages = []
    while error:
        messages.append(str(error))
        error = error.__cause__
    return " | ".join(messages)


async def test_an_operation_waits_for_a_person_and_returns_the_deliverable(
    team: Team, productions: Productions
) -> None:
    """Another namespace orders by Nexus, a person approves, and the result arrives, although each side was away.

    The tenant and the requester are those of the endpoint, whatever the brief names. A key names one production.
    """
    async with team.without("answering"):
        campaign = await team.order({"requester": "the boss", "title": "For the fair"}, key="fair")
    production = await ordered(team, "fair")
    seen = await until(production, "awaiting_approval")
    assert (seen.brief.tenant, seen.brief.requester) == (TENANT, f"nexus:{team.endpoint}")
    assert seen.brief.budget_usd == 5  # the policy of the tenant
    assert seen.production_id.startswith(f"{TENANT}.k-")
    async with team.without("calling"):
        await approve(production)
        await production.result()
    done = await campaign.result()
    assert (done["status"], done["spent_usd"], done["title"]) == ("delivered", "0.0100", "For the fair")
    path = f"/api/v1/productions/{seen.production_id}"
    assert done["deliverable"]["files"][0]["url"] == f"{path}/deliverable?file=content.md"
    assert done["production"] == path
    assert await (await team.order({"title": "For the fair"}, key="fair")).result() == done
    assert "Idempotency-Key: " in await failure(await team.order({"text": "Something else."}, key="fair"))
    assert len(team.fakes.produced) == 1
    start = OperationStart(operation="produce", production_id=seen.production_id, brief=seen.brief)
    productions.started.append(operation_workflow_id(start))


async def test_cancelling_the_operation_cancels_the_production(team: Team) -> None:
    """The caller cancels: the production ends as it does after a cancellation by the API, and the operation too."""
    campaign = await team.order({}, key="cancelled")
    production = await ordered(team, "cancelled")
    await plan_of(production)
    await campaign.cancel()
    with pytest.raises(WorkflowFailureError) as failed:
        await campaign.result()
    assert isinstance(failed.value.cause, CancelledError)
    assert (await production.result()).status == "cancelled"


@pytest.mark.parametrize(
    ("brief", "message"),
    [
        ({"platform": "radio"}, "platform: is not known; choose from"),
        ({"colour": "red"}, "colour: is not a known field"),
        ({"tenant": "south"}, "tenant: the key is of tenant 'north'"),
        ({"approval": {"auto_below_usd": "5"}}, "approval.auto_below_usd: it releases money"),
        ({"allow_unknown_prices": True}, "allow_unknown_prices: it releases money"),
        ({"budget_usd": "6"}, "budget_usd: a production of this tenant may spend at most 5"),
    ],
)
async def test_a_brief_that_is_refused_names_the_field(team: Team, brief: dict[str, Any], message: str) -> None:
    """An operation with an invalid brief fails at once, with the field and the remedy of the API."""
    assert message in await failure(await team.order(brief))


def test_the_guide_shows_the_workflow_of_these_tests() -> None:
    """The example of deploy/README.md is the caller that the tests run."""
    assert inspect.getsource(Campaign) in GUIDES["deploy/README.md"]


async def test_an_endpoint_reaches_only_its_own_operations(team: Team) -> None:
    """An endpoint without a tenant is refused, and no token names a workflow that is not an operation of the tenant."""
    admission = Admission(team.studio, {"other": "south"}, Settings.read({"GREENLIGHT_OPEN": "true"}))
    with pytest.raises(HandlerError, match=f"{team.endpoint}=north"):
        admission.caller(team.endpoint)
    own = operation_workflow_id(OperationStart(operation="quote", production_id="north.k-1", brief=BRIEF))
    assert admission.caller("other").owns(production_of_operation(own)) is False
    assert [production_of_operation(each) for each in ("production-south.k-1", "operation-x", own)] == [
        "",
        "",
        "north.k-1",
    ]


async def test_a_rejected_plan_fails_the_operation_with_its_reason(team: Team) -> None:
    """The operation ends with the status, the person and the reason of the rejection, and nothing is made."""
    campaign = await team.order({}, key="rejected")
    production = await ordered(team, "rejected")
    await plan_of(production)
    await production.signal("reject", Rejection(rejecter="ana", reason="too late"))
    assert "is rejected: ana: too late" in await failure(campaign)


async def test_a_quote_has_the_price_and_produce_goes_on_with_it(team: Team) -> None:
    """`quote` ends with the price of the plan; `produce` with the same key waits for that production."""
    quoted = await (await team.order({}, key="fox", operation="quote")).result()
    assert (quoted["status"], Decimal(quoted["high_usd"])) == ("awaiting_approval", Decimal("0.0100"))
    campaign = await team.order({}, key="fox")
    production = await ordered(team, "fox")
    assert (await snapshot(production)).production_id == quoted["production_id"]
    await approve(production)
    assert (await campaign.result())["plan_digest"] == quoted["plan_digest"]
