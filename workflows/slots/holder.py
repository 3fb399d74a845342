"""The slots of a workflow that makes takes: requested before an attempt, released when the take is over.

The limits are settings of the workers. The workflow learns of one by the first attempt, which ends with SLOT_NEEDED; so
providers without a limit cost nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final, Literal

from temporalio import workflow
from temporalio.exceptions import ActivityError, TemporalError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from workflows.activity_io import TAKE_EXISTS, AssetFailure, ProduceAsset
    from workflows.models import Take
    from workflows.production.failures import reported_failure
    from workflows.runtime.waits import wait_condition
    from workflows.slots.messages import (
        REQUEST_SIGNAL,
        SLOT_NEEDED,
        SlotGrant,
        SlotRequest,
        pool_id,
        slot_id,
        take_of,
    )
    from workflows.start_options import Urgency

REMINDER: Final = timedelta(minutes=10)
"""What is in use and waits is reported again: an operator may have ended the pool, and a new one knows nothing."""
UNCLAIMED: Final = timedelta(seconds=10)
"""A grant that is not awaited is given back after this: a run that was just continued or reset may still request it."""

Change = Literal["wanted", "running", "released", "abandoned"]
Execute = Callable[[ProduceAsset], Awaitable[Take]]


class SlotHolder:
    """The slots of one workflow run.

    Args:
        in_background: Runs a task that has to end before the run does.
        may_start: Whether a take that has submitted nothing may begin; not during a pause.
    """

    def __init__(
        self,
        tenant: str,
        in_background: Callable[[Coroutine[Any, Any, None]], None],
        may_start: Callable[[], bool],
    ) -> None:
        self._tenant = tenant
        self._in_background = in_background
        self._may_start = may_start
        self._limited: set[str] = set()
        self._granted: dict[tuple[str, str], str] = {}
        """Provider and slot -> the pool that gave it."""
        self._pools: dict[str, str] = {}
        """Provider -> its pool, as far as this run knows. To another one nothing was reported yet."""
        self._waiting: dict[tuple[str, str], None] = {}
        self._using: dict[tuple[str, str], None] = {}
        self._unsent: dict[str, dict[str, Change]] = {}
        """Provider -> slot -> its last change that was not reported to the pool."""
        self._sending: set[str] = set()
        self._reminders: dict[str, asyncio.Task[None]] = {}

    async def make(self, request: ProduceAsset, execute: Execute, on_wait: Callable[[bool], None]) -> Take:
        """Execute the activity of a take, with a slot if its provider has a limit.

        Args:
            on_wait: Called with True when it begins to wait for a slot, and with False when it has one.

        Raises:
            ActivityError: the take failed.
        """
        provider = request.asset.provider
        key = (provider, slot_id(request.production_id, request.asset.asset_id, request.take))
        change: Change = "wanted"
        while True:
            if provider in self._limited:
                on_wait(True)
                request = request.model_copy(update={"slot": await self._wait(key, change)})
                on_wait(False)
            try:
                take = await execute(request)
            except ActivityError as error:
                failure = None if is_cancelled_exception(error) else reported_failure(error)
                if failure is None or failure.kind != SLOT_NEEDED:
                    self._end(key, "released" if failure and _is_over(failure) else "abandoned")
                    raise
                self._limited.add(provider)
                change = "running" if failure.maybe_billed else "wanted"
            except asyncio.CancelledError:
                self._end(key, "abandoned")
                raise
            else:
                self._end(key, "released")
                return take

    def waiting(self) -> dict[str, str]:
        """Asset -> the provider for one of whose slots it waits."""
        return {take_of(slot)[1]: provider for provider, slot in self._waiting}

    def grant(self, grant: SlotGrant) -> None:
        """The pool gives slots, or asks whether they are still needed."""
        if self._pools.setdefault(grant.provider, grant.pool) != grant.pool:
            self._pools[grant.provider] = grant.pool
            self._repeat_all(grant.provider)
        unknown = []
        for slot in grant.slots:
            key = (grant.provider, slot)
            if key not in self._using:
                self._granted[key] = grant.pool
                if key not in self._waiting:
                    unknown.append(key)
        if unknown:
            self._in_background(self._give_back(unknown))

    async def _give_back(self, keys: list[tuple[str, str]]) -> None:
        await workflow.sleep(UNCLAIMED, summary="slots that nobody awaits")
        for key in keys:
            if self._granted.pop(key, None) is not None and key not in self._waiting:
                self._tell(key, "abandoned")

    async def _wait(self, key: tuple[str, str], change: Change) -> str:
        """Wait for a slot; the pool that gives it, or "" if there is no pool any more."""
        provider = key[0]
        self._using.pop(key, None)
        try:
            while True:
                self._waiting[key] = None
                self._tell(key, change)
                self._remind(provider)
                await workflow.wait_condition(lambda: key in self._granted or provider not in self._limited)
                del self._waiting[key]
                if change == "running" or self._may_start():
                    break
                if self._granted.pop(key, None) is not None:  # others use it meanwhile
                    self._tell(key, "released")
                await workflow.wait_condition(self._may_start)
        except asyncio.CancelledError:
            self._tell(key, "abandoned")
            self._granted.pop(key, None)
            self._waiting.pop(key, None)
            raise
        self._using[key] = None
        return self._granted.pop(key, "")

    def _end(self, key: tuple[str, str], change: Change) -> None:
        if key in self._using:
            del self._using[key]
            self._tell(key, change)

    def _tell(self, key: tuple[str, str], change: Change) -> None:
        """Tell the pool, in one message with what else changes in this workflow task."""
        provider, slot = key
        self._unsent.setdefault(provider, {})[slot] = change
        if provider not in self._sending:
            self._sending.add(provider)
            self._in_background(self._send(provider))

    async def _send(self, provider: str) -> None:
        pool = workflow.get_external_workflow_handle(pool_id(provider))
        try:
            while changes := self._unsent.pop(provider, None):
                await pool.signal(REQUEST_SIGNAL, self._request(changes))
        except TemporalError as error:
            workflow.logger.info("%s has no pool, so an attempt has to start it: %s", provider, error)
            self._unsent.pop(provider, None)
            self._limited.discard(provider)
        finally:
            self._sending.discard(provider)

    def _request(self, changes: dict[str, Change]) -> SlotRequest:
        def of(change: Change) -> tuple[str, ...]:
            return tuple(slot for slot, each in changes.items() if each == change)

        info = workflow.info()
        return SlotRequest(
            holder=info.workflow_id,
            tenant=self._tenant,
            weight=info.priority.fairness_weight or 1.0,
            priority=info.priority.priority_key or Urgency.BATCH,
            wanted=of("wanted"),
            running=of("running"),
            released=of("released"),
            abandoned=of("abandoned"),
        )

    def _remind(self, provider: str) -> None:
        if provider not in self._reminders:
            self._reminders[provider] = asyncio.create_task(self._remind_while_waiting(provider))

    async def _remind_while_waiting(self, provider: str) -> None:
        try:
            while any(key[0] == provider for key in self._waiting):
                with suppress(TimeoutError):
                    await wait_condition(
                        lambda: not any(key[0] == provider for key in self._waiting), REMINDER, "takes wait for slots"
                    )
                    return
                self._repeat_all(provider)
        finally:
            self._reminders.pop(provider, None)

    def _repeat_all(self, provider: str) -> None:
        self._repeat(self._using, provider, "running")
        self._repeat(self._waiting, provider, "wanted")

    def _repeat(self, keys: dict[tuple[str, str], None], provider: str, change: Change) -> None:
        """Report to the pool once more, unless a newer report is about to be sent."""
        for key in [k for k in keys if k[0] == provider]:
            self._tell(key, self._unsent.get(provider, {}).get(key[1], change))


def _is_over(failure: AssetFailure) -> bool:
    """Whether nothing of the take is at its provider, after this failure."""
    uncertain = failure.maybe_billed or failure.kind == TAKE_EXISTS
    return not uncertain and failure.reason not in ("ambiguous_submission", "store_unsupported")
