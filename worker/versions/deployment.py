"""The versions of a Worker Deployment, as Temporal routes runs to them.

Runs are pinned: a run stays on the version that executed its first task, until it is continued as new. So a version
may be stopped when it holds no open run.
"""

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal
from uuid import uuid4

from temporalio.api.deployment.v1 import RoutingConfig, WorkerDeploymentInfo
from temporalio.api.enums.v1 import TaskQueueType, WorkerVersioningMode
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    DescribeWorkerDeploymentRequest,
    SetWorkerDeploymentCurrentVersionRequest,
    SetWorkerDeploymentRampingVersionRequest,
)
from temporalio.client import Client, WorkflowFailureError
from temporalio.common import PinnedVersioningOverride, WorkerDeploymentVersion
from temporalio.service import RPCError, RPCStatusCode

from worker.versions.runs import UNVERSIONED, Held, Runs
from workflows import keys
from workflows.servers.temporal import is_missing

POLLED_WITHIN: Final = timedelta(minutes=2)
"""A worker polls again after a minute at most."""
GATE_TIMEOUT: Final = timedelta(minutes=2)
Role = Literal["current", "ramping", "draining", "drained", "new"]
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


class DeploymentRefused(ValueError):
    """The versions cannot be changed in this way; the message names the remedy."""


@dataclass(frozen=True)
class Version:
    """One version and what it holds.

    Attributes:
        percent: The share of new runs that it gets.
        polled: Whether a worker has polled for its runs within POLLED_WITHIN.
        was_current: When it last became the current version.
    """

    build_id: str
    role: Role
    percent: float
    held: Held
    polled: bool
    was_current: datetime | None

    @property
    def abandoned(self) -> bool:
        """Whether it holds runs that no worker continues."""
        return bool(self.held.total) and not self.polled


