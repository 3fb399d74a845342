"""The workflow of a voice memo: the recording is taken in, checked, and written down once. It starts nothing else."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from workflows import keys
    from workflows.activity_io import TakeInReferences
    from workflows.contracts import ProductionActivities
    from workflows.events import ProductionStart, ProductionStatus, Snapshot
    from workflows.models import utc
    from workflows.production.activity_options import ATTEMPT_TIMEOUT, HEARTBEAT, PATIENT
    from workflows.production.failures import message_of, raise_if_cancelled
    from workflows.production.questions import Questions
    from workflows.production.reading import Reading
    from workflows.production.run import ProductionRun
    from workflows.production.state.record import Record
    from workflows.voice.memos import MemoStart, problem_of


@workflow.defn(name=keys.VOICE_MEMO_TYPE)
class VoiceMemoWorkflow:
    """One memo. Workflow id: `keys.voice_memo_workflow_id`; result: the record that its production continues.

    Its status is `planning` once it is written down, `failed` where the recording is no memo, and `cancelled`.
    """

    @workflow.init
    def __init__(self, start: MemoStart) -> None:
        first = ProductionStart(production_id=start.production_id, brief=start.brief)
        self._run = ProductionRun(Record.begin(first, lambda: utc(workflow.now())))
        self._questions = Questions(self._run)
        self._reading = Reading(self._run, self._questions)

    @workflow.run
    async def run(self, start: MemoStart) -> Snapshot:
        record = self._run.record
        try:
            await self._take_in(start)
            if not record.error:
                await self._reading.read_missing(self._questions.payer(start.requester), start.max_usd)
        except asyncio.CancelledError:
            record.status = ProductionStatus.CANCELLED
        return record

    async def _take_in(self, start: MemoStart) -> None:
        """Keep the recording; one that is no memo ends it before anything is paid."""
        record = self._run.record
        try:
            record.references = await workflow.execute_activity_method(
                ProductionActivities.take_in_references,
                TakeInReferences(
                    production_id=record.production_id,
                    references=record.brief.references,
                    brief=record.brief if record.brief.models else None,
                ),
                start_to_close_timeout=ATTEMPT_TIMEOUT,
                heartbeat_timeout=HEARTBEAT,
                retry_policy=PATIENT,
                summary="take in the memo",
            )
        except ActivityError as error:
            raise_if_cancelled(error)
            self._fail(message_of(error))
        else:
            (memo,) = record.references
            self._fail(problem_of(memo.media_type, memo.duration_seconds))

    def _fail(self, problem: str) -> None:
        if problem:
            self._run.record.error = problem
            self._run.record.status = ProductionStatus.FAILED
