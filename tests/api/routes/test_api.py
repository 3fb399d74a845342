"""The HTTP surface on a real Temporal server, with real workers whose activities make nothing."""

import asyncio
from uuid import uuid4

import httpx
from temporalio.client import Client

from activities.storage.bucket import Storage
from tests.support.fakes import PROVIDER, FakeActivities
from tests.support.servers.serving import BRIEF, Api, path, problem, serving
from tests.support.waiting import WITHIN
from workflows import keys
from workflows.models import Modality


async def test_whole_life(api: Api, fake: FakeActivities) -> None:
    """One production over HTTP is started, approved, watched and read."""
    answer = await api.http.post("/api/v1/productions", json=BRIEF | {"title": "A saying"})
    production_id = answer.json()["production_id"]
    assert answer.status_code == 202
    assert answer.headers["location"] == path(production_id)
    ready = await api.until(production_id, "plan_ready")
    digest = ready.data["data"]["plan_digest"]
    view = await api.get(production_id)
    assert (view["status"], view["plan"]["digest"]) == ("awaiting_approval", digest)
    assert (view["plan"]["low_usd"], view["plan"]["high_usd"]) == ("0", "0.0300")
    assert view["links"]["temporal_ui"] == f"http://ui.example/namespaces/default/workflows/production-{production_id}"
    receipt = await api.approve(production_id, digest)
    assert receipt.json()["status"] == "producing"
    names = [e.name for e in await api.events(production_id)]
    assert names[:3] == ["plan_start", "plan_ready", "approved"]
    assert names[-1] == "done"
    view = await api.get(production_id)
    assert (view["status"], view["spent_usd"], view["last_event_id"]) == ("delivered", "0.0300", len(names))
    assert [a["asset_id"] for a in view["assets"]] == ["text-1", "text-2", "text-3"]
    assert view["assets"][0]["file_url"] == path(production_id, "assets", "text-1", "takes", "1", "media")
    assert view["deliverable"]["files"][0]["url"] == path(production_id, "deliverable?file=content.md")
    assert fake.manifests[production_id].status == "delivered"


async def test_a_key_identifies_one_production(api: Api) -> None:
    """The same Idempotency-Key identifies the same production, open or closed; another brief under it is refused."""
    headers = {"Idempotency-Key": uuid4().hex}
    first = await api.http.post("/api/v1/productions", json=BRIEF, headers=headers)
    again = await api.http.post("/api/v1/productions", json=BRIEF, headers=headers)
    production_id = first.json()["production_id"]
    assert again.status_code == 202
    assert again.json()["production_id"] == production_id
    await api.until(production_id, "plan_ready")
    await api.http.post(path(production_id, "reject"), json={})
    await api.events(production_id)
    closed = await api.http.post("/api/v1/productions", json=BRIEF, headers=headers)
    assert (closed.status_code, closed.json()["production_id"]) == (202, production_id)
    other = await api.http.post("/api/v1/productions", json=BRIEF | {"text": "Say another."}, headers=headers)
    assert problem(other, 409).errors[0].field == "Idempotency-Key"
    tenant = await api.http.post("/api/v1/productions", json=BRIEF | {"tenant": "other"}, headers=headers)
    assert tenant.json()["production_id"] != production_id


async def test_racing_starts_begin_one_production(api: Api) -> None:
    """Many concurrent starts under one key begin one production."""
    headers = {"Idempotency-Key": uuid4().hex}
    answers = await asyncio.gather(
        *(api.http.post("/api/v1/productions", json=BRIEF, headers=headers) for _ in range(10))
    )
    assert {a.status_code for a in answers} == {202}
    assert len({a.json()["production_id"] for a in answers}) == 1


