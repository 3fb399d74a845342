"""Workers of several versions in this process, and the version that a run is on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final

from temporalio.client import Client, WorkflowHandle, WorkflowQueryFailedError
from temporalio.service import RPCError

from tests.support.fakes import FakeActivities
from tests.support.productions import Handle, Productions
from tests.support.waiting import eventually
from worker.settings import WorkerSettings
from worker.versions.deployment import Deployment, DeploymentRefused, Version
from worker.workers import deployment_of
from workflows.models import Plan
from workflows.production.workflow import ProductionWorkflow

NAME: Final = "greenlight"


@asynccontextmanager
async def working(client: Client, build: str, fakes: FakeActivities | None = None) -> AsyncIterator[None]:
    """Run workers of this build; without a name they have no version."""
    settings = WorkerSettings(deployment_name=NAME if build else "", build_id=build)
    async with (fakes or FakeActivities()).working(client, deployment_of(settings)):
        yield


async def planned(productions: Productions) -> tuple[Handle, Plan]:
    """A new production that waits for its approval."""
    handle = await productions.start()
    return handle, await waiting_plan(handle)


async def waiting_plan(handle: Handle) -> Plan:
    """The plan of a production that waits for its approval; a query that its worker refuses is repeated."""

    async def poll() -> Plan | None:
        try:
            seen = await handle.query(ProductionWorkflow.snapshot, rpc_timeout=timedelta(seconds=5))
        except (RPCError, WorkflowQueryFailedError):
            return None
        return seen.plan if seen.status == "awaiting_approval" else None

    return await eventually(poll, f"{handle.id} waits for its approval")


async def build_of(handle: WorkflowHandle[Any, Any]) -> str:
    """The build that the newest run of a production is pinned to; empty if to none."""
    described = await handle.describe()
    info = described.raw_description.workflow_execution_info.versioning_info
    return info.deployment_version.build_id


async def until_on(handle: WorkflowHandle[Any, Any], build: str) -> None:
    """Wait until the newest run of a production is on this build."""

    async def poll() -> bool | None:
        return (await build_of(handle)) == build or None

    await eventually(poll, f"{handle.id} is on {build}")


async def make_current(deployment: Deployment, build: str) -> None:
    """Set the current version, as soon as Temporal knows the workers of the build."""

    async def poll() -> bool | None:
        try:
            await deployment.set_current(build)
        except DeploymentRefused:
            return None
        return True

    await eventually(poll, f"{build} is current")


async def held(deployment: Deployment, expected: dict[str, int]) -> dict[str, Version]:
    """The versions once they hold these numbers of open productions, which are counted a moment later."""

    async def poll() -> dict[str, Version] | None:
        found = {version.build_id: version for version in await deployment.versions()}
        counts = {build: version.held.productions for build, version in found.items()}
        return found if expected.items() <= counts.items() else None

    return await eventually(poll, f"{expected}")
