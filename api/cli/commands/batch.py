"""The commands of batches: batch, batches."""

from collections.abc import Callable
from decimal import Decimal
from itertools import islice
from pathlib import Path
from shlex import quote
from types import TracebackType
from typing import Annotated, Final, Literal, Self

import typer
from pydantic import JsonValue
from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from api.cli.batch_file import BatchFileError, batch_id_of, read_batch, read_items
from api.cli.context import (
    EXIT_ATTENTION,
    EXIT_REFUSED,
    EXIT_TOO_EXPENSIVE,
    INSPECT,
    MAKE,
    Cli,
    Context,
    JsonOption,
    LimitOption,
    UnknownOption,
    check_out,
    cli_of,
    current_user,
    usd_option,
)
from api.cli.files import file_argument
from api.cli.tables import (
    STATUS_STYLE,
    amount,
    at_most,
    counted,
    label,
    local_time,
    one_line,
    print_table,
    spent,
    table,
)
from api.client.client import GreenlightError
from api.views.batches import BatchBody
from workflows import keys
from workflows.batch.records import MAX_AT_ONCE, Admit, BatchRowView, BatchStatus, BatchView
from workflows.brief import Platform
from workflows.events import ProductionStatus
from workflows.series.items import MAX_ITEMS

app = typer.Typer()

ENDED: Final = (BatchStatus.DONE, BatchStatus.PLANNED, BatchStatus.OVER_BUDGET)
"""Between two polls of a batch; each is one query, for any number of rows."""
MARGIN: Final = 5
"""Terminal rows that the table does not use: for the prompt, its header and the totals."""

_OPEN: Final = (BatchStatus.PLANNED, BatchStatus.OVER_BUDGET, BatchStatus.PRODUCING, BatchStatus.NEEDS_ATTENTION)


@app.command(rich_help_panel=MAKE)
def batch(
    context: Context,
    file: Annotated[Path, file_argument("One brief per row: .csv (commas, semicolons or tabs) or .jsonl.")],
    at_once: Annotated[int, typer.Option(min=1, max=MAX_AT_ONCE, help="The number of productions at a time.")] = 5,
    budget: Annotated[
        Decimal | None,
        usd_option("With --approve: the maximum for all rows together; if they exceed it, none is made."),
    ] = None,
    approve: Annotated[bool, typer.Option("--approve", help="Make all rows once all are planned.")] = False,
    series: Annotated[
        bool, typer.Option("--series", help="One plan, one approval and one budget, which no row ever exceeds.")
    ] = False,
    pictures: Annotated[
        str,
        typer.Option(
            metavar="TEXT", help="A series: each row is one picture (columns key and text) of the catalogue TEXT."
        ),
    ] = "",
    style: Annotated[str, typer.Option(help="With --pictures: the style of all pictures.")] = "",
    part_size: Annotated[
        int, typer.Option(min=1, max=MAX_ITEMS, help="With --pictures: the most pictures in one production.")
    ] = MAX_ITEMS,
    allow_unknown_prices: UnknownOption = False,
    platform: Annotated[
        Platform | None, typer.Option(metavar="PLATFORM", help="The platform of rows without their own.")
    ] = None,
    tenant: Annotated[str, typer.Option(help="The tenant for whom they are made.")] = "default",
    batch_id: Annotated[
        str | None, typer.Option("--batch-id", metavar="ID", help="Default: derived from the file's content.")
    ] = None,
    watch: Annotated[bool, typer.Option("--watch/--no-watch", help="Follow the batch.")] = True,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="The results. Default: FILE.results.csv.")
    ] = None,
    stop: Annotated[bool, typer.Option("--stop", help="Start and approve no further rows of this batch.")] = False,
) -> None:
    """Make one brief per row. An unchanged file is the same batch: run it again to continue or to approve its plans."""
    cli = cli_of(context)
    if budget is not None and not approve:
        raise typer.BadParameter("--budget limits --approve; give both, or neither")
    if (style or part_size < MAX_ITEMS) and not pictures:
        raise typer.BadParameter("--style and --part-size are for --pictures; give it too, or leave them out")
    results = out or file.with_suffix(".results.csv")
    check_out(results.parent)
    terms = _series_options(pictures, style, part_size) if pictures else ["--series"] if series else []
    batch_id = batch_id or batch_id_of(file, tenant, platform or "", *terms)
    if stop:
        _print_totals(cli, cli.client.stop_batch(keys.qualify_id(tenant, batch_id)))
        return
    try:
        rows = () if pictures else tuple(read_batch(file))
        items = tuple(read_items(file)) if pictures else ()
    except BatchFileError as error:
        raise typer.BadParameter(f"{error}.") from None
    one_approval = series or bool(pictures)
    defaults: dict[str, JsonValue] = {"tenant": tenant, **({"platform": platform.value} if platform else {})}
    if pictures:
        defaults = {"platform": Platform.DESIGN.value, **defaults, "text": pictures, "style": style}
    body = BatchBody(
        rows=rows,
        items=items,
        part_size=part_size,
        series=one_approval,
        defaults=defaults,
        batch_id=batch_id,
        at_once=at_once,
        approve=approve and not one_approval,
        budget_usd=budget,
        allow_unknown_prices=allow_unknown_prices,
        requester=current_user(),
        file=file.name[:200],
    )
    started = cli.client.start_batch(body)
    batch_id = started.batch_id  # with the tenant's name
    cli.warn(f"Batch {batch_id}: {counted(started.rows, 'row')}, {label(started.status.value)}")
    if approve and one_approval:
        _admit_series(cli, _follow(cli, batch_id), budget, allow_unknown=allow_unknown_prices)
    elif approve and started.status in _OPEN:
        _admit(cli, body, batch_id)
    if not watch:
        return
    view = _follow(cli, batch_id)
    kind: Literal["csv", "jsonl"] = "jsonl" if results.suffix == ".jsonl" else "csv"
    cli.client.download_results(batch_id, results, format=kind, by="asset" if pictures else "row")
    _print_totals(cli, view)
    cli.out.out(results, highlight=False)
    _print_next_step(cli, view, " ".join((quote(str(file)), *terms)))


