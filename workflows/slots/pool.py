"""SlotPool: the in-flight limit of one provider, over all workers of a namespace."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.common import Priority, RetryPolicy
from temporalio.exceptions import ActivityError, TemporalError

with workflow.unsafe.imports_passed_through():
    from workflows import keys
    from workflows.runtime.run_loop import UPGRADE, RunLoop
    from workflows.runtime.waits import wait_condition
    from workflows.slots.messages import (
        CHECK_SLOTS,
        GRANT_SIGNAL,
        LIMIT_SIGNAL,
        POOL_TYPE,
        REQUEST_SIGNAL,
        URGENT,
        PoolView,
        SlotGrant,
        SlotRequest,
        SlotsChecked,
    )
    from workflows.slots.state import PoolStart, Slots

AT_ONCE: Final = 200
"""Signals that are on their way: the server allows at most 2,000 of a run."""
CHECK_TIMEOUT: Final = timedelta(minutes=1)
"""One attempt at a check: up to 100 slots, eight at a time."""
CHECKS_TIMEOUT: Final = timedelta(minutes=5)
"""All attempts at a check. Then no worker has the provider's key: the slots stay held, and are checked again."""
SETTLES_WITHIN: Final = timedelta(seconds=30)
"""A pool that replaces an ended one gives no slot before: jobs are polled every 20 s, and then it knows them."""
SHORTEST: Final = timedelta(seconds=1)
"""Between two checks."""


@workflow.defn(name=POOL_TYPE)
class SlotPool:
    """Grants slots to takes. Workflow id: `pool_id`. It stays open, and costs nothing while no slot is held."""

    @workflow.init
    def __init__(self, start: PoolStart) -> None:
        self._loop = RunLoop()
        self._slots = Slots(start)
        self._announcing = 0
        self._hurried = False

    @workflow.run
    async def run(self, start: PoolStart) -> None:
        if start.replaces:
            await workflow.sleep(SETTLES_WITHIN, summary="learn of jobs that run")
        checks = asyncio.create_task(self._check())
        while not (workflow.info().is_continue_as_new_suggested() or self._loop.should_upgrade()):
            room = AT_ONCE - self._announcing
            if self._slots.has_work and room > 0:
                for holder, slots in self._slots.grant(room, workflow.now()).items():
                    self._announcing += 1
                    self._loop.in_background(self._announce(holder, slots))
            else:
                workflow.set_current_details(_details(self._slots.view()))
                await self._loop.wait_for_change(or_continue=True)
        await workflow.wait_condition(self._loop.is_quiet)
        checks.cancel()
        workflow.continue_as_new(self._slots.carried(), initial_versioning_behavior=UPGRADE)

    @workflow.signal(name=REQUEST_SIGNAL, description="A workflow that makes takes wants or releases slots")
    def request(self, request: SlotRequest) -> None:
        self._slots.request(request, workflow.now())
        self._hurried = self._hurried or bool(request.abandoned)
        self._loop.wake_up()

    @workflow.signal(name=LIMIT_SIGNAL, description="Change the limit: a number, or null for none")
    def set_limit(self, limit: int | None) -> None:
        self._slots.limit = limit if limit is None else max(limit, 1)
        self._loop.wake_up()

    @workflow.signal(name=keys.UPGRADE_SIGNAL, description="Go on with the current version of the workers")
    def upgrade(self) -> None:
        self._loop.upgrade()

    @workflow.query(description="The limit, the slots that are held, and how many takes of each tenant wait")
    def slots(self) -> PoolView:
        return self._slots.view()

    async def _announce(self, holder: str, slots: tuple[str, ...]) -> None:
        grant = SlotGrant(provider=self._slots.provider, pool=workflow.info().first_execution_run_id, slots=slots)
        try:
            await workflow.get_external_workflow_handle(holder).signal(GRANT_SIGNAL, grant)
        except TemporalError as error:
            workflow.logger.info("%s is closed, so it gets no slot: %s", holder, error)
            self._slots.lose(holder, slots, workflow.now())
            self._hurried = True
        else:
            self._slots.confirm(slots)
        finally:
            self._announcing -= 1
            self._loop.wake_up()

    async def _check(self) -> None:
        """Free the slots of takes that vanished: their workflow was ended, deleted or reset, or forgot them."""
        while True:
            await workflow.wait_condition(lambda: self._slots.next_due() is not None)
            self._hurried = False
            due = self._slots.next_due() or workflow.now()
            with suppress(TimeoutError):
                pause = max(due - workflow.now(), SHORTEST)
                await wait_condition(lambda: self._hurried, pause, "next check")
            await self._check_due()

    async def _check_due(self) -> None:
        request = self._slots.take_due(workflow.now())
        if not request.slots:
            return
        try:
            checked = await workflow.execute_activity(
                CHECK_SLOTS,
                request,
                result_type=SlotsChecked,
                task_queue=keys.provider_queue(request.provider),
                start_to_close_timeout=CHECK_TIMEOUT,
                schedule_to_close_timeout=CHECKS_TIMEOUT,
                retry_policy=RetryPolicy(maximum_interval=timedelta(seconds=30)),
                priority=Priority(priority_key=URGENT),
                summary=f"check {len(request.slots)} slots",
            )
        except ActivityError as error:
            workflow.logger.warning("the slots of %s could not be checked: %s", request.provider, error.cause)
            return
        self._slots.apply(request.slots, checked.verdicts)
        self._loop.wake_up()


def _details(view: PoolView) -> str:
    """The state of the pool for the Temporal UI, as Markdown."""
    of = "" if view.limit is None else f" of {view.limit}"
    lines = [f"**{len(view.held)}{of}** slots of {view.provider} are in use."]
    lines += [f"- {tenant}: {count} takes wait" for tenant, count in sorted(view.waiting.items())[:20]]
    return "\n".join(lines)
