"""Keeps a workflow that is queried between its workflow tasks from running ahead of its history.

For a query the SDK (sdk-python 1.35) loads a run with its whole history, including events whose workflow task has not
started yet, or has started at a worker that died. It applies them, caches the run, and continues from there. The live
run then differs from every replay, up to a run that can never be replayed again (sdk-go issue 755 describes the
mechanism). The guard has five rules, none of which costs more than a replay:

- Events without a started task have the time of the previous task. The guard refuses them with the query, and the run
  leaves the cache.
- Events of a started task look like any others, but the query that loaded the run is the next to be answered. So the
  first query of a replayed run fails if it follows a live task, and the run leaves the cache: at worst, a task was
  executed and its run is loaded again. A run that has answered a query keeps its place, however many tasks follow.
- A query that came with a task cannot fail alone. The guard refuses it for a moment after that first task.
- The next task shows whether the newest one was completed: then history contains its commands; if it timed out, history
  may be too short for them. Then the next task fails, and is executed again from the whole history.
- An update that coincides with such a query may be delivered a second time, and would take effect twice. It has the id
  of the first, so the run leaves the cache.

The caller of a refused query retries it; the server answers after the next task if one is running.

A second fault has the same effect. A worker that loads a run for an update joins the task before it to that of the
update, if that one had no commands; the SDK then handles the update before the results of the earlier task. Every
replay has them as two tasks, the earlier one first. So the guard gives the update last, wherever history has room for
another task: a replay of the same activation finds the same room.
"""

from time import monotonic
from typing import Any, Final

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.converter import StorageDriverStoreContext
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner
from temporalio.workflow import Info

from workflows.keys import QUERY_REFUSED

UNCERTAIN_SECONDS: Final = 0.25
_DIRECT_QUERY: Final = "legacy_query"
"""The id that the SDK gives to a query that came without a workflow task."""
_HARMLESS: Final = frozenset({"query_workflow", "remove_from_cache"})
_ROUND: Final = 3
"""The minimum number of events from the start of a task to that of the next: completed, scheduled, started."""
_CAUSES: Final = {"resolve_activity": 2, "fire_timer": 1, "signal_workflow": 1}
"""The number of events that a job represents; other jobs may represent none."""
_RECORDED: Final = frozenset(
    {
        "schedule_activity",
        "upsert_workflow_search_attributes",
        "modify_workflow_properties",
        "complete_workflow_execution",
    }
)
"""Commands that become one event each; others may be withdrawn in the same task."""


_EVENTS: Final = {"set_patch_marker": 2, "respond_to_query": 0}
"""The number of events of commands that do not become exactly one."""
_ENDS: Final = frozenset(
    {
        "complete_workflow_execution",
        "fail_workflow_execution",
        "cancel_workflow_execution",
        "continue_as_new_workflow_execution",
    }
)


