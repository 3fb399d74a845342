"""Commands that decide about a production: approve, reject, resolve, pause, resume, budget, cancel."""

import time
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, get_args

import typer
from pydantic import JsonValue
from rich.table import Table
from rich.text import Text

from api.cli.commands.bulk import (
    BULK_ACTIONS,
    SPENDING,
    BatchOption,
    TenantOption,
    YesOption,
    answer_all,
    pending,
    select_answers,
    select_plans,
)
from api.cli.context import (
    DECIDE,
    Cli,
    Context,
    ProductionArgument,
    UnknownOption,
    cli_of,
    current_user,
    parse_usd,
    plan_of,
    print_receipt,
    usd_option,
)
from api.cli.options import (
    DeliveryOption,
    ModelOption,
    ParameterOption,
    PromptOption,
    ProviderOption,
    parse_parameters,
)
from api.cli.tables import counted, label, print_table, spent
from api.client.client import GreenlightError
from api.views.changes import AttentionEntry
from api.views.production import ProductionView
from workflows.events import AssetRecord, AttentionReason, ProductionStatus
from workflows.models import ZERO
from workflows.requests import Approval, Cancel, LowerBudget, Pause, Rejection, Resolve, Resume

app = typer.Typer()

CANCEL_SECONDS: Final = 30.0
"""A provider answers a cancel in seconds; after this the command prints how to check the result later."""
POLL_SECONDS: Final = 0.25

Action = Literal["retry", "accept_without", "adopt", "resubmit", "raise_budget"]


@app.command(rich_help_panel=DECIDE)
def approve(
    context: Context,
    production_id: Annotated[
        str | None, typer.Argument(metavar="ID", help="The production: its id, or the start of it.")
    ] = None,
    digest: Annotated[str | None, typer.Option(help="The plan that you reviewed. Default: the current one.")] = None,
    budget: Annotated[
        Decimal | None,
        usd_option(
            "Spend at most this. Default: the brief's budget, otherwise the plan's high price and its planning."
        ),
    ] = None,
    note: Annotated[str, typer.Option(help="Recorded in the event log.")] = "",
    allow_unknown_prices: UnknownOption = False,
    all_below: Annotated[
        Decimal | None,
        usd_option("Instead of ID: each waiting plan that cannot cost more than this. Unknown prices are left out."),
    ] = None,
    batch: BatchOption = None,
    tenant: TenantOption = None,
    yes: YesOption = False,
) -> None:
    """Allow spending on a plan or, after the review of its stills or draft, on what follows."""
    cli = cli_of(context)
    if all_below is not None:
        if production_id or digest or budget is not None or allow_unknown_prices:
            message = "it chooses the plans itself; remove ID, --digest, --budget and --allow-unknown-prices"
            raise typer.BadParameter(message, param_hint="--all-below")
        _approve_all(cli, all_below, note, batch=batch, tenant=tenant, yes=yes)
        return
    if production_id is None:
        raise typer.BadParameter("name a production, or give --all-below USD", param_hint="ID")
    _check_only_for_all("--all-below", batch, tenant, yes)
    production_id = cli.production_id(production_id)
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


def _check_only_for_all(option: str, batch: str | None, tenant: str | None, yes: bool) -> None:
    """
    Raises:
        BadParameter: an option was given that has an effect only with `option`.
    """
    given = [name for name, value in (("--batch", batch), ("--tenant", tenant), ("--yes", yes)) if value]
    if given:
        raise typer.BadParameter(f"use it with {option}", param_hint=", ".join(given))


def _approve_all(cli: Cli, limit: Decimal, note: str, *, batch: str | None, tenant: str | None, yes: bool) -> None:
    """Approve each waiting plan that cannot cost more than `limit`, by the digest and for the price that are shown."""

    def send(entry: AttentionEntry, key: str) -> None:
        item = entry.waiting
        assert item.plan_digest
        approval = Approval(
            plan_digest=item.plan_digest,
            approver=current_user(),
            budget_usd=item.cost_usd + (item.price_usd or ZERO),  # the budget of its brief may be higher
            note=note,
        )
        cli.client.approve(entry.production_id, approval, idempotency_key=key)

    selection = select_plans(pending(cli, tenant=tenant, batch=batch), limit)
    answer_all(cli, selection, verb="Approve", done="Approved", what="plan", spends=True, yes=yes, send=send)


@app.command(rich_help_panel=DECIDE)
def reject(
    context: Context,
    production_id: ProductionArgument,
    reason: Annotated[str, typer.Option(help="The reason, recorded in the event log.")] = "",
) -> None:
    """End a production without making its plan; the cost of planning stays spent."""
    cli = cli_of(context)
    production_id = cli.production_id(production_id)
    receipt = cli.client.reject(production_id, Rejection(rejecter=current_user(), reason=reason))
    print_receipt(cli, production_id, "Rejected", receipt)


