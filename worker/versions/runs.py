"""The open runs that each version of the workers holds, and their moves to another version."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from google.protobuf.field_mask_pb2 import FieldMask
from temporalio.api.common.v1 import WorkflowExecution as ExecutionId
from temporalio.api.workflow.v1 import VersioningOverride, WorkflowExecutionOptions
from temporalio.api.workflowservice.v1 import UpdateWorkflowExecutionOptionsRequest
from temporalio.client import Client, WorkflowExecution
from temporalio.service import RPCError

from workflows import keys
from workflows.events import ProductionStatus
from workflows.nexus.service import OPERATION_TYPE
from workflows.servers.temporal import is_missing
from workflows.slots.messages import POOL_TYPE

UNVERSIONED: Final = "unversioned"
"""The name of the workers without a version, and of the runs that no version holds."""
AT_ONCE: Final = 10
"""Concurrent requests that change runs."""
OTHERS: Final = (keys.PREVIEW_TYPE, keys.BATCH_TYPE, keys.EVALUATION_TYPE, OPERATION_TYPE, POOL_TYPE)
CONTINUED: Final = (keys.WORKFLOW_TYPE, *OTHERS)
"""The workflows that are continued as new, and can go on with another version then."""
SHORT: Final = (keys.NOTIFICATION_TYPE, keys.SCHEDULED_TYPE, keys.GATE_TYPE)
"""The workflows that end within a day."""
_WAITING: Final = (ProductionStatus.AWAITING_APPROVAL, ProductionStatus.NEEDS_ATTENTION)


@dataclass(frozen=True)
class Held:
    """The numbers of open runs of a version: productions, those of them that wait for a decision, all others."""

    productions: int
    waiting: int
    others: int

    @property
    def total(self) -> int:
        return self.productions + self.others


class Runs:
    """The open runs of the deployment `name`, by build id."""

    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self._name = name

    async def held(self, build_id: str) -> Held:
        on = self._on(build_id)
        waiting = " OR ".join(f'{keys.STATUS_ATTRIBUTE}="{status.value}"' for status in _WAITING)
        productions = f"{_open((keys.WORKFLOW_TYPE,))} AND {on}"
        others = f"{_open((*OTHERS, *SHORT))} AND {on}"
        queries = (productions, f"{productions} AND ({waiting})", others)
        first, second, third = await asyncio.gather(*map(self._client.count_workflows, queries))
        return Held(first.count, second.count, third.count)

    async def nudge(self, build_ids: list[str]) -> int:
        """Ask the runs of these builds to go on with the version that new runs use; how many were asked."""
        where = " OR ".join(map(self._on, build_ids))
        return await self._each(f"{_open(CONTINUED)} AND ({where})", self._nudge_one) if build_ids else 0

    async def move(self, build_id: str) -> int:
        """Let the runs of this build follow the version that new runs use; how many were moved.

        The code of that version executes the rest of their histories. A run that is continued as new is pinned again.
        """
        return await self._each(f"{_open((*CONTINUED, *SHORT))} AND {self._on(build_id)}", self._move_one)

    async def _nudge_one(self, run: WorkflowExecution) -> None:
        await self._client.get_workflow_handle(run.id, run_id=run.run_id).signal(keys.UPGRADE_SIGNAL)

    async def _move_one(self, run: WorkflowExecution) -> None:
        options = WorkflowExecutionOptions(versioning_override=VersioningOverride(auto_upgrade=True))
        await self._client.workflow_service.update_workflow_execution_options(
            UpdateWorkflowExecutionOptionsRequest(
                namespace=self._client.namespace,
                workflow_execution=ExecutionId(workflow_id=run.id, run_id=run.run_id),
                workflow_execution_options=options,
                update_mask=FieldMask(paths=["versioning_override"]),
            )
        )

    async def _each(self, query: str, change: Callable[[WorkflowExecution], Awaitable[None]]) -> int:
        slots = asyncio.Semaphore(AT_ONCE)

        async def change_one(run: WorkflowExecution) -> bool:
            async with slots:
                try:
                    await change(run)
                except RPCError as error:
                    if not is_missing(error):
                        raise
                    return False  # it has ended meanwhile
                return True

        runs = [run async for run in self._client.list_workflows(query)]
        return sum(await asyncio.gather(*map(change_one, runs)))

    def _on(self, build_id: str) -> str:
        if build_id == UNVERSIONED:
            return "TemporalWorkerDeploymentVersion IS NULL"
        return f'TemporalWorkerDeploymentVersion="{self._name}:{build_id}"'


def _open(types: tuple[str, ...]) -> str:
    names = ", ".join(f'"{name}"' for name in types)
    return f'ExecutionStatus="Running" AND WorkflowType IN ({names})'
