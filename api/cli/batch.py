"""The commands of batches: batch, batches."""

import time
from decimal import Decimal
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Annotated, Final, Self

import typer
from pydantic import TypeAdapter
from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from api.cli.batch_file import BatchFileError, batch_id_of, read_batch
from api.cli.context import (
    EXIT_ATTENTION,
    EXIT_REFUSED,
    EXIT_TOO_DEAR,
    Context,
    JsonOption,
    Studio,
    UnknownOption,
    me,
    studio_of,
    usd_option,
)
from api.cli.tables import STATUS_STYLE, amount, one_line, print_table, spent, table
from api.client.client import GreenlightError
from api.views.batches import BatchBody, ListedBatch
from workflows import keys
from workflows.batch.records import MAX_AT_ONCE, Admit, BatchRowView, BatchStatus, BatchView
from workflows.events import ProductionStatus
from workflows.models import Platform

app = typer.Typer()

LOOK_SECONDS: Final = 1.0
"""Between two looks at a batch; each is one query of it, whatever the number of its rows."""
MARGIN: Final = 5
"""Terminal rows left free of the table: the prompt, its head and the totals."""

_OPEN: Final = (BatchStatus.PLANNED, BatchStatus.OVER_BUDGET, BatchStatus.PRODUCING, BatchStatus.NEEDS_ATTENTION)


@app.command(rich_help_panel="Make")
def batch(
    context: Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="Briefs, one a row: .csv or .jsonl.")
    ],
    at_once: Annotated[int, typer.Option(min=1, max=MAX_AT_ONCE, help="In planning and in work at a time.")] = 5,
    budget: Annotated[
        Decimal | None, usd_option("With --approve: all rows fit this together, or none is made.")
    ] = None,
    approve: Annotated[bool, typer.Option("--approve", help="Make all rows once all are planned.")] = False,
    allow_unknown_prices: UnknownOption = False,
    platform: Annotated[
        Platform | None, typer.Option(metavar="PLATFORM", help="Of the rows that do not say theirs.")
    ] = None,
    tenant: Annotated[str, typer.Option(help="On whose account they are made.")] = "default",
    batch_id: Annotated[
        str | None, typer.Option("--batch-id", metavar="ID", help="Default: made from the file's content.")
    ] = None,
    watch: Annotated[bool, typer.Option("--watch/--no-watch", help="Follow it.")] = True,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="The results. Default: FILE.results.csv.")
    ] = None,
    stop: Annotated[bool, typer.Option("--stop", help="Start and approve nothing further of this batch.")] = False,
) -> None:
    """Make a brief a row. An unchanged file is the same batch: run it again to go on, or to approve what it planned."""
    studio = studio_of(context)
    if budget is not None and not approve:
        raise typer.BadParameter("--budget is what --approve may spend in all; give both, or leave it out")
    known = batch_id or batch_id_of(file, tenant, platform or "")
    if stop:
        _say_totals(studio, studio.client.stop_batch(keys.owned(tenant, known)))
        return
    try:
        rows = read_batch(file)
    except BatchFileError as error:
        raise typer.BadParameter(f"{error}.") from None
    asked = BatchBody(
        rows=tuple(rows),
        defaults={"tenant": tenant, **({"platform": platform.value} if platform else {})},
        batch_id=known,
        at_once=at_once,
        approve=approve,
        budget_usd=budget,
        allow_unknown_prices=allow_unknown_prices,
        requester=me(),
    )
    started = studio.client.start_batch(asked)
    known = started.batch_id  # with the tenant's name
    studio.warn(f"Batch {known}: {started.rows} rows, {started.status.value.replace('_', ' ')}")
    if approve and started.status in _OPEN:
        _admit(studio, asked, known)
    if not watch:
        return
    view = _follow(studio, known)
    results = out or file.with_suffix(".results.csv")
    studio.client.download_results(known, results, format="jsonl" if results.suffix == ".jsonl" else "csv")
    _say_totals(studio, view)
    studio.out.out(results, highlight=False)
    _end(studio, view, file)


