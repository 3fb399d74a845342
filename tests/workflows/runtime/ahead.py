"""A worker that receives a query, never responds, and holds a workflow task: run as a process, to be killed."""

import asyncio
import sys
import threading
from datetime import timedelta
from typing import Final

from temporalio import activity, workflow
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.client import Client
from temporalio.worker import (
    UnsandboxedWorkflowRunner,
    Worker,
    WorkflowInstance,
    WorkflowInstanceDetails,
    WorkflowRunner,
)

ACTIVITIES: Final = "ahead-activities"
WAITS: Final = 2
"""Activities that wait: between their ends the first worker dies, and the query goes to another."""
_LIMIT: Final = timedelta(minutes=10)


class Activities:
    """Activities that end when the test releases them; one without a number ends at once."""

    def __init__(self) -> None:
        self.ended = [asyncio.Event() for _ in range(WAITS)]

    @activity.defn(name="wait")
    async def wait(self, number: int | None) -> None:
        if number is not None:
            await self.ended[number].wait()


@workflow.defn
class Ahead:
    """Acts whenever an activity has ended, and less often when two of them have ended in one task."""

    def __init__(self) -> None:
        self._made = 0
        self._told = 0
        self._over = False

    @workflow.run
    async def run(self) -> int:
        making = [asyncio.create_task(self._one(number)) for number in range(WAITS)]
        while self._told < len(making):
            await workflow.wait_condition(lambda: self._made > self._told)
            self._told = self._made
            workflow.upsert_memo({"made": self._told})
            await waited(None)
        await workflow.wait_condition(lambda: self._over)
        return self._made

    async def _one(self, number: int) -> None:
        await waited(number)
        self._made += 1

    @workflow.query
    def made(self) -> int:
        return self._made

    @workflow.signal
    def end(self) -> None:
        self._over = True


async def waited(number: int | None) -> None:
    await workflow.execute_activity("wait", number, start_to_close_timeout=_LIMIT, task_queue=ACTIVITIES)


class _Mute(UnsandboxedWorkflowRunner):
    """Its workflows never respond to a query."""

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        made = super().create_instance(det)
        activate = made.activate

        def block_on_query(act: WorkflowActivation) -> WorkflowActivationCompletion:
            if any(job.HasField("query_workflow") for job in act.jobs):
                sys.stdout.write("query\n")
                sys.stdout.flush()
                threading.Event().wait()
            return activate(act)

        made.activate = block_on_query  # type: ignore[method-assign]
        return made


def worker(client: Client, queue: str, runner: WorkflowRunner) -> Worker:
    return Worker(
        client,
        task_queue=queue,
        workflows=[Ahead],
        workflow_runner=runner,
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=3),  # a query waits for the dead worker so long
    )


async def main(address: str, queue: str) -> None:
    await worker(await Client.connect(address), queue, _Mute()).run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
