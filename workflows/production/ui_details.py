"""Texts for the Temporal UI: activity summaries, and the details of a production in markdown."""

from typing import Final

from workflows.events import AssetState, AssetStatus, ProductionStatus
from workflows.models import ZERO, Asset
from workflows.production.state import attention
from workflows.production.state.approvals import assets_waiting_for_money, digest_to_approve
from workflows.production.state.budget import disallowed_models
from workflows.production.state.checked import findings_of, verdict_of
from workflows.production.state.record import Record
from workflows.production.state.takes import assets_in_attention

MAX_ROWS: Final = 60
"""A longer table would not be read; unfinished assets are shown first."""
NAMED: Final = 5
"""How many assets a sentence names; the table has all."""
GAP: Final = "\u2003"
"""The UI sets no space between columns, and shows entities such as `&emsp;` as they are written."""


def activity_summary(asset: Asset) -> str:
    return f"{asset.asset_id} · {asset.asset_type.value} · {asset.provider}"


def details_of(record: Record) -> str:
    """Status, money and a table of the assets, in markdown."""
    lines = [f"### {record.status.value.replace('_', ' ')}", "", _money(record), ""]
    lines += _hint(record)
    if record.error:
        lines += [f"**{_cell(record.error)}**", ""]
    if record.plan:
        lines += _table(record, record.plan.assets)
    return "\n".join(lines)


def _hint(record: Record) -> list[str]:
    """What an engineer can do about it in the Temporal UI."""
    if record.status.closed:
        return []
    lines = [f"Paused by {_cell(record.paused.paused_by)}: the update `resume` goes on.", ""] if record.paused else []
    if record.status is ProductionStatus.AWAITING_APPROVAL or record.gate == "waiting":
        what = "the plan" if record.gate != "waiting" else "video, after a review of the stills"
        unknown = bool(record.plan and record.plan.unknown_prices) and record.gate != "waiting"
        return [*lines, *_approving(record, what, unknown=unknown)]
    if asked := assets_waiting_for_money(record):
        plan = record.plan
        unknown = any(a for i in asked if plan and (a := plan.find(i)) and disallowed_models(record, a))
        what = f"{_named(asked)} again, which releases the money, or for an answer to each asset"
        lines += _approving(record, what, unknown=unknown)
    return [*lines, *_answering(record)]


def _approving(record: Record, what: str, *, unknown: bool) -> list[str]:
    """The input that approves what is shown, and what unpublished prices need besides."""
    given, needed = len(record.approvals), record.brief.approval.approvers
    count = f" ({given} of {needed} people did)" if needed > 1 else ""
    sample = f'{{\n  "plan_digest": "{digest_to_approve(record)}",\n  "approver": "your name"\n}}'
    # It is not part of the sample: to copy that is no decision to spend on an unpublished price.
    allow = 'Prices are not published: add `"allow_unknown_prices": true` to spend on them.'
    return [
        f"Waits for the signal `approve` of {what}{count}, with this input:",
        "",
        f"```json\n{sample}\n```",
        "",
        *([allow, ""] if unknown else []),
    ]


def _named(ids: list[str]) -> str:
    return ", ".join(ids[:NAMED]) + (f" and {len(ids) - NAMED} more" if len(ids) > NAMED else "")


def _answering(record: Record) -> list[str]:
    """How to answer what waits, with the example of an answer that needs no further field."""
    waiting = next(iter(assets_in_attention(record)), None)
    reason = waiting and record.assets[waiting].attention
    if not waiting or not reason:
        return []
    possible = attention.answers_to(record, reason, waiting)
    actions = [a for a in possible if a in ("retry", "resubmit", "raise_budget", "accept_without", "adopt")]
    simple = next((a for a in ("retry", "resubmit", "accept_without") if a in actions), None)
    if simple is None:
        return []
    sample = f'{{\n  "asset_id": "{waiting}",\n  "action": "{simple}",\n  "resolver": "your name"\n}}'
    others = [f"`{a}`" for a in actions if a != simple]
    more = f" (or {', '.join(others)})" if others else ""
    return [
        f"Waits for a person: the update `resolve`, for each asset marked below, with an input like this{more}:",
        "",
        f"```json\n{sample}\n```",
        "",
    ]


def _money(record: Record) -> str:
    return _known_money(record) + _unknown_money(record)


