"""ProductionWorkflow: the life of one production, from brief to deliverable.

The workflow decides what happens next and waits: its loop takes the step that the status asks for. Every signal, update
and query arrives here and is passed to a component. `state` holds what is known and the rules for its changes; every
side effect is an activity of `contracts`.
"""

import asyncio
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows import keys
    from workflows.brief import BatchBudget
    from workflows.events import ProductionStart, ProductionStatus, Progress, Receipt, Snapshot
    from workflows.models import Plan, utc
    from workflows.production.allowance import Allowances
    from workflows.production.guards import fits
    from workflows.production.judging import Judging
    from workflows.production.languages import Languages
    from workflows.production.prices import Prices
    from workflows.production.publishing import Publishing
    from workflows.production.questions import Questions
    from workflows.production.reading import Reading
    from workflows.production.requests.answers import Answers
    from workflows.production.requests.budgets import Budgets
    from workflows.production.requests.decisions import Decisions
    from workflows.production.requests.plan_edits import PlanEdits
    from workflows.production.requests.repeats import Repeats
    from workflows.production.requests.take_requests import TakeRequests
    from workflows.production.rewriting import Rewriting
    from workflows.production.run import ProductionRun
    from workflows.production.state.attention import published
    from workflows.production.state.changes import MAX_CANCEL_REASON_CHARS, cancel_production
    from workflows.production.state.plans.plan_event import with_plan_assets
    from workflows.production.state.record import Record
    from workflows.production.state.takes import accept_late_answer
    from workflows.production.steps.approval_wait import ApprovalWait
    from workflows.production.steps.drafting import Drafting
    from workflows.production.steps.finishing import Finishing
    from workflows.production.steps.making import Making
    from workflows.production.steps.take_activities import TakeActivities
    from workflows.requests import (
        AnalyseAgain,
        ApprovalRequest,
        CorrectReference,
        Decision,
        LowerBudget,
        Pause,
        PlanEdit,
        Refresh,
        Regenerate,
        Resolve,
        Resume,
        ReviewFields,
        Revision,
        SelectTake,
        UploadTake,
    )
    from workflows.runtime.run_loop import UPGRADE
    from workflows.slots.messages import GRANT_SIGNAL, WAITING_QUERY, SlotGrant


