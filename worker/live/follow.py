"""Takes over the changes of the settings file while the worker runs: keys of vendors, and rates."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ValidationError
from temporalio.client import Client
from temporalio.worker import Worker

from activities.settings_file import RATES, SettingsUnreadable, fingerprint, merge, read_settings
from worker.live.pool import WorkerPool
from worker.live.providers import KeyChange, LiveProviders
from worker.live.rates import apply_rates
from worker.settings import WorkerSettings
from workflows import keys

POLL_SECONDS: Final = 2.0
"""A change takes effect when the file has not changed for so long: an editor may write it in several steps."""

log = logging.getLogger(__name__)


@dataclass
class Follower:
    """Applies the settings file to the providers, the workers and the task queues of this process.

    Attributes:
        environ: The environment, which takes precedence.
        make: Makes the worker of a provider that gets a key.
    """

    path: Path
    environ: Mapping[str, str]
    providers: LiveProviders
    pool: WorkerPool
    client: Client
    settings: WorkerSettings
    make: Callable[[str], Worker]

    async def follow(self) -> None:
        """Set the rates that earlier workers changed, then poll the file until cancelled."""
        rates: dict[str, float] = dict(self.settings.rates)
        await apply_rates(self.client, self._polled(), rates, starting=True)
        applied: object = None  # it may have changed since the start of this process
        seen: object = None
        while True:
            await asyncio.sleep(POLL_SECONDS)
            before, seen = seen, fingerprint(self.path)
            if seen is not None and seen == before and seen != applied:
                applied = seen
                rates = await self.apply(rates)

    async def apply(self, rates: dict[str, float]) -> dict[str, float]:
        """Read the file and apply it; returns the rates. An invalid file is reported and changes nothing."""
        try:
            environ = merge(self.environ, read_settings(self.path))
            wanted: dict[str, float] = dict(WorkerSettings(rates=environ.get(RATES, "")).rates)
        except SettingsUnreadable as error:
            log.error("%s", error)  # noqa: TRY400 - the traceback has nothing more
            return rates
        except ValidationError as error:
            log.error("%s in %s is invalid, and stays as it was: %s", RATES, self.path, error.errors()[0]["msg"])  # noqa: TRY400
            return rates
        change = self.providers.update(environ)
        self._change_workers(change)
        if wanted != rates or change.added:
            await apply_rates(self.client, self._polled(), wanted, starting=False)
        return wanted

    def _change_workers(self, change: KeyChange) -> None:
        for name in change.added:
            if not self.settings.roles or name in self.settings.roles:
                self.pool.add(self.make(name))
        for name in change.removed:
            self.pool.retire(keys.provider_queue(name))
        for what, names in (("added", change.added), ("changed", change.changed), ("removed", change.removed)):
            if names:
                log.info("Keys were %s in %s: %s", what, self.path, ", ".join(names))

    def _polled(self) -> list[str]:
        """The providers whose task queues this process polls."""
        queues = set(self.pool.queues)
        return [name for name in self.providers if keys.provider_queue(name) in queues]
