"""What requests have cost that a run, which was reset, does not know: its earlier run has made them. USD. Pure."""

from collections.abc import Mapping
from decimal import Decimal

from workflows.events import AssetStatus
from workflows.models import ZERO
from workflows.production.state.record import Record


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
    record.log("planning_billed", billed_usd=str(left), message="billed before the run was reset")
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
