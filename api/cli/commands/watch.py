"""The command `watch`, and what follows a production to its end for the other commands."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from api.cli.commands.attention import print_pending
from api.cli.context import (
    EXIT_ATTENTION,
    EXIT_INTERRUPTED,
    EXIT_REFUSED,
    MAKE,
    Cli,
    Context,
    ProductionArgument,
    check_out,
    cli_of,
)
from api.cli.progress import ProductionProgress
from api.cli.tables import approve_command, show_production
from api.views.production import ProductionView, StreamEvent
from workflows.events import AssetStatus, ProductionStatus

app = typer.Typer()

OutOption = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Download the deliverable to DIR.")]


@app.command(rich_help_panel=MAKE)
def watch(
    context: Context,
    production_id: ProductionArgument,
    out: OutOption = None,
    from_now: Annotated[bool, typer.Option("--from-now", help="Show no event that happened before.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print each event as one line of JSON, for scripts.")] = False,
) -> None:
    """Follow a production to its end, with the time of each event; after a lost connection the command resumes."""
    check_out(out)
    if out and as_json:
        raise typer.BadParameter("prints only events; use `greenlight open` for the files", param_hint="--json")
    cli = cli_of(context)
    production_id = cli.production_id(production_id)
    if as_json:
        _print_events(cli, production_id, from_now=from_now)
    else:
        follow(cli, production_id, out, from_now=from_now)


def _print_events(cli: Cli, production_id: str, *, from_now: bool) -> None:
    """Print the events as JSON lines. The exit codes are those of `follow`."""
    production = cli.client.get(production_id)
    try:
        if not (from_now and _ends_without_person(cli, production)):
            for event in cli.client.events(production_id, after=production.resume_id if from_now else 0):
                typer.echo(event.model_dump_json())
                if _may_end(production, event) and _ends_without_person(cli, cli.client.get(production_id)):
                    break
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_INTERRUPTED) from None
    production = cli.client.get(production_id)
    if _waits_for_person(production):
        raise typer.Exit(EXIT_ATTENTION)
    if production.status is not ProductionStatus.DELIVERED:
        raise typer.Exit(EXIT_REFUSED)


def _may_end(before: ProductionView, event: StreamEvent) -> bool:
    """Whether the production may wait for a person after this event; events until the first read are history."""
    decides = event.name in ("needs_attention", "paused", "plan_ready", "plan_edited", "approval_given")
    known, event_id = max(before.resume_id, before.last_event_id), event.resume_id or 0
    return event_id > 0 and (event_id == known or (event_id > known and decides))


def _ends_without_person(cli: Cli, production: ProductionView) -> bool:
    """Without a terminal no one can decide, and a script must not wait forever."""
    return not cli.interactive and _waits_for_person(production)


def _waits_for_person(production: ProductionView) -> bool:
    return production.status is ProductionStatus.AWAITING_APPROVAL or _waits_for_decision(production)


def follow(cli: Cli, production_id: str, out: Path | None, *, from_now: bool = False) -> None:
    """Show a production's events to its end, then its result. Exits 1 if nothing was delivered, and 4 if it waits for a
    decision and there is no terminal."""
    production = cli.client.get(production_id)
    if production.status is ProductionStatus.AWAITING_APPROVAL:
        print_decision_commands(cli, production)
        if not cli.interactive:
            raise typer.Exit(EXIT_ATTENTION)
    if not (from_now and _ends_without_person(cli, production)):
        _show_events(cli, production, after=production.resume_id if from_now else 0)
    production = cli.client.get(production_id)
    show_production(cli.out, production, cli.client.url)
    if _waits_for_decision(production):
        print_pending(cli, production)
        raise typer.Exit(EXIT_ATTENTION)
    if production.status is not ProductionStatus.DELIVERED:
        raise typer.Exit(EXIT_REFUSED)
    if out:
        print_paths(cli, cli.client.download_all(production, out))
    else:
        cli.print(f"\nDownload it: {next_command('open', production)}")


def _show_events(cli: Cli, production: ProductionView, *, after: int) -> None:
    """Show the events after number `after` until the production is closed, or waits for a person who is not there."""
    production_id = production.production_id
    digest, attention = production.plan.digest if production.plan else "", False
    assets = production.plan.assets if production.plan else ()
    again = f"The production continues. Follow it again: {next_command('watch', production)}"
    with cli.interruptible(again), ProductionProgress(cli.out, assets) as progress:
        if after:
            progress.set_records(production.assets)
        for event in cli.client.events(production_id, after=after):
            progress.show(event)
            if event.name == "plan_ready" and event.data.get("plan_digest") != digest:
                production = cli.client.get(production_id)
                if production.plan and production.plan.digest != digest:
                    digest = production.plan.digest
                    progress.set_assets(production.plan.assets)
            attention = attention or event.name in ("needs_attention", "paused")
            # Before the last event that is known, the production waited, but may not wait now.
            if attention and not cli.interactive and event.id and event.id >= production.last_event_id:
                production = cli.client.get(production_id)
                if _waits_for_decision(production) and event.id >= production.last_event_id:
                    break


def next_command(name: str, production: ProductionView) -> str:
    return f"[bold]greenlight {name} {production.production_id}[/bold]"


def print_decision_commands(cli: Cli, production: ProductionView) -> None:
    cli.print("\nIt waits for an approval:")
    if production.plan:
        cli.print(f"  [bold]{approve_command(production.production_id, production.plan)}[/bold]")
    cli.print(f'  {next_command("edit", production)}     or  greenlight revise {production.production_id} "…"')
    cli.print(f'  {next_command("reject", production)} --reason "…"')


def _waits_for_decision(production: ProductionView) -> bool:
    assets = production.assets
    pending = production.waiting or any(a.attention for a in assets)
    busy = any(a.status is AssetStatus.GENERATING for a in assets)
    return production.status is ProductionStatus.NEEDS_ATTENTION or (
        production.status is ProductionStatus.PRODUCING and bool(pending) and not busy
    )


def print_paths(cli: Cli, files: Iterable[Path]) -> None:
    """Print each path once its file is downloaded."""
    cli.print("")
    for file in files:
        cli.out.out(file, highlight=False)
