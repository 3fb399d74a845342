"""What the components of one workflow run share: the record, the takes under way, and the waits of the loop."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.models import Asset, utc
    from workflows.production.state.record import Record
    from workflows.runtime.run_loop import RunLoop
    from workflows.runtime.waits import wait_condition

SOON: Final = timedelta(seconds=1)
"""A worker begins a new run in this time."""
AT_ONCE: Final = timedelta(milliseconds=1)
"""The shortest timer: it ends with the next workflow task."""


class ProductionRun(RunLoop):
    """One run of the workflow. Each change of the record is followed by `wake_up`."""

    def __init__(self, record: Record) -> None:
        super().__init__()
        self.record = record
        self.running: dict[str, asyncio.Task[None]] = {}
        """The takes under way, by activity id."""
        self.jobs: set[str] = set()
        """Those of them that hold no worker: a provider makes them as a job, or they wait for a slot of their provider.
        The next run goes on with them, so a run may end meanwhile."""
        self.asking = False
        """Whether questions to language models are under way, for which more money is held than they will cost."""
        self.planning = False
        """Whether questions about a plan are under way that was approved meanwhile, or may be."""
        self.pricing = asyncio.Lock()
        """Held while a change of the plan is priced: one change at a time."""
        self.was_reset = False
        """Whether a reset has taken back what this run knew of costs, and they are not counted yet."""
        self._resets = 0
        self._loop = asyncio.get_running_loop()
        workflow.register_random_seed_callback(self._count_reset)
        info = workflow.info()
        # A reset to the first task brings its seed before this. A new run that only began late has no event before it.
        if info.run_id != info.first_execution_run_id and workflow.now() - info.workflow_start_time > SOON:
            self._log_reset()

    def _count_reset(self, _seed: int) -> None:
        self._resets += 1
        self._log_reset()

    def _log_reset(self) -> None:
        self.was_reset = True
        # The callback runs outside of the loop, where `workflow.now` fails.
        now = utc(datetime.fromtimestamp(self._loop.time(), UTC))
        self.record.resets = (*self.record.resets, now)

    async def is_sent_again(self) -> bool:
        """Whether the update that is handled now was accepted before a reset, so that the server sends it again: it
        does so in the first workflow task after the reset, which brings its seed after the updates.

        History alone decides it, because a run that is replayed, or reset once more, has to decide as it did.
        """
        before = self._resets
        with suppress(TimeoutError):
            await wait_condition(lambda: self._resets > before, AT_ONCE, "sent again?")
        return self._resets > before

    def wait_for_slot(self, name: str, asset: Asset, waits: bool) -> None:
        """A take begins to wait for a slot of its provider, or has one."""
        if waits:
            self.jobs.add(name)
        elif not (asset.quote and asset.quote.job):
            self.jobs.discard(name)
        self.wake_up()
