"""Commands that make and deliver a production: plan, produce, watch, preview, open."""

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from api.cli.commands.attention import print_pending
from api.cli.context import (
    EXIT_ATTENTION,
    EXIT_REFUSED,
    EXIT_TOO_EXPENSIVE,
    MAKE,
    Cli,
    Context,
    JsonOption,
    ProductionArgument,
    UnknownOption,
    check_out,
    cli_of,
    current_user,
    usd_option,
)
from api.cli.event_text import describe
from api.cli.options import takes_brief
from api.cli.progress import ProductionProgress
from api.cli.tables import approve_command, money, show_plan, show_production
from api.client.client import GreenlightError
from api.views.production import PlanView, ProductionView
from workflows.brief import Brief
from workflows.events import AssetStatus, ProductionStatus
from workflows.requests import Approval
from workflows.runtime.redaction import make_printable

app = typer.Typer()

KeyOption = Annotated[
    str | None, typer.Option("--idempotency-key", help="The same key starts the same production only once.")
]
OutOption = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Download the deliverable to DIR.")]


@app.command(rich_help_panel=MAKE)
@takes_brief
def plan(
    context: Context,
    brief: Brief,
    idempotency_key: KeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Plan a brief and show its assets and prices; only the language models that plan are paid."""
    cli = cli_of(context)
    production = _start_and_plan(cli, brief, idempotency_key)
    if as_json:
        cli.print_json(production)
        return
    _show_plan(cli, production)
    if production.status is ProductionStatus.AWAITING_APPROVAL:
        _print_decision_commands(cli, production)


@app.command(rich_help_panel=MAKE)
@takes_brief
def produce(
    context: Context,
    brief: Brief,
    idempotency_key: KeyOption = None,
    watch: Annotated[bool, typer.Option("--watch/--no-watch", help="Follow it to the end.")] = True,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Approve the plan without asking.")] = False,
    max_usd: Annotated[Decimal | None, usd_option("With --yes: approve only a plan that cannot cost more.")] = None,
    allow_unknown_prices: UnknownOption = False,
    out: OutOption = None,
) -> None:
    """Plan a brief, ask for approval, make it and show the progress."""
    cli = cli_of(context)
    check_out(out)
    if out and not watch:
        raise typer.BadParameter("--out downloads at the end of watching; remove --no-watch, or use `open` later")
    if allow_unknown_prices and brief.budget_usd is not None:
        brief = brief.model_copy(update={"allow_unknown_prices": True})
    production = _start_and_plan(cli, brief, idempotency_key)
    if production.status is ProductionStatus.AWAITING_APPROVAL:
        _show_plan(cli, production)
        if not _approve_plan(cli, production, yes=yes, max_usd=max_usd, allow_unknown=allow_unknown_prices):
            _print_decision_commands(cli, production)
            raise typer.Exit(EXIT_ATTENTION)
    if not watch:
        cli.print(f"Production {production.production_id} continues. Follow it: {_command('watch', production)}")
        return
    _follow(cli, production.production_id, out)


@app.command(rich_help_panel=MAKE)
def watch(context: Context, production_id: ProductionArgument, out: OutOption = None) -> None:
    """Follow a production to its end; after a lost connection the command resumes."""
    check_out(out)
    _follow(cli_of(context), production_id, out)


@app.command(rich_help_panel=MAKE)
def preview(context: Context, production_id: ProductionArgument, out: OutOption = None) -> None:
    """Make the whole plan with previz, free of charge, and follow that; the production itself keeps waiting."""
    check_out(out)
    cli = cli_of(context)
    started = cli.client.preview(production_id)
    cli.print(f"The preview is [bold]{started.production_id}[/bold]: it costs nothing.")
    _follow(cli, started.production_id, out)


@app.command("open", rich_help_panel=MAKE)
def open_(
    context: Context,
    production_id: ProductionArgument,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Default: out/ID.")] = None,
    revision: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="An earlier revision. Default: the newest.")
    ] = None,
) -> None:
    """Download the deliverable and its manifest, and print their paths."""
    check_out(out)
    cli = cli_of(context)
    if revision is not None:
        _download_revision(cli, production_id, revision, out or Path("out") / production_id / f"revision-{revision}")
        return
    production = cli.client.get(production_id)
    if production.deliverable is None:
        raise GreenlightError(
            "There is no deliverable yet",
            f"The production is {production.status.value}; `greenlight watch` follows it.",
        )
    _print_paths(cli, cli.client.download_all(production, out or Path("out") / production_id))


def _start_and_plan(cli: Cli, brief: Brief, key: str | None) -> ProductionView:
    """Start a production and wait for its plan.

    Raises:
        GreenlightError: the brief could not be planned.
    """
    started = cli.client.start(brief, idempotency_key=key)
    cli.warn(f"Production {started.production_id}")
    try:
        with cli.err.status("Writing the plan…") as status:
            for event in cli.client.events(started.production_id):
                if event.name == "stalled":
                    cli.warn("No worker responds; waiting for one (`greenlight doctor` shows details)")
                elif event.name == "plan_progress":
                    status.update(f"Writing the plan… {describe(event)}")
                elif event.name != "plan_start":
                    break
    except KeyboardInterrupt:
        cli.warn(f"\nPlanning continues. See the plan later: greenlight show {started.production_id}")
        raise typer.Exit(130) from None
    production = cli.client.get(started.production_id)
    if production.plan is None:
        raise GreenlightError("The brief could not be planned", production.error or production.status.value)
    return production


def _show_plan(cli: Cli, production: ProductionView) -> None:
    if production.plan:
        show_plan(cli.out, production.plan, production.brief.budget_usd)


def _approve_plan(
    cli: Cli, production: ProductionView, *, yes: bool, max_usd: Decimal | None, allow_unknown: bool
) -> bool:
    plan = production.plan
    assert plan is not None
    if yes and max_usd is not None and plan.high_usd > max_usd:
        _print_decision_commands(cli, production)
        cli.warn(f"[red]Not approved[/red]: up to {money(plan.high_usd)} is more than --max-usd {max_usd}")
        raise typer.Exit(EXIT_TOO_EXPENSIVE)
    if yes and plan.unknown_prices and not allow_unknown:
        _print_decision_commands(cli, production)
        cli.warn(f"[red]Not approved[/red]: {_unknown_prices(plan)}; --allow-unknown-prices approves it anyway")
        raise typer.Exit(EXIT_TOO_EXPENSIVE)
    if not yes:
        if not cli.interactive:
            return False
        price = f"it costs up to {money(plan.high_usd)}" if plan.high_usd else "making it costs nothing"
        if plan.unknown_prices:
            price = f"{price}, unknown prices left out"
        if not _confirm(cli, production, f"\nApprove this plan? ({price})"):
            return False
        if plan.unknown_prices and not allow_unknown:
            if not _confirm(cli, production, f"{make_printable(_unknown_prices(plan))}. Approve it anyway?"):
                return False
            allow_unknown = True
    approval = Approval(
        plan_digest=plan.digest, approver=current_user(), budget_usd=max_usd, allow_unknown_prices=allow_unknown
    )
    cli.client.approve(production.production_id, approval, idempotency_key=cli.key)
    return True


def _confirm(cli: Cli, production: ProductionView, question: str) -> bool:
    """The answer to a question; if the user aborts the command, it prints the next commands."""
    try:
        return typer.confirm(question, default=False)
    except typer.Abort:
        cli.print("")
        _print_decision_commands(cli, production)
        raise typer.Exit(130) from None


def _unknown_prices(plan: PlanView) -> str:
    names = ", ".join(plan.unknown_prices[:3])
    more = f" and {len(plan.unknown_prices) - 3} more" if len(plan.unknown_prices) > 3 else ""
    return f"The price of {names}{more} is not published"


def _command(name: str, production: ProductionView) -> str:
    return f"[bold]greenlight {name} {production.production_id}[/bold]"


def _print_decision_commands(cli: Cli, production: ProductionView) -> None:
    cli.print("\nIt waits for an approval:")
    if production.plan:
        cli.print(f"  [bold]{approve_command(production.production_id, production.plan)}[/bold]")
    cli.print(f'  {_command("edit", production)}     or  greenlight revise {production.production_id} "…"')
    cli.print(f'  {_command("reject", production)} --reason "…"')


def _follow(cli: Cli, production_id: str, out: Path | None) -> None:
    """Show a production's events to its end, then its result. Exits 1 if nothing was delivered, and 4 if it waits for a
    decision and there is no terminal."""
    production = cli.client.get(production_id)
    if production.status is ProductionStatus.AWAITING_APPROVAL:
        _print_decision_commands(cli, production)
        if not cli.interactive:
            raise typer.Exit(EXIT_ATTENTION)
    digest, attention = production.plan.digest if production.plan else "", False
    try:
        with ProductionProgress(cli.out, production.plan.assets if production.plan else ()) as progress:
            for event in cli.client.events(production_id):
                progress.show(event)
                if event.name == "plan_ready" and event.data.get("plan_digest") != digest:
                    production = cli.client.get(production_id)
                    if production.plan and production.plan.digest != digest:
                        digest = production.plan.digest
                        progress.set_assets(production.plan.assets)
                attention = attention or event.name in ("needs_attention", "paused")
                # Without a terminal no one can decide, and a script must not wait forever.
                if attention and event.id and not cli.interactive:
                    production = cli.client.get(production_id)
                    if _waits_for_decision(production):
                        break
    except KeyboardInterrupt:
        cli.print(f"\nThe production continues. Follow it again: {_command('watch', production)}")
        raise typer.Exit(130) from None
    production = cli.client.get(production_id)
    show_production(cli.out, production, cli.client.url)
    if _waits_for_decision(production):
        print_pending(cli, production)
        raise typer.Exit(EXIT_ATTENTION)
    if production.status is not ProductionStatus.DELIVERED:
        raise typer.Exit(EXIT_REFUSED)
    if out:
        _print_paths(cli, cli.client.download_all(production, out))
    else:
        cli.print(f"\nDownload it: {_command('open', production)}")


def _waits_for_decision(production: ProductionView) -> bool:
    assets = production.assets
    pending = production.waiting or any(a.attention for a in assets)
    busy = any(a.status is AssetStatus.GENERATING for a in assets)
    return production.status is ProductionStatus.NEEDS_ATTENTION or (
        production.status is ProductionStatus.PRODUCING and bool(pending) and not busy
    )


def _print_paths(cli: Cli, files: Iterable[Path]) -> None:
    """Print each path once its file is downloaded."""
    cli.print("")
    for file in files:
        cli.out.out(file, highlight=False)


def _download_revision(cli: Cli, production_id: str, revision: int, to: Path) -> None:
    revisions = cli.client.deliverables(production_id).revisions
    found = next((each for each in revisions if each.revision == revision), None)
    if found is None:
        numbers = ", ".join(str(each.revision) for each in revisions)
        raise GreenlightError(
            f"There is no revision {revision}", f"Choose from {numbers}." if numbers else "There is none yet."
        )
    _print_paths(cli, cli.client.download_revision(production_id, found, to))
