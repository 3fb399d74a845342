"""Metrics of takes, recorded in the workflow: once per take, for any number of attempts, replays and workers."""

import asyncio
from datetime import datetime
from typing import Any

from temporalio import activity, workflow
from temporalio.exceptions import ActivityError, CancelledError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    Interceptor,
    StartActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

from activities.metrics import COMPLETED, metrics
from workflows.activity_io import PRODUCE_ASSET, ProduceAsset
from workflows.production.failures import failure_of
from workflows.slots.messages import SLOT_NEEDED


class TakeMetrics(Interceptor):
    """For the workers of a process whose runtime serves metrics."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        return _Activity(next)

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:  # noqa: A002
        return _Workflow


class _Activity(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        info = activity.info()
        if info.attempt == 1 and input.args and isinstance(request := input.args[0], ProduceAsset):
            metrics().queue_waited(request.asset.provider, info.started_time - info.scheduled_time)
        return await super().execute_activity(input)


class _Workflow(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Outbound(outbound))


class _Outbound(WorkflowOutboundInterceptor):
    def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002
        handle = super().start_activity(input)
        if input.activity == PRODUCE_ASSET:
            request: ProduceAsset = input.args[0]
            started = workflow.now()
            handle.add_done_callback(lambda done: _record_end(request, started, done))
        return handle


def _record_end(request: ProduceAsset, started: datetime, done: "asyncio.Task[Any]") -> None:
    if workflow.unsafe.is_replaying_history_events():
        return
    asset, outcome = request.asset, _outcome(done)
    if outcome != SLOT_NEEDED:  # it goes on with a slot
        metrics().asset_ended(asset.provider, asset.asset_type, outcome, workflow.now() - started)


def _outcome(done: "asyncio.Task[Any]") -> str:
    """A metric label: completed, cancelled, or the kind or reason of the error."""
    error = None if done.cancelled() else done.exception()
    if done.cancelled() or isinstance(getattr(error, "cause", None), CancelledError):
        return "cancelled"
    if isinstance(error, ActivityError):
        failure = failure_of(error)
        return failure.kind or failure.reason
    return COMPLETED if error is None else type(error).__name__
