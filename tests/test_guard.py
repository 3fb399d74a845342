"""A query that would take a run ahead of its history fails, and nothing else does."""

from typing import Any

import pytest
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.bridge.proto.workflow_completion import WorkflowActivationCompletion
from temporalio.worker import WorkflowInstance

from worker.guard import _Guarded
from workflows.keys import ASK_AGAIN


class Inner(WorkflowInstance):
    """Answers every activation."""

    def activate(self, act: WorkflowActivation) -> WorkflowActivationCompletion:
        done = WorkflowActivationCompletion(run_id=act.run_id)
        done.successful.SetInParent()
        return done

    def get_serialization_context(self, command_info: Any) -> Any: ...

    def get_external_store_context(self, command_info: Any) -> Any: ...

    def get_info(self) -> Any: ...


def activation(seconds: int, length: int, *kinds: str) -> WorkflowActivation:
    act = WorkflowActivation(run_id="r", history_length=length)
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
def test_what_is_ahead_of_its_task_is_refused(second: WorkflowActivation, refused: bool) -> None:
    """Where the history grew and no workflow task began, what happened is not applied, and the worker says why."""
    guarded = _Guarded(Inner())
    assert guarded.activate(activation(1, 4, "initialize_workflow")).HasField("successful")
    done = guarded.activate(second)
    assert done.HasField("failed") is refused
    if refused:
        assert done.failed.failure.message == ASK_AGAIN
