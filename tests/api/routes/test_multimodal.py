"""One call that plans, executes or generates, and follows the production to its end."""

from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

from tests.support.fakes import FakeActivities
from tests.support.serving import BRIEF, Api, problem, serving, sse
from workflows.activity_io import PLAN_INVALID, DraftPlan
from workflows.models import Plan


async def test_plan_stream(api: Api) -> None:
    """One call plans: the stream ends with the plan, and Location names the production."""
    async with api.http.stream("POST", "/api/v1/multimodal/plan", json=BRIEF) as response:
        events = [e async for e in sse(response) if e.name]
    assert [e.name for e in events] == ["plan_start", "plan_ready"]
    assert (await api.http.get(response.headers["location"])).json()["status"] == "awaiting_approval"


async def test_execute_plan_stream(api: Api) -> None:
    """One call approves and follows to the end, within the budget that it names."""
    production_id, digest = await api.planned()
    body = {"production_id": production_id, "plan_digest": digest, "budget_usd": "0.5", "approver": "ana"}
    async with api.http.stream("POST", "/api/v1/multimodal/execute-plan", json=body) as response:
        events = [e async for e in sse(response) if e.name]
    assert (events[0].name, events[1].name, events[-1].name) == ("approved", "asset_start", "done")
    assert (await api.get(production_id))["budget_usd"] == "0.5"
    again = problem(await api.http.post("/api/v1/multimodal/execute-plan", json=body), 409)
    assert again.production_status == "delivered"


async def test_generate(api: Api) -> None:
    """One call plans and approves what costs at most max_usd; what costs more waits, with its price."""
    done = await api.http.post("/api/v1/generate", json={"brief": BRIEF, "max_usd": "0.03"})
    assert done.status_code == 202, done.text
    assert (await api.events(done.json()["production_id"]))[-1].name == "done"
    dear = await api.http.post("/api/v1/generate", json={"brief": BRIEF, "max_usd": "0.0299"})
    found = problem(dear, 402)
    assert str(found.price_usd) == "0.0300"
    assert found.production_id
    assert (await api.get(found.production_id))["status"] == "awaiting_approval"


async def test_generate_names_bad_field(client: Client) -> None:
    """Where planning fails for a field of the brief, generate names it with the remedy; else it is a conflict."""

    class Unwilling(FakeActivities):
        @activity.defn(name="draft_plan")
        async def draft_plan(self, request: DraftPlan) -> Plan:
            raise ApplicationError(request.brief.text, type=PLAN_INVALID, non_retryable=True)

    async with Unwilling().working(client), serving(client, {}) as api:
        words = "languages: previz cannot speak 'xx'; choose from en", "nothing comes to mind"
        field, other = [
            await api.http.post("/api/v1/generate", json={"brief": BRIEF | {"text": w}, "max_usd": "1"}) for w in words
        ]
        found = problem(field, 422)
        (error,) = found.errors
        assert (error.field, error.remedy) == ("languages", "choose from en")
        assert error.message == "previz cannot speak 'xx'"
        assert (await api.get(str(found.production_id)))["status"] == "failed"
        assert problem(other, 409).errors == []