class Deployment:
    """The versions of the deployment `name`. Every change may be repeated."""

    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self.name = name
        self._runs = Runs(client, name)

    async def current(self) -> str:
        """The build id that new runs use; UNVERSIONED before one was set."""
        return _current_of((await self._describe()).routing_config)

    async def versions(self) -> list[Version]:
        """All versions, the current one first, then the newest; UNVERSIONED too where it is current or holds runs."""
        info, polled = await self._describe(), await self._polled()
        summaries = sorted(info.version_summaries, key=lambda s: s.create_time.ToDatetime(), reverse=True)
        since = {
            s.deployment_version.build_id: s.last_current_time.ToDatetime(UTC)
            if s.HasField("last_current_time")
            else None
            for s in summaries
        }
        found = []
        for build in (*since, UNVERSIONED):
            held, was_current = await self._runs.held(build), since.get(build)
            role = _role_of(build, info.routing_config, held, used=was_current is not None)
            share = _share_of(build, info.routing_config)
            if build in since or share or held.total:
                found.append(Version(build, role, share, held, build in polled, was_current))
        return sorted(found, key=lambda version: version.role != "current")

    async def set_current(self, build_id: str) -> None:
        """Let new runs use this build, or UNVERSIONED.

        Raises:
            DeploymentRefused: no worker of it polls, or not all task queues of the present version.
        """
        request = SetWorkerDeploymentCurrentVersionRequest(
            namespace=self._client.namespace, deployment_name=self.name, build_id=_wire_id(build_id)
        )
        await self._change(self._client.workflow_service.set_worker_deployment_current_version(request), build_id)

    async def check(self, build_id: str) -> None:
        """Run the gate workflow on this build.

        Raises:
            DeploymentRefused: it fails, or no worker of the build ends it within GATE_TIMEOUT.
        """
        version = WorkerDeploymentVersion(self.name, build_id)
        try:
            await self._client.execute_workflow(
                keys.GATE_TYPE,
                id=f"release-gate-{build_id}-{uuid4().hex[:8]}",
                task_queue=keys.TASK_QUEUE,
                execution_timeout=GATE_TIMEOUT,
                versioning_override=PinnedVersioningOverride(version),
            )
        except WorkflowFailureError as error:
            cause = error.cause.__cause__ or error.cause
            reason = getattr(cause, "message", "") or "no worker of it answered in time"
            raise DeploymentRefused(
                f"build {build_id!r} of {self.name!r} did not pass the gate: {reason}; see the logs of its workers, "
                "or choose it with --no-gate"
            ) from None
        except RPCError as error:
            raise self._refused(build_id, error) from None

    async def ramp(self, build_id: str, percent: float) -> None:
        """Let this share of new runs use the build; with 0 %, end the ramp.

        Raises:
            DeploymentRefused: as for `set_current`, or it is the current version.
        """
        request = SetWorkerDeploymentRampingVersionRequest(
            namespace=self._client.namespace,
            deployment_name=self.name,
            build_id=_wire_id(build_id) if percent else "",
            percentage=percent,
        )
        await self._change(self._client.workflow_service.set_worker_deployment_ramping_version(request), build_id)

    async def rollback(self) -> str:
        """End the ramp; without one, let new runs use the version that was current before. Its build id is returned.

        Raises:
            DeploymentRefused: no earlier version has workers.
        """
        versions = await self.versions()
        if ramping := next((v for v in versions if v.role == "ramping"), None):
            await self.ramp(ramping.build_id, 0)
            return await self.current()
        earlier = [v for v in versions if v.role != "current" and v.was_current and v.polled]
        if not earlier:
            raise DeploymentRefused(
                "no earlier version has workers: start those of the version to return to, then set it with "
                "greenlight deploy set-current BUILD"
            )
        build = max(earlier, key=lambda version: version.was_current or _NEVER).build_id
        await self.set_current(build)
        return build

    async def nudge(self, build_id: str = "") -> int:
        """Ask the open productions and batches of a build, or of all but the current and the ramping one, to go on with
        the version that new runs use. A production does so when nothing of it is being made. How many were asked."""
        builds = [v.build_id for v in await self.versions() if v.role not in ("current", "ramping")]
        return await self._runs.nudge([build_id] if build_id else builds)

    async def move(self, build_id: str) -> int:
        """Take the open runs of a version whose workers are gone to the version that new runs use; how many.

        Raises:
            DeploymentRefused: new runs use the build, or its workers still poll.
        """
        version = next((v for v in await self.versions() if v.build_id == build_id), None)
        if version is None or version.percent:
            raise DeploymentRefused(f"{build_id!r} is no earlier version: greenlight deploy status lists them")
        if version.polled:
            raise DeploymentRefused(
                f"workers of {build_id!r} polled within {POLLED_WITHIN.seconds // 60} minutes: ask its productions to "
                f"go on with the current version (greenlight deploy nudge --build {build_id}), or stop its workers"
            )
        return await self._runs.move(build_id)

    async def move_abandoned(self) -> dict[str, int]:
        """Move the runs of all earlier versions without workers; how many, by build id."""
        left = [
            v.build_id for v in await self.versions() if v.abandoned and not v.percent and v.build_id != UNVERSIONED
        ]
        return {build: await self._runs.move(build) for build in left}

    async def _polled(self) -> set[str]:
        """The builds whose workers poll for workflow tasks."""
        request = DescribeTaskQueueRequest(
            namespace=self._client.namespace,
            task_queue=TaskQueue(name=keys.TASK_QUEUE),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
        found = await self._client.workflow_service.describe_task_queue(request)
        since = datetime.now(UTC) - POLLED_WITHIN
        by = (p.deployment_options for p in found.pollers if p.last_access_time.ToDatetime(UTC) > since)
        versioned = WorkerVersioningMode.WORKER_VERSIONING_MODE_VERSIONED
        return {each.build_id if each.worker_versioning_mode == versioned else UNVERSIONED for each in by}

    async def _describe(self) -> WorkerDeploymentInfo:
        """What Temporal has of the deployment; nothing before a worker of it has polled."""
        request = DescribeWorkerDeploymentRequest(namespace=self._client.namespace, deployment_name=self.name)
        try:
            found = await self._client.workflow_service.describe_worker_deployment(request)
        except RPCError as error:
            if is_missing(error):
                return WorkerDeploymentInfo()
            raise
        return found.worker_deployment_info

    async def _change(self, call: Awaitable[Any], build_id: str) -> None:
        try:
            await call
        except RPCError as error:
            raise self._refused(build_id, error) from None

    def _refused(self, build_id: str, error: RPCError) -> Exception:
        """What Temporal says about a build as a refusal; any other error as it is."""
        if not is_missing(error) and error.status is not RPCStatusCode.FAILED_PRECONDITION:
            return error
        return DeploymentRefused(
            f"build {build_id!r} of the deployment {self.name!r}: {error.message}; start its workers, with all roles, "
            "and see greenlight deploy status"
        )


def _wire_id(build_id: str) -> str:
    return "" if build_id == UNVERSIONED else build_id


def _current_of(routing: RoutingConfig) -> str:
    return routing.current_deployment_version.build_id or UNVERSIONED


def _share_of(build_id: str, routing: RoutingConfig) -> float:
    ramped = routing.ramping_version_percentage
    if ramped and build_id == (routing.ramping_deployment_version.build_id or UNVERSIONED):
        return ramped
    return 100 - ramped if build_id == _current_of(routing) else 0


def _role_of(build_id: str, routing: RoutingConfig, held: Held, *, used: bool) -> Role:
    if build_id == _current_of(routing):
        return "current"
    if _share_of(build_id, routing):
        return "ramping"
    if held.total:
        return "draining"
    return "drained" if used else "new"
