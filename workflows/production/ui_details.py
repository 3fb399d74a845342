"""What an engineer reads of a production in the Temporal UI: activity summaries, and details in markdown."""

from typing import Final

from workflows.events import AssetState, AssetStatus, ProductionStatus
from workflows.models import ZERO, Asset
from workflows.production.state import attention
from workflows.production.state.state import ProductionState

MAX_ROWS: Final = 60
"""Above this the table would be longer than anybody reads; unfinished assets are shown first."""
NAMED: Final = 5
"""Assets named in a sentence; the table has all."""
GAP: Final = "\u2003"
"""The UI sets no space between columns, and shows entities such as `&emsp;` as they are written."""


def activity_summary(asset: Asset) -> str:
    return f"{asset.asset_id} · {asset.asset_type.value} · {asset.provider}"


def details_of(state: ProductionState) -> str:
    """Status, money and a table of the assets, in markdown."""
    lines = [f"### {state.status.value.replace('_', ' ')}", "", _money(state), ""]
    lines += _hint(state)
    if state.error:
        lines += [f"**{_cell(state.error)}**", ""]
    if state.plan:
        lines += _table(state, state.plan.assets)
    return "\n".join(lines)


def _hint(state: ProductionState) -> list[str]:
    """What somebody can do about it here, in the Temporal UI."""
    if state.status.closed:
        return []
    lines = [f"Paused by {_cell(state.paused.paused_by)}: the update `resume` goes on.", ""] if state.paused else []
    if state.status is ProductionStatus.AWAITING_APPROVAL or state.gate == "waiting":
        what = "the plan" if state.gate != "waiting" else "video, after a look at the stills"
        unknown = bool(state.plan and state.plan.unknown_prices) and state.gate != "waiting"
        return [*lines, *_approving(state, what, unknown=unknown)]
    if asked := state.asks_for_money:
        plan = state.plan
        unknown = any(a for i in asked if plan and (a := plan.find(i)) and state.not_allowed(a))
        what = f"{_named(asked)} again, which releases the money, or for an answer to each asset"
        lines += _approving(state, what, unknown=unknown)
    return [*lines, *_answering(state)]


def _approving(state: ProductionState, what: str, *, unknown: bool) -> list[str]:
    """The input that approves what is shown now, and what unpublished prices need besides."""
    given, needed = len(state.approvals), state.brief.approval.approvers
    count = f" ({given} of {needed} people did)" if needed > 1 else ""
    sample = f'{{\n  "plan_digest": "{state.digest_to_approve}",\n  "approver": "your name"\n}}'
    # It is no part of the sample: whoever copies that has not yet decided to spend on an unpublished price.
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


def _answering(state: ProductionState) -> list[str]:
    """How to answer what waits; the example is an answer that needs nothing further."""
    waiting = next(iter(state.attention()), None)
    reason = waiting and state.assets[waiting].attention
    if not waiting or not reason:
        return []
    possible = attention.answers_to(state, reason, waiting)
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


def _money(state: ProductionState) -> str:
    over = f", **of it {state.overrun_usd:.2f} USD above published prices**" if state.overrun_usd else ""
    if state.budget_usd is not None:
        return f"spent **{state.spent_usd:.2f} USD** of {state.budget_usd:.2f} USD{over}"
    if state.plan is None:
        return f"planning has cost **{state.spent_usd:.2f} USD**" if state.spent_usd else "not yet priced"
    low, high = state.plan.low_usd, state.plan.high_usd
    return f"the plan costs {low:.2f} to {high:.2f} USD" if high else "making the plan costs nothing"


def _table(state: ProductionState, assets: tuple[Asset, ...]) -> list[str]:
    unknown = AssetState()
    rows = [(a, state.assets.get(a.asset_id, unknown)) for a in assets]
    if len(rows) > MAX_ROWS:
        open_ = [r for r in rows if r[1].status is not AssetStatus.COMPLETED]
        rows = [*open_, *(r for r in rows if r[1].status is AssetStatus.COMPLETED)][:MAX_ROWS]
    done = sum(s.status is AssetStatus.COMPLETED for s in state.assets.values())
    head = [
        f"{done} of {len(assets)} assets",
        "",
        "| asset | made by | status | USD |",
        "|:---|:---|:---|---:|",
    ]
    return head + [_row(a, s) for a, s in rows]


def _row(asset: Asset, state: AssetState) -> str:
    maker = asset.made_by(state.model)
    paid = sum((t.billed_usd for t in state.takes), ZERO) + state.booked_usd
    cells = (asset.asset_id, f"{maker.provider} · {_cell(maker.model)}", _status(state), f"{paid:.2f}" if paid else "")
    return f"| {' | '.join(c + GAP for c in cells)} |"


def _status(state: AssetState) -> str:
    take = f", take {state.selected}" if state.selected else ""
    words = state.status.value + take + (", stale" if state.stale else "")
    return f"{words} · **{state.attention}** {_cell(state.error or '')}" if state.attention else words


def _cell(text: str) -> str:
    return _cut(" ".join(text.split()).replace("|", "\\|"), 120)


def _cut(text: str, size: int) -> str:
    raw = text.encode()
    return text if len(raw) <= size else raw[: size - 3].decode(errors="ignore") + "…"
