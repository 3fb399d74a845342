"""What the runs and schedules of a namespace use of the bucket. No worker is needed."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Final, Literal

from pydantic import ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.client import Client, ScheduleActionStartWorkflow, WorkflowExecution
from temporalio.common import RawValue
from temporalio.service import RPCError

from activities.storage.bucket import Storage
from workflows import keys
from workflows.events import Snapshot
from workflows.nexus.service import OPERATION_TYPE
from workflows.runtime import encryption_keys
from workflows.servers.runs import description_of
from workflows.servers.temporal import is_missing

AT_ONCE: Final = 10
"""Concurrent requests to Temporal."""
TYPES: Final = (
    keys.WORKFLOW_TYPE,
    keys.PREVIEW_TYPE,
    keys.VOICE_MEMO_TYPE,
    keys.BATCH_TYPE,
    keys.SCHEDULED_TYPE,
    OPERATION_TYPE,
)
"""The workflows whose inputs contain briefs."""
_STORED: Final = re.compile(rb"stored:(references/[A-Za-z0-9][A-Za-z0-9._-]*)")


async def named_references(client: Client, since: datetime) -> set[str]:
    """The keys of the files for briefs that an open run, a run that closed after `since`, or a schedule names.

    It searches the whole inputs: a brief may be in a row of a batch, in a memo, or in the record of an earlier run.

    Raises:
        PayloadKeyMissing: an input cannot be decrypted, so what it uses is unknown.
        RPCError: Temporal does not respond.
    """
    found: set[str] = set()
    slots = asyncio.Semaphore(AT_ONCE)

    async def read(run: WorkflowExecution) -> None:
        async with slots:
            found.update(_search(await _decoded(client, await _input_of(client, run))))

    names = ", ".join(f"'{name}'" for name in TYPES)
    query = f"WorkflowType IN ({names}) AND (ExecutionStatus = 'Running' OR CloseTime > '{since.isoformat()}')"
    await asyncio.gather(*[read(run) async for run in client.list_workflows(query)])
    async for arguments in schedule_arguments(client):
        found.update(_search(await _decoded(client, arguments)))
    return found


async def _input_of(client: Client, run: WorkflowExecution) -> Sequence[Payload]:
    handle = client.get_workflow_handle(run.id, run_id=run.run_id)
    try:
        async for event in handle.fetch_history_events(page_size=1):
            return event.workflow_execution_started_event_attributes.input.payloads
    except RPCError as error:
        if not is_missing(error):  # it was deleted meanwhile
            raise
    return ()


async def schedule_arguments(client: Client) -> AsyncIterator[Sequence[Payload]]:
    """The arguments of the workflow that each schedule of ours starts, as they are stored."""
    async for listed in await client.list_schedules():
        if not listed.id.startswith(keys.schedule_key("")):
            continue
        try:
            action = (await client.get_schedule_handle(listed.id).describe()).schedule.action
        except RPCError as error:
            if not is_missing(error):
                raise
            continue
        if isinstance(action, ScheduleActionStartWorkflow):
            yield action.args


async def _decoded(client: Client, payloads: Sequence[Payload]) -> list[bytes]:
    """The contents, also of payloads that are in the bucket."""
    raw = await client.data_converter.decode(payloads, [RawValue] * len(payloads))
    plain = [each.payload for each in raw]
    for each in plain:
        if each.metadata.get("encoding") == encryption_keys.ENCODING.encode():
            raise encryption_keys.PayloadKeyMissing(encryption_keys.key_id_of(each.metadata))
    return [each.data for each in plain]


def _search(texts: Sequence[bytes]) -> set[str]:
    return {key.decode() for text in texts for key in _STORED.findall(text)}


async def end_of(client: Client, storage: Storage, production_id: str) -> datetime | Literal["open", "unknown"]:
    """When a production was closed; unknown where Temporal does not have it and no manifest says that it ended."""
    described = await description_of(client.get_workflow_handle(keys.workflow_id(production_id)))
    if described is None:
        manifest = await manifest_of(storage, production_id)
        return manifest.updated_at if manifest and manifest.status.closed else "unknown"
    return "open" if described.close_time is None else described.close_time


async def manifest_of(storage: Storage, production_id: str) -> Snapshot | None:
    """The manifest of a production; None if it has none, or one of another version."""
    found = await storage.get_bytes(keys.manifest_key(production_id))
    try:
        return Snapshot.model_validate_json(found[0]) if found else None
    except ValidationError:
        return None


async def named_in_manifest(storage: Storage, production_id: str) -> set[str]:
    """The keys of the files for briefs that the manifest of a production names, of any version of Greenlight."""
    found = await storage.get_bytes(keys.manifest_key(production_id))
    return _search([found[0]]) if found else set()