async def test_an_unknown_production_is_a_404(api: Api) -> None:
    """Every request for an unknown production gets a 404."""
    digest = {"plan_digest": "d"}
    for answer in (
        await api.http.get(path("nobody")),
        await api.http.get(path("nobody", "events")),
        await api.http.get(path("nobody", "deliverable")),
        await api.http.get(path("nobody", "manifest")),
        await api.http.post(path("nobody", "approve"), json=digest),
        await api.http.post(path("nobody", "cancel")),
        await api.http.patch(path("nobody", "plan"), json=digest | {"edits": [{"op": "drop", "asset_id": "a"}]}),
        await api.http.post(path("nobody", "assets", "a", "regenerate"), json={}),
        await api.http.post("/api/v1/multimodal/execute-plan", json=digest | {"production_id": "nobody"}),
    ):
        assert problem(answer, 404).type == "urn:greenlight:problem:unknown-production"


async def test_another_digest_is_refused(api: Api) -> None:
    """An approval of another plan is refused with the digest of the current one."""
    production_id, digest = await api.planned()
    found = problem(await api.approve(production_id, "0" * 32), 409)
    assert (found.type, found.plan_digest) == ("urn:greenlight:problem:stale-digest", digest)
    assert (await api.get(production_id))["status"] == "awaiting_approval"


async def test_a_late_decision_is_refused(api: Api) -> None:
    """A decision after a rejection is refused with the reason."""
    production_id, digest = await api.planned()
    assert (await api.http.post(path(production_id, "reject"), json={"reason": "no"})).status_code == 200
    await api.events(production_id)
    for answer in (
        await api.approve(production_id, digest),
        await api.http.post(path(production_id, "revise"), json={"feedback": "more"}),
        await api.http.post(path(production_id, "assets", "text-1", "regenerate"), json={}),
    ):
        found = problem(answer, 409)
        assert "rejected" in found.detail


async def test_a_misspelt_field_releases_nothing(api: Api) -> None:
    """A misspelt budget releases nothing."""
    production_id, digest = await api.planned()
    found = problem(await api.approve(production_id, digest, buget_usd="1"), 422)
    assert found.errors[0].field == "buget_usd"
    assert (await api.get(production_id))["status"] == "awaiting_approval"


async def test_edits(api: Api) -> None:
    """A valid edit makes a new digest; one that breaks dependencies is refused and changes nothing."""
    production_id, digest = await api.planned()
    circle = [
        {"op": "change", "asset_id": "text-1", "depends_on": ["text-2"]},
        {"op": "change", "asset_id": "text-2", "depends_on": ["text-1"]},
    ]
    for edits, word in (
        (circle, "circle"),
        ([{"op": "change", "asset_id": "text-1", "depends_on": ["text-9"]}], "text-9"),
        ([{"op": "drop", "asset_id": "text-9"}], "text-9"),
        ([{"op": "change", "asset_id": "text-1", "provider": "nobody"}], "nobody"),
    ):
        body = {"plan_digest": digest, "edits": edits}
        assert word in problem(await api.http.patch(path(production_id, "plan"), json=body), 422).detail
    body = {"plan_digest": digest, "edits": [{"op": "drop", "asset_id": "text-3"}]}
    edited = await api.http.patch(path(production_id, "plan"), json=body)
    assert edited.status_code == 200
    assert (len(edited.json()["assets"]), edited.json()["high_usd"]) == (2, "0.0200")
    assert problem(await api.approve(production_id, digest), 409).plan_digest == edited.json()["digest"]


async def test_revise(api: Api) -> None:
    """Feedback makes another plan."""
    production_id, digest = await api.planned()
    revised = await api.http.post(path(production_id, "revise"), json={"feedback": "shorter"})
    assert revised.status_code == 200
    assert revised.json()["digest"] != digest
    assert revised.json()["assets"][0]["prompt"] == "part 1 · shorter"


async def test_a_modality_without_a_provider_is_refused(api: Api, fake: FakeActivities) -> None:
    """A modality without an enabled provider is refused with the brief, with the variables that enable one."""
    fake.enabled = (Modality.TEXT,)
    answer = await api.http.post("/api/v1/productions", json=BRIEF | {"platform": "social_post"})
    found = problem(answer, 422)
    assert (found.errors[0].field, found.errors[0].message) == ("modalities", "no provider is enabled for image")
    assert "FAKE_API_KEY" in found.errors[0].remedy


