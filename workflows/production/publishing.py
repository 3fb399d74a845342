"""Publishes the state of a production: to the Temporal UI, visibility, webhooks, and the workflow that started it."""

from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributeUpdate
from temporalio.exceptions import TemporalError, WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from workflows import keys
    from workflows.brief import Webhook
    from workflows.events import Event, ProductionStart, ProductionStatus, Report
    from workflows.models import ZERO
    from workflows.production.run import ProductionRun
    from workflows.production.state import attention, policies
    from workflows.production.state.approvals import abridged, missing_languages
    from workflows.production.state.plans.plan_event import with_plan_assets
    from workflows.production.state.takes import providers_in_use
    from workflows.production.ui_details import details_of
    from workflows.start_options import ATTENTION, COST, STATUS, TITLE, searchable_title
    from workflows.webhooks.delivery import MAX_EVENTS, Notification, millisecond_of, select_events

PROVIDERS: Final = SearchAttributeKey.for_keyword_list(keys.PROVIDERS_ATTRIBUTE)

GATHERING: Final = timedelta(seconds=1)
"""Webhooks get the events of this time together: a production of 1,000 assets does not start 2,000 workflows."""


class ReportQueue:
    """Reports to one workflow, each sent when the one before it has arrived: the server may deliver two signals that
    are under way together in any order, and the last report has to be the newest one."""

    def __init__(self, send: Callable[[Report], Awaitable[None]]) -> None:
        self._send = send
        self._waiting: deque[Report] = deque()
        self._sending = False

    def add(self, report: Report) -> Coroutine[Any, Any, None] | None:
        """The task that sends it, and those that are added meanwhile; None where such a task runs already."""
        if self._sending and workflow.patched("reports-in-order"):
            self._waiting.append(report)
            return None
        self._sending = True
        return self._send_all(report)

    async def _send_all(self, report: Report) -> None:
        await self._send(report)
        while self._waiting:
            await self._send(self._waiting.popleft())
        self._sending = False


