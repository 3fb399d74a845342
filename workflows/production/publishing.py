"""What a production tells others: the Temporal UI, the list of what waits, webhooks, and whoever started it."""

from datetime import timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributeUpdate
from temporalio.exceptions import TemporalError, WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from workflows import keys
    from workflows.events import Event, ProductionStart, ProductionStatus, Report
    from workflows.models import ZERO, Webhook
    from workflows.production.state import attention
    from workflows.production.state.approvals import MAX_MESSAGE_CHARS
    from workflows.production.take_requests import Changes
    from workflows.production.ui_details import details_of
    from workflows.start_options import COST, STATUS
    from workflows.webhook_delivery import MAX_EVENTS, Notification, chosen

ATTENTION = SearchAttributeKey.for_keyword_list(keys.ATTENTION_ATTRIBUTE)
PROVIDERS = SearchAttributeKey.for_keyword_list(keys.PROVIDERS_ATTRIBUTE)

GATHERING = timedelta(seconds=1)
"""Webhooks get what happened within this together: a production of 1,000 assets does not start 2,000 workflows."""


class Outlook(Changes):
    """Tells what changed, whenever the loop shows it."""

    def __init__(self, start: ProductionStart) -> None:
        super().__init__(start)
        self._reports_to = start.reports_to
        self._shown_events = -1
        self._shown_status: ProductionStatus | None = None
        self._shown_attention: list[dict[str, object]] = []
        self._shown_providers: list[str] = []
        self._shown_usd = ZERO
        self._shown_overrun_usd = start.carried.overrun_usd if start.carried else ZERO
        self._reported: tuple[object, ...] = ()
        self._gathering = False

    def _show(self) -> None:
        """Publish where the production is: search attributes when the status changes, details now and then."""
        state = self._state
        changed = state.status is not self._shown_status
        # Looking through 1,000 assets after each of 2,000 events would cost more than the production.
        due = changed or len(state.events) - self._shown_events >= max(1, len(state.assets) // 20)
        updates: list[SearchAttributeUpdate[Any]] = []
        if changed:
            updates.append(STATUS.value_set(state.status.value))
        if changed or (due and state.spent_usd != self._shown_usd):
            updates.append(COST.value_set(float(state.spent_usd)))
            self._shown_usd = state.spent_usd
        if due and state.overrun_usd != self._shown_overrun_usd:
            workflow.upsert_memo({keys.OVERRUN_MEMO: str(state.overrun_usd)})
            self._shown_overrun_usd = state.overrun_usd
        updates += self._show_attention()
        if due:
            updates += self._show_providers()
        if updates:
            workflow.upsert_search_attributes(updates)
        if due:
            workflow.set_current_details(details_of(state))
            self._shown_status, self._shown_events = state.status, len(state.events)
        if self._reports_to:
            self._report()
        if self._untold() and not self._gathering and not state.status.closed:
            self._gathering = True
            self._aside(self._gather())

    def _show_attention(self) -> list[SearchAttributeUpdate[Any]]:
        """What waits for a person stands beside the run: listing it needs no worker and wakes nobody."""
        closed = self._state.status.closed
        items = [] if closed else attention.items(self._state, keys.MAX_ATTENTION_ITEMS)
        told = [item.model_dump(mode="json", exclude_defaults=True) for item in items]
        if told == self._shown_attention:
            return []
        self._shown_attention = told
        workflow.upsert_memo({keys.ATTENTION_MEMO: told or None})
        reasons = sorted({item.reason for item in items})
        return [ATTENTION.value_set(reasons) if reasons else ATTENTION.value_unset()]

    def _show_providers(self) -> list[SearchAttributeUpdate[Any]]:
        providers = self._state.providers()
        if providers == self._shown_providers:
            return []
        self._shown_providers = providers
        return [PROVIDERS.value_set(providers)]

    # To the workflow that started it

    def _report(self) -> None:
        state = self._state
        digest = state.plan.digest if state.plan else None
        if (state.status, digest) == self._reported:
            return
        self._reported = (state.status, digest)
        report = Report(
            production_id=state.production_id,
            status=state.status,
            plan_digest=digest,
            high_usd=state.spent_usd + state.plan.high_usd if state.plan and not state.assets else state.spent_usd,
            unknown_prices=bool(state.plan and state.plan.unknown_prices),
            spent_usd=state.spent_usd,
            error=(state.error or "")[:MAX_MESSAGE_CHARS],
        )
        self._aside(self._send(report))

    async def _send(self, report: Report) -> None:
        try:
            await workflow.get_external_workflow_handle(self._reports_to).signal("told", report)
        except TemporalError as error:
            workflow.logger.info("nobody listens at %s: %s", self._reports_to, error)

    # To webhooks

    async def _gather(self) -> None:
        await workflow.sleep(GATHERING, summary="gather events for webhooks")
        await self._hand_over()
        self._gathering = False

    async def _hand_over(self) -> None:
        """Start the deliveries of the events since the last time; each goes on by itself, for as long as it takes."""
        state = self._state
        known = state.progress(state.handed_over)
        for number, webhook in enumerate(state.brief.webhooks):
            events = chosen(webhook, known.events)
            for first in range(0, len(events), MAX_EVENTS):
                await self._notify(number, webhook, events[first : first + MAX_EVENTS])
        state.handed_over = known.last_event_id

    async def _notify(self, number: int, webhook: Webhook, events: tuple[Event, ...]) -> None:
        try:
            await workflow.start_child_workflow(
                keys.NOTIFICATION_TYPE,
                Notification(production_id=self._state.production_id, webhook=webhook, events=events),
                id=f"notification-{self._state.production_id}-{number}-{events[0].id}",
                parent_close_policy=ParentClosePolicy.ABANDON,
                static_summary=f"{len(events)} events of {self._state.production_id}",
            )
        except WorkflowAlreadyStartedError:
            workflow.logger.info("webhook %d has event %d already", number, events[0].id)

    def _untold(self) -> bool:
        """Whether events wait for being handed to webhooks."""
        state = self._state
        return bool(state.brief.webhooks) and state.progress(state.handed_over).last_event_id > state.handed_over

    def _all_told(self) -> bool:
        """Whether a run may end: nothing is on its way or held back, and the end was shown."""
        return self._quiet() and not self._untold() and self._shown_status is self._state.status
