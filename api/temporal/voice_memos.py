"""Every call to Temporal about voice memos."""

from typing import Any

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError, WorkflowHandle

from api.problems import Problem, unknown_voice_memo
from api.temporal.outcomes import RPC_TIMEOUT, translating_errors
from api.temporal.voice.starts import start_once
from api.views.voice import VoiceMemo
from workflows import keys
from workflows.brief import Brief
from workflows.events import ProductionStatus, Snapshot
from workflows.voice.memos import MemoStart


class VoiceMemoGateway:
    """Starts, reads and cancels voice memos. Raises only `Problem`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def start(self, start: MemoStart) -> None:
        """Start to write down a memo, unless there is one of this id.

        Raises:
            Problem: 409 where the id is of another recording; 503.
        """
        await start_once(
            self._client,
            keys.VOICE_MEMO_TYPE,
            start,
            keys.voice_memo_workflow_id(start.production_id),
            "voice memo",
            lambda: unknown_voice_memo(start.production_id),
            "the same key began a voice memo of another recording",
        )

    async def read(self, memo_id: str) -> VoiceMemo:
        """
        Raises:
            Problem: 404, 503.
        """
        handle = self._client.get_workflow_handle(keys.voice_memo_workflow_id(memo_id), result_type=Snapshot)
        with translating_errors(unknown_voice_memo, memo_id):
            description = await handle.describe(rpc_timeout=RPC_TIMEOUT)
            if description.status is WorkflowExecutionStatus.RUNNING:
                return VoiceMemo("reading")
            try:
                record = await handle.result(rpc_timeout=RPC_TIMEOUT)
            except WorkflowFailureError as error:  # it was terminated
                return VoiceMemo("failed", error=str(error.cause))
        if record.status is ProductionStatus.CANCELLED:
            return VoiceMemo("cancelled", record)
        return VoiceMemo("failed" if record.error else "ready", record, record.error or "")

    async def ready(self, brief: Brief) -> Snapshot:
        """The record of the memo that a brief was written from.

        Raises:
            Problem: 404, 409 where it cannot be started, 422 where the brief has another recording or tenant; 503.
        """
        memo = await self.read(brief.memo)
        field = "references[0].memo"
        if memo.record is None or memo.status != "ready":
            remedy = "wait until it is ready" if memo.status == "reading" else "record it again, or write the brief"
            raise Problem.of_field(field, f"the memo is {memo.status}", remedy, status=409, kind="memo-not-ready")
        known = memo.record.brief
        if known.references[0].source != brief.references[0].source:
            raise Problem.of_field(field, "it is of another recording", "give the `brief` of the memo, as corrected")
        if known.tenant != brief.tenant:
            message = f"the memo is of tenant {known.tenant!r}"
            raise Problem.of_field("tenant", message, "give the same tenant, or record it again")
        return memo.record

    async def cancel(self, memo_id: str) -> None:
        """Request the cancellation; a memo that is closed stays as it is.

        Raises:
            Problem: 404, 503.
        """
        if (await self.read(memo_id)).status == "reading":
            with translating_errors(unknown_voice_memo, memo_id):
                await self._handle(memo_id).cancel(rpc_timeout=RPC_TIMEOUT)

    def _handle(self, memo_id: str) -> WorkflowHandle[Any, Any]:
        return self._client.get_workflow_handle(keys.voice_memo_workflow_id(memo_id))
