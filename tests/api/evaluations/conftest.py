"""Evaluations on real servers: the product's own workers, previz, vendors that bill, and the API.

The tests of a module share workers and API. Each one gets vendors that have sold nothing and follow no script.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client

from activities.production import Activities
from activities.providers.previz.provider import Previz
from activities.providers.protocol import Provider
from activities.providers.registry import build_providers
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from deploy.local import Stack
from tests.activities.judging.studio import Studio
from tests.support.servers.serving import Api, serving
from tests.support.stack import use_s3
from tests.support.vendor import Vendor
from tests.support.vendors import env_of
from tests.support.waiting import eventually
from worker.settings import WorkerSettings
from worker.workers import make_workers

PATH = "/api/v1/evaluations"


class Evaluations:
    """Starts evaluations over HTTP, and waits for their states."""

    def __init__(self, api: Api, client: Client, storage: Storage, vendor: Vendor, studio: Studio) -> None:
        self.http = api.http
        self.client = client
        self.storage = storage
        self.vendor = vendor
        self.studio = studio

    def body(self, cases: str, *models: str, **given: Any) -> dict[str, Any]:
        return {"cases": cases, "models": models, "evaluation_id": f"e-{uuid4().hex[:12]}", "requester": "ana", **given}

    async def start(self, cases: str, *models: str, **given: Any) -> dict[str, Any]:
        answer = await self.http.post(PATH, json=self.body(cases, *models, **given))
        assert answer.status_code == 202, answer.text
        return dict(answer.json()["view"])

    async def view(self, evaluation_id: str) -> dict[str, Any]:
        answer = await self.http.get(f"{PATH}/{evaluation_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["view"])

    async def until(self, evaluation_id: str, *statuses: str) -> dict[str, Any]:
        async def poll() -> dict[str, Any] | None:
            answer = await self.http.get(f"{PATH}/{evaluation_id}")
            view = answer.json().get("view") if answer.status_code == 200 else None
            return dict(view) if view and view["status"] in statuses else None

        return await eventually(poll)

    async def get(self, evaluation_id: str, part: str, **query: Any) -> dict[str, Any]:
        answer = await self.http.get(f"{PATH}/{evaluation_id}/{part}", params=query)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


@asynccontextmanager
async def working(client: Client, storage: Storage, vendor: Vendor, **more: Provider) -> AsyncIterator[None]:
    """The product's workers with previz, this vendor and more."""
    providers: dict[str, Provider] = {"previz": Previz({}), "vendor": vendor, **more}
    activities = Activities(storage, providers, ActivitySettings())
    settings = WorkerSettings(graceful_shutdown_seconds=0)
    async with AsyncExitStack() as running:
        for worker in make_workers(client, activities, providers, settings):
            await running.enter_async_context(worker)
        yield


@pytest.fixture(scope="module")
async def running(client: Client, storage: Storage, servers: Stack) -> AsyncIterator[Evaluations]:
    """Workers and API with a scripted vendor, and an emulated one that paints and judges by what it sees."""
    vendor, environ = Vendor(), {"GREENLIGHT_BUCKET": "tests"}
    with pytest.MonkeyPatch.context() as patch, Studio() as studio:
        use_s3(patch, servers)
        emulated = build_providers(ActivitySettings(), env_of("openai", studio))
        async with working(client, storage, vendor, **emulated), serving(client, environ) as api:
            yield Evaluations(api, client, storage, vendor, studio)
        await asyncio.gather(*(provider.close() for provider in emulated.values()))


@pytest.fixture
def evaluations(running: Evaluations) -> Evaluations:
    vars(running.vendor).update(vars(Vendor()))
    return running
