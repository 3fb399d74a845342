"""1,000 instant assets in a full production, compared with the floor of 1,000 bare activities with the same puts."""

import asyncio
import statistics
import time
from datetime import timedelta
from uuid import uuid4

from temporalio.client import Client

from tests.bench.instant import FLOOR_QUEUE, FloorWorkflow, Wanted
from workflows import keys
from workflows.brief import Brief, Platform
from workflows.events import ProductionStart, ProductionStatus
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import Approval

COUNT = 1_000
ROUNDS = 3


async def floor(client: Client) -> float:
    began = time.perf_counter()
    await client.execute_workflow(FloorWorkflow.run, COUNT, id=f"floor-{uuid4().hex}", task_queue=FLOOR_QUEUE)
    return time.perf_counter() - began


async def floors(client: Client, number: int, count: int) -> float:
    """Seconds for concurrent bare workflows of `count` activities each."""
    began = time.perf_counter()
    ids = [f"floor-{uuid4().hex}" for _ in range(number)]
    await asyncio.gather(
        *(client.execute_workflow(FloorWorkflow.run, count, id=i, task_queue=FLOOR_QUEUE) for i in ids)
    )
    return time.perf_counter() - began


async def production(client: Client, production_id: str) -> float:
    """Seconds from start to the delivered result; the approval follows the plan at once."""
    began = time.perf_counter()
    handle = await client.start_workflow(
        ProductionWorkflow.run,
        ProductionStart(
            production_id=production_id, brief=Brief(text=Wanted(count=COUNT).model_dump_json(), platform=Platform.COPY)
        ),
        id=keys.workflow_id(production_id),
        task_queue=keys.TASK_QUEUE,
    )
    while True:
        progress = await handle.query(ProductionWorkflow.progress, 0, rpc_timeout=timedelta(seconds=10))
        if progress.status is ProductionStatus.AWAITING_APPROVAL:
            break
        await asyncio.sleep(0.02)
    await handle.signal(ProductionWorkflow.approve, Approval(plan_digest=progress.plan_digest or ""))
    snapshot = await handle.result()
    assert snapshot.status is ProductionStatus.DELIVERED, snapshot.error
    assert all(s.take for s in snapshot.assets.values())
    return time.perf_counter() - began


async def measure(client: Client) -> dict[str, float]:
    """Measure in alternating pairs, so that a drifting machine affects both; the ratio is the median of the pairs."""
    await floor(client)
    pairs = [(await floor(client), await production(client, uuid4().hex)) for _ in range(ROUNDS)]
    return {
        "floor_seconds": statistics.median(f for f, _ in pairs),
        "production_seconds": statistics.median(p for _, p in pairs),
        "ratio": statistics.median(p / f for f, p in pairs),
    }
