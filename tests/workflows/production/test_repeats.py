"""Repeated starts and requests: after retention, after a reset, under the same key, and from several callers."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from temporalio.client import Client, WorkflowFailureError

from activities.storage.bucket import Storage
from api.problems import Problem
from api.temporal import productions
from api.temporal.outcomes import await_update
from deploy.local import Stack
from tests.support.fakes import FakeActivities
from tests.support.productions import Productions, names
from tests.support.servers.serving import Api, problem, serving
from tests.support.stack import use_s3
from tests.support.waiting import eventually
from tests.workflows.production.repeats import (
    BRIEF,
    batch_done,
    delivered,
    done,
    forget,
    path,
    post,
    regenerate,
    rerun,
    reset_to_start,
)
from workflows import keys
from workflows.brief import Brief
from workflows.events import ProductionStart, Snapshot
from workflows.production.workflow import ProductionWorkflow
from workflows.refusals import refusal_in
from workflows.requests import Regenerate


@pytest.fixture
def fake(storage: Storage) -> FakeActivities:
    fake = FakeActivities(assets=2)
    fake.keep_in(storage)
    return fake


@pytest.fixture
async def api(client: Client, servers: Stack, fake: FakeActivities) -> AsyncIterator[Api]:
    with pytest.MonkeyPatch.context() as patch:
        use_s3(patch, servers)
        async with fake.working(client), serving(client, {"GREENLIGHT_BUCKET": "tests"}) as api:
            yield api


# Starts


async def test_a_key_outlives_retention(api: Api, client: Client, fake: FakeActivities, storage: Storage) -> None:
    """After retention a key still identifies its production: the same brief returns it unchanged, another brief gets a
    409."""
    key = uuid4().hex
    production_id = await delivered(api, key)
    before, made = await storage.get_bytes(keys.manifest_key(production_id)), list(fake.produced)
    await forget(client, keys.workflow_id(production_id))
    again = await post(api, "/api/v1/productions", BRIEF, key)
    assert (again.status_code, again.json()["production_id"]) == (202, production_id)
    assert again.json()["status"] == "delivered"
    other = problem(await post(api, "/api/v1/productions", BRIEF | {"text": "Say another."}, key), 409)
    assert other.type == "urn:greenlight:problem:key-used"
    planned = await post(api, "/api/v1/multimodal/plan", BRIEF | {"text": "Say another."}, key)
    assert problem(planned, 409).type == "urn:greenlight:problem:key-used"
    assert (await api.get(production_id))["status"] == "delivered"
    assert await storage.get_bytes(keys.manifest_key(production_id)) == before
    assert fake.produced == made


async def test_generate_again_after_retention(api: Api, client: Client, fake: FakeActivities) -> None:
    """A /generate that is repeated after retention returns the delivered production and makes nothing."""
    key, body = uuid4().hex, {"brief": BRIEF, "max_usd": "0.50"}
    first = await post(api, "/api/v1/generate", body, key)
    production_id = first.json()["production_id"]
    await done(api, production_id)
    made = list(fake.produced)
    await forget(client, keys.workflow_id(production_id))
    again = await post(api, "/api/v1/generate", body, key)
    assert (again.status_code, again.json()["status"]) == (202, "delivered")
    assert fake.produced == made
    other = await post(api, "/api/v1/generate", body | {"max_usd": "0.40"}, key)
    assert problem(other, 409).type == "urn:greenlight:problem:key-used"


async def test_a_start_without_the_api(api: Api, client: Client, fake: FakeActivities, storage: Storage) -> None:
    """A run that starts under an existing id without the API ends with the result of the manifest, or is refused for
    another brief."""
    production_id = await delivered(api, uuid4().hex)
    before, made = await storage.get_bytes(keys.manifest_key(production_id)), list(fake.produced)
    for text in ("Say it.", "Say another."):
        await forget(client, keys.workflow_id(production_id))
        handle = await client.start_workflow(
            ProductionWorkflow.run,
            ProductionStart(production_id=production_id, brief=Brief.model_validate(BRIEF | {"text": text})),
            id=keys.workflow_id(production_id),
            task_queue=keys.TASK_QUEUE,
        )
        if text == BRIEF["text"]:
            ended: Snapshot = await handle.result()
            assert (ended.status, names(ended)[-1]) == ("delivered", "done")
        else:
            with pytest.raises(WorkflowFailureError) as failed:
                await handle.result()
            refusal = refusal_in(failed.value.cause)
            assert refusal is not None
            assert refusal.kind == "id_used"
        assert (await api.get(production_id))["status"] == "delivered"
    assert await storage.get_bytes(keys.manifest_key(production_id)) == before
    assert fake.produced == made
    assert (await regenerate(api, production_id)).status_code == 202  # the refused run does not block the id
    assert (await done(api, production_id))["assets"][0]["takes"] == 2


async def test_a_cancel_before_the_manifest_is_read(client: Client, fake: FakeActivities, api: Api) -> None:
    """A run under an existing id that is cancelled before it has read the manifest changes nothing of the
    production."""
    production_id = await delivered(api, uuid4().hex)
    await forget(client, keys.workflow_id(production_id))
    handle = await client.start_workflow(
        ProductionWorkflow.run,
        ProductionStart(production_id=production_id, brief=Brief.model_validate(BRIEF)),
        id=keys.workflow_id(production_id),
        task_queue=keys.TASK_QUEUE,
    )
    await handle.cancel()
    ended: Snapshot = await handle.result()
    assert ended.status == "delivered"
    assert fake.manifests[production_id].status == "delivered"


async def test_a_reset_to_the_start(api: Api, client: Client) -> None:
    """A production that is reset to its first event is planned again and waits for approval."""
    production_id = await delivered(api, uuid4().hex)
    await reset_to_start(client, production_id)

    async def planned() -> bool | None:
        return (await api.get(production_id))["status"] == "awaiting_approval" or None

    await eventually(planned)
    await api.approve(production_id, (await api.get(production_id))["plan"]["digest"])
    assert (await done(api, production_id))["deliverable"]["revision"] == 1


async def test_reopening_from_an_old_record(
    api: Api, client: Client, fake: FakeActivities, productions: Productions
) -> None:
    """A production that is reopened with an old record continues from its newest manifest, and nothing is lost."""
    production_id = await delivered(api, uuid4().hex)
    old = await client.get_workflow_handle(keys.workflow_id(production_id), result_type=Snapshot).result()
    for _ in range(2):
        assert (await regenerate(api, production_id)).status_code == 202
        newest = await done(api, production_id)
    await productions.reopen(old, ProductionWorkflow.regenerate, Regenerate(asset_id="text-1"))
    found = await done(api, production_id)
    assert found["assets"][0]["takes"] == 4
    assert found["last_event_id"] > newest["last_event_id"]
    snapshot = await client.get_workflow_handle(keys.workflow_id(production_id), result_type=Snapshot).result()
    assert [t.number for t in snapshot.assets["text-1"].takes] == [1, 2, 3, 4]
    names(snapshot)


# Batches


async def test_a_batch_again_after_retention(api: Api, client: Client, fake: FakeActivities) -> None:
    """A batch that is sent again after retention starts nothing, even when Temporal has deleted its workflows."""
    batch_id, rows = uuid4().hex, [{"key": f"key-{n}", "brief": {"text": f"Say {n}."}} for n in (1, 2)]
    body = {"rows": rows, "defaults": {"platform": "copy"}, "batch_id": batch_id, "approve": True, "budget_usd": "1"}
    assert (await post(api, "/api/v1/batches", body)).status_code == 202
    view = await batch_done(api, batch_id)
    made, ids = list(fake.produced), [row["production_id"] for row in view["rows"]]
    await forget(client, keys.batch_workflow_id(batch_id))
    assert (await post(api, "/api/v1/batches", body)).json()["status"] == "done"
    assert (await api.http.get(f"/api/v1/batches/{batch_id}")).json() == view
    other = body | {"rows": [{"key": "key-1", "brief": {"text": "Say another."}}]}
    assert problem(await post(api, "/api/v1/batches", other), 409).type == "urn:greenlight:problem:batch-used"
    for production_id in ids:
        await forget(client, keys.workflow_id(production_id))
    unkept = await rerun(client, batch_id, ids, [f"Say {n}." for n in (1, 2)])
    assert [str(row.status) for row in unkept.rows] == ["delivered", "delivered"]
    others = await rerun(client, uuid4().hex, ids, ["Say 1.", "Say another."])
    assert [str(row.status) for row in others.rows] == ["delivered", "failed"]
    assert "another brief" in others.rows[1].error
    assert fake.produced == made


# Requests with a key


async def test_a_repeated_regenerate_is_made_once(api: Api, client: Client, fake: FakeActivities) -> None:
    """A regenerate that is repeated under its key gets the same response and makes nothing: at once, concurrently,
    after the production was closed and after retention; with another body it is refused."""
    production_id = await delivered(api, uuid4().hex)
    key = uuid4().hex
    first, second = await asyncio.gather(
        regenerate(api, production_id, key, feedback="warmer"), regenerate(api, production_id, key, feedback="warmer")
    )
    assert (first.status_code, second.status_code) == (202, 202), (first.text, second.text)
    assert first.json() == second.json()
    view = await done(api, production_id)
    assert view["assets"][0]["takes"] == 2
    assert len(fake.rewritten) == 1
    assert (await regenerate(api, production_id, key, feedback="warmer")).json() == first.json()
    other = problem(await regenerate(api, production_id, key, feedback="colder"), 409)
    assert (other.type, other.errors[0].field) == ("urn:greenlight:problem:key-used", "Idempotency-Key")
    await forget(client, keys.workflow_id(production_id))
    assert (await regenerate(api, production_id, key, feedback="warmer")).json() == first.json()
    assert (await regenerate(api, production_id, uuid4().hex)).status_code == 202
    again = await regenerate(api, production_id, key, feedback="warmer")  # while it is open, or closed again
    assert again.json() == first.json()
    assert (await done(api, production_id))["assets"][0]["takes"] == 3
    assert len(fake.rewritten) == 1


async def test_a_billed_refusal_is_repeated(api: Api, fake: FakeActivities) -> None:
    """A request that was refused after a payment is refused again under its key without another payment; a refusal
    without cost is not recorded."""
    production_id = await delivered(api, uuid4().hex)
    fake.price_usd *= 1000
    key = uuid4().hex
    for _ in range(2):
        refused = problem(await regenerate(api, production_id, key, feedback="warmer"), 409)
        assert refused.type == "urn:greenlight:problem:budget-short"
    assert len(fake.rewritten) == 1
    free = uuid4().hex
    assert problem(await regenerate(api, production_id, free), 409).type == "urn:greenlight:problem:budget-short"
    fake.price_usd /= 1000
    assert (await regenerate(api, production_id, free)).status_code == 202


@pytest.mark.parametrize("what", ["approve", "edit", "revise", "execute-plan"])
async def test_a_repeated_decision_counts_once(api: Api, what: str) -> None:
    """A decision about a plan that is repeated under its key gets the same response, even when the plan has changed."""
    production_id, digest = await api.planned(budget_usd="1")
    key = {"Idempotency-Key": uuid4().hex}
    edit = {"plan_digest": digest, "edits": [{"op": "change", "asset_id": "text-1", "prompt": "sea"}]}
    approval = {"plan_digest": digest, "approver": "ana"}

    async def ask(**other: Any) -> httpx.Response:
        match what:
            case "approve":
                return await api.http.post(path(production_id, "approve"), json=approval | other, headers=key)
            case "edit":
                return await api.http.patch(path(production_id, "plan"), json=edit | other, headers=key)
            case "revise":
                body = {"feedback": "shorter"} | other
                return await api.http.post(path(production_id, "revise"), json=body, headers=key)
            case _:
                body = approval | {"production_id": production_id} | other
                return await api.http.post("/api/v1/multimodal/execute-plan", json=body, headers=key)

    first = await ask()
    events = (await api.get(production_id))["last_event_id"]
    again = await ask()
    assert (first.status_code, again.status_code) == (200, 200), (first.text, again.text)
    if what == "execute-plan":
        assert first.text.partition("event: approved")[2] == again.text.partition("event: approved")[2] != ""
    else:
        assert again.json() == first.json()
    if what in ("edit", "revise"):
        assert (await api.get(production_id))["last_event_id"] == events
    who = {"edit": {"editor": "ben"}, "revise": {"reviser": "ben"}}.get(what, {"approver": "ben"})
    assert problem(await ask(**who), 409).type == "urn:greenlight:problem:key-used"
    if what == "edit":
        newer = {"plan_digest": first.json()["digest"], "edits": [{"op": "title", "title": "Sea"}]}
        assert (await api.http.patch(path(production_id, "plan"), json=newer)).status_code == 200
        assert problem(await ask(), 409).type == "urn:greenlight:problem:stale-digest"


async def test_a_repeated_upload_is_one_take(api: Api) -> None:
    """A file that is sent twice under a key is one take; another file under it is refused."""
    production_id = await delivered(api, uuid4().hex)
    where, key = path(production_id, "assets", "text-1", "takes"), {"Idempotency-Key": uuid4().hex}
    first = await api.http.post(where, content=b"own words", headers=key)
    again = await api.http.post(where, content=b"own words", headers=key)
    assert (first.status_code, again.json()) == (202, first.json())
    other = problem(await api.http.post(where, content=b"other words", headers=key), 409)
    assert other.type == "urn:greenlight:problem:key-used"
    assert (await done(api, production_id))["assets"][0]["takes"] == 2


async def test_a_repeated_admission_counts_once(api: Api, client: Client) -> None:
    """An admission that is repeated under its key changes nothing, even after the batch is done; another body is
    refused."""
    rows = [{"key": "key-1", "brief": {"text": "Say it."}}]
    batch_id = uuid4().hex
    await post(api, "/api/v1/batches", {"rows": rows, "defaults": {"platform": "copy"}, "batch_id": batch_id})
    where, key = f"/api/v1/batches/{batch_id}/admit", uuid4().hex
    assert (await post(api, where, {"budget_usd": "1"}, key)).status_code == 200
    assert problem(await post(api, where, {"budget_usd": "2"}, key), 409).type == "urn:greenlight:problem:key-used"
    await batch_done(api, batch_id)
    assert (await post(api, where, {"budget_usd": "1"}, key)).json()["status"] == "done"
    await forget(client, keys.batch_workflow_id(batch_id))
    assert (await post(api, where, {"budget_usd": "1"}, key)).json()["status"] == "done"
    assert problem(await post(api, where, {"budget_usd": "2"}, key), 409).type == "urn:greenlight:problem:key-used"


# Reopening


async def test_slow_feedback_is_awaited(api: Api, fake: FakeActivities) -> None:
    """The API waits for feedback on a delivered production longer than a worker has to accept it."""
    production_id = await delivered(api, uuid4().hex)
    fake.hold("rewriting")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(productions, "ACCEPT_TIMEOUT", timedelta(seconds=10))
        asked = asyncio.create_task(regenerate(api, production_id, feedback="warmer"))
        await asyncio.sleep(11)
        assert not asked.done()
        fake.release("rewriting")
        answer = await asked
    assert answer.status_code == 202, answer.text
    assert (await done(api, production_id))["assets"][0]["takes"] == 2


async def test_concurrent_reopenings(api: Api) -> None:
    """Each of many callers that reopen a delivered production concurrently gets its take or the reason for a
    refusal."""
    production_id = await delivered(api, uuid4().hex)
    answers = await asyncio.gather(
        *(post(api, path(production_id, "assets", asset_id, "regenerate"), {}) for asset_id in ("text-1", "text-2") * 3)
    )
    accepted = [a for a in answers if a.status_code == 202]
    assert len(accepted) >= 2, [a.text for a in answers]
    for answer in answers:
        if answer.status_code != 202:
            assert "queued or being made" in problem(answer, 409).detail
    view = await done(api, production_id)
    assert sum(a["takes"] for a in view["assets"]) == 2 + len(accepted)


class _Slow:
    """An update that a worker has accepted and does not finish."""

    async def result(self) -> None:
        await asyncio.Event().wait()


async def test_an_accepted_slow_request_is_not_reported_as_lost() -> None:
    """When a worker accepted a request and exceeds the time limit, the response says that, and not that there is no
    worker."""

    async def taken_up() -> Any:
        return _Slow()

    with pytest.raises(Problem) as caught:
        await await_update(taken_up, 0.01)
    assert (caught.value.status_code, caught.value.problem.title) == (503, "Still working")
    assert "Retry-After" not in (caught.value.headers or {})

    async def never() -> Any:
        await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await await_update(never, 0.01)
