"""The production's workflow without a server: the test decides when each activity ends.

The code of `workflows` is unchanged. A plain event loop replaces Temporal's SDK (waiting, activities, the clock), so
that a thousand simulated productions take seconds.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final
from unittest.mock import patch

from temporalio import workflow
from temporalio.common import TypedSearchAttributes
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError, FailureError

from workflows.events import ProductionStart, Snapshot
from workflows.production.workflow import ProductionWorkflow

SECOND: Final = timedelta(seconds=1)
TURNS: Final = 30
"""Iterations of the loop until no task can continue; the longest chain of awaits is far shorter."""
NOW: Final = datetime(2026, 11, 20, tzinfo=UTC)


class _Continued(BaseException):
    """The run continues as new."""

    def __init__(self, start: ProductionStart) -> None:
        self.start = start


def _ended(cause: FailureError) -> ActivityError:
    """An activity's failure as the SDK raises it."""
    named: dict[str, Any] = dict.fromkeys(("identity", "activity_type", "activity_id"), "")
    error = ActivityError("ended", scheduled_event_id=1, started_event_id=1, retry_state=None, **named)
    error.__cause__ = cause
    return error


@dataclass(eq=False)
class Pending:
    """An activity that is pending."""

    name: str
    request: Any
    answer: "asyncio.Future[Any]"

    def complete(self, result: Any) -> None:
        self.answer.set_result(result)

    def fail(self, message: str, *details: Any, kind: str = "") -> None:
        self.answer.set_exception(_ended(ApplicationError(message, *details, type=kind or None, non_retryable=True)))
        self.answer.exception()  # the awaiting task may be cancelled in the same step


@dataclass(eq=False)
class Sent:
    """An update that was sent: running, completed, or refused."""

    name: str
    argument: Any
    task: "asyncio.Task[Any]"
    refusal: ApplicationError | None = None


def _sent(start: ProductionStart) -> ProductionStart:
    return ProductionStart.model_validate_json(start.model_dump_json(exclude_defaults=True))


@dataclass
class Simulation:
    """One production; `start` begins it, and `advance` runs every task that can continue."""

    on_schedule: Callable[[Pending], None] = lambda _: None
    pending: list[Pending] = field(default_factory=list)
    full: bool = False
    """Whether the server suggests to continue as new."""
    old: bool = False
    """Whether new runs use another version of the workers than this run."""
    result: Snapshot | None = None
    """The result of the newest run, if it has ended."""

    def __post_init__(self) -> None:
        self.clock = NOW
        self.runs = 0
        self._loop = asyncio.new_event_loop()
        self._handlers: list[Sent] = []

    def start(self, start: ProductionStart) -> None:
        """Start a run with an input that was serialized and parsed, like a payload."""
        self.full, self.old, self.result, self._cancel_requested = False, False, None, False
        self.runs += 1
        brought = _sent(start)
        self.run = self._loop.run_until_complete(self._create(brought))
        self._main = self._loop.create_task(self.run.run(brought))

    async def _create(self, start: ProductionStart) -> ProductionWorkflow:
        return ProductionWorkflow(start)

    def update(self, name: str, argument: Any) -> None:
        """Send an update; the `advance` in which it ends returns it."""
        handler = getattr(self.run, name)
        self._handlers.append(Sent(name, argument, self._loop.create_task(handler(argument))))

    def cancel(self) -> None:
        """Request the cancellation of the run; the server delivers that once."""
        if not self._cancel_requested:
            self._cancel_requested = True
            self._main.cancel()

    def advance(self) -> list[Sent]:
        """Run every task that can continue, and return the updates that ended."""
        ended: list[Sent] = []
        while True:
            self._loop.run_until_complete(self._settle())
            for sent in [s for s in self._handlers if s.task.done()]:
                self._handlers.remove(sent)
                error = sent.task.exception()
                if isinstance(error, ApplicationError):
                    sent.refusal = error
                elif error:
                    raise error
                ended.append(sent)
            if not self._main.done() or self.result is not None:
                return ended
            error = self._main.exception()
            if error is None:
                self.result = self._main.result()
                self._end_tasks()
                return ended
            if not isinstance(error, _Continued):
                raise error
            assert not self._handlers, "a run was continued while a caller waited for a response"
            self._end_tasks()
            self.start(error.start)

    def close(self) -> None:
        self._end_tasks()
        self._loop.close()

    def _end_tasks(self) -> None:
        while tasks := asyncio.all_tasks(self._loop):  # a cancelled production continues, to cancel its takes
            for task in tasks:
                task.cancel()
            self._loop.run_until_complete(asyncio.wait(tasks, timeout=0))
        self._handlers.clear()

    async def _settle(self) -> None:
        for _ in range(TURNS):
            await asyncio.sleep(0)

    # The functions of the SDK

    @contextmanager
    def replace_sdk(self) -> Iterator[None]:
        given: dict[str, Any] = {
            "now": lambda: self.clock,
            # A run that continues another one: there is no bucket with a record to compare.
            "info": lambda: SimpleNamespace(
                is_continue_as_new_suggested=lambda: self.full,
                is_target_worker_deployment_version_changed=lambda: self.old,
                continued_run_id="before",
                first_execution_run_id="first",
                run_id="first",
                typed_search_attributes=TypedSearchAttributes.empty,
            ),
            "patched": lambda _: True,
            "cancellation_reason": lambda: "",
            "register_random_seed_callback": lambda _: None,
            "execute_activity_method": self._execute,
            "wait_condition": self._wait,
            "sleep": self._sleep,
            "all_handlers_finished": lambda: all(s.task.done() for s in self._handlers),
            "continue_as_new": self._continue,
            "create_event_group": lambda _: None,
            "upsert_search_attributes": lambda _: None,
            "upsert_memo": lambda _: None,
            "set_current_details": lambda _: None,
        }
        with patch.multiple(workflow, **given):
            yield

    async def _execute(self, method: Any, request: Any, **_: Any) -> Any:
        pending = Pending(method.__name__, request, self._loop.create_future())
        self.pending.append(pending)
        self.on_schedule(pending)
        try:
            return await pending.answer
        except asyncio.CancelledError:
            cause = CancelledError("cancelled")
            raise _ended(cause) from cause
        finally:
            self.pending.remove(pending)

    async def _wait(self, holds: Callable[[], bool], *, timeout: timedelta | None = None, **_: Any) -> None:  # noqa: ASYNC109 - the SDK's name
        deadline = None if timeout is None else self.clock + timeout // SECOND * SECOND  # a moment ends in this step
        while not holds():
            if deadline is not None and self.clock >= deadline:
                raise TimeoutError
            await asyncio.sleep(0)

    async def _sleep(self, duration: timedelta, **_: Any) -> None:
        until = self.clock + duration
        await self._wait(lambda: self.clock >= until)

    def _continue(self, start: ProductionStart, **_: Any) -> None:
        raise _Continued(_sent(start))  # the tasks of this run end later, and change its record
