"""`python -m worker`: settings -> client -> providers -> workers, until SIGTERM or Ctrl-C."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError
from temporalio.client import Client
from temporalio.common import WorkerDeploymentVersion
from temporalio.worker import PollerBehaviorAutoscaling, Worker, WorkerDeploymentConfig

from activities.metrics import count_with
from activities.production import Activities
from activities.providers.registry import build_providers
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from activities.storage.errors import StorageRefused
from activities.storage.probe import keep_probing, probe_again
from activities.webhooks import Notifier
from worker.build import build_id
from worker.connect import AddressRefused, connect, ensure_bucket, register_search_attributes, runtime
from worker.guard import GuardedRunner
from worker.health import Health, HealthRefused, endpoint
from worker.metrics import Counting
from worker.settings import WorkerSettings
from workflows import keys
from workflows.batch.workflow import BatchWorkflow
from workflows.preview.workflow import PreviewWorkflow
from workflows.production.workflow import ProductionWorkflow
from workflows.runtime import tracing
from workflows.runtime.encryption_keys import PayloadKeysRefused
from workflows.runtime.gc_freeze import settle
from workflows.runtime.redaction import hide_in_logs, remember
from workflows.schedule import ScheduledProduction
from workflows.webhook_delivery import NotificationActivities, NotificationWorkflow

log = logging.getLogger("worker")

SWITCH_SECONDS: Final = 0.0005
"""Of Python, between two threads: a tenth of the default brought the latest of 100 events from 203 to 154 ms (medians
of seven runs each, 50 productions active), and cost none of a production's speed."""


def make_worker(
    client: Client,
    queue: str,
    activities: Sequence[Any],
    settings: WorkerSettings,
    *,
    workflows: Sequence[type] = (),
    provider: str = "",
) -> Worker:
    """A worker with the settings that were measured to serve productions well, and the limits of its provider."""
    return Worker(
        client,
        task_queue=queue,
        workflows=workflows,
        workflow_runner=GuardedRunner(),
        activities=activities,
        interceptors=[Counting()] if settings.metrics_address else [],
        deployment_config=WorkerDeploymentConfig(
            # Names the code in the UI; unversioned, because with versioning nothing starts before an operator says so.
            version=WorkerDeploymentVersion(deployment_name="greenlight", build_id=build_id()),
            use_worker_versioning=False,
        ),
        max_cached_workflows=500,  # without the cache every task replays: 1,000 assets took 4.5 times as long
        max_concurrent_workflow_tasks=10 if workflows else None,
        max_concurrent_activities=settings.in_flight.get(provider, settings.max_concurrent_activities),
        max_task_queue_activities_per_second=settings.rates.get(provider),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
        # A killed worker's workflows move to another one after this, instead of 10 s.
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=2),
        graceful_shutdown_timeout=timedelta(seconds=settings.graceful_shutdown_seconds),
        # Percent and job ids stay fresh enough for people at one heartbeat in 10 s. A plan is watched as it is written.
        max_heartbeat_throttle_interval=timedelta(seconds=1 if workflows else 10),
    )


def make_workers(
    client: Client,
    activities: Activities,
    providers: Iterable[str],
    settings: WorkerSettings,
    notifier: NotificationActivities | None = None,
) -> list[Worker]:
    """One worker for productions, one for webhooks and one for each provider: who is slow holds up no other."""
    productions = make_worker(
        client,
        keys.TASK_QUEUE,
        [
            activities.take_in_references,
            activities.draft_plan,
            activities.price_plan,
            activities.rewrite_prompt,
            activities.settle_questions,
            activities.check_upload,
            activities.finish_deliverable,
            activities.write_manifest,
            activities.newest_manifest,
            activities.list_providers,
            activities.looking.look_at_production,
            activities.looking.find_production,
            activities.batch_records.keep_batch,
        ],
        settings,
        workflows=[ProductionWorkflow, PreviewWorkflow, NotificationWorkflow, BatchWorkflow, ScheduledProduction],
    )
    notify = [make_worker(client, keys.NOTIFY_QUEUE, [notifier.deliver_webhook], settings)] if notifier else []
    produce = [activities.produce_asset, activities.cancel_asset]
    return [
        productions,
        *notify,
        *(make_worker(client, keys.provider_queue(name), produce, settings, provider=name) for name in providers),
    ]


def keep_the_loop_turning() -> None:
    """The event loop serves all productions: neither threads nor collections of garbage should hold it up for long."""
    sys.setswitchinterval(SWITCH_SECONDS)
    settle()


async def run() -> None:
    """Wait for the servers, then work until this task is cancelled; running activities may finish.

    Raises:
        ValidationError, PayloadKeysRefused, AddressRefused, StorageRefused, HealthRefused, BotoCoreError, ClientError:
            the settings cannot work.
    """
    settings, activity_settings = WorkerSettings(), ActivitySettings()
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    remember(os.environ)
    hide_in_logs()
    logging.getLogger("botocore").setLevel(logging.WARNING)  # where each setting came from is no news
    this = asyncio.current_task()
    assert this is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, this.cancel)

    health = Health()
    async with endpoint(health, settings.health_host, settings.health_port):
        await _work(settings, activity_settings, health)


async def _work(settings: WorkerSettings, activity_settings: ActivitySettings, health: Health) -> None:
    using = runtime(settings)
    client = await connect(using, settings.payload_keys.get_secret_value(), health)
    await register_search_attributes(client)
    storage = Storage(activity_settings.bucket)
    await ensure_bucket(storage)
    await probe_again(storage)
    providers = build_providers(activity_settings, os.environ)
    count_with(using.metric_meter, providers)
    activities, notifier = Activities(storage, providers, activity_settings), Notifier(activity_settings)
    workers = make_workers(client, activities, providers, settings, notifier)
    runs = [asyncio.create_task(worker.run()) for worker in workers]
    behind = [asyncio.create_task(each) for each in (keep_probing(storage), health.watch(client, storage))]
    keep_the_loop_turning()
    log.info("Working on the task queues %s", ", ".join(worker.task_queue for worker in workers))
    try:
        await asyncio.wait(runs, return_when=asyncio.FIRST_COMPLETED)  # none ends by itself unless it fails
    finally:
        health.checks["temporal"] = "stopping"
        for task in behind:
            task.cancel()
        log.info("Stopping; running activities get %g s", settings.graceful_shutdown_seconds)
        await asyncio.gather(*(worker.shutdown() for worker in workers))
        await asyncio.gather(*(provider.close() for provider in providers.values()), return_exceptions=True)
    await asyncio.gather(*runs)


def main() -> None:
    """Exit code 0 after a stop that was asked for, 1 with one line that says what to fix."""
    code = 0
    tracing.begin("greenlight-worker", os.environ)
    try:
        asyncio.run(run())
    except asyncio.CancelledError:
        log.info("Stopped")
    except (
        ValidationError,
        PayloadKeysRefused,
        AddressRefused,
        StorageRefused,
        HealthRefused,
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
