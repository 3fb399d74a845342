"""OptimisationWorkflow: searches a better version of one prompt, and compares it on cases that the search did not see.

Each step is an activity, whose requests to models go through the ledger under numbers that depend on their content
alone. A killed worker, a retry or a reset repeats the same requests, finds their answers there, and pays nothing twice.
"""

import asyncio
from datetime import timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from workflows import keys
    from workflows.activity_io import SettledQuestions
    from workflows.models import ZERO
    from workflows.optimisation import keys as names
    from workflows.optimisation.records import (
        OPTIMISATION_REFUSED,
        ComparedTexts,
        OptimisationStart,
        OptimisationStatus,
        OptimisationStep,
        OptimisationView,
        PreparedOptimisation,
        Searched,
    )
    from workflows.production.activity_options import HEARTBEAT, PATIENT, STEP_TIMEOUT
    from workflows.production.failures import message_of, raise_if_cancelled
    from workflows.refusals import refuse
    from workflows.start_options import COST, STATUS

T = TypeVar("T")

SEARCH_TIMEOUT = timedelta(hours=12)
"""One attempt: a search asks thousands of questions, some at a time."""


@workflow.defn(name=keys.OPTIMISATION_TYPE)
class OptimisationWorkflow:
    """One optimisation. Workflow id: `keys.optimisation_workflow_id`; result: its view."""

    @workflow.init
    def __init__(self, start: OptimisationStart) -> None:
        self._start = start
        self._status = OptimisationStatus.PREPARING
        self._prepared: PreparedOptimisation | None = None
        self._searched: Searched | None = None
        self._compared: ComparedTexts | None = None
        self._spent = ZERO
        self._field = self._message = ""
        self._cancelled = False
        self._step: asyncio.Task[Any] | None = None

    @workflow.run
    async def run(self, start: OptimisationStart) -> OptimisationView:
        try:
            status = await self._run_steps()
        except asyncio.CancelledError:
            status = OptimisationStatus.CANCELLED
        except ActivityError as error:
            status, self._message = OptimisationStatus.FAILED, message_of(error)
        if self._prepared is not None:
            await self._settle()
        self._set_status(status)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._view()

    async def _run_steps(self) -> OptimisationStatus:
        """The status with which it ends.

        Raises:
            CancelledError, ActivityError.
        """
        self._set_status(OptimisationStatus.PREPARING)
        try:
            prepared = await self._run_step(names.PREPARE_OPTIMISATION, self._start, PreparedOptimisation, STEP_TIMEOUT)
        except ActivityError as error:
            raise_if_cancelled(error)
            if not _is_refusal(error):
                raise
            self._field, self._message = _refusal(error)
            return OptimisationStatus.REFUSED
        self._prepared = prepared
        self._set_status(OptimisationStatus.SEARCHING)
        searched = await self._run_step(names.SEARCH_PROMPT, self._next(), Searched, SEARCH_TIMEOUT)
        self._searched = searched
        if not searched.text:
            self._message = searched.problem
            return OptimisationStatus.CAPPED if searched.capped else OptimisationStatus.DONE
        self._set_status(OptimisationStatus.COMPARING)
        compared = await self._run_step(names.COMPARE_PROMPT, self._next(searched.text), ComparedTexts, SEARCH_TIMEOUT)
        self._compared, self._message = compared, compared.problem
        return OptimisationStatus.CAPPED if searched.capped or not compared.version else OptimisationStatus.DONE

    async def _run_step(self, name: str, request: object, result: type[T], limit: timedelta) -> T:
        if self._cancelled:
            raise asyncio.CancelledError
        self._step = asyncio.create_task(_execute(name, request, result, limit))
        try:
            found: T = await self._step
        except ActivityError as error:
            if self._cancelled:
                raise asyncio.CancelledError from None
            raise_if_cancelled(error)
            raise
        finally:
            self._step = None
        return found

    def _next(self, text: str = "") -> OptimisationStep:
        assert self._prepared is not None
        start = self._start
        return OptimisationStep(
            optimisation_id=start.optimisation_id, tenant=start.tenant, prepared=self._prepared, text=text
        )

    async def _settle(self) -> None:
        """Sum what all questions have cost; after this no attempt can send another one. A cancel does not stop it."""
        for last in (False, True):
            try:
                done = await _execute(names.SETTLE_OPTIMISATION, self._next(), SettledQuestions, STEP_TIMEOUT)
            except asyncio.CancelledError:
                if last:
                    raise
            else:
                self._spent = done.billed_usd
                return

    # Requests

    @workflow.update(description="Stop it; what was asked so far is paid, and no version is stored")
    def cancel(self) -> OptimisationView:
        if self._status.closed or self._cancelled:
            state = "being cancelled" if self._cancelled else self._status.value
            raise refuse("wrong_phase", "status", f"the optimisation is {state}; this request needs a running one")
        self._cancelled = True
        if self._step:
            self._step.cancel()
        return self._view()

    @workflow.update(description="The optimisation once it is checked and priced, or refused")
    async def prepared(self) -> OptimisationView:
        await workflow.wait_condition(lambda: self._prepared is not None or self._status.closed or self._cancelled)
        return self._view()

    @workflow.query
    def progress(self) -> OptimisationView:
        return self._view()

    def _view(self) -> OptimisationView:
        start, compared = self._start, self._compared
        return OptimisationView(
            optimisation_id=start.optimisation_id,
            name=start.name,
            title=start.title,
            status=self._status,
            message=self._message,
            field=self._field,
            tenant=start.tenant,
            requester=start.requester,
            created_at=start.created_at,
            method=start.method,
            metric=start.metric,
            max_usd=start.max_usd,
            spent_usd=self._spent,
            cases=len(start.cases),
            prepared=self._prepared,
            searched=self._searched,
            version=compared.version if compared else 0,
            gain=compared.gain if compared else None,
        )

    def _set_status(self, status: OptimisationStatus) -> None:
        self._status = status
        workflow.set_current_details(_details_of(self._view()))
        workflow.upsert_search_attributes([STATUS.value_set(status.value), COST.value_set(float(self._spent))])


async def _execute(name: str, request: object, result: type[T], limit: timedelta) -> T:
    found: T = await workflow.execute_activity(
        name,
        request,
        result_type=result,
        start_to_close_timeout=limit,
        heartbeat_timeout=HEARTBEAT,
        retry_policy=PATIENT,
        summary=name.replace("_", " "),
    )
    return found


def _is_refusal(error: ActivityError) -> bool:
    return isinstance(error.cause, ApplicationError) and error.cause.type == OPTIMISATION_REFUSED


def _refusal(error: ActivityError) -> tuple[str, str]:
    """The field to correct, and the message."""
    cause = error.cause
    assert isinstance(cause, ApplicationError)
    return (str(cause.details[0]) if cause.details else "cases"), message_of(error)


def _details_of(view: OptimisationView) -> str:
    """Status, result and money, in markdown."""
    lines = [f"### {view.status.value}", "", f"prompt **{view.name}**, metric {view.metric}, by {view.method}", ""]
    lines += [view.message, ""] if view.message else []
    if view.gain:
        lines += [f"version **{view.version}**, gain {view.gain.gain.mean:+.3g} on held-out cases", ""]
    lines.append(f"spent {view.spent_usd} of at most {view.max_usd} USD")
    return "\n".join(lines)
