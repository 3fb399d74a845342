"""Commands that decide about a production: approve, reject, resolve, pause, resume, cancel."""

import time
from decimal import Decimal
from typing import Annotated, Final, Literal

import typer
from pydantic import JsonValue
from rich.table import Table
from rich.text import Text

from api.cli.context import (
    DECIDE,
    AssetArgument,
    Cli,
    Context,
    ProductionArgument,
    UnknownOption,
    cli_of,
    current_user,
    plan_of,
    print_receipt,
    usd_option,
)
from api.cli.options import ModelOption, ParameterOption, PromptOption, ProviderOption, parse_parameters
from api.cli.tables import label, print_table, spent
from api.client.client import GreenlightError
from api.views.production import ProductionView
from workflows.events import AssetRecord, ProductionStatus
from workflows.requests import Approval, Pause, Rejection, Resolve, Resume

app = typer.Typer()

CANCEL_SECONDS: Final = 30.0
"""A provider answers a cancel in seconds; after this the command prints how to check the result later."""
POLL_SECONDS: Final = 0.25

Action = Literal["retry", "accept_without", "adopt", "resubmit", "raise_budget"]


@app.command(rich_help_panel=DECIDE)
def approve(
    context: Context,
    production_id: ProductionArgument,
    digest: Annotated[str | None, typer.Option(help="The plan that you reviewed. Default: the current one.")] = None,
    budget: Annotated[Decimal | None, usd_option("Spend at most this. Default: the plan's high price.")] = None,
    note: Annotated[str, typer.Option(help="Recorded in the event log.")] = "",
    allow_unknown_prices: UnknownOption = False,
) -> None:
    """Allow spending on a plan or, after the review of its stills, on the video made from them."""
    cli = cli_of(context)
    approval = Approval(
        plan_digest=digest or _pending_digest(cli.client.get(production_id)),
        approver=current_user(),
        budget_usd=budget,
        note=note,
        allow_unknown_prices=allow_unknown_prices,
    )
    receipt = cli.client.approve(production_id, approval, idempotency_key=cli.key)
    print_receipt(cli, production_id, "Approved", receipt)
    if receipt.status is ProductionStatus.AWAITING_APPROVAL:
        production = cli.client.get(production_id)
        given, needed = len(production.approvals), production.brief.approval.approvers
        cli.print(f"{given} of {needed} have approved; the production starts after the last approval.")


@app.command(rich_help_panel=DECIDE)
def reject(
    context: Context,
    production_id: ProductionArgument,
    reason: Annotated[str, typer.Option(help="The reason, recorded in the event log.")] = "",
) -> None:
    """End a production without making its plan; the cost of planning stays spent."""
    cli = cli_of(context)
    receipt = cli.client.reject(production_id, Rejection(rejecter=current_user(), reason=reason))
    print_receipt(cli, production_id, "Rejected", receipt)


@app.command(rich_help_panel=DECIDE)
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
        typer.Option(
            min=1, metavar="N", help="The number of the decision, as `attention` shows it. Default: the pending one."
        ),
    ] = None,
    allow_unknown_prices: UnknownOption = False,
) -> None:
    """Make a pending decision about an asset; refused if the decision is no longer pending."""
    cli = cli_of(context)
    resolution = Resolve(
        asset_id=asset_id,
        action=action,
        prompt=prompt,
        provider=provider,
        model=model,
        parameters=parse_parameters(parameter),
        job_id=job_id,
        budget_usd=budget,
        allow_unknown_prices=allow_unknown_prices,
        resolver=current_user(),
        attention=attention or _pending_id(cli.client.get(production_id), asset_id),
    )
    receipt = cli.client.resolve(production_id, resolution, idempotency_key=cli.key)
    print_receipt(cli, production_id, f"Resolved {asset_id}: {label(action)}", receipt)


def _pending_digest(production: ProductionView) -> str:
    """The digest that waits for an approval: of a plan, or at the second gate of the plan with its stills."""
    waiting = production.waiting.plan_digest if production.waiting else None
    return waiting or plan_of(production).digest


def _pending_id(production: ProductionView, asset_id: str) -> int | None:
    """The number of the pending decision about this asset; it prevents an answer to a later one."""
    items = (production.waiting, *(a.waiting for a in production.assets))
    return next((item.id for item in items if item and item.asset_id == asset_id), None)


@app.command(rich_help_panel=DECIDE)
def pause(
    context: Context,
    production_id: ProductionArgument,
    reason: Annotated[str, typer.Option(help="The reason, recorded in the event log.")] = "",
) -> None:
    """Let running takes finish and start no others."""
    cli = cli_of(context)
    receipt = cli.client.pause(production_id, Pause(paused_by=current_user(), reason=reason))
    print_receipt(cli, production_id, "Paused", receipt)
    cli.print(f"To continue: [bold]greenlight resume {production_id}[/bold]")


@app.command(rich_help_panel=DECIDE)
def resume(context: Context, production_id: ProductionArgument) -> None:
    """Continue after a pause."""
    cli = cli_of(context)
    print_receipt(cli, production_id, "Resumed", cli.client.resume(production_id, Resume(resumed_by=current_user())))


@app.command(rich_help_panel=DECIDE)
def cancel(context: Context, production_id: ProductionArgument) -> None:
    """Stop a production, also at its providers. Finished takes are kept, and spent money stays spent."""
    cli = cli_of(context)
    cli.client.cancel(production_id)
    production = _wait_closed(cli, production_id)
    if production is None:
        cli.print(
            f"Cancelling. It ends once its providers and a worker respond. Check it: greenlight show {production_id}"
        )
        return
    cli.print(f"The production is [bold]{production.status.value}[/bold], {spent(production.spent_usd)} USD spent.")
    # All events are read, because the receipt of the cancel may be newer than the events of the stopped assets.
    cancelled = (e for e in cli.client.events(production_id) if e.name == "asset_cancelled")
    billed = {event.asset_id: event.data.get("billed_usd") for event in cancelled}
    rows = Table.grid(padding=(0, 2, 0, 0))
    for record in production.assets:
        if record.cancelled:
            rows.add_row(Text(f"  {record.asset_id}"), Text(_outcome(record, billed.get(record.asset_id))))
    print_table(cli.out, rows, uncut=True)


def _wait_closed(cli: Cli, production_id: str) -> ProductionView | None:
    """The production once it is closed; None if it is still open after CANCEL_SECONDS."""
    deadline = time.monotonic() + CANCEL_SECONDS
    while time.monotonic() < deadline:
        try:
            production = cli.client.get(production_id)
        except GreenlightError as error:
            if error.status != 503:
                raise
        else:
            if production.status.closed:
                return production
        time.sleep(POLL_SECONDS)
    return None


def _outcome(record: AssetRecord, billed: JsonValue) -> str:
    """The outcome of an asset that was cancelled, and its cost."""
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