async def test_providers_and_platforms(api: Api) -> None:
    """The available models are those that the workers report."""
    report = (await api.http.get("/api/v1/providers")).json()
    assert report["enabled_providers"]["text"] == ["fake"]
    assert report["providers"][0]["models"][0]["model"] == "words"
    platforms = {p["platform"]: p for p in (await api.http.get("/api/v1/platforms")).json()["platforms"]}
    assert platforms["social_post"]["modalities"] == ["text", "image"]
    assert platforms["social_post"]["enabled_providers"] == {"text": ["fake"], "image": ["fake"]}


async def test_the_language_of_a_text(api: Api) -> None:
    """A client can read the language of a brief before it starts a production; it is null where it is not certain."""
    texts = ("Ein Film über einen Leuchtturm, der zum letzten Mal leuchtet.", "IKEA BILLY", "")
    answers = [await api.http.post("/api/v1/languages/detect", json={"text": text}) for text in texts]
    assert [answer.status_code for answer in answers] == [200, 200, 422]
    german = answers[0].json()
    assert (german["language"], german["name"]) == ("de", "German")
    assert 0.9 <= german["confidence"] <= 1
    assert german["alike"] == ["lb", "gsw"]
    assert answers[1].json() == {"language": None, "name": "", "confidence": 0.0, "alike": []}


async def test_cancel(api: Api, fake: FakeActivities) -> None:
    """A cancelled production keeps its finished takes, and is closed for decisions."""
    fake.hold("text-2")
    production_id, digest = await api.planned()
    await api.approve(production_id, digest)
    await api.until(production_id, "asset_complete")
    assert (await api.http.post(path(production_id, "cancel"))).status_code == 202
    assert (await api.events(production_id))[-1].name == "cancelled"
    view = await api.get(production_id)
    assert view["status"] == "cancelled"
    assert view["assets"][0]["status"] == "completed"
    again = problem(await api.http.post(path(production_id, "cancel")), 409)
    assert again.production_status == "cancelled"
    assert [(e.field, e.remedy) for e in again.errors] == [("production_id", "start a new one")]


async def test_resolve(api: Api, fake: FakeActivities) -> None:
    """A failed asset waits for a person, who decides over HTTP."""
    fake.fail = {"text-2"}
    production_id, digest = await api.planned()
    await api.approve(production_id, digest)
    await api.until(production_id, "needs_attention")
    resolve = path(production_id, "assets", "text-2", "resolve")
    accepted = await api.http.post(resolve, json={"action": "accept_without", "resolver": "ana"})
    assert accepted.status_code == 202, accepted.text
    assert (await api.events(production_id))[-1].name == "done"
    assert [a["status"] for a in (await api.get(production_id))["assets"]] == ["completed", "cancelled", "completed"]


async def test_a_delivered_production_is_reopened(api: Api) -> None:
    """A delivered production makes a new take and delivers again; the numbering of its events continues."""
    production_id = await api.delivered(budget_usd="1")
    last = (await api.get(production_id))["last_event_id"]
    regenerate = path(production_id, "assets", "text-1", "regenerate")
    unknown = await api.http.post(path(production_id, "assets", "text-9", "regenerate"), json={})
    assert problem(unknown, 404).type == "urn:greenlight:problem:unknown-asset"
    assert (await api.http.post(regenerate, json={"prompt": "another"})).status_code == 202
    events = await api.events(production_id, last)
    assert [e.id for e in events] == list(range(last + 1, last + len(events) + 1))
    assert events[-1].name == "done"
    view = await api.get(production_id)
    assert (view["assets"][0]["take"], view["assets"][0]["prompt"]) == (2, "another")
    assert view["deliverable"]["revision"] == 2
    select = path(production_id, "assets", "text-1", "select")
    missing = problem(await api.http.post(select, json={"take": 9}), 404)
    assert missing.type == "urn:greenlight:problem:unknown-take"
    assert (await api.http.post(select, json={"take": 1})).status_code == 202
    await api.events(production_id)
    assert (await api.get(production_id))["assets"][0]["take"] == 1


