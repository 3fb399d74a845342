"""`python -m worker`: settings -> client -> providers -> workers, until SIGTERM or Ctrl-C."""

import asyncio
import logging
import os
import signal
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from activities.metrics import use_meter
from activities.production import Activities
from activities.provenance.credentials import CertificateRefused
from activities.provenance.signer import Signer, make_signer
from activities.settings import ActivitySettings
from activities.settings_file import RATES, SettingsUnreadable, add_settings
from activities.settings_file import VARIABLE as SETTINGS_FILE
from activities.storage.bucket import Storage
from activities.storage.errors import StorageRefused
from activities.storage.probe import keep_probing, probe_again
from activities.webhooks import Notifier
from worker.connect import MetricsAddressRefused, connect, make_runtime, prepare_servers
from worker.exits import end_process
from worker.health import Health, HealthRefused, serve_health
from worker.limits import LimitRefused, apply_limits, check_names
from worker.live.follow import Follower
from worker.live.pool import WorkerPool
from worker.live.providers import LiveProviders
from worker.memory import limit_arenas
from worker.nexus import NexusRefused, nexus_handlers
from worker.polling.watch import PollingStopped, watch_polling
from worker.scratch import use_own_directory
from worker.settings import STOP_SECONDS, WorkerSettings
from worker.versions.promotion import promote
from worker.workers import RoleRefused, make_provider_worker, make_workers, tune_interpreter
from workflows.runtime import tracing
from workflows.runtime.encryption_keys import PayloadKeysRefused
from workflows.runtime.log_context import FORMAT, add_log_context
from workflows.runtime.redaction import redact_logs, register_secrets

log = logging.getLogger("worker")


async def run() -> None:
    """Wait for the servers, then run the workers until this task is cancelled; running activities may finish.

    Raises:
        ValidationError, PayloadKeysRefused, MetricsAddressRefused, StorageRefused, HealthRefused, CertificateRefused,
        RoleRefused, LimitRefused, NexusRefused, SettingsUnreadable, BotoCoreError, ClientError: a setting is invalid.
        PollingStopped: a worker no longer polls.
    """
    environ = _environ()
    settings, activity_settings = WorkerSettings(**_live(environ)), ActivitySettings()
    check_names(activity_settings.in_flight)
    add_log_context()
    logging.basicConfig(level=settings.log_level, format=FORMAT)
    register_secrets(os.environ)
    redact_logs()
    logging.getLogger("botocore").setLevel(logging.WARNING)  # it logs the source of each setting
    use_own_directory()
    main_task = asyncio.current_task()
    assert main_task is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, main_task.cancel)

    signer = make_signer(activity_settings)
    health = Health()
    async with serve_health(health, settings.health_host, settings.health_port):
        await _run_workers(settings, activity_settings, environ, signer, health)


async def _run_workers(
    settings: WorkerSettings,
    activity_settings: ActivitySettings,
    environ: Mapping[str, str],
    signer: Signer | None,
    health: Health,
) -> None:
    runtime = make_runtime(settings)
    storage = Storage(activity_settings.bucket)
    client = await connect(runtime, settings.payload_keys.get_secret_value(), health, storage)
    await prepare_servers(client, storage, activity_settings.keep_film_parts_days)
    await probe_again(storage)
    providers = LiveProviders(activity_settings, environ)
    use_meter(runtime.metric_meter, providers)
    activities, notifier = Activities(storage, providers, activity_settings, signer), Notifier(activity_settings)
    handlers = nexus_handlers(client, settings, environ)
    workers = make_workers(client, activities, providers, settings, notifier, handlers)
    pool = WorkerPool(workers)
    polled = [name for name in providers if not settings.roles or name in settings.roles]
    limits = apply_limits(client, polled, activity_settings.in_flight)
    watches = [keep_probing(storage), health.watch(client, storage), promote(client, settings), limits]
    if settings.watch_polling:
        watches.append(watch_polling(client, pool, health).watch())
    if path := os.environ.get(SETTINGS_FILE):
        make = partial(make_provider_worker, client, activities, settings)
        watches.append(Follower(Path(path), os.environ, providers, pool, client, settings, make).follow())
    background = [asyncio.create_task(each) for each in watches]
    tune_interpreter()
    log.info("Polling the task queues %s", ", ".join(pool.queues))
    try:
        await pool.until_failure()
    finally:
        health.checks["temporal"] = "stopping"
        for task in background:
            task.cancel()
        log.info("Stopping; running activities get %g s", settings.graceful_shutdown_seconds)
        await _stop(pool, providers, settings.graceful_shutdown_seconds + STOP_SECONDS)


async def _stop(pool: WorkerPool, providers: LiveProviders, seconds: float) -> None:
    """Stop the workers and close connections, within a time that the orchestrator's grace period covers.

    Raises:
        Exception: that of a worker that failed.
    """
    try:
        async with asyncio.timeout(seconds):
            await pool.shutdown()
            await providers.close()
            await pool.ended()
    except TimeoutError:
        log.warning("Activities did not stop within %g s; Temporal gives them to another worker", seconds)


def _environ() -> dict[str, str]:
    """The environment with the variables of the settings file.

    Raises:
        SettingsUnreadable: the file cannot be read.
    """
    path = os.environ.get(SETTINGS_FILE)
    return add_settings(Path(path), os.environ) if path else dict(os.environ)


def _live(environ: Mapping[str, str]) -> dict[str, Any]:
    """The live settings, which the environment itself may not have."""
    return {"rates": environ[RATES]} if environ.get(RATES) else {}


def main() -> None:
    """Exit code 0 after a requested stop; 1 after an invalid setting, with one line that names the remedy, and after a
    failure."""
    code = 0
    limit_arenas()
    tracing.begin("greenlight-worker", os.environ)
    try:
        # Never closed: that would wait for every task and thread that did not stop in time.
        asyncio.Runner().run(run())
    except asyncio.CancelledError:
        log.info("Stopped")
    except PollingStopped:  # its health has logged the reason
        code = 1
    except (
        ValidationError,
        PayloadKeysRefused,
        MetricsAddressRefused,
        StorageRefused,
        HealthRefused,
        CertificateRefused,
        RoleRefused,
        LimitRefused,
        NexusRefused,
        SettingsUnreadable,
        BotoCoreError,
        ClientError,
    ) as error:
        log.critical("%s", error)
        code = 1
    except Exception:
        log.critical("The worker failed", exc_info=True)
        code = 1
    tracing.end()
    end_process(code)


if __name__ == "__main__":
    main()
