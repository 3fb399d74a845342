"""The commands of webhooks: webhooks list, resend. They are about the events that a webhook did not get."""

from typing import Annotated

import typer
from rich.text import Text

from api.cli.context import EXIT_USAGE, Context, JsonOption, cli_of
from api.cli.tables import counted, local_time, one_line, print_table, table
from api.views.webhooks import GivenUpPage

app = typer.Typer(no_args_is_help=True)


@app.command("list")
def list_(context: Context, as_json: JsonOption = False) -> None:
    """List the deliveries that were given up, and not resent since."""
    cli = cli_of(context)
    found = tuple(cli.client.given_up())
    if as_json:
        cli.print_json(GivenUpPage(deliveries=found))
        return
    if not found:
        cli.print("No event was given up.")
        return
    rows = table("delivery", "events", "given up", "address", "why", right=("events",))
    for each in found:
        when = local_time(each.given_up_at) if each.given_up_at else ""
        rows.add_row(each.delivery_id, str(each.events), when, Text(each.url), one_line("; ".join(each.reasons)))
    print_table(cli.out, rows)
    cli.print("\nPost them again: [bold]greenlight webhooks resend ID[/bold], or [bold]resend --all[/bold]")


@app.command()
def resend(
    context: Context,
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID…", help="The deliveries, as `list` shows them.")
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every delivery that was given up.")] = False,
) -> None:
    """Post the events that were given up once more; they are retried for a day."""
    cli = cli_of(context)
    if bool(ids) == all_:
        cli.warn("Name the deliveries, or give --all")
        raise typer.Exit(EXIT_USAGE)
    chosen = ids or [each.delivery_id for each in cli.client.given_up()]
    events = sum(cli.client.resend(each).events for each in chosen)
    noun = "delivery" if len(chosen) == 1 else "deliveries"
    cli.print(f"{counted(events, 'event')} of {len(chosen)} {noun} are posted again.")
