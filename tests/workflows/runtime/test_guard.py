"""A query cannot load a run ahead of its history, and no other activation is refused."""

import asyncio
import sys
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from temporalio import workflow
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.client import Client, WorkflowExecutionDescription, WorkflowHandle, WorkflowQueryFailedError
from temporalio.worker import (
    Replayer,
    UnsandboxedWorkflowRunner,
    Worker,
    WorkflowInstance,
    WorkflowInstanceDetails,
)

from tests.support.waiting import WITHIN, eventually
from tests.workflows.runtime import ahead
from tests.workflows.runtime.ahead import ACTIVITIES, Ahead
from worker import query_guard
from worker.query_guard import _Guarded
from workflows.keys import QUERY_REFUSED


class Inner(WorkflowInstance):
    """Completes every activation, with commands of these kinds."""

    def __init__(self, *kinds: str) -> None:
        self.kinds = kinds

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        done = WorkflowActivationCompletion(run_id=act.run_id)
        done.successful.SetInParent()
        for kind in self.kinds:
            getattr(done.successful.commands.add(), kind).SetInParent()
        return done

    def get_serialization_context(self, command_info: Any) -> Any: ...

    def get_external_store_context(self, command_info: Any) -> Any: ...

    def get_info(self) -> Any: ...


class Accepting(Inner):
    """Accepts all updates."""

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        done = super().activate(act)
        for job in act.jobs:
            response = done.successful.commands.add().update_response
            response.protocol_instance_id = job.do_update.protocol_instance_id
            response.accepted.SetInParent()
        return done


def activation(seconds: int, length: int, *kinds: str, replaying: bool = False) -> WorkflowActivation:
    act = WorkflowActivation(run_id="r", history_length=length, is_replaying=replaying)
    act.timestamp.FromSeconds(seconds)
    for kind in kinds:
        getattr(act.jobs.add(), kind).SetInParent()
    return act


@pytest.mark.parametrize(
    ("second", "refused"),
    [
        (activation(1, 9, "resolve_activity"), True),
        (activation(1, 9, "do_update", "query_workflow"), True),
        (activation(1, 4, "resolve_activity"), False),
        (activation(2, 9, "resolve_activity"), False),
        (activation(1, 9, "query_workflow"), False),
        (activation(1, 9, "remove_from_cache"), False),
    ],
    ids=["ahead", "ahead with a query", "same task", "next task", "a query alone", "evicted"],
)
def test_a_run_ahead_of_its_task_is_refused(second: WorkflowActivation, refused: bool) -> None:
    """When the history grew and no workflow task began, its events are not applied, and the worker reports why."""
    guarded = _Guarded(Inner())
    assert guarded.activate(activation(1, 4, "initialize_workflow")).HasField("successful")
    done = guarded.activate(second)
    assert done.HasField("failed") is refused
    if refused:
        assert done.failed.failure.message == QUERY_REFUSED


@pytest.mark.parametrize(
    ("length", "kinds", "failed"),
    [
        (13, ("resolve_activity",), False),
        (12, ("resolve_activity",), True),
        (11, ("do_update",), False),
        (10, ("do_update",), True),
        (12, ("signal_workflow",), False),
        (6, ("resolve_activity",), False),
    ],
    ids=["completed", "timed out", "an update", "an update too early", "a signal", "the same task"],
)
def test_a_task_whose_commands_are_not_in_history(length: int, kinds: tuple[str, ...], failed: bool) -> None:
    """When a task was never completed, the run is dropped from the cache, and the next task begins from the history."""
    guarded = _Guarded(Inner("schedule_activity", "upsert_workflow_search_attributes", "start_timer"))
    guarded.activate(activation(1, 3, "initialize_workflow", replaying=True))
    guarded.activate(activation(2, 6, "resolve_activity"))
    if length > 6:
        guarded.activate(activation(2, 9, "query_workflow", replaying=True))  # which includes the commands
    # Completed, two commands, scheduled and started are 5 events; an activity has 2 of its own.
    done = guarded.activate(activation(2 if length == 6 else 3, length, *kinds))
    assert done.HasField("failed") is failed


