"""Output for the terminal: money, plans and productions as tables (`progress` shows running ones).

In a terminal the output has colours and moves; piped it is plain, one fact per line, never wrapped.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import IO, Final

from rich.console import Console, ConsoleOptions, RenderableType
from rich.markup import escape
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from api.views import production as views
from workflows.events import AssetRecord, AssetStatus, AttentionReason, ProductionStatus
from workflows.judging.policy import Terms
from workflows.judging.verdicts import Verdict
from workflows.models import ZERO, Estimate, Quote
from workflows.runtime.language import language_name
from workflows.runtime.redaction import make_printable

PIPED_WIDTH: Final = 200
"""Columns without a terminal: room for ids, prices and links on one line."""
NARROW: Final = 100
"""Columns below which model names are wrapped, so that ids and prices stay whole."""
LONG_NAME: Final = 24
"""Characters of provider and model; with longer names no room is left for the prompt."""
UNCUT: Final = 10_000
"""Columns that hold even the longest note of a provider on one line."""

STATUS_STYLE: Final = {
    ProductionStatus.AWAITING_APPROVAL: "yellow",
    ProductionStatus.NEEDS_ATTENTION: "bold yellow",
    ProductionStatus.DELIVERED: "green",
    ProductionStatus.FAILED: "red",
    AssetStatus.PENDING: "dim",
    AssetStatus.COMPLETED: "green",
    AssetStatus.FAILED: "red",
}
OVERRUN_STYLE: Final = "bold red"
"""For money that was charged above its published price, and for decisions because of it."""


def reason_style(reason: AttentionReason) -> str:
    return OVERRUN_STYLE if reason == "overrun" else "bold yellow"


class Screen(Console):
    """A console that shows control characters of foreign text: an escape sequence in a title cannot rewrite a price."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(make_printable(segment.text), segment.style)


def make_console(file: IO[str] | None = None, *, stderr: bool = False) -> Console:
    """A console that never wraps piped output. NO_COLOR and COLUMNS are honoured."""
    console = Screen(file=file, stderr=stderr, highlight=False)
    if not console.is_terminal:
        console = Screen(file=file, stderr=stderr, highlight=False, width=PIPED_WIDTH, no_color=True)
    return console


def amount(usd: Decimal | None) -> str:
    """USD with two decimals, or up to four where the price is finer: '0.04', '0.0035', '12.00', 'free'."""
    if usd is None:
        return "–"
    if usd == 0:
        return "free"
    exact = usd.quantize(Decimal("0.0001"))
    return f"{exact:.2f}" if exact == exact.quantize(Decimal("0.01")) else f"{exact:f}".rstrip("0")


def money(usd: Decimal | None) -> str:
    """An amount with its currency: '0.04 USD', 'free'."""
    return amount(usd) + (" USD" if usd else "")


def spent(usd: Decimal | None) -> str:
    """An amount that was paid: zero is '0.00' here, not 'free'."""
    return amount(usd) if usd else "0.00"


def overrun(usd: Decimal) -> str:
    """The amount that vendors charged beyond their published prices: '0.90 USD above published prices'."""
    return f"{amount(usd)} USD above published prices"


def at_most(usd: Decimal) -> str:
    """The most that something costs: 'up to 0.04 USD', 'free'."""
    return f"up to {money(usd)}" if usd else "free"


def price_range(low: Decimal, high: Decimal) -> str:
    return amount(high) if low == high else f"{spent(low)}–{amount(high)}"


def estimate(price: Estimate | None) -> str:
    """A price range before the fact: '0.03–0.05', 'free', 'unknown', '0.05 + unknown'."""
    if price is None:
        return "–"
    if not price.unknown:
        return price_range(price.low, price.high)
    return f"{price_range(price.low, price.high)} + unknown" if price.high else "unknown"


def label(value: str) -> str:
    """The name of a status, reason, event or action as text: 'awaiting approval'."""
    return value.replace("_", " ")


def local_time(at: datetime) -> str:
    """Date and minute in the local time zone: '2026-11-20 10:00'."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M")


def exact_time(at: datetime) -> str:
    """Date and second in the local time zone: '2026-11-20 10:00:03'."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def clock_time(at: datetime, now: datetime) -> str:
    """The time of day in the local time zone, with the date if that is not today: '10:00:03'."""
    today = at.astimezone().date() == now.astimezone().date()
    return at.astimezone().strftime("%H:%M:%S") if today else exact_time(at)


