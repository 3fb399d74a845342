"""A tenant's own approval policy: the rules that its operator sets for every brief of its keys."""

from collections.abc import Iterator
from decimal import Decimal

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


def could_become(requested: Brief, started: Brief) -> bool:
    """Whether some policy makes the brief that was started from the one that is requested.

    A repeated request may come with another key of the tenant, or after its policy was changed, and is the same.
    """
    least, own, limit = requested.approval, started.approval, started.approval.max_budget_usd
    stricter = (
        own.approvers >= least.approvers
        and own.not_by_requester >= least.not_by_requester
        and own.stills_first >= least.stills_first
        and least.escalate_to in ((), own.escalate_to)
        and least.auto_below_usd == own.auto_below_usd
        and _at_most(limit, least.max_budget_usd)
    )
    limited = limit is not None and started.budget_usd == limit and _at_most(limit, requested.budget_usd)
    same_budget = limited or started.budget_usd == requested.budget_usd
    return stricter and same_budget and _content(requested) == _content(started)


def _at_most(usd: Decimal | None, most: Decimal | None) -> bool:
    """Whether a limit is within another one; None is no limit."""
    return most is None or (usd is not None and usd <= most)


def _content(brief: Brief) -> dict[str, object]:
    """The fields that neither a key nor a policy sets. A field that a later version adds is absent at its default."""
    set_here = {"approval", "budget_usd", "requester", "tenant"}
    return brief.model_dump(mode="json", exclude_defaults=True, exclude=set_here)


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