@app.command(rich_help_panel="Look")
def batches(
    context: Context,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List batches: open ones first."""
    studio = studio_of(context)
    found = tuple(islice(studio.client.batches(page_size=min(limit, 100)), limit))
    if as_json:
        typer.echo(TypeAdapter(tuple[ListedBatch, ...]).dump_json(found, indent=2))
        return
    rows = table("batch", "status", "rows", "USD", "created", "requester", right=("rows", "USD"))
    for b in found:
        created = b.created_at.astimezone().strftime("%Y-%m-%d %H:%M")
        rows.add_row(
            Text(b.batch_id), b.status.replace("_", " "), str(b.rows), spent(b.spent_usd), created, b.requester
        )
    print_table(studio.out, rows)


def _admit(studio: Studio, asked: BatchBody, batch_id: str) -> None:
    """A batch that was sent before is approved on the terms that are given now."""
    view = studio.client.batch(batch_id)
    terms = ("approve", "budget_usd", "allow_unknown_prices")
    if any(getattr(view, name) != getattr(asked, name) for name in terms):
        given = {"budget_usd": asked.budget_usd, "allow_unknown_prices": asked.allow_unknown_prices}
        try:
            studio.client.admit_batch(batch_id, Admit(approver=me(), **given), idempotency_key=studio.key)
        except GreenlightError as error:
            if not any(one.field == "budget_usd" for one in error.errors):
                raise
            studio.warn(f"[red]Not approved[/red]: {escape(error.detail)}")
            raise typer.Exit(EXIT_TOO_DEAR) from None


def _follow(studio: Studio, batch_id: str) -> BatchView:
    """Show a batch until it is done or only a person can help."""
    try:
        with BatchProgress(studio.out) as progress:
            while True:
                if view := _look(studio, batch_id):
                    progress.show(view)
                    waits = view.status in (BatchStatus.NEEDS_ATTENTION, BatchStatus.STOPPED)
                    ends = (BatchStatus.DONE, BatchStatus.PLANNED, BatchStatus.OVER_BUDGET)
                    # Nobody is there to decide: a script must not wait for ever.
                    if view.status in ends or (waits and not studio.interactive):
                        return view
                time.sleep(LOOK_SECONDS)
    except KeyboardInterrupt:
        studio.say(f"\nThe batch goes on without you: {batch_id}")
        raise typer.Exit(130) from None


def _look(studio: Studio, batch_id: str) -> BatchView | None:
    """How far it is; nothing while that cannot be asked, which passes."""
    try:
        return studio.client.batch(batch_id)
    except GreenlightError as error:
        if 0 < error.status < 500:
            raise
        studio.warn(f"[dim]{escape(error.title)}; trying again[/dim]")
        return None


class BatchProgress:
    """Follows a batch: one table on a terminal, one line for each change of a row without one."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told: dict[int, str] = {}
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
            if self._told.get(row.row) != row.status:
                self._told[row.row] = row.status
                words = "  ".join(filter(None, (f"row {row.row}", row.key, _words(row.status), row.error)))
                self._console.out(words, highlight=False)


def _rows(view: BatchView, height: int) -> Table:
    """As many rows as there is room for: first those that are not done."""
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
    return Text(_words(row.status), style=style)


def _words(status: str) -> str:
    return status.replace("_", " ")


def _cost(row: BatchRowView) -> str:
    return (
        spent(row.spent_usd) if isinstance(row.status, ProductionStatus) and row.status.closed else amount(row.high_usd)
    )


def _totals(view: BatchView) -> str:
    """'12 rows · 9 delivered · 3 producing · spent 0.12 USD of 5.00 USD'."""
    totals = view.totals
    counts = [f"{count} {_words(status)}" for status, count in sorted(totals.statuses.items())]
    budget = f" of {amount(view.budget_usd)} USD" if view.budget_usd is not None else ""
    return " · ".join([f"{totals.rows} rows", *counts, f"spent {spent(totals.spent_usd)} USD{budget}"])


def _say_totals(studio: Studio, view: BatchView) -> None:
    studio.out.out(f"\n{_words(view.status).capitalize()}: {_totals(view)}", highlight=False)


def _end(studio: Studio, view: BatchView, file: Path) -> None:
    """Say what is to be decided; the exit code that goes with it."""
    match view.status:
        case BatchStatus.PLANNED:
            high = amount(view.totals.high_usd)
            studio.say(f"\nThe rows cost up to {high} in all and wait for an approval. Approve all of them:")
            studio.say(f"  [bold]greenlight batch {escape(str(file))} --approve --budget {view.totals.high_usd}[/bold]")
        case BatchStatus.OVER_BUDGET:
            studio.warn(f"[red]Not approved[/red]: {escape(view.message)}")
            raise typer.Exit(EXIT_TOO_DEAR)
        case BatchStatus.NEEDS_ATTENTION:
            studio.say("\nSome rows wait for a person: [bold]greenlight attention[/bold]")
            raise typer.Exit(EXIT_ATTENTION)
        case _ if view.totals.statuses != {ProductionStatus.DELIVERED.value: view.totals.rows}:
            raise typer.Exit(EXIT_REFUSED)
