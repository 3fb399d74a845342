"""The money of one production: the bills of vendors compared with the approvals and with the record; pure.

The record may differ from the bills for reasons that the record itself names:

    in doubt      a submission whose response was lost, counted at its price, with `resubmitted` or an order behind it
    open          the last submission has no known end yet, or ended as "may be billed": it is counted at its price,
                  or a reviewer has to decide
    cancelled     stopped, and the vendor did not report its cost: counted at its price
    catalogue     the vendor does not report costs: counted at the catalogue's high price (`cost_source`, SILENT)
    unknown       no price is published and the vendor did not report it (`cost_source`)
    reset         takes that only the run before a `temporal workflow reset` recorded
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from activities.takes.ledger import Entry, Submission
from tests.chaos.servers.bills import Bill
from workflows import keys
from workflows.events import AssetState, Snapshot
from workflows.models import ZERO, digest_of

Entries = dict[tuple[str, int], Entry]
STEP: Final = Decimal("0.0001")
"""USD: records round each bill up to this."""
SILENT: Final = ("replicate",)
"""Vendors that never report the cost of a submission."""
OVERRUN: Final = "overrun"
"""The event that reports a bill above the published price."""


@dataclass
class Accounts:
    """USD; `problems` are broken guarantees, each in a line."""

    billed: Decimal = ZERO
    allowed: Decimal = ZERO
    beyond_price: Decimal = ZERO
    """The part of the bills that exceeds the prices reserved in ledgers."""
    planning: Decimal = ZERO
    exceeded: bool = False
    overruns: int = 0
    """Recorded bills above their price that an event reports."""
    unreported: int = 0
    explained: Counter[str] = field(default_factory=Counter)
    """Reason -> ten-thousandths of a USD by which the record may differ."""
    unexplained: Decimal = ZERO
    problems: list[str] = field(default_factory=list)


def balance(
    snapshot: Snapshot,
    entries: Entries,
    bills: Sequence[Bill],
    *,
    highest_budget_usd: Decimal,
    allows_unknown: bool,
    was_reset: bool,
) -> Accounts:
    """Compare the bills of a production with its approvals and its record.

    Args:
        highest_budget_usd: The highest budget that a reviewer named in a request that may have been accepted.
    """
    found = Accounts(billed=sum((b.usd for b in bills), ZERO))
    # The budget that the run before a reset allowed is no longer in the events.
    found.allowed = max(allowed_usd(snapshot), highest_budget_usd if was_reset else ZERO)
    _cap(found, snapshot, entries, bills, highest_budget_usd)
    _planning(found, snapshot, bills)
    _permission(found, entries, bills, allows_unknown=allows_unknown)
    _overruns(found, snapshot, entries)
    _differences(found, snapshot, entries, bills, was_reset=was_reset)
    return found


def allowed_usd(snapshot: Snapshot) -> Decimal:
    """The highest budget in force according to the events; zero before the first approval."""
    named = [e.data.get("budget_usd") for e in snapshot.events]
    budgets = [Decimal(str(each)) for each in named if each not in (None, "None")]
    return max([*budgets, snapshot.budget_usd or ZERO])


def published_usd(entries: Entries, production_id: str, bill: Bill) -> Decimal | None:
    """The price that was reserved for a bill's submission; None if no ledger has it."""
    own = {take: e for (asset_id, take), e in entries.items() if asset_id == bill.owner.asset_id}
    named = [e for e in own.values() if bill.job_id and bill.job_id in (s.job_id for s in e.submissions)]
    seeded = [e for take, e in own.items() if bill.owner.seed == _seed(production_id, bill.owner.asset_id, take)]
    of_vendor = [e for e in own.values() if e.provider == bill.vendor]
    return max((e.price_usd for e in named or seeded or of_vendor or own.values()), default=None)


def _seed(production_id: str, asset_id: str, take: int) -> int:
    return int(digest_of(keys.take_prefix(production_id, asset_id, take))[:8], 16) & 0x7FFFFFFF


