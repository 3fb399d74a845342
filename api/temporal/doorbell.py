"""What rings when a production has done something, and what its activities say of themselves meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from pydantic import JsonValue
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType, PendingActivityState
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.api.workflowservice.v1 import GetWorkflowExecutionHistoryRequest
from temporalio.client import Client, WorkflowExecutionDescription
from temporalio.exceptions import FailureError
from temporalio.service import RPCError, RPCStatusCode

from workflows import keys
from workflows.activity_io import DRAFT_PLAN, PRODUCE_ASSET, STILL_RUNNING

LONG_POLL_TIMEOUT: Final = timedelta(seconds=60)
"""The server itself ends an empty long-poll after 20 s."""
FIRST_RETRY_SECONDS: Final = 0.2
LAST_RETRY_SECONDS: Final = 2.0
"""A server is up again in 0.15 s when it only restarts; a longer outage is asked at this pace."""

_RINGING: Final = EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED
"""The workflow's state changes only when one of its tasks completes; all other events would ring in vain. To ask
when a task is scheduled is no sooner: the server answers after the task all the same, and once in a while 1 s later
(measured)."""
REST_SECONDS: Final = 0.04
"""After a ring nobody asks again for as long (`relay.DEBOUNCE_SECONDS`): one read brings what came meanwhile."""


@dataclass(frozen=True)
class Heartbeat:
    """What a running activity says of its asset; `progress` is 0..1. Of the plan's, the asset is `keys.PLANNER`."""

    asset_id: str
    details: Mapping[str, JsonValue]


async def rings(client: Client, production_id: str) -> AsyncIterator[bool]:
    """Yield True whenever the workflow has done something, and False when the newest run is closed.

    The history long-poll starts at the beginning of the run (the server offers no later start) and then
    waits; it survives restarts of the server and follows continue-as-new.
    """
    run_id, token, delay = "", b"", FIRST_RETRY_SECONDS
    while True:
        request = GetWorkflowExecutionHistoryRequest(
            namespace=client.namespace,
            execution=WorkflowExecution(workflow_id=keys.workflow_id(production_id), run_id=run_id),
            next_page_token=token,
            wait_new_event=True,
        )
        try:
            page = await client.workflow_service.get_workflow_execution_history(request, timeout=LONG_POLL_TIMEOUT)
        except (RPCError, RuntimeError) as error:
            status = error.status if isinstance(error, RPCError) else None
            if status is RPCStatusCode.NOT_FOUND:
                yield False
                return
            if status is RPCStatusCode.INVALID_ARGUMENT:
                token = b""
            await asyncio.sleep(delay)
            delay = min(2 * delay, LAST_RETRY_SECONDS)
            continue
        delay, token = FIRST_RETRY_SECONDS, page.next_page_token
        if any(e.event_type == _RINGING for e in page.history.events):
            yield True
            await asyncio.sleep(REST_SECONDS)
        if not token:
            last = page.history.events[-1] if page.history.events else None
            run_id = last.workflow_execution_continued_as_new_event_attributes.new_execution_run_id if last else ""
            if not run_id:
                yield False
                return


async def heartbeats(client: Client, description: WorkflowExecutionDescription) -> list[Heartbeat]:
    """What the pending activities of plan and assets say, which are paused, and why those wait that do.

    Needs no worker.
    """
    found = []
    for activity in description.raw_description.pending_activities:
        if activity.activity_type.name not in (DRAFT_PLAN, PRODUCE_ASSET):
            continue
        details: dict[str, JsonValue] = {}
        if activity.heartbeat_details.payloads:
            said = (await client.data_converter.decode(activity.heartbeat_details.payloads))[0]
            details = said if isinstance(said, dict) else {}
        if activity.activity_type.name == DRAFT_PLAN:
            if isinstance(plan := details.get("plan"), dict):
                found.append(Heartbeat(keys.PLANNER, plan))
            continue
        if reason := await _waits_for(client, activity):
            details |= {"queued": True, "reason": reason}
        if activity.paused:
            details |= {"paused": True}
        if details:
            found.append(Heartbeat(keys.asset_of_activity(activity.activity_id), details))
    return found


async def _waits_for(client: Client, activity: PendingActivityInfo) -> str:
    """Why an activity is not being worked at: its provider's queue is full, or what its last attempt met."""
    if activity.state != PendingActivityState.PENDING_ACTIVITY_STATE_SCHEDULED:
        return ""
    if not activity.HasField("last_failure"):
        return "waits for its provider's queue" if activity.attempt <= 1 else ""
    looked = activity.last_failure.application_failure_info.type == STILL_RUNNING
    if looked:
        return ""
    failure = await client.data_converter.decode_failure(activity.last_failure)
    return failure.message if isinstance(failure, FailureError) else str(failure)
