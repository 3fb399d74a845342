"""The data that Temporal stores of all runs: histories, memos, user metadata and search attributes, as raw bytes."""

from temporalio.client import Client


async def kept_by_temporal(client: Client, query: str = "") -> dict[str, bytes]:
    """Run -> the server's responses about it. Payloads are not decoded, but as they are stored."""
    found = {}
    async for run in client.list_workflows(query):
        handle = client.get_workflow_handle(run.id, run_id=run.run_id)
        events = [event.SerializeToString() async for event in handle.fetch_history_events()]
        described = await handle.describe()
        found[f"{run.id}/{run.run_id}"] = b"\n".join(
            [*events, described.raw_description.SerializeToString(), run.raw_info.SerializeToString()]
        )
    return found
