"""`python -m tests.worker.polling.deaf_worker`: the product's worker, which checks its polls more often. The first one
loses the pollers of previz, and writes its process id into the file of DEAF_WORKER."""

import asyncio
import os
from pathlib import Path
from typing import Final

from temporalio.worker import Worker

from worker.live.pool import WorkerPool
from worker.polling import watch
from workflows import keys

MODULE: Final = "tests.worker.polling.deaf_worker"
VARIABLE: Final = "DEAF_WORKER"
CHECK_SECONDS: Final = 75.0
"""A poll lasts up to 70 s."""


class DeafPool(WorkerPool):
    """Stops the polls of previz once they have begun; the rest of its worker runs on."""

    def add(self, worker: Worker) -> None:
        super().add(worker)
        if worker.task_queue == keys.provider_queue("previz") and not Path(os.environ[VARIABLE]).exists():
            asyncio.get_running_loop().call_later(10, _deafen, worker)


def _deafen(worker: Worker) -> None:
    worker._bridge_worker.initiate_shutdown()
    Path(os.environ[VARIABLE]).write_text(str(os.getpid()))


if __name__ == "__main__":
    from worker import __main__

    vars(watch).update(CHECK_SECONDS=CHECK_SECONDS, MISSED_CHECKS=2)
    vars(__main__).update(WorkerPool=DeafPool)
    __main__.main()
