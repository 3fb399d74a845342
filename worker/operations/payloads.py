"""Which large payloads of Temporal in the bucket no history names any more. No worker is needed."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote

from temporalio.client import Client
from temporalio.service import RPCError

from activities.storage.inventory import Listed
from worker.operations.in_use import schedule_arguments
from workflows.runtime import external_payloads
from workflows.servers.temporal import is_missing

WORKFLOW: Final = "/wi/"


async def unnamed_payloads(client: Client, listed: Sequence[Listed]) -> list[Listed]:
    """Those that neither a history of their workflow nor a schedule names, such as results of queries and payloads of
    runs that Temporal has deleted. Payloads of other namespaces are not among them.

    Raises:
        RPCError: Temporal does not respond.
    """
    ours = [each for each in listed if each.key.startswith(f"{external_payloads.PREFIX}ns/{client.namespace}/")]
    if not ours:
        return []
    named = await _named_in_schedules(client)
    for workflow_id in sorted({_workflow_of(each.key) for each in ours} - {""}):
        named |= await _named_in_histories(client, workflow_id)
    return [each for each in ours if each.key not in named]


def _workflow_of(key: str) -> str:
    """The id of the workflow that a payload belongs to; empty for one of a single activity."""
    return unquote(key.partition(WORKFLOW)[2].partition("/")[0])


async def _named_in_histories(client: Client, workflow_id: str) -> set[str]:
    found: set[str] = set()
    async for run in client.list_workflows(f"WorkflowId = '{workflow_id}'"):
        found |= await _named_in_run(client, workflow_id, run.run_id)
    return found | await _named_in_run(client, workflow_id)  # the last run may not be in the list yet


async def _named_in_run(client: Client, workflow_id: str, run_id: str | None = None) -> set[str]:
    found: set[str] = set()
    try:
        async for event in client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history_events():
            found |= _keys_in(event.SerializeToString())
    except RPCError as error:
        if not is_missing(error):
            raise
    return found


async def _named_in_schedules(client: Client) -> set[str]:
    found: set[str] = set()
    async for arguments in schedule_arguments(client):
        for each in arguments:
            found |= _keys_in(each.SerializeToString())
    return found


def _keys_in(message: bytes) -> set[str]:
    return {key.decode() for key in external_payloads.KEY.findall(message)}
