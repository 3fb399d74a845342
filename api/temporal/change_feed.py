"""Notifications of a production's changes by a long poll of its history, and the heartbeats of its activities."""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from pydantic import JsonValue
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType, PendingActivityState
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryRequest
from temporalio.client import Client, WorkflowHandle, WorkflowQueryFailedError, WorkflowQueryRejectedError
from temporalio.exceptions import FailureError
from temporalio.service import RPCError, RPCStatusCode

from api.problems import unknown_production
from api.temporal.outcomes import RPC_TIMEOUT, translating_errors
from workflows import keys
from workflows.activity_io import DRAFT_PLAN, PRODUCE_ASSET, STILL_RUNNING
from workflows.servers.temporal import is_missing
from workflows.slots.messages import WAITING_QUERY

LONG_POLL_TIMEOUT: Final = timedelta(seconds=60)
"""The server itself ends an empty long poll after 20 s."""
FIRST_RETRY_SECONDS: Final = 0.2
LAST_RETRY_SECONDS: Final = 2.0
"""A server that only restarts is up again in 0.15 s; during a longer outage this is the interval of the polls."""

_CHANGE: Final = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
"""The workflow's state changes only when one of its tasks completes, so other events are ignored. A query when a task
is scheduled is no faster: the server answers it after the task all the same, and sometimes 1 s later (measured)."""
REST_SECONDS: Final = 0.04
"""The relay does not query again within this time (`DEBOUNCE_SECONDS`), so one poll collects the events until then."""


@dataclass(frozen=True)
class Heartbeat:
    """The details that a running activity reports for its asset; `progress` is 0..1. The plan's is `keys.PLANNER`."""

    asset_id: str
    details: Mapping[str, JsonValue]


class ChangeFeed:
    """Reports changes of productions. It needs no worker."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def changes(self, production_id: str) -> AsyncIterator[bool]:
        """Yield True whenever the workflow's state may have changed, and False when the newest run is closed.

        The long poll of the history starts at the beginning of the run (the server offers no later start) and then
        waits; it survives restarts of the server and follows continue-as-new.
        """
        run_id, token, delay = "", b"", FIRST_RETRY_SECONDS
        poll = self._client.workflow_service.get_workflow_execution_history
        while True:
            request = GetWorkflowExecutionHistoryRequest(
                namespace=self._client.namespace,
                execution=WorkflowExecution(workflow_id=keys.workflow_id(production_id), run_id=run_id),
                next_page_token=token,
                wait_new_event=True,
            )
            try:
                page = await poll(request, timeout=LONG_POLL_TIMEOUT)
            except (RPCError, RuntimeError) as error:
                if isinstance(error, RPCError) and is_missing(error):
                    yield False
                    return
                if isinstance(error, RPCError) and error.status is RPCStatusCode.INVALID_ARGUMENT:
                    token = b""
                await asyncio.sleep(delay)
                delay = min(2 * delay, LAST_RETRY_SECONDS)
                continue
            delay, token = FIRST_RETRY_SECONDS, page.next_page_token
            if any(e.event_type == _CHANGE for e in page.history.events):
                yield True
                await asyncio.sleep(REST_SECONDS)
            if not token:
                last = page.history.events[-1] if page.history.events else None
                run_id = last.workflow_execution_continued_as_new_event_attributes.new_execution_run_id if last else ""
                if not run_id:
                    yield False
                    return

    async def heartbeats(self, production_id: str, making: Collection[str] = ()) -> list[Heartbeat]:
        """The reports of the pending activities of plan and assets: details, pauses, and reasons to wait.

        Args:
            making: The assets that are being made. Those without an activity may wait for a slot of their provider.

        Raises:
            Problem: 404, 503.
        """
        with translating_errors(unknown_production, production_id):
            handle = self._client.get_workflow_handle(keys.workflow_id(production_id))
            description = await handle.describe(rpc_timeout=RPC_TIMEOUT)
        found, missing = [], set(making) - {keys.PLANNER}
        for activity in description.raw_description.pending_activities:
            missing.discard(keys.asset_of_activity(activity.activity_id))
            if activity.activity_type.name not in (DRAFT_PLAN, PRODUCE_ASSET):
                continue
            details: dict[str, JsonValue] = {}
            if activity.heartbeat_details.payloads:
                decoded = (await self._client.data_converter.decode(activity.heartbeat_details.payloads))[0]
                details = decoded if isinstance(decoded, dict) else {}
            if activity.activity_type.name == DRAFT_PLAN:
                if isinstance(plan := details.get("plan"), dict):
                    found.append(Heartbeat(keys.PLANNER, plan))
                continue
            if reason := await self._reason_to_wait(activity):
                details |= {"queued": True, "reason": reason}
            if activity.paused:
                details |= {"paused": True}
            if details:
                found.append(Heartbeat(keys.asset_of_activity(activity.activity_id), details))
        return [*found, *await self._waiting(handle, missing)] if missing else found

    async def _waiting(self, handle: WorkflowHandle[Any, Any], assets: Collection[str]) -> list[Heartbeat]:
        """Those of the assets that wait for a slot, which only the workflow knows; none if no worker answers."""
        try:
            waiting = await handle.query(WAITING_QUERY, result_type=dict[str, str], rpc_timeout=RPC_TIMEOUT)
        except (RPCError, WorkflowQueryFailedError, WorkflowQueryRejectedError):
            return []
        return [
            Heartbeat(asset_id, {"queued": True, "reason": f"waits for one of the slots of {provider}"})
            for asset_id, provider in waiting.items()
            if asset_id in assets
        ]

    async def _reason_to_wait(self, activity: PendingActivityInfo) -> str:
        """Why no worker runs an activity: its provider's queue is full, or its last attempt failed; empty otherwise."""
        if activity.state != PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED:
            return ""
        if not activity.HasField("last_failure"):
            return "waits for its provider's queue" if activity.attempt <= 1 else ""
        if activity.last_failure.application_failure_info.type == STILL_RUNNING:  # the poll found an unfinished job
            return ""
        failure = await self._client.data_converter.decode_failure(activity.last_failure)
        return failure.message if isinstance(failure, FailureError) else str(failure)
