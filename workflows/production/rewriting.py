"""A prompt written again by a language model: from a person's feedback, or after a provider's refusal."""

from decimal import Decimal
from typing import Final

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from workflows.activity_io import BUDGET_SHORT, Payer, RewritePrompt, Rewritten
    from workflows.contracts import ProductionActivities
    from workflows.models import Asset
    from workflows.production.activity_options import HEARTBEAT, PATIENT, REWRITE_TIMEOUT
    from workflows.production.failures import failure_of, message_of, raise_if_cancelled
    from workflows.production.questions import Questions
    from workflows.production.run import ProductionRun
    from workflows.production.state.approvals import book_planning
    from workflows.refusals import RefusalKind, refuse

MAX_REWRITE_USD: Final = Decimal("0.25")
"""What one rewriting may cost at most: a prompt is a page."""


class Rewriting:
    """Asks a language model for a prompt, one at a time, within what is left of the budget."""

    def __init__(self, run: ProductionRun, questions: Questions) -> None:
        self._run = run
        self._questions = questions

    async def from_feedback(self, asset: Asset, feedback: str, person: str) -> Rewritten:
        """The prompt that a language model writes from a person's feedback, and the delivery of speech.

        Raises:
            ApplicationError: a refusal, where no model could.
        """
        try:
            found = await self.rewrite(asset, len(self._run.record.events), person, feedback=feedback)
        except ActivityError as error:
            raise_if_cancelled(error)
            kind: RefusalKind = "budget_short" if failure_of(error).kind == BUDGET_SHORT else "invalid_edit"
            raise refuse(kind, "feedback", f"{message_of(error)}; give a prompt instead") from None
        return found

    async def rewrite(
        self, asset: Asset, event: int, person: str, *, feedback: str = "", refusal: str = ""
    ) -> Rewritten:
        """Another prompt for the asset; its cost is booked, also where no model gives one.

        Args:
            event: The number of the event that asks for it: no other question has it.
            person: In whose name it is asked for.
        """
        record, payer = self._run.record, self._questions.payer(person)
        async with self._questions.one_at_a_time:
            with self._questions.holding(self._questions.room_usd(MAX_REWRITE_USD)):
                try:
                    found = await self._ask_model(asset, event, feedback, refusal, payer)
                except ActivityError as error:
                    bill, _ = await self._questions.bill_of_failed(error, "rewrite", event, payer)
                    book_planning(record, bill.billed_usd, bill.doubt_usd, asset.asset_id)
                    raise
            if found.doubt_usd:
                book_planning(record, found.billed_usd, found.doubt_usd, asset.asset_id)
            else:
                record.spent_usd += found.billed_usd
            return found

    async def _ask_model(self, asset: Asset, event: int, feedback: str, refusal: str, payer: Payer) -> Rewritten:
        record = self._run.record
        spoken = {"languages": (asset.language,), "translations": {}} if asset.language else {}
        return await workflow.execute_activity_method(
            ProductionActivities.rewrite_prompt,
            RewritePrompt(
                production_id=record.production_id,
                # It may cost what is held for it, whatever else is being made meanwhile.
                brief=record.brief.model_copy(update={"budget_usd": record.spent_usd + record.questions_usd, **spoken}),
                asset=asset,
                number=event,
                feedback=feedback,
                refusal=refusal,
                spent_usd=record.spent_usd,
                payer=payer,
            ),
            start_to_close_timeout=REWRITE_TIMEOUT,
            schedule_to_close_timeout=REWRITE_TIMEOUT,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=PATIENT,
            summary=f"{'feedback on' if feedback else 'soften'} {asset.asset_id}",
        )