def _unknown_money(record: Record) -> str:
    """What the amounts leave out: an unknown cost is never shown as free."""
    plan = record.plan
    unknown = [a.asset_id for a in plan.assets if _has_unknown_cost(a, record.assets.get(a.asset_id))] if plan else []
    if not unknown:
        return ""
    return f" · **{len(unknown)} of unknown cost**, without a published price: {_named(unknown)}"


def _has_unknown_cost(asset: Asset, state: AssetState | None) -> bool:
    """Whether a take of the asset has no known cost; before its first take, whether its model has no price."""
    if state and state.takes:
        return any(take.cost_source == "unknown" for take in state.takes)
    quote = asset.made_by(state.model if state else 0).quote
    return bool(quote and quote.unknown)


def _known_money(record: Record) -> str:
    over = f", **of it {record.overrun_usd:.2f} USD above published prices**" if record.overrun_usd else ""
    if record.budget_usd is not None:
        return f"spent **{record.spent_usd:.2f} USD** of {record.budget_usd:.2f} USD{over}"
    if record.plan is None:
        return f"planning has cost **{record.spent_usd:.2f} USD**" if record.spent_usd else "not yet priced"
    low, high = record.plan.low_usd, record.plan.high_usd
    if high:
        return f"the plan costs {low:.2f} to {high:.2f} USD"
    return "no price of the plan is published" if record.plan.unknown_prices else "making the plan costs nothing"


def _table(record: Record, assets: tuple[Asset, ...]) -> list[str]:
    unknown = AssetState()
    rows = [(a, record.assets.get(a.asset_id, unknown)) for a in assets]
    if len(rows) > MAX_ROWS:
        open_ = [r for r in rows if r[1].status is not AssetStatus.COMPLETED]
        rows = [*open_, *(r for r in rows if r[1].status is AssetStatus.COMPLETED)][:MAX_ROWS]
    done = sum(s.status is AssetStatus.COMPLETED for s in record.assets.values())
    head = [
        f"{done} of {len(assets)} assets",
        "",
        "| asset | made by | status | estimate, USD | USD |",
        "|:---|:---|:---|---:|---:|",
    ]
    return head + [_row(a, s) for a, s in rows]


def _row(asset: Asset, state: AssetState) -> str:
    maker = asset.made_by(state.model)
    cells = (
        asset.asset_id,
        f"{maker.provider} · {_cell(maker.model)}",
        _status(state),
        _estimate(asset),
        _cost(asset, state),
    )
    return f"| {' | '.join(c + GAP for c in cells)} |"


def _estimate(asset: Asset) -> str:
    """The price range of one take: '0.03–0.05', 'free', 'unknown'."""
    price = asset.estimate
    if price is None:
        return ""
    if price.unknown:
        return f"{price.high:.2f} + unknown" if price.high else "unknown"
    if not price.high:
        return "free"
    return f"{price.high:.2f}" if price.low == price.high else f"{price.low:.2f}–{price.high:.2f}"


def _cost(asset: Asset, state: AssetState) -> str:
    """What the asset has cost so far: '0.04', 'free', 'unknown'; empty before it has cost anything."""
    paid = sum((t.billed_usd for t in state.takes), ZERO) + state.booked_usd
    if state.takes and _has_unknown_cost(asset, state):
        return f"{paid:.2f} + unknown" if paid else "unknown"
    if paid:
        return f"{paid:.2f}"
    if state.take and state.take.reused:
        return "reused, free"
    return "free" if state.takes else ""


def _status(state: AssetState) -> str:
    take = f", take {state.selected}" if state.selected else ""
    judging = f", judging take {state.next_take}" if state.judging else ""
    text = state.status.value + take + judging + (", stale" if state.stale else "")
    if state.attention:
        return f"{text} · **{state.attention}** {_cell(state.error or '')}"
    notes = "; ".join(finding.message for finding in findings_of(state))
    verdict = verdict_of(state)
    if verdict and verdict.score is not None:
        notes = "; ".join(filter(None, (f"score {verdict.score:.2f}", verdict.complaint, notes)))
    elif verdict:
        notes = "; ".join(filter(None, (f"unjudged: {verdict.unjudged}", notes)))
    if state.take and state.take.reused:
        notes = "; ".join(filter(None, (f"reused from {state.take.reused.place}", notes)))
    return f"{text} · {_cell(notes)}" if notes else text


def _cell(text: str) -> str:
    return _cut(" ".join(text.split()).replace("|", "\\|"), 120)


def _cut(text: str, size: int) -> str:
    raw = text.encode()
    return text if len(raw) <= size else raw[: size - 3].decode(errors="ignore") + "…"
