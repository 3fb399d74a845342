"""What the components of one workflow run share: the record, the takes under way, and the waits of the loop."""

import asyncio

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.models import Asset
    from workflows.production.state.record import Record
    from workflows.runtime.run_loop import RunLoop


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
        self.pricing = asyncio.Lock()
        """Held while a change of the plan is priced: one change at a time."""
        info = workflow.info()
        self.follows_reset = info.run_id != info.original_execution_run_id
        """Whether this workflow task is the first after a reset: the server sends again what was accepted before. The
        seed for what follows the reset comes with the next task."""
        workflow.register_random_seed_callback(self._end_reset)

    def _end_reset(self, _seed: int) -> None:
        self.follows_reset = False

    def wait_for_slot(self, name: str, asset: Asset, waits: bool) -> None:
        """A take begins to wait for a slot of its provider, or has one."""
        if waits:
            self.jobs.add(name)
        elif not (asset.quote and asset.quote.job):
            self.jobs.discard(name)
        self.wake_up()
