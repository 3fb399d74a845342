"""One request that plans, executes or generates, and watches the production to its end."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from pydantic import ValidationError
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

from activities.storage.bucket import Storage
from api.routes.multimodal import assets_beyond
from api.views.bodies import Generate
from tests.support.fakes import FakeActivities
from tests.support.servers.serving import BRIEF, Api, problem, serving, sse
from workflows import keys
from workflows.activity_io import PLAN_INVALID, DraftPlan
from workflows.models import Asset, Modality, Plan


async def test_plan_stream(api: Api) -> None:
    """One request plans: the stream ends with the plan, and Location names the production."""
    async with api.http.stream("POST", "/api/v1/multimodal/plan", json=BRIEF) as response:
        events = [e async for e in sse(response) if e.name]
    assert [e.name for e in events] == ["plan_start", "plan_ready"]
    assert (await api.http.get(response.headers["location"])).json()["status"] == "awaiting_approval"


async def test_execute_plan_stream(api: Api) -> None:
    """One request approves and streams to the end, within the budget that it names."""
    production_id, digest = await api.planned()
    body = {"production_id": production_id, "plan_digest": digest, "budget_usd": "0.5", "approver": "ana"}
    async with api.http.stream("POST", "/api/v1/multimodal/execute-plan", json=body) as response:
        events = [e async for e in sse(response) if e.name]
    assert (events[0].name, events[1].name, events[-1].name) == ("approved", "asset_start", "done")
    assert (await api.get(production_id))["budget_usd"] == "0.5"
    again = problem(await api.http.post("/api/v1/multimodal/execute-plan", json=body), 409)
    assert again.production_status == "delivered"


async def test_generate(api: Api) -> None:
    """One request plans, and approves a plan within max_usd; a more expensive plan waits, with its price."""
    done = await api.http.post("/api/v1/generate", json={"brief": BRIEF, "max_usd": "0.03"})
    assert done.status_code == 202, done.text
    assert (await api.events(done.json()["production_id"]))[-1].name == "done"
    expensive = await api.http.post("/api/v1/generate", json={"brief": BRIEF, "max_usd": "0.0299"})
    found = problem(expensive, 402)
    assert str(found.price_usd) == "0.0300"
    assert found.production_id
    assert (await api.get(found.production_id))["status"] == "awaiting_approval"


async def test_generate_names_bad_field(client: Client) -> None:
    """If planning fails because of a field of the brief, the response names it and the remedy; otherwise it is 409."""

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


@pytest.mark.parametrize("path", ["/generate", "/api/v1/generate"])
async def test_generate_waits_for_result(api: Api, path: str) -> None:
    """With `wait_seconds` one request returns the result: its assets with files and costs, and no null in it."""
    body = {"brief": BRIEF, "max_usd": "0.03", "wait_seconds": 60}
    done = await api.http.post(path, json=body)
    assert done.status_code == 200, done.text
    result = done.json()
    assert (result["status"], len(result["assets"])) == ("delivered", 3)
    for each in result["assets"]:
        assert each["content_id"] == f"{result['production_id']}/{each['asset_id']}"
        assert each["file_url"].endswith("/takes/1/media")
        assert each["estimate_usd"]["high"] == "0.0100"
        assert "revised_prompt" in each
    assert (await api.http.get(done.headers["location"])).json()["estimate_usd"]["high"] == "0.0300"


async def test_generate_stream(api: Api) -> None:
    """As an event stream, one request returns all events, the plan with its assets, and the result."""
    headers = {"Accept": "text/event-stream", "Idempotency-Key": "stream-1"}
    body = {"brief": BRIEF, "max_usd": "0.03"}
    names = []
    for _ in range(2):  # the second call finds the production delivered
        async with api.http.stream("POST", "/generate", json=body, headers=headers) as response:
            assert response.status_code == 200, await response.aread()
            events = [e async for e in sse(response) if e.name]
        names.append([e.name for e in events])
        assert (events[0].name, events[-2].name, events[-1].name) == ("plan_start", "done", "result")
        assert events[-1].id is None
        assert events[-1].data["status"] == "delivered"
        ready = next(e for e in events if e.name == "plan_ready")
        assert [a["asset_id"] for a in ready.data["data"]["plan_assets"]] == ["text-1", "text-2", "text-3"]
    assert names[0] == names[1]


async def test_response_is_the_text(api: Api, storage: Storage) -> None:
    """The response of a text consists of its takes in plan order; while they cannot be read it has no text."""
    headers, body = {"Idempotency-Key": "text-1"}, {"brief": BRIEF, "max_usd": "0.03", "wait_seconds": 60}
    done = (await api.http.post("/generate", json=body, headers=headers)).json()
    assert (done["status"], done["response"]) == ("delivered", None)
    for asset_id, text in {"text-2": b"Second.", "text-1": b"First.\n"}.items():
        key = f"{keys.take_prefix(done['production_id'], asset_id, 1)}/media.txt"
        await storage.put_bytes(key, text, "text/plain")
    again = (await api.http.post("/generate", json=body, headers=headers)).json()
    assert again["production_id"] == done["production_id"]
    assert again["response"] == "First.\n\nSecond."


async def test_generate_from_prompt(api: Api) -> None:
    """A prompt alone is a brief; without max_usd no asset that costs money is approved."""
    found = problem(await api.http.post("/generate", json={"prompt": "A jazz poster.", "max_steps": 2}), 402)
    assert str(found.price_usd) == "0.0200"
    waiting = await api.get(str(found.production_id))
    assert (waiting["brief"]["text"], waiting["brief"]["platform"]) == ("A jazz poster.", "social_post")
    assert [a["asset_id"] for a in waiting["plan"]["assets"]] == ["text-1", "text-2"]
    again = {"prompt": "A jazz poster.", "max_steps": 1, "max_usd": "0.01", "platform": "copy", "wait_seconds": 60}
    done = await api.http.post("/generate", json=again)
    assert (done.status_code, len(done.json()["assets"])) == (200, 1)


async def test_concurrent_generates_with_one_key(api: Api) -> None:
    """A request that is repeated while its plan is cut gets the same production, and is not refused."""
    body = {"brief": BRIEF, "max_steps": 1, "max_usd": "1"}
    headers = {"Idempotency-Key": uuid4().hex}
    answers = await asyncio.gather(*(api.http.post("/generate", json=body, headers=headers) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["production_id"] for answer in answers}) == 1


async def test_plan_is_cut_before_it_is_approved(api: Api) -> None:
    """`max_steps` also limits a plan that the brief approves without a person."""
    brief = BRIEF | {"approval": {"auto_below_usd": "1"}}
    body = {"brief": brief, "max_steps": 1, "max_usd": "1", "wait_seconds": 60}
    done = (await api.http.post("/generate", json=body)).json()
    assert (done["status"], [a["asset_id"] for a in done["assets"]]) == ("delivered", ["text-1"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "prompt"),
        ({"prompt": " "}, "prompt"),
        ({"prompt": "x", "brief": BRIEF}, "prompt"),
        ({"brief": BRIEF, "platform": "copy"}, "platform"),
        ({"prompt": "x", "max_steps": 0}, "max_steps"),
        ({"prompt": "x", "wait_seconds": 601}, "wait_seconds"),
        ({"prompt": "x", "wait_seconds": -1}, "wait_seconds"),
    ],
)
def test_generate_body(body: dict[str, Any], field: str) -> None:
    """The refusal of an invalid body names its field."""
    with pytest.raises(ValidationError) as caught:
        Generate.model_validate(body)
    error = caught.value.errors()[0]
    assert field in (*error["loc"], error["msg"].removeprefix("Value error, ").partition(":")[0])


def test_longest_part_of_plan() -> None:
    """A plan is cut after its first assets; at no time does it have an asset without its inputs."""

    def asset(asset_id: str, *needs: str) -> Asset:
        return Asset(
            asset_id=asset_id,
            asset_type=Modality.TEXT,
            role="body",
            prompt="x",
            provider="fake",
            model="m",
            depends_on=needs,
        )

    plan = Plan.of("T", [asset("late", "b"), asset("a", "reference-1"), asset("b", "a"), asset("c", "b")])
    assert assets_beyond(plan, None) == []
    assert assets_beyond(plan, 4) == ["late"]  # its input comes after it
    assert sorted(assets_beyond(plan, 2)) == ["c", "late"]
    dropped = assets_beyond(plan, 1)
    assert sorted(dropped[:2]) == ["c", "late"]
    assert dropped[2:] == ["b"]
