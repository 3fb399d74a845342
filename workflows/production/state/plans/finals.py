"""The step from a draft to its finals. Pure."""

from workflows.continuity.drafts import finals_of, finals_price
from workflows.events import AssetState, AssetStatus
from workflows.models import UPLOAD, ZERO
from workflows.production.state.budget import keep_lowered, within_limits
from workflows.production.state.plans import plan_diff
from workflows.production.state.policies import within
from workflows.production.state.record import Record
from workflows.requests import Approval


def start_finals(record: Record, approval: Approval) -> None:
    """Make the finals of an approved draft. Its takes are not used again; a person's own files are.

    The budget is the one that this approval names; otherwise the present one, raised to what is spent and the price of
    the finals, within the brief's and one to which a person lowered it.
    """
    assert record.plan is not None
    draft, plan = record.plan, finals_of(record.plan)
    for asset_id in draft.finals:
        state = record.assets[asset_id]
        own = state.take is not None and state.take.provider == UPLOAD
        if not own and state.status is not AssetStatus.CANCELLED:
            number = max([state.next_take, *(take.number + 1 for take in state.takes)])
            record.assets[asset_id] = AssetState(next_take=number, unknown_allowed=state.unknown_allowed)
    before, needed = record.budget_usd or ZERO, record.spent_usd + finals_price(draft).high
    named = approval.budget_usd
    record.budget_usd = within_limits(record, max(before, needed)) if named is None else within(record.brief, named)
    keep_lowered(record)
    earlier = record.approval.budget_usd if record.approval else None
    record.approval = approval if named is not None else approval.model_copy(update={"budget_usd": earlier})
    record.plan, record.gate = plan, ""
    changes = plan_diff.changes(draft, plan)
    record.log("plan_edited", plan_digest=plan.digest, by=approval.approver, how="finals", changes=changes)
