"""What an agent may do with a production: request an approval, and execute its own plan within a grant.

These rules hold for whatever client sends the request. The API refuses most of it earlier, by the role of the key.
"""

from datetime import datetime
from decimal import Decimal
from typing import Final

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from workflows.activity_io import GRANT_SHORT, Payer, ReserveGrant
    from workflows.agents.grants import Grant, is_agent
    from workflows.contracts import ProductionActivities
    from workflows.models import Plan
    from workflows.production.activity_options import HEARTBEAT, PATIENT, STEP_TIMEOUT
    from workflows.production.failures import message_of, raise_if_cancelled
    from workflows.production.guards import check_prices
    from workflows.production.run import ProductionRun
    from workflows.production.state import policies
    from workflows.production.state.record import Record
    from workflows.refusals import refuse
    from workflows.requests import Approval, Decision

_ACTORS: Final = ("editor", "reviser", "requested_by", "resolver", "uploaded_by", "resumed_by", "actor")
"""The fields of requests with the name of their sender."""
_ASK: Final = "ask a person, who may grant more or approve it"


def check_no_agent(request: object) -> None:
    """
    Raises:
        ApplicationError: a refusal; an agent sent a request that may cost something or undoes a person's decision.
    """
    for field in _ACTORS:
        if is_agent(actor := getattr(request, field, "")):
            raise refuse("not_allowed", field, f"{actor!r} is an agent and may only execute a plan; {_ASK}")


def check_agent_decision(record: Record, decision: Decision, now: datetime) -> None:
    """Hold an agent's decision to its grant; the decisions of people pass.

    Raises:
        ApplicationError: a refusal; it is no approval of its own plan, or the grant does not cover that.
    """
    approval, grant = decision.approve, decision.grant
    actor = approval.approver if approval else decision.reject.rejecter if decision.reject else ""
    if not is_agent(actor):
        if grant is not None:
            raise refuse("not_allowed", "grant", "a grant is for an agent alone; leave it out")
        return
    if approval is None or grant is None or grant.agent != actor:
        raise refuse("not_allowed", "approver", f"{actor!r} is an agent without a grant for this; {_ASK}")
    _check_grant(record, grant, now)
    _check_first_approval(record, actor)
    assert record.plan is not None
    if approval.allow_unknown_prices:
        raise refuse("not_allowed", "allow_unknown_prices", f"an agent may not allow unpublished prices; {_ASK}")
    check_prices(record.plan.unknown_prices)
    _check_amount(record, record.plan, approval, grant)


def _check_grant(record: Record, grant: Grant, now: datetime) -> None:
    if not grant.is_valid_at(now):
        ended = f"{grant.expires_at:%Y-%m-%d %H:%M} UTC"
        raise refuse("not_allowed", "grant", f"the grant {grant.grant_id!r} ended at {ended}; {_ASK}")
    if grant.tenant != record.brief.tenant or not grant.covers(record.production_id):
        raise refuse("not_allowed", "grant", f"the grant {grant.grant_id!r} is for another production; {_ASK}")
    if record.brief.requester != grant.agent and grant.production_id is None:
        raise refuse("not_allowed", "grant", f"this production is not the agent's own; {_ASK}")


def _check_first_approval(record: Record, actor: str) -> None:
    if record.assets or record.gate:
        raise refuse("not_allowed", "approver", f"{actor!r} may release a plan once; {_ASK}")
    if record.brief.approval.approvers > 1:
        people = record.brief.approval.approvers
        raise refuse("not_allowed", "approver", f"{people} people have to approve this plan; ask them")


def _check_amount(record: Record, plan: Plan, approval: Approval, grant: Grant) -> None:
    needed, released = record.spent_usd + plan.high_usd, to_release(record, approval)
    if released > grant.usd:
        message = f"it releases up to {released} USD and the grant {grant.grant_id!r} is of {grant.usd} USD; {_ASK}"
        raise refuse("budget_short", "budget_usd", message)
    if needed > released:
        message = f"the plan costs up to {needed} USD and the budget is {released} USD; plan again for less, or {_ASK}"
        raise refuse("budget_short", "budget_usd", message)


def to_release(record: Record, approval: Approval) -> Decimal:
    """The whole budget that an approval releases, with what planning has spent; USD."""
    assert record.plan is not None
    return policies.allowance(record.brief, record.plan, approval, record.spent_usd)


class Grants:
    """Counts what an agent releases, before it is released."""

    def __init__(self, run: ProductionRun) -> None:
        self._run = run

    async def reserve(self, approval: Approval, grant: Grant) -> None:
        """Reserve the budget of the approval. A reservation is never given back: it may be another request's too.

        Raises:
            ApplicationError: a refusal; the grant does not cover it.
        """
        record = self._run.record
        try:
            await workflow.execute_activity_method(
                ProductionActivities.reserve_grant,
                ReserveGrant(
                    production_id=record.production_id,
                    grant=grant,
                    day=workflow.now().date().isoformat(),
                    usd=to_release(record, approval) - record.spent_usd,
                ),
                start_to_close_timeout=STEP_TIMEOUT,
                heartbeat_timeout=HEARTBEAT,
                retry_policy=PATIENT,
                summary=f"count against the grant {grant.grant_id}",
            )
        except ActivityError as error:
            raise_if_cancelled(error)
            if isinstance(error.cause, ApplicationError) and error.cause.type == GRANT_SHORT:
                raise refuse("budget_short", "grant", message_of(error)) from None
            raise refuse("not_allowed", "grant", f"the grant cannot be counted: {message_of(error)}") from None


def agent_payer(record: Record, payer: Payer, now: datetime) -> Payer:
    """The payer of a question, with the grant that has to cover it. After the approval the budget covers it."""
    if not is_agent(payer.person) or record.assets:
        return payer
    grant = record.grant
    valid = grant is not None and grant.agent == payer.person and grant.is_valid_at(now)
    return payer.model_copy(update={"grant": grant} if valid else {"free_only": True})