def format_age(waited: timedelta) -> str:
    """A duration in its largest unit: '40 s', '12 min', '5 h', '3 d'."""
    seconds = max(int(waited.total_seconds()), 0)
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def status_text(status: ProductionStatus | AssetStatus) -> Text:
    return Text(label(status.value), style=STATUS_STYLE.get(status, ""))


def table(*columns: str, right: Iterable[str] = (), folded: str = "") -> Table:
    """A table with a header and without a frame, numbers to the right. The last column shrinks in a narrow terminal.

    Args:
        folded: Another column that is wrapped there.
    """
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in columns:
        whole = name not in (columns[-1], folded)
        made.add_column(name, justify="right" if name in right else "left", no_wrap=whole, overflow="fold")
    return made


def _folded(console: Console) -> str:
    return "made by" if console.width < NARROW else ""


def one_line(text: str) -> Text:
    """Text on a single line, cut with an ellipsis where the table is too narrow."""
    return Text(" ".join(text.split()), no_wrap=True, overflow="ellipsis")


def print_table(console: Console, made: Table, *, uncut: bool = False) -> None:
    """Print without the blanks that pad the last column; with `uncut`, piped output is as wide as its content."""
    if console.is_terminal:
        console.print(made)
        return
    options = console.options.update(width=UNCUT) if uncut else console.options
    for line in console.render_lines(made, options, pad=False):
        console.out("".join(segment.text for segment in line).rstrip(), highlight=False)


def show_plan(console: Console, plan: views.PlanView, budget: Decimal | None = None) -> None:
    """Print a plan as a table with prices, its total and its warnings."""
    console.print(f"\n[bold]{escape(plan.title)}[/bold]  [dim]planned by {escape(plan.planned_by)}[/dim]\n")
    columns = ["#", "asset", "type", "made by", "USD", "prompt"]
    if console.width < NARROW and any(len(a.provider + a.model) > LONG_NAME for a in plan.assets):
        columns.remove("prompt")
    rows = table(*columns, right=("#", "USD"), folded=_folded(console))
    for asset in plan.assets:
        made_by = f"{asset.provider}/{asset.model}"
        first = map(Text, (str(asset.position), asset.asset_id, asset.asset_type.value, made_by, _price(asset.quote)))
        rows.add_row(*first, *[one_line(asset.prompt)] * ("prompt" in columns))
        if asset.delivery and "prompt" in columns:
            rows.add_row("", "", "", "", "", Text(f"said: {asset.delivery}", style="dim"))
        for other in asset.fallbacks:
            rows.add_row("", "", "", Text(f"or {other.provider}/{other.model}", style="dim"), _price(other.quote))
    print_table(console, rows)
    parts = [counted(len(plan.assets), "asset"), _total(plan)]
    if budget is not None:
        parts.append(f"budget {money(budget)}")
    console.print(f"\n{' · '.join(parts)} · plan [bold]{plan.digest}[/bold]", soft_wrap=True)
    _show_languages(console, plan)
    if plan.finals_usd:
        unknown = " and unknown prices" if plan.finals_usd.unknown else ""
        finals = price_range(plan.finals_usd.low, plan.finals_usd.high)
        console.print(
            f"This is a draft. After its approval, the finals cost {finals} USD{unknown} more.", soft_wrap=True
        )
    if plan.quality and plan.review_usd:
        console.print(_review_text(plan.quality, plan.review_usd), soft_wrap=True)
    for warning in plan.warnings:
        console.print(f"[yellow]![/yellow] {escape(warning)}", soft_wrap=True)


def _review_text(terms: Terms, price: Estimate) -> str:
    """'Takes are judged (advise, from 0.8), up to 2 refinements: 0.02–0.31 USD of the price.'"""
    refined = f", up to {counted(terms.refinements, 'refinement')}" if terms.refinements else ""
    cost = f"{estimate(price)} USD of the price" if price.high else "free"
    return f"Takes are judged ({terms.mode}, from {terms.min_score:g}){refined}: {cost}."


