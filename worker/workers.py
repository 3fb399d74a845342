"""The workers of one process: their task queues, activities, workflows and limits."""

import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final

from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import PollerBehaviorAutoscaling, Worker, WorkerDeploymentConfig

from activities.build import compute_build_id
from activities.production import Activities
from worker.cores import usable_cores
from worker.polling.slots import SlotUse
from worker.query_guard import GuardedRunner
from worker.settings import WorkerSettings
from worker.take_metrics import TakeMetrics
from workflows import keys
from workflows.batch.workflow import BatchWorkflow
from workflows.evaluation.workflow import EvaluationWorkflow
from workflows.nexus.workflow import ProductionOperation
from workflows.optimisation.workflow import OptimisationWorkflow
from workflows.preview.workflow import PreviewWorkflow
from workflows.production.workflow import ProductionWorkflow
from workflows.runtime.gc_freeze import freeze_gc
from workflows.runtime.release_gate import ReleaseGate
from workflows.schedule import ScheduledProduction
from workflows.slots.pool import SlotPool
from workflows.voice.session_workflow import VoiceSessionWorkflow
from workflows.voice.workflow import VoiceMemoWorkflow
from workflows.webhooks.delivery import NotificationActivities, NotificationWorkflow

WORKFLOW_TYPES: Final = (
    ProductionWorkflow,
    PreviewWorkflow,
    VoiceMemoWorkflow,
    VoiceSessionWorkflow,
    NotificationWorkflow,
    BatchWorkflow,
    ScheduledProduction,
    EvaluationWorkflow,
    OptimisationWorkflow,
    ProductionOperation,
    ReleaseGate,
    SlotPool,
)
"""All that a worker of productions runs."""
SWITCH_SECONDS: Final = 0.0005
"""Python's thread switch interval. A tenth of the default brought the latest of 100 events from 203 to 154 ms (medians
of seven runs each, 50 productions active), without making productions slower."""


def make_worker(
    client: Client,
    queue: str,
    activities: Sequence[Any],
    settings: WorkerSettings,
    *,
    workflows: Sequence[type] = (),
    nexus: Sequence[Any] = (),
    provider: str = "",
    slots: int | None = None,
) -> Worker:
    """A worker with measured settings, and with the limits of its provider.

    Args:
        nexus: The handlers of Nexus services.
        slots: How many activities run at once; otherwise as the settings say.
    """
    slots = slots or settings.max_concurrent_activities
    return Worker(
        client,
        task_queue=queue,
        workflows=workflows,
        workflow_runner=GuardedRunner(),
        activities=activities,
        nexus_service_handlers=nexus,
        interceptors=[SlotUse(slots), *([TakeMetrics()] if settings.metrics_address else [])],
        deployment_config=deployment_of(settings),
        max_cached_workflows=500,  # without the cache every task replays: 1,000 assets took 4.5 times as long
        max_concurrent_workflow_tasks=10 if workflows else None,
        max_concurrent_activities=slots,
        max_task_queue_activities_per_second=settings.rates.get(provider),
        activity_task_poller_behavior=PollerBehaviorAutoscaling(),
        # The workflows of a killed worker move to another one after this time instead of 10 s.
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=2),
        graceful_shutdown_timeout=timedelta(seconds=settings.graceful_shutdown_seconds),
        # One heartbeat in 10 s keeps progress and job ids fresh enough; a plan is shown while it is written.
        max_heartbeat_throttle_interval=timedelta(seconds=1 if workflows else 10),
    )


def deployment_of(settings: WorkerSettings) -> WorkerDeploymentConfig:
    """The version of the workers. Without a deployment it only names the code in the UI."""
    versioned = bool(settings.deployment_name)
    version = WorkerDeploymentVersion(settings.deployment_name or "greenlight", settings.build_id or compute_build_id())
    return WorkerDeploymentConfig(
        version=version,
        use_worker_versioning=versioned,
        default_versioning_behavior=VersioningBehavior.PINNED if versioned else VersioningBehavior.UNSPECIFIED,
    )


NEXUS: Final = "nexus"
"""The role of a worker that answers the callers of Nexus endpoints, where their queue is not the main one."""
WORKFLOWS: Final = "workflows"
"""The role of a worker that runs workflows, plans and finishes productions; the other roles run only activities."""


