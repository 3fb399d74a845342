"""The commands of grants: grants create, list, revoke. They need an API with keys, and the key of an approver."""

from decimal import Decimal
from typing import Annotated

import typer
from rich.text import Text

from api.cli.context import Context, JsonOption, cli_of
from api.cli.options import parse_duration
from api.cli.tables import local_time, print_table, spent, table

app = typer.Typer(no_args_is_help=True)


@app.command()
def create(
    context: Context,
    agent: Annotated[str, typer.Argument(metavar="AGENT", help="The name of the agent's key.")],
    usd: Annotated[str, typer.Option(metavar="USD", help="The most that the agent may release, planning included.")],
    production: Annotated[
        str | None, typer.Option(metavar="ID", help="For this production alone; otherwise for all of a day (UTC).")
    ] = None,
    each: Annotated[bool, typer.Option("--each", help="For each production of the agent, not for the day.")] = False,
    valid: Annotated[str, typer.Option(metavar="TIME", help="How long, e.g. 8h or 3d; at most 90d.")] = "24h",
) -> None:
    """Let an agent release money without a further approval."""
    made = cli_of(context).client.create_grant(
        agent,
        Decimal(usd),
        per="production" if production or each else "day",
        production_id=production,
        valid_seconds=parse_duration(valid),
    )
    covered = made.production_id or ("each production" if made.per == "production" else "a day")
    ends = local_time(made.expires_at)
    text = f"{made.grant_id}: {agent} may release {spent(made.usd)} USD for {covered}, until {ends}."
    cli_of(context).out.out(text, highlight=False)


@app.command("list")
def list_(context: Context, as_json: JsonOption = False) -> None:
    """List what people granted the agents of the tenant."""
    cli = cli_of(context)
    found = cli.client.grants()
    if as_json:
        cli.print_json(found)
        return
    rows = table("grant", "agent", "usd", "for", "by", "until")
    for grant in found:
        covered = grant.production_id or f"each {grant.per}"
        until = local_time(grant.expires_at)
        rows.add_row(grant.grant_id, Text(grant.agent), spent(grant.usd), covered, Text(grant.granted_by), until)
    print_table(cli.out, rows)


@app.command()
def revoke(context: Context, grant: Annotated[str, typer.Argument(metavar="GRANT", help="Its id.")]) -> None:
    """End a grant now. What the agent has released with it stays released."""
    cli_of(context).client.revoke_grant(grant)
    cli_of(context).out.out(f"Revoked {grant}.", highlight=False)
