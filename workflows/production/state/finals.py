"""The step from a draft to its finals. Pure."""

from workflows.continuity.drafts import finals_of, finals_price
from workflows.events import AssetState, AssetStatus
from workflows.models import UPLOAD
from workflows.production.state import plan_diff, policies
from workflows.production.state.record import Record
from workflows.requests import Approval


def start_finals(record: Record, approval: Approval) -> None:
    """Make the finals of an approved draft. Its takes are not used again; a person's own files are.

    The budget is the one that this approval names, otherwise the one that the first approval or the brief named,
    otherwise what is spent and the price of the finals.
    """
    assert record.plan is not None
    draft, plan = record.plan, finals_of(record.plan)
    for asset_id in draft.finals:
        state = record.assets[asset_id]
        own = state.take is not None and state.take.provider == UPLOAD
        if not own and state.status is not AssetStatus.CANCELLED:
            number = max([state.next_take, *(take.number + 1 for take in state.takes)])
            record.assets[asset_id] = AssetState(next_take=number, unknown_allowed=state.unknown_allowed)
    given = approval.budget_usd
    if given is None and record.approval:
        given = policies.cap(record.brief, record.approval)
    needed = record.spent_usd + finals_price(draft).high
    record.budget_usd = policies.within(record.brief, needed if given is None else given)
    record.approval = approval.model_copy(update={"budget_usd": given})
    record.plan, record.gate = plan, ""
    changes = plan_diff.changes(draft, plan)
    record.log("plan_edited", plan_digest=plan.digest, by=approval.approver, how="finals", changes=changes)
