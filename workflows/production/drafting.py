"""From a brief to a priced plan, and what drafting it has cost, however it ends."""

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from workflows.activity_io import DraftPlan, Payer, SettledQuestions, TakeInReferences
    from workflows.contracts import ProductionActivities
    from workflows.models import Media, Plan
    from workflows.production.desk import HEARTBEAT, PATIENT, STEP_TIMEOUT, failure_of, message_of, raise_if_cancelled
    from workflows.production.publishing import Outlook
    from workflows.production.state import plan_diff

ATTEMPT_TIMEOUT = timedelta(minutes=30)
"""One attempt of an asset: the slowest synchronous call (10 minutes) and a large download. Of a draft: some answers
of a language model, each of which is kept, so that a next attempt goes on from there."""


class _NotDrafted(Exception):
    """No plan was drafted; `bill` is what its questions have cost."""

    def __init__(self, message: str, bill: SettledQuestions, kind: str) -> None:
        super().__init__(message)
        self.bill = bill
        self.kind = kind


class Drafting(Outlook):
    """Drafts the plan of a production, first from its brief and then from feedback."""

    async def _plan(self) -> None:
        state = self._state
        drafts = sum(e.name == "plan_start" for e in state.events)
        state.log("plan_start", revision=len(state.feedback))
        payer = self._payer(self._reviser if state.feedback else state.brief.requester)
        try:
            if len(state.references) < len(state.brief.references):
                state.references = await self._references()
            plan = await self._priced(await self._drafted(drafts, payer))
        except (ActivityError, ApplicationError) as error:
            raise_if_cancelled(error)
            state.plan_failed(message_of(error))
        except _NotDrafted as failed:
            bill = failed.bill
            state.plan_failed(str(failed), bill.billed_usd, doubt_usd=bill.doubt_usd, kind=failed.kind)
        else:
            revised = {"by": self._reviser, "feedback": state.feedback[-1]} if state.feedback else {}
            how = "revise" if state.feedback else "draft"
            state.plan_ready(plan, how=how, changes=plan_diff.changes(state.plan, plan), **revised)
            state.approved_by_policy()

    async def _drafted(self, drafts: int, payer: Payer) -> Plan:
        """The unpriced plan; what it cost is booked.

        Raises:
            _NotDrafted: there is none, and its questions have cost this.
        """
        state = self._state
        try:
            draft = await workflow.execute_activity_method(
                ProductionActivities.draft_plan,
                DraftPlan(
                    production_id=state.production_id,
                    brief=state.brief,
                    references=state.references,
                    feedback=state.feedback,
                    drafts=drafts,
                    spent_usd=state.spent_usd,
                    payer=payer,
                ),
                start_to_close_timeout=ATTEMPT_TIMEOUT,
                heartbeat_timeout=HEARTBEAT,
                retry_policy=PATIENT,
                summary=f"plan the {state.brief.platform.value}",
            )
        except ActivityError as error:
            bill, cancelled = await self._billed(error, "draft", drafts, payer)
            if cancelled or is_cancelled_exception(error):
                state.book_planning(bill.billed_usd, bill.doubt_usd)
                raise asyncio.CancelledError from None
            raise _NotDrafted(message_of(error), bill, failure_of(error).kind) from None
        state.spent_usd += draft.drafting_usd
        return draft

    async def _references(self) -> tuple[Media, ...]:
        """The brief's pictures, kept: what cannot be used ends the planning before a language model is asked."""
        state = self._state
        return await workflow.execute_activity_method(
            ProductionActivities.take_in_references,
            TakeInReferences(production_id=state.production_id, references=state.brief.references),
            start_to_close_timeout=STEP_TIMEOUT,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=PATIENT,
            summary=f"take in {len(state.brief.references)} references",
        )
