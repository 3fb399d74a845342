"""Counts how takes end, from the workflow's side: once each, whatever attempts, replays and workers do."""

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
from workflows.production.desk import failure_of


class Counting(Interceptor):
    """For the workers of a process whose runtime serves metrics."""

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002
        return _Activity(next)

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:  # noqa: A002
        return _Workflow


class _Activity(ActivityInboundInterceptor):
    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002
        info = activity.info()
        if info.attempt == 1 and input.args and isinstance(asked := input.args[0], ProduceAsset):
            metrics().queue_waited(asked.asset.provider, info.started_time - info.scheduled_time)
        return await super().execute_activity(input)


class _Workflow(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Outbound(outbound))


class _Outbound(WorkflowOutboundInterceptor):
    def start_activity(self, input: StartActivityInput) -> workflow.ActivityHandle[Any]:  # noqa: A002
        handle = super().start_activity(input)
        if input.activity == PRODUCE_ASSET:
            asked: ProduceAsset = input.args[0]
            ordered = workflow.now()
            handle.add_done_callback(lambda done: _ended(asked, ordered, done))
        return handle


def _ended(asked: ProduceAsset, ordered: datetime, done: "asyncio.Task[Any]") -> None:
    if workflow.unsafe.is_replaying_history_events():
        return
    asset = asked.asset
    metrics().asset_ended(asset.provider, asset.asset_type, _outcome(done), workflow.now() - ordered)


def _outcome(done: "asyncio.Task[Any]") -> str:
    """One word: of the error tree, where it failed."""
    error = None if done.cancelled() else done.exception()
    if done.cancelled() or isinstance(getattr(error, "cause", None), CancelledError):
        return "cancelled"
    if isinstance(error, ActivityError):
        failure = failure_of(error)
        return failure.kind or failure.reason
    return COMPLETED if error is None else type(error).__name__
