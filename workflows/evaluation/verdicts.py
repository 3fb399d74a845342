"""The verdict of a judge about a take of an evaluation: requested once through the ledger, within its price."""

import asyncio

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from workflows.activity_io import Payer, SettledQuestions, SettleQuestions
    from workflows.contracts import ProductionActivities
    from workflows.evaluation import object_keys
    from workflows.evaluation.records import Cell, EvaluationStart, brief_of
    from workflows.judging.policy import CRITERIA, MIN_SCORE, longest_prompt
    from workflows.judging.requests import Judged, JudgeTake, kind_of
    from workflows.judging.verdicts import unjudged
    from workflows.models import Take
    from workflows.production.activity_options import (
        ATTEMPT_TIMEOUT,
        HEARTBEAT,
        JUDGE_TIMEOUT,
        PATIENT,
        SETTLE_TIMEOUT,
    )
    from workflows.production.failures import failure_of, message_of
    from workflows.production.judging import BRIEF_CHARS
    from workflows.start_options import truncate


async def request_verdict(start: EvaluationStart, cell: Cell, take: Take, judge: str) -> Judged:
    """The verdict with its cost; one without a score where there is none, also where the evaluation is cancelled."""
    request = _request(start, cell, take, judge)
    try:
        return await workflow.execute_activity_method(
            ProductionActivities.judge_take,
            request,
            start_to_close_timeout=ATTEMPT_TIMEOUT,
            schedule_to_close_timeout=JUDGE_TIMEOUT,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=PATIENT,
            summary=truncate(f"judge {cell.case.case_id} · {judge}", 200),
        )
    except (ActivityError, asyncio.CancelledError) as error:
        reason = message_of(error) if isinstance(error, ActivityError) else "the evaluation was cancelled"
        bill = await _bill_of_failed(error, request)
        return Judged(verdict=unjudged(f"no verdict: {reason}", judge=judge), **bill.model_dump())


def _request(start: EvaluationStart, cell: Cell, take: Take, judge: str) -> JudgeTake:
    brief = brief_of(cell.case, cell.asset.asset_type, start.tenant, start.requester)
    return JudgeTake(
        production_id=object_keys.evaluation_takes(start.evaluation_id),
        brief=brief.model_copy(update={"text": brief.text[:BRIEF_CHARS]}),
        asset=cell.asset,
        take=take.number,
        media=take.media,
        judge=judge,
        criteria=tuple(c for c in CRITERIA[kind_of(cell.asset)] if c != "brand"),  # a case has no rules
        min_score=MIN_SCORE,
        max_prompt=longest_prompt(cell.asset.prompt),
        max_usd=cell.verdict_usd,
        payer=Payer(tenant=start.tenant, person=start.requester, day=workflow.now().date().isoformat()),
    )


async def _bill_of_failed(error: BaseException, request: JudgeTake) -> SettledQuestions:
    """The cost of the questions of a verdict whose activity ended without a result; no other question follows.

    Where they cannot be summed, they count at their price, so that the cap holds.
    """
    if isinstance(error, ActivityError) and (failure := failure_of(error)).summed:
        return SettledQuestions(billed_usd=failure.billed_usd, doubt_usd=failure.lost_usd)
    assert request.payer is not None
    settle = SettleQuestions(
        production_id=request.production_id,
        inquiry="verdict",
        number=0,
        payer=request.payer,
        subject=request.subject,
    )
    try:
        return await workflow.execute_activity_method(
            ProductionActivities.settle_questions,
            settle,
            start_to_close_timeout=SETTLE_TIMEOUT,
            heartbeat_timeout=HEARTBEAT,
            retry_policy=PATIENT,
            summary="sum the cost of a verdict",
        )
    except ActivityError:
        return SettledQuestions(billed_usd=request.max_usd, doubt_usd=request.max_usd)
