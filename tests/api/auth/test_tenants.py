"""Tenants on a real Temporal, S3 and worker: what each may, and that nothing of one is there for another."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest
from fastapi.routing import iter_route_contexts
from starlette.types import Receive
from temporalio.client import Client, ScheduleActionStartWorkflow, WorkflowExecutionDescription
from temporalio.service import RPCError

from api.app import create_app
from api.auth import key_file, limits
from api.auth.roles import Role
from api.routes import uploads
from api.settings import Settings
from deploy.local import Stack
from tests.api.auth.test_keys import bearer
from tests.api.test_problems import problem
from tests.support.productions import eventually
from tests.support.serving import Api, serving
from tests.support.stack import use_s3
from workflows import keys

COPY: Final = {"text": "Say why night trains are back.", "platform": "copy"}
PNG: Final = b"\x89PNG\r\n\x1a\n" + bytes(20)
HOLDERS: Final[dict[str, tuple[str, tuple[Role, ...]]]] = {
    "rita": ("acme", (Role.REQUESTER,)),
    "adam": ("acme", (Role.APPROVER,)),
    "abby": ("acme", (Role.APPROVER,)),
    "olga": ("acme", (Role.OPERATOR,)),
    "both": ("acme", (Role.REQUESTER, Role.APPROVER)),
    "bob": ("bolt", tuple(Role)),
    "dora": ("default", tuple(Role)),
}
LIMITS: Final = {"GREENLIGHT_TENANT_STREAMS": "2", "GREENLIGHT_TENANT_TRANSFERS": "1"}

# Whom each route is for, said once more and by hand: the role that alone, with operators, is let in.
WITHOUT_KEY: Final = {
    "GET /",
    "GET /healthz",
    "GET /readyz",
    "GET /openapi.json",
    "GET /studio/{name:path}",
    "POST /api/v1/session",
    "DELETE /api/v1/session",
}
ONLY: Final[dict[Role, set[str]]] = {
    Role.REQUESTER: {
        "POST /api/v1/productions",
        "POST /api/v1/multimodal/plan",
        "POST /api/v1/generate",
        "POST /api/v1/batches",
        "POST /api/v1/references",
        "PATCH /api/v1/productions/{production_id}/plan",
        "POST /api/v1/productions/{production_id}/refresh",
        "POST /api/v1/productions/{production_id}/assets/{asset_id}/regenerate",
        "POST /api/v1/productions/{production_id}/assets/{asset_id}/select",
        "POST /api/v1/productions/{production_id}/assets/{asset_id}/takes",
    },
    Role.APPROVER: {
        "POST /api/v1/productions/{production_id}/approve",
        "POST /api/v1/productions/{production_id}/reject",
        "POST /api/v1/productions/{production_id}/assets/{asset_id}/resolve",
        "POST /api/v1/batches/{batch_id}/admit",
        "POST /api/v1/multimodal/execute-plan",
    },
    Role.OPERATOR: {
        "GET /metrics",
        "POST /api/v1/schedules",
        "POST /api/v1/schedules/{schedule_id}/pause",
        "POST /api/v1/schedules/{schedule_id}/resume",
        "POST /api/v1/schedules/{schedule_id}/run",
        "DELETE /api/v1/schedules/{schedule_id}",
    },
}


@dataclass
class House:
    """An API with keys; each person asks by their own."""

    api: Api
    held: dict[str, str]
    file: Path

    async def ask(self, name: str, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {**(bearer(self.held[name]) if name else {}), **more.pop("headers", {})}
        return await self.api.http.request(method, f"/api/v1{path}", headers=headers, **more)

    async def start(self, name: str, **brief: Any) -> str:
        answer = await self.ask(name, "POST", "/productions", json={**COPY, **brief})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["production_id"])

    async def planned(self, name: str, **brief: Any) -> tuple[str, str]:
        production_id = await self.start(name, **brief)
        return production_id, (await self.until(name, production_id, "awaiting_approval"))["plan"]["digest"]

    async def until(self, name: str, production_id: str, status: str) -> dict[str, Any]:
        async def look() -> dict[str, Any] | None:
            seen = (await self.ask(name, "GET", f"/productions/{production_id}")).json()
            return dict(seen) if seen.get("status") == status else None

        return await eventually(look)

    async def approve(self, name: str, production_id: str, digest: str, **claim: Any) -> httpx.Response:
        body = {"plan_digest": digest, **claim}
        return await self.ask(name, "POST", f"/productions/{production_id}/approve", json=body)


@pytest.fixture(scope="module")
async def house(local_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """The worker of the whole stack, with an API of its own that asks for keys."""
    routes(), bodies()  # they take a second, in which the server would not be heard
    file = tmp_path_factory.mktemp("tenants") / "keys.toml"
    held = {name: key_file.create(file, name, tenant, roles) for name, (tenant, roles) in HOLDERS.items()}
    environ = {**local_stack.env, **LIMITS, "GREENLIGHT_API_KEYS": str(file)}
    with pytest.MonkeyPatch.context() as patch:
        use_s3(patch, local_stack)
        async with serving(None, environ) as api:
            yield House(api, held, file)


@dataclass(frozen=True)
class Property:
    """What acme has, and somebody else would like to."""

    production: str
    asset: str
    batch: str
    schedule: str
    reference: str


@pytest.fixture(scope="module")
async def acme(house: House) -> Property:
    """A delivered production, a batch, a schedule and a picture of acme's."""
    production_id, digest = await house.planned("rita", title="Secret of acme")
    assert (await house.approve("adam", production_id, digest)).status_code == 200
    rows = {"batch_id": "spring", "rows": [{"brief": COPY}]}
    batch = await house.ask("rita", "POST", "/batches", json=rows)
    yearly = {"schedule_id": "yearly", "brief": COPY, "cron": "0 9 1 1 *"}
    schedule = await house.ask("olga", "POST", "/schedules", json=yearly)
    reference = await house.ask("rita", "POST", "/references", content=PNG)
    delivered = await house.until("rita", production_id, "delivered")
    return Property(
        production=production_id,
        asset=delivered["assets"][0]["asset_id"],
        batch=batch.json()["batch_id"],
        schedule=schedule.json()["schedule_id"],
        reference=reference.json()["source"],
    )


