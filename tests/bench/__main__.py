"""`make bench`: measures, prints a table and writes out/bench.json."""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table
from temporalio.client import Client

from deploy.local import running_stack
from tests.bench import fanout, latency, stream
from tests.stack import hermetic, new_home
from workflows.converter import data_converter

IMPORT_ROUNDS = 7


def import_seconds(statement: str) -> float:
    """Median seconds that a fresh interpreter takes for `statement`, with its bytecode written before."""

    def once(code: str) -> float:
        timed = f"import time; t = time.perf_counter(); {code}; print(time.perf_counter() - t)"
        done = subprocess.run([sys.executable, "-c", timed], env=env, check=True, capture_output=True, text=True)
        return float(done.stdout)

    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    once(statement)  # writes the bytecode that every later start reads
    return statistics.median(once(statement) for _ in range(IMPORT_ROUNDS))


def main() -> None:
    environ = hermetic(os.environ)
    os.environ.clear()
    os.environ.update(environ)
    results: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="greenlight-bench-") as folder:
        home = new_home(Path(folder) / "home")
        with running_stack(home, ports="free", worker=False) as stack:
            os.environ.update({k: v for k, v in stack.env.items() if k.startswith(("AWS_", "GREENLIGHT_"))})
            env = {**stack.env, "GREENLIGHT_MAX_CONCURRENT_ACTIVITIES": "600"}
            worker = subprocess.Popen([sys.executable, "-m", "tests.bench.instant"], env=env)
            try:
                asyncio.run(against_temporal(stack.info.temporal_address, stack.info.api_url, results))
            finally:
                worker.terminate()
                worker.wait()
            results["stream"] = stream.measure()
    results["import"] = {"api_ms": import_seconds("import api.app") * 1000}
    report(results)


async def against_temporal(address: str, api_url: str, results: dict[str, dict[str, float]]) -> None:
    client = await Client.connect(address, data_converter=data_converter)
    results["fanout"] = await fanout.measure(client)
    results["latency"] = await latency.measure(api_url)


def report(results: dict[str, dict[str, float]]) -> None:
    rows = [
        ("1,000 instant assets against bare activities", results["fanout"]["ratio"], "1.3 x at most", 1.3, False),
        ("activity end to SSE event, p50", results["latency"]["p50_ms"], "50 ms at most", 50, False),
        ("activity end to SSE event, p99", results["latency"]["p99_ms"], "200 ms at most", 200, False),
        ("1 GiB stream against upload_fileobj", results["stream"]["ratio"], "0.9 x at least", 0.9, True),
        ("memory growth of that stream", results["stream"]["growth_mib"], "64 MiB at most", 64, False),
        ("import api", results["import"]["api_ms"], "300 ms at most", 300, False),
    ]
    table = Table(title="Greenlight, measured")
    for column in ("what", "measured", "target", ""):
        table.add_column(column, justify="left" if column in ("what", "") else "right")
    for what, value, target, limit, at_least in rows:
        met = value >= limit if at_least else value <= limit
        table.add_row(what, f"{value:.2f}", target, "met" if met else "missed")
    Console().print(table)
    out = Path("out")
    out.mkdir(exist_ok=True)
    (out / "bench.json").write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)