def _cap(
    found: Accounts, snapshot: Snapshot, entries: Entries, bills: Sequence[Bill], highest_budget_usd: Decimal
) -> None:
    for bill in bills:
        published = published_usd(entries, snapshot.production_id, bill)
        if published is not None and bill.usd > published:
            found.beyond_price += bill.usd - published
    if snapshot.approved_at is None and not found.allowed:
        found.allowed = snapshot.brief.budget_usd if snapshot.brief.budget_usd is not None else found.billed
    if found.billed - found.beyond_price > found.allowed + STEP:
        found.exceeded = True
        found.problems.append(
            f"CAP: vendors bill {found.billed}, {found.beyond_price} of it beyond published prices; "
            f"{found.allowed} was allowed"
        )
    highest_budget_usd = max(highest_budget_usd, snapshot.brief.budget_usd or ZERO)
    if snapshot.approved_at and found.allowed > highest_budget_usd + STEP:
        found.problems.append(f"CAP: the budget was {found.allowed}, and nobody named more than {highest_budget_usd}")


def _planning(found: Accounts, snapshot: Snapshot, bills: Sequence[Bill]) -> None:
    found.planning = sum((b.usd for b in bills if b.owner.asset_id == keys.PLANNER), ZERO)
    limit = snapshot.brief.budget_usd
    if limit is not None and snapshot.approved_at is None and found.planning > limit:
        found.exceeded = True
        found.problems.append(f"CAP: planning was billed {found.planning}, and the brief allows {limit}")


def _permission(found: Accounts, entries: Entries, bills: Sequence[Bill], *, allows_unknown: bool) -> None:
    """No asset of unknown price is generated without a permission."""
    if allows_unknown:
        return
    for (asset_id, take), entry in entries.items():
        if entry.price_usd or asset_id == keys.PLANNER or entry.provider == "previz":
            continue
        paid = [b.usd for b in bills if b.owner.asset_id == asset_id and b.vendor == entry.provider]
        if paid:
            words = f"{asset_id}/{take} was made by {entry.provider}/{entry.model}, whose price is not published"
            found.problems.append(f"PERMISSION: {words}, without the flag; billed {paid}")


def _overruns(found: Accounts, snapshot: Snapshot, entries: Entries) -> None:
    """Events report the amount above the prices in ledgers, by asset and model."""
    told: dict[tuple[str | None, str], Decimal] = defaultdict(lambda: ZERO)
    for event in snapshot.events:
        if str(event.name) == OVERRUN:
            beyond = Decimal(str(event.data["cost_usd"])) - Decimal(str(event.data["price_usd"]))
            told[event.asset_id, str(event.data["model"])] += beyond
    for (asset_id, take), entry in entries.items():
        for submission in entry.submissions:
            beyond = submission.billed_usd - entry.price_usd
            if not entry.price_usd or beyond <= 0:
                continue
            if told[asset_id, entry.model] >= beyond:
                told[asset_id, entry.model] -= beyond
                found.overruns += 1
            else:
                found.unreported += 1
                found.problems.append(
                    f"OVERRUN: {asset_id}/{take} by {entry.model} cost {submission.billed_usd}, its price was "
                    f"{entry.price_usd}, and no event tells of it"
                )


def reason_of(entry: Entry, number: int, state: AssetState | None, *, asked: bool = False) -> str:
    """Why the amount in a ledger for its submission `number` (from 0) may differ from the bill; empty if it may not.

    Args:
        state: Of the asset, if this take was its last.
        asked: Whether an event asked a reviewer about an ambiguous submission of the asset.
    """
    submission: Submission = entry.submissions[number]
    last = number == len(entry.submissions) - 1
    following = None if last else entry.submissions[number + 1]
    if following:
        return "in doubt" if following.resubmitted or following.order else ""
    if submission.outcome == "cancelled" or (state and state.cancelled == "running"):
        return "cancelled"
    if entry.final and entry.final.maybe_billed and not entry.price_usd:
        return "open"  # without a published price it counts at nothing, and the record says that it may be billed
    if entry.is_open or (entry.final and entry.final.maybe_billed):
        return "open" if submission.billed_usd or asked else ""
    if entry.take and entry.take.cost_source in ("catalogue", "unknown"):
        return entry.take.cost_source
    if entry.provider in SILENT and submission.billed_usd == entry.price_usd:
        return "catalogue"
    return ""


