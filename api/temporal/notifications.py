"""Every call to Temporal about deliveries to webhooks: the events that were given up, and their resending."""

import asyncio
from contextlib import suppress
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.client import Client, WorkflowExecution, WorkflowExecutionDescription, WorkflowExecutionStatus
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

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

        The new run has the id of the old one, so of two concurrent requests one has an effect.

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
            with suppress(WorkflowAlreadyStartedError):  # another request has just resent them
                await self._client.start_workflow(
                    keys.NOTIFICATION_TYPE,
                    batch.model_copy(update={"events": events}),
                    id=last.id,
                    task_queue=keys.TASK_QUEUE,
                    id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                    id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                    priority=self._priorities.of(keys.tenant_of(batch.production_id), Urgency.BATCH),
                    static_summary=f"{len(events)} events of {batch.production_id}, again",
                    rpc_timeout=RPC_TIMEOUT,
                )
        return await _view(last)

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