class Publishing:
    """Publishes what changed, whenever the workflow's loop calls `publish`."""

    def __init__(self, run: ProductionRun, start: ProductionStart) -> None:
        self._run = run
        self.reports_to = start.reports_to or _series_of(start)
        self._shown_events = -1
        self._shown_status: ProductionStatus | None = None
        self._shown_attention: list[dict[str, object]] = []
        self._shown_providers: list[str] = []
        self._shown_title = workflow.info().typed_search_attributes.get(TITLE)
        """None where the start did not set it: the namespace may not have the attribute, or titles are encrypted."""
        self._shown_usd = ZERO
        self._shown_overrun_usd = start.carried.overrun_usd if start.carried else ZERO
        self._reported: tuple[object, ...] = ()
        self._gathering = False
        self._reports = ReportQueue(self._send)

    def publish(self) -> None:
        """Publish the state: search attributes when the status changes, details after a share of the events."""
        record = self._run.record
        changed = record.status is not self._shown_status
        # Rendering 1,000 assets after each of 2,000 events would cost more than the production.
        due = changed or len(record.events) - self._shown_events >= max(1, len(record.assets) // 20)
        updates: list[SearchAttributeUpdate[Any]] = []
        if changed:
            updates.append(STATUS.value_set(record.status.value))
        if changed or (due and record.spent_usd != self._shown_usd):
            updates.append(COST.value_set(float(record.spent_usd)))
            self._shown_usd = record.spent_usd
        if due and record.overrun_usd != self._shown_overrun_usd:
            workflow.upsert_memo({keys.OVERRUN_MEMO: str(record.overrun_usd)})
            self._shown_overrun_usd = record.overrun_usd
        updates += self._attention_updates()
        if due:
            updates += self._provider_updates() + self._title_updates()
        if updates:
            workflow.upsert_search_attributes(updates)
        if due:
            workflow.set_current_details(details_of(record))
            self._shown_status, self._shown_events = record.status, len(record.events)
        if self.reports_to:
            self._report()
        if self.has_unsent() and not self._gathering and not record.status.closed:
            self._gathering = True
            self._run.in_background(self._gather())

    def _attention_updates(self) -> list[SearchAttributeUpdate[Any]]:
        """Attention items are in the memo: listing them needs no worker and wakes no workflow."""
        record = self._run.record
        closed = record.status.closed
        items = [] if closed else attention.items(record, keys.MAX_ATTENTION_ITEMS)
        shown = [item.model_dump(mode="json", exclude_defaults=True) for item in items]
        if shown == self._shown_attention:
            return []
        self._shown_attention = shown
        workflow.upsert_memo({keys.ATTENTION_MEMO: shown or None})
        reasons = sorted({item.reason for item in items})
        return [ATTENTION.value_set(reasons) if reasons else ATTENTION.value_unset()]

    def _provider_updates(self) -> list[SearchAttributeUpdate[Any]]:
        providers = providers_in_use(self._run.record)
        if providers == self._shown_providers:
            return []
        self._shown_providers = providers
        return [PROVIDERS.value_set(providers)]

    def _title_updates(self) -> list[SearchAttributeUpdate[Any]]:
        plan = self._run.record.plan
        title = searchable_title(plan.title) if plan else ""
        if self._shown_title is None or title in ("", self._shown_title):
            return []
        self._shown_title = title
        return [TITLE.value_set(title)]

    def _report(self) -> None:
        record = self._run.record
        digest = record.plan.digest if record.plan else None
        if (record.status, digest) == self._reported:
            return
        self._reported = (record.status, digest)
        report = Report(
            production_id=record.production_id,
            status=record.status,
            plan_digest=digest,
            high_usd=policies.highest_usd(record),
            low_usd=record.spent_usd + (record.plan.low_usd if record.plan and not record.assets else ZERO),
            assets=len(record.plan.assets) if record.plan else 0,
            unknown_prices=bool(record.plan and record.plan.unknown_prices),
            missing_languages=missing_languages(record),
            spent_usd=record.spent_usd,
            error=abridged(record.error or ""),
        )
        if sending := self._reports.add(report):
            self._run.in_background(sending)

    async def _send(self, report: Report) -> None:
        try:
            await workflow.get_external_workflow_handle(self.reports_to).signal("report", report)
        except TemporalError as error:
            workflow.logger.info("no workflow %s receives reports: %s", self.reports_to, error)

    async def _gather(self) -> None:
        await workflow.sleep(GATHERING, summary="gather events for webhooks")
        await self.hand_over()
        self._gathering = False

    async def hand_over(self) -> None:
        """Start the deliveries of the new events; each is a workflow of its own, for as long as it takes."""
        record = self._run.record
        known = with_plan_assets(record, record.progress(record.notified))
        for number, webhook in enumerate(record.brief.webhooks):
            events = select_events(webhook, known.events)
            for first in range(0, len(events), MAX_EVENTS):
                await self._notify(number, webhook, events[first : first + MAX_EVENTS])
        record.notified = known.last_event_id

    async def _notify(self, number: int, webhook: Webhook, events: tuple[Event, ...]) -> None:
        first, delivery_id = events[0], f"{self._run.record.production_id}-{number}-{events[0].id}"
        try:
            await self._deliver(delivery_id, webhook, events)
        except WorkflowAlreadyStartedError:
            # This run was reset, and the one before still delivers events of the same numbers, but not of this log.
            if workflow.patched("deliveries-of-a-reset-run"):
                with suppress(WorkflowAlreadyStartedError):
                    await self._deliver(f"{delivery_id}_{millisecond_of(first)}", webhook, events)

    async def _deliver(self, delivery_id: str, webhook: Webhook, events: tuple[Event, ...]) -> None:
        production_id = self._run.record.production_id
        await workflow.start_child_workflow(
            keys.NOTIFICATION_TYPE,
            Notification(production_id=production_id, webhook=webhook, events=events),
            id=keys.notification_workflow_id(delivery_id),
            parent_close_policy=ParentClosePolicy.ABANDON,
            static_summary=f"{len(events)} events of {production_id}",
        )

    def has_unsent(self) -> bool:
        """Whether events are not handed to webhooks yet."""
        record = self._run.record
        return bool(record.brief.webhooks) and record.progress(record.notified).last_event_id > record.notified

    def is_complete(self) -> bool:
        """Whether a run may end: nothing is under way or unsent, and the last status was published."""
        return self._run.is_quiet() and not self.has_unsent() and self._shown_status is self._run.record.status


def _series_of(start: ProductionStart) -> str:
    """The workflow of the series that a reopened production belongs to; empty for any other."""
    batch = start.carried.batch if start.carried else None
    return keys.batch_workflow_id(batch.batch_id) if batch and batch.series else ""
