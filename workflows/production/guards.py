"""Refusals that several requests share: each guard raises one where the record does not allow the request now.

A handler refuses at once what is impossible, before it changes anything. No update has a validator: of one that is
rejected there, history holds nothing or an empty workflow task, and over such gaps the SDK (sdk-python 1.35) gets out
of step with what the server knows. The price: a refusal counts to the 2,000 updates that Temporal accepts in a run.
"""

from decimal import Decimal
from typing import Final

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from workflows.agents.grants import is_agent
    from workflows.events import AssetStatus, ProductionStatus
    from workflows.models import ZERO, Asset
    from workflows.production.state import policies
    from workflows.production.state.approvals import digest_to_approve
    from workflows.production.state.budget import is_part, was_lowered
    from workflows.production.state.record import Record
    from workflows.refusals import refuse

IN_DOUBT: Final = "it may have been submitted; adopt its job_id, resubmit it or accept without it"
_OF_AN_ASSET: Final = frozenset({"resolved", "take_requested", "take_selected", "asset_cancelled"})
_OF_ALL: Final = frozenset({"approved", "rejected", "expired", "cancelled"})


def check_may_release(record: Record, actor: str) -> None:
    """Whoever releases money is bound by the brief's policy, at the first approval and later.

    Raises:
        ApplicationError: a refusal, where the requester releases it alone, or several people have to.
    """
    policy, requester = record.brief.approval, record.brief.requester
    if is_agent(actor):
        raise refuse("not_allowed", "budget_usd", f"{actor!r} is an agent and may release no more money; ask a person")
    if policy.not_by_requester and actor == requester:
        message = f"{actor!r} is the requester; another person has to release more money"
        raise refuse("not_allowed", "budget_usd", message)
    if policy.approvers > 1:
        message = f"{policy.approvers} people have to release more money: edit the plan, and each of them approves it"
        raise refuse("not_allowed", "budget_usd", message)


def check_budget_limit(record: Record, budget_usd: Decimal | None) -> None:
    """
    Raises:
        ApplicationError: a refusal, where the policy does not allow so high a budget.
    """
    most = record.brief.approval.max_budget_usd
    if most is not None and budget_usd is not None and budget_usd > most:
        message = f"the approval policy allows at most {most} USD for this production; name that or less"
        raise refuse("not_allowed", "budget_usd", message)


def check_budget_kept(record: Record, budget_usd: Decimal | None) -> None:
    """
    Raises:
        ApplicationError: a refusal, where a request after the approval names a lower budget than the present one: it
            would be spent from the higher one.
    """
    if budget_usd is None or not record.assets or budget_usd >= (record.budget_usd or ZERO):
        return
    if workflow.patched("lower-budgets-are-refused"):
        message = (
            f"the budget is {record.budget_usd} USD already and cannot be lowered by this request; leave it out, name "
            "more, or lower the budget by itself (lower_budget)"
        )
        raise refuse("budget_short", "budget_usd", message)


def check_not_lowered(record: Record, budget_usd: Decimal | None, before: Decimal | None) -> None:
    """
    Args:
        budget_usd: The budget that a request names.
        before: That of the production when the request came.

    Raises:
        ApplicationError: a refusal, where a person has lowered the budget meanwhile: the request would raise it again.
    """
    if budget_usd is not None and was_lowered(record, before):
        message = f"the budget was lowered to {record.budget_usd} USD meanwhile; read the production and repeat it"
        raise refuse("budget_short", "budget_usd", message)


def check_series_approved(record: Record) -> None:
    """
    Raises:
        ApplicationError: a refusal, where it is a part of a series whose plans wait for their approval together.
    """
    if is_part(record) and not record.assets and record.batch and not record.batch.approved:
        message = f"it is a part of the series {record.batch.batch_id!r}, whose parts are approved together"
        raise refuse("not_allowed", "plan_digest", f"{message}; approve the series")


