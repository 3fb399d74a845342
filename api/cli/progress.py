"""The progress of a production: one bar per asset in a terminal, one line per event without one."""

from collections.abc import Iterable
from datetime import UTC, datetime
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.text import Text

from api.cli.event_text import EventLike, describe, percent, waiting_reason
from api.cli.tables import OVERRUN_STYLE, clock_time, exact_time, label
from workflows.events import AssetRecord, AssetStatus
from workflows.models import Asset

BAR_WIDTH: Final = 20
"""Columns. Half of a terminal of 80 columns is left for the state of the asset."""
BARS_MARGIN: Final = 6
"""Terminal rows without bars: for the prompt, the heading and the total."""
PLAIN_STEP_PERCENT: Final = 25
"""Without a terminal, progress is printed in quarters: four lines per asset instead of hundreds."""


class _State(ProgressColumn):
    """The state of an asset, cut at the end of the terminal so that the name and the bar keep their width."""

    def render(self, task: Task) -> Text:
        state = Text.from_markup(task.fields["state"], overflow="ellipsis")
        state.no_wrap = True
        return state


class _Elapsed(ProgressColumn):
    """The time since an asset was started, until it is done: '1:05'."""

    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        started, ended = task.fields.get("started"), task.fields.get("ended")
        return Text(elapsed(started, ended or datetime.now(UTC)) if started else "", style="dim", justify="right")


def elapsed(since: datetime, until: datetime) -> str:
    """A duration in minutes and seconds, or in hours: '0:42', '12:05', '1:02:05'."""
    minutes, seconds = divmod(max(int((until - since).total_seconds()), 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


class ProductionProgress:
    """Shows the progress of a production: one bar per asset in a terminal, one line per event without one.

    Each bar has the time since the start of its asset, each line the time of its event.

    with ProductionProgress(console, plan.assets) as progress:
        for event in client.events(production_id):
            progress.show(event)
    """

    def __init__(self, console: Console, assets: Iterable[Asset]) -> None:
        self._console = console
        self._live = console.is_terminal and not console.is_dumb_terminal
        self._quarters: dict[str, int] = {}
        self._reasons: dict[str, str] = {}
        self._tasks: dict[str, TaskID] = {}
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=BAR_WIDTH),
            _Elapsed(),
            _State(),
            console=console,
            disable=not self._live,
        )
        self._stalled = False
        self._width = 8
        self.set_assets(assets)

    def set_assets(self, assets: Iterable[Asset]) -> None:
        """Show these assets from now on."""
        planned = list(assets)
        self._width = max([self._width, *(len(a.asset_id) for a in planned)])
        self._few = len(planned) <= self._console.height - BARS_MARGIN
        for task in self._tasks.values():
            self._bars.remove_task(task)
        self._tasks = {}
        for asset in planned:
            name = f"{asset.asset_id:<{self._width}}  {asset.asset_type:<5}"
            self._tasks[asset.asset_id] = self._bars.add_task(name, total=100, state="[dim]queued", visible=self._few)

    def set_records(self, records: Iterable[AssetRecord]) -> None:
        """Show the states that the assets have now, where the events that led to them are not shown."""
        for record in records:
            if (task := self._tasks.get(record.asset_id)) is None or record.status is AssetStatus.PENDING:
                continue
            done = record.status is AssetStatus.COMPLETED
            generating = record.status is AssetStatus.GENERATING
            state = label(record.attention or record.status.value)
            self._bars.update(task, total=None if generating else 100, completed=100 if done else 0, state=state)

    def __enter__(self) -> Self:
        if self._live:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._bars.stop()

    def show(self, event: EventLike) -> None:
        """Show one event. Of consecutive `stalled` events only the first is shown."""
        again, self._stalled = self._stalled, event.name == "stalled"
        if self._stalled and again:
            return
        text = " ".join(describe(event).split())
        name = label(event.name)
        if not self._live:
            if self._needs_line(event):
                line = f"{exact_time(event.at)}  {name:<16}  {event.asset_id or '':<{self._width}}  {text}".rstrip()
                self._console.print(Text(line, style=OVERRUN_STYLE if _is_overrun(event) else ""), soft_wrap=True)
            return
        task = self._tasks.get(event.asset_id or "")
        if task is not None:
            self._update_bar(task, event, text)
        if event.name in _PRINTED_IN_FULL or (task is None and event.name not in _PLANNING):
            asset = f"  {event.asset_id}" if event.asset_id else ""
            at = (f"{clock_time(event.at, datetime.now(UTC))}  ", "dim")
            self._bars.console.print(Text.assemble(at, (name, _style_of(event) or "dim"), f"{asset}  {text}"))

    def _update_bar(self, task: TaskID, event: EventLike, text: str) -> None:
        style = _style_of(event)
        state = f"[{style}]{escape(text)}" if style else escape(text)
        match event.name:
            case "asset_start":
                # Without a total the bar pulses, because the progress is not known yet.
                self._bars.reset(task, total=None, state=state, visible=True, started=event.at, ended=None)
            case "asset_progress":
                if (done := percent(event)) is not None:
                    self._bars.update(task, total=100, completed=done)
                self._bars.update(task, state=state, visible=True)
            case "asset_complete":
                self._bars.update(task, total=100, completed=100, state=state, visible=self._few, ended=event.at)
            case "asset_fallback":
                self._bars.update(task, total=100, completed=0, state=state, visible=True)
            case "asset_failed" | "asset_cancelled":
                self._bars.update(task, total=100, completed=0, state=state, visible=True, ended=event.at)
            case "needs_attention" | "take_failed":
                self._bars.update(task, state=state, visible=True)
            case _:
                self._bars.update(task, state=state)

    def _needs_line(self, event: EventLike) -> bool:
        """Whether to print a line: for progress only at a new quarter or a new reason to wait, otherwise always."""
        if event.name == "plan_progress":
            return False
        asset_id = event.asset_id or ""
        if event.name != "asset_progress":
            self._quarters.pop(asset_id, None)
            self._reasons.pop(asset_id, None)
            return True
        reason, before = waiting_reason(event), self._reasons.get(asset_id, "")
        self._reasons[asset_id] = reason
        if reason:
            return reason != before
        step = int((percent(event) or 0) // PLAIN_STEP_PERCENT)
        if step <= self._quarters.get(asset_id, 0):
            return False
        self._quarters[asset_id] = step
        return True


_PLANNING: Final = ("plan_start", "plan_progress", "reference_analysed", "plan_ready")
_PRINTED_IN_FULL: Final = ("asset_failed", "asset_fallback", "take_failed", "prompt_proposed", "overrun")
"""Also printed above the bars: in a bar a long message is cut, and the next event replaces it."""

_EVENT_STYLE: Final = {
    "asset_complete": "green",
    "asset_fallback": "yellow",
    "asset_failed": "red",
    "asset_cancelled": "dim",
    "needs_attention": "bold yellow",
    "overrun": OVERRUN_STYLE,
    "budget_raised": "yellow",
    "budget_lowered": "yellow",
    "asset_stale": "yellow",
    "take_failed": "red",
    "paused": "yellow",
    "stalled": "yellow",
    "done": "bold green",
    "approved": "green",
}


def _style_of(event: EventLike) -> str:
    return OVERRUN_STYLE if _is_overrun(event) else _EVENT_STYLE.get(event.name, "")


def _is_overrun(event: EventLike) -> bool:
    return event.name == "overrun" or (event.name == "needs_attention" and event.data.get("reason") == "overrun")
