"""The numbers of takes: no number is used twice in a production, also not after a reset; and what takes have cost that
only a run before a reset knows. USD; pure."""

from collections.abc import Mapping
from decimal import Decimal
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


# After a reset


def count_earlier(record: Record, costs: Mapping[str, Decimal]) -> None:
    """Count what the ledgers of the production have beyond what is spent.

    Args:
        costs: By `earlier_key`; all questions to language models have one sum.
    """
    under_way, booked = set[str](), ZERO
    for asset_id, state in record.assets.items():
        if state.status is AssetStatus.GENERATING or state.attention == "ambiguous_submission":
            under_way.add(earlier_key(asset_id, state.next_take))
            booked += state.booked_usd
        under_way |= {earlier_key(asset_id, extra.number) for extra in state.extra}
        booked += sum((extra.booked_usd for extra in state.extra), ZERO)
    left = sum((usd for key, usd in costs.items() if key not in under_way), ZERO) - (record.spent_usd - booked)
    if left <= 0:
        return
    record.spent_usd += left
    record.log("planning_billed", billed_usd=str(left), message=f"{left} USD were billed before the run was reset")
    for key, usd in costs.items():
        asset_id, _, number = key.rpartition("/")
        if key not in under_way and left > 0 and int(number or 0) > _last_number(record, asset_id):
            record.earlier[key] = min(usd, left)
            left -= record.earlier[key]


def book_again(record: Record, asset_id: str, number: int) -> None:
    """A take begins that an earlier run has made: its cost is counted at its end, by its ledger."""
    record.spent_usd -= record.earlier.pop(earlier_key(asset_id, number), ZERO)


def earlier_key(asset_id: str, number: int) -> str:
    return f"{asset_id}/{number}"


def _last_number(record: Record, asset_id: str) -> int:
    """The last take of the asset that this run has begun."""
    state = record.assets.get(asset_id)
    if state is None:
        return 0
    begun = state.order is not None or state.status in (AssetStatus.GENERATING, AssetStatus.FAILED)
    return state.next_take if begun else state.next_take - 1
