"""What the Temporal server says about a run, for activities and operators' commands."""

from typing import Any

from temporalio.client import WorkflowExecutionDescription, WorkflowHandle
from temporalio.service import RPCError

from workflows.servers.temporal import is_missing


async def description_of(handle: WorkflowHandle[Any, Any]) -> WorkflowExecutionDescription | None:
    """The description of the newest run; None if the server does not have it.

    Raises:
        RPCError: the server does not respond, or cannot read its namespace.
    """
    try:
        return await handle.describe()
    except RPCError as error:
        if not is_missing(error):
            raise
        return None
