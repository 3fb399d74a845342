"""Versions of prompts and their optimisation over HTTP, with the product's own workers and an emulated vendor."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client

from activities.production import Activities
from activities.providers.registry import build_providers
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from deploy.local import Stack
from tests.activities.optimisation.test_optimisation import MODEL, SECRET, Voices, cases
from tests.support.servers.serving import Api, serving
from tests.support.stack import use_s3
from tests.support.vendors import env_of
from tests.support.waiting import eventually
from worker.settings import WorkerSettings
from worker.workers import make_workers
from workflows.prompts.built_in import BUILT_IN

PATH = "/api/v1/prompts"


@pytest.fixture
async def api(client: Client, storage: Storage, servers: Stack) -> AsyncIterator[Api]:
    """The API without workers: versions need none."""
    with pytest.MonkeyPatch.context() as patch:
        use_s3(patch, servers)
        async with serving(client, {"GREENLIGHT_BUCKET": "tests"}) as api:
            yield api


@pytest.fixture
def tenant() -> str:
    return f"t{uuid4().hex[:8]}"


async def post(api: Api, path: str, **body: Any) -> dict[str, Any]:
    answer = await api.http.post(path, json=body)
    assert answer.status_code in (200, 201, 202), answer.text
    return dict(answer.json())


async def test_a_version_is_used_and_rolled_back(api: Api, tenant: str) -> None:
    """A stored version is in use only after somebody says so; each rollback returns to the version before."""
    first = await post(api, f"{PATH}/delivery/versions", text=" The feeling first. ", tenant=tenant, requester="ana")
    again = await post(api, f"{PATH}/delivery/versions", text="The feeling first.", tenant=tenant)
    second = await post(api, f"{PATH}/delivery/versions", text="Pace first.", tenant=tenant)
    assert (first["version"], again["version"], second["version"], first["in_use"]) == (1, 1, 2, False)
    shown = await api.http.get(f"{PATH}/delivery/versions/0", params={"tenant": tenant})
    assert (shown.json()["text"], shown.json()["in_use"]) == (BUILT_IN["delivery"], True)
    for version in (1, 2):
        used = await post(api, f"{PATH}/delivery/use", version=version, tenant=tenant, requester="ana")
        assert (used["version"], used["chosen_by"], used["before"]) == (version, "ana", version - 1)
    assert [v["version"] for v in used["versions"]] == [2, 1, 0]
    back = [(await post(api, f"{PATH}/delivery/rollback", tenant=tenant))["version"] for _ in range(2)]
    assert back == [1, 0]
    nothing = await api.http.post(f"{PATH}/delivery/rollback", json={"tenant": tenant})
    assert (nothing.status_code, nothing.json()["errors"][0]["field"]) == (409, "name")
    unknown = await api.http.post(f"{PATH}/delivery/use", json={"version": 9, "tenant": tenant})
    assert unknown.status_code == 404
    others = (await api.http.get(PATH, params={"tenant": f"{tenant}x"})).json()["prompts"]
    assert [(p["version"], len(p["versions"])) for p in others] == [(0, 1)] * 4


async def test_people_who_write_at_the_same_time_lose_nothing(api: Api, tenant: str) -> None:
    """Concurrent versions get numbers of their own, and concurrent choices of several prompts are all kept."""
    await asyncio.gather(
        *(post(api, f"{PATH}/judge/versions", text=f"Strictly, {n}.", tenant=tenant) for n in range(5))
    )
    names = ("planner", "image-prompt", "delivery")
    for name in names:
        await post(api, f"{PATH}/{name}/versions", text="Short.", tenant=tenant)
    await asyncio.gather(*(post(api, f"{PATH}/{name}/use", version=1, tenant=tenant) for name in names))
    found = (await api.http.get(PATH, params={"tenant": tenant})).json()["prompts"]
    assert {p["name"]: p["version"] for p in found} == {**dict.fromkeys(names, 1), "judge": 0}
    assert len(next(p for p in found if p["name"] == "judge")["versions"]) == 6


async def test_an_optimisation_stores_a_version_that_nobody_uses(
    api: Api, client: Client, storage: Storage, tenant: str
) -> None:
    """It runs through the workflow to a version with its gain; the same request again returns it, and pays nothing."""
    with Voices() as vendor:
        settings = ActivitySettings()
        providers = build_providers(settings, env_of("openai", vendor))
        workers = WorkerSettings(graceful_shutdown_seconds=0)
        async with AsyncExitStack() as running:
            for worker in make_workers(client, Activities(storage, providers, settings), providers, workers):
                await running.enter_async_context(worker)
            body = {"name": "delivery", "cases": cases(), "metric": "overlap", "model": MODEL, "candidates": 4}
            body |= {"max_usd": "5", "tenant": tenant, "optimisation_id": "o-1"}
            poor = await api.http.post("/api/v1/optimisations", json={**body, "max_usd": "0.01"})
            assert (poor.status_code, poor.json()["errors"][0]["field"]) == (422, "max_usd")
            started = await post(api, "/api/v1/optimisations", **body)
            view = await eventually(lambda: closed(api, started["optimisation_id"]))
            assert (view["status"], view["message"]) == ("done", "")
            sent = len(vendor.submissions)
            assert (await post(api, "/api/v1/optimisations", **body))["version"] == view["version"] == 1
            other = await api.http.post("/api/v1/optimisations", json={**body, "seed": 1})
            assert other.status_code == 409
            assert len(vendor.submissions) == sent
        await asyncio.gather(*(p.close() for p in providers.values()))
    found = (await api.http.get(f"{PATH}/delivery", params={"tenant": tenant})).json()
    assert (found["version"], found["versions"][0]["gain"]["gain"]["mean"]) == (0, 1.0)
    text = (await api.http.get(f"{PATH}/delivery/versions/1", params={"tenant": tenant})).json()["text"]
    assert SECRET in text


async def closed(api: Api, optimisation_id: str) -> dict[str, Any] | None:
    answer = await api.http.get(f"/api/v1/optimisations/{optimisation_id}")
    view = answer.json() if answer.status_code == 200 else {}
    return dict(view) if view.get("status") in ("done", "capped", "failed") else None