def _show_languages(console: Console, plan: views.PlanView) -> None:
    """One line for each language of a film in several, with its share of the price."""
    for each in plan.languages:
        cost = estimate(Estimate(low=each.low_usd, high=each.high_usd, unknown=each.unknown))
        what = "the original with all pictures" if each.original else counted(each.narrations, "narration")
        name = f"{language_name(each.language)} ({each.language})" if each.language else "Original"
        line = f"{name}: {what}, {cost}{' USD' if each.high_usd else ''}"
        if each.outdated:
            line += f"; out of date: {', '.join(each.outdated)}"
        console.print(escape(line), soft_wrap=True)


def approve_command(production_id: str, plan: views.PlanView) -> str:
    """The command that approves exactly this plan, with the option that its unknown prices require."""
    allow = " --allow-unknown-prices" if plan.unknown_prices else ""
    return f"greenlight approve {production_id} --digest {plan.digest}{allow}"


def counted(count: int, what: str) -> str:
    """A number and its noun: '1 row', '2 rows'."""
    return f"{count} {what}{'s' * (count != 1)}"


def _total(plan: views.PlanView) -> str:
    """The price of a plan: '0.29–0.87 USD and 3 unknown prices', 'free'. An unknown price is never called free."""
    known = price_range(plan.low_usd, plan.high_usd) + (" USD" if plan.high_usd else "")
    if not plan.unknown_prices:
        return known
    unknown = counted(len(plan.unknown_prices), "unknown price")
    return f"{known} and {unknown}" if plan.high_usd else unknown


def _price(quote: Quote | None) -> str:
    if quote is None:
        return "–"
    return "unknown" if quote.unknown else price_range(quote.low_usd, quote.high_usd)


def show_measurements(console: Console, deliverable: views.DeliverableView) -> None:
    """Print what was measured of each film, and what its destination requires where it differs."""
    films = [file for file in deliverable.files if file.measured]
    if not films:
        return
    console.print()
    rows = table("film", "size", "rate", "length", "loudness", "peak", "profile")
    for file in films:
        measured = file.measured
        assert measured
        heard, peak = measured.loudness_lufs, measured.true_peak_dbtp
        failed = "; ".join(f"{c.name} is {c.measured} instead of {c.required}" for c in measured.failed)
        rows.add_row(
            Text(file.name),
            f"{file.width} x {file.height}",
            f"{measured.frame_rate:g}",
            f"{measured.duration_seconds:.1f} s",
            "–" if heard is None else f"{heard:.1f} LUFS",
            "–" if peak is None else f"{peak:.1f} dBTP",
            Text(failed, style="red") if failed else Text("ok", style="green"),
        )
    print_table(console, rows, uncut=True)
    for file in films:
        if file.measured and file.measured.ai_label:
            console.print(Text(f"{file.name}: {file.measured.ai_label}"))


def show_production(console: Console, production: views.ProductionView, url: str) -> None:
    """Print a production: its status, its assets with takes, costs and links, and its deliverable."""
    title = production.plan.title if production.plan else production.brief.title or production.brief.text[:60]
    console.print(f"\n[bold]{escape(title)}[/bold]", soft_wrap=True)
    line = Text.assemble(production.production_id, " · ", status_text(production.status))
    line.append(f" · {production.brief.platform} · spent {spent(production.spent_usd)}")
    line.append(f" of {amount(production.budget_usd)} USD" if production.budget_usd else " USD")
    if production.overrun_usd:
        line.append(f" · {overrun(production.overrun_usd)}", style=OVERRUN_STYLE)
    unknown = production.unknown_costs
    line.append(f" and {counted(unknown, 'unknown cost')}" if unknown else "")
    line.append(f" · estimate {estimate(production.estimate_usd)}\n" if production.estimate_usd else "\n")
    console.print(line, soft_wrap=True)
    _show_state(console, production)
    records = production.assets
    if records:
        names = ("#", "asset", "type", "status", "take", "estimate", "USD", "made by", "media")
        rows = table(*names, right=("#", "estimate", "USD"), folded=_folded(console))
        for r in records:
            made_by = f"{r.provider}/{r.model}"
            first = (str(r.position), Text(r.asset_id), r.asset_type.value, _record_status(r), take_text(r))
            costs = (estimate(r.estimate_usd), _cost(r))
            rows.add_row(*first, *costs, Text(made_by), _media(console, r, url))
        print_table(console, rows)
    for r in records:
        if r.verdict:
            console.print(f"{r.asset_id}: {escape(verdict_text(r.verdict))}", soft_wrap=True)
        if r.error:
            console.print(f"[yellow]![/yellow] {r.asset_id}: {escape(r.error)}", soft_wrap=True)
        for finding in r.findings:
            if not finding.hard:
                console.print(f"[yellow]![/yellow] {r.asset_id}: {escape(finding.message)}", soft_wrap=True)
    show_stale(console, production)
    if production.deliverable:
        console.print(f"\nDeliverable, revision {production.deliverable.revision}\n")
        files = table("file", "size", "type", right=("size",))
        for file in production.deliverable.files:
            files.add_row(Text(file.name), size(file.bytes), file.media_type)
        print_table(console, files)
        show_measurements(console, production.deliverable)
        for note in production.deliverable.notes:
            console.print(f"[yellow]![/yellow] {escape(note)}", soft_wrap=True)


