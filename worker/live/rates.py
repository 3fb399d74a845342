"""The rates of providers as Temporal enforces them over all workers, changed while workers run.

A worker gives its rate with each poll, for as long as it runs. A changed rate is set on the task queue itself, where it
takes the place of those of the workers. A rate that an operator set there is left alone.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Final

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import RateLimit, TaskQueue, TaskQueueConfig
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest, UpdateTaskQueueConfigRequest
from temporalio.client import Client
from temporalio.service import RPCError

from workflows import keys

REASON: Final = "GREENLIGHT_RATES"
"""Marks the rates that workers set."""
UNLIMITED: Final = 100_000.0
"""What the SDK sends without a rate: a worker's own limit, which stays until its restart, gives way to it."""
_ACTIVITIES: Final = TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY

log = logging.getLogger(__name__)


async def apply_rates(client: Client, providers: Iterable[str], rates: Mapping[str, float], *, starting: bool) -> None:
    """Set the rates of the queues of these providers.

    Args:
        starting: The workers have the same rates, so that only a rate that an earlier worker set has to change.
    """
    for provider in sorted(providers):
        try:
            await _apply(client, provider, rates.get(provider), starting=starting)
        except RPCError as error:
            log.warning(
                "The rate of %s is not changed (%s). Set it with: temporal task-queue config set --task-queue %s "
                "--task-queue-type activity --queue-rps-limit %g --queue-rps-limit-reason %s",
                *(provider, error.message, keys.provider_queue(provider), rates.get(provider) or UNLIMITED, REASON),
            )


async def _apply(client: Client, provider: str, rate: float | None, *, starting: bool) -> None:
    config = await _config(client, keys.provider_queue(provider))
    limit = config.queue_rate_limit
    known = limit.rate_limit.requests_per_second if limit.HasField("rate_limit") else None
    if known is not None and limit.metadata.reason != REASON:
        log.warning("The rate of %s stays at %g a second: an operator has set it in Temporal", provider, known)
        return
    wanted = rate or UNLIMITED
    if (known is None and starting) or (known is not None and abs(known - wanted) < 1e-6 * wanted):
        return
    await _set(client, keys.provider_queue(provider), wanted)
    log.info("The rate of %s is %s", provider, f"{rate:g} a second" if rate else "not limited")


async def _config(client: Client, queue: str) -> TaskQueueConfig:
    request = DescribeTaskQueueRequest(
        namespace=client.namespace,
        task_queue=TaskQueue(name=queue),
        task_queue_type=_ACTIVITIES,
        report_config=True,
    )
    return (await client.workflow_service.describe_task_queue(request)).config


async def _set(client: Client, queue: str, rate: float) -> None:
    update = UpdateTaskQueueConfigRequest.RateLimitUpdate(rate_limit=RateLimit(requests_per_second=rate), reason=REASON)
    await client.workflow_service.update_task_queue_config(
        UpdateTaskQueueConfigRequest(
            namespace=client.namespace,
            identity=client.identity,
            task_queue=queue,
            task_queue_type=_ACTIVITIES,
            update_queue_rate_limit=update,
        )
    )
