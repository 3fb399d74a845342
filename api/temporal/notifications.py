"""Every call to Temporal about deliveries to webhooks: the events that were given up, and their resending."""

import asyncio
from typing import Any

from temporalio.api.common.v1 import Payload, Payloads, Priority, WorkflowType
from temporalio.api.enums.v1 import WorkflowIdConflictPolicy, WorkflowIdReusePolicy
from temporalio.api.sdk.v1 import UserMetadata
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import StartWorkflowExecutionRequest
from temporalio.client import Client, WorkflowExecution, WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from api.problems import Problem, unknown_delivery
from api.temporal.outcomes import RPC_TIMEOUT, translating_errors
from api.temporal.priorities import Priorities
from api.views.webhooks import GivenUpDelivery
from workflows import keys
from workflows.runtime.encryption_keys import PayloadKeyMissing
from workflows.start_options import Urgency
from workflows.webhooks.delivery import GivenUp, Notification


class NotificationGateway:
    """Lists and resends deliveries to webhooks. Raises only `Problem`."""

    def __init__(self, client: Client, priorities: Priorities | None = None) -> None:
        self._client = client
        self._priorities = priorities or Priorities()

    async def list_given_up(
        self, tenant: str | None, page_size: int, page_token: bytes | None
    ) -> tuple[list[GivenUpDelivery], bytes | None]:
        """One page of deliveries that gave up events which were not resent since, the newest first; and the token of
        the next page.

        Raises:
            Problem: 503.
        """
        query = f"WorkflowType = '{keys.NOTIFICATION_TYPE}' AND {keys.ATTENTION_ATTRIBUTE} = '{keys.GIVEN_UP}'"
        query += f" AND {keys.TENANT_ATTRIBUTE} = '{tenant}'" if tenant else ""
        with translating_errors():
            page = self._client.list_workflows(
                query, page_size=page_size, next_page_token=page_token, rpc_timeout=RPC_TIMEOUT
            )
            await page.fetch_next_page()
            runs = page.current_page or ()
            newest = await asyncio.gather(*(self._is_newest(run) for run in runs))
        found = [await _view(run) for run, is_newest in zip(runs, newest, strict=True) if is_newest]
        return found, page.next_page_token

    async def resend(self, delivery_id: str) -> GivenUpDelivery:
        """Deliver the events that a delivery gave up, again for a day. A delivery that is under way is left alone.

        The request of the new run is named after the old run, so the server starts one for all requests that resend it,
        also where that has ended before the last of them arrives.

        Raises:
            Problem: 404 where there is no such delivery, 409 where it gave nothing up, 503.
        """
        with translating_errors(unknown_delivery, delivery_id):
            last = await self._handle(delivery_id).describe(rpc_timeout=RPC_TIMEOUT)
            given_up = await _given_up(last)
            if given_up is None:
                raise _nothing_given_up(delivery_id, last)
            batch = await self._input(delivery_id, last.run_id)
            events = tuple(event for event in batch.events if event.id in given_up.events)
            await self._start_once(last, batch.model_copy(update={"events": events}))
        return await _view(last)

    async def _start_once(self, last: WorkflowExecutionDescription, batch: Notification) -> None:
        """Start the run that follows `last`, unless a request has started it. The SDK's own start draws the id of its
        request, so that a repetition would be another start."""
        converter, priority = self._client.data_converter, self._priorities
        of_tenant = priority.of(keys.tenant_of(batch.production_id), Urgency.BATCH)
        (summary,) = await converter.encode([f"{len(batch.events)} events of {batch.production_id}, again"])
        request = StartWorkflowExecutionRequest(
            namespace=self._client.namespace,
            identity=self._client.identity,
            request_id=f"resend-{last.run_id}",
            workflow_id=last.id,
            workflow_type=WorkflowType(name=keys.NOTIFICATION_TYPE),
            task_queue=TaskQueue(name=keys.TASK_QUEUE),
            input=Payloads(payloads=await converter.encode([batch])),
            workflow_id_reuse_policy=WorkflowIdReusePolicy.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
            workflow_id_conflict_policy=WorkflowIdConflictPolicy.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
            priority=Priority(
                priority_key=of_tenant.priority_key or 0,
                fairness_key=of_tenant.fairness_key or "",
                fairness_weight=of_tenant.fairness_weight or 0.0,
            ),
            user_metadata=UserMetadata(summary=summary),
        )
        try:
            await self._client.workflow_service.start_workflow_execution(request, retry=True, timeout=RPC_TIMEOUT)
        except RPCError as error:
            if error.status is not RPCStatusCode.ALREADY_EXISTS:  # a later run is under way
                raise

    async def _is_newest(self, run: WorkflowExecution) -> bool:
        """Whether no later run delivers the events again."""
        newest = await self._handle(keys.delivery_id_of(run.id)).describe(rpc_timeout=RPC_TIMEOUT)
        return bool(newest.run_id == run.run_id)

    async def _input(self, delivery_id: str, run_id: str | None) -> Notification:
        """The events that a run was started with."""
        payloads: list[Payload] = []
        async for event in self._handle(delivery_id, run_id).fetch_history_events(page_size=1, rpc_timeout=RPC_TIMEOUT):
            payloads = list(event.workflow_execution_started_event_attributes.input.payloads)
            break
        (batch,) = await self._client.data_converter.decode(payloads, [Notification])
        assert isinstance(batch, Notification)
        return batch

    def _handle(self, delivery_id: str, run_id: str | None = None) -> Any:
        return self._client.get_workflow_handle(keys.notification_workflow_id(delivery_id), run_id=run_id)


async def _given_up(run: WorkflowExecution) -> GivenUp | None:
    found = await run.memo_value(keys.GIVEN_UP_MEMO, None)
    return GivenUp.model_validate(found, extra="ignore") if found else None


async def _view(run: WorkflowExecution) -> GivenUpDelivery:
    delivery_id = keys.delivery_id_of(run.id)
    try:
        given_up = await _given_up(run)
    except PayloadKeyMissing as error:  # one delivery that cannot be decrypted must not hide the others
        given_up = GivenUp(url="", events=(), reasons=(f"encrypted with the key {error.key_id!r}",))
    assert given_up is not None
    return GivenUpDelivery(
        delivery_id=delivery_id,
        production_id=delivery_id.rpartition("-")[0].rpartition("-")[0],
        url=given_up.url,
        events=len(given_up.events),
        reasons=given_up.reasons,
        given_up_at=run.close_time,
    )


def _nothing_given_up(delivery_id: str, last: WorkflowExecutionDescription) -> Problem:
    running = last.status is WorkflowExecutionStatus.RUNNING
    detail = "it is under way" if running else "all of its events were delivered"
    remedy = "GET /api/v1/webhooks/given-up lists those that gave events up"
    return Problem.of_field("delivery_id", detail, remedy, status=409, kind="nothing-given-up", delivery_id=delivery_id)