async def test_list(api: Api) -> None:
    """Productions are found by tenant, status, platform and provider, page by page; open ones come newest first."""
    tenant = f"t-{uuid4().hex[:8]}"
    ids = [(await api.planned(tenant=tenant))[0] for _ in range(3)]
    found: list[str] = []
    token: str | None = None
    while True:
        asked = {"tenant": tenant, "page_size": "2", "status": "awaiting_approval", "platform": "copy"}
        asked["provider"] = PROVIDER
        page = (
            await api.http.get("/api/v1/productions", params=asked | ({"page_token": token} if token else {}))
        ).json()
        found += [p["production_id"] for p in page["productions"]]
        token = page["next_page_token"]
        if not token:
            break
    assert found == ids[::-1]
    for other in ({"status": "delivered"}, {"provider": "other"}):
        none = await api.http.get("/api/v1/productions", params={"tenant": tenant, **other})
        assert none.json()["productions"] == []


async def test_list_is_searched(api: Api) -> None:
    """A search finds productions by title, id and requester, in any letter case, also behind pages without a match."""
    tenant, ids = f"t-{uuid4().hex[:8]}", []
    for title, requester in (("Night train", "ana"), ("Day boat", "ben"), ("Night bus", "ben"), ("Tram", "ana")):
        ids.append((await api.planned(tenant=tenant, title=title, requester=requester))[0])

    async def found(words: str) -> list[str]:
        pages, token = [], ""
        while True:
            asked = {"tenant": tenant, "words": words, "page_size": "1", **({"page_token": token} if token else {})}
            page = (await api.http.get("/api/v1/productions", params=asked)).json()
            pages += [p["production_id"] for p in page["productions"]]
            if not (token := page["next_page_token"]):
                return pages

    assert await found("nIGHT") == [ids[2], ids[0]]
    assert await found("night ana") == [ids[0]]
    assert await found(ids[1]) == [ids[1]]
    assert await found("zeppelin") == []


async def test_a_reopened_production_keeps_its_place(api: Api, fake: FakeActivities) -> None:
    """Productions have the titles of their plans; one that is reopened keeps its age and stays behind newer ones."""
    tenant = f"t-{uuid4().hex[:8]}"
    old = await api.delivered(tenant=tenant, budget_usd="1")
    new, _ = await api.planned(tenant=tenant)
    asked = {"tenant": tenant}
    fake.hold("text-1")
    regenerate = path(old, "assets", "text-1", "regenerate")
    assert (await api.http.post(regenerate, json={})).status_code == 202
    async with asyncio.timeout(WITHIN):
        while True:  # the list follows a change by a moment
            listed = (await api.http.get("/api/v1/productions", params=asked)).json()["productions"]
            if listed[-1]["status"] == "producing" and {p["title"] for p in listed} == {"A plan"}:
                break
    fake.release("text-1")
    assert [p["production_id"] for p in listed] == [new, old]
    assert listed[-1]["created_at"] == (await api.get(old))["created_at"] < listed[0]["created_at"]
    await api.events(old)


async def test_no_worker(client: Client) -> None:
    """Without a worker a production is started all the same; a request that needs one gets a 503 with that reason, in
    seconds."""
    async with serving(client, {}) as api:
        production_id, other = await asyncio.gather(api.start(), api.start())
        cancelled, *answers = await asyncio.gather(
            api.http.post(path(other, "cancel")),
            api.http.get(path(production_id)),
            api.http.post(path(production_id, "approve"), json={"plan_digest": "d"}),
            api.http.get("/api/v1/providers"),
            api.http.post("/api/v1/generate", json={"brief": BRIEF, "max_usd": "1"}),
        )
        for answer in answers:
            assert "python -m worker" in problem(answer, 503).detail
        assert cancelled.status_code == 202


