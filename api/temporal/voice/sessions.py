"""Every call to Temporal about interviews by voice."""

from typing import Any, Final

from temporalio.client import Client, WorkflowExecutionStatus, WorkflowFailureError, WorkflowHandle

from api.problems import unknown_voice_session
from api.temporal.outcomes import RPC_TIMEOUT, send_update, translating_errors
from api.temporal.voice.starts import start_once
from workflows.voice import session_keys
from workflows.voice.sessions import SessionStart, Usage, VoiceSession

UPDATE_SECONDS: Final = 65.0
"""To mint a secret, with all attempts of a worker."""


class VoiceSessionGateway:
    """Opens, reads and ends interviews. Raises only `Problem`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def open(self, start: SessionStart) -> VoiceSession:
        """Open a session, or find the one of this id. Its secret may be handed out where its status is `open`.

        Raises:
            Problem: 409 where the id is of a session on other terms; 503.
        """
        await start_once(
            self._client,
            session_keys.TYPE,
            start,
            session_keys.workflow_id(start.session_id),
            "interview by voice",
            lambda: unknown_voice_session(start.session_id),
            "the same key began an interview on other terms",
        )
        return await self._update(start.session_id, "hand_out")

    async def end(self, session_id: str, usage: Usage | None) -> VoiceSession:
        """End a session; one that is closed stays as it is.

        Raises:
            Problem: 404, 503.
        """
        return await self._update(session_id, "end", usage)

    async def read(self, session_id: str) -> VoiceSession:
        """
        Raises:
            Problem: 404, 503.
        """
        handle = self._client.get_workflow_handle(session_keys.workflow_id(session_id), result_type=VoiceSession)
        with translating_errors(unknown_voice_session, session_id):
            description = await handle.describe(rpc_timeout=RPC_TIMEOUT)
            if description.status is WorkflowExecutionStatus.RUNNING:
                running: VoiceSession = await handle.query("session", result_type=VoiceSession, rpc_timeout=RPC_TIMEOUT)
                return running
            try:
                closed: VoiceSession = await handle.result(rpc_timeout=RPC_TIMEOUT)
            except WorkflowFailureError as error:  # it was terminated: what was reserved stays reserved
                return VoiceSession(session_id=session_id, status="failed", error=str(error.cause))
        return closed

    async def check(self, session_id: str) -> None:
        """Check that there is such a session. No worker is needed.

        Raises:
            Problem: 404, 503.
        """
        with translating_errors(unknown_voice_session, session_id):
            await self._handle(session_id).describe(rpc_timeout=RPC_TIMEOUT)

    async def _update(self, session_id: str, update: str, *arguments: object) -> VoiceSession:
        """The session after an update; as it was closed, where no run is open."""
        handle = self._handle(session_id)
        found = await send_update(
            handle, update, arguments, VoiceSession, UPDATE_SECONDS, lambda: self.check(session_id)
        )
        return found if found is not None else await self.read(session_id)

    def _handle(self, session_id: str) -> WorkflowHandle[Any, Any]:
        return self._client.get_workflow_handle(session_keys.workflow_id(session_id))
