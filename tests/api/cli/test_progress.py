"""Costs and events of a production as the command shows them, at a terminal and piped."""

import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from rich.console import Console

from api.cli.event_text import describe
from api.cli.progress import ProductionProgress
from api.cli.tables import make_console, show_production
from api.views.production import StreamEvent, links_of, production_view
from tests.api.cli.plans import plan_of
from workflows.brief import Brief, Platform
from workflows.events import AssetState, AssetStatus, ProductionStatus, Snapshot
from workflows.models import Media, Plan, Take


def test_an_unknown_cost_is_not_free() -> None:
    """A take whose price nobody published costs "unknown" in records, tables and events, with what is known beside."""
    now = datetime.now(UTC)
    media = Media(key="k", bytes=1, sha256="0" * 64, media_type="text/plain")
    made = {"prompt": "x", "provider": "fake", "model": "words", "media": media, "started_at": now, "finished_at": now}
    free = Take(number=1, **made)
    paid = Take(number=1, cost_usd=Decimal("0.05"), **made)
    first, second = (Take(number=n, cost_source="unknown", **made) for n in (1, 2))
    takes = {"shot-1": (first,), "shot-2": (paid, second), "shot-3": (free,), "shot-4": ()}
    snapshot = Snapshot(
        production_id="p",
        status=ProductionStatus.DELIVERED,
        brief=Brief(text="x", platform=Platform.COPY),
        created_at=now,
        updated_at=now,
        plan=Plan.of("t", plan_of(4).assets),
        assets={
            i: AssetState(status=AssetStatus.COMPLETED, takes=t, selected=t[-1].number if t else 0)
            for i, t in takes.items()
        },
        spent_usd=Decimal("0.05"),
    )
    view = production_view(snapshot, links_of("p", "", ""))
    assert [r.cost_source for r in view.assets] == ["unknown", "unknown", "catalogue", None]
    out = io.StringIO()
    show_production(make_console(out), view, "http://api")
    rows = [" ".join(line.split()) for line in out.getvalue().splitlines() if " shot-" in line]
    one = "0.00–0.035"  # the estimate, before the cost
    costs = [f"completed 1 {one} unknown", "completed 2 (2 takes) 0.00–0.07 0.05 + unknown"]
    costs += [f"completed 1 {one} free", f"completed – {one} –"]
    assert [cost in row for cost, row in zip(costs, rows, strict=True)] == [True] * 4, rows
    assert "spent 0.05 USD and 2 unknown costs · estimate 0.00–0.175\n" in out.getvalue()
    assert describe(event("asset_complete", "a", cost_usd="0", cost_source="unknown")) == "done, cost unknown"
    assert describe(event("asset_complete", "a", cost_usd="0", cost_source="catalogue")) == "done, free"
    found = [{"check": "blurred", "message": "blurred: it is"}]
    noted = event("asset_complete", "a", cost_usd="0", cost_source="catalogue", findings=found)
    assert describe(noted) == "done, free; blurred: it is"


def event(name: Any, asset_id: str | None = None, **data: Any) -> StreamEvent:
    return StreamEvent(id=1, name=name, at=datetime.now(UTC), asset_id=asset_id, data=data)


def test_piped_progress_is_lines() -> None:
    """Without a terminal each event is one plain line, and progress is shown in quarters."""
    out = io.StringIO()
    with ProductionProgress(make_console(out), plan_of(1).assets) as view:
        view.show(event("asset_start", "shot-1", take=1, provider="fake", model="words"))
        for step in range(100):
            view.show(event("asset_progress", "shot-1", progress=step / 100, step="rendering"))
        view.show(event("asset_complete", "shot-1", cost_usd="0.0350"))
    lines = out.getvalue().splitlines()
    assert len(lines) == 5
    assert lines[1].split()[2:] == ["asset", "progress", "shot-1", "rendering,", "25", "%"]
    assert lines[-1].endswith("done, 0.035 USD")


def test_piped_waiting_is_told_once_per_reason() -> None:
    """Why an asset waits is one line when it begins or changes, and a new take tells its progress anew."""
    out = io.StringIO()
    full, slow = "waits for its provider's queue", "vendor: slow down"
    with ProductionProgress(make_console(out), plan_of(1).assets) as view:
        for reason in (full, full, slow, slow, full):
            view.show(event("asset_progress", "shot-1", queued=True, reason=reason))
        view.show(event("asset_progress", "shot-1", queued=True))
        for _ in range(2):
            view.show(event("asset_fallback", "shot-1", provider="other", model="m", message="no\nwords"))
            view.show(event("asset_progress", "shot-1", progress=0.5, step="rendering"))
    assert [" ".join(line.split()[2:]) for line in out.getvalue().splitlines()] == [
        *(f"asset progress shot-1 queued: {reason}" for reason in (full, slow, full)),
        *("asset fallback shot-1 now other/m, because no words", "asset progress shot-1 rendering, 50 %") * 2,
    ]


def test_a_long_message_leaves_the_bar_whole() -> None:
    """Beside a bar a long reason is cut; why another model took over, or none could, is also said whole above."""
    out = io.StringIO()
    console = Console(file=out, width=80, height=20, force_terminal=True, color_system=None, highlight=False)
    with ProductionProgress(console, plan_of(2).assets) as view:
        view.show(event("asset_progress", "shot-1", queued=True, reason="vendor: slow down, " + "please " * 20))
        view.show(event("asset_fallback", "shot-2", provider="other", model="m", message="no " * 40 + "words"))
    last = out.getvalue().rpartition("\x1b[2K")[2]
    bars = [line for line in last.splitlines() if "text " in line]
    assert [line.split()[0] for line in bars] == ["shot-1", "shot-2"]
    assert "queued: vendor: slow down" in bars[0]
    assert all("…" in line and len(line) <= 80 for line in bars)
    assert "no words" in " ".join(out.getvalue().split())


@pytest.mark.parametrize("count", [3, 200])
def test_bars_fit_the_screen(count: int) -> None:
    """A terminal shows a bar for each asset; where they do not fit, only of those that are being made or failed."""
    out = io.StringIO()
    console = Console(file=out, width=100, height=20, force_terminal=True, color_system=None, highlight=False)
    with ProductionProgress(console, plan_of(count).assets) as view:
        view.show(event("asset_start", "shot-1", take=1))
        view.show(event("asset_failed", "shot-1", message="no words"))
        view.show(event("asset_start", "shot-2", take=1))
    last = out.getvalue().rpartition("\x1b[2K")[2]
    assert "no words" in out.getvalue()
    assert ("shot-3" in out.getvalue()) == (count == 3), last
