"""The polls of this process as the server has received them.

The server keeps the last poll of each poller for 5 minutes, by the identity of its client. It keeps them for each
partition of a task queue by itself: on a cluster, a poller that the first partition does not list may poll another one.
(DescribeTaskQueue's mode for all partitions does not list the pollers of Worker Deployments.)
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    DescribeTaskQueueResponse,
    ListTaskQueuePartitionsRequest,
    PollActivityTaskQueueRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

_TIMEOUT: Final = timedelta(seconds=10)
"""Also of the probe: the server refuses polls of less than 2 s, and answers an idle one before its timeout."""
_WAITED: Final = (RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED)
"""An accepted poll whose empty response came late."""
PROBE_QUEUE: Final = "greenlight-probe"
"""No task is ever on it."""


class Kind(StrEnum):
    """The kinds of tasks, each with pollers of its own."""

    WORKFLOW = "workflow"
    ACTIVITY = "activity"
    NEXUS = "nexus"


_TYPES: Final = {
    Kind.WORKFLOW: TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    Kind.ACTIVITY: TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    Kind.NEXUS: TaskQueueType.TASK_QUEUE_TYPE_NEXUS,
}


@dataclass(frozen=True)
class Polled:
    """The tasks of one kind on one task queue."""

    queue: str
    kind: Kind

    def __str__(self) -> str:
        return f"{self.queue} ({self.kind} tasks)"


class Sightings:
    """Asks the server for new polls of a client. The times are the server's, and only compared for a difference: a
    clock that is set back changes nothing."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._last: dict[tuple[str, Kind], int] = {}
        """(partition, kind) -> the time of the last known poll, in nanoseconds."""

    async def has_polled(self, polled: Polled) -> bool:
        """Whether the server has received a poll since the previous call; one poll may count twice.

        Raises:
            RPCError: the server does not respond, or does not allow the request.
            RuntimeError: the connection has failed.
        """
        if await self._is_new(polled.queue, polled.kind):
            return True
        others = [each for each in await self._partitions(polled.queue) if each != polled.queue]
        # All of them, so that the old polls that each of them lists are known from now on.
        return any([await self._is_new(partition, polled.kind) for partition in others])

    async def count_waiting(self, polled: Polled) -> int:
        """The approximate number of tasks that wait.

        Raises:
            RPCError, RuntimeError: as of `has_polled`.
        """
        return (await self._describe(polled.queue, polled.kind, stats=True)).stats.approximate_backlog_count

    async def accepts_polls(self) -> bool:
        """Whether the server accepts polls at all: under a rate limit it refuses them before other requests."""
        request = PollActivityTaskQueueRequest(
            namespace=self._client.namespace,
            task_queue=TaskQueue(name=PROBE_QUEUE),
            identity=self._client.identity,
        )
        try:
            await self._client.workflow_service.poll_activity_task_queue(request, timeout=_TIMEOUT)
        except RPCError as error:
            return error.status in _WAITED
        except RuntimeError:
            return False
        return True

    async def _is_new(self, partition: str, kind: Kind) -> bool:
        pollers = (await self._describe(partition, kind)).pollers
        found = [each.last_access_time.ToNanoseconds() for each in pollers if each.identity == self._client.identity]
        if not found or self._last.get((partition, kind)) == max(found):
            return False
        self._last[partition, kind] = max(found)
        return True

    async def _describe(self, partition: str, kind: Kind, *, stats: bool = False) -> DescribeTaskQueueResponse:
        request = DescribeTaskQueueRequest(
            namespace=self._client.namespace,
            task_queue=TaskQueue(name=partition),
            task_queue_type=_TYPES[kind],
            report_stats=stats,
        )
        return await self._client.workflow_service.describe_task_queue(request, timeout=_TIMEOUT)

    async def _partitions(self, queue: str) -> list[str]:
        """The names of the partitions, which are the same for all kinds."""
        request = ListTaskQueuePartitionsRequest(namespace=self._client.namespace, task_queue=TaskQueue(name=queue))
        found = await self._client.workflow_service.list_task_queue_partitions(request, timeout=_TIMEOUT)
        return [each.key for each in found.activity_task_queue_partitions]
