"""A namespace of another team, with an endpoint that leads to a worker of ours."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import pytest
from temporalio.api.nexus.v1 import EndpointSpec, EndpointTarget
from temporalio.api.operatorservice.v1 import CreateNexusEndpointRequest
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError
from temporalio.worker import Worker

from activities.storage.bucket import Storage
from api.auth import key_file
from api.auth.roles import Role
from deploy.local import Stack
from tests.api.nexus.campaign import Campaign
from tests.support.fakes import FakeActivities
from tests.support.waiting import eventually
from worker.nexus import nexus_handlers
from worker.settings import WorkerSettings

TENANT = "north"
POLICY = f"\n[policies.{TENANT}]\nmax_budget_usd = 5\n"


@dataclass
class Team:
    """Another team: its namespace, its endpoint, and the studio that it calls."""

    endpoint: str
    caller: Client
    studio: Client
    fakes: FakeActivities
    queue: str
    keys: Path
    _running: dict[str, AsyncExitStack] = field(default_factory=dict)

    @asynccontextmanager
    async def without(self, name: Literal["calling", "answering"]) -> AsyncIterator[None]:
        """Stop a worker while the block runs."""
        await self._running.pop(name).aclose()
        yield
        await self.run(name)

    async def run(self, name: Literal["calling", "answering"]) -> None:
        """Run a worker until `close`."""
        self._running[name] = AsyncExitStack()
        await self._running[name].enter_async_context(self.calling() if name == "calling" else self.answering())

    async def close(self) -> None:
        for each in self._running.values():
            await each.aclose()

    @asynccontextmanager
    async def calling(self) -> AsyncIterator[None]:
        """The worker of the team."""
        worker = Worker(
            self.caller, task_queue="campaigns", workflows=[Campaign], graceful_shutdown_timeout=timedelta(0)
        )
        async with worker:
            yield

    @asynccontextmanager
    async def answering(self) -> AsyncIterator[None]:
        """The worker of ours for the callers of the endpoint."""
        settings = WorkerSettings.model_validate({"nexus_endpoints": f"{self.endpoint}={TENANT}"})
        handlers = nexus_handlers(self.studio, settings, {"GREENLIGHT_API_KEYS": str(self.keys)})
        async with Worker(self.studio, task_queue=self.queue, nexus_service_handlers=handlers):
            yield

    async def order(self, brief: dict[str, Any], **order: Any) -> WorkflowHandle[Any, dict[str, Any]]:
        """Start a campaign that orders this brief."""
        given = {"endpoint": self.endpoint, "brief": {"text": "Say it.", "platform": "copy", **brief}, **order}
        return await self.caller.start_workflow(Campaign.run, given, id=uuid4().hex, task_queue="campaigns")


@pytest.fixture(scope="module")
async def team(
    client: Client, servers: Stack, storage: Storage, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Team]:
    """A team of the tenant TENANT, whose worker and ours run."""
    name = f"team-{uuid4().hex[:8]}"
    caller = await new_team(client, servers.info.temporal_address, name, name)
    keys = tmp_path_factory.mktemp("keys") / "keys.toml"
    key_file.create(keys, "ana", TENANT, [Role.APPROVER])
    keys.write_text(keys.read_text() + POLICY)
    fakes = FakeActivities(assets=1)
    fakes.keep_in(storage)
    made = Team(name, caller, client, fakes, name, keys)
    async with fakes.working(client):
        await made.run("answering")
        await made.run("calling")
        yield made
        await made.close()


async def new_team(studio: Client, address: str, name: str, queue: str) -> Client:
    """The client of a new namespace, with an endpoint of the same name that leads to our `queue`."""
    registered = RegisterNamespaceRequest(namespace=name)
    registered.workflow_execution_retention_period.FromTimedelta(timedelta(days=1))
    await studio.workflow_service.register_namespace(registered)
    worker = EndpointTarget.Worker(namespace=studio.namespace, task_queue=queue)
    spec = EndpointSpec(name=name, target=EndpointTarget(worker=worker))
    await studio.operator_service.create_nexus_endpoint(CreateNexusEndpointRequest(spec=spec))
    return await eventually(lambda: _connect(address, name))


async def _connect(address: str, namespace: str) -> Client | None:
    """A client of the new namespace, with the converter of any other project."""
    found = await Client.connect(address, namespace=namespace)
    try:
        await found.count_workflows()
    except RPCError:  # the server reads its namespaces again in a moment
        return None
    return found
