"""The command `watch`, and what follows a production to its end for the other commands."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final

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

_MAY_WAIT: Final = ("needs_attention", "paused", "plan_ready", "plan_edited", "approval_given")
"""After one of these events a production may wait for a person, at once or when the assets in progress are done."""

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


class _Watched:
    """A production whose stream ends early where it waits for a person: without a terminal no one can decide, and a
    script must not wait forever."""

    def __init__(self, cli: Cli, production: ProductionView) -> None:
        self._cli = cli
        self._id = production.production_id
        self._known = max(production.resume_id, production.last_event_id)
        self._may_wait = False

    def ends(self, event: StreamEvent) -> bool:
        """Whether nothing follows this event until a person decides. Events before the first read are history."""
        self._may_wait = self._may_wait or event.name in _MAY_WAIT
        event_id = event.resume_id or 0
        return self._may_wait and event_id >= max(self._known, 1) and self.waits()

    def waits(self) -> bool:
        return not self._cli.interactive and _waits_for_person(self._cli.client.get(self._id))


def _print_events(cli: Cli, production_id: str, *, from_now: bool) -> None:
    """Print the events as JSON lines. The exit codes are those of `follow`."""
    production = cli.client.get(production_id)
    watched = _Watched(cli, production)
    try:
        if not (from_now and watched.waits()):
            for event in cli.client.events(production_id, after=production.resume_id if from_now else 0):
                typer.echo(event.model_dump_json())
                if watched.ends(event):
                    break
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_INTERRUPTED) from None
    production = cli.client.get(production_id)
    if _waits_for_person(production):
        raise typer.Exit(EXIT_ATTENTION)
    if production.status is not ProductionStatus.DELIVERED:
        raise typer.Exit(EXIT_REFUSED)


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
    watched = _Watched(cli, production)
    if not (from_now and watched.waits()):
        _show_events(cli, production, watched, after=production.resume_id if from_now else 0)
    production = cli.client.get(production_id)
    show_production(cli.out, production, cli.client.url)
    if production.status is ProductionStatus.AWAITING_APPROVAL:
        print_decision_commands(cli, production)
        raise typer.Exit(EXIT_ATTENTION)
    if _waits_for_decision(production):
        print_pending(cli, production)
        raise typer.Exit(EXIT_ATTENTION)
    if production.status is not ProductionStatus.DELIVERED:
        raise typer.Exit(EXIT_REFUSED)
    if out:
        print_paths(cli, cli.client.download_all(production, out))
    else:
        cli.print(f"\nDownload it: {next_command('open', production)}")


def _show_events(cli: Cli, production: ProductionView, watched: _Watched, *, after: int) -> None:
    """Show the events after number `after` until the production is closed, or waits for a person who is not there."""
    production_id = production.production_id
    digest = production.plan.digest if production.plan else ""
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
            if watched.ends(event):
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
