"""What an engineer reads of a production in the Temporal UI: activity summaries, and details in markdown."""

from typing import Final

from workflows.events import AssetState, AssetStatus, ProductionStatus
from workflows.models import Asset
from workflows.state import ProductionState

MAX_ROWS: Final = 60
"""Above this the table would be longer than anybody reads; unfinished assets are shown first."""

_HINTS: Final = {
    ProductionStatus.AWAITING_APPROVAL: "Waits for the signal `approve` with this input:",
    ProductionStatus.NEEDS_ATTENTION: "Waits for a person: see the assets marked below.",
}


def activity_summary(asset: Asset) -> str:
    return f"{asset.asset_id} · {asset.asset_type.value} · {asset.provider}"


def details_of(state: ProductionState) -> str:
    """Status, money and a table of the assets, in markdown."""
    lines = [f"### {state.status.value.replace('_', ' ')}", "", _money(state), ""]
    if hint := _HINTS.get(state.status):
        lines += [hint, ""]
    if state.status is ProductionStatus.AWAITING_APPROVAL and state.plan:
        lines += [
            "```json",
            "{",
            f'  "plan_digest": "{state.plan.digest}",',
            '  "approver": "your name"',
            "}",
            "```",
            "",
        ]
    if state.error:
        lines += [f"**{_cell(state.error)}**", ""]
    if state.plan:
        lines += _table(state, state.plan.assets)
    return "\n".join(lines)


def _money(state: ProductionState) -> str:
    if state.budget_usd is not None:
        return f"spent **{state.spent_usd:.2f} USD** of {state.budget_usd:.2f} USD"
    if state.plan is None:
        return "not yet priced"
    low, high = state.plan.low_usd, state.plan.high_usd
    return f"the plan costs {low:.2f} to {high:.2f} USD" if high else "the plan costs nothing"


def _table(state: ProductionState, assets: tuple[Asset, ...]) -> list[str]:
    rows = [(a, state.assets.get(a.asset_id, AssetState())) for a in assets]
    if len(rows) > MAX_ROWS:
        open_ = [r for r in rows if r[1].status is not AssetStatus.COMPLETED]
        rows = [*open_, *(r for r in rows if r[1].status is AssetStatus.COMPLETED)][:MAX_ROWS]
    done = sum(s.status is AssetStatus.COMPLETED for s in state.assets.values())
    head = [
        f"{done} of {len(assets)} assets",
        "",
        "| asset | type | made by | status | take |",
        "|---|---|---|---|---|",
    ]
    return head + [_row(a, s) for a, s in rows]


def _row(asset: Asset, state: AssetState) -> str:
    made_by = f"{asset.provider} · {_cell(asset.model)}"
    cells = (asset.asset_id, asset.asset_type.value, made_by, _status(state), str(state.selected or ""))
    return f"| {' | '.join(f'{c}&emsp;' for c in cells)} |"  # the UI sets no space between columns


def _status(state: AssetState) -> str:
    words = state.status.value + (", stale" if state.stale else "")
    return f"{words} · **{state.attention}** {_cell(state.error or '')}" if state.attention else words


def _cell(text: str) -> str:
    return _cut(" ".join(text.split()).replace("|", "\\|"), 120)


def _cut(text: str, size: int) -> str:
    raw = text.encode()
    return text if len(raw) <= size else raw[: size - 3].decode(errors="ignore") + "…"
