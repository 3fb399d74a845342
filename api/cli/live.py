"""The live view of a production: one bar an asset on a terminal, one line an event without one."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from types import TracebackType
from typing import Final, Protocol, Self

from pydantic import JsonValue
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.text import Text

from api.cli.tables import OVERRUN_STYLE, money, price_range, spent
from workflows.models import ZERO, Asset

BAR_WIDTH: Final = 20
"""Columns: half of a terminal of 80 is left to say what goes on."""
BARS_MARGIN: Final = 6
"""Terminal rows left free of bars: the prompt, the heading and the total."""
PLAIN_STEP_PERCENT: Final = 25
"""Without a terminal, progress is told in quarters: four lines an asset instead of hundreds."""


class Happening(Protocol):
    """What the live view needs of an event: the client's `StreamEvent` and the workflow's `Event` have it."""

    @property
    def name(self) -> str: ...
    @property
    def asset_id(self) -> str | None: ...
    @property
    def data(self) -> dict[str, JsonValue]: ...


class _State(ProgressColumn):
    """What an asset is at. It is cut where the terminal ends, as it would take the room of the name and the bar."""

    def render(self, task: Task) -> Text:
        state = Text.from_markup(task.fields["state"], overflow="ellipsis")
        state.no_wrap = True
        return state


class ProductionView:
    """Follows a production: one bar an asset on a terminal, one line an event without one.

    with ProductionView(console, plan.assets) as view:
        for event in client.events(production_id):
            view.show(event)
    """

    def __init__(self, console: Console, assets: Iterable[Asset]) -> None:
        self._console = console
        self._live = console.is_terminal and not console.is_dumb_terminal
        self._told: dict[str, int] = {}
        self._waits: dict[str, str] = {}
        self._tasks: dict[str, TaskID] = {}
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=BAR_WIDTH),
            _State(),
            console=console,
            disable=not self._live,
        )
        self._stalled = False
        self._width = 8
        self.plan(assets)

    def plan(self, assets: Iterable[Asset]) -> None:
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

    def __enter__(self) -> Self:
        if self._live:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._bars.stop()

    def show(self, event: Happening) -> None:
        """Take in one event. An outage is told once, however often it is met again."""
        again, self._stalled = self._stalled, event.name == "stalled"
        if self._stalled and again:
            return
        words = " ".join(describe(event).split())
        what = event.name.replace("_", " ")
        if not self._live:
            if self._worth_a_line(event):
                line = f"{what:<16}  {event.asset_id or '':<{self._width}}  {words}".rstrip()
                self._console.print(Text(line, style=OVERRUN_STYLE if _tells_overrun(event) else ""), soft_wrap=True)
            return
        task = self._tasks.get(event.asset_id or "")
        if task is not None:
            self._advance(task, event, words)
        if event.name in _TOLD_WHOLE or (task is None and event.name not in _PLANNING):
            whose = f"  {event.asset_id}" if event.asset_id else ""
            told = Text.assemble((what, _style_of(event) or "dim"), f"{whose}  {words}")
            self._bars.console.print(told)

    def _advance(self, task: TaskID, event: Happening, words: str) -> None:
        style = _style_of(event)
        state = f"[{style}]{escape(words)}" if style else escape(words)
        match event.name:
            case "asset_start":
                # Without a total the bar pulses: nobody knows yet how far it is.
                self._bars.reset(task, total=None, state=state, visible=True)
            case "asset_progress":
                if (done := percent(event)) is not None:
                    self._bars.update(task, total=100, completed=done)
                self._bars.update(task, state=state, visible=True)
            case "asset_complete":
                self._bars.update(task, total=100, completed=100, state=state, visible=self._few)
            case "asset_failed" | "asset_cancelled" | "asset_fallback":
                self._bars.update(task, total=100, completed=0, state=state, visible=True)
            case "needs_attention" | "take_failed":
                self._bars.update(task, state=state, visible=True)
            case _:
                self._bars.update(task, state=state)

    def _worth_a_line(self, event: Happening) -> bool:
        """All but progress: of an asset's only another quarter, and another reason to wait."""
        if event.name == "plan_progress":
            return False
        asset_id = event.asset_id or ""
        if event.name != "asset_progress":
            self._told.pop(asset_id, None)
            self._waits.pop(asset_id, None)
            return True
        reason, before = _reason(event), self._waits.get(asset_id, "")
        self._waits[asset_id] = reason
        if reason:
            return reason != before
        step = int((percent(event) or 0) // PLAIN_STEP_PERCENT)
        if step <= self._told.get(asset_id, 0):
            return False
        self._told[asset_id] = step
        return True


_PLANNING: Final = ("plan_start", "plan_progress", "plan_ready")
_TOLD_WHOLE: Final = ("asset_failed", "asset_fallback", "take_failed", "prompt_proposed", "overrun")
"""Said above the bars too: beside one, the next event takes their place, and a long message is cut."""

_EVENT_STYLE: Final = {
    "asset_complete": "green",
    "asset_fallback": "yellow",
    "asset_failed": "red",
    "asset_cancelled": "dim",
    "needs_attention": "bold yellow",
    "overrun": OVERRUN_STYLE,
    "budget_raised": "yellow",
    "asset_stale": "yellow",
    "take_failed": "red",
    "paused": "yellow",
    "stalled": "yellow",
    "done": "bold green",
    "approved": "green",
}


def _tells_overrun(event: Happening) -> bool:
    return event.name == "overrun" or (event.name == "needs_attention" and event.data.get("reason") == "overrun")


def _style_of(event: Happening) -> str:
    return OVERRUN_STYLE if _tells_overrun(event) else _EVENT_STYLE.get(event.name, "")


def percent(event: Happening) -> float | None:
    """How far an asset is, from the 0..1 of asset_progress; None where its provider does not say."""
    value = event.data.get("progress")
    return min(100.0, max(0.0, value * 100)) if isinstance(value, int | float) else None


def _reason(event: Happening) -> str:
    """Why an asset waits; empty where it does not, or nobody says."""
    if event.data.get("paused"):
        return "paused in Temporal"
    return str(event.data.get("reason") or "") if event.data.get("queued") else ""


def describe(event: Happening) -> str:
    """An event in a few words, without its name."""
    data = event.data
    match event.name:
        case "plan_start":
            return "once more, with your words" if data.get("revision") else "from the brief"
        case "plan_progress":
            number = data.get("count", 0)
            return f"{number} {'asset' if number == 1 else 'assets'} so far"
        case "plan_ready":
            low, high = (Decimal(str(data.get(k, "0"))) for k in ("low_usd", "high_usd"))
            unknown = data.get("unknown_prices")
            more = f" and {unknown} of unknown price" if unknown else ""
            return f"{data.get('assets', '?')} assets, {price_range(low, high)}{more}{_by(data, ', by ')}"
        case "plan_edited":
            changes = data.get("changes")
            number = len(changes) if isinstance(changes, list) else 0
            return f"{number} {'change' if number == 1 else 'changes'}{_by(data, ' by ')}"
        case "approval_given":
            return f"by {data.get('approver', 'someone')}, {data.get('given', '?')} of {data.get('needed', '?')}"
        case "approved":
            what = "the stills, " if data.get("gate") else "again, " if data.get("again") else ""
            assets = data.get("assets")
            released = f"{', '.join(map(str, assets))}, " if what == "again, " and isinstance(assets, list) else ""
            by = f"by {data.get('approver', 'someone')}, to spend at most {spent(_usd(data))} USD"
            return f"{what}{released}{by}{_above_brief(data)}"
        case "approval_reminder" | "approval_escalated" | "expired":
            whom = data.get("to")
            names = f"to {', '.join(map(str, whom))}, " if isinstance(whom, list) else ""
            return f"{names}an approval was due by {_moment(data.get('deadline'))}"
        case "rejected" | "paused" | "resumed":
            who, why = data.get("rejecter") or data.get("by") or "someone", data.get("reason")
            return f"by {who}{f': {why}' if why else ''}"
        case "cancelled":
            return f"spent {spent(_usd(data, 'cost_usd'))} USD"
        case "asset_start":
            return f"generating (take {data.get('take', 1)}, {data.get('provider', '')}/{data.get('model', '')})"
        case "asset_progress":
            if data.get("paused"):
                return _reason(event)
            if data.get("queued"):
                return f"queued: {_reason(event)}" if _reason(event) else "queued at the provider"
            done, step = percent(event), str(data.get("step") or "generating")
            return step if done is None else f"{step}, {done:.0f} %"
        case "asset_complete":
            seconds = data.get("duration_seconds")
            length = f", {seconds:.1f} s" if isinstance(seconds, int | float) else ""
            cost = "cost unknown" if data.get("cost_source") == "unknown" else money(_usd(data, "cost_usd"))
            return f"done{length}, {cost}"
        case "asset_fallback":
            return f"now {data.get('provider', '')}/{data.get('model', '')}, because {data.get('message', '')}"
        case "asset_cancelled":
            return _left_out(data)
        case "asset_stale":
            changed = data.get("changed")
            because = ", ".join(map(str, changed)) if isinstance(changed, list) else str(data.get("because", ""))
            return f"{because} changed since, {money(_usd(data, 'price_usd'))} to make again"
        case "take_requested":
            words, count = data.get("feedback") or data.get("why"), data.get("count")
            several = f"{count} takes " if count else "a new take "
            return f"{several}by {data.get('by', 'someone')}{f': {words}' if words else ''}"
        case "take_selected":
            return f"take {data.get('take', '?')} is in use{_by(data, ', by ')}"
        case "take_failed":
            return f"take {data.get('take', '?')}: {data.get('message', '')}"
        case "planning_billed":
            doubt = f", {spent(_usd(data, 'doubt_usd'))} USD of it for lost answers" if data.get("doubt_usd") else ""
            return str(data.get("message") or f"{spent(_usd(data, 'billed_usd'))} USD{doubt}")
        case "overrun":
            maker = "/".join(str(data[k]) for k in ("provider", "model") if data.get(k)) or "its model"
            bill, price = _usd(data, "cost_usd"), _usd(data, "price_usd")
            above = f"{spent(bill - price)} USD above its published {spent(price)} USD"
            return f"{maker} charged {spent(bill)} USD, {above}"
        case "budget_raised":
            amounts = f"from {spent(_usd(data, 'before_usd'))} to {spent(_usd(data))} USD"
            return f"{amounts}{_by(data, ', by ')}{_above_brief(data)}"
        case "attention_withdrawn":
            return f"{str(data.get('reason') or 'it').replace('_', ' ')}: nobody has to decide any more"
        case "prompt_proposed":
            return f"instead: {data.get('prompt', '')}"
        case "resolved":
            return f"{str(data.get('action', '')).replace('_', ' ')}{_by(data, ', by ')}"
        case "needs_attention":
            reason = str(data.get("reason", "")).replace("_", " ")
            return ": ".join(filter(None, (reason, str(data.get("message") or ""))))
        case "finishing":
            return "assembling the deliverable"
        case "done":
            files = data.get("files")
            names = ", ".join(map(str, files)) if isinstance(files, list) else ""
            return f"{names}, spent {spent(_usd(data, 'cost_usd'))} USD".removeprefix(", ")
        case _:
            return str(data.get("message") or data.get("reason") or "")


def _above_brief(data: dict[str, JsonValue]) -> str:
    """Where somebody allowed more than the brief does."""
    return f", above the brief's {spent(_usd(data, 'brief_budget_usd'))} USD" if data.get("brief_budget_usd") else ""


def _by(data: dict[str, JsonValue], before: str) -> str:
    """Who did it, where that is told."""
    who = data.get("by") or data.get("editor")
    return f"{before}{who}" if who else ""


def _moment(value: JsonValue) -> str:
    return datetime.fromisoformat(value).astimezone().strftime("%Y-%m-%d %H:%M") if isinstance(value, str) else "now"


def _left_out(data: dict[str, JsonValue]) -> str:
    """What became of an asset that is not made: a person's decision, or the end of a cancelled take."""
    if who := data.get("accepted_by") or data.get("by"):
        return f"left out by {who}"
    job = f", job {data['job_id']}" if data.get("job_id") else ""
    billed = f", {spent(_usd(data, 'billed_usd'))} USD billed" if data.get("billed_usd") else ""
    ends = {"billed": "billed already", "stopped": "stopped at its provider", "running": "may still run"}
    return f"{ends.get(str(data.get('outcome')), 'free')}{job}{billed}"


def _usd(data: dict[str, JsonValue], name: str = "budget_usd") -> Decimal:
    return Decimal(str(data.get(name) or ZERO))
