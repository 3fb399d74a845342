"""Commands that decide: approve, reject, regenerate, select, refresh, resolve, pause, resume, cancel."""

import time
from decimal import Decimal
from typing import Annotated, Final, Literal

import typer
from pydantic import JsonValue
from rich.table import Table
from rich.text import Text

from api.cli.context import AssetArgument, Context, ProductionArgument, Studio, UnknownOption, me, studio_of, usd_option
from api.cli.edit import PANEL, plan_of
from api.cli.options import ModelOption, ParameterOption, PromptOption, ProviderOption, parameters
from api.cli.tables import print_table, show_stale, spent
from api.client.client import GreenlightError
from api.views.production import ProductionView
from workflows.events import AssetRecord, ProductionStatus, Receipt
from workflows.models import MAX_TAKES_AT_ONCE
from workflows.requests import Approval, Pause, Refresh, Regenerate, Rejection, Resolve, Resume, SelectTake

app = typer.Typer()

CANCEL_SECONDS: Final = 30.0
"""A provider answers a cancel in seconds; who waits longer is told where to look."""
LOOK_SECONDS: Final = 0.25

Action = Literal["retry", "accept_without", "adopt", "resubmit", "raise_budget"]


@app.command(rich_help_panel=PANEL)
def approve(
    context: Context,
    production_id: ProductionArgument,
    digest: Annotated[str | None, typer.Option(help="The plan that you saw. Default: the current one.")] = None,
    budget: Annotated[Decimal | None, usd_option("Spend at most this. Default: the plan's highest price.")] = None,
    note: Annotated[str, typer.Option(help="Kept in the event log.")] = "",
    allow_unknown_prices: UnknownOption = False,
) -> None:
    """Release a plan for spending; or, where stills are looked at first, the video that is made from them."""
    studio = studio_of(context)
    approval = Approval(
        plan_digest=digest or _shown(studio.client.get(production_id)),
        approver=me(),
        budget_usd=budget,
        note=note,
        allow_unknown_prices=allow_unknown_prices,
    )
    receipt = studio.client.approve(production_id, approval, idempotency_key=studio.key)
    say_receipt(studio, production_id, "Approved", receipt)
    if receipt.status is ProductionStatus.AWAITING_APPROVAL:
        production = studio.client.get(production_id)
        given, needed = len(production.approvals), production.brief.approval.approvers
        studio.say(f"{given} of {needed} have approved; it starts with the last of them.")


@app.command(rich_help_panel=PANEL)
def reject(
    context: Context,
    production_id: ProductionArgument,
    reason: Annotated[str, typer.Option(help="Why; kept in the event log.")] = "",
) -> None:
    """End a production: nothing of its plan is made; what planning has cost stays spent."""
    studio = studio_of(context)
    receipt = studio.client.reject(production_id, Rejection(rejecter=me(), reason=reason))
    say_receipt(studio, production_id, "Rejected", receipt)


@app.command(rich_help_panel=PANEL)
def regenerate(
    context: Context,
    production_id: ProductionArgument,
    asset_id: AssetArgument,
    prompt: PromptOption = None,
    feedback: Annotated[
        str | None, typer.Option(help="What should be different; the planner writes the prompt.")
    ] = None,
    provider: ProviderOption = None,
    model: ModelOption = None,
    parameter: ParameterOption = None,
    count: Annotated[int, typer.Option(min=1, max=MAX_TAKES_AT_ONCE, help="So many takes, to choose from.")] = 1,
    budget: Annotated[Decimal | None, usd_option("Raise the whole budget to this.")] = None,
    allow_unknown_prices: UnknownOption = False,
) -> None:
    """Make new takes of one asset, also after delivery."""
    studio = studio_of(context)
    request = Regenerate(
        asset_id=asset_id,
        prompt=prompt,
        feedback=feedback,
        provider=provider,
        model=model,
        parameters=parameters(parameter),
        count=count,
        budget_usd=budget,
        allow_unknown_prices=allow_unknown_prices,
        requested_by=me(),
    )
    receipt = studio.client.regenerate(production_id, request, idempotency_key=studio.key)
    times = f", {count} takes of it" if count > 1 else ""
    say_receipt(studio, production_id, f"Making {asset_id} again{times}", receipt)
    studio.say(f"Choose afterwards: [bold]greenlight takes {production_id} {asset_id}[/bold]")


