"""The workers of one process, one for each task queue: some are added and retired while the process runs."""

import asyncio
from collections.abc import Iterable, Sequence

from temporalio.worker import Worker


class WorkerPool:
    """Runs workers until one of them fails or the pool is shut down."""

    def __init__(self, workers: Iterable[Worker]) -> None:
        self._running: dict[str, Worker] = {}
        self._runs: list[asyncio.Task[None]] = []
        self._retiring: list[asyncio.Task[None]] = []
        self._failed = asyncio.Event()
        self._error: Exception | None = None
        for worker in workers:
            self.add(worker)

    @property
    def queues(self) -> list[str]:
        return list(self._running)

    @property
    def workers(self) -> Sequence[Worker]:
        return list(self._running.values())

    def add(self, worker: Worker) -> None:
        """Run a worker of a task queue that none polls yet."""
        run = asyncio.create_task(worker.run())
        run.add_done_callback(self._note_failure)
        self._running[worker.task_queue] = worker
        self._runs.append(run)

    def retire(self, task_queue: str) -> None:
        """Stop to poll a task queue. What runs may finish, as at the end of the process."""
        if worker := self._running.pop(task_queue, None):
            self._retiring.append(asyncio.create_task(worker.shutdown()))

    def fail(self, error: Exception) -> None:
        """Report that the workers are of no use any more."""
        self._error = error
        self._failed.set()

    async def until_failure(self) -> None:
        """Return when a worker has ended by itself, which none does unless it fails.

        Raises:
            Exception: the one that `fail` was given.
        """
        await self._failed.wait()
        if self._error:
            raise self._error

    async def shutdown(self) -> None:
        """Stop all workers; running activities may finish."""
        await asyncio.gather(*(worker.shutdown() for worker in self._running.values()), *self._retiring)

    async def ended(self) -> None:
        """
        Raises:
            Exception: that of a worker that failed.
        """
        await asyncio.gather(*self._runs)

    def _note_failure(self, run: asyncio.Task[None]) -> None:
        if run.cancelled() or run.exception():
            self._failed.set()
