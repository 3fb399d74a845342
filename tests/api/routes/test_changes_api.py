"""Changes over HTTP: takes, edits after the approval, staleness, pauses, revisions, several approvers."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from temporalio.client import Client

from activities.storage.bucket import Storage
from deploy.local import Stack
from tests.support.fakes import FakeActivities
from tests.support.servers.serving import Api, problem, serving
from tests.support.stack import use_s3
from tests.support.waiting import WITHIN
from workflows import keys


@pytest.fixture
def fake() -> FakeActivities:
    return FakeActivities(assets=2)


@pytest.fixture
async def api(client: Client, servers: Stack, storage: Storage, fake: FakeActivities) -> AsyncIterator[Api]:
    with pytest.MonkeyPatch.context() as patch:
        use_s3(patch, servers)
        async with fake.working(client), serving(client, {"GREENLIGHT_BUCKET": "tests"}) as api:
            yield api


def path(production_id: str, *rest: str) -> str:
    return "/".join(("/api/v1/productions", production_id, *rest))


async def ask(api: Api, method: str, where: str, body: Any = None, status: int = 202) -> dict[str, Any]:
    answer = await api.http.request(method, where, json=body)
    assert answer.status_code == status, answer.text
    return dict(answer.json())


async def edited(api: Api, production_id: str, *edits: dict[str, Any], **more: Any) -> httpx.Response:
    digest = (await api.get(production_id))["plan"]["digest"]
    body = {"plan_digest": digest, "edits": list(edits), "editor": "ana", **more}
    return await api.http.patch(path(production_id, "plan"), json=body)


async def again(api: Api, production_id: str, last: int) -> None:
    """Wait until the work after event `last` is delivered."""
    assert (await api.events(production_id, last))[-1].name == "done"


async def last_of(api: Api, production_id: str) -> int:
    return int((await api.get(production_id))["last_event_id"])


async def test_takes(api: Api) -> None:
    """Every take lists its inputs, its facts and its cost, and which one is in use."""
    production_id = await api.delivered(budget_usd="1")
    last = await last_of(api, production_id)
    regenerate = path(production_id, "assets", "text-1", "regenerate")
    await ask(api, "POST", regenerate, {"prompt": "louder", "count": 2, "requested_by": "ana"})
    await again(api, production_id, last)
    found = await ask(api, "GET", path(production_id, "assets", "text-1", "takes"), status=200)
    takes = found["takes"]
    assert [(t["number"], t["prompt"]) for t in takes] == [(1, "part 1"), (2, "louder"), (3, "louder")]
    assert [t["selected"] for t in takes] in ([False, True, False], [False, False, True])
    assert [t["billed_usd"] for t in takes] == ["0.0100"] * 3
    assert takes[1]["media_type"] == "text/plain"
    assert takes[1]["made_from"]["model"] == "fake/words"
    assert takes[0]["url"] == path(production_id, "assets", "text-1", "takes", "1", "media")
    none = problem(await api.http.get(path(production_id, "assets", "text-9", "takes")), 404)
    assert (none.type, none.errors[0].field) == ("urn:greenlight:problem:unknown-asset", "asset_id")


async def test_feedback_makes_the_prompt(api: Api, fake: FakeActivities) -> None:
    """Feedback becomes a new prompt; without a language model, or with both feedback and a prompt, it is refused."""
    production_id = await api.delivered(budget_usd="1")
    last = await last_of(api, production_id)
    regenerate = path(production_id, "assets", "text-1", "regenerate")
    both = problem(await api.http.post(regenerate, json={"feedback": "slower", "prompt": "x"}), 422)
    assert both.errors[0].field == "feedback"
    many = problem(await api.http.post(regenerate, json={"count": 11}), 422)
    assert (many.errors[0].field, many.errors[0].remedy) == ("count", "give at most 10")
    await ask(api, "POST", regenerate, {"feedback": "slower"})
    await again(api, production_id, last)
    assert (await api.get(production_id))["assets"][0]["prompt"] == "part 1, slower"


async def test_history(api: Api) -> None:
    """The history of a plan names the person, time and way of each change, before and after the approval."""
    production_id, _ = await api.planned(budget_usd="1")
    assert (
        await edited(api, production_id, {"op": "change", "asset_id": "text-1", "prompt": "sea"})
    ).status_code == 200
    revision = {"feedback": "shorter", "reviser": "ben"}
    revised = await ask(api, "POST", path(production_id, "revise"), revision, status=200)
    await api.approve(production_id, revised["digest"])
    await api.events(production_id)
    last = await last_of(api, production_id)
    drop = {"op": "drop", "asset_id": "text-2"}
    assert (await edited(api, production_id, drop, {"op": "title", "title": "Sea"})).status_code == 200
    await again(api, production_id, last)
    found = await ask(api, "GET", path(production_id, "plan", "history"), status=200)
    draft, edit, revise, after = found["versions"]
    assert [v["how"] for v in found["versions"]] == ["draft", "edit", "revise", "edit"]
    assert [v["by"] for v in (edit, revise, after)] == ["ana", "ben", "ana"]
    assert draft["changes"] == []
    assert edit["changes"] == [{"asset_id": "text-1", "field": "prompt", "before": "part 1", "after": "sea"}]
    assert {c["asset_id"] for c in revise["changes"]} == {"text-1", "text-2"}
    assert [c["after"] for c in after["changes"] if c["field"] == "title"] == ["Sea"]
    assert len({v["plan_digest"] for v in found["versions"]}) >= 3
    assert found["plan_digest"] == after["plan_digest"] == (await api.get(production_id))["plan"]["digest"]
    problem(await api.http.get(path("nobody", "plan", "history")), 404)


async def test_edit_after_delivery(api: Api) -> None:
    """A delivered production accepts edits: additions above the budget wait for the approvers, or for more money; a
    dropped asset is not used."""
    production_id = await api.delivered(budget_usd="0.02")
    last = await last_of(api, production_id)
    asset = {"asset_id": "text-9", "asset_type": "text", "role": "body", "prompt": "more"}
    add = {"op": "add", "asset": asset | {"provider": "fake", "model": "words"}}
    assert (await edited(api, production_id, add)).status_code == 200
    waits = {a["asset_id"]: a["attention"] for a in (await api.get(production_id))["assets"]}
    assert waits == {"text-1": None, "text-2": None, "text-9": "change_to_approve"}
    done = await edited(api, production_id, {"op": "drop", "asset_id": "text-1"}, budget_usd="0.05")
    assert done.status_code == 200, done.text
    await again(api, production_id, last)
    view = await api.get(production_id)
    assert (view["budget_usd"], view["deliverable"]["revision"]) == ("0.05", 2)
    states = {a["asset_id"]: (a["status"], a["takes"]) for a in view["assets"]}
    assert states == {"text-1": ("cancelled", 1), "text-2": ("completed", 1), "text-9": ("completed", 1)}
    assert len((await ask(api, "GET", path(production_id, "assets", "text-1", "takes"), status=200))["takes"]) == 1


async def test_refresh(api: Api) -> None:
    """A changed prompt makes its take stale, with the reason and the price; refresh remakes it within the cap."""
    production_id = await api.delivered(budget_usd="1")
    change = {"op": "change", "asset_id": "text-2", "prompt": "another"}
    assert (await edited(api, production_id, change)).status_code == 200
    record = (await api.get(production_id))["assets"][1]
    assert (record["stale"], record["stale_because"], record["refresh_usd"]) == (True, ["prompt"], "0.0100")
    takes = (await ask(api, "GET", path(production_id, "assets", "text-2", "takes"), status=200))["takes"]
    assert (takes[0]["stale"], takes[0]["stale_because"]) == (True, ["prompt"])
    refresh = path(production_id, "refresh")
    assert problem(await api.http.post(refresh, json={}), 422).errors[0].field == "max_usd"
    expensive = problem(await api.http.post(refresh, json={"max_usd": "0.0099"}), 409)
    assert expensive.errors[0].field == "max_usd"
    fresh = problem(await api.http.post(refresh, json={"max_usd": "1", "asset_ids": ["text-1"]}), 409)
    assert "text-1" in fresh.detail
    last = await last_of(api, production_id)
    await ask(api, "POST", refresh, {"max_usd": "0.01", "requested_by": "ana"})
    await again(api, production_id, last)
    record = (await api.get(production_id))["assets"][1]
    assert (record["stale"], record["take"], record["prompt"]) == (False, 2, "another")


async def test_pause_and_resume(api: Api, fake: FakeActivities) -> None:
    """A paused production starts nothing, names the person and the reason, and continues when it is resumed."""
    production_id, digest = await api.planned()
    pause, resume = path(production_id, "pause"), path(production_id, "resume")
    idle = problem(await api.http.post(resume, json={}), 409)
    assert idle.errors[0].remedy
    fake.hold("text-1")
    fake.hold("text-2")
    await api.approve(production_id, digest)
    await api.until(production_id, "asset_start")
    await ask(api, "POST", pause, {"paused_by": "ana", "reason": "wait"}, status=200)
    assert (await api.get(production_id))["paused"] == {"paused_by": "ana", "reason": "wait"}
    assert "ana" in problem(await api.http.post(pause, json={}), 409).detail
    fake.release("text-1")
    fake.release("text-2")
    await ask(api, "POST", resume, {"resumed_by": "ben"}, status=200)
    names = [e.name for e in await api.events(production_id)]
    assert names[-1] == "done"
    assert "paused" in names
    assert "resumed" in names
    assert (await api.get(production_id))["paused"] is None
    assert "delivered" in problem(await api.http.post(pause, json={}), 409).detail


async def test_stale_answer(api: Api, fake: FakeActivities) -> None:
    """An answer to an earlier item is refused, and changes nothing; the answer to the current one is accepted."""
    fake.fail = {"text-2"}
    production_id, digest = await api.planned(budget_usd="1")
    await api.approve(production_id, digest)
    await api.until(production_id, "needs_attention")
    old = (await api.get(production_id))["assets"][1]["waiting"]["id"]
    resolve = path(production_id, "assets", "text-2", "resolve")
    last = await last_of(api, production_id)
    await ask(api, "POST", resolve, {"action": "retry", "attention": old})
    async with api.watching(production_id, last) as stream:
        async for event in stream:
            if event.name == "needs_attention":
                break
    stale = problem(await api.http.post(resolve, json={"action": "accept_without", "attention": old}), 409)
    assert (stale.type, stale.errors[0].field) == ("urn:greenlight:problem:stale-attention", "attention")
    record = (await api.get(production_id))["assets"][1]
    assert record["attention"] == "asset_failed"
    now = record["waiting"]["id"]
    assert now > old
    await ask(api, "POST", resolve, {"action": "accept_without", "attention": now})
    assert (await api.events(production_id))[-1].name == "done"


async def test_two_approvers(api: Api) -> None:
    """With two approvers the first approval is kept and shown, the requester's and a second by the same person are
    refused."""
    policy = {"approvers": 2, "not_by_requester": True}
    production_id, digest = await api.planned(approval=policy, requester="cleo")
    refused = problem(await api.approve(production_id, digest, approver="cleo"), 409)
    assert refused.type == "urn:greenlight:problem:not-allowed"
    first = await api.approve(production_id, digest)
    assert first.json()["status"] == "awaiting_approval"
    view = await api.get(production_id)
    assert [a["approver"] for a in view["approvals"]] == ["ana"]
    assert view["waiting"]["reason"] == "approval"
    assert problem(await api.approve(production_id, digest), 409).errors[0].field == "approver"
    second = await api.approve(production_id, digest, approver="ben")
    assert second.json()["status"] == "producing"
    assert (await api.events(production_id))[-1].name == "done"


async def test_old_revisions(api: Api, storage: Storage, fake: FakeActivities) -> None:
    """Every revision of a deliverable is listed and stays downloadable, each with its own manifest."""
    production_id = await api.delivered(budget_usd="1")
    empty = await ask(api, "GET", path(production_id, "deliverables"), status=200)
    assert empty["revisions"] == []
    missing = problem(await api.http.get(path(production_id, "deliverable?revision=1&file=content.md")), 404)
    assert missing.errors[0].field == "revision"
    last = await last_of(api, production_id)
    await ask(api, "POST", path(production_id, "assets", "text-1", "regenerate"), {})
    await again(api, production_id, last)
    for revision in (1, 2):
        words = f"# revision {revision}".encode()
        await storage.put_bytes(keys.deliverable_key(production_id, revision, "content.md"), words, "text/markdown")
        picture = keys.deliverable_key(production_id, revision, "images/a b.png")
        await storage.put_bytes(picture, b"png", "image/png")
    found = await ask(api, "GET", path(production_id, "deliverables"), status=200)
    assert [r["revision"] for r in found["revisions"]] == [2, 1]
    first = found["revisions"][1]
    assert [(f["name"], f["bytes"]) for f in first["files"]] == [("content.md", 12), ("images/a b.png", 3)]
    async with httpx.AsyncClient(timeout=WITHIN) as outside:
        for file, content in zip(first["files"], (b"# revision 1", b"png"), strict=True):
            answer = await api.http.get(file["url"])
            assert answer.status_code == 307, answer.text
            assert (await outside.get(answer.headers["location"])).content == content
    wrong = problem(await api.http.get(path(production_id, "deliverable?revision=1&file=x")), 404)
    assert (wrong.errors[0].field, wrong.errors[0].remedy) == ("file", "choose from content.md, images/a b.png")
    late = problem(await api.http.get(path(production_id, "deliverable?revision=7")), 404)
    assert late.errors[0].remedy == "choose from 2, 1"
    unsaid = problem(await api.http.get(path(production_id, "deliverable?revision=1")), 404)
    assert unsaid.errors[0].field == "file"
    manifest = keys.deliverable_key(production_id, 1, "manifest.json")
    await storage.put_bytes(manifest, fake.manifests[production_id].model_dump_json().encode(), "application/json")
    main = await api.http.get(path(production_id, "deliverable?revision=1"))
    async with httpx.AsyncClient(timeout=WITHIN) as outside:
        assert (await outside.get(main.headers["location"])).content == b"# revision 1"
    problem(await api.http.get(path("nobody", "deliverables")), 404)
    problem(await api.http.get(path("nobody", "deliverable?revision=1")), 404)


async def read(api: Api, production_id: str, asked: str) -> bytes:
    """The bytes at a link of the API."""
    answer = await api.http.get(path(production_id, asked))
    assert answer.status_code == 307, answer.text
    async with httpx.AsyncClient(timeout=WITHIN, trust_env=False) as outside:
        return (await outside.get(answer.headers["location"])).content


async def test_the_record_selects_the_files_of_a_revision(api: Api, storage: Storage, fake: FakeActivities) -> None:
    """When two attempts stored files for one revision, every address leads to those of the record, stored last or not;
    for an earlier revision its own manifest names them."""
    fake.filesets = {1: "a" * 16, 2: "c" * 16}
    production_id = await api.delivered(budget_usd="1")

    async def stored(revision: int, fileset: str, name: str, data: bytes) -> None:
        await storage.put_bytes(keys.fileset_key(production_id, revision, fileset, name), data, "text/markdown")

    for fileset, data in (("0" * 16, b"# early"), ("a" * 16, b"# recorded"), ("b" * 16, b"# late")):
        await stored(1, fileset, "content.md", data)
    await stored(1, "b" * 16, "late.md", b"late")

    async def check() -> None:
        assert await read(api, production_id, "deliverable?revision=1&file=content.md") == b"# recorded"
        assert (await api.http.get(path(production_id, "deliverable/1/content.md"))).content == b"# recorded"
        problem(await api.http.get(path(production_id, "deliverable?revision=1&file=late.md")), 404)
        problem(await api.http.get(path(production_id, "deliverable/1/late.md")), 404)
        first = (await ask(api, "GET", path(production_id, "deliverables"), status=200))["revisions"][-1]
        files = [(f["name"], f["bytes"]) for f in first["files"] if f["name"] != "manifest.json"]
        assert files == [("content.md", len(b"# recorded"))]

    await check()
    kept, last = fake.manifests[production_id].model_dump_json().encode(), await last_of(api, production_id)
    await storage.put_bytes(keys.deliverable_key(production_id, 1, "manifest.json"), kept, "application/json")
    await ask(api, "POST", path(production_id, "assets", "text-1", "regenerate"), {})
    await again(api, production_id, last)
    await stored(2, "c" * 16, "content.md", b"# second")
    await check()
    assert await read(api, production_id, "deliverable?revision=2&file=content.md") == b"# second"


async def test_an_undelivered_revision_shows_the_last_files(api: Api, storage: Storage) -> None:
    """Of a revision that was never delivered, the files of the attempt that stored last are shown."""
    production_id = await api.delivered()
    before, after = (keys.fileset_key(production_id, 7, each * 16, "content.md") for each in "ba")
    await storage.put_bytes(before, b"# before", "text/markdown")
    await asyncio.sleep(1.1)  # S3 has timestamps of whole seconds
    await storage.put_bytes(after, b"# after", "text/markdown")
    assert await read(api, production_id, "deliverable?revision=7&file=content.md") == b"# after"


async def test_the_record_selects_the_media_of_a_take(api: Api, storage: Storage) -> None:
    """When two attempts stored media for one take, the link leads to the media in the record."""
    production_id = await api.delivered()
    prefix = keys.take_prefix(production_id, "text-1", 1)
    await storage.put_bytes(f"{prefix}/media.txt", b"recorded", "text/plain")
    await storage.put_bytes(keys.media_key(prefix, "txt", 2, "late"), b"late", "text/plain")
    assert await read(api, production_id, "assets/text-1/takes/1/media") == b"recorded"