@app.command(rich_help_panel=INSPECT)
def batches(
    context: Context,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List batches: open ones first."""
    cli = cli_of(context)
    found = tuple(islice(cli.client.batches(page_size=min(limit, 100)), limit))
    if as_json:
        cli.print_json(found)
        return
    rows = table("batch", "status", "rows", "USD", "created", "requester", right=("rows", "USD"))
    for b in found:
        created = local_time(b.created_at)
        rows.add_row(Text(b.batch_id), label(b.status), str(b.rows), spent(b.spent_usd), created, b.requester)
    print_table(cli.out, rows)


def _series_options(pictures: str, style: str, part_size: int) -> list[str]:
    """The options that make a file a catalogue, as they are typed."""
    styled = [f"--style {quote(style)}"] if style else []
    return [f"--pictures {quote(pictures)}", *styled, *([f"--part-size {part_size}"] if part_size < MAX_ITEMS else [])]


def _admit(cli: Cli, body: BatchBody, batch_id: str) -> None:
    """Approve an existing batch on the terms of this invocation."""
    view = cli.client.batch(batch_id)
    terms = ("approve", "budget_usd", "allow_unknown_prices")
    if any(getattr(view, name) != getattr(body, name) for name in terms):
        _send_admit(cli, view, body.budget_usd, body.allow_unknown_prices, "")


def _admit_series(cli: Cli, view: BatchView, budget: Decimal | None, *, allow_unknown: bool) -> None:
    """Approve exactly the plans of a series that were just read, or raise its budget."""
    raised = budget is not None and view.budget_usd is not None and budget > view.budget_usd
    if view.plan_digest or raised:
        _send_admit(cli, view, budget, allow_unknown, view.plan_digest)


def _send_admit(cli: Cli, view: BatchView, budget: Decimal | None, allow_unknown: bool, digest: str) -> None:
    admit = Admit(approver=current_user(), budget_usd=budget, allow_unknown_prices=allow_unknown, plan_digest=digest)
    try:
        cli.client.admit_batch(view.batch_id, admit, idempotency_key=cli.key)
    except GreenlightError as error:
        if not any(problem.field == "budget_usd" for problem in error.errors):
            raise
        cli.warn(f"[red]Not approved[/red]: {escape(error.detail)}")
        raise typer.Exit(EXIT_TOO_EXPENSIVE) from None


def _follow(cli: Cli, batch_id: str) -> BatchView:
    """Show a batch until it is done, or until it needs a decision."""

    def ended(view: BatchView) -> bool:
        waits = view.status in (BatchStatus.NEEDS_ATTENTION, BatchStatus.STOPPED)
        # Without a terminal no one can decide, and a script must not wait forever.
        return view.status in ENDED or (waits and not cli.interactive)

    return show_batch(cli, batch_id, ended)


def show_batch(cli: Cli, batch_id: str, ended: Callable[[BatchView], bool]) -> BatchView:
    """Show a batch until it has ended."""
    with cli.interruptible(f"The batch continues: {batch_id}"), BatchProgress(cli.out) as progress:
        return cli.follow(lambda: cli.client.batch(batch_id), progress.show, ended)


class BatchProgress:
    """Shows a batch: one table in a terminal; without one, a line for each change of a row."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._statuses: dict[int, str] = {}
        moves = console.is_terminal and not console.is_dumb_terminal
        self._live = Live(console=console, auto_refresh=False) if moves else None

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._live:
            self._live.stop()

    def show(self, view: BatchView) -> None:
        if self._live:
            self._live.update(Group(_rows(view, self._console.height - MARGIN), Text(_totals(view))), refresh=True)
            return
        for row in view.rows:
            if self._statuses.get(row.row) != row.status:
                self._statuses[row.row] = row.status
                line = "  ".join(filter(None, (f"row {row.row}", row.key, label(row.status), row.error)))
                self._console.out(line, highlight=False)


def _rows(view: BatchView, height: int) -> Table:
    """As many rows as fit: first those that are not done."""
    done = (ProductionStatus.DELIVERED, "pending")
    shown = sorted(view.rows, key=lambda row: row.status in done)[: max(height, 1)]
    rows = table("row", "key", "status", "production", "USD", "", right=("row", "USD"))
    for row in sorted(shown, key=lambda row: row.row):
        rows.add_row(
            str(row.row), one_line(row.key[:32]), _status(row), row.production_id, _cost(row), one_line(row.error)
        )
    return rows


def _status(row: BatchRowView) -> Text:
    style = STATUS_STYLE.get(row.status, "") if isinstance(row.status, ProductionStatus) else "dim"
    return Text(label(row.status), style=style)


def _cost(row: BatchRowView) -> str:
    return (
        spent(row.spent_usd) if isinstance(row.status, ProductionStatus) and row.status.closed else amount(row.high_usd)
    )


def _totals(view: BatchView) -> str:
    """'12 rows · 9 delivered · 3 producing · spent 0.12 USD of 5.00 USD'."""
    totals = view.totals
    counts = [f"{count} {label(status)}" for status, count in sorted(totals.statuses.items())]
    budget = f" of {spent(view.budget_usd)} USD" if view.budget_usd is not None else ""
    return " · ".join([counted(totals.rows, "row"), *counts, f"spent {spent(totals.spent_usd)} USD{budget}"])


def _print_totals(cli: Cli, view: BatchView) -> None:
    cli.out.out(f"\n{label(view.status).capitalize()}: {_totals(view)}", highlight=False)


def _print_next_step(cli: Cli, view: BatchView, file: str) -> None:
    """Print the pending decision, and exit with the code of the batch's status.

    Args:
        file: The file with the options that make it this batch.
    """
    match view.status:
        case BatchStatus.PLANNED:
            cost = f"cost {at_most(view.totals.high_usd)} in all" if view.totals.high_usd else "cost nothing"
            if unknown := view.totals.unknown_prices:
                cost = f"{cost}, without {counted(unknown, 'row')} of unknown price,"
            cli.print(f"\nThe rows {cost} and wait for an approval. Approve all of them:")
            cli.print(f"  [bold]greenlight batch {escape(file)} --approve --budget {view.totals.high_usd}[/bold]")
        case BatchStatus.OVER_BUDGET:
            cli.warn(f"[red]Not approved[/red]: {escape(view.message)}")
            raise typer.Exit(EXIT_TOO_EXPENSIVE)
        case BatchStatus.NEEDS_ATTENTION:
            cli.print("\nDecisions about some rows are pending: [bold]greenlight attention[/bold]")
            raise typer.Exit(EXIT_ATTENTION)
        case _ if view.totals.statuses != {ProductionStatus.DELIVERED.value: view.totals.rows}:
            raise typer.Exit(EXIT_REFUSED)
