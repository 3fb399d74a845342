"""The permissions of each role, the approvers, and the limits of concurrent requests for a tenant."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest
from starlette.types import Receive
from temporalio.client import Client, ScheduleActionStartWorkflow, WorkflowExecutionDescription
from temporalio.service import RPCError

from api.auth import key_file, limits
from api.auth.roles import Role
from api.routes import uploads
from api.thumbnails import Thumbnails
from deploy.local import Stack
from tests.api.auth.api_keys import bearer
from tests.api.auth.tenants import COPY, HOLDERS, PNG, House, Property, filled, routes
from tests.support.servers.serving import problem
from tests.support.waiting import WITHIN, eventually
from workflows import keys

# The role that each route requires, repeated by hand: only it, and operators, are accepted.
WITHOUT_KEY: Final = {
    "GET /",
    "GET /healthz",
    "GET /readyz",
    "GET /openapi.json",
    "GET /docs",
    "GET /studio/{name:path}",
    "POST /api/v1/session",
    "DELETE /api/v1/session",
}
ONLY: Final[dict[Role, set[str]]] = {
    Role.REQUESTER: {
        "POST /api/v1/productions",
        "POST /api/v1/multimodal/plan",
        "POST /api/v1/generate",
        "POST /generate",
        "POST /api/v1/batches",
        "POST /api/v1/evaluations",
        "POST /api/v1/optimisations",
        "POST /api/v1/prompts/{name}/versions",
        "POST /api/v1/evaluations/{evaluation_id}/resume",
        "POST /api/v1/references",
        "POST /api/v1/references/uploads",
        "PATCH /api/v1/references/uploads/{upload_id}",
        "DELETE /api/v1/references/uploads/{upload_id}",
        "POST /api/v1/voice-memos",
        "POST /api/v1/voice-sessions",
        "POST /api/v1/voice-sessions/{session_id}/fields",
        "PATCH /api/v1/productions/{production_id}/references/{number}",
        "PATCH /api/v1/productions/{production_id}/references/{number}/fields",
        "PATCH /api/v1/productions/{production_id}/plan",
        "POST /api/v1/productions/{production_id}/refresh",
        "POST /api/v1/productions/{production_id}/assets/{asset_id}/regenerate",
        "POST /api/v1/productions/{production_id}/assets/{asset_id}/select",
        "POST /api/v1/productions/{production_id}/assets/{asset_id}/takes",
        "POST /api/v1/productions/{production_id}/request-approval",
    },
    Role.APPROVER: {
        "POST /api/v1/productions/{production_id}/approve",
        "POST /api/v1/productions/{production_id}/reject",
        "POST /api/v1/productions/{production_id}/references/{number}/analyse",
        "POST /api/v1/productions/{production_id}/assets/{asset_id}/resolve",
        "POST /api/v1/batches/{batch_id}/admit",
        "POST /api/v1/multimodal/execute-plan",
        "POST /api/v1/grants",
        "DELETE /api/v1/grants/{grant_id}",
    },
    Role.AGENT: {"POST /api/v1/productions/{production_id}/execute"},
    Role.OPERATOR: {
        "GET /metrics",
        "POST /api/v1/prompts/{name}/use",
        "POST /api/v1/prompts/{name}/rollback",
        "POST /api/v1/schedules",
        "POST /api/v1/webhooks/given-up/{delivery_id}/resend",
        "POST /api/v1/diagnosis",
        "POST /api/v1/schedules/{schedule_id}/pause",
        "POST /api/v1/schedules/{schedule_id}/resume",
        "POST /api/v1/schedules/{schedule_id}/run",
        "DELETE /api/v1/schedules/{schedule_id}",
    },
}


# -- The permissions of each role ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "rita", "adam", "olga"])
async def test_each_route_requires_its_role(house: House, name: str) -> None:
    """On every route, a caller without the role receives its name, and a caller with it is accepted."""
    roles = set(HOLDERS[name][1]) if name else set()
    nothing = ("acme.nothing",) * 3
    for method, path in routes():
        route = f"{method} {path}"
        where = filled(path, *nothing)
        address = where if path.startswith("/api/v1") else path.replace("{name:path}", "app.js")
        headers = bearer(house.held[name]) if name else {}
        url = f"/api/v1{address}" if path.startswith("/api/v1") else address
        answer = await house.api.http.request(method, url, headers=headers, json={} if method != "GET" else None)
        only = next((role for role, ours in ONLY.items() if route in ours), None)
        if route in WITHOUT_KEY:
            assert answer.status_code not in (401, 403), route
        elif not name:
            assert problem(answer, 401), route
        elif (
            route in ("GET /metrics", "POST /api/v1/diagnosis") and Role.OPERATOR in roles
        ):  # over all tenants, which one of them may not see
            assert "tenant 'default'" in problem(answer, 403).detail
        elif only is None or only in roles or (Role.OPERATOR in roles and only is not Role.AGENT):
            assert answer.status_code not in (401, 403), f"{route}: {answer.text}"
        else:
            found = problem(answer, 403)
            assert found.type == "urn:greenlight:problem:role-needed", route
            assert f"needs the role {only.value}" in found.detail or f"{only.value} or operator" in found.detail, route


async def test_operators_of_the_default_tenant_read_all_counts(house: House) -> None:
    """Counts over all tenants are returned to operators of the default tenant, who see no other data of other
    tenants."""
    answer = await house.api.http.get("/metrics", headers=bearer(house.held["dora"]))
    assert answer.text.startswith("# HELP")


async def test_releasing_money_requires_an_approver(house: House) -> None:
    """A caller who may only request can release no money by any field; a caller with both roles can."""
    production_id, digest = await house.planned("rita")
    of_it = f"/productions/{production_id}"
    edits = [{"op": "title", "title": "Another"}]
    for method, path, body, field in (
        ("POST", "/productions", {**COPY, "approval": {"auto_below_usd": "5"}}, "approval.auto_below_usd"),
        ("POST", "/multimodal/plan", {**COPY, "approval": {"auto_below_usd": "0"}}, "approval.auto_below_usd"),
        ("POST", "/batches", {"rows": [{"brief": COPY}], "approve": True}, "approve"),
        (
            "POST",
            "/batches",
            {"rows": [{"brief": COPY | {"approval": {"auto_below_usd": "1"}}}]},
            "approval.auto_below_usd",
        ),
        ("POST", "/productions", {**COPY, "allow_unknown_prices": True}, "allow_unknown_prices"),
        ("POST", "/batches", {"rows": [{"brief": COPY}], "allow_unknown_prices": True}, "allow_unknown_prices"),
        ("POST", "/generate", {"brief": COPY, "max_usd": "1"}, "max_usd"),
        ("PATCH", f"{of_it}/plan", {"plan_digest": digest, "edits": edits, "budget_usd": "9"}, "budget_usd"),
        ("POST", f"{of_it}/refresh", {"max_usd": "1", "budget_usd": "9"}, "budget_usd"),
        ("POST", f"{of_it}/assets/body-1/regenerate", {"allow_unknown_prices": True}, "allow_unknown_prices"),
    ):
        refused = await house.ask("rita", method, path, json=body)
        assert problem(refused, 403).errors[0].field == field, path
    made = await house.ask("both", "POST", "/generate", json={"brief": COPY, "max_usd": "1"})
    assert made.status_code == 202
    assert made.json()["approval"]["approver"] == "both"


async def test_a_tenant_fixes_its_approval_policy(house: House) -> None:
    """The approval policy that the operator set for a tenant applies to every brief, by any route and with any content;
    a brief that would spend more or approve alone is refused, with the field; other tenants are not affected."""
    policy = "\n[policies.strict]\napprovers = 2\nnot_by_requester = true\nmax_budget_usd = 1.50\n"
    house.file.write_text(house.file.read_text() + policy)
    roles = (Role.REQUESTER, Role.APPROVER, Role.OPERATOR)
    house.held |= {n: key_file.create(house.file, n, "strict", roles) for n in ("sven", "stig", "siri")}
    weak = COPY | {"approval": {"approvers": 1, "not_by_requester": False}}
    fixed = {"approvers": 2, "not_by_requester": True, "max_budget_usd": "1.50"}

    def held(brief: dict[str, Any]) -> bool:
        return bool(brief["approval"].items() >= fixed.items() and brief["budget_usd"] == "1.50")

    production_id, digest = await house.planned("sven", **weak)
    of_it = f"/productions/{production_id}"
    assert held((await house.ask("sven", "GET", of_it)).json()["brief"])
    yearly = {"schedule_id": "strict", "brief": weak, "cron": "0 9 1 1 *"}
    assert held((await house.ask("sven", "POST", "/schedules", json=yearly)).json()["brief"])
    batch = (await house.ask("sven", "POST", "/batches", json={"rows": [{"brief": weak}]})).json()
    planned = await house.ask("sven", "POST", "/multimodal/plan", json=weak)
    own = await house.ask("sven", "POST", "/generate", json={"brief": weak, "max_usd": "1"})
    assert "another person" in problem(own, 409).errors[0].remedy
    row = (await house.ask("sven", "GET", f"/batches/{batch['batch_id']}")).json()["rows"][0]["production_id"]
    for other in (planned.headers["location"].rpartition("/")[2], row):
        seen = (await house.ask("sven", "GET", f"/productions/{other}")).json()
        assert held(seen["brief"]), other
        assert seen["approval"] is None, other

    for more, field in (
        ({"budget_usd": "2"}, "budget_usd"),
        ({"approval": {"auto_below_usd": "0.01"}}, "approval.auto_below_usd"),
    ):
        for path, body, where in (
            ("/productions", COPY | more, field),
            ("/batches", {"rows": [{"brief": COPY | more}]}, f"rows[0].brief.{field}"),
            ("/generate", {"brief": COPY | more, "max_usd": "1"}, field),
            ("/schedules", yearly | {"schedule_id": "other", "brief": COPY | more}, field),
        ):
            refused = problem(await house.ask("sven", "POST", path, json=body), 422)
            assert refused.errors[0].field.endswith(where), path

    assert "'sven' is the requester" in problem(await house.approve("sven", production_id, digest), 409).detail
    above = problem(await house.approve("stig", production_id, digest, budget_usd="1.51"), 409)
    assert "at most 1.50 USD" in above.detail
    assert (await house.approve("stig", production_id, digest)).json()["status"] == "awaiting_approval"
    assert (await house.approve("siri", production_id, digest)).status_code == 200
    await house.until("sven", production_id, "delivered")

    free = (await house.ask("rita", "GET", f"/productions/{await house.start('rita', **weak)}")).json()["brief"]
    assert (free["approval"]["approvers"], free["budget_usd"]) == (1, None)


async def test_the_key_names_the_person(house: House) -> None:
    """The requester, editor and approver are named by the key, whatever the body contains; so policies hold."""
    policy = {"approvers": 2, "not_by_requester": True}
    production_id, digest = await house.planned("both", approval=policy, requester="mallory")
    of_it = f"/productions/{production_id}"
    edit = {"plan_digest": digest, "edits": [{"op": "title", "title": "Edited"}], "editor": "mallory"}
    digest = (await house.ask("rita", "PATCH", f"{of_it}/plan", json=edit)).json()["digest"]
    own = problem(await house.approve("both", production_id, digest, approver="mallory"), 409)
    assert "'both' is the requester" in own.detail
    assert (await house.approve("adam", production_id, digest, approver="mallory")).status_code == 200
    twice = problem(await house.approve("adam", production_id, digest, approver="another"), 409)
    assert "'adam' approved already" in twice.detail
    assert (await house.approve("abby", production_id, digest, approver="mallory")).json()["status"] == "producing"
    await house.until("rita", production_id, "delivered")
    again = {"requested_by": "mallory"}
    asset = (await house.ask("rita", "GET", of_it)).json()["assets"][0]["asset_id"]
    assert (await house.ask("rita", "POST", f"{of_it}/assets/{asset}/regenerate", json=again)).status_code == 202
    await house.until("rita", production_id, "delivered")
    upload = f"{of_it}/assets/{asset}/takes?filename=own.md&uploaded_by=mallory"
    assert (await house.ask("rita", "POST", upload, content=b"My own words.")).status_code == 202
    await house.until("rita", production_id, "delivered")
    select = {"take": 1, "requested_by": "mallory"}
    assert (await house.ask("rita", "POST", f"{of_it}/assets/{asset}/select", json=select)).status_code == 202
    refused, _ = await house.planned("rita", requester="mallory")
    no = {"rejecter": "mallory", "reason": "no"}
    assert (await house.ask("adam", "POST", f"/productions/{refused}/reject", json=no)).status_code == 200
    rows = {"rows": [{"brief": COPY | {"requester": "mallory"}}], "requester": "mallory", "approve": True}
    batch = (await house.ask("both", "POST", "/batches", json=rows)).json()["batch_id"]
    seen = (of_it, f"/productions/{refused}", f"/batches/{batch}", f"{of_it}/events", f"/productions/{refused}/events")
    records = [(await house.ask("rita", "GET", path)).text for path in seen]
    assert "mallory" not in "".join(records)
    assert '"approvers":["adam","abby"]' in records[3].replace(" ", "")
    assert "rita" in records[3]


# -- Concurrent requests -----------------------------------------------------------------------------------------


async def test_tenants_share_the_workers(house: House, local_stack: Stack) -> None:
    """Each workflow that a tenant starts names it to Temporal, so that its tasks take turns with those of others:
    productions, batches with their rows, and schedules."""
    client = await Client.connect(local_stack.info.temporal_address)
    production_id = await house.start("rita")
    rows = {"rows": [{"brief": COPY}], "requester": "rita"}
    batch = (await house.ask("rita", "POST", "/batches", json=rows)).json()["batch_id"]
    row = await eventually(lambda: row_of(house, batch))
    for workflow_id in (keys.workflow_id(production_id), keys.batch_workflow_id(batch), keys.workflow_id(row)):
        described = await eventually(partial(described_as, client, workflow_id))
        assert described.raw_description.workflow_execution_info.priority.fairness_key == "acme"
    weekly = {"schedule_id": f"weekly-{uuid4().hex[:6]}", "cron": "0 9 * * 1", "brief": COPY}
    made = await house.ask("olga", "POST", "/schedules", json=weekly)
    assert made.status_code < 300, made.text
    schedule = await client.get_schedule_handle(keys.schedule_key(made.json()["schedule_id"])).describe()
    action = schedule.schedule.action
    assert isinstance(action, ScheduleActionStartWorkflow)
    assert action.priority.fairness_key == "acme"
    await house.ask("olga", "DELETE", f"/schedules/{made.json()['schedule_id']}")


async def described_as(client: Client, workflow_id: str) -> WorkflowExecutionDescription | None:
    with suppress(RPCError):  # the row names its production a moment before that is started
        return await client.get_workflow_handle(workflow_id).describe()
    return None


async def row_of(house: House, batch: str) -> str | None:
    seen = (await house.ask("rita", "GET", f"/batches/{batch}")).json()
    found = [row["production_id"] for row in seen.get("rows", ()) if row.get("production_id")]
    return found[0] if found else None


async def test_a_tenant_has_a_limit_of_streams(house: House) -> None:
    """One stream above the limit of a tenant is refused until one ends; other tenants are not affected."""
    production_id, _ = await house.planned("rita")
    theirs, _ = await house.planned("bob")
    path = f"/productions/{production_id}/events"
    http, headers = house.api.http, bearer(house.held["rita"])
    async with http.stream("GET", f"/api/v1{path}", headers=headers) as first:
        assert first.status_code == 200
        async with http.stream("GET", f"/api/v1{path}", headers=headers) as second:
            assert second.status_code == 200
            third = await house.ask("adam", "GET", path)
            found = problem(third, 429)
            assert "GREENLIGHT_TENANT_STREAMS" in found.detail
            assert third.headers["retry-after"] == "5"
            planning = await house.ask("rita", "POST", "/multimodal/plan", json=COPY)
            assert planning.status_code == 429
            body = {"brief": COPY, "max_usd": "0", "wait_seconds": 5}
            generated = await house.ask("rita", "POST", "/generate", json=body)
            assert (generated.status_code, generated.headers.get("location")) == (429, None)
            async with http.stream(
                "GET", f"/api/v1/productions/{theirs}/events", headers=bearer(house.held["bob"])
            ) as other:
                assert other.status_code == 200

        async def again() -> bool | None:
            async with http.stream("GET", f"/api/v1{path}", headers=headers) as one:
                return one.status_code == 200 or None

        assert await eventually(again)


async def slow_upload(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> tuple[asyncio.Task[httpx.Response], asyncio.Event]:
    """An upload of acme that the API is receiving, and the event that lets it end."""
    received, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield PNG
        await go_on.wait()
        yield bytes(10)

    def chunks(receive: Receive, most: int) -> AsyncIterator[bytes]:
        received.set()
        return uploads.chunks(receive, most)

    # A sent upload is not yet received: a second one may reach the API first.
    monkeypatch.setattr("api.routes.references.chunks", chunks)
    upload = asyncio.create_task(house.ask("rita", "POST", "/references", content=slowly()))
    await received.wait()
    return upload, go_on


async def test_a_tenant_has_a_limit_of_uploads(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """One upload above the limit of a tenant is refused until one ends; other tenants are not affected."""
    first, go_on = await slow_upload(house, monkeypatch)
    second = await house.ask("both", "POST", "/references", content=PNG)
    assert "GREENLIGHT_TENANT_TRANSFERS" in problem(second, 429).detail
    assert (await house.ask("bob", "POST", "/references", content=PNG)).status_code == 201
    # A file that is read through the API counts too, and waits a little for its turn.
    monkeypatch.setattr(limits, "WAIT_SECONDS", 0.2)
    reading = f"/productions/{await house.start('rita')}/deliverable/1/content.md"
    assert "GREENLIGHT_TENANT_TRANSFERS" in problem(await house.ask("rita", "GET", reading), 429).detail
    monkeypatch.setattr(limits, "WAIT_SECONDS", 20)
    later = asyncio.create_task(house.ask("rita", "GET", reading))
    go_on.set()
    assert (await first).status_code == 201
    problem(await later, 404)
    assert (await house.ask("both", "POST", "/references", content=PNG)).status_code == 201


async def test_thumbnails_are_no_transfers(house: House, acme: Property, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a tenant's transfers are all taken, every picture of a list of fifty arrives; while as many wait for their
    turn, a transfer is accepted, and pictures of another tenant do not wait."""
    path = f"/productions/{acme.production}/thumbnail"

    def page() -> list[asyncio.Task[httpx.Response]]:
        return [asyncio.create_task(house.ask("rita", "GET", path)) for _ in range(50)]

    upload, go_on = await slow_upload(house, monkeypatch)
    assert {(each.status_code, each.headers["content-type"]) for each in await asyncio.gather(*page())} == {
        (200, "image/webp")
    }
    go_on.set()
    assert (await upload).status_code == 201
    held = asyncio.Event()

    async def slow(self: Thumbnails, production_id: str) -> bytes | None:
        if "acme" in production_id:
            await held.wait()
        return PNG

    monkeypatch.setattr(Thumbnails, "of", slow)
    waiting = page()
    assert (await house.ask("rita", "POST", "/references", content=PNG)).status_code == 201
    theirs = f"/productions/{await house.start('bob')}/thumbnail"
    assert (await house.ask("bob", "GET", theirs)).status_code == 200
    assert not any(each.done() for each in waiting)
    held.set()
    assert {each.status_code for each in await asyncio.gather(*waiting)} == {200}


async def test_a_production_without_pictures_has_no_thumbnail(house: House) -> None:
    """A list also requests the picture of a production that has none, which is no error."""
    production_id, _ = await house.planned("rita")
    assert (await house.ask("rita", "GET", f"/productions/{production_id}/thumbnail")).status_code == 204


async def test_a_stream_ends_with_its_key(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """An open stream whose key is revoked ends with its next keep-alive line."""
    monkeypatch.setattr("api.relay.relay.KEEP_ALIVE_SECONDS", 0.05)
    production_id, _ = await house.planned("rita")
    key = key_file.create(house.file, "gone", "acme", [Role.APPROVER])
    path = f"/api/v1/productions/{production_id}/events"
    async with asyncio.timeout(WITHIN), house.api.http.stream("GET", path, headers=bearer(key)) as stream:
        async for line in stream.aiter_lines():
            if "plan_ready" in line and key_file.read(house.file).keys[-1].name == "gone":
                key_file.revoke(house.file, "gone")
    assert (await house.api.http.get(path, headers=bearer(key))).status_code == 401