async def test_a_terminated_production_is_failed(api: Api, client: Client, fake: FakeActivities) -> None:
    """A production that an operator terminated has the status failed, with its last known record."""
    production_id, _ = await api.planned()
    await client.get_workflow_handle(keys.workflow_id(production_id)).terminate("out of order")
    view = await api.get(production_id)
    assert (view["status"], view["plan"]["title"]) == ("failed", "A plan")
    assert [e.name for e in await api.events(production_id)] == ["plan_start", "plan_ready"]


async def test_media(api: Api, storage: Storage) -> None:
    """Media, deliverable and manifest are links into the storage that work without our keys."""
    production_id = await api.delivered()
    take = keys.take_prefix(production_id, "text-1", 1)
    await storage.put_bytes(f"{take}/media.txt", b"a take", "text/plain")
    await storage.put_bytes(keys.deliverable_key(production_id, 1, "content.md"), b"# done", "text/markdown")
    await storage.put_bytes(keys.manifest_key(production_id), b"{}", "application/json")
    async with httpx.AsyncClient(timeout=WITHIN) as outside:
        for asked, content, name in (
            ("assets/text-1/takes/1/media", b"a take", "text-1-take-1.txt"),
            ("deliverable", b"# done", "content.md"),
            ("deliverable?file=content.md", b"# done", "content.md"),
            ("manifest", b"{}", f"{production_id}-manifest.json"),
        ):
            answer = await api.http.get(path(production_id, asked))
            assert answer.status_code == 307, answer.text
            media = await outside.get(answer.headers["location"])
            assert media.content == content
            assert media.headers["content-disposition"] == f'inline; filename="{name}"'
    for asked in ("assets/text-1/takes/2/media", "assets/text-9/takes/1/media", "deliverable?file=x.mp4"):
        problem(await api.http.get(path(production_id, asked)), 404)


async def test_no_deliverable_yet(api: Api) -> None:
    """Before the end there is no deliverable, and the response gives the status of the production."""
    production_id, _ = await api.planned()
    found = problem(await api.http.get(path(production_id, "deliverable")), 409)
    assert found.production_status == "awaiting_approval"
    assert [(e.field, e.remedy) for e in found.errors] == [("production_id", "wait for the event `done`")]


async def test_reads_after_retention(api: Api, fake: FakeActivities, client: Client, storage: Storage) -> None:
    """When Temporal has deleted a production, its manifest is still served, events too."""
    production_id = await api.delivered()
    kept = fake.manifests[production_id].model_copy(update={"production_id": "forgotten"})
    await storage.put_bytes(keys.manifest_key("forgotten"), kept.model_dump_json().encode(), "application/json")
    view = await api.get("forgotten")
    assert (view["status"], len(view["assets"])) == ("delivered", 3)
    assert [e.id for e in await api.events("forgotten", 3)] == [e.id for e in kept.events if e.id > 3]


async def test_changes_after_retention(api: Api, fake: FakeActivities, storage: Storage) -> None:
    """A production is reopened from its manifest alone: one take is made, and the event numbers continue."""
    production_id = await api.delivered(budget_usd="5")
    kept = fake.manifests[production_id].model_copy(update={"production_id": "remembered"})
    await storage.put_bytes(keys.manifest_key("remembered"), kept.model_dump_json().encode(), "application/json")
    made = len(fake.produced)
    asked = await api.http.post("/api/v1/productions/remembered/assets/text-1/regenerate", json={"prompt": "anew"})
    assert asked.status_code == 202
    events = await api.events("remembered", kept.events[-1].id)
    assert [e.id for e in events] == list(range(kept.events[-1].id + 1, kept.events[-1].id + len(events) + 1))
    assert events[-1].name == "done"
    view = await api.get("remembered")
    assert (view["assets"][0]["take"], view["assets"][0]["prompt"], view["deliverable"]["revision"]) == (2, "anew", 2)
    assert len(fake.produced) == made + 1


async def test_ready(api: Api) -> None:
    """With both servers available, the API is ready."""
    assert (await api.http.get("/readyz")).json() == {"ready": True, "checks": {"temporal": "ok", "storage": "ok"}}