def _show_state(console: Console, production: views.ProductionView) -> None:
    """Print an error, a pause and the approvals given so far."""
    if production.error:
        console.print(f"[red]{escape(production.error)}[/red]\n", soft_wrap=True)
    if pause := production.paused:
        why = f": {escape(pause.reason)}" if pause.reason else ""
        console.print(f"[yellow]Paused[/yellow] by {escape(pause.paused_by)}{why}\n", soft_wrap=True)
    if production.approvals:
        names = ", ".join(a.approver for a in production.approvals)
        count = f"{len(production.approvals)} of {production.brief.approval.approvers}"
        console.print(f"Approved by {count}: {escape(names)}\n", soft_wrap=True)


def show_stale(console: Console, production: views.ProductionView) -> None:
    """Print the stale assets: which of their inputs changed, and the price of making them again."""
    stale = [r for r in production.assets if r.stale]
    if not stale:
        return
    console.print()
    rows = table("stale", "because of", "USD", right=("USD",))
    for record in stale:
        because = ", ".join(record.stale_because) or "an input"
        rows.add_row(Text(record.asset_id), Text(because), amount(record.refresh_usd))
    print_table(console, rows)
    total = sum((r.refresh_usd for r in stale if r.refresh_usd), ZERO)
    unknown = sum(r.refresh_usd is None for r in stale)
    price = money(total) + (f" and {counted(unknown, 'unknown price')}" if unknown else "")
    command = f"greenlight refresh {production.production_id} --max-usd {spent(total)}"
    command += " --allow-unknown-prices" if unknown else ""
    console.print(f"\n{counted(len(stale), 'stale asset')}, {price} to refresh: [bold]{command}[/bold]", soft_wrap=True)


def verdict_text(verdict: Verdict) -> str:
    """A verdict on one line: 'score 0.40 by openai/gpt: anatomy: six fingers', 'unjudged: the judge is down'."""
    if verdict.score is None:
        return f"unjudged: {verdict.unjudged}"
    matches = ", matches" if verdict.matches else ""
    line = f"score {verdict.score:.2f}{matches}, by {verdict.judged_by}"
    return f"{line}: {verdict.complaint}" if verdict.complaint else line


def take_text(record: AssetRecord) -> str:
    """The number of the selected take, and how many there are: '1', '2 (3 takes)'. A failed take has a number too."""
    if not record.take:
        return "–"
    return f"{record.take} ({record.takes} takes)" if record.takes > 1 else str(record.take)


def _cost(record: AssetRecord) -> str:
    """The cost of all takes of an asset; `unknown` where the price of the selected one is not published."""
    if record.cost_source == "unknown":
        return f"{amount(record.cost_usd)} + unknown" if record.cost_usd else "unknown"
    return "reused" if record.reused and not record.cost_usd else amount(record.cost_usd) if record.take else "–"


def _record_status(record: AssetRecord) -> Text:
    text = status_text(record.status)
    if record.attention:
        text.append(f" ({label(record.attention)})", style=reason_style(record.attention))
    if record.stale:
        text.append(" (stale)", style="yellow")
    return text


def _media(console: Console, record: AssetRecord, url: str) -> Text:
    if not record.file_url:
        return Text("–")
    link = url + record.file_url
    return Text(record.media_type or "open", style=f"link {link}") if console.is_terminal else Text(link)


def size(count: int) -> str:
    """A number of bytes in a readable unit: '812 B', '34 kB', '1.2 MB'."""
    if count < 1_000:
        return f"{count} B"
    return f"{count / 1e3:.0f} kB" if count < 1_000_000 else f"{count / 1e6:.1f} MB"