class _Guarded(WorkflowInstance):
    """Passes activations to the SDK's instance, except those that would make it run ahead of its history."""

    def __init__(self, inner: WorkflowInstance) -> None:
        self._inner = inner
        self._time = -1
        self._length = 0
        self._replayed = False
        self._tasks = 0
        """The number of live tasks since the run was loaded."""
        self._started = 0
        """The number of the event that started the newest live task."""
        self._recorded = 0
        """The minimum number of events that the commands of the newest live task become."""
        self._done_at = 0.0
        self._queried = False
        """Whether a query has reached the run since it was loaded."""
        self._accepted: set[str] = set()
        """The ids of the accepted updates."""
        self._room_from = 0
        """The number of the last event that the newest task is known to have: its start, completion and commands."""

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        time = act.timestamp.ToNanoseconds()
        kinds = [str(job.WhichOneof("variant")) for job in act.jobs]
        changes = not _HARMLESS.issuperset(kinds)
        ahead = changes and time == self._time and act.history_length > self._length
        live = changes and not act.is_replaying
        new = live and act.history_length > self._started
        twice = any(job.do_update.protocol_instance_id in self._accepted for job in act.jobs)
        if ahead or twice or (new and self._is_lost(act, kinds)):
            return _fail_task(act)
        if set(kinds) == {"query_workflow"}:
            first_task = self._replayed and self._tasks == 1
            direct = any(job.query_workflow.query_id == _DIRECT_QUERY for job in act.jobs)
            if first_task and direct and not self._queried:
                return _fail_task(act)
            self._queried = True
            if first_task and monotonic() - self._done_at < UNCERTAIN_SECONDS:
                return _refuse_queries(act)
        self._time, self._length = time, act.history_length
        done = self._activate_in_order(act, kinds)
        if changes:
            self._room_from = act.history_length + 1 + _count_commands(done)
        self._accepted |= _accepted_updates(done)
        if live:
            self._tasks += new
            self._recorded = _count_events(done) + (0 if new else self._recorded)
            self._started = act.history_length
            self._done_at = monotonic()
        elif changes:
            self._replayed = True
        return done

    def _activate_in_order(self, act: WorkflowActivation, kinds: list[str]) -> WorkflowActivationCompletion:
        """Give updates to the run after everything else, where this activation may be two tasks in each replay.

        If the run ends before, the update is not accepted; its caller sends it to the next run.
        """
        if not self._may_be_joined(act, kinds):
            return self._inner.activate(act)
        done = self._inner.activate(_part(act, updates=False))
        if not done.HasField("successful") or _ends_run(done):
            return done
        rest = self._inner.activate(_part(act, updates=True))
        if rest.HasField("successful"):
            done.successful.MergeFrom(rest.successful)
            return done
        return rest

    def _may_be_joined(self, act: WorkflowActivation, kinds: list[str]) -> bool:
        """Whether history has room for a task without commands between the newest one and this one."""
        if not self._room_from or "do_update" not in kinds or {"initialize_workflow", "do_update"} >= set(kinds):
            return False
        between = act.history_length - self._room_from - (_ROUND - 1)
        return between - sum(_CAUSES.get(kind, 0) for kind in kinds) >= _ROUND

    def _is_lost(self, act: WorkflowActivation, kinds: list[str]) -> bool:
        """Whether history continued without the commands of the newest task."""
        between = act.history_length - self._started - _ROUND
        return self._tasks > 0 and between < self._recorded + sum(_CAUSES.get(kind, 0) for kind in kinds)

    def get_serialization_context(self, command_info: Any) -> None:
        """None: no converter uses it, and computing it would enter the sandbox for each payload."""

    def get_external_store_context(self, command_info: Any) -> StorageDriverStoreContext:
        """An empty context, for the same reason: no payload is stored outside of history."""
        return StorageDriverStoreContext()

    def get_info(self) -> Info:
        return self._inner.get_info()

    def get_thread_id(self) -> int | None:
        return self._inner.get_thread_id()


def _accepted_updates(done: WorkflowActivationCompletion) -> set[str]:
    commands = done.successful.commands
    responses = (command.update_response for command in commands if command.HasField("update_response"))
    return {each.protocol_instance_id for each in responses if each.HasField("accepted")}


def _count_events(done: WorkflowActivationCompletion) -> int:
    """The minimum number of events that the commands of a task become."""
    found = 0
    for command in done.successful.commands:
        kind = command.WhichOneof("variant")
        response = command.update_response.WhichOneof("response") if kind == "update_response" else None
        found += kind in _RECORDED or response in ("accepted", "completed")
    return found


def _count_commands(done: WorkflowActivationCompletion) -> int:
    """The number of events that the commands of a task become, if none of them is withdrawn in the same task."""
    kinds = [str(command.WhichOneof("variant")) for command in done.successful.commands]
    rejected = sum(c.update_response.WhichOneof("response") == "rejected" for c in done.successful.commands)
    return sum(_EVENTS.get(kind, 1) for kind in kinds) - rejected


def _ends_run(done: WorkflowActivationCompletion) -> bool:
    return any(command.WhichOneof("variant") in _ENDS for command in done.successful.commands)


def _part(act: WorkflowActivation, *, updates: bool) -> WorkflowActivation:
    """The activation with its updates alone, or without them."""
    part = WorkflowActivation()
    part.CopyFrom(act)
    del part.jobs[:]
    part.jobs.extend(job for job in act.jobs if job.HasField("do_update") is updates)
    return part


def _fail_task(act: WorkflowActivation) -> WorkflowActivationCompletion:
    """Drop the run from the cache: a workflow task is executed again from the whole history, a query fails."""
    refused = WorkflowActivationCompletion(run_id=act.run_id)
    refused.failed.failure.message = QUERY_REFUSED
    refused.failed.failure.application_failure_info.SetInParent()
    return refused


def _refuse_queries(act: WorkflowActivation) -> WorkflowActivationCompletion:
    """Refuse queries and keep the run in the cache."""
    refused = WorkflowActivationCompletion(run_id=act.run_id)
    refused.successful.SetInParent()
    for job in act.jobs:
        result = refused.successful.commands.add().respond_to_query
        result.query_id = job.query_workflow.query_id
        result.failed.message = QUERY_REFUSED
        result.failed.application_failure_info.SetInParent()
    return refused


class GuardedRunner(SandboxedWorkflowRunner):
    """The SDK's sandbox with the guard."""

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return _Guarded(super().create_instance(det))
