"""Submissions in doubt that are repeated without a decision, where they are cheap. Pure."""

from typing import TYPE_CHECKING, Final

from workflows.events import TakeOrder
from workflows.models import ZERO
from workflows.production.state.approvals import abridged
from workflows.production.state.budget import left_usd
from workflows.production.state.record import Record

if TYPE_CHECKING:  # the record of assets is read by clients, which load no Temporal
    from workflows.activity_io import AssetFailure

RESUBMISSION_POLICY: Final = "the resubmission policy"
"""The name under which a resubmission without a person is logged (GREENLIGHT_RESUBMIT_BELOW_USD)."""


def resubmit_take(record: Record, asset_id: str, failure: "AssetFailure") -> bool:
    """Queue another submission of a cheap take in doubt, where the budget holds one more; otherwise change nothing.

    The take keeps its reserved price for the next submission, and the one in doubt counts as billed.
    """
    before, asset = record.assets[asset_id], record.find(asset_id)
    more = failure.billed_usd + failure.doubt_usd - before.booked_usd
    if asset is None or not failure.resubmit or more > left_usd(record):
        return False
    record.spent_usd += more
    message = abridged(failure.message)
    record.log("resolved", asset_id, action="resubmit", by=RESUBMISSION_POLICY, message=message)
    order = TakeOrder(number=len(record.events), about_job_id=failure.job_id)
    # The take stays under way and keeps its reserved price.
    record.update(asset_id, booked_usd=failure.billed_usd + failure.doubt_usd, order=order)
    return True


def resubmit_extra(record: Record, asset_id: str, number: int, failure: "AssetFailure") -> bool:
    """The same for a further take."""
    extra = next((e for e in record.assets[asset_id].extra if e.number == number), None)
    more = failure.billed_usd + failure.doubt_usd - (extra.booked_usd if extra else ZERO)
    if extra is None or extra.given_up or not failure.resubmit or more > left_usd(record):
        return False
    record.spent_usd += more
    record.log("resolved", asset_id, action="resubmit", by=RESUBMISSION_POLICY, take=number)
    order = TakeOrder(number=len(record.events), about_job_id=failure.job_id)
    again = extra.model_copy(update={"order": order, "booked_usd": failure.billed_usd + failure.doubt_usd})
    extras = (again if e.number == number else e for e in record.assets[asset_id].extra)
    record.update(asset_id, extra=tuple(extras))
    return True
