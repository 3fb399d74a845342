"""Load: watchers, jobs in flight, starts, the delay that polling adds, killed workers, and replay."""

import asyncio
import itertools
import os
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
from temporalio.client import Client
from temporalio.worker import Replayer

from tests.bench import fanout
from tests.bench.instant import Wanted
from tests.bench.job_vendor import POLL_SECONDS
from worker.query_guard import GuardedRunner
from workflows import keys
from workflows.production.workflow import ProductionWorkflow
from workflows.runtime.data_converter import data_converter

T = TypeVar("T")

API: Final = "/api/v1/productions"
AT_ONCE: Final = 100
"""Concurrent requests of this client; the API handles them one after the other."""


@dataclass(frozen=True)
class Process:
    """CPU and memory of a process, from the Linux kernel."""

    pid: int

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def mib(self) -> float:
        """Resident memory."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024**2

    def peak_mib(self) -> float:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024


@dataclass(frozen=True)
class Bench:
    """The servers, and the number of repetitions."""

    http: httpx.AsyncClient
    client: Client
    vendor: httpx.AsyncClient
    api: Process
    worker: Process
    another: Callable[[], AbstractContextManager[Process]]
    """Run a second worker, and kill it at the end of the block."""

    async def start(self, wanted: Wanted) -> str:
        body = {"text": wanted.model_dump_json(), "platform": "copy"}
        started = await self.http.post(API, json=body, timeout=120)
        assert started.is_success, started.text
        return str(started.json()["production_id"])

    async def planned(self, production_id: str) -> dict[str, Any]:
        """The production once it has a plan, from its events: polling would add load."""
        async with self.http.stream("GET", f"{API}/{production_id}/events", timeout=300) as stream:
            async for line in stream.aiter_lines():
                if line.startswith("event: plan_"):
                    if line.endswith("plan_ready"):
                        break
                    assert line.endswith("plan_start"), line
        return dict((await self.http.get(f"{API}/{production_id}", timeout=120)).json())

    async def approve(self, production_id: str) -> None:
        plan = (await self.planned(production_id))["plan"]
        approval = {"plan_digest": plan["digest"], "approver": "bench"}
        (await self.http.post(f"{API}/{production_id}/approve", json=approval, timeout=120)).raise_for_status()

    async def done(self, production_id: str) -> dict[str, Any]:
        """The manifest, after the delivery."""
        await self.client.get_workflow_handle(keys.workflow_id(production_id)).result()
        answer = await self.http.get(f"{API}/{production_id}/manifest", follow_redirects=True, timeout=120)
        return dict(answer.raise_for_status().json())

    async def queries(self) -> float:
        text = (await self.http.get("/metrics")).text
        line = next(line for line in text.splitlines() if line.startswith("greenlight_workflow_queries_total "))
        return float(line.split()[1])

    async def polls(self) -> list[dict[str, Any]]:
        return list((await self.vendor.get("/jobs", timeout=60)).json())


async def watch(url: str, production_id: str) -> int:
    """Read a production's events to the end over a bare connection, and return their number."""
    place = urlsplit(url)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    writer.write(f"GET {API}/{production_id}/events HTTP/1.1\r\nHost: {place.netloc}\r\n\r\n".encode())
    count = 0
    while line := await reader.readline():
        count += line.startswith(b"id: ")
        if line == b"0\r\n":
            break
    writer.close()
    return count


WATCHED: Final = 50
FEW, MANY = 1, 20
WATCHED_PLAN: Final = Wanted(count=10, delay=40)


async def watchers(bench: Bench) -> dict[str, float]:
    """50 productions with one watcher each, then with twenty each: the cost of 950 more watchers for the API."""

    async def watched(each: int) -> dict[str, float]:
        ids = await asyncio.gather(*(bench.start(WATCHED_PLAN) for _ in range(WATCHED)))
        await asyncio.gather(*map(bench.planned, ids))
        queries, cpu = await bench.queries(), bench.api.cpu_seconds()
        streams = [asyncio.create_task(watch(str(bench.http.base_url), i)) for i in ids for _ in range(each)]
        await asyncio.gather(*map(bench.approve, ids))
        await asyncio.sleep(WATCHED_PLAN.delay / 2)
        mib = bench.api.mib()
        counts = await asyncio.gather(*streams)
        return {
            "events": sum(counts),
            "fewest": min(counts),
            "most": max(counts),
            "queries": await bench.queries() - queries,
            "cpu_seconds": bench.api.cpu_seconds() - cpu,
            "mib": mib,
        }

    few, many = await watched(FEW), await watched(MANY)
    assert many["fewest"] == many["most"] == few["most"], "every watcher sees every event"
    return {
        "watchers": WATCHED * MANY,
        "queries_ratio": many["queries"] / few["queries"],
        "queries": many["queries"],
        "cpu_seconds_few": few["cpu_seconds"],
        "cpu_seconds_many": many["cpu_seconds"],
        "api_mib_few": few["mib"],
        "api_mib_many": many["mib"],
        "events": many["events"],
    }


JOBS, JOBS_OF_ONE = 2_000, 500
JOB_SECONDS: Final = 200.0
"""Seconds of a job at most: the first ends after 80 s, when all of them run."""


