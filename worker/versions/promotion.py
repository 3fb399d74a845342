"""What a starting worker does for its version: it becomes the one that new runs use, as GREENLIGHT_PROMOTE says."""

import asyncio
import logging
from itertools import count
from typing import Final

from temporalio.client import Client
from temporalio.service import RPCError

from worker.settings import WorkerSettings
from worker.versions.deployment import Deployment, DeploymentRefused
from worker.versions.runs import UNVERSIONED
from worker.workers import deployment_of

log = logging.getLogger(__name__)

RETRY_SECONDS: Final = 1.0
"""Temporal knows a version a moment after its first poll, and all its task queues when all roles poll."""
LOG_AFTER: Final = 10
"""Attempts without success before the log says so, and again after as many."""
ABANDONED_SECONDS: Final = 60.0
"""Between two searches for versions whose workers are gone."""


async def promote(client: Client, settings: WorkerSettings) -> None:
    """Make the version of this worker the current one if the settings say so, and with `always` take over what versions
    without workers leave, until cancelled. Without a deployment it returns at once."""
    if not settings.deployment_name or settings.promote == "never":
        return
    deployment = Deployment(client, settings.deployment_name)
    build_id = deployment_of(settings).version.build_id
    replace = settings.promote == "always"
    changed = await _become_current(deployment, build_id, replace=replace)
    while replace:
        try:
            if changed:
                await deployment.nudge()  # while the workers of the earlier version still run
                changed = False
            await asyncio.sleep(ABANDONED_SECONDS)
            await _take_over(deployment, build_id)
        except (DeploymentRefused, RPCError) as error:
            log.warning("Could not take over from earlier versions, trying again: %s", error)
            await asyncio.sleep(RETRY_SECONDS)


async def _become_current(deployment: Deployment, build_id: str, *, replace: bool) -> bool:
    """Whether this changed the current version."""
    for attempt in count(1):
        try:
            current = await deployment.current()
            if current == build_id or (current != UNVERSIONED and not replace):
                log.info("New productions use version %s of %s; this is %s", current, deployment.name, build_id)
                return False
            await deployment.set_current(build_id)
            log.info("New productions use version %s of %s: this worker's", build_id, deployment.name)
        except (DeploymentRefused, RPCError) as error:
            if attempt % LOG_AFTER == 0:
                log.warning("Version %s is not the current one yet: %s", build_id, error)
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return True
    raise AssertionError("the attempts never end")


async def _take_over(deployment: Deployment, build_id: str) -> None:
    """Become current again in place of a version without workers, and move the runs of all such versions."""
    current = next((v for v in await deployment.versions() if v.role == "current"), None)
    if current and current.build_id != build_id:
        if current.polled or current.build_id == UNVERSIONED:
            return  # workers of another version were started later, or an operator decided
        await deployment.set_current(build_id)
    for version, moved in (await deployment.move_abandoned()).items():
        log.warning("Took over %d runs of version %s, which has no workers any more", moved, version)
