"""What questions to language models may cost, and what they have cost."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from decimal import Decimal
from typing import Final

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from workflows.activity_io import Inquiry, Payer, SettledQuestions, SettleQuestions
    from workflows.contracts import ProductionActivities
    from workflows.models import ZERO
    from workflows.production.activity_options import HEARTBEAT, PATIENT, SETTLE_TIMEOUT
    from workflows.production.agents import agent_payer
    from workflows.production.failures import failure_of, message_of
    from workflows.production.run import ProductionRun
    from workflows.production.state.approvals import abridged, book_planning
    from workflows.production.state.budget import left_usd, spare_usd


RETURNED: Final = "questions-return-money"
IN_TURN: Final = "planning-asks-in-turn"


class NotAnswered(Exception):
    """Requests to language models gave no result; `bill` is their cost, and `kind` the failure's."""

    def __init__(self, message: str, bill: SettledQuestions, kind: str) -> None:
        super().__init__(message)
        self.bill = bill
        self.kind = kind


class Questions:
    """Says who pays for a question, and sums the bills of questions that gave no answer."""

    def __init__(self, run: ProductionRun) -> None:
        self._run = run
        self.one_at_a_time = asyncio.Lock()
        """Held while questions are asked, so that each has what all others have left."""

    def payer(self, person: str) -> Payer:
        """The payer of a question that is asked for `person`: its limits apply."""
        record = self._run.record
        day = workflow.now().date().isoformat()
        # After its approval, what was granted to a part of a series covers its questions.
        batch = None if record.allowance else record.batch
        payer = Payer(tenant=record.brief.tenant, person=person, day=day, batch=batch)
        return agent_payer(record, payer, workflow.now())

    @asynccontextmanager
    async def in_turn(self) -> AsyncIterator[None]:
        """Ask the questions of the block after all others that are under way."""
        if self.one_at_a_time.locked() and not workflow.patched(IN_TURN):
            yield
            return
        async with self.one_at_a_time:
            yield

    @contextmanager
    def planning(self) -> Iterator[None]:
        """Ask the questions of the block about a plan that may be approved meanwhile: no approval has their cost, so
        what it releases and costs money is started after them."""
        self._run.planning = workflow.patched(IN_TURN)
        try:
            yield
        finally:
            if self._run.planning:
                self._run.planning = False
                self._run.wake_up()

    @contextmanager
    def holding(self, usd: Decimal) -> Iterator[None]:
        """Reserve what the questions of the block may cost. Assets that do not fit beside it wait for its end."""
        record, returned = self._run.record, workflow.patched(RETURNED)
        record.questions_usd, self._run.asking = usd, returned
        try:
            yield
        finally:
            record.questions_usd, self._run.asking = ZERO, False
            if returned:
                self._run.wake_up()

    async def bill_of_failed(
        self,
        error: ActivityError | ApplicationError,
        inquiry: Inquiry,
        number: int,
        payer: Payer,
        subject: str = "",
        most_usd: Decimal | None = None,
    ) -> tuple[SettledQuestions, bool]:
        """The cost of the questions of an activity that failed; and whether the production was cancelled meanwhile.

        An activity that ended by itself reports the cost. One that was cancelled, timed out, was ended from outside or
        was killed does not: then its questions are closed and summed. Where a person ends that too, they count at
        their limit: `most_usd`, or what is held for them. Those before an approval have none that is known here.
        """
        failure = failure_of(error)
        if failure.summed:
            return SettledQuestions(billed_usd=failure.billed_usd, doubt_usd=failure.lost_usd), False
        summing = asyncio.create_task(self._sum(inquiry, number, payer, subject))
        cancelled = False
        while True:
            try:
                return await asyncio.shield(summing), cancelled
            except asyncio.CancelledError:
                cancelled = True
            except ActivityError as failed:
                counts = workflow.patched("questions-that-are-not-summed-count")
                usd = (most_usd or self._run.record.questions_usd) if counts else ZERO
                known = f"it counts as {usd} USD" if usd else "it counts as 0 USD; look for it on the vendor's bill"
                message = f"the cost of planning could not be summed, and {known}: {message_of(failed)}"
                self._run.record.log("planning_billed", billed_usd="0", message=abridged(message))
                return SettledQuestions(billed_usd=usd, doubt_usd=usd), cancelled

    def room_usd(self, most: Decimal, more: Decimal = ZERO) -> Decimal:
        """What questions about an approved plan may cost, up to `most`, without the money of assets to be made.

        Args:
            more: What the request adds to the budget, if questions are asked.
        """
        record = self._run.record
        spare = spare_usd(record) if workflow.patched("questions-leave-what-assets-need") else left_usd(record)
        return max(min(spare + more, most), ZERO)

    async def not_answered(self, error: ActivityError, inquiry: Inquiry, number: int, payer: Payer) -> NotAnswered:
        """The error of an activity that gave no result, with the cost of its requests.

        Raises:
            CancelledError: the production was cancelled; the cost is booked.
        """
        bill, cancelled = await self.bill_of_failed(error, inquiry, number, payer)
        if cancelled or is_cancelled_exception(error):
            book_planning(self._run.record, bill.billed_usd, bill.doubt_usd)
            raise asyncio.CancelledError from None
        return NotAnswered(message_of(error), bill, failure_of(error).kind)

    async def _sum(self, inquiry: Inquiry, number: int, payer: Payer, subject: str) -> SettledQuestions:
        production_id = self._run.record.production_id
        return await workflow.execute_activity_method(
            ProductionActivities.settle_questions,
            SettleQuestions(production_id=production_id, inquiry=inquiry, number=number, payer=payer, subject=subject),
            start_to_close_timeout=SETTLE_TIMEOUT,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=PATIENT,
            summary=f"sum the cost of {'a verdict' if subject else 'planning'}",
        )
