"""The watch of polls ends a deaf worker's process, and no other."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from uuid import uuid4

import pytest
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.service import RPCStatusCode

from tests.support.waiting import WITHIN, eventually
from tests.worker.polling.simulated import ANOTHER, ME, QUEUES, Process, Server
from worker.health import Health
from worker.live.pool import WorkerPool
from worker.polling import sightings, watch
from worker.polling.watch import MISSED_CHECKS, PollingStopped, watch_polling
from worker.settings import WorkerSettings
from worker.workers import make_worker

LONG = 60
"""Checks: two hours."""
Change = Callable[[int], None]


def busy(process: Process) -> Iterator[Change]:
    """All slots of one worker are taken for hours; then they are free, one at a time."""
    worker = process.workers[0]
    with ExitStack() as slots:
        slots.enter_context(worker.use.taken())
        slots.enter_context(worker.use.taken())
        worker.running = 2
        yield lambda _: None
    worker.running = 0


def busy_between_checks(process: Process) -> Iterator[Change]:
    """A worker has a free slot at each check, and none in between."""
    worker = process.workers[0]
    worker.running = 2

    def change(_: int) -> None:
        with worker.use.taken(), worker.use.taken():
            pass

    yield change
    worker.running = 0


def outage(process: Process) -> Iterator[Change]:
    """The server is away for half an hour, and has then forgotten all pollers."""

    def change(number: int) -> None:
        process.server.down = RPCStatusCode.UNAVAILABLE if 10 <= number < 25 else None
        if process.server.down:
            process.server.polls.clear()

    yield change


def pauses(process: Process) -> Iterator[Change]:
    """The machine sleeps for twenty minutes, again and again."""

    def change(number: int) -> None:
        process.paused = number % 12 > 1

    yield change


def clock(process: Process) -> Iterator[Change]:
    """The server's clock jumps by an hour, forward and back."""

    def change(number: int) -> None:
        process.server.now += {10: 3600, 20: -7200, 30: 3600}.get(number, 0)

    yield change


def rate_limit(process: Process) -> Iterator[Change]:
    """The server refuses polls for half an hour, and answers other requests."""

    def change(number: int) -> None:
        process.server.refuses_polls = 10 <= number < 25

    yield change


def storage(process: Process) -> Iterator[Change]:
    """The storage is away for half an hour: workflow tasks that read payloads hold all their slots."""

    def change(number: int) -> None:
        away = 10 <= number < 25
        process.health.checks["storage"] = "away" if away else "ok"
        process.workers[1].deaf = away

    yield change


def hidden(process: Process) -> Iterator[Change]:
    """A proxy lists no pollers, or an identity is replaced."""
    process.server.hides_pollers = True
    yield lambda _: None


def retired(process: Process) -> Iterator[Change]:
    """A worker is shut down, whose queue is not polled any more."""

    def change(number: int) -> None:
        if number == 10:
            process.workers[0].deaf = True
        if number == 10 + MISSED_CHECKS - 1:
            process.workers.pop(0)

    yield change


@pytest.mark.parametrize("partitions", [1, 4])
@pytest.mark.parametrize(
    "situation",
    [busy, busy_between_checks, outage, pauses, clock, rate_limit, storage, hidden, retired],
    ids=lambda situation: situation.__name__,
)
async def test_innocent_situations(situation: Callable[[Process], Iterator[Change]], partitions: int) -> None:
    """None of the situations in which polls are missing for another reason ends the process."""
    process = Process(Server(partitions))
    for change in situation(process):
        assert await process.check(LONG, change) == ""
    assert await process.check(LONG) == ""


@pytest.mark.parametrize("partitions", [1, 4])
@pytest.mark.parametrize("deaf_from", [0, 20])
async def test_a_deaf_worker_is_noticed(partitions: int, deaf_from: int) -> None:
    """A queue that is no longer polled is reported after ten minutes and named, with the tasks that wait; another
    process that polls it is no excuse."""
    process = Process(Server(partitions))

    def change(number: int) -> None:
        process.workers[0].deaf = number >= deaf_from
        process.server.receive_poll(QUEUES[0], ANOTHER, 0)

    innocent = deaf_from + MISSED_CHECKS - 1
    assert await process.check(innocent, change) == ""
    reason = await process.check(MISSED_CHECKS, lambda number: change(innocent + number))
    assert "for 10 minutes" in reason
    assert f"{QUEUES[0]} (activity tasks), where 2 wait" in reason
    assert QUEUES[1] not in reason


async def test_the_requests_are_few() -> None:
    """A check takes one request for each queue; only a queue without a new poll takes more."""
    process = Process(Server(partitions=1))
    await process.check(10)
    assert process.server.requests == 10 * len(QUEUES)


async def test_the_pool_fails_and_the_health_has_the_reason(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """After the last check the log has one error, the process is not ready, and the pool has the failure."""
    monkeypatch.setattr(watch, "CHECK_SECONDS", 0.0)
    process = Process(Server())
    process.server.receive_poll(QUEUES[0], ME, 0)
    for worker in process.workers:
        worker.deaf = True
    await process.watch.watch()
    (error,) = process.errors
    assert isinstance(error, PollingStopped)
    assert not process.health.ready
    assert process.health.checks["polling"] == str(error)
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    pool = WorkerPool([])
    pool.fail(error)
    with pytest.raises(PollingStopped):
        await pool.until_failure()


async def test_without_permission_nothing_is_watched(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A server that refuses the requests leaves one line in the log, and the worker runs on."""
    caplog.set_level(logging.INFO, logger=watch.__name__)
    process = Process(Server(down=RPCStatusCode.PERMISSION_DENIED))
    assert await process.check(LONG) == ""
    assert [record.levelno for record in caplog.records] == [logging.INFO]
    assert process.health.ready


@activity.defn
async def step() -> None:
    pass


@workflow.defn(sandboxed=False)
class Once:
    @workflow.run
    async def run(self, queue: str) -> None:
        await workflow.execute_activity(step, task_queue=queue, start_to_close_timeout=timedelta(minutes=5))


async def test_a_real_worker_without_pollers(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a real server, a worker whose core no longer polls is named while its run lives on; one that polls is not."""
    monkeypatch.setattr(sightings, "_TIMEOUT", timedelta(seconds=4))
    runs, alive, deaf = (f"{name}-{uuid4().hex[:6]}" for name in ("runs", "alive", "deaf"))
    settings = WorkerSettings(graceful_shutdown_seconds=0)
    health = Health()
    health.checks |= {"temporal": "ok", "storage": "ok"}
    workers = [
        make_worker(client, runs, (), settings, workflows=[Once]),
        make_worker(client, alive, [step], settings),
        make_worker(client, deaf, [step], settings),
    ]
    pool = WorkerPool(workers)
    polls = watch_polling(client, pool, health)

    async def work_and_check(queue: str) -> str:
        await client.execute_workflow(Once.run, queue, id=uuid4().hex, task_queue=runs)
        return await polls.check()

    async def reported() -> str | None:
        return await work_and_check(alive) or None

    try:
        assert await work_and_check(deaf) == ""
        workers[2]._bridge_worker.initiate_shutdown()
        reason = await eventually(reported)
        assert deaf in reason
        assert alive not in reason
        assert runs not in reason
        assert not any(run.done() for run in pool._runs)
    finally:
        await asyncio.wait_for(pool.shutdown(), WITHIN)
    await pool.ended()