@app.command(rich_help_panel=PANEL)
def resolve(
    context: Context,
    production_id: ProductionArgument,
    asset_id: AssetArgument,
    action: Annotated[
        Action, typer.Argument(metavar="ACTION", help="retry, accept_without, adopt, resubmit or raise_budget.")
    ],
    prompt: PromptOption = None,
    provider: ProviderOption = None,
    model: ModelOption = None,
    parameter: ParameterOption = None,
    job_id: Annotated[str | None, typer.Option(help="The provider's job, for adopt.")] = None,
    budget: Annotated[Decimal | None, usd_option("The new budget, for raise_budget.")] = None,
    attention: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="What you answer, as `attention` shows it. Default: what waits now."),
    ] = None,
    allow_unknown_prices: UnknownOption = False,
) -> None:
    """Decide where a production waits for a person; an answer to what waits no more is refused."""
    studio = studio_of(context)
    resolution = Resolve(
        asset_id=asset_id,
        action=action,
        prompt=prompt,
        provider=provider,
        model=model,
        parameters=parameters(parameter),
        job_id=job_id,
        budget_usd=budget,
        allow_unknown_prices=allow_unknown_prices,
        resolver=me(),
        attention=attention or _waiting(studio.client.get(production_id), asset_id),
    )
    receipt = studio.client.resolve(production_id, resolution, idempotency_key=studio.key)
    say_receipt(studio, production_id, f"Resolved {asset_id}: {action.replace('_', ' ')}", receipt)


@app.command(rich_help_panel=PANEL)
def select(
    context: Context,
    production_id: ProductionArgument,
    asset_id: AssetArgument,
    take: Annotated[int, typer.Argument(min=1, metavar="TAKE", help="The number of the take.")],
) -> None:
    """Use another take of an asset; the deliverable is finished again."""
    studio = studio_of(context)
    selection = SelectTake(asset_id=asset_id, take=take, requested_by=me())
    receipt = studio.client.select_take(production_id, selection, idempotency_key=studio.key)
    say_receipt(studio, production_id, f"Using take {take} of {asset_id}", receipt)


@app.command(rich_help_panel=PANEL)
def refresh(
    context: Context,
    production_id: ProductionArgument,
    asset_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ASSET]...", help="Only these. Default: all that are stale.")
    ] = None,
    max_usd: Annotated[Decimal | None, usd_option("All of it may cost at most this.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what is stale, why, and the price.")] = False,
    budget: Annotated[Decimal | None, usd_option("Raise the whole budget to this.")] = None,
    allow_unknown_prices: UnknownOption = False,
) -> None:
    """Make stale assets again, within what it may cost; also after delivery."""
    studio = studio_of(context)
    if dry_run:
        production = studio.client.get(production_id)
        wanted = tuple(r for r in production.assets if r.stale and (not asset_ids or r.asset_id in asset_ids))
        if wanted:
            show_stale(studio.out, production.model_copy(update={"assets": wanted}))
        else:
            studio.say("Nothing of it is stale.")
        return
    if max_usd is None:
        raise typer.BadParameter("--max-usd: say what it may cost at most, or see the price with --dry-run")
    request = Refresh(
        asset_ids=tuple(asset_ids or ()),
        max_usd=max_usd,
        budget_usd=budget,
        allow_unknown_prices=allow_unknown_prices,
        requested_by=me(),
    )
    receipt = studio.client.refresh(production_id, request, idempotency_key=studio.key)
    say_receipt(studio, production_id, f"Making {', '.join(asset_ids or ('what is stale',))} again", receipt)


def say_receipt(studio: Studio, production_id: str, what: str, receipt: Receipt) -> None:
    studio.say(f"{what}. The production is [bold]{receipt.status.value.replace('_', ' ')}[/bold].")
    if not receipt.status.closed:
        studio.say(f"Follow it: [bold]greenlight watch {production_id}[/bold]")


def _shown(production: ProductionView) -> str:
    """The digest of what waits for an approval: a plan, or at the second gate the plan with its stills."""
    waiting = production.waiting.plan_digest if production.waiting else None
    return waiting or plan_of(production).digest


def _waiting(production: ProductionView, asset_id: str) -> int | None:
    """The number of what waits for an answer about this asset, so that what a person sees is what is answered."""
    items = (production.waiting, *(a.waiting for a in production.assets))
    return next((item.id for item in items if item and item.asset_id == asset_id), None)


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
    studio.client.cancel(production_id)
    production = _closed(studio, production_id)
    if production is None:
        studio.say(f"Cancelling. It ends as soon as its providers and a worker answer: greenlight show {production_id}")
        return
    studio.say(f"The production is [bold]{production.status.value}[/bold], {spent(production.spent_usd)} USD spent.")
    # From the first event: the receipt of the cancel may be newer than what it stopped.
    cancelled = (e for e in studio.client.events(production_id) if e.name == "asset_cancelled")
    billed = {event.asset_id: event.data.get("billed_usd") for event in cancelled}
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
