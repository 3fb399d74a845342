"""Tenants on a real Temporal, S3 and worker: no data of one tenant is visible to another."""

import re
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api.auth.tenants import COPY, HOLDERS, House, Property, bodies, filled, routes
from tests.support.servers.serving import problem
from tests.support.waiting import WITHIN, eventually
from workflows import keys


@pytest.mark.parametrize("thief", ["bob", "dora"])
async def test_data_of_another_tenant_is_a_404(house: House, acme: Property, thief: str) -> None:
    """On every route with an id, the response for data of another tenant equals that for missing data."""
    body, asked = bodies(), 0
    before = (await house.ask("rita", "GET", f"/productions/{acme.production}")).json()
    tenant = HOLDERS[thief][0]
    for method, path in routes():
        named = re.search(r"\{(production|batch|schedule|memo|session|delivery|evaluation)_id\}", path)
        if not named or path.endswith("/execute"):  # of agents alone
            continue
        asked += 1
        answers = []
        nothing = "acme.nothing"
        for ids in (
            (acme.production, acme.batch, acme.schedule),
            (nothing, nothing, nothing),
            (keys.qualify_id(tenant, "nothing"),) * 3,
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


async def test_owners_read_all_their_data(house: House, acme: Property) -> None:
    """The owner reads the data on every GET route, and by media, archive, manifest and stream too."""
    for method, path in routes():
        if method != "GET" or "{" not in path or "session" in path or "studio" in path:
            continue
        answer = await house.ask("adam", method, filled(path, acme.production, acme.batch, acme.schedule, acme.asset))
        if "/evaluations/{" in path or "/optimisations/{" in path:
            assert problem(answer, 404), path  # acme has none
            continue
        if path.endswith("/data"):
            assert problem(answer, 404).type.endswith("no-data")  # the take of a picture by previz
            continue
        if "/references/" in path:
            assert problem(answer, 404), path  # the production has no reference, and no upload is open
            continue
        if "/voice-memos/" in path:
            assert problem(answer, 404).type.endswith("unknown-voice-memo")  # it was not started from a memo
            continue
        if path.endswith("/export"):
            assert problem(answer, 409).type.endswith("no-timeline")  # the deliverable is no film
            continue
        assert answer.status_code in (200, 307), f"{path}: {answer.text}"
        if answer.status_code == 307:
            async with httpx.AsyncClient(timeout=WITHIN, trust_env=False) as outside:
                assert (await outside.get(answer.headers["location"])).status_code == 200
    for kept, listed in ((acme.batch, "batches"), (acme.schedule, "schedules")):
        name = kept.removeprefix("acme.")
        assert name != kept
        answer = await house.ask("adam", "GET", f"/{listed}/{name}")  # an id of the default tenant needs no prefix
        assert kept in answer.text


async def test_lists_contain_one_tenant(house: House, acme: Property) -> None:
    """Lists contain the caller's own data, and no data of other tenants, whatever the filter."""
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


async def test_a_picture_of_another_tenant_is_missing(house: House, acme: Property) -> None:
    """A stored picture is used by its own tenant; for another tenant it is missing."""
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


async def test_a_production_belongs_to_the_tenant_of_the_key(house: House) -> None:
    """A production that a key starts belongs to its tenant, also under another person's name or key; another tenant in
    the body is refused."""
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


async def test_batches_and_schedules_keep_their_tenant(house: House, acme: Property) -> None:
    """Productions of batches, schedules and previews have the name of their tenant."""
    row = (await house.ask("rita", "GET", f"/batches/{acme.batch}")).json()["rows"][0]
    assert row["production_id"].startswith("acme.")
    assert (await house.ask("olga", "POST", f"/schedules/{acme.schedule}/run")).status_code == 202

    async def ran() -> str | None:
        recent = (await house.ask("olga", "GET", f"/schedules/{acme.schedule}")).json()["recent"]
        return str(recent[0]["production_id"]) if recent else None

    started = await eventually(ran)
    assert started.startswith(f"{acme.schedule}-")
    await house.until("rita", started, "awaiting_approval")
    preview = (await house.ask("adam", "POST", f"/productions/{started}/preview")).json()["production_id"]
    assert preview.startswith(f"{acme.schedule}-")
    assert "-preview-" in preview
    for name in ("rita", "adam"):
        found = (await house.ask(name, "GET", f"/productions/{started}")).json()
        assert (found["preview"], found["status"]) == (preview, "awaiting_approval")
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
async def test_ids_cannot_imitate_another_tenant(
    house: House, name: str, path: str, body: dict[str, Any], field: str
) -> None:
    """A name that people choose can neither match another tenant's nor be too long with the tenant's own prefix."""
    assert problem(await house.ask(name, "POST", path, json=body), 422).errors[0].field == field