class RoleRefused(ValueError):
    """A role of GREENLIGHT_ROLES is not there; the message names those that are."""


def make_workers(
    client: Client,
    activities: Activities,
    providers: Iterable[str],
    settings: WorkerSettings,
    notifier: NotificationActivities | None = None,
    nexus: Sequence[Any] = (),
) -> list[Worker]:
    """One worker for productions, one for the parts of films, one for webhooks and one per provider, so that a slow one
    delays no other. With `settings.roles`, only those.

    Args:
        nexus: The handlers of Nexus services, for `settings.nexus_queue`.

    Raises:
        RoleRefused: a role is no queue and no enabled provider.
    """
    apart = settings.nexus_queue != keys.TASK_QUEUE
    made: dict[str, Callable[[], Worker]] = {
        WORKFLOWS: partial(_make_productions_worker, client, activities, settings, () if apart else nexus),
        keys.RENDER_QUEUE: partial(_make_render_worker, client, activities, settings),
        **({keys.NOTIFY_QUEUE: partial(_make_notify_worker, client, notifier, settings)} if notifier else {}),
        **(
            {NEXUS: partial(make_worker, client, settings.nexus_queue, (), settings, nexus=nexus)}
            if nexus and apart
            else {}
        ),
        **{name: partial(make_provider_worker, client, activities, settings, name) for name in providers},
    }
    if unknown := [role for role in settings.roles if role not in made]:
        raise RoleRefused(
            f"GREENLIGHT_ROLES has {unknown[0]!r}, which is no role here; the roles are {', '.join(made)}: "
            "a provider is one when its key is set"
        )
    return [make() for role, make in made.items() if role in (settings.roles or made)]


def _make_productions_worker(
    client: Client, activities: Activities, settings: WorkerSettings, nexus: Sequence[Any] = ()
) -> Worker:
    return make_worker(
        client,
        keys.TASK_QUEUE,
        [
            activities.take_in_references,
            activities.analyse_reference,
            activities.review_extraction,
            activities.draft_plan,
            activities.price_plan,
            activities.rewrite_prompt,
            activities.add_languages,
            activities.judge_take,
            activities.settle_questions,
            activities.reserve_grant,
            activities.ledger_costs,
            activities.check_upload,
            activities.finish_deliverable,
            activities.lay_out_film,
            activities.assemble_film,
            activities.write_manifest,
            activities.newest_manifest,
            activities.list_providers,
            activities.production_reports.report_production,
            activities.production_reports.find_production,
            activities.production_reports.follow_production,
            activities.batch_records.keep_batch,
            activities.series_accounts.open_series,
            activities.series_accounts.reserve_part,
            activities.series_accounts.return_part,
            activities.evaluations.prepare_evaluation,
            activities.evaluations.read_cells,
            activities.evaluations.report_evaluation,
            activities.diagnoser.diagnose,
            activities.voice_sessions.open_voice_session,
            activities.voice_sessions.close_voice_session,
            activities.optimisations.prepare_optimisation,
            activities.optimisations.search_prompt,
            activities.optimisations.compare_prompt,
            activities.optimisations.settle_optimisation,
        ],
        settings,
        workflows=WORKFLOW_TYPES,
        nexus=nexus,
    )


def _make_render_worker(client: Client, activities: Activities, settings: WorkerSettings) -> Worker:
    render_activities = [activities.encode_segment, activities.mix_sound, activities.evaluations.measure_take]
    return make_worker(client, keys.RENDER_QUEUE, render_activities, settings, slots=usable_cores())


def _make_notify_worker(client: Client, notifier: NotificationActivities, settings: WorkerSettings) -> Worker:
    return make_worker(client, keys.NOTIFY_QUEUE, [notifier.deliver_webhook], settings)


def make_provider_worker(client: Client, activities: Activities, settings: WorkerSettings, name: str) -> Worker:
    take_activities = [activities.produce_asset, activities.cancel_asset, activities.slot_checker.check_slots]
    return make_worker(client, keys.provider_queue(name), take_activities, settings, provider=name)


def tune_interpreter() -> None:
    """Shorten the times that threads and the garbage collector block the event loop, which serves all productions."""
    sys.setswitchinterval(SWITCH_SECONDS)
    freeze_gc()