def _differences(
    found: Accounts, snapshot: Snapshot, entries: Entries, bills: Sequence[Bill], *, was_reset: bool
) -> None:
    """By asset: the bills lie between the certain amount and the amounts that the named reasons leave open."""
    paid: dict[str, list[Decimal]] = defaultdict(list)
    for bill in bills:
        paid[bill.owner.asset_id].append(bill.usd)
    asked = {e.asset_id for e in snapshot.events if e.data.get("reason") == "ambiguous_submission"}
    asked |= {i for i, s in snapshot.assets.items() if s.attention == "ambiguous_submission"}
    unsaid = ZERO
    for asset_id in sorted({*paid, *(i for i, _ in entries)}):
        sure, most = ZERO, ZERO
        reasons, unanswered = Counter[str](), 0
        state = snapshot.assets.get(asset_id)
        for (owner, take), entry in entries.items():
            if owner != asset_id:
                continue
            for number, submission in enumerate(entry.submissions):
                made_last = state if state and take == state.next_take else None
                reason = reason_of(entry, number, made_last, asked=asset_id in asked)
                if not reason and was_reset and entry.is_open:
                    reason = "reset"  # of a run that was reset: the next one finds the claim if it reaches this take
                if not reason:
                    sure += submission.billed_usd
                    continue
                unanswered += reason in ("in doubt", "cancelled", "open", "reset")
                open_usd = max(entry.price_usd, submission.billed_usd, *paid[asset_id], ZERO)
                reasons[reason] += int(max(entry.price_usd, submission.billed_usd) / STEP)
                most += open_usd
                waits = bool(state and state.attention == "ambiguous_submission")
                unpriced = not entry.price_usd or (reason == "open" and waits)
                unsaid += open_usd if reason == "unknown" or unpriced else ZERO
        # A surcharge in a response that was lost cannot be known.
        surcharges = sorted((b.surcharge_usd for b in bills if b.owner.asset_id == asset_id), reverse=True)
        unsaid += sum(surcharges[:unanswered], ZERO)
        total, slack = sum(paid[asset_id], ZERO), STEP * (1 + len(paid[asset_id]))
        if sure - slack <= total <= sure + most + slack:
            if abs(total - _recorded(entries, asset_id)) > slack:
                found.explained += reasons
        else:
            off = total - sure if total < sure else total - sure - most
            found.unexplained += abs(off)
            own = {n: e.model_dump_json(exclude_defaults=True) for (i, n), e in entries.items() if i == asset_id}
            found.problems.append(
                f"DIFFERENCE: {asset_id} was billed {[str(u) for u in paid[asset_id]]} and its ledgers count {sure} "
                f"for sure, up to {most} more for {dict(reasons) or 'no reason'}: {own}"
            )
    if not was_reset and found.billed > snapshot.spent_usd + unsaid + STEP * len(bills):
        found.unexplained += found.billed - snapshot.spent_usd - unsaid
        found.problems.append(f"DIFFERENCE: {found.billed} was billed, and the record says {snapshot.spent_usd}")
    counted = sum((e.billed_usd for e in entries.values()), ZERO)
    unknown = counted - snapshot.spent_usd
    if -unknown > STEP:  # a response after a cancel, or after a reviewer continued without it
        was_cancelled = any(state.cancelled == "running" for state in snapshot.assets.values())
        found.explained["cancelled" if was_cancelled else "in doubt"] += int(-unknown / STEP)
    if was_reset and unknown > 0:
        known = {i: s.next_take for i, s in snapshot.assets.items()}
        lost = sum((e.billed_usd for (i, n), e in entries.items() if n >= known.get(i, 1) or i == keys.PLANNER), ZERO)
        if unknown <= lost + STEP:
            found.explained["reset"] += int(unknown / STEP)


def _recorded(entries: Entries, asset_id: str) -> Decimal:
    return sum((e.billed_usd for (i, _), e in entries.items() if i == asset_id), ZERO)
