"""ReleaseGate: whether the workers of a version can work, before new productions use it."""

from datetime import timedelta
from typing import Final

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from workflows import keys
    from workflows.contracts import ProductionActivities
    from workflows.models import Modality

ATTEMPT_TIMEOUT: Final = timedelta(seconds=30)
GATE_TIMEOUT: Final = timedelta(minutes=5)
"""For all attempts: a worker that has just started first probes its bucket."""


@workflow.defn(name=keys.GATE_TYPE)
class ReleaseGate:
    """Run it pinned to the version. It succeeds when a worker of the version reports a provider for texts, without
    which nothing can be made. `greenlight deploy set-current` and temporal-worker-controller run it."""

    @workflow.run
    async def run(self) -> None:
        """
        Raises:
            ActivityError: no worker of the version reports its providers.
            ApplicationError: it has none for texts.
        """
        report = await workflow.execute_activity_method(
            ProductionActivities.list_providers,
            start_to_close_timeout=ATTEMPT_TIMEOUT,
            schedule_to_close_timeout=GATE_TIMEOUT,
            summary="list the providers of this version",
        )
        if not report.enabled_providers.get(Modality.TEXT):
            reason = report.reasons.get(Modality.TEXT, "no provider makes texts")
            raise ApplicationError(f"the workers of this version can make nothing: {reason}", non_retryable=True)