def test_an_update_is_done_once() -> None:
    """An update that is delivered twice drops the run from the cache, because its history has only one of the two."""
    guarded = _Guarded(Inner())

    def deliver(length: int, *updates: str) -> WorkflowActivationCompletion:
        act = activation(length, length)
        for each in updates:
            act.jobs.add().do_update.protocol_instance_id = each
        return guarded.activate(act)

    guarded.activate(activation(1, 3, "initialize_workflow"))
    assert deliver(6, "refused").HasField("successful")
    guarded._inner = Accepting()
    assert deliver(9, "refused", "one").HasField("successful")
    assert deliver(9, "two").HasField("successful")
    assert deliver(9, "one").HasField("failed")
    assert deliver(12, "three", "refused").HasField("failed")


def test_a_query_that_may_have_loaded_the_run_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Right after the first live task of a replayed run a query is refused; a moment later it is not."""

    def is_refused(guarded: _Guarded, seconds: int, length: int) -> bool:
        done = guarded.activate(activation(seconds, length, "query_workflow", replaying=True))
        return any(c.respond_to_query.failed.message == QUERY_REFUSED for c in done.successful.commands)

    fresh = _Guarded(Inner())
    fresh.activate(activation(1, 3, "initialize_workflow"))
    assert not is_refused(fresh, 1, 3)
    loaded = _Guarded(Inner())
    loaded.activate(activation(1, 3, "initialize_workflow", replaying=True))
    assert not is_refused(loaded, 1, 3)
    monkeypatch.setattr(query_guard, "UNCERTAIN_SECONDS", WITHIN)
    loaded.activate(activation(2, 9, "resolve_activity"))
    assert is_refused(loaded, 2, 9)
    monkeypatch.setattr(query_guard, "UNCERTAIN_SECONDS", 0.0)
    assert not is_refused(loaded, 2, 9)


def test_a_query_that_loaded_a_run_with_a_started_task_drops_it() -> None:
    """Changes that a query applied from a task of another worker are dropped, however many tasks fail meanwhile; a run
    that a query loaded without such a task stays in the cache, whatever tasks and queries follow."""

    def run_query(guarded: _Guarded, seconds: int, length: int) -> WorkflowActivationCompletion:
        act = activation(seconds, length, "query_workflow", replaying=True)
        act.jobs[0].query_workflow.query_id = "legacy_query"
        return guarded.activate(act)

    idle = _Guarded(Inner())
    idle.activate(activation(1, 77, "initialize_workflow", replaying=True))
    assert all(run_query(idle, 1, 77).HasField("successful") for _ in range(2))
    for seconds, length in ((2, 83), (3, 93), (4, 103)):
        idle.activate(activation(seconds, length, "resolve_activity"))
        assert run_query(idle, seconds, length).HasField("successful")
    loaded = _Guarded(Inner("upsert_workflow_search_attributes", "schedule_activity"))
    loaded.activate(activation(1, 77, "initialize_workflow", replaying=True))
    loaded.activate(activation(2, 83, "resolve_activity"))
    assert run_query(loaded, 2, 83).failed.failure.message == QUERY_REFUSED


class Guarding(UnsandboxedWorkflowRunner):
    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return _Guarded(super().create_instance(det))


SCHEDULED = 5
"""Events until the first of the two activities is scheduled."""


async def _until(handle: WorkflowHandle[Any, int], holds: Callable[[WorkflowExecutionDescription], bool]) -> None:
    async def poll() -> bool | None:
        return holds(await handle.describe()) or None

    await eventually(poll)


async def test_a_worker_dies_with_a_task_during_a_query(client: Client) -> None:
    """A query that outlives its worker loads the run on another worker with the task of the dead one; the run still
    replays."""
    queue, address = f"ahead-{uuid4().hex}", client.service_client.config.target_host
    activities = ahead.Activities()
    async with Worker(client, task_queue=ahead.ACTIVITIES, activities=[activities.wait]):
        dying = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.workflows.runtime.ahead", address, queue, stdout=asyncio.subprocess.PIPE
        )
        handle = await client.start_workflow(Ahead.run, id=queue, task_queue=queue, task_timeout=timedelta(seconds=10))
        await _until(handle, lambda run: run.history_length > SCHEDULED)
        asking = asyncio.create_task(handle.query(Ahead.made))
        assert dying.stdout is not None
        await dying.stdout.readline()
        activities.ended[0].set()
        await _until(handle, lambda run: run.raw_description.pending_workflow_task.HasField("started_time"))
        dying.kill()
        await dying.wait()
        async with ahead.worker(client, queue, Guarding()):
            with pytest.raises(WorkflowQueryFailedError, match=QUERY_REFUSED):
                await asking
            activities.ended[1].set()  # before the task of the dead worker times out: both ends are in the next one
            await handle.signal(Ahead.end)
            assert await handle.result() == ahead.WAITS
    await Replayer(workflows=[Ahead], workflow_runner=UnsandboxedWorkflowRunner()).replay_workflow(
        await handle.fetch_history()
    )


class Recording(Inner):
    """Records the kinds of the jobs of each activation."""

    def __init__(self, *kinds: str) -> None:
        super().__init__(*kinds)
        self.given: list[list[str]] = []

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        self.given.append([str(job.WhichOneof("variant")) for job in act.jobs])
        return super().activate(act)


@pytest.mark.parametrize(
    ("length", "kinds", "given"),
    [
        (14, ("do_update", "resolve_activity"), [["resolve_activity"], ["do_update"]]),
        (17, ("do_update", "fire_timer", "do_update"), [["fire_timer"], ["do_update", "do_update"]]),
        (11, ("do_update", "resolve_activity"), [["do_update", "resolve_activity"]]),
        (14, ("do_update",), [["do_update"]]),
        (14, ("resolve_activity", "signal_workflow"), [["resolve_activity", "signal_workflow"]]),
    ],
    ids=["two tasks", "two tasks, one timed out", "one task", "an update alone", "no update"],
)
@pytest.mark.parametrize("replaying", [False, True])
def test_an_update_follows_the_task_before_it(
    length: int, kinds: tuple[str, ...], given: list[list[str]], *, replaying: bool
) -> None:
    """Where history may have two tasks for one activation, the update comes last, as in each replay of both."""
    inner = Recording("upsert_workflow_search_attributes")
    guarded = _Guarded(inner)
    guarded.activate(activation(1, 5, "resolve_activity", replaying=True))
    done = guarded.activate(activation(2, length, *kinds, replaying=replaying))
    assert inner.given[1:] == given
    assert len(done.successful.commands) == len(given)


def test_an_update_after_the_end_of_a_run_is_not_accepted() -> None:
    """Where the task before it ends the run, the update is left to the next run, and nothing of it is lost."""
    inner = Recording("complete_workflow_execution")
    guarded = _Guarded(inner)
    guarded.activate(activation(1, 5, "resolve_activity", replaying=True))
    done = guarded.activate(activation(2, 14, "do_update", "resolve_activity"))
    assert inner.given[1:] == [["resolve_activity"]]
    assert [command.WhichOneof("variant") for command in done.successful.commands] == ["complete_workflow_execution"]


@workflow.defn
class Counting:
    """Counts the ends of two activities in tasks without commands, and reports the count with an update."""

    def __init__(self) -> None:
        self._made = 0
        self._over = False

    @workflow.run
    async def run(self) -> int:
        await asyncio.gather(*(self._one(number) for number in range(ahead.WAITS)))
        await workflow.wait_condition(lambda: self._over)
        return self._made

    async def _one(self, number: int) -> None:
        await ahead.waited(number)
        self._made += 1

    @workflow.update
    def report(self) -> int:
        if self._made == ahead.WAITS:
            workflow.upsert_memo({"made": self._made})
        return self._made

    @workflow.signal
    def end(self) -> None:
        self._over = True


async def test_an_update_of_a_run_that_is_loaded_follows_its_last_task(client: Client) -> None:
    """The last two tasks had no commands, their worker is gone, and an update comes: it finds what both tasks did, and
    the run replays also without the guard."""
    queue, activities = f"counting-{uuid4().hex}", ahead.Activities()

    def worker() -> Worker:
        return Worker(client, task_queue=queue, workflows=[Counting], workflow_runner=Guarding())

    async with Worker(client, task_queue=ACTIVITIES, activities=[activities.wait]):
        async with worker():
            handle = await client.start_workflow(Counting.run, id=queue, task_queue=queue)
            for number, ended in enumerate(activities.ended, start=1):
                ended.set()
                await _until(handle, partial(_is_quiet_after, number))
        async with worker():
            assert await handle.execute_update(Counting.report) == ahead.WAITS
            await handle.signal(Counting.end)
            assert await handle.result() == ahead.WAITS
    await Replayer(workflows=[Counting], workflow_runner=UnsandboxedWorkflowRunner()).replay_workflow(
        await handle.fetch_history()
    )


def _is_quiet_after(number: int, run: WorkflowExecutionDescription) -> bool:
    """Whether so many activities have ended, with a task each. An end and its task are five events; both activities
    were scheduled by the sixth event."""
    return run.history_length >= 6 + 5 * number and not run.raw_description.HasField("pending_workflow_task")
