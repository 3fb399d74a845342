"""After all requests no production is stuck: each has ended, or has the reason for which it waits."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Final

from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus, WorkflowQueryFailedError
from temporalio.service import RPCError

from deploy.home import StackInfo
from tests.chaos.audit.audit import BROKEN
from tests.support.waiting import WITHIN
from workflows import keys
from workflows.events import ProductionStatus, Snapshot
from workflows.runtime.data_converter import data_converter
from workflows.start_options import STATUS

QUIET_SECONDS: Final = WITHIN
"""Until every production has ended or waits; a film of 8 s takes about 4 s, and hundreds of them are queued."""
WAITING: Final = (ProductionStatus.AWAITING_APPROVAL, ProductionStatus.NEEDS_ATTENTION)
PRODUCTIONS: Final = frozenset({keys.WORKFLOW_TYPE, keys.PREVIEW_TYPE})


class Rest:
    """Checks every run of a server."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.statuses: Counter[str] = Counter()
        self.problems: list[str] = []

    async def record_statuses(self) -> None:
        async for run in self._runs("ExecutionStatus != 'ContinuedAsNew'"):
            self.statuses[await self._status(run)] += 1
        async for run in self._runs("WorkflowType != ''"):
            for words in await self._failed_tasks(run):
                self._wrong(run, f"a workflow task failed: {words}")

    async def quiet(self) -> None:
        """Wait until no run is in progress, for as long as some run ends within QUIET_SECONDS."""
        left, since = -1, time.monotonic()
        while True:
            busy = [run async for run in self._runs("ExecutionStatus = 'Running'") if _is_busy(run)]
            if not busy:
                return
            if len(busy) != left:
                left, since = len(busy), time.monotonic()
            elif time.monotonic() - since > QUIET_SECONDS:
                for run in busy:
                    self._wrong(run, f"is {run.typed_search_attributes.get(STATUS)} and does not move")
                return
            await asyncio.sleep(0.5)

    def _wrong(self, run: WorkflowExecution, words: str) -> None:
        self.problems.append(f"{run.id}: {words}")

    async def _runs(self, query: str) -> AsyncIterator[WorkflowExecution]:
        async for run in self._client.list_workflows(query):
            yield run

    async def _status(self, run: WorkflowExecution) -> str:
        """The status of a run; a run that neither ended nor waits for a reviewer is a problem."""
        kind = run.workflow_type.removesuffix("Workflow").lower()
        if run.status is not WorkflowExecutionStatus.RUNNING:
            if run.status is not WorkflowExecutionStatus.COMPLETED:
                self._wrong(run, f"its run is {run.status.name if run.status else 'unknown'}")
            status = run.typed_search_attributes.get(STATUS) or "done"
            if run.workflow_type in PRODUCTIONS and not ProductionStatus(status).closed:
                self._wrong(run, f"is over, and {status}")
            return f"{kind} {status}"
        if run.workflow_type not in PRODUCTIONS:
            return f"{kind} goes on"
        handle = self._client.get_workflow_handle(run.id, run_id=run.run_id)
        try:
            async with asyncio.timeout(WITHIN):
                snapshot: Snapshot = await handle.query("snapshot", result_type=Snapshot)
        except (TimeoutError, RPCError, WorkflowQueryFailedError) as error:
            self._wrong(run, f"does not answer: {error!r}")
            return f"{kind} silent"
        reasons = {str(s.attention) for s in snapshot.assets.values() if s.attention}
        if snapshot.waiting:
            reasons.add(snapshot.waiting.reason)
        waits = snapshot.status in WAITING
        if not waits or not reasons:
            self._wrong(run, f"is {snapshot.status} and waits for nothing: {sorted(reasons)}")
        described = await handle.describe()
        for pending in described.raw_description.pending_activities:
            self._wrong(run, f"activity {pending.activity_id} is pending, attempt {pending.attempt}")
        return f"{kind} {snapshot.status}"

    async def _failed_tasks(self, run: WorkflowExecution) -> list[str]:
        history = await self._client.get_workflow_handle(run.id, run_id=run.run_id).fetch_history()
        failures = (event.workflow_task_failed_event_attributes for event in history.events)
        return [failed.failure.message for failed in failures if failed.cause in BROKEN]


def _is_busy(run: WorkflowExecution) -> bool:
    """Whether the run is in progress, or about to end."""
    status = run.typed_search_attributes.get(STATUS)
    return run.workflow_type in PRODUCTIONS and status not in WAITING


async def at_rest(info: StackInfo) -> Rest:
    """Wait until no run is in progress, and check all of them."""
    rest = Rest(await Client.connect(info.temporal_address, data_converter=data_converter))
    await rest.quiet()
    await rest.record_statuses()
    return rest
