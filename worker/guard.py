"""A workflow that is asked between its workflow tasks must not run ahead of its history.

For a query the SDK (sdk-python 1.35) loads a run with all of its history: also with events whose workflow task has not
started yet, or has started at a worker that died with it. It applies them, keeps the run, and goes on from there. What
the live run did then differs from what every replay finds, up to a run that can never be replayed again (sdk-go issue
755 describes the mechanism). Four things are done about it, of which none costs more than a replay:

- Events without a started task come at the time of the task before. They are refused with the query, and the run is
  dropped from the cache.
- Events of a task that has started look like any others. What was done about them shows at the next task: if the task
  was completed, history holds the commands; if it timed out, history is too short for them, and the next task fails and
  is done again from the whole history.
- Until then nobody is told: a query that follows the first task of a run that was replayed is refused for a moment.
  Where it loaded the run, it comes at once.
- An update that meets such a query may be handed out a second time, and would be done twice. It has the name of the
  first, so the run is dropped from the cache.

Whoever is refused asks again, which the server answers after the next task where one is under way.
"""

from time import monotonic
from typing import Any, Final

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.converter import StorageDriverStoreContext
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner
from temporalio.workflow import Info

from workflows.keys import ASK_AGAIN

DOUBT_SECONDS: Final = 0.25
_HARMLESS: Final = frozenset({"query_workflow", "remove_from_cache"})
_ROUND: Final = 3
"""Events that lie between the start of a task and that of the next at least: completed, scheduled, started."""
_CAUSES: Final = {"resolve_activity": 2, "fire_timer": 1, "signal_workflow": 1}
"""Events that a job stands for; of the others there may be none."""
_RECORDED: Final = frozenset(
    {
        "schedule_activity",
        "upsert_workflow_search_attributes",
        "modify_workflow_properties",
        "complete_workflow_execution",
    }
)
"""Commands that are an event each; others may be taken back in the same task."""


class _Guarded(WorkflowInstance):
    """Hands everything to the instance of the SDK, but what would take it ahead of its history."""

    def __init__(self, inner: WorkflowInstance) -> None:
        self._inner = inner
        self._time = -1
        self._length = 0
        self._replayed = False
        self._tasks = 0
        """Live ones since the run was loaded."""
        self._started = 0
        """The event with which the newest of them began."""
        self._did = 0
        """Events that the commands of the newest live task are at least."""
        self._done_at = 0.0
        self._accepted: set[str] = set()
        """The updates that were done."""

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        time = act.timestamp.ToNanoseconds()
        kinds = [str(job.WhichOneof("variant")) for job in act.jobs]
        changes = not _HARMLESS.issuperset(kinds)
        ahead = changes and time == self._time and act.history_length > self._length
        live = changes and not act.is_replaying
        new = live and act.history_length > self._started
        twice = any(job.do_update.protocol_instance_id in self._accepted for job in act.jobs)
        if ahead or twice or (new and self._forgotten(act, kinds)):
            return _failed(act)
        if set(kinds) == {"query_workflow"} and self._in_doubt():
            return _unanswered(act)
        self._time, self._length = time, act.history_length
        done = self._inner.activate(act)
        self._accepted |= _accepted(done)
        if live:
            self._tasks += new
            self._did = _events(done) + (0 if new else self._did)
            self._started = act.history_length
            self._done_at = monotonic()
        elif changes:
            self._replayed = True
        return done

    def _forgotten(self, act: WorkflowActivation, kinds: list[str]) -> bool:
        """Whether history went on without what the newest task did."""
        between = act.history_length - self._started - _ROUND
        return self._tasks > 0 and between < self._did + sum(_CAUSES.get(kind, 0) for kind in kinds)

    def _in_doubt(self) -> bool:
        return self._replayed and self._tasks == 1 and monotonic() - self._done_at < DOUBT_SECONDS

    def get_serialization_context(self, command_info: Any) -> None:
        """None: no converter of ours asks for it, and to find it takes a way into the sandbox for each payload."""

    def get_external_store_context(self, command_info: Any) -> StorageDriverStoreContext:
        """An empty one, for the same reason: no payload is stored outside of history."""
        return StorageDriverStoreContext()

    def get_info(self) -> Info:
        return self._inner.get_info()

    def get_thread_id(self) -> int | None:
        return self._inner.get_thread_id()


def _accepted(done: WorkflowActivationCompletion) -> set[str]:
    said = (command.update_response for command in done.successful.commands if command.HasField("update_response"))
    return {each.protocol_instance_id for each in said if each.HasField("accepted")}


def _events(done: WorkflowActivationCompletion) -> int:
    """How many events the commands of a task become at least."""
    found = 0
    for command in done.successful.commands:
        kind = command.WhichOneof("variant")
        said = command.update_response.WhichOneof("response") if kind == "update_response" else None
        found += kind in _RECORDED or said in ("accepted", "completed")
    return found


def _failed(act: WorkflowActivation) -> WorkflowActivationCompletion:
    """Drops the run from the cache: a workflow task is done again from the whole history, a query fails."""
    refused = WorkflowActivationCompletion(run_id=act.run_id)
    refused.failed.failure.message = ASK_AGAIN
    refused.failed.failure.application_failure_info.SetInParent()
    return refused


def _unanswered(act: WorkflowActivation) -> WorkflowActivationCompletion:
    """Refuses queries and keeps the run."""
    refused = WorkflowActivationCompletion(run_id=act.run_id)
    refused.successful.SetInParent()
    for job in act.jobs:
        result = refused.successful.commands.add().respond_to_query
        result.query_id = job.query_workflow.query_id
        result.failed.message = ASK_AGAIN
        result.failed.application_failure_info.SetInParent()
    return refused


class GuardedRunner(SandboxedWorkflowRunner):
    """The SDK's sandbox with that guard."""

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return _Guarded(super().create_instance(det))
