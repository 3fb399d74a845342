"""Ends a process that has silently stopped polling one of its task queues.

A worker can lose the pollers of a task queue while its process, its event loop and its other queues work (sdk-python
issues 1268 and 1295). No exception tells it: productions stand still. Only the server knows whether polls arrive.

A false alarm would interrupt work, so silence alone is no proof. These are not counted, or end the count:

- no slot is free: such a worker does not poll;
- Temporal or the storage does not work, so that tasks may hold slots, or the server does not answer;
- the machine or the process was paused: checks are counted, not minutes, and polling continues with the process;
- the server was restarted or its clock set: the next poll, within 70 s, counts;
- the server refuses polls (rate limits), or has never listed this process.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker, WorkerConfig

from activities.metrics import metrics
from worker.health import Health
from worker.polling.sightings import Kind, Polled, Sightings
from worker.polling.slots import SlotUse

CHECK_SECONDS: Final = 120.0
"""Between two checks, each of one request for each task queue and kind. A poll lasts 60 to 70 s, so that each check
finds a new one."""
MISSED_CHECKS: Final = 5
"""After so many checks in succession without a new poll, 10 minutes, a task queue counts as no longer polled."""
_REFUSED: Final = (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNIMPLEMENTED)
_CONFIGURED: Final[dict[Kind, Callable[[WorkerConfig], object]]] = {
    Kind.WORKFLOW: lambda config: config.get("workflows"),
    Kind.ACTIVITY: lambda config: config.get("activities"),
    Kind.NEXUS: lambda config: config.get("nexus_service_handlers"),
}

log = logging.getLogger(__name__)


class PollingStopped(Exception):
    """The server receives no polls from a worker of this process; its health has the reason."""


class Pool(Protocol):
    """The running workers."""

    @property
    def workers(self) -> Sequence[Worker]: ...

    def fail(self, error: Exception) -> None: ...


class PollWatch:
    """Checks the workers of a pool, and fails the pool when one of them is no longer heard."""

    def __init__(self, pool: Pool, health: Health, sightings: Sightings) -> None:
        self._pool = pool
        self._health = health
        self._sightings = sightings
        self._missed: dict[Polled, int] = {}
        self._listed = False
        """Whether the server has ever listed a poll of this process: otherwise its lists prove nothing."""
        self._refused = False
        """Whether the log has that the server refuses the requests."""

    async def watch(self) -> None:
        """Check until cancelled, or until the pool has failed."""
        self._record({polled: 0 for worker in self._pool.workers for polled, _ in _polled_by(worker)})
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            if silent := await self.check():
                self._health.record("polling", silent)
                self._pool.fail(PollingStopped(silent))
                return

    async def check(self) -> str:
        """Ask once; returns the reason to stop, or an empty string."""
        try:
            return await self._judge(await self._count_missed())
        except RPCError as error:
            if error.status in _REFUSED and not self._refused:
                self._refused = True
                log.info("Lost pollers are not noticed: Temporal refuses DescribeTaskQueue (%s)", error.message)
        except RuntimeError:  # the SDK raises it for a failed connection
            pass
        self._record(dict.fromkeys(self._missed, 0))
        return ""

    async def _count_missed(self) -> dict[Polled, int]:
        """What is polled -> the number of successive checks without a new poll.

        Raises:
            RPCError, RuntimeError: the server does not respond, or refuses the request.
        """
        found: dict[Polled, int] = {}
        for worker in self._pool.workers:
            for polled, excused in _polled_by(worker):
                new = await self._sightings.has_polled(polled)
                self._listed |= new
                found[polled] = 0 if new or excused or not self._health.ready else self._missed.get(polled, 0) + 1
        return found

    async def _judge(self, missed: dict[Polled, int]) -> str:
        self._record(missed)
        silent = [polled for polled, checks in missed.items() if checks >= MISSED_CHECKS]
        if not silent or not self._listed:
            return ""
        if not await self._sightings.accepts_polls():
            self._record(dict.fromkeys(missed, 0))
            return ""
        return await self._describe(silent)

    def _record(self, missed: dict[Polled, int]) -> None:
        self._missed = missed
        for polled, checks in missed.items():
            metrics().polls_missed(polled.queue, polled.kind, checks * CHECK_SECONDS)

    async def _describe(self, silent: Sequence[Polled]) -> str:
        waiting = [await self._sightings.count_waiting(polled) for polled in silent]
        queues = ", ".join(f"{polled}, where {count} wait" for polled, count in zip(silent, waiting, strict=True))
        return (
            f"for {MISSED_CHECKS * CHECK_SECONDS / 60:g} minutes Temporal has received no poll from this process for "
            f"{queues}, although slots are free and it accepts polls. The worker stops with exit code 1, so that its "
            "supervisor starts a new one (GREENLIGHT_WATCH_POLLING=false turns this off)"
        )


def watch_polling(client: Client, pool: Pool, health: Health) -> PollWatch:
    """A watch of the workers of this client."""
    return PollWatch(pool, health, Sightings(client))


def _polled_by(worker: Worker) -> Iterator[tuple[Polled, bool]]:
    """What a worker polls, and whether its slots for that were all in use since the previous call."""
    config = worker.config()
    full = any(each.was_full() for each in config.get("interceptors", ()) if isinstance(each, SlotUse))
    for kind, configured in _CONFIGURED.items():
        if configured(config):
            yield Polled(worker.task_queue, kind), full and kind is Kind.ACTIVITY