def check_phase(record: Record, needed: ProductionStatus) -> None:
    status = record.status
    if status is not needed:
        raise refuse(
            "wrong_phase",
            "status",
            f"the production is {status.value}; this needs {needed.value}{last_decision(record)}",
        )


def check_digest(record: Record, digest: str) -> None:
    current = digest_to_approve(record)
    if digest != current:
        raise refuse(
            "stale_digest",
            "plan_digest",
            f"{digest!r} is not the digest to decide about; that is {current!r}",
            plan_digest=current,
        )


def check_not_a_preview(record: Record) -> None:
    """A preview costs nothing and was not approved, so it cannot be changed."""
    if record.preview_of:
        raise refuse("wrong_phase", "status", f"this is a preview; change the production {record.preview_of}")


def check_produced(record: Record) -> None:
    status = record.status
    if record.cancelling:
        raise refuse("wrong_phase", "status", "the production is being cancelled; ask again when it is done")
    if not record.assets or (status.closed and status is not ProductionStatus.DELIVERED):
        raise refuse(
            "wrong_phase",
            "status",
            f"the production is {status.value}; this needs an approved one{last_decision(record)}",
        )


def check_takes_may_change(record: Record) -> None:
    """New takes need an approved production that is no preview, and space in its record."""
    check_not_a_preview(record)
    check_produced(record)
    check_record_size(record)


def check_free(record: Record, asset_id: str) -> Asset:
    """The asset, if none of its takes is queued, being made or in doubt."""
    asset = known_asset(record, asset_id)
    check_idle(record, asset_id)
    check_no_doubt(record, asset_id)
    return asset


def check_idle(record: Record, asset_id: str) -> None:
    state = record.assets[asset_id]
    if state.status is AssetStatus.GENERATING or (state.status is AssetStatus.PENDING and not state.attention):
        raise refuse(
            "wrong_phase",
            "asset_id",
            f"{asset_id!r} is queued or being made; wait until it is done{last_decision(record, asset_id)}",
        )


def check_no_doubt(record: Record, asset_id: str) -> None:
    if record.assets[asset_id].attention == "ambiguous_submission":
        raise refuse("wrong_phase", "asset_id", IN_DOUBT)


def last_decision(record: Record, asset_id: str | None = None) -> str:
    """The last decision about the asset or the whole production, as a text for refusals."""
    names = _OF_AN_ASSET if asset_id else _OF_ALL
    for event in reversed(record.events):
        if event.name in names and event.asset_id == asset_id:
            who = next((str(event.data[k]) for k in ("by", "approver", "rejecter") if event.data.get(k)), "")
            what = str(event.data.get("action") or event.name).replace("_", " ")
            return f" ({what}{f' by {who}' if who else ''}, {event.at:%Y-%m-%d %H:%M:%S} UTC)"
    return ""


def fits(size: int) -> bool:
    """Whether a record of so many bytes can be one payload; in runs of earlier versions it is in the history."""
    if size <= policies.INLINE_RECORD_BYTES:
        return True
    return size <= policies.MAX_RECORD_BYTES and workflow.patched("records-in-the-bucket")


def check_record_size(record: Record) -> None:
    if record.full:
        raise refuse("wrong_phase", "status", "this production's record is full; start a new one from its brief")


def known_asset(record: Record, asset_id: str) -> Asset:
    asset = record.find(asset_id)
    if asset is None:
        raise refuse("unknown_asset", "asset_id", f"there is no asset {asset_id!r} in this production")
    return asset


def check_prices(unknown: tuple[str, ...]) -> None:
    """A budget cannot hold an unknown price.

    Raises:
        ApplicationError: a refusal, where an asset's price is unknown.
    """
    if unknown:
        raise refuse(
            "price_unknown",
            "allow_unknown_prices",
            f"the price of {', '.join(unknown[:5])}{' and others' if len(unknown) > 5 else ''} is not published, so no "
            "budget can hold it; send allow_unknown_prices: true, or choose models with a price",
        )
