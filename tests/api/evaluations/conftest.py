"""Evaluations on real servers: the product's own workers, previz and a vendor that bills, and the API."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client

from activities.production import Activities
from activities.providers.previz.provider import Previz
from activities.providers.protocol import Provider
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from deploy.local import Stack
from tests.support.servers.serving import Api, serving
from tests.support.stack import use_s3
from tests.support.vendor import Vendor
from tests.support.waiting import eventually
from worker.settings import WorkerSettings
from worker.workers import make_workers

PATH = "/api/v1/evaluations"


class Evaluations:
    """Starts evaluations over HTTP, and waits for their states."""

    def __init__(self, api: Api, client: Client, storage: Storage, vendor: Vendor) -> None:
        self.http = api.http
        self.client = client
        self.storage = storage
        self.vendor = vendor

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
async def working(client: Client, storage: Storage, vendor: Vendor) -> AsyncIterator[None]:
    """The product's workers with previz and this vendor."""
    providers: dict[str, Provider] = {"previz": Previz({}), "vendor": vendor}
    activities = Activities(storage, providers, ActivitySettings())
    settings = WorkerSettings(graceful_shutdown_seconds=0)
    async with AsyncExitStack() as running:
        for worker in make_workers(client, activities, providers, settings):
            await running.enter_async_context(worker)
        yield


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture
async def evaluations(client: Client, storage: Storage, servers: Stack, vendor: Vendor) -> AsyncIterator[Evaluations]:
    environ = {"GREENLIGHT_BUCKET": "tests"}
    with pytest.MonkeyPatch.context() as patch:
        use_s3(patch, servers)
        async with working(client, storage, vendor), serving(client, environ) as api:
            yield Evaluations(api, client, storage, vendor)
