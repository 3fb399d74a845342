"""What is read in the references of a brief: each is analysed once, and people correct the result."""

import asyncio
from decimal import Decimal
from typing import Final

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from workflows.activity_io import Analysed, AnalyseReference, Payer, not_read
    from workflows.contracts import ProductionActivities
    from workflows.events import ProductionStatus, Receipt
    from workflows.models import ZERO
    from workflows.production.activity_options import ATTEMPT_TIMEOUT, HEARTBEAT, PATIENT
    from workflows.production.failures import message_of
    from workflows.production.guards import check_not_a_preview, check_record_size
    from workflows.production.questions import Questions
    from workflows.production.run import ProductionRun
    from workflows.production.state.approvals import MAX_MESSAGE_CHARS
    from workflows.production.state.corrections import analysed_usd, book_analysis, correct
    from workflows.references.analysis import MAX_CORRECTIONS
    from workflows.refusals import refuse
    from workflows.requests import AnalyseAgain, CorrectReference

ANALYSES: Final = "analyses"
"""The patch with which references are analysed before the plan is drafted."""


class Reading:
    """Analyses references, one after the other: each sees what is left of the limit."""

    def __init__(self, run: ProductionRun, questions: Questions) -> None:
        self._run = run
        self._questions = questions

    async def read_missing(self, payer: Payer, max_usd: Decimal | None = None) -> None:
        """Analyse the references that have no analysis yet. What cannot be read does not stop the planning.

        Args:
            max_usd: What a person allows for each of them; without it, the limits of planning apply.
        """
        record = self._run.record
        known = {each.reference for each in record.analyses}
        for number in range(1, len(record.references) + 1):
            if number not in known:
                request = self._request(number, payer)
                await self._read(request if max_usd is None else request.model_copy(update={"max_usd": max_usd}))

    async def read_again(self, request: AnalyseAgain) -> Receipt:
        """Analyse one reference again, for at most what the person allows."""
        record = self._run.record
        self._check(request.reference)
        if record.status is not ProductionStatus.AWAITING_APPROVAL:
            message = f"the production is {record.status.value}; a reference is read again before the approval"
            raise refuse("wrong_phase", "status", message)
        budget = record.brief.budget_usd
        if budget is not None and request.max_usd > budget - record.spent_usd:
            left = max(budget - record.spent_usd, ZERO)
            raise refuse("budget_short", "max_usd", f"{left} USD are left of the brief's budget; allow that or less")
        payer = self._questions.payer(request.requested_by)
        again = self._request(request.reference, payer).model_copy(update={"max_usd": request.max_usd})
        await self._read(again)
        return record.receipt()

    async def correct(self, request: CorrectReference) -> Receipt:
        """Keep the changes, and mark what was planned or made from the changed parts."""
        record = self._run.record
        self._check(request.reference)
        if len(record.corrections) + len(request.changes) > MAX_CORRECTIONS:
            message = f"a production has at most {MAX_CORRECTIONS} corrections; start a new one with corrected files"
            raise refuse("invalid_edit", "changes", message)
        correct(record, request)
        self._run.wake_up()
        return record.receipt()

    def _check(self, reference: int) -> None:
        record = self._run.record
        check_not_a_preview(record)
        check_record_size(record)
        if record.status.closed and record.status is not ProductionStatus.DELIVERED:
            raise refuse("wrong_phase", "status", f"the production is {record.status.value}")
        if not any(each.reference == reference for each in record.analyses):
            raise refuse("invalid_edit", "reference", f"there is no analysis of reference-{reference}")

    def _request(self, number: int, payer: Payer) -> AnalyseReference:
        record = self._run.record
        done = sum(e.name == "reference_analysed" and e.data.get("reference") == number for e in record.events)
        return AnalyseReference(
            production_id=record.production_id,
            brief=record.brief,
            reference=number,
            media=record.references[number - 1],
            number=done,
            spent_usd=record.spent_usd,
            analysed_usd=analysed_usd(record),
            payer=payer,
        )

    async def _read(self, request: AnalyseReference) -> None:
        record = self._run.record
        try:
            found = await workflow.execute_activity_method(
                ProductionActivities.analyse_reference,
                request,
                start_to_close_timeout=ATTEMPT_TIMEOUT,
                heartbeat_timeout=HEARTBEAT,
                retry_policy=PATIENT,
                summary=f"read reference-{request.reference}",
            )
        except ActivityError as error:
            found = await self._failed(error, request)
        book_analysis(record, found)

    async def _failed(self, error: ActivityError | ApplicationError, request: AnalyseReference) -> Analysed:
        """The analysis that says why there is none, with what its questions have cost."""
        assert request.payer is not None
        bill, cancelled = await self._questions.bill_of_failed(error, "analysis", request.inquiry_number, request.payer)
        unread = not_read(request, message_of(error)[:MAX_MESSAGE_CHARS])
        found = unread.model_copy(update=bill.model_dump())
        if cancelled or is_cancelled_exception(error):
            book_analysis(self._run.record, found)
            raise asyncio.CancelledError from None
        return found
