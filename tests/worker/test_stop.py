"""A worker that was told to stop ends within its time, whatever does not."""

import asyncio
import subprocess
import sys
from typing import cast

from temporalio.worker import Worker

from activities.settings import ActivitySettings
from tests.support.waiting import WITHIN
from worker.__main__ import _stop
from worker.live.pool import WorkerPool
from worker.live.providers import LiveProviders

SCRIPT = """
import asyncio, threading
import worker.__main__ as main
from worker.polling.watch import PollingStopped

async def cling():
    while True:
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            pass

async def run():
    asyncio.create_task(cling())
    asyncio.get_running_loop().run_in_executor(None, threading.Event().wait)
    await asyncio.sleep(0)
    raise PollingStopped("no polls")

main.run = run
main.main()
"""


class Stuck:
    """A worker whose shutdown never returns, as when the SDK's core waits for a poll."""

    task_queue = "stuck"

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def shutdown(self) -> None:
        await asyncio.Event().wait()


async def test_a_worker_that_never_shuts_down() -> None:
    """The stop ends after its time although the SDK's shutdown does not."""
    pool = WorkerPool([cast(Worker, Stuck())])
    await _stop(pool, LiveProviders(ActivitySettings(), {}), 0.05)
    for run in pool._runs:
        run.cancel()


def test_the_process_ends_with_tasks_and_threads_that_do_not() -> None:
    """After a lost poller the exit code is 1, and no task that ignores its cancellation and no thread delays it."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], timeout=WITHIN, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
