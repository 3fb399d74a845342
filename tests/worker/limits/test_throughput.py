"""How many slots a second a pool gives, with thousands of takes that wait."""

import asyncio
import logging
from time import monotonic
from typing import Final
from uuid import uuid4

import pytest
from temporalio import activity, workflow
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    from workflows import keys
    from workflows.slots.messages import (
        CHECK_SLOTS,
        GRANT_SIGNAL,
        REQUEST_SIGNAL,
        CheckSlots,
        SlotGrant,
        SlotRequest,
        SlotsChecked,
        pool_id,
        slot_id,
    )
    from workflows.slots.pool import SlotPool
    from workflows.slots.state import PoolStart

pytestmark = pytest.mark.trial

HOLDERS: Final = 20
EACH: Final = 100
LIMIT: Final = 10

_log = logging.getLogger(__name__)


@workflow.defn
class Holder:
    """Requests slots together, as a production does, and returns each as soon as it has it."""

    def __init__(self) -> None:
        self._granted: list[str] = []

    @workflow.signal(name=GRANT_SIGNAL)
    def granted(self, grant: SlotGrant) -> None:
        self._granted += grant.slots

    @workflow.run
    async def run(self, provider: str, tenant: str) -> list[str]:
        me = workflow.info().workflow_id
        pool = workflow.get_external_workflow_handle(pool_id(provider))
        wanted = tuple(slot_id(me, f"still-{n}", 1) for n in range(EACH))
        await pool.signal(REQUEST_SIGNAL, SlotRequest(holder=me, tenant=tenant, wanted=wanted))
        seen: list[str] = []
        while len(seen) < EACH:
            await workflow.wait_condition(lambda: bool(self._granted))
            back, self._granted = tuple(self._granted), []
            seen += back
            await pool.signal(REQUEST_SIGNAL, SlotRequest(holder=me, tenant=tenant, released=back))
        return seen


@activity.defn(name=CHECK_SLOTS)
async def check_slots(request: CheckSlots) -> SlotsChecked:
    return SlotsChecked(verdicts=tuple("held" for _ in request.slots))


async def test_thousands_of_takes_get_slots(client: Client) -> None:
    """2,000 takes of 20 workflows each get a slot once, over several runs of the pool, which is continued as new in the
    middle of its grants; then none is held."""
    provider = uuid4().hex
    queue = f"{provider}-w"
    await client.start_workflow(
        SlotPool.run, PoolStart(provider=provider, limit=LIMIT), id=pool_id(provider), task_queue=queue
    )
    pool = client.get_workflow_handle(pool_id(provider))
    async with (
        Worker(client, task_queue=queue, workflows=[SlotPool, Holder], max_concurrent_workflow_tasks=10),
        Worker(client, task_queue=keys.provider_queue(provider), activities=[check_slots]),
    ):
        began = monotonic()
        runs = [
            await client.start_workflow(
                Holder.run, args=[provider, f"tenant-{n % 7}"], id=f"{provider}-{n}", task_queue=queue
            )
            for n in range(HOLDERS)
        ]
        found = await asyncio.gather(*(run.result() for run in runs))
        seconds = monotonic() - began
        view = await pool.query(SlotPool.slots)
        described = await pool.describe()
        await pool.terminate()
    _log.info("%d slots in %.1f s: %.0f a second", HOLDERS * EACH, seconds, HOLDERS * EACH / seconds)
    assert all(len(set(slots)) == EACH for slots in found)
    assert (view.held, view.waiting) == ((), {})
    assert described.status is WorkflowExecutionStatus.RUNNING
    assert described.run_id != described.raw_description.workflow_execution_info.first_run_id
