"""Commands that make and deliver a production: plan, produce, preview, open."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from api.cli.commands.attention import print_pending
from api.cli.commands.watch import OutOption, follow, next_command, print_decision_commands, print_paths
from api.cli.context import (
    EXIT_ATTENTION,
    EXIT_INTERRUPTED,
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
from api.cli.languages import with_language
from api.cli.options import takes_spoken_brief
from api.cli.tables import at_most, money, show_plan
from api.client.client import GreenlightError
from api.views.production import PlanView, ProductionView
from workflows.brief import Brief
from workflows.events import ProductionStatus
from workflows.requests import Approval
from workflows.runtime.redaction import make_printable

app = typer.Typer()

KeyOption = Annotated[
    str | None, typer.Option("--idempotency-key", help="The same key starts the same production only once.")
]


@app.command(rich_help_panel=MAKE)
@takes_spoken_brief
def plan(
    context: Context,
    brief: Brief,
    idempotency_key: KeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Plan a brief and show its assets and prices; only the language models that plan are paid."""
    cli = cli_of(context)
    production = _start_and_plan(cli, with_language(cli, brief, ask=not as_json), idempotency_key)
    if as_json:
        cli.print_json(production)
        return
    _show_plan(cli, production)
    if production.status is ProductionStatus.AWAITING_APPROVAL:
        print_decision_commands(cli, production)


@app.command(rich_help_panel=MAKE)
@takes_spoken_brief
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
    production = _start_and_plan(cli, with_language(cli, brief, ask=not yes), idempotency_key)
    if production.status is ProductionStatus.AWAITING_APPROVAL:
        _show_plan(cli, production)
        if not _approve_plan(cli, production, yes=yes, max_usd=max_usd, allow_unknown=allow_unknown_prices):
            print_decision_commands(cli, production)
            raise typer.Exit(EXIT_ATTENTION)
    if not watch:
        cli.print(f"Production {production.production_id} continues. Follow it: {next_command('watch', production)}")
        return
    follow(cli, production.production_id, out)


@app.command(rich_help_panel=MAKE)
def preview(context: Context, production_id: ProductionArgument, out: OutOption = None) -> None:
    """Make the whole plan with previz, free of charge, and follow that; the production itself keeps waiting."""
    check_out(out)
    cli = cli_of(context)
    started = cli.client.preview(cli.production_id(production_id))
    cli.print(f"The preview is [bold]{started.production_id}[/bold]: it costs nothing.")
    follow(cli, started.production_id, out)


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
    production_id = cli.production_id(production_id)
    if revision is not None:
        _download_revision(cli, production_id, revision, out or Path("out") / production_id / f"revision-{revision}")
        return
    production = cli.client.get(production_id)
    if production.deliverable is None:
        raise GreenlightError(
            "There is no deliverable yet",
            f"The production is {production.status.value}; `greenlight watch` follows it.",
        )
    print_paths(cli, cli.client.download_all(production, out or Path("out") / production_id))


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
                elif event.name == "plan_progress" or event.name == "reference_analysed":
                    status.update(f"Writing the plan… {describe(event)}")
                elif event.name not in ("plan_start", "planning_billed"):
                    break
    except KeyboardInterrupt:
        cli.warn(f"\nPlanning continues. See the plan later: greenlight show {started.production_id}")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    production = cli.client.get(started.production_id)
    if production.plan is None and production.status is ProductionStatus.NEEDS_ATTENTION:
        print_pending(cli, production)
        raise typer.Exit(EXIT_ATTENTION)
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
        print_decision_commands(cli, production)
        cli.warn(f"[red]Not approved[/red]: up to {money(plan.high_usd)} is more than --max-usd {max_usd}")
        raise typer.Exit(EXIT_TOO_EXPENSIVE)
    if yes and (missing := production.brief.languages_beyond(plan.cut.languages)):
        print_decision_commands(cli, production)
        cli.warn(f"[red]Not approved[/red]: the plan has no narration in {', '.join(missing)}; the warnings say why")
        raise typer.Exit(EXIT_ATTENTION)
    if yes and plan.unknown_prices and not allow_unknown:
        print_decision_commands(cli, production)
        cli.warn(f"[red]Not approved[/red]: {_unknown_prices(plan)}; --allow-unknown-prices approves it anyway")
        raise typer.Exit(EXIT_TOO_EXPENSIVE)
    if not yes:
        if not cli.interactive:
            return False
        price = f"it costs {at_most(plan.high_usd)}" if plan.high_usd else "making it costs nothing"
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
        print_decision_commands(cli, production)
        raise typer.Exit(EXIT_INTERRUPTED) from None


def _unknown_prices(plan: PlanView) -> str:
    names = ", ".join(plan.unknown_prices[:3])
    more = f" and {len(plan.unknown_prices) - 3} more" if len(plan.unknown_prices) > 3 else ""
    return f"The price of {names}{more} is not published"


def _download_revision(cli: Cli, production_id: str, revision: int, to: Path) -> None:
    revisions = cli.client.deliverables(production_id).revisions
    found = next((each for each in revisions if each.revision == revision), None)
    if found is None:
        numbers = ", ".join(str(each.revision) for each in revisions)
        raise GreenlightError(
            f"There is no revision {revision}", f"Choose from {numbers}." if numbers else "There is none yet."
        )
    print_paths(cli, cli.client.download_revision(production_id, found, to))