async def jobs(bench: Bench) -> dict[str, float]:
    """2,000 jobs at a vendor, each polled every 20 s by one worker."""
    wanted = Wanted(count=JOBS_OF_ONE, job_seconds=JOB_SECONDS, poll_seconds=POLL_SECONDS, only_jobs=True)
    before = len(await bench.polls())
    ids = await asyncio.gather(*(bench.start(wanted) for _ in range(JOBS // JOBS_OF_ONE)))
    await asyncio.gather(*map(bench.approve, ids))
    cpu = bench.worker.cpu_seconds()
    began = time.monotonic()
    mib, most = 0.0, 0
    finished = [asyncio.create_task(bench.done(i)) for i in ids]
    while not all(task.done() for task in finished):
        now = time.time()
        under_way = [j for j in (await bench.polls())[before:] if j["submitted"] <= now < j["submitted"] + j["seconds"]]
        most, mib = max(most, len(under_way)), max(mib, bench.worker.mib())
        await asyncio.wait(finished, timeout=5)
    await asyncio.gather(*finished)
    made = (await bench.polls())[before:]
    gaps = [b - a for job in made for a, b in pairs([job["submitted"], *(at for at, _ in job["polls"])])]
    return {
        "jobs": len(made),
        "most_at_once": most,
        "polls": sum(len(job["polls"]) for job in made),
        "gap_p50": statistics.median(gaps),
        "gap_max": max(gaps),
        "late_of_interval": max(gaps) / POLL_SECONDS,
        "worker_mib": mib,
        "worker_cpu_share": (bench.worker.cpu_seconds() - cpu) / (time.monotonic() - began),
    }


STARTS: Final = 500


async def starts(bench: Bench) -> dict[str, float]:
    """500 productions started at once until each has its plan, against as many bare workflows of two activities."""
    floor = await fanout.floors(bench.client, STARTS, 2)
    answered: list[float] = []
    turn = asyncio.Semaphore(AT_ONCE)

    async def one() -> str:
        async with turn:
            asked = time.perf_counter()
            production_id = await bench.start(Wanted(count=3))
            answered.append(time.perf_counter() - asked)
        return production_id

    began = time.perf_counter()
    ids = await asyncio.gather(*(one() for _ in range(STARTS)))
    started = time.perf_counter() - began
    query = f"WorkflowType = 'Production' AND {keys.STATUS_ATTRIBUTE} = 'awaiting_approval'"
    left = set(ids)
    while left:
        # The list follows the events by a moment.
        left -= {keys.production_id_of(e.id) async for e in bench.client.list_workflows(query, page_size=1_000)}
        await asyncio.sleep(0.2)
    planned = time.perf_counter() - began
    for production_id in ids:
        await bench.client.get_workflow_handle(keys.workflow_id(production_id)).cancel()
    return {
        "productions": len(set(ids)),
        "floor_seconds": floor,
        "started_seconds": started,
        "planned_seconds": planned,
        "ratio": planned / floor,
        "answer_p50_ms": statistics.median(answered) * 1000,
        "answer_p99_ms": sorted(answered)[int(len(answered) * 0.99)] * 1000,
    }


CHAINS: Final = Wanted(count=10, delay=20, job_seconds=50)
"""Ten stills of 8 to 20 s, each the input of a shot of 20 to 50 s: the times of image and video vendors."""


async def makespan(bench: Bench) -> dict[str, float]:
    """The time from approval to delivery, relative to the critical path of the vendors' own times."""
    production_id = await bench.start(CHAINS)
    await bench.approve(production_id)
    manifest = await bench.done(production_id)
    assets = {a["asset_id"]: a for a in manifest["plan"]["assets"]}

    def takes(asset_id: str) -> float:
        asset = assets[asset_id]
        own = float(asset["parameters"].get("seconds") or asset["parameters"].get("delay") or 0)
        return own + max(map(takes, asset.get("depends_on", ())), default=0.0)

    critical = max(map(takes, assets))
    at = {e["name"]: datetime.fromisoformat(e["at"]) for e in manifest["events"]}
    last = max(datetime.fromisoformat(e["at"]) for e in manifest["events"] if e["name"] == "asset_complete")
    return {
        "critical_seconds": critical,
        "assets_seconds": (last - at["approved"]).total_seconds(),
        "seconds": (at["done"] - at["approved"]).total_seconds(),
        "ratio": (at["done"] - at["approved"]).total_seconds() / critical,
    }


async def replay(bench: Bench) -> dict[str, float]:
    """A production of 1,000 assets: every run of it, replayed by a new worker."""
    production_id = uuid4().hex
    await fanout.production(bench.client, production_id)
    handle = bench.client.get_workflow_handle(keys.workflow_id(production_id))
    ids = [e.run_id async for e in bench.client.list_workflows(f"WorkflowId = '{handle.id}'")]
    runs = [await bench.client.get_workflow_handle(handle.id, run_id=run_id).fetch_history() for run_id in ids]
    seconds = []
    for history in runs:
        replayer = Replayer(
            workflows=[ProductionWorkflow], data_converter=data_converter, workflow_runner=GuardedRunner()
        )
        began = time.perf_counter()
        await replayer.replay_workflow(history)
        seconds.append(time.perf_counter() - began)
    return {"runs": len(runs), "events": sum(len(h.events) for h in runs), "longest_seconds": max(seconds)}


def pairs(items: Sequence[T]) -> list[tuple[T, T]]:
    """Each element with its successor."""
    return list(itertools.pairwise(items))