@workflow.defn(name=keys.WORKFLOW_TYPE)
class ProductionWorkflow:
    """One production. Workflow id: `keys.workflow_id`; result: the full snapshot."""

    @workflow.init
    def __init__(self, start: ProductionStart) -> None:
        run = ProductionRun(Record.begin(start, lambda: utc(workflow.now()), fits))
        allowances = Allowances(run)
        prices, questions = Prices(run, allowances), Questions(run)
        takes, publishing = TakeActivities(run), Publishing(run, start)
        rewriting = Rewriting(run, questions)
        self._run = run
        self._takes = takes
        self._publishing = publishing
        self._repeats = Repeats(run, start)
        languages = Languages(run, questions, allowances)
        self._reading = Reading(run, questions)
        self._drafting = Drafting(run, prices, questions, self._reading, languages)
        self._approval = ApprovalWait(run, prices)
        self._making = Making(run, prices, rewriting, takes, Judging(run, questions), publishing)
        self._finishing = Finishing(run, publishing, allowances)
        self._decisions = Decisions(run, allowances)
        self._plan_edits = PlanEdits(run, prices, languages)
        self._take_requests = TakeRequests(run, prices, rewriting)
        self._answers = Answers(run, prices)
        self._budgets = Budgets(run)

    @workflow.run
    async def run(self, start: ProductionStart) -> Snapshot:
        try:
            await self._begin()
            while not self._is_over():
                await self._step()
        except asyncio.CancelledError:
            await self._begin()
            await self._cancel()
            while not self._is_over():
                await self._step()
        self._publishing.publish()
        return self._run.record

    # Queries

    @workflow.query
    def progress(self, after: int) -> Progress:
        return with_plan_assets(self._run.record, self._run.record.progress(after))

    @workflow.query
    def snapshot(self) -> Snapshot:
        return published(self._run.record)

    @workflow.query(name=WAITING_QUERY)
    def waiting_for_slots(self) -> dict[str, str]:
        return self._takes.slots.waiting()

    # The plan and the whole production

    @workflow.signal(description='Release the plan: {"plan_digest": "…", "approver": "…", "budget_usd": "…"}')
    async def approve(self, approval: Any) -> None:
        await self._repeats.ready()
        self._decisions.approve_by_signal(approval)

    @workflow.signal(description='End the production, nothing of its plan is made: {"rejecter": "…", "reason": "…"}')
    async def reject(self, rejection: Any) -> None:
        await self._repeats.ready()
        self._decisions.reject_by_signal(rejection)

    @workflow.update(description="Approve or reject; refused at once where the signal could only be ignored")
    async def decide(self, decision: Decision) -> Receipt:
        return await self._repeats.once("decide", decision, self._decisions.decide)

    @workflow.update(description="Ask people to approve the plan; it releases nothing")
    async def request_approval(self, request: ApprovalRequest) -> Receipt:
        return await self._repeats.once("request_approval", request, self._decisions.request_approval)

    @workflow.update(description="Change the plan that `plan_digest` names: all edits or none")
    async def edit_plan(self, edit: PlanEdit) -> Plan:
        return await self._repeats.once("edit_plan", edit, self._plan_edits.edit)

    @workflow.update(description="Plan again with feedback")
    async def revise(self, revision: Revision) -> Plan:
        return await self._repeats.once("revise", revision, self._drafting.revise)

    @workflow.update(description="Change what was read in a reference, or strike it out")
    async def correct_reference(self, request: CorrectReference) -> Receipt:
        return await self._repeats.once("correct_reference", request, self._reading.correct)

    @workflow.update(description="Read a reference again, for at most `max_usd`")
    async def analyse_again(self, request: AnalyseAgain) -> Receipt:
        return await self._repeats.once("analyse_again", request, self._reading.read_again)

    @workflow.update(description="Correct extracted fields, or accept them as they are")
    async def review_fields(self, request: ReviewFields) -> Receipt:
        return await self._repeats.once("review_fields", request, self._reading.review)

    @workflow.update(description="Finish what is being made, and start nothing new")
    async def pause(self, pause: Pause) -> Receipt:
        await self._repeats.ready()
        return self._decisions.pause(pause)

    @workflow.update(description="Go on after a pause")
    async def resume(self, resume: Resume) -> Receipt:
        await self._repeats.ready()
        return self._decisions.resume(resume)

    @workflow.update(description="Lower the budget to `budget_usd`; refused below what is spent and held")
    async def lower_budget(self, request: LowerBudget) -> Receipt:
        return await self._repeats.once("lower_budget", request, self._budgets.lower)

    @workflow.signal(description="The budget of its batch has changed, which limits the planning of all rows together")
    def batch_budget(self, batch: BatchBudget) -> None:
        if self._run.record.batch and self._run.record.batch.batch_id == batch.batch_id:
            self._run.record.batch = batch

    # Single assets

    @workflow.update(description="Make new takes of one asset, as it is or changed")
    async def regenerate(self, request: Regenerate) -> Receipt:
        return await self._repeats.once("regenerate", request, self._take_requests.regenerate)

    @workflow.update(description="Use a person's own file as a new take of an asset")
    async def upload_take(self, upload: UploadTake) -> Receipt:
        return await self._repeats.once("upload_take", upload, self._take_requests.upload)

    @workflow.update(description="Use an earlier take of an asset; the deliverable gets a new revision")
    async def select_take(self, selection: SelectTake) -> Receipt:
        return await self._repeats.once("select_take", selection, self._take_requests.select)

    @workflow.update(description="Make stale assets again, all or some, for at most `max_usd`")
    async def refresh(self, request: Refresh) -> Receipt:
        return await self._repeats.once("refresh", request, self._take_requests.refresh)

    @workflow.update(description="Decide where the production waits for a person")
    async def resolve(self, resolution: Resolve) -> Receipt:
        return await self._repeats.once("resolve", resolution, self._answers.resolve)

    @workflow.signal(description="A worker reports that a take in doubt was answered after all")
    async def take_settled(self, asset_id: str, take: int) -> None:
        await self._repeats.ready()
        if accept_late_answer(self._run.record, asset_id, take):
            self._run.wake_up()

    @workflow.signal(name=GRANT_SIGNAL, description="The pool of a provider gives slots to takes")
    def slots_granted(self, grant: SlotGrant) -> None:
        self._takes.slots.grant(grant)

    @workflow.signal(name=keys.UPGRADE_SIGNAL, description="Go on with the current version of the workers")
    def upgrade(self) -> None:
        self._run.upgrade()

    # The loop

    async def _begin(self) -> None:
        if await self._repeats.begin():
            self._finishing.mark_stored()

    def _is_over(self) -> bool:
        closed = self._run.record.status.closed
        return closed and self._publishing.is_complete() and self._finishing.is_stored()

    async def _step(self) -> None:
        self._publishing.publish()
        match self._run.record.status:
            case ProductionStatus.PLANNING:
                await self._drafting.plan()
            case ProductionStatus.AWAITING_APPROVAL:
                await self._approval.wait()
            case ProductionStatus.NEEDS_ATTENTION if self._run.record.plan is None:
                await self._drafting.wait_for_review()
            case ProductionStatus.PRODUCING | ProductionStatus.NEEDS_ATTENTION:
                await self._making.produce()
            case ProductionStatus.FINISHING:
                await self._finishing.finish()
            case _:
                await workflow.wait_condition(self._run.is_quiet)
                if self._publishing.has_unsent():
                    await self._publishing.hand_over()
        if self._run.record.status.closed:
            if not self._finishing.is_stored():
                await self._finishing.store_manifest()
        elif self._run.should_continue():
            self._continue_as_new()

    def _continue_as_new(self) -> None:
        record = self._run.record
        workflow.continue_as_new(
            ProductionStart(
                production_id=record.production_id,
                brief=record.brief,
                carried=record,
                reports_to=self._publishing.reports_to,
            ),
            initial_versioning_behavior=UPGRADE,
        )

    async def _cancel(self) -> None:
        record = self._run.record
        record.cancelling = True
        tasks = list(self._run.running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        record.published_until = None
        reason = (workflow.cancellation_reason() or "")[:MAX_CANCEL_REASON_CHARS]
        cancel_production(record, await self._takes.stop_all(), reason)
        self._publishing.publish()
        await self._finishing.store_manifest()
        await workflow.wait_condition(workflow.all_handlers_finished)
        record.cancelling = False  # requests were refused meanwhile; what a person requests now is made
