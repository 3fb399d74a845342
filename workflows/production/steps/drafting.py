"""From a brief to a priced plan, and from feedback to the next one; its cost is booked however it ends."""

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from workflows.activity_io import BUDGET_SHORT, DraftPlan, Payer, TakeInReferences
    from workflows.contracts import ProductionActivities
    from workflows.events import ProductionStatus
    from workflows.models import Media, Plan
    from workflows.production.activity_options import ATTEMPT_TIMEOUT, HEARTBEAT, PATIENT
    from workflows.production.failures import message_of, raise_if_cancelled
    from workflows.production.guards import check_phase, check_record_size
    from workflows.production.languages import Languages
    from workflows.production.prices import Prices
    from workflows.production.questions import NotAnswered, Questions
    from workflows.production.reading import ANALYSES, Reading
    from workflows.production.run import ProductionRun
    from workflows.production.state.approvals import approve_by_policy, fail_plan, set_plan
    from workflows.production.state.corrections import fields_wait, request_review
    from workflows.production.state.plans import plan_diff
    from workflows.refusals import RefusalKind, refuse
    from workflows.requests import Revision


class Drafting:
    """Drafts the plan of a production, first from its brief and then from feedback."""

    def __init__(
        self, run: ProductionRun, prices: Prices, questions: Questions, reading: Reading, languages: Languages
    ) -> None:
        self._run = run
        self._prices = prices
        self._languages = languages
        self._questions = questions
        self._reading = reading
        self._reviser = "someone"

    async def plan(self) -> None:
        record = self._run.record
        drafts = sum(e.name == "plan_start" for e in record.events)
        record.log("plan_start", revision=len(record.feedback))
        payer = self._questions.payer(self._reviser if record.feedback else record.brief.requester)
        try:
            if len(record.references) < len(record.brief.references):
                record.references = await self._take_in_references()
            async with self._questions.in_turn():
                if record.brief.references and workflow.patched(ANALYSES):
                    await self._reading.read_missing(payer)
                    if record.plan is None and fields_wait(record):
                        request_review(record)
                        return
                draft = await self._languages.add_to_draft(await self._draft(drafts, payer), payer)
            plan = await self._prices.priced(draft)
        except (ActivityError, ApplicationError) as error:
            raise_if_cancelled(error)
            fail_plan(record, message_of(error))
        except NotAnswered as failed:
            bill = failed.bill
            fail_plan(record, str(failed), bill.billed_usd, doubt_usd=bill.doubt_usd, kind=failed.kind)
        else:
            revised = {"by": self._reviser, "feedback": record.feedback[-1]} if record.feedback else {}
            how = "revise" if record.feedback else "draft"
            set_plan(record, plan, how=how, changes=plan_diff.changes(record.plan, plan), **revised)
            automatic = record.brief.approval.auto_below_usd is not None
            approve_by_policy(record, exactly=not automatic or workflow.patched("policy-releases-its-price"))

    async def wait_for_review(self) -> None:
        """Wait until a person has reviewed fields, or something else has changed."""
        await self._run.wait_for_change(or_continue=True)

    async def _draft(self, drafts: int, payer: Payer) -> Plan:
        """The unpriced plan; what it cost is booked.

        Raises:
            NotAnswered: there is none, and its questions have cost this.
        """
        record = self._run.record
        try:
            draft = await workflow.execute_activity_method(
                ProductionActivities.draft_plan,
                DraftPlan(
                    production_id=record.production_id,
                    brief=record.brief,
                    references=record.references,
                    analyses=record.analyses,
                    corrections=record.corrections,
                    feedback=record.feedback,
                    before=record.plan if record.feedback else None,
                    drafts=drafts,
                    spent_usd=record.spent_usd,
                    payer=payer,
                ),
                start_to_close_timeout=ATTEMPT_TIMEOUT,
                heartbeat_timeout=HEARTBEAT,
                retry_policy=PATIENT,
                summary=f"plan the {record.brief.platform.value}",
            )
        except ActivityError as error:
            raise await self._questions.not_answered(error, "draft", drafts, payer) from None
        record.spent_usd += draft.drafting_usd
        return draft

    async def _take_in_references(self) -> tuple[Media, ...]:
        """The brief's references, kept: what cannot be used ends the planning before a language model is asked."""
        record = self._run.record
        return await workflow.execute_activity_method(
            ProductionActivities.take_in_references,
            TakeInReferences(
                production_id=record.production_id,
                references=record.brief.references,
                brief=record.brief if record.brief.quality or record.brief.models else None,
            ),
            start_to_close_timeout=ATTEMPT_TIMEOUT,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=PATIENT,
            summary=f"take in {len(record.brief.references)} references",
        )

    async def revise(self, revision: Revision) -> Plan:
        self._check_revision(revision)
        record = self._run.record
        record.feedback = (*record.feedback, revision.feedback)
        record.status = ProductionStatus.PLANNING
        self._reviser = revision.reviser
        known = len(record.events)
        self._run.wake_up()
        await workflow.wait_condition(lambda: record.status is not ProductionStatus.PLANNING)
        failed = next((e for e in record.events[known:] if e.name == "plan_failed"), None)
        if failed:
            record.feedback = record.feedback[:-1]
        check_phase(record, ProductionStatus.AWAITING_APPROVAL)
        if failed or record.plan is None:
            kind: RefusalKind = "budget_short" if failed and failed.data.get("kind") == BUDGET_SHORT else "invalid_plan"
            raise refuse(kind, "feedback", str(failed.data["reason"]) if failed else "no plan was made")
        return record.plan

    def _check_revision(self, revision: Revision) -> None:
        check_phase(self._run.record, ProductionStatus.AWAITING_APPROVAL)
        check_record_size(self._run.record)
