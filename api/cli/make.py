"""Commands that make something: plan, produce, watch, open."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from api.cli.attention import say_waiting
from api.cli.context import (
    EXIT_ATTENTION,
    EXIT_REFUSED,
    EXIT_TOO_DEAR,
    Context,
    JsonOption,
    ProductionArgument,
    Studio,
    UnknownOption,
    check_out,
    me,
    studio_of,
    usd_option,
)
from api.cli.live import ProductionView, describe
from api.cli.options import takes_brief
from api.cli.tables import approve_command, money, show_plan, show_production
from api.client.client import GreenlightError
from api.views import production as views
from workflows.events import AssetStatus, ProductionStatus
from workflows.models import Brief
from workflows.requests import Approval
from workflows.runtime.redaction import printable

app = typer.Typer()

KeyOption = Annotated[
    str | None, typer.Option("--idempotency-key", help="The same key starts the same production only once.")
]
OutOption = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Download the deliverable to DIR.")]


@app.command(rich_help_panel="Make")
@takes_brief
def plan(
    context: Context,
    brief: Brief,
    idempotency_key: KeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Plan a brief and show what it would make and cost; only language models that plan are paid."""
    studio = studio_of(context)
    production = _planned(studio, brief, idempotency_key)
    if as_json:
        studio.json(production)
        return
    _show_planned(studio, production)
    if production.status is ProductionStatus.AWAITING_APPROVAL:
        _say_how_to_decide(studio, production)


@app.command(rich_help_panel="Make")
@takes_brief
def produce(
    context: Context,
    brief: Brief,
    idempotency_key: KeyOption = None,
    watch: Annotated[bool, typer.Option("--watch/--no-watch", help="Follow it to the end.")] = True,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Approve the plan without asking.")] = False,
    max_usd: Annotated[Decimal | None, usd_option("With --yes: only if the plan cannot cost more.")] = None,
    allow_unknown_prices: UnknownOption = False,
    out: OutOption = None,
) -> None:
    """Plan a brief, ask for approval, make it and show the progress."""
    studio = studio_of(context)
    check_out(out)
    if out and not watch:
        raise typer.BadParameter("--out downloads at the end of watching; leave --no-watch away, or use `open` later")
    if allow_unknown_prices and brief.budget_usd is not None:
        brief = brief.model_copy(update={"allow_unknown_prices": True})
    production = _planned(studio, brief, idempotency_key)
    if production.status is ProductionStatus.AWAITING_APPROVAL:
        _show_planned(studio, production)
        if not _approved(studio, production, yes=yes, max_usd=max_usd, allow_unknown=allow_unknown_prices):
            _say_how_to_decide(studio, production)
            raise typer.Exit(EXIT_ATTENTION)
    if not watch:
        studio.say(f"Production {production.production_id} goes on. Follow it: {_command('watch', production)}")
        return
    _follow(studio, production.production_id, out)


@app.command(rich_help_panel="Make")
def watch(context: Context, production_id: ProductionArgument, out: OutOption = None) -> None:
    """Follow a production to its end; a lost connection is taken up again."""
    check_out(out)
    _follow(studio_of(context), production_id, out)


@app.command(rich_help_panel="Make")
def preview(context: Context, production_id: ProductionArgument, out: OutOption = None) -> None:
    """Make its whole plan with previz, for nothing, and follow that; the production itself goes on waiting."""
    check_out(out)
    studio = studio_of(context)
    started = studio.client.preview(production_id)
    studio.say(f"The preview is [bold]{started.production_id}[/bold]: it costs nothing.")
    _follow(studio, started.production_id, out)


@app.command("open", rich_help_panel="Make")
def open_(
    context: Context,
    production_id: ProductionArgument,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Default: out/ID.")] = None,
    revision: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="An earlier one. Default: the newest.")
    ] = None,
) -> None:
    """Download the deliverable and its manifest, and print where they are."""
    check_out(out)
    studio = studio_of(context)
    if revision is not None:
        _download_revision(studio, production_id, revision, out or Path("out") / production_id / f"revision-{revision}")
        return
    production = studio.client.get(production_id)
    if production.deliverable is None:
        raise GreenlightError(
            "There is no deliverable yet",
            f"The production is {production.status.value}; `greenlight watch` follows it.",
        )
    _download(studio, production, out or Path("out") / production_id)


def _planned(studio: Studio, brief: Brief, key: str | None) -> views.ProductionView:
    """Start and wait for the plan.

    Raises:
        GreenlightError: the brief could not be planned.
    """
    started = studio.client.start(brief, idempotency_key=key)
    studio.warn(f"Production {started.production_id}")
    try:
        with studio.err.status("Writing the plan…") as status:
            for event in studio.client.events(started.production_id):
                if event.name == "stalled":
                    studio.warn("No worker answers at the moment; waiting for one (`greenlight doctor` tells more)")
                elif event.name == "plan_progress":
                    status.update(f"Writing the plan… {describe(event)}")
                elif event.name != "plan_start":
                    break
    except KeyboardInterrupt:
        studio.warn(f"\nPlanning goes on. See it later: greenlight show {started.production_id}")
        raise typer.Exit(130) from None
    production = studio.client.get(started.production_id)
    if production.plan is None:
        raise GreenlightError("The brief could not be planned", production.error or production.status.value)
    return production


def _show_planned(studio: Studio, production: views.ProductionView) -> None:
    if production.plan:
        show_plan(studio.out, production.plan, production.brief.budget_usd)


