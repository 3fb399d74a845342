"""What is read in the references of a brief: each is analysed once, and people correct the result."""

import asyncio
from decimal import Decimal
from typing import Final

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from workflows.activity_io import Analysed, AnalyseReference, Payer
    from workflows.contracts import ProductionActivities, not_read
    from workflows.events import ProductionStatus, Receipt
    from workflows.extraction.fields import ExtractionSummary
    from workflows.extraction.review import ReviewExtraction
    from workflows.models import ZERO
    from workflows.production.activity_options import ATTEMPT_TIMEOUT, HEARTBEAT, PATIENT, STEP_TIMEOUT
    from workflows.production.failures import message_of, raise_if_cancelled
    from workflows.production.guards import check_not_a_preview, check_record_size
    from workflows.production.questions import Questions
    from workflows.production.run import ProductionRun
    from workflows.production.state.approvals import abridged
    from workflows.production.state.corrections import (
        analysed_usd,
        awaits_review,
        book_analysis,
        correct,
        fields_wait,
        keep_review,
    )
    from workflows.references.analysis import MAX_CORRECTIONS
    from workflows.refusals import refuse
    from workflows.requests import AnalyseAgain, CorrectReference, ReviewFields

ANALYSES: Final = "analyses"
"""The patch with which references are analysed before the plan is drafted."""


class Reading:
    """Analyses references, one after the other: each sees what is left of the limit."""

    def __init__(self, run: ProductionRun, questions: Questions) -> None:
        self._run = run
        self._questions = questions
        self._reviewing = asyncio.Lock()

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
        self._check_again(request)
        async with self._questions.in_turn():
            self._check_again(request)
            payer = self._questions.payer(request.requested_by)
            again = self._request(request.reference, payer).model_copy(update={"max_usd": request.max_usd})
            with self._questions.planning():
                await self._read(again)
        if awaits_review(record) and not fields_wait(record):
            record.status = ProductionStatus.PLANNING
        self._run.wake_up()
        return record.receipt()

    def _check_again(self, request: AnalyseAgain) -> None:
        record = self._run.record
        self._check(request.reference)
        if record.status is not ProductionStatus.AWAITING_APPROVAL and not awaits_review(record):
            message = f"the production is {record.status.value}; a reference is read again before the approval"
            raise refuse("wrong_phase", "status", message)
        budget = record.brief.budget_usd
        if budget is not None and request.max_usd > budget - record.spent_usd:
            left = max(budget - record.spent_usd, ZERO)
            raise refuse("budget_short", "max_usd", f"{left} USD are left of the brief's budget; allow that or less")

    async def review(self, request: ReviewFields) -> Receipt:
        """Apply a person's review of extracted fields; one after the other, because each is based on the last."""
        record = self._run.record
        self._check(request.reference)
        async with self._reviewing:
            summary = next(each for each in record.analyses if each.reference == request.reference)
            if summary.extraction is None:
                message = f"no fields were extracted from reference-{request.reference}; give it the use extract"
                raise refuse("invalid_edit", "reference", message)
            try:
                reviewed = await self._review(summary.extraction, request)
            except ActivityError as error:
                raise_if_cancelled(error)
                raise refuse("invalid_edit", "changes", abridged(message_of(error))) from None
            self._check(request.reference)  # it may have been closed meanwhile
            keep_review(record, request, reviewed)
        self._run.wake_up()
        return record.receipt()

    async def _review(self, extraction: ExtractionSummary, request: ReviewFields) -> ExtractionSummary:
        return await workflow.execute_activity_method(
            ProductionActivities.review_extraction,
            ReviewExtraction(
                production_id=self._run.record.production_id,
                extraction=extraction,
                changes=request.changes,
                accept=request.accept,
                reviewer=request.reviewer,
                at=self._run.record.clock(),
            ),
            start_to_close_timeout=STEP_TIMEOUT,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=PATIENT,
            summary=f"review the fields of reference-{request.reference}",
        )

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
        bill, cancelled = await self._questions.bill_of_failed(
            error, "analysis", request.inquiry_number, request.payer, most_usd=request.max_usd
        )
        unread = not_read(request, abridged(message_of(error)))
        found = unread.model_copy(update=bill.model_dump())
        if cancelled or is_cancelled_exception(error):
            book_analysis(self._run.record, found)
            raise asyncio.CancelledError from None
        return found