@app.command(rich_help_panel=DECIDE)
def resolve(
    context: Context,
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="ID ASSET ACTION",
            help="The production, its asset, and retry, accept_without, adopt, resubmit or raise_budget. "
            "With --all only the action.",
        ),
    ],
    prompt: PromptOption = None,
    delivery: DeliveryOption = None,
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
    all_of: Annotated[
        AttentionReason | None,
        typer.Option(
            "--all", metavar="REASON", help="Instead of ID and ASSET: each pending decision with this reason."
        ),
    ] = None,
    batch: BatchOption = None,
    tenant: TenantOption = None,
    yes: YesOption = False,
) -> None:
    """Make a pending decision about an asset; refused if the decision is no longer pending."""
    cli = cli_of(context)
    action = _parse_action(names[-1])
    if all_of is not None:
        only_one = {
            "--prompt": prompt,
            "--delivery": delivery,
            "--job-id": job_id,
            "--budget": budget,
            "--attention": attention,
        }
        only_one |= {"--allow-unknown-prices": allow_unknown_prices}
        if given := [name for name, value in only_one.items() if value]:
            raise typer.BadParameter("it is for one decision, not for --all", param_hint=", ".join(given))
        if len(names) != 1:
            raise typer.BadParameter("with --all REASON give only the action", param_hint="ACTION")
        change = {"provider": provider, "model": model, "parameters": parse_parameters(parameter)}
        _resolve_all(cli, all_of, action, change, batch=batch, tenant=tenant, yes=yes)
        return
    if len(names) != 3:
        raise typer.BadParameter("give ID, ASSET and ACTION, or --all REASON and ACTION", param_hint="ID ASSET ACTION")
    _check_only_for_all("--all", batch, tenant, yes)
    production_id, asset_id = cli.production_id(names[0]), names[1]
    resolution = Resolve(
        asset_id=asset_id,
        action=action,
        prompt=prompt,
        delivery=delivery,
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


def _parse_action(text: str) -> Action:
    if text not in get_args(Action):
        raise typer.BadParameter(f"{text!r} is not an action; choose from {', '.join(get_args(Action))}")
    action: Action = text  # type: ignore[assignment]  # one of its literals, as checked
    return action


def _resolve_all(
    cli: Cli,
    reason: AttentionReason,
    action: Action,
    change: dict[str, Any],
    *,
    batch: str | None,
    tenant: str | None,
    yes: bool,
) -> None:
    """Give the same answer to each pending decision with this reason, by the number that is shown."""
    if action not in BULK_ACTIONS:
        raise typer.BadParameter(f"{action} needs a budget for each production; name one", param_hint="ACTION")
    if action == "retry" and reason == "model_retired" and not change["model"]:
        raise typer.BadParameter("the model is retired; name another one", param_hint="--model")

    def send(entry: AttentionEntry, key: str) -> None:
        item = entry.waiting
        resolution = Resolve.model_validate(
            {
                "asset_id": item.asset_id,
                "action": action,
                "prompt": item.proposal or None if reason == "content_refused" and action == "retry" else None,
                "job_id": item.job_id if action == "adopt" else None,
                "resolver": current_user(),
                "attention": item.id,
                **change,
            }
        )
        cli.client.resolve(entry.production_id, resolution, idempotency_key=key)

    selection = select_answers(pending(cli, tenant=tenant, batch=batch, reason=reason), reason, action)
    verb, spends = label(action).capitalize(), action in SPENDING
    answer_all(cli, selection, verb=f"{verb}:", done=f"{verb}:", what="decision", spends=spends, yes=yes, send=send)


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
    production_id = cli.production_id(production_id)
    receipt = cli.client.pause(production_id, Pause(paused_by=current_user(), reason=reason))
    print_receipt(cli, production_id, "Paused", receipt)
    cli.print(f"To continue: [bold]greenlight resume {production_id}[/bold]")


@app.command(rich_help_panel=DECIDE)
def resume(context: Context, production_id: ProductionArgument) -> None:
    """Continue after a pause."""
    cli = cli_of(context)
    production_id = cli.production_id(production_id)
    print_receipt(cli, production_id, "Resumed", cli.client.resume(production_id, Resume(resumed_by=current_user())))


@app.command(rich_help_panel=DECIDE)
def budget(
    context: Context,
    production_id: ProductionArgument,
    usd: Annotated[
        Decimal, typer.Argument(parser=parse_usd, metavar="USD", help="The new total budget, lower than the present.")
    ],
    reason: Annotated[str, typer.Option(help="The reason, recorded in the event log.")] = "",
) -> None:
    """Lower the budget after the approval; what does not fit it waits for a decision."""
    cli = cli_of(context)
    production_id = cli.production_id(production_id)
    request = LowerBudget(budget_usd=usd, actor=current_user(), reason=reason)
    receipt = cli.client.lower_budget(production_id, request, idempotency_key=cli.key)
    print_receipt(cli, production_id, f"Lowered the budget to {spent(usd)} USD", receipt)


@app.command(rich_help_panel=DECIDE)
def cancel(context: Context, production_id: ProductionArgument) -> None:
    """Stop a production, also at its providers. Finished takes are kept, and spent money stays spent."""
    cli = cli_of(context)
    production_id = cli.production_id(production_id)
    cli.client.cancel(production_id, Cancel(cancelled_by=current_user()))
    production = _wait_closed(cli, production_id)
    if production is None:
        cli.print(
            f"Cancelling. It ends once its providers and a worker respond. Check it: greenlight show {production_id}"
        )
        return
    unknown = f" and {counted(production.unknown_costs, 'unknown cost')}" if production.unknown_costs else ""
    cost = f"{spent(production.spent_usd)} USD{unknown} spent"
    cli.print(f"The production is [bold]{production.status.value}[/bold], {cost}.")
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