def _approved(
    studio: Studio, production: views.ProductionView, *, yes: bool, max_usd: Decimal | None, allow_unknown: bool
) -> bool:
    plan = production.plan
    assert plan is not None
    if yes and max_usd is not None and plan.high_usd > max_usd:
        _say_how_to_decide(studio, production)
        studio.warn(f"[red]Not approved[/red]: up to {money(plan.high_usd)} is more than --max-usd {max_usd}")
        raise typer.Exit(EXIT_TOO_DEAR)
    if yes and plan.unknown_prices and not allow_unknown:
        _say_how_to_decide(studio, production)
        studio.warn(f"[red]Not approved[/red]: {_unknown(plan)}; --allow-unknown-prices spends on it all the same")
        raise typer.Exit(EXIT_TOO_DEAR)
    if not yes:
        if not studio.interactive:
            return False
        price = f"it costs up to {money(plan.high_usd)}" if plan.high_usd else "making it costs nothing"
        if plan.unknown_prices:
            price = f"{price}, unknown prices left out"
        if not _confirmed(studio, production, f"\nApprove this plan? ({price})"):
            return False
        if plan.unknown_prices and not allow_unknown:
            if not _confirmed(studio, production, f"{printable(_unknown(plan))}. Spend on it all the same?"):
                return False
            allow_unknown = True
    approval = Approval(plan_digest=plan.digest, approver=me(), budget_usd=max_usd, allow_unknown_prices=allow_unknown)
    studio.client.approve(production.production_id, approval, idempotency_key=studio.key)
    return True


def _confirmed(studio: Studio, production: views.ProductionView, question: str) -> bool:
    """What somebody answers; one who ends the command there is told how to go on."""
    try:
        return typer.confirm(question, default=False)
    except typer.Abort:
        studio.say("")
        _say_how_to_decide(studio, production)
        raise typer.Exit(130) from None


def _unknown(plan: views.PlanView) -> str:
    named = ", ".join(plan.unknown_prices[:3])
    more = f" and {len(plan.unknown_prices) - 3} more" if len(plan.unknown_prices) > 3 else ""
    return f"The price of {named}{more} is not published"


def _command(name: str, production: views.ProductionView) -> str:
    return f"[bold]greenlight {name} {production.production_id}[/bold]"


def _say_how_to_decide(studio: Studio, production: views.ProductionView) -> None:
    studio.say("\nIt waits for an approval:")
    if production.plan:
        studio.say(f"  [bold]{approve_command(production.production_id, production.plan)}[/bold]")
    studio.say(f'  {_command("edit", production)}     or  greenlight revise {production.production_id} "…"')
    studio.say(f'  {_command("reject", production)} --reason "…"')


def _follow(studio: Studio, production_id: str, out: Path | None) -> None:
    """Show a production's events to its end, then what came of it; exits 1 where nothing was delivered, and 4 where it
    waits for a decision and nobody is there to decide."""
    production = studio.client.get(production_id)
    if production.status is ProductionStatus.AWAITING_APPROVAL:
        _say_how_to_decide(studio, production)
        if not studio.interactive:
            raise typer.Exit(EXIT_ATTENTION)
    digest, attention = production.plan.digest if production.plan else "", False
    try:
        with ProductionView(studio.out, production.plan.assets if production.plan else ()) as view:
            for event in studio.client.events(production_id):
                view.show(event)
                if event.name == "plan_ready" and event.data.get("plan_digest") != digest:
                    production = studio.client.get(production_id)
                    if production.plan and production.plan.digest != digest:
                        digest = production.plan.digest
                        view.plan(production.plan.assets)
                attention = attention or event.name in ("needs_attention", "paused")
                # Nobody is there to decide: a script must not wait for ever.
                if attention and event.id and not studio.interactive:
                    production = studio.client.get(production_id)
                    if _waits_for_a_person(production):
                        break
    except KeyboardInterrupt:
        studio.say(f"\nThe production goes on without you. Follow it again: {_command('watch', production)}")
        raise typer.Exit(130) from None
    production = studio.client.get(production_id)
    show_production(studio.out, production, studio.client.url)
    if _waits_for_a_person(production):
        say_waiting(studio, production)
        raise typer.Exit(EXIT_ATTENTION)
    if production.status is not ProductionStatus.DELIVERED:
        raise typer.Exit(EXIT_REFUSED)
    if out:
        _download(studio, production, out)
    else:
        studio.say(f"\nDownload it: {_command('open', production)}")


def _waits_for_a_person(production: views.ProductionView) -> bool:
    assets = production.assets
    stuck = production.waiting or any(a.attention for a in assets)
    busy = any(a.status is AssetStatus.GENERATING for a in assets)
    return production.status is ProductionStatus.NEEDS_ATTENTION or (
        production.status is ProductionStatus.PRODUCING and bool(stuck) and not busy
    )


def _download(studio: Studio, production: views.ProductionView, to: Path) -> None:
    studio.say("")
    for file in studio.client.download_all(production, to):
        studio.out.out(file, highlight=False)


def _download_revision(studio: Studio, production_id: str, revision: int, to: Path) -> None:
    kept = studio.client.deliverables(production_id).revisions
    found = next((each for each in kept if each.revision == revision), None)
    if found is None:
        numbers = ", ".join(str(each.revision) for each in kept)
        raise GreenlightError(
            f"There is no revision {revision}", f"Choose from {numbers}." if numbers else "There is none yet."
        )
    studio.say("")
    for file in studio.client.download_revision(production_id, found, to):
        studio.out.out(file, highlight=False)