@cache
def routes() -> list[tuple[str, str]]:
    found = iter_route_contexts(create_app(Settings()).routes)
    return [(method, str(route.path)) for route in found for method in (route.methods or set()) - {"HEAD"}]


@cache
def bodies() -> dict[str, Any]:
    """Method and path -> a body that makes sense there, from the API's own description."""
    described = create_app(Settings()).openapi()
    found = {}
    for path, ways in described["paths"].items():
        for method, way in ways.items():
            content = way.get("requestBody", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema", {})
            if "$ref" in schema:
                example = described["components"]["schemas"][schema["$ref"].rpartition("/")[2]]["examples"][0]
                found[f"{method.upper()} {path}"] = {"json": example}
            elif content:
                found[f"{method.upper()} {path}"] = {"content": PNG}
    return found


def filled(path: str, production: str, batch: str, schedule: str, asset: str = "body-1") -> str:
    values = {"production_id": production, "batch_id": batch, "schedule_id": schedule, "asset_id": asset}
    values |= {"take": "1", "revision": "1", "name": "content.md"}
    return re.sub(r"\{(\w+)(?::path)?\}", lambda found: values[found[1]], path).removeprefix("/api/v1")


# -- Nothing of another tenant's ---------------------------------------------------------------------------------


@pytest.mark.parametrize("thief", ["bob", "dora"])
async def test_another_tenants_is_as_unknown_as_nothing(house: House, acme: Property, thief: str) -> None:
    """On every route with an id, what is another tenant's answers exactly as what is not there at all."""
    body, asked = bodies(), 0
    before = (await house.ask("rita", "GET", f"/productions/{acme.production}")).json()
    tenant = HOLDERS[thief][0]
    for method, path in routes():
        if not re.search(r"\{(production|batch|schedule)_id\}", path):
            continue
        asked += 1
        answers = []
        nothing = "acme.nothing"
        for ids in (
            (acme.production, acme.batch, acme.schedule),
            (nothing, nothing, nothing),
            (keys.owned(tenant, "nothing"),) * 3,
        ):
            more = body.get(f"{method} {path}", {})
            answer = await house.ask(thief, method, filled(path, *ids, acme.asset), **more)
            found = problem(answer, 404)
            text = found.model_dump_json()
            for each in sorted(set(ids), key=len, reverse=True):
                text = text.replace(each, "ID")
            answers.append((text, sorted(set(answer.headers) - {"content-length", "date"})))
        assert answers[0] == answers[1] == answers[2], f"{method} {path}"
        assert "unknown-" in answers[0][0], f"{method} {path}"
    assert asked > 30
    plan = {"production_id": acme.production, "plan_digest": before["plan"]["digest"]}
    stolen = problem(await house.ask(thief, "POST", "/multimodal/execute-plan", json=plan), 404)
    assert stolen.type == "urn:greenlight:problem:unknown-production"
    assert (await house.ask("rita", "GET", f"/productions/{acme.production}")).json() == before
    assert (await house.ask("rita", "GET", f"/schedules/{acme.schedule}")).json()["paused"] is False


async def test_owners_have_all_of_it(house: House, acme: Property) -> None:
    """Whose it is, sees it on every route to look at, by media, archive, manifest and stream too."""
    for method, path in routes():
        if method != "GET" or "{" not in path or "session" in path or "studio" in path:
            continue
        answer = await house.ask("adam", method, filled(path, acme.production, acme.batch, acme.schedule, acme.asset))
        assert answer.status_code in (200, 307), f"{path}: {answer.text}"
        if answer.status_code == 307:
            async with httpx.AsyncClient(trust_env=False) as outside:
                assert (await outside.get(answer.headers["location"])).status_code == 200
    for kept, listed in ((acme.batch, "batches"), (acme.schedule, "schedules")):
        name = kept.removeprefix("acme.")
        assert name != kept
        answer = await house.ask("adam", "GET", f"/{listed}/{name}")  # a name of one's own needs no tenant
        assert kept in answer.text


async def test_lists_are_of_one_tenant(house: House, acme: Property) -> None:
    """Lists show what is one's own, and nothing of anybody else, whatever is asked for."""
    await house.planned("bob", title="Of bolt")
    waiting, _ = await house.planned("rita")

    async def listed(name: str, path: str) -> str | None:
        text = (await house.ask(name, "GET", path)).text
        return text if '"acme.' in text else None

    for path, theirs in (
        ("/productions", acme.production),
        ("/attention", waiting),
        ("/batches", acme.batch),
        ("/schedules", acme.schedule),
    ):
        found = await eventually(lambda path=path: listed("adam", path))  # type: ignore[misc]  # the list is a second late
        assert theirs in found
        assert "bolt." not in found
        for thief in ("bob", "dora"):
            text = (await house.ask(thief, "GET", path)).text
            assert "acme" not in text, path
            if path in ("/productions", "/attention"):
                refused = await house.ask(thief, "GET", path, params={"tenant": "acme"})
                assert problem(refused, 403).errors[0].field == "tenant"
    assert "bolt." in (await house.ask("bob", "GET", "/productions?tenant=default")).text


async def test_another_tenants_picture_cannot_be_named(house: House, acme: Property) -> None:
    """A stored picture is used by its own tenant; by another one it is as unknown as one that is not there."""
    assert acme.reference.startswith("stored:references/acme.")
    briefs = [COPY | {"references": [{"source": s}]} for s in (acme.reference, "stored:references/acme.nothing")]
    for thief in ("bob", "dora"):
        for way in (
            lambda brief: ("/productions", brief),
            lambda brief: ("/multimodal/plan", brief),
            lambda brief: ("/generate", {"brief": brief, "max_usd": "1"}),
            lambda brief: ("/batches", {"rows": [{"brief": brief}]}),
            lambda brief: ("/schedules", {"schedule_id": "thief", "brief": brief, "cron": "0 9 1 1 *"}),
        ):
            texts = []
            for brief in briefs:
                path, body = way(brief)
                answer = await house.ask(thief, "POST", path, json=body)
                assert "there is no 'stored:references/acme." in problem(answer, 422).detail
                texts.append(answer.text.replace(brief["references"][0]["source"], "SOURCE"))  # type: ignore[index]
            assert texts[0] == texts[1]
    assert await house.start("rita", references=[{"source": acme.reference}])


async def test_a_tenant_is_the_keys(house: House) -> None:
    """What a key starts is of its tenant, also under another's name or key; another tenant in the body is refused."""
    for path, body in (
        ("/productions", {**COPY, "tenant": "acme"}),
        ("/multimodal/plan", {**COPY, "tenant": "acme"}),
        ("/generate", {"brief": {**COPY, "tenant": "acme"}, "max_usd": "1"}),
        ("/batches", {"rows": [{"brief": COPY}], "defaults": {"tenant": "acme"}}),
        ("/schedules", {"schedule_id": "yearly", "brief": {**COPY, "tenant": "acme"}, "cron": "0 9 1 1 *"}),
    ):
        assert problem(await house.ask("bob", "POST", path, json=body), 403).errors[0].field == "tenant"
    production_id = await house.start("bob", tenant="default")
    assert production_id.startswith("bolt.")
    view = (await house.ask("bob", "GET", f"/productions/{production_id}")).json()
    assert (view["brief"]["tenant"], view["brief"]["requester"]) == ("bolt", "bob")
    headers = {"Idempotency-Key": uuid4().hex}
    ids = []
    for name in ("rita", "bob", "dora", "rita"):
        answer = await house.ask(name, "POST", "/productions", json=COPY, headers=headers)
        ids.append(answer.json()["production_id"])
    assert ids[0] == ids[3]
    assert [keys.tenant_of(i) for i in ids[:3]] == ["acme", "bolt", "default"]


async def test_what_a_batch_and_a_schedule_start_is_the_tenants(house: House, acme: Property) -> None:
    """Productions of batches, schedules and previews bear their tenant's name."""
    row = (await house.ask("rita", "GET", f"/batches/{acme.batch}")).json()["rows"][0]
    assert row["production_id"].startswith("acme.")
    assert (await house.ask("olga", "POST", f"/schedules/{acme.schedule}/run")).status_code == 202

    async def ran() -> str | None:
        recent = (await house.ask("olga", "GET", f"/schedules/{acme.schedule}")).json()["recent"]
        return str(recent[0]["production_id"]) if recent else None

    started = await eventually(ran)
    assert started.startswith("acme.yearly-")
    await house.until("rita", started, "awaiting_approval")
    preview = (await house.ask("adam", "POST", f"/productions/{started}/preview")).json()["production_id"]
    assert preview.startswith("acme.yearly-")
    assert "-preview-" in preview
    for production_id in (row["production_id"], started, preview):
        assert (await house.ask("rita", "GET", f"/productions/{production_id}")).json()["brief"]["tenant"] == "acme"
        assert problem(await house.ask("bob", "GET", f"/productions/{production_id}"), 404)


@pytest.mark.parametrize(
    ("name", "path", "body", "field"),
    [
        ("dora", "/batches", {"batch_id": "acme.spring", "rows": [{"brief": COPY}]}, "batch_id"),
        ("rita", "/batches", {"batch_id": "x" * 96, "rows": [{"brief": COPY}]}, "batch_id"),
    ],
)
async def test_an_id_that_would_be_anothers(
    house: House, name: str, path: str, body: dict[str, Any], field: str
) -> None:
    """A name that people choose can neither pass for another tenant's nor be too long with the tenant's own."""
    assert problem(await house.ask(name, "POST", path, json=body), 422).errors[0].field == field


# -- What each role may --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "rita", "adam", "olga"])
async def test_each_route_is_for_its_roles(house: House, name: str) -> None:
    """On every route, whoever lacks the role is told which it needs, and whoever has it is let in."""
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
        elif route == "GET /metrics" and Role.OPERATOR in roles:  # of all tenants, which one among them may not see
            assert "tenant 'default'" in problem(answer, 403).detail
        elif only is None or only in roles or Role.OPERATOR in roles:
            assert answer.status_code not in (401, 403), f"{route}: {answer.text}"
        else:
            found = problem(answer, 403)
            assert found.type == "urn:greenlight:problem:role-needed", route
            assert f"needs the role {only.value}" in found.detail or f"{only.value} or operator" in found.detail, route


async def test_the_house_counts_everything(house: House) -> None:
    """Counts over all tenants are told to operators of the default tenant, who see as little else of others."""
    answer = await house.api.http.get("/metrics", headers=bearer(house.held["dora"]))
    assert answer.text.startswith("# HELP")


async def test_what_releases_money_needs_an_approver(house: House) -> None:
    """Whoever may only ask can release no money by a field of what they send either; whoever may both, can."""
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
    """What the operator fixed for a tenant's approvals holds for every brief, however it comes in and whatever it asks
    for; one that would spend more or approve alone is refused, with the field; other tenants are free."""
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
    assert "somebody else" in problem(own, 409).errors[0].remedy
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

    assert "'sven' asked for it" in problem(await house.approve("sven", production_id, digest), 409).detail
    above = problem(await house.approve("stig", production_id, digest, budget_usd="1.51"), 409)
    assert "more than 1.50 USD" in above.detail
    assert (await house.approve("stig", production_id, digest)).json()["status"] == "awaiting_approval"
    assert (await house.approve("siri", production_id, digest)).status_code == 200
    await house.until("sven", production_id, "delivered")

    free = (await house.ask("rita", "GET", f"/productions/{await house.start('rita', **weak)}")).json()["brief"]
    assert (free["approval"]["approvers"], free["budget_usd"]) == (1, None)


async def test_nobody_signs_for_another(house: House) -> None:
    """Who asked, changed and decided is told by the key, whatever the body claims; so policies hold."""
    policy = {"approvers": 2, "not_by_requester": True}
    production_id, digest = await house.planned("both", approval=policy, requester="mallory")
    of_it = f"/productions/{production_id}"
    edit = {"plan_digest": digest, "edits": [{"op": "title", "title": "Edited"}], "editor": "mallory"}
    digest = (await house.ask("rita", "PATCH", f"{of_it}/plan", json=edit)).json()["digest"]
    own = problem(await house.approve("both", production_id, digest, approver="mallory"), 409)
    assert "'both' asked for it" in own.detail
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


# -- How much at once --------------------------------------------------------------------------------------------


async def test_tenants_share_the_workers(house: House, local_stack: Stack) -> None:
    """Whatever a tenant starts names it to Temporal, so that its tasks take turns with those of others: productions,
    batches with their rows, and schedules."""
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


async def test_a_tenant_has_so_many_streams(house: House) -> None:
    """One stream more than a tenant may have is refused until one ends; other tenants do not notice."""
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
            async with http.stream(
                "GET", f"/api/v1/productions/{theirs}/events", headers=bearer(house.held["bob"])
            ) as other:
                assert other.status_code == 200

        async def again() -> bool | None:
            async with http.stream("GET", f"/api/v1{path}", headers=headers) as one:
                return one.status_code == 200 or None

        assert await eventually(again)


async def test_a_tenant_sends_so_much_at_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """One upload more than a tenant may have at once is refused until one ends; other tenants do not notice."""
    received, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield PNG
        await go_on.wait()
        yield bytes(10)

    def chunks(receive: Receive, most: int) -> AsyncIterator[bytes]:
        received.set()
        return uploads.chunks(receive, most)

    # What is sent is not yet received: a second upload may reach the API before the first does.
    monkeypatch.setattr("api.routes.references.chunks", chunks)
    first = asyncio.create_task(house.ask("rita", "POST", "/references", content=slowly()))
    await received.wait()
    second = await house.ask("both", "POST", "/references", content=PNG)
    assert "GREENLIGHT_TENANT_TRANSFERS" in problem(second, 429).detail
    assert (await house.ask("bob", "POST", "/references", content=PNG)).status_code == 201
    # A file that is read through the API is one too, and waits a little for its turn.
    monkeypatch.setattr(limits, "WAIT_SECONDS", 0.2)
    reading = f"/productions/{await house.start('rita')}/deliverable/1/content.md"
    assert "GREENLIGHT_TENANT_TRANSFERS" in problem(await house.ask("rita", "GET", reading), 429).detail
    monkeypatch.setattr(limits, "WAIT_SECONDS", 20)
    later = asyncio.create_task(house.ask("rita", "GET", reading))
    go_on.set()
    assert (await first).status_code == 201
    problem(await later, 404)
    assert (await house.ask("both", "POST", "/references", content=PNG)).status_code == 201


async def test_a_stream_ends_with_its_key(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream that is open when its key is revoked is ended with the next line that keeps it alive."""
    monkeypatch.setattr("api.relay.relay.KEEP_ALIVE_SECONDS", 0.05)
    production_id, _ = await house.planned("rita")
    key = key_file.create(house.file, "gone", "acme", [Role.APPROVER])
    path = f"/api/v1/productions/{production_id}/events"
    async with asyncio.timeout(20), house.api.http.stream("GET", path, headers=bearer(key)) as stream:
        async for line in stream.aiter_lines():
            if "plan_ready" in line and key_file.read(house.file).keys[-1].name == "gone":
                key_file.revoke(house.file, "gone")
    assert (await house.api.http.get(path, headers=bearer(key))).status_code == 401
