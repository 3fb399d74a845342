"""Commands that stop a production and let it go on: pause, resume, cancel."""

import time
from decimal import Decimal
from typing import Annotated, Final

import typer
from pydantic import JsonValue
from rich.table import Table
from rich.text import Text

from api.cli.context import Context, ProductionArgument, Studio, me, studio_of
from api.cli.decide import say_receipt
from api.cli.edit import PANEL
from api.cli.tables import print_table, spent
from api.client.client import GreenlightError
from api.views.production import ProductionView
from workflows.events import AssetRecord
from workflows.requests import Pause, Resume

app = typer.Typer()

CANCEL_SECONDS: Final = 30.0
"""A provider answers a cancel in seconds; who waits longer is told where to look."""
LOOK_SECONDS: Final = 0.25


@app.command(rich_help_panel=PANEL)
def pause(
    context: Context,
    production_id: ProductionArgument,
    reason: Annotated[str, typer.Option(help="Why; kept in the event log.")] = "",
) -> None:
    """Let what runs finish and start nothing new."""
    studio = studio_of(context)
    receipt = studio.client.pause(production_id, Pause(paused_by=me(), reason=reason))
    say_receipt(studio, production_id, "Paused", receipt)
    studio.say(f"Go on: [bold]greenlight resume {production_id}[/bold]")


@app.command(rich_help_panel=PANEL)
def resume(context: Context, production_id: ProductionArgument) -> None:
    """Go on after a pause."""
    studio = studio_of(context)
    say_receipt(studio, production_id, "Resumed", studio.client.resume(production_id, Resume(resumed_by=me())))


@app.command(rich_help_panel=PANEL)
def cancel(context: Context, production_id: ProductionArgument) -> None:
    """Stop a production, at its providers too; what was made and spent stays."""
    studio = studio_of(context)
    before = studio.client.cancel(production_id)
    production = _closed(studio, production_id)
    if production is None:
        studio.say(f"Cancelling. It ends as soon as its providers and a worker answer: greenlight show {production_id}")
        return
    studio.say(f"The production is [bold]{production.status.value}[/bold], {spent(production.spent_usd)} USD spent.")
    events = studio.client.events(production_id, after=before.last_event_id)
    billed = {e.asset_id: e.data.get("billed_usd") for e in events if e.name == "asset_cancelled"}
    rows = Table.grid(padding=(0, 2, 0, 0))
    for record in production.assets:
        if record.cancelled:
            rows.add_row(Text(f"  {record.asset_id}"), Text(_end(record, billed.get(record.asset_id))))
    print_table(studio.out, rows, uncut=True)


def _closed(studio: Studio, production_id: str) -> ProductionView | None:
    """The production once it is closed; None where that takes long."""
    until = time.monotonic() + CANCEL_SECONDS
    while time.monotonic() < until:
        try:
            production = studio.client.get(production_id)
        except GreenlightError as error:
            if error.status != 503:
                raise
        else:
            if production.status.closed:
                return production
        time.sleep(LOOK_SECONDS)
    return None


def _end(record: AssetRecord, billed: JsonValue) -> str:
    """What became of an asset that was to be made, and what that has cost."""
    cost = f", {spent(Decimal(str(billed)))} USD" if billed else ""
    job = f", job {record.job_id}" if record.job_id else ""
    match record.cancelled:
        case "billed":
            return f"already billed{cost}"
        case "stopped":
            return f"stopped at the provider {record.provider}{job}{cost}"
        case "running":
            return f"may still run at {record.provider}{job}{cost}"
        case _:
            return "cancelled free"
