"""The loop of a long-running workflow: its waits, its background tasks, and when its run may end."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, Final

from temporalio import workflow

from workflows.runtime.waits import wait_condition

UPGRADE: Final = workflow.ContinueAsNewVersioningBehavior.AUTO_UPGRADE
"""How every run is continued as new: the next run starts on the version of the workers that new runs use. With workers
without versions it has no effect."""


class RunLoop:
    """One run of a workflow whose main loop waits for changes that handlers and background tasks make."""

    def __init__(self) -> None:
        self._changed = False
        self._background: set[asyncio.Task[None]] = set()
        info = workflow.info()
        # A run that was pinned by an override stays on its version when it is continued: it must not try without end.
        self._stays = info.continued_run_id is not None and info.is_target_worker_deployment_version_changed()

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

        def changed() -> bool:
            return self._changed or (or_continue and self.should_continue())

        if within is None:
            await workflow.wait_condition(changed)
        else:
            await wait_condition(changed, within, summary)
        self._changed = False

    def should_continue(self) -> bool:
        return (workflow.info().is_continue_as_new_suggested() or self.should_upgrade()) and self.is_quiet()

    def should_upgrade(self) -> bool:
        """Whether new runs use another version of the workers than this run: continued as new, it goes on there."""
        return not self._stays and workflow.info().is_target_worker_deployment_version_changed()

    def upgrade(self) -> None:
        """Go on with the version of the workers that new runs use, if that is another one."""
        self._stays = False
        if self.should_upgrade():
            self.wake_up()

    def is_quiet(self) -> bool:
        """Whether no handler and no background task is under way: only then a run may end or be continued as new."""
        return workflow.all_handlers_finished() and not self._background

    def in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Run it as a task of its own; the run does not end before the task has."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
