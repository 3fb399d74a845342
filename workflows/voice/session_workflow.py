"""The workflow of an interview by voice: a client secret is minted, handed out once, and settled at the end."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from workflows.models import utc
    from workflows.production.activity_options import PATIENT
    from workflows.production.failures import message_of, raise_if_cancelled
    from workflows.runtime.waits import wait_condition
    from workflows.voice import session_keys
    from workflows.voice.sessions import (
        REPORT_SECONDS,
        CloseSession,
        Opened,
        OpenSession,
        SessionStart,
        Settled,
        Usage,
        VoiceSession,
    )

ATTEMPT_TIMEOUT: Final = timedelta(seconds=30)
"""One attempt to mint: the vendor answers within a second."""
OPENING_TIMEOUT: Final = timedelta(seconds=60)
"""For all attempts: a person waits for it."""


@workflow.defn(name=session_keys.TYPE)
class VoiceSessionWorkflow:
    """One interview. Workflow id: `session_keys.workflow_id`; result: its record."""

    @workflow.init
    def __init__(self, start: SessionStart) -> None:
        self._session = VoiceSession(session_id=start.session_id)
        self._day = utc(workflow.now()).date().isoformat()
        self._terms: Opened | None = None
        self._over = False

    @workflow.run
    async def run(self, start: SessionStart) -> VoiceSession:
        try:
            await self._open(start)
            await self._hold()
        except asyncio.CancelledError:  # requested in Temporal's UI: what was handed out stays reserved
            self._finish()
        try:
            await self._settle(start)
        except asyncio.CancelledError:  # the bill is all that is left to do
            await self._settle(start)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._session

    @workflow.query
    def session(self) -> VoiceSession:
        return self._session

    @workflow.update
    async def hand_out(self) -> VoiceSession:
        """Record that the API is about to hand the secret out. It waits until the secret is minted."""
        await workflow.wait_condition(lambda: self._session.status != "opening")
        if self._terms and not self._over and workflow.now() < self._terms.expires_at:
            self._session = self._session.model_copy(update={"handed_out": True})
        return self._session

    @workflow.update
    async def end(self, usage: Usage | None = None) -> VoiceSession:
        """End the session, with what the page reports. The first report counts."""
        await workflow.wait_condition(lambda: self._session.status != "opening")
        if self._session.status == "open" and self._session.handed_out and not self._over:
            self._session = self._session.ended(usage)
            self._over = True
        return self._session

    async def _open(self, start: SessionStart) -> None:
        try:
            self._terms = await workflow.execute_activity(
                session_keys.OPEN,
                OpenSession(start=start, day=self._day),
                result_type=Opened,
                start_to_close_timeout=ATTEMPT_TIMEOUT,
                schedule_to_close_timeout=OPENING_TIMEOUT,
                retry_policy=PATIENT,
                summary="mint a client secret",
            )
        except ActivityError as error:
            raise_if_cancelled(error)
            self._session = self._session.model_copy(update={"status": "failed", "error": message_of(error)})
        else:
            self._session = self._session.opened(self._terms)

    async def _hold(self) -> None:
        """Wait for the end: of a secret that was not fetched, or of the session and the report of the page."""
        if self._terms is None:
            return
        await self._wait(lambda: self._session.handed_out, self._terms.expires_at)
        if self._session.handed_out:
            await self._wait(lambda: self._over, self._terms.ends_at + timedelta(seconds=REPORT_SECONDS))
        self._finish()

    async def _wait(self, done: Callable[[], bool], until: datetime) -> None:
        left = until - workflow.now()
        try:
            await wait_condition(done, max(left, timedelta(0)))
        except TimeoutError:
            return

    def _finish(self) -> None:
        if self._over or self._session.status == "failed":
            return
        self._over = True
        if self._terms is None:
            self._session = self._session.model_copy(update={"status": "failed", "error": "it was cancelled"})
        else:
            self._session = self._session.ended(None) if self._session.handed_out else self._session.unused()

    async def _settle(self, start: SessionStart) -> None:
        settled = await workflow.execute_activity(
            session_keys.CLOSE,
            CloseSession(
                start=start,
                day=self._day,
                nonce=self._terms.nonce if self._terms else "",
                cost_usd=self._session.cost_usd,
            ),
            result_type=Settled,
            start_to_close_timeout=timedelta(minutes=2),
            retry_policy=PATIENT,
            summary="settle the cost",
        )
        self._session = self._session.model_copy(update={"cost_usd": settled.cost_usd})
