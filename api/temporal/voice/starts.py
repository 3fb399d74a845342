"""The start of a workflow that a key names once: of a voice memo, or of an interview."""

from collections.abc import Callable

from temporalio.client import Client
from temporalio.common import (
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError

from api.problems import Problem
from api.temporal.outcomes import RPC_TIMEOUT, translating_errors
from workflows import keys
from workflows.models import digest_of
from workflows.start_options import REQUESTER, TENANT, tenant_priority
from workflows.voice.memos import MemoStart
from workflows.voice.sessions import SessionStart


async def start_once(
    client: Client,
    workflow_type: str,
    start: MemoStart | SessionStart,
    workflow_id: str,
    summary: str,
    unknown: Callable[[], Problem],
    other: str,
) -> None:
    """Start a workflow, unless there is one of this id.

    Args:
        unknown: The problem where the server has no such workflow after the start.
        other: The message where the id is of a start with other content.

    Raises:
        Problem: 409 where the id is of a start with other content; 503.
    """
    digest = digest_of(start.model_dump(mode="json"))
    try:
        with translating_errors():
            await client.start_workflow(
                workflow_type,
                start,
                id=workflow_id,
                task_queue=keys.TASK_QUEUE,
                priority=tenant_priority(start.tenant),
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                static_summary=summary,
                search_attributes=TypedSearchAttributes(
                    [SearchAttributePair(TENANT, start.tenant), SearchAttributePair(REQUESTER, start.requester)]
                ),
                memo={"digest": digest},
                rpc_timeout=RPC_TIMEOUT,
            )
    except WorkflowAlreadyStartedError:
        pass  # the existing one is closed
    with translating_errors(lambda _: unknown()):
        description = await client.get_workflow_handle(workflow_id).describe(rpc_timeout=RPC_TIMEOUT)
    if await description.memo_value("digest", "") != digest:
        raise Problem.of_field("Idempotency-Key", other, "use another key", status=409, kind="key-used")
