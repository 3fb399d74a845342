"""A tenant's own approval policy: the rules that its operator sets for every brief of its keys."""

from collections.abc import Iterator

from api.problems import FieldError, Problem
from workflows.brief import ApprovalPolicy, Brief


def apply_policy(policy: ApprovalPolicy, brief: Brief) -> Brief:
    """The brief with every rule of the policy that is stricter than its own; no rule of its own becomes looser.

    Raises:
        Problem: 422 where the brief's budget or automatic approval is above the policy's: the caller has to know that
            less is possible.
    """
    if errors := [*_excesses(policy, brief)]:
        raise Problem.of_fields(errors)
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


def _excesses(policy: ApprovalPolicy, brief: Brief) -> Iterator[FieldError]:
    most, automatic = policy.max_budget_usd, policy.auto_below_usd
    if most is not None and brief.budget_usd is not None and brief.budget_usd > most:
        message = f"a production of this tenant may spend at most {most} USD"
        yield FieldError(field="budget_usd", message=message, remedy="give that or less, or leave it out")
    requested = brief.approval.auto_below_usd
    if requested is not None and (automatic is None or requested > automatic):
        above = f" above {automatic} USD" if automatic is not None else ""
        message = f"this tenant approves nothing{above} without a person"
        remedy = "leave it out" if automatic is None else "give that or less, or leave it out"
        yield FieldError(field="approval.auto_below_usd", message=message, remedy=remedy)
