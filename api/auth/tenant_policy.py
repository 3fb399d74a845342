"""A tenant's own approval policy: what its operator fixes for every brief of its keys."""

from collections.abc import Iterator

from api.problems import FieldError, Problem
from workflows.models import ApprovalPolicy, Brief


def under(policy: ApprovalPolicy, brief: Brief) -> Brief:
    """The brief with every rule of the policy that is stricter than its own; nothing of its own gets looser.

    Raises:
        Problem: 422 where the brief asks for money that the policy does not allow: silently less of it would surprise.
    """
    if errors := [*_too_much(policy, brief)]:
        detail = "; ".join(f"{error.field}: {error.message}; {error.remedy}" for error in errors)
        raise Problem(422, "invalid-request", detail, errors=errors)
    own = brief.approval
    limits = [limit for limit in (own.max_budget_usd, policy.max_budget_usd) if limit is not None]
    approval = own.model_copy(
        update={
            "approvers": max(own.approvers, policy.approvers),
            "not_by_requester": own.not_by_requester or policy.not_by_requester,
            "stills_first": own.stills_first or policy.stills_first,
            "max_budget_usd": min(limits, default=None),
            "escalate_to": own.escalate_to or policy.escalate_to,
        }
    )
    budget = policy.max_budget_usd if brief.budget_usd is None else brief.budget_usd
    return brief.model_copy(update={"approval": approval, "budget_usd": budget})


def _too_much(policy: ApprovalPolicy, brief: Brief) -> Iterator[FieldError]:
    most, alone = policy.max_budget_usd, policy.auto_below_usd
    if most is not None and brief.budget_usd is not None and brief.budget_usd > most:
        message = f"a production of this tenant may spend at most {most} USD"
        yield FieldError(field="budget_usd", message=message, remedy="name that or less, or leave it out")
    asked = brief.approval.auto_below_usd
    if asked is not None and (alone is None or asked > alone):
        message = f"this tenant approves nothing{f' above {alone} USD' if alone is not None else ''} without a person"
        remedy = "leave it out" if alone is None else "name that or less, or leave it out"
        yield FieldError(field="approval.auto_below_usd", message=message, remedy=remedy)
