"""The numbers of takes: no number is used twice in a production, also not after a reset. Pure."""

from typing import TYPE_CHECKING

from pydantic import JsonValue

from workflows.events import AssetState, AssetStatus
from workflows.models import ZERO
from workflows.production.state.budget import book_bill
from workflows.production.state.record import Record

if TYPE_CHECKING:  # the record of assets is read by clients, which load no Temporal
    from workflows.activity_io import AssetFailure


def number_after(state: AssetState, number: int) -> int:
    """The first number above `number` that no take of the asset has or will have."""
    used = (each.number for numbered in (state.takes, state.extra, state.lost) for each in numbered)
    return max(number, *used, 0) + 1


def skip_take_number(record: Record, asset_id: str, failure: "AssetFailure") -> None:
    """Another request has used the number of the take, in a run that was reset: book the cost of that one, and queue
    this one under the next number."""
    before, asset = record.assets[asset_id], record.find(asset_id)
    if asset and failure.earlier:
        book_bill(record, asset, failure.billed_usd, before.booked_usd, failure.earlier)
    else:
        record.spent_usd += failure.billed_usd - before.booked_usd
    number = number_after(before, before.next_take)
    record.update(asset_id, status=AssetStatus.PENDING, next_take=number, booked_usd=ZERO, order=None)
    _log_skipped(record, asset_id, before.next_take, failure)


def skip_extra_number(record: Record, asset_id: str, number: int, failure: "AssetFailure") -> None:
    """The same for a further take."""
    before = record.assets[asset_id]
    extra = next((e for e in before.extra if e.number == number), None)
    if extra is None:
        return
    book_bill(record, extra.asset, failure.billed_usd, extra.booked_usd, failure.earlier)
    changes = {"number": number_after(before, before.next_take), "started": False, "booked_usd": ZERO, "order": None}
    again = extra.model_copy(update=changes)
    record.update(asset_id, extra=(*(e for e in before.extra if e.number != number), again))
    _log_skipped(record, asset_id, number, failure)


def _log_skipped(record: Record, asset_id: str, number: int, failure: "AssetFailure") -> None:
    found: dict[str, JsonValue] = {"take": number, "billed_usd": str(failure.billed_usd)}
    record.log("take_failed", asset_id, kind=failure.kind, **found)
