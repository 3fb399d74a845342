"""Takes of a provider with an in-flight limit need a slot of its pool, which their workflow requests."""

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.common import Priority, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities.takes.ledger import Entry
from workflows import keys
from workflows.activity_io import AssetFailure, ProduceAsset
from workflows.servers.runs import description_of
from workflows.slots.messages import POOL_TYPE, SLOT_NEEDED, URGENT, pool_id
from workflows.slots.state import PoolStart


async def open_pool(client: Client, provider: str) -> str:
    """The first run of the provider's pool, which identifies it; "" if there is none, or if it was ended.

    Raises:
        RPCError: Temporal does not respond.
    """
    found = await description_of(client.get_workflow_handle(pool_id(provider)))
    is_open = found is not None and found.status is WorkflowExecutionStatus.RUNNING
    return found.raw_description.workflow_execution_info.first_run_id if found and is_open else ""


async def start_pool(client: Client, provider: str, limit: int) -> None:
    """Start the provider's pool, unless it is open.

    Raises:
        RPCError: Temporal does not respond.
    """
    found = await description_of(client.get_workflow_handle(pool_id(provider)))
    if found and found.status is WorkflowExecutionStatus.RUNNING:
        return
    await client.start_workflow(
        POOL_TYPE,
        PoolStart(provider=provider, limit=limit, replaces=found is not None),
        id=pool_id(provider),
        task_queue=keys.TASK_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        priority=Priority(priority_key=URGENT),
        static_summary=f"in-flight limit of {provider}",
    )


def slot_needed(request: ProduceAsset, entry: Entry | None, *, unreadable: bool = False) -> ApplicationError:
    """The error of a take without a slot. Its workflow requests one; with an open submission it gets one at once.

    Args:
        entry: The ledger of the take.
        unreadable: There is a ledger that this version cannot read.
    """
    adopts = request.order is not None and request.order.adopt_job_id is not None
    failure = AssetFailure(
        message=f"waits for one of the slots of {request.asset.provider}",
        kind=SLOT_NEEDED,
        maybe_billed=adopts or unreadable or (entry is not None and entry.is_open),
    )
    return ApplicationError(
        failure.message, failure, type=SLOT_NEEDED, non_retryable=True, category=ApplicationErrorCategory.BENIGN
    )
