"""A workflow that is asked just before a workflow task begins must not run ahead of its history.

For a query the SDK loads a run with all of its history, also with events whose workflow task has not started yet. It
applies them at the time of the task before, keeps the run, and goes on from there: what the live run knows then differs
from what every replay finds, up to a run that can never be replayed again (sdk-go issue 755 describes the mechanism;
seen with sdk-python 1.35). Such a query fails here, and its run is dropped from the cache; whoever asked asks again.
"""

from typing import Any

from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.converter import StorageDriverStoreContext
from temporalio.worker import WorkflowInstance, WorkflowInstanceDetails
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner
from temporalio.workflow import Info

from workflows.keys import ASK_AGAIN

_HARMLESS = frozenset({"query_workflow", "remove_from_cache"})


class _Guarded(WorkflowInstance):
    """Hands everything to the instance of the SDK, but what would take it ahead of its history."""

    def __init__(self, inner: WorkflowInstance) -> None:
        self._inner = inner
        self._time = -1
        self._length = 0

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        time = act.timestamp.ToNanoseconds()
        changes = any(job.WhichOneof("variant") not in _HARMLESS for job in act.jobs)
        ahead = changes and time == self._time and act.history_length > self._length
        self._time, self._length = time, act.history_length
        if not ahead:
            return self._inner.activate(act)
        refused = WorkflowActivationCompletion(run_id=act.run_id)
        refused.failed.failure.message = ASK_AGAIN
        refused.failed.failure.application_failure_info.SetInParent()
        return refused

    def get_serialization_context(self, command_info: Any) -> None:
        """None: no converter of ours asks for it, and to find it takes a way into the sandbox for each payload."""

    def get_external_store_context(self, command_info: Any) -> StorageDriverStoreContext:
        """An empty one, for the same reason: no payload is stored outside of history."""
        return StorageDriverStoreContext()

    def get_info(self) -> Info:
        return self._inner.get_info()

    def get_thread_id(self) -> int | None:
        return self._inner.get_thread_id()


class GuardedRunner(SandboxedWorkflowRunner):
    """The SDK's sandbox with that guard."""

    def create_instance(self, det: WorkflowInstanceDetails) -> WorkflowInstance:
        return _Guarded(super().create_instance(det))
