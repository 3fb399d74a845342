"""A worker is killed with SIGKILL while it looks after jobs: when does another one look at them?"""

import asyncio
import statistics
import time
from typing import Final

from tests.bench.instant import Wanted
from tests.bench.load import Bench, Process, pairs
from workflows import keys

KILLS: Final = 6
JOBS: Final = 40
LOOK_SECONDS: Final = 2.0
JOB_SECONDS: Final = 3_600.0
"""Longer than all of this takes: they are cancelled in the end."""
SHARE_SECONDS: Final = 2 * LOOK_SECONDS
"""From the first look of a new worker to its end: it has its share of the jobs by then."""
MISSED_HEARTBEAT_SECONDS: Final = 15.0
"""A look that was under way when its worker died is made again after this."""


async def measure(bench: Bench) -> dict[str, float]:
    """How much later than its poll delay each job was looked at that the killed worker had looked at last."""
    before = len(await bench.looks())
    production_id = await bench.start(
        Wanted(count=JOBS, job_seconds=JOB_SECONDS, look_seconds=LOOK_SECONDS, only_jobs=True)
    )
    await bench.approve(production_id)
    kills: list[tuple[float, int]] = []
    for _ in range(KILLS):
        with bench.another() as worker:  # killed at the end of the block
            await begun(bench, worker)
            await asyncio.sleep(SHARE_SECONDS)
            kills.append((time.time(), worker.pid))
    await bench.client.get_workflow_handle(keys.workflow_id(production_id)).cancel()
    jobs = [job["looks"] for job in (await bench.looks())[before:]]
    late = [
        following - last - LOOK_SECONDS
        for at, pid in kills
        for looks in jobs
        for (last, who), (following, _) in pairs(looks)
        if who == pid and last <= at < following
    ]
    assert all(who != pid for at, pid in kills for looks in jobs for seen, who in looks if seen > at + 1)
    return {
        "kills": len(kills),
        "jobs": len(late),
        "late_p50": statistics.median(late),
        "late_p90": sorted(late)[int(len(late) * 0.9)],
        "late_max": max(late),
        "in_mid_look": sum(seconds > MISSED_HEARTBEAT_SECONDS / 2 for seconds in late),
    }


async def begun(bench: Bench, worker: Process) -> None:
    """Return when a worker has looked at a job."""
    while True:
        if any(who == worker.pid for job in await bench.looks() for _, who in job["looks"]):
            return
        await asyncio.sleep(0.2)
