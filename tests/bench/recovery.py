"""Recovery: a worker is killed with SIGKILL while it polls jobs, and another one polls them."""

import asyncio
import statistics
import time
from typing import Final

from tests.bench.instant import Wanted
from tests.bench.load import Bench, Process, pairs
from workflows import keys

KILLS: Final = 6
JOBS: Final = 40
POLL_SECONDS: Final = 2.0
JOB_SECONDS: Final = 3_600.0
"""Longer than the measurement: the jobs are cancelled at its end."""
SHARE_SECONDS: Final = 2 * POLL_SECONDS
"""Seconds from the first poll of a new worker to its kill: by then it has its share of the jobs."""
MISSED_HEARTBEAT_SECONDS: Final = 15.0
"""The retry delay of a poll whose worker was killed."""


async def measure(bench: Bench) -> dict[str, float]:
    """For each job that the killed worker polled last: the delay of the next poll beyond the poll delay."""
    before = len(await bench.polls())
    production_id = await bench.start(
        Wanted(count=JOBS, job_seconds=JOB_SECONDS, poll_seconds=POLL_SECONDS, only_jobs=True)
    )
    await bench.approve(production_id)
    kills: list[tuple[float, int]] = []
    for _ in range(KILLS):
        with bench.another() as worker:  # killed at the end of the block
            await begun(bench, worker)
            await asyncio.sleep(SHARE_SECONDS)
            kills.append((time.time(), worker.pid))
    await bench.client.get_workflow_handle(keys.workflow_id(production_id)).cancel()
    jobs = [job["polls"] for job in (await bench.polls())[before:]]
    late = [
        following - last - POLL_SECONDS
        for at, pid in kills
        for polls in jobs
        for (last, who), (following, _) in pairs(polls)
        if who == pid and last <= at < following
    ]
    assert all(who != pid for at, pid in kills for polls in jobs for seen, who in polls if seen > at + 1)
    return {
        "kills": len(kills),
        "jobs": len(late),
        "late_p50": statistics.median(late),
        "late_p90": sorted(late)[int(len(late) * 0.9)],
        "late_max": max(late),
        "in_mid_poll": sum(seconds > MISSED_HEARTBEAT_SECONDS / 2 for seconds in late),
    }


async def begun(bench: Bench, worker: Process) -> None:
    """Wait until a worker has polled a job."""
    while True:
        if any(who == worker.pid for job in await bench.polls() for _, who in job["polls"]):
            return
        await asyncio.sleep(0.2)
