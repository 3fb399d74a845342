"""NotificationWorkflow: posts some events of a production to one of its webhooks.

The production neither waits for it nor fails with it. Delivery is at-least-once and nearly in order: a few events are
posted concurrently, and an event whose first attempt failed is retried while later events are posted. Receivers order
events by their `id`, and detect repetitions by the header `webhook-id`.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from temporalio import activity, workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from urllib.parse import urlsplit

    from pydantic import Field

    from workflows import keys
    from workflows.brief import Webhook
    from workflows.events import Event
    from workflows.models import Model
    from workflows.start_options import ATTENTION, TENANT

DELIVERY_PERIOD: Final = timedelta(days=1)
"""From the start of the workflow; undelivered events are given up after it."""
WINDOW: Final = 5
"""Concurrent first attempts: a fast receiver keeps up with any production, and gets its events nearly in order."""
ATTEMPT_TIMEOUT: Final = timedelta(seconds=30)
"""For one attempt; the activity itself stops after 15 s."""
MIN_DELIVERY_TIME: Final = timedelta(minutes=1)
"""For an event whose first attempt starts after the end of the period."""
ONE_ATTEMPT: Final = RetryPolicy(maximum_attempts=1)
FIRST_DELAY: Final = timedelta(seconds=1)
RETRIES: Final = RetryPolicy(
    initial_interval=timedelta(seconds=2), backoff_coefficient=2, maximum_interval=timedelta(minutes=10)
)
"""About 150 attempts a day: a receiver that works again gets its events within ten minutes."""
SHOWN_REASONS: Final = 5
MAX_REASON_CHARS: Final = 300
MAX_EVENTS: Final = 500
"""For one workflow: about 2,000 events of history, far below the limit for continue-as-new."""


class Notification(Model):
    """The workflow's input: at most MAX_EVENTS events of one production, for one of its webhooks."""

    production_id: str
    webhook: Webhook
    events: tuple[Event, ...]


class Delivery(Model):
    production_id: str
    webhook: Webhook
    event: Event


class NotificationResult(Model):
    """The workflow's result."""

    delivered: int
    given_up: tuple[str, ...] = Field(default=(), description="One line for each undelivered event, with the reason")


class GivenUp(Model):
    """The events that a run did not deliver, as its memo has them."""

    url: str
    events: tuple[int, ...] = Field(description="Their numbers")
    reasons: tuple[str, ...] = Field(description="One line for each of the first events")


def select_events(webhook: Webhook, events: Iterable[Event]) -> tuple[Event, ...]:
    """The events to which the webhook subscribes."""
    return tuple(e for e in events if not webhook.events or e.name in webhook.events)


def millisecond_of(event: Event) -> int:
    """The time of an event, since 1970. The event with its number in a run that was reset has another one."""
    return int(event.at.timestamp() * 1_000)


def message_id(production_id: str, event: Event) -> str:
    """The `webhook-id`: the same for each attempt at an event, and for no other event."""
    return f"{production_id}/{event.id}/{millisecond_of(event)}"


class NotificationActivities(ABC):
    """The activities of a notification, for the worker that holds the secret."""

    @activity.defn(name="deliver_webhook")
    @abstractmethod
    async def deliver_webhook(self, request: Delivery) -> None:
        """Post one event, signed.

        Raises:
            ApplicationError: not delivered. A non-retryable error ends the whole workflow's deliveries: the receiver
                refuses further events, or its address is not allowed.
        """


@workflow.defn(name=keys.NOTIFICATION_TYPE)
class NotificationWorkflow:
    """Delivers one batch of events. No failure of a receiver fails it."""

    @workflow.init
    def __init__(self, batch: Notification) -> None:
        self._batch = batch
        self._ends = workflow.now() + DELIVERY_PERIOD
        self._stop_reason = ""
        """Why the receiver gets no further events."""

    @workflow.run
    async def run(self, batch: Notification) -> NotificationResult:
        window = asyncio.Semaphore(WINDOW)
        reasons = await asyncio.gather(*(self._deliver(e, window) for e in batch.events))
        failed = {event.id: line for event, line in zip(batch.events, reasons, strict=True) if line}
        if failed:
            self._publish(failed)
        return NotificationResult(delivered=len(batch.events) - len(failed), given_up=tuple(failed.values()))

    def _publish(self, failed: dict[int, str]) -> None:
        """Let lists find this run and show the events that it gave up, without reading its result."""
        given_up = GivenUp(
            url=self._batch.webhook.url,
            events=tuple(failed),
            reasons=tuple(line[:MAX_REASON_CHARS] for line in [*failed.values()][:SHOWN_REASONS]),
        )
        tenant = keys.tenant_of(self._batch.production_id)
        workflow.upsert_memo({keys.GIVEN_UP_MEMO: given_up.model_dump(mode="json")})
        workflow.upsert_search_attributes([ATTENTION.value_set([keys.GIVEN_UP]), TENANT.value_set(tenant)])

    async def _deliver(self, event: Event, window: asyncio.Semaphore) -> str:
        """Post the event, with retries; return a line with the reason if it is not delivered, otherwise ""."""
        name = f"{event.id}/{event.name}"
        async with window:
            failed = self._stop_reason or await self._post(event, name, ONE_ATTEMPT)
        if isinstance(failed, ActivityError) and not self._stop_reason:
            requested = failed.cause.next_retry_delay if isinstance(failed.cause, ApplicationError) else None
            await workflow.sleep(requested or FIRST_DELAY)
            failed = self._stop_reason or await self._post(event, f"{name}/again", RETRIES)
        return f"#{event.id} {event.name}: {_message_of(failed)}" if failed else ""

    async def _post(self, event: Event, name: str, retry: RetryPolicy) -> ActivityError | None:
        host = urlsplit(self._batch.webhook.url).hostname
        try:
            await workflow.execute_activity_method(
                NotificationActivities.deliver_webhook,
                Delivery(production_id=self._batch.production_id, webhook=self._batch.webhook, event=event),
                activity_id=name,
                task_queue=keys.NOTIFY_QUEUE,
                start_to_close_timeout=ATTEMPT_TIMEOUT,
                schedule_to_close_timeout=max(self._ends - workflow.now(), MIN_DELIVERY_TIME),
                retry_policy=retry,
                summary=f"#{event.id} {event.name} to {host}",
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            if isinstance(error.cause, ApplicationError) and error.cause.non_retryable:
                self._stop_reason = error.cause.message
            return error
        return None


def _message_of(failed: BaseException | str) -> str:
    """The message of the innermost cause, because the outermost may only be a timeout."""
    if isinstance(failed, str):
        return failed
    while failed.__cause__:
        failed = failed.__cause__
    return failed.message if isinstance(failed, ApplicationError) else str(failed)
