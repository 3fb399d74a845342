"""How far a production is, for a batch that was not told."""

from decimal import Decimal

from temporalio import activity
from temporalio.client import WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from workflows import keys
from workflows.events import ProductionStatus, Report, Snapshot
from workflows.models import ZERO
from workflows.starting import COST


@activity.defn(name=keys.LOOK_AT_PRODUCTION)
async def look_at_production(production_id: str) -> Report:
    """Ask a running production, or read the result of a closed one; one that was broken off has failed.

    Raises:
        RPCError: the server or a worker does not answer; try again.
    """
    handle = activity.client().get_workflow_handle(keys.workflow_id(production_id), result_type=Snapshot)
    try:
        described = await handle.describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return _failed(production_id, "the Temporal server has forgotten it", 0)
    if described.status is WorkflowExecutionStatus.RUNNING:
        return _report(await handle.query("snapshot", result_type=Snapshot))
    if described.status is WorkflowExecutionStatus.COMPLETED:
        return _report(await handle.result())
    # It left no result, and one that no worker had begun cannot even be asked.
    return _failed(production_id, "broken off by an operator", described.typed_search_attributes.get(COST, 0))


def _report(snapshot: Snapshot) -> Report:
    plan = snapshot.plan
    planned = snapshot.status is ProductionStatus.AWAITING_APPROVAL and plan is not None
    return Report(
        production_id=snapshot.production_id,
        status=snapshot.status,
        plan_digest=plan.digest if plan else None,
        high_usd=snapshot.spent_usd + plan.high_usd if planned and plan else snapshot.budget_usd or ZERO,
        unknown_prices=bool(plan and plan.unknown_prices),
        spent_usd=snapshot.spent_usd,
        error=snapshot.error or "",
    )


def _failed(production_id: str, error: str, spent_usd: float) -> Report:
    spent = Decimal(str(spent_usd)).quantize(Decimal("0.0001"))
    return Report(production_id=production_id, status=ProductionStatus.FAILED, error=error, spent_usd=spent)
