"""Commands that show productions: list, show."""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from api.cli.commands.attention import print_pending
from api.cli.commands.references import show_references
from api.cli.context import INSPECT, Context, JsonOption, LimitOption, ProductionArgument, cli_of
from api.cli.tables import (
    NARROW,
    OVERRUN_STYLE,
    amount,
    format_age,
    local_time,
    one_line,
    print_table,
    show_plan,
    show_production,
    spent,
    status_text,
    table,
)
from api.views.production import ListedProduction
from workflows.brief import Platform
from workflows.events import ProductionStatus

app = typer.Typer()


@app.command("list", rich_help_panel=INSPECT)
def list_(
    context: Context,
    words: Annotated[
        list[str] | None, typer.Argument(help="Text in the title, the id or the requester's name.")
    ] = None,
    status: Annotated[ProductionStatus | None, typer.Option(help="Only these.")] = None,
    platform: Annotated[Platform | None, typer.Option(help="Only these.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Only these.")] = None,
    provider: Annotated[str | None, typer.Option(help="Only productions with assets of this provider.")] = None,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List productions: open ones first, the newest at the top, then the most recently closed."""
    cli = cli_of(context)
    listed = cli.client.list(
        status=status,
        platform=platform,
        tenant=tenant,
        provider=provider,
        words=" ".join(words or ()) or None,
        page_size=min(limit, 100),
    )
    productions = list(islice(listed, limit))
    if as_json:
        cli.print_json(productions)
        return
    if not productions:
        cli.print(
            'No productions found. Start one: [bold]greenlight produce "A 20 second film about a lighthouse."[/bold]'
        )
        return
    show_list(cli.out, productions, datetime.now(UTC))


def show_list(console: Console, productions: Iterable[ListedProduction], now: datetime) -> None:
    """Print a line for each production: in a narrow terminal without the platform, and with its age for its date."""
    narrow = console.is_terminal and console.width < NARROW
    names = ["production", "status", *([] if narrow else ["platform"]), "age" if narrow else "created", "USD", "title"]
    rows = table(*names, right=("USD", "age"))
    for p in productions:
        created = format_age(now - p.created_at) if narrow else local_time(p.created_at)
        kind = [] if narrow else [p.platform.value if p.platform else "–"]
        cost = Text(spent(p.spent_usd))
        if p.overrun_usd:
            cost.append(f" ({amount(p.overrun_usd)} over)", style=OVERRUN_STYLE)
        rows.add_row(Text(p.production_id), status_text(p.status), *kind, created, cost, one_line(p.title))
    print_table(console, rows)


@app.command(rich_help_panel=INSPECT)
def show(context: Context, production_id: ProductionArgument, as_json: JsonOption = False) -> None:
    """Show a production: assets, takes, costs, links."""
    cli = cli_of(context)
    production = cli.client.get(cli.production_id(production_id))
    if as_json:
        cli.print_json(production)
        return
    show_production(cli.out, production, cli.client.url)
    if production.status is ProductionStatus.AWAITING_APPROVAL and production.plan:
        show_plan(cli.out, production.plan, production.brief.budget_usd)
    if production.brief.references:
        show_references(context, cli.client.references(production.production_id))
    print_pending(cli, production)
    if production.links.temporal_ui:
        cli.print(f"\nIn the Temporal UI: {production.links.temporal_ui}")
