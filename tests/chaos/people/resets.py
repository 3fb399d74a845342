"""`temporal workflow reset` of a production to before its approval, as workflows/README.md describes it."""

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.service import RPCError

from deploy.home import StackInfo
from workflows import keys


async def reset_to_before_approval(info: StackInfo, production_id: str, request_id: str) -> bool:
    """Reset the run, and return whether it was reset: not without an approval, as in a reopened run, or a server."""
    try:
        client = await Client.connect(info.temporal_address)
        run = client.get_workflow_handle(keys.workflow_id(production_id))
        point = 0
        async for event in run.fetch_history_events():
            accepted = event.workflow_execution_update_accepted_event_attributes
            if accepted.accepted_request.input.name == "decide":
                break
            if event.HasField("workflow_task_completed_event_attributes"):
                point = event.event_id
        else:
            return False
        described = await run.describe()
        await client.workflow_service.reset_workflow_execution(
            ResetWorkflowExecutionRequest(
                namespace=info.temporal_namespace,
                workflow_execution=WorkflowExecution(workflow_id=run.id, run_id=described.run_id),
                reason="a trial",
                workflow_task_finish_event_id=point,
                request_id=request_id,
            )
        )
    except (RPCError, RuntimeError):
        return False
    return True
