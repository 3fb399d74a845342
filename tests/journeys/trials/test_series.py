"""A catalogue of 5,000 pictures by previz, as one series: its time, its histories and the memory of its worker."""

import asyncio
import csv
import io
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from temporalio.client import Client

from deploy.local import Stack, running_stack
from tests.support.stack import new_home
from workflows import keys
from workflows.runtime.data_converter import data_converter

pytestmark = [
    pytest.mark.trial,
    pytest.mark.skipif(sys.platform != "linux", reason="the Linux kernel has the memory of a process"),
]
PICTURES: Final = int(os.environ.get("SERIES_PICTURES", "5000"))
SECONDS: Final = 3_600


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(new_home(tmp_path_factory.mktemp("series") / "home"), ports="free") as stack:
        yield stack


def peak_mib(pid: int) -> int:
    """The most memory that a process has had, MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) // 1024


def until(api: httpx.Client, batch_id: str, status: str) -> dict[str, Any]:
    began = time.monotonic()
    view: dict[str, Any] = {}
    while time.monotonic() - began < SECONDS:
        answer = api.get(f"/api/v1/batches/{batch_id}")
        if answer.status_code != 503:  # the worker starts again
            view = answer.raise_for_status().json()
            if view["status"] == status:
                return view
        time.sleep(2)
    pytest.fail(f"not {status} after {SECONDS} s: {view.get('totals')}")


async def history_of(stack: Stack, workflow_id: str) -> tuple[int, int]:
    """Its events and its bytes."""
    client = await Client.connect(stack.info.temporal_address, data_converter=data_converter)
    info = (await client.get_workflow_handle(workflow_id).describe()).raw_description.workflow_execution_info
    return info.history_length, info.history_size_bytes


def test_a_catalogue(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    """All pictures are delivered after one approval, the worker is killed on the way, and no history nears a limit."""
    parts = -(-PICTURES // 500)
    with httpx.Client(base_url=stack.info.api_url, timeout=120) as api:
        items = [{"key": f"sku-{n}", "text": f"Product {n} of the catalogue, on white"} for n in range(PICTURES)]
        body = {"items": items, "defaults": {"platform": "design", "text": "The catalogue"}, "at_once": 4}
        began = time.monotonic()
        batch_id = api.post("/api/v1/batches", json=body).raise_for_status().json()["batch_id"]
        view = until(api, batch_id, "planned")
        planned = time.monotonic() - began
        assert (view["totals"]["rows"], view["totals"]["assets"]) == (parts, PICTURES)
        admit = {"plan_digest": view["plan_digest"], "budget_usd": "1"}
        api.post(f"/api/v1/batches/{batch_id}/admit", json=admit).raise_for_status()
        time.sleep(10)
        stack.supervisor.kill("worker")
        view = until(api, batch_id, "done")
        seconds = time.monotonic() - began
        assert view["totals"]["statuses"] == {"delivered": parts}
        text = api.get(f"/api/v1/batches/{batch_id}/results", params={"by": "asset"}).text
        assert sum(line["status"] == "completed" for line in csv.DictReader(io.StringIO(text))) == PICTURES
    part = keys.workflow_id(view["rows"][0]["production_id"])
    sizes = [asyncio.run(history_of(stack, each)) for each in (keys.batch_workflow_id(batch_id), part)]
    worker = stack.supervisor.pid("worker")
    assert worker
    with capsys.disabled():
        sys.stdout.write(
            f"\n{PICTURES} pictures in {parts} parts: planned in {planned:.0f} s, delivered in {seconds:.0f} s; "
            f"(events, bytes) of the series and of a part: {sizes}; peak of the worker: {peak_mib(worker)} MiB\n"
        )
    assert all(events < 10_000 and size < 10_000_000 for events, size in sizes)
