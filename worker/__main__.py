"""`python -m worker`: settings -> client -> providers -> workers, until SIGTERM or Ctrl-C."""

import asyncio
import logging
import os
import signal
import sys

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError

from activities.metrics import use_meter
from activities.production import Activities
from activities.provenance.credentials import CertificateRefused
from activities.provenance.signer import Signer, make_signer
from activities.providers.registry import build_providers
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from activities.storage.errors import StorageRefused
from activities.storage.probe import keep_probing, probe_again
from activities.webhooks import Notifier
from worker.connect import MetricsAddressRefused, connect, make_runtime, prepare_servers
from worker.health import Health, HealthRefused, serve_health
from worker.scratch import use_own_directory
from worker.settings import WorkerSettings
from worker.versions.promotion import promote
from worker.workers import RoleRefused, make_workers, tune_interpreter
from workflows.runtime import tracing
from workflows.runtime.encryption_keys import PayloadKeysRefused
from workflows.runtime.log_context import FORMAT, add_log_context
from workflows.runtime.redaction import redact_logs, register_secrets

log = logging.getLogger("worker")


async def run() -> None:
    """Wait for the servers, then run the workers until this task is cancelled; running activities may finish.

    Raises:
        ValidationError, PayloadKeysRefused, MetricsAddressRefused, StorageRefused, HealthRefused, CertificateRefused,
        RoleRefused, BotoCoreError, ClientError: the settings are invalid.
    """
    settings, activity_settings = WorkerSettings(), ActivitySettings()
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
        await _run_workers(settings, activity_settings, signer, health)


async def _run_workers(
    settings: WorkerSettings, activity_settings: ActivitySettings, signer: Signer | None, health: Health
) -> None:
    runtime = make_runtime(settings)
    client = await connect(runtime, settings.payload_keys.get_secret_value(), health)
    storage = Storage(activity_settings.bucket)
    await prepare_servers(client, storage, activity_settings.keep_film_parts_days)
    await probe_again(storage)
    providers = build_providers(activity_settings, os.environ)
    use_meter(runtime.metric_meter, providers)
    activities, notifier = Activities(storage, providers, activity_settings, signer), Notifier(activity_settings)
    workers = make_workers(client, activities, providers, settings, notifier)
    runs = [asyncio.create_task(worker.run()) for worker in workers]
    watches = keep_probing(storage), health.watch(client, storage), promote(client, settings)
    background = [asyncio.create_task(each) for each in watches]
    tune_interpreter()
    log.info("Polling the task queues %s", ", ".join(worker.task_queue for worker in workers))
    try:
        await asyncio.wait(runs, return_when=asyncio.FIRST_COMPLETED)  # none ends by itself unless it fails
    finally:
        health.checks["temporal"] = "stopping"
        for task in background:
            task.cancel()
        log.info("Stopping; running activities get %g s", settings.graceful_shutdown_seconds)
        await asyncio.gather(*(worker.shutdown() for worker in workers))
        await asyncio.gather(*(provider.close() for provider in providers.values()), return_exceptions=True)
    await asyncio.gather(*runs)


def main() -> None:
    """Exit code 0 after a requested stop; 1 after an invalid setting, with one line that names the remedy."""
    code = 0
    tracing.begin("greenlight-worker", os.environ)
    try:
        asyncio.run(run())
    except asyncio.CancelledError:
        log.info("Stopped")
    except (
        ValidationError,
        PayloadKeysRefused,
        MetricsAddressRefused,
        StorageRefused,
        HealthRefused,
        CertificateRefused,
        RoleRefused,
        BotoCoreError,
        ClientError,
    ) as error:
        log.critical("%s", error)
        code = 1
    tracing.end()
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # the SDK's threads can hang an ordinary exit (sdk-python issue 300)


if __name__ == "__main__":
    main()
