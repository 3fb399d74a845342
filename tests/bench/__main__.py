"""`make bench`: measures, prints a table and writes out/bench.json. `ONLY="jobs replay"` measures only these."""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from subprocess import Popen
from typing import Final

import httpx
from rich.console import Console
from temporalio.client import Client

from deploy.local import Stack, running_stack
from tests.bench import checks, fanout, film, latency, load, quality, recovery, stream
from tests.bench.instant import VENDOR
from tests.bench.load import Bench, Process
from tests.bench.table import report
from tests.support.stack import hermetic, new_home
from workflows.runtime.data_converter import data_converter

IMPORT_ROUNDS: Final = 7

Measure = Callable[[Bench], Awaitable[dict[str, float]]]

MEASURES: Final[Mapping[str, Measure]] = {
    "fanout": lambda bench: fanout.measure(bench.client),
    "latency": lambda bench: latency.measure(bench.http),
    "watchers": load.watchers,
    "jobs": load.jobs,
    "starts": load.starts,
    "makespan": load.makespan,
    "recovery": recovery.measure,
    "replay": load.replay,
}

WITHOUT_TEMPORAL: Final[Mapping[str, Callable[[], dict[str, float]]]] = {
    "stream": stream.measure,
    "checks": checks.measure,
    "quality": quality.measure,
    "film": film.measure,
}


def import_seconds(statement: str) -> float:
    """Median seconds for `statement` in a fresh interpreter, with bytecode that was written before."""

    def once(code: str) -> float:
        timed = f"import time; t = time.perf_counter(); {code}; print(time.perf_counter() - t)"
        done = subprocess.run([sys.executable, "-c", timed], check=True, capture_output=True, text=True)
        return float(done.stdout)

    once(statement)  # writes the bytecode that every later start reads
    return statistics.median(once(statement) for _ in range(IMPORT_ROUNDS))


def main(only: Collection[str]) -> None:
    """Measure everything, or `only` the named ones: a key of MEASURES or of WITHOUT_TEMPORAL, or `import`."""
    environ = hermetic(os.environ)
    environ.pop("PYTHONDONTWRITEBYTECODE", None)  # the sandbox of workflows would compile them again for each run
    os.environ.clear()
    os.environ.update(environ)
    known = {*MEASURES, *WITHOUT_TEMPORAL, "import"}
    wanted = only or known
    if unknown := {*wanted} - known:
        raise SystemExit(f"{', '.join(sorted(unknown))}: choose from {', '.join(sorted(known))}")
    results: dict[str, dict[str, float]] = {}
    try:
        _measure(wanted, results)
    finally:
        report(results)


def _measure(wanted: Collection[str], results: dict[str, dict[str, float]]) -> None:
    with tempfile.TemporaryDirectory(prefix="greenlight-bench-") as folder, ExitStack() as running:
        home = new_home(Path(folder) / "home")
        stack = running.enter_context(running_stack(home, ports="free", worker=False))
        os.environ.update({k: v for k, v in stack.env.items() if k.startswith(("AWS_", "GREENLIGHT_"))})
        job_vendor = Popen([sys.executable, "-m", "tests.bench.job_vendor"], stdout=subprocess.PIPE, text=True)
        running.callback(end, job_vendor)
        assert job_vendor.stdout
        vendor = json.loads(job_vendor.stdout.readline())
        env = {**stack.env, VENDOR: vendor}
        for name, measure in MEASURES.items():
            if name in wanted:
                Console().print(f"{name} …")
                asyncio.run(against_temporal(stack, vendor, env, name, measure, results))
        for name, measure_alone in WITHOUT_TEMPORAL.items():
            if name in wanted:
                Console().print(f"{name} …")
                results[name] = measure_alone()
    if "import" in wanted:
        api, fastapi = (import_seconds(f"import {name}") * 1000 for name in ("api.app", "fastapi"))
        results["import"] = {"api_ms": api, "fastapi_ms": fastapi, "ratio": api / fastapi}


@contextmanager
def worker(env: Mapping[str, str], slots: int) -> Iterator[Process]:
    """A worker of the bench, killed at the end, when no task is left."""
    process = Popen(
        [sys.executable, "-m", "tests.bench.instant"],
        env={**env, "GREENLIGHT_MAX_CONCURRENT_ACTIVITIES": str(slots)},
    )
    try:
        yield Process(process.pid)
    finally:
        process.kill()
        process.wait()


def end(process: "Popen[str]") -> None:
    process.terminate()
    process.wait()


async def against_temporal(
    stack: Stack, vendor: str, env: Mapping[str, str], name: str, measure: Measure, results: dict[str, dict[str, float]]
) -> None:
    """Run each measure with its own worker, so that none inherits the memory of another."""
    client = await Client.connect(stack.info.temporal_address, data_converter=data_converter)
    limits = httpx.Limits(max_connections=2_000)
    # Each sleeping take holds a slot; all others run with the slots of the product.
    slots = 600 if name in ("fanout", "latency", "watchers") else 100
    with worker(env, slots) as process:
        async with (
            httpx.AsyncClient(base_url=stack.info.api_url, limits=limits, trust_env=False) as http,
            httpx.AsyncClient(base_url=vendor, trust_env=False) as at_vendor,
        ):
            api = stack.supervisor.pid("api")
            assert api
            bench = Bench(http, client, at_vendor, Process(api), process, lambda: worker(env, slots))
            results[name] = await measure(bench)


if __name__ == "__main__":
    main(os.environ.get("ONLY", "").split())
    sys.stdout.flush()
    os._exit(0)
