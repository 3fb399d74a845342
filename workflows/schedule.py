"""ScheduledProduction: the workflow of one run of a schedule. It starts the production and ends."""

from datetime import UTC, datetime

from temporalio import workflow
from temporalio.common import SearchAttributeKey, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.workflow import ChildWorkflowCancellationType, ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from workflows import keys
    from workflows.brief import Brief
    from workflows.events import ProductionStart, ProductionStatus
    from workflows.models import Model, ProductionId
    from workflows.start_options import TITLE, start_options

PLANNED_FOR = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")
"""The server sets it to the planned time, even if the start was late."""


class Scheduled(Model):
    """The workflow's input: the brief of every run of the schedule."""

    schedule_id: ProductionId
    brief: Brief


def scheduled_production_id(schedule_id: str, at: datetime) -> str:
    """The production id of a run at this time, e.g. monday-post-20261123T090000 (UTC)."""
    return f"{schedule_id}-{at.astimezone(UTC):%Y%m%dT%H%M%S}"


@workflow.defn(name=keys.SCHEDULED_TYPE)
class ScheduledProduction:
    """One run of a schedule. Result: the id of the production."""

    @workflow.run
    async def run(self, scheduled: Scheduled) -> str:
        at = workflow.info().typed_search_attributes.get(PLANNED_FOR) or workflow.info().start_time
        production_id = scheduled_production_id(scheduled.schedule_id, at)
        try:
            await workflow.start_child_workflow(
                keys.WORKFLOW_TYPE,
                ProductionStart(production_id=production_id, brief=scheduled.brief),
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                # The production outlives this workflow, which ends as soon as the server has accepted the start.
                parent_close_policy=ParentClosePolicy.ABANDON,
                cancellation_type=ChildWorkflowCancellationType.ABANDON,
                **start_options(
                    production_id,
                    scheduled.brief,
                    ProductionStatus.PLANNING,
                    workflow.now(),
                    titled=workflow.info().typed_search_attributes.get(TITLE) is not None,
                ),
            )
        except WorkflowAlreadyStartedError:
            workflow.logger.info("Production %s exists already", production_id)
        return production_id
