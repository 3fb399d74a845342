"""A Temporal server that remembers polls as the real one does, in simulated time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from temporalio.api.taskqueue.v1 import PollerInfo
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    DescribeTaskQueueResponse,
    ListTaskQueuePartitionsRequest,
    ListTaskQueuePartitionsResponse,
    PollActivityTaskQueueRequest,
    PollActivityTaskQueueResponse,
)
from temporalio.service import RPCError, RPCStatusCode

from worker.health import Health
from worker.polling.sightings import Sightings
from worker.polling.slots import SlotUse
from worker.polling.watch import CHECK_SECONDS, PollWatch

POLL_SECONDS: Final = 60
"""An idle poll lasts so long."""
KEPT_SECONDS: Final = 300
"""The server forgets a poller after this time."""
ME, ANOTHER = "7@here", "8@here"
QUEUES: Final = ("one", "two")


@dataclass
class Server:
    """What workers and the watch of one process need of a server: their client and its service."""

    partitions: int = 1
    now: float = 1_000_000.0
    """The server's clock, in seconds."""
    down: RPCStatusCode | None = None
    refuses_polls: bool = False
    hides_pollers: bool = False
    polls: dict[str, dict[str, float]] = field(default_factory=dict)
    """Partition -> identity -> the time of the last poll."""
    requests: int = 0
    namespace: str = "default"
    identity: str = ME

    @property
    def workflow_service(self) -> "Server":
        return self

    def receive_poll(self, queue: str, identity: str, number: int) -> None:
        if not self.down and not self.refuses_polls:
            self.polls.setdefault(_partition(queue, number), {})[identity] = self.now

    async def describe_task_queue(self, request: DescribeTaskQueueRequest, **_: Any) -> DescribeTaskQueueResponse:
        self._answer()
        found = DescribeTaskQueueResponse()
        for identity, at in self.polls.get(request.task_queue.name, {}).items():
            if abs(self.now - at) < KEPT_SECONDS and not self.hides_pollers:
                poller = PollerInfo(identity=identity)
                poller.last_access_time.FromNanoseconds(int(at * 1e9))
                found.pollers.append(poller)
        found.stats.approximate_backlog_count = 2
        return found

    async def list_task_queue_partitions(
        self, request: ListTaskQueuePartitionsRequest, **_: Any
    ) -> ListTaskQueuePartitionsResponse:
        self._answer()
        found = ListTaskQueuePartitionsResponse()
        for number in range(self.partitions):
            found.activity_task_queue_partitions.add(key=_partition(request.task_queue.name, number))
        return found

    async def poll_activity_task_queue(
        self, request: PollActivityTaskQueueRequest, **_: Any
    ) -> PollActivityTaskQueueResponse:
        self._answer()
        if self.refuses_polls:
            raise RPCError("namespace rate limit exceeded", RPCStatusCode.RESOURCE_EXHAUSTED, b"")
        return PollActivityTaskQueueResponse()

    def _answer(self) -> None:
        self.requests += 1
        if self.down:
            raise RPCError("no", self.down, b"")


def _partition(queue: str, number: int) -> str:
    return f"/_sys/{queue}/{number}" if number else queue


class FakeWorker:
    """Polls one task queue for activities, with two slots, while a slot is free and it is not deaf."""

    def __init__(self, task_queue: str) -> None:
        self.task_queue = task_queue
        self.use = SlotUse(2)
        self.running = 0
        self.deaf = False

    def config(self) -> dict[str, Any]:
        return {"activities": [print], "interceptors": [self.use]}


class Process:
    """A process with a worker of each queue, its watch, and the clock of both."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.workers = [FakeWorker(queue) for queue in QUEUES]
        self.health = Health()
        self.health.checks |= {"temporal": "ok", "storage": "ok"}
        self.paused = False
        self.errors: list[Exception] = []
        self.watch = PollWatch(self, self.health, Sightings(server))  # type: ignore[arg-type]
        self._random = Random(1)

    def fail(self, error: Exception) -> None:
        self.errors.append(error)

    def pass_time(self, seconds: float) -> None:
        """Let the workers poll: each once, since the next poll follows the end of this one."""
        self.server.now += seconds
        for worker in self.workers:
            if not self.paused and not worker.deaf and worker.running < 2:
                self.server.receive_poll(worker.task_queue, ME, self._random.randrange(self.server.partitions))

    async def check(self, times: int, change: Callable[[int], None] = lambda _: None) -> str:
        """The reason for which the watch stops the process within so many checks, if it does.

        Args:
            change: Called with the number of each check, before it.
        """
        for number in range(times):
            for _ in range(int(CHECK_SECONDS / POLL_SECONDS)):
                change(number)
                self.pass_time(POLL_SECONDS)
            if not self.paused and (reason := await self.watch.check()):
                return reason
        return ""
