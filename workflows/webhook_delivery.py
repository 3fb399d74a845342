"""NotificationWorkflow: some events of a production, posted to one of its webhooks.

It lives beside the production, which neither waits for it nor fails with it. Events are at-least-once and nearly in
order: a few are on their way at a time, and one that is not taken at first is tried again while the next ones go out.
Receivers put them in order by the event's `id`, and tell repetitions by the header `webhook-id`.
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
    from workflows.events import Event
    from workflows.models import Model, Webhook

PATIENCE: Final = timedelta(days=1)
"""From the first event of a batch on; then what is not delivered is given up."""
WINDOW: Final = 5
"""First tries at a time: a quick receiver keeps up with any production, and gets its events nearly in order."""
ATTEMPT_TIMEOUT: Final = timedelta(seconds=30)
"""One try: the activity itself stops at 15 s."""
LAST_TRIES: Final = timedelta(minutes=1)
"""What an event gets whose turn comes when the day is over."""
ONCE: Final = RetryPolicy(maximum_attempts=1)
FIRST_PAUSE: Final = timedelta(seconds=1)
AGAIN: Final = RetryPolicy(
    initial_interval=timedelta(seconds=2), backoff_coefficient=2, maximum_interval=timedelta(minutes=10)
)
"""Some 150 tries a day: a receiver that is back is found within ten minutes."""
MAX_EVENTS: Final = 500
"""In a batch: about 2,000 events of history, far below where Temporal suggests a new one."""


class Notification(Model):
    """Events of one production, at most MAX_EVENTS, for one of its webhooks."""

    production_id: str
    webhook: Webhook
    events: tuple[Event, ...]


class Delivery(Model):
    production_id: str
    webhook: Webhook
    event: Event


class Notified(Model):
    """What became of a batch."""

    delivered: int
    given_up: tuple[str, ...] = Field(default=(), description="A line for each event that was not, saying why")


def chosen(webhook: Webhook, events: Iterable[Event]) -> tuple[Event, ...]:
    """Those of the events that the webhook asked for."""
    return tuple(e for e in events if not webhook.events or e.name in webhook.events)


class NotificationActivities(ABC):
    """What a notification asks of the worker that holds the secret."""

    @activity.defn(name="deliver_webhook")
    @abstractmethod
    async def deliver_webhook(self, request: Delivery) -> None:
        """Post one event, signed.

        Raises:
            ApplicationError: not delivered. One that is not to be retried ends it for the batch: the receiver wants
                no more, or its address is not to be connected to.
        """


@workflow.defn(name=keys.NOTIFICATION_TYPE)
class NotificationWorkflow:
    """One batch. It fails of nothing that a receiver does."""

    @workflow.init
    def __init__(self, batch: Notification) -> None:
        self._batch = batch
        self._ends = workflow.now() + PATIENCE
        self._over = ""
        """Why the receiver gets no more."""

    @workflow.run
    async def run(self, batch: Notification) -> Notified:
        window = asyncio.Semaphore(WINDOW)
        failed = [words for words in await asyncio.gather(*(self._tell(e, window) for e in batch.events)) if words]
        return Notified(delivered=len(batch.events) - len(failed), given_up=tuple(failed))

    async def _tell(self, event: Event, window: asyncio.Semaphore) -> str:
        """Empty once it is delivered, else why it is not."""
        name = f"{event.id}/{event.name}"
        async with window:
            failed = self._over or await self._post(event, name, ONCE)
        if isinstance(failed, ActivityError) and not self._over:
            asked = failed.cause.next_retry_delay if isinstance(failed.cause, ApplicationError) else None
            await workflow.sleep(asked or FIRST_PAUSE)
            failed = self._over or await self._post(event, f"{name}/again", AGAIN)
        return f"#{event.id} {event.name}: {_words(failed)}" if failed else ""

    async def _post(self, event: Event, name: str, retry: RetryPolicy) -> ActivityError | None:
        host = urlsplit(self._batch.webhook.url).hostname
        try:
            await workflow.execute_activity_method(
                NotificationActivities.deliver_webhook,
                Delivery(production_id=self._batch.production_id, webhook=self._batch.webhook, event=event),
                activity_id=name,
                task_queue=keys.NOTIFY_QUEUE,
                start_to_close_timeout=ATTEMPT_TIMEOUT,
                schedule_to_close_timeout=max(self._ends - workflow.now(), LAST_TRIES),
                retry_policy=retry,
                summary=f"#{event.id} {event.name} to {host}",
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            if isinstance(error.cause, ApplicationError) and error.cause.non_retryable:
                self._over = error.cause.message
            return error
        return None


def _words(failed: BaseException | str) -> str:
    """Of the innermost failure: a day that is over says nothing of what went wrong on it."""
    if isinstance(failed, str):
        return failed
    while failed.__cause__:
        failed = failed.__cause__
    return failed.message if isinstance(failed, ApplicationError) else str(failed)
