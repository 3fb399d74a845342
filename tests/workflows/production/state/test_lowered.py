"""A budget to which a person lowered it, and the later decisions that name no amount."""

from decimal import Decimal

import pytest
from temporalio.exceptions import ApplicationError

from tests.workflows.production.state.states import approved, text
from workflows.brief import BatchBudget
from workflows.models import Plan
from workflows.production.guards import check_not_lowered
from workflows.production.requests.budgets import check_may_lower
from workflows.production.state.approvals import approve_plan, budget_to_offer
from workflows.production.state.budget import left_usd
from workflows.production.state.changes import lower_budget, raise_budget
from workflows.production.state.plans.finals import start_finals
from workflows.production.state.record import Record
from workflows.refusals import refusal_in
from workflows.requests import Approval


def lowered(usd: str = "0.10") -> Record:
    record = approved(text(1), text(2))
    lower_budget(record, Decimal(usd), "ana", "")
    return record


def approval(usd: str | None = None) -> Approval:
    return Approval(plan_digest="d", approver="bo", budget_usd=None if usd is None else Decimal(usd))


@pytest.mark.parametrize(("named", "budget"), [(None, "0.10"), ("0.05", "0.05"), ("0.20", "0.20")])
def test_a_later_approval_raises_it_only_by_name(named: str | None, budget: str) -> None:
    """An approval of what waits, of stills and of a draft's finals keeps to it; one that names an amount replaces it,
    and a higher one ends it."""
    again, stills, finals = lowered(), lowered(), lowered()
    approve_plan(again, approval(named))
    stills.gate = "waiting"
    approve_plan(stills, approval(named))
    assert finals.plan is not None
    finals.plan = Plan.of("A plan", finals.plan.assets, finals={"text-1": ()})
    start_finals(finals, approval(named))
    for record in (again, stills, finals):
        assert record.budget_usd == Decimal(budget)
        assert record.lowered_usd == (None if named == "0.20" else Decimal(budget))
    assert budget_to_offer(lowered()) == Decimal("0.20")


def test_approvals_that_are_not_complete_end() -> None:
    """The first of two approvals, which was given for the budget before, does not count for the lower one."""
    record = approved(text(1))
    record.approvals = (approval("40"),)
    lower_budget(record, Decimal("0.10"), "ana", "")
    assert (len(record.approvals), left_usd(record)) == (0, Decimal("0.10"))
    raise_budget(record, Decimal("0.20"), "bo")
    assert record.lowered_usd is None


def test_a_part_of_a_series_is_refused() -> None:
    """The series grants the budgets of its parts; the refusal names it and the remedy."""
    record = approved(text(1))
    record.batch = BatchBudget(batch_id="s1", budget_usd=Decimal(1), series=True, approved=True)
    with pytest.raises(ApplicationError, match="pause or cancel the part") as refused:
        check_may_lower(record)
    assert (found := refusal_in(refused.value)) is not None
    assert (found.kind, found.field) == ("not_allowed", "budget_usd")


def test_what_a_series_does_not_grant_is_no_lower_budget() -> None:
    """A part whose series has no money has a lower budget without a person's decision: it refuses no request that came
    before, as in runs of earlier versions."""
    record = approved(text(1), text(2))
    before, record.budget_usd = record.budget_usd, Decimal("0.10")
    check_not_lowered(record, Decimal(1), before)
    lower_budget(record, Decimal("0.05"), "ana", "")
    with pytest.raises(ApplicationError, match=r"lowered to 0\.05 USD meanwhile"):
        check_not_lowered(record, Decimal(1), before)
