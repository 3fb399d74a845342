"""What the components of one workflow run share: the record, the takes under way, and the waits of the loop."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.production.state.record import Record


class ProductionRun:
    """One run of the workflow. Each change of the record is followed by `wake_up`."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.running: dict[str, asyncio.Task[None]] = {}
        """The takes under way, by activity id."""
        self.jobs: set[str] = set()
        """Those of them that a provider makes as a job: polling it holds no worker slot for long."""
        self.pricing = asyncio.Lock()
        """Held while a change of the plan is priced: one change at a time."""
        self._changed = False
        self._background: set[asyncio.Task[None]] = set()

    def wake_up(self) -> None:
        """Let the workflow's loop go on: something changed."""
        self._changed = True

    async def wait_for_change(
        self, within: timedelta | None = None, summary: str | None = None, *, or_continue: bool = False
    ) -> None:
        """Wait until `wake_up`.

        Args:
            or_continue: Return as well when the run should be continued as new.

        Raises:
            TimeoutError: `within` has passed before.
        """
        await workflow.wait_condition(
            lambda: self._changed or (or_continue and self.should_continue()), timeout=within, timeout_summary=summary
        )
        self._changed = False

    def should_continue(self) -> bool:
        return workflow.info().is_continue_as_new_suggested() and self.is_quiet()

    def is_quiet(self) -> bool:
        """Whether no handler and no background task is under way: only then a run may end or be continued as new."""
        return workflow.all_handlers_finished() and not self._background

    def in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Run it as a task of its own; the run does not end before the task has."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
