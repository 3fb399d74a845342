"""Commands about the takes of an asset: takes, regenerate, select, refresh, upload."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from api.cli.context import (
    DECIDE,
    INSPECT,
    AssetArgument,
    Cli,
    Context,
    JsonOption,
    ProductionArgument,
    UnknownOption,
    cli_of,
    current_user,
    print_receipt,
    usd_option,
)
from api.cli.files import file_argument
from api.cli.options import (
    DeliveryOption,
    ModelOption,
    ParameterOption,
    PromptOption,
    ProviderOption,
    parse_parameters,
)
from api.cli.tables import amount, local_time, one_line, print_table, show_stale, size, table
from workflows.models import MAX_TAKES_AT_ONCE
from workflows.quality import Checks
from workflows.requests import Refresh, Regenerate, SelectTake

app = typer.Typer()


@app.command(rich_help_panel=INSPECT)
def takes(
    context: Context, production_id: ProductionArgument, asset_id: AssetArgument, as_json: JsonOption = False
) -> None:
    """Show the takes of an asset: their inputs and costs, and which one is in use."""
    cli = cli_of(context)
    production_id = cli.production_id(production_id)
    found = cli.client.takes(production_id, asset_id)
    if as_json:
        cli.print_json(found)
        return
    if not found.takes:
        cli.print("There is no take yet.")
        return
    names = ("take", "", "made by", "USD", "size", "finished", "prompt")
    rows = table(*names, right=("take", "USD", "size"))
    for take in found.takes:
        mark = Text("in use" if take.selected else "", style="green")
        if take.stale:
            mark.append(f", stale: {', '.join(take.stale_because)}".rstrip(": "), style="yellow")
        if take.checks.failed:
            mark.append(", failed its checks" if take.selected else "failed its checks", style="red")
        cost = "unknown" if take.cost_source == "unknown" else amount(take.billed_usd)
        finished = local_time(take.finished_at)
        made_by = Text(f"{take.provider}/{take.model}")
        said = f"{take.prompt} [{take.delivery}]" if take.delivery else take.prompt
        prompt = one_line(take.note or said)
        rows.add_row(str(take.number), mark, made_by, cost, size(take.bytes), finished, prompt)
    print_table(cli.out, rows)
    for take in found.takes:
        cli.print(f"\ntake {take.number}  {cli.client.url}{take.url}")
        if made_from := ", ".join(f"{name} take {number}" for name, number in take.inputs.items()):
            cli.print(f"  made from {made_from}")
        if take.parameters:
            given = ", ".join(f"{name}={value}" for name, value in take.parameters.items())
            cli.print(f"  {escape(given)}")
        _print_checks(cli, take.checks)
    cli.print(f"\nUse another: [bold]greenlight select {production_id} {asset_id} TAKE[/bold]")


def _print_checks(cli: Cli, checks: Checks) -> None:
    """Print the measured values in one line, then what was found."""
    if checks.measured:
        cli.print("  checks: " + ", ".join(f"{name.replace('_', ' ')} {v:g}" for name, v in checks.measured.items()))
    for finding in checks.findings:
        cli.print(f"  [{'red' if finding.hard else 'yellow'}]![/] {escape(finding.message)}")


@app.command(rich_help_panel=DECIDE)
def regenerate(
    context: Context,
    production_id: ProductionArgument,
    asset_id: AssetArgument,
    prompt: PromptOption = None,
    delivery: DeliveryOption = None,
    feedback: Annotated[
        str | None, typer.Option(help="The change that you want; the planner writes the prompt, or how a line is said.")
    ] = None,
    provider: ProviderOption = None,
    model: ModelOption = None,
    parameter: ParameterOption = None,
    count: Annotated[int, typer.Option(min=1, max=MAX_TAKES_AT_ONCE, help="The number of takes, to choose from.")] = 1,
    budget: Annotated[Decimal | None, usd_option("Raise the whole budget to this.")] = None,
    allow_unknown_prices: UnknownOption = False,
) -> None:
    """Make new takes of one asset, also after delivery."""
    cli = cli_of(context)
    production_id = cli.production_id(production_id)
    request = Regenerate(
        asset_id=asset_id,
        prompt=prompt,
        delivery=delivery,
        feedback=feedback,
        provider=provider,
        model=model,
        parameters=parse_parameters(parameter),
        count=count,
        budget_usd=budget,
        allow_unknown_prices=allow_unknown_prices,
        requested_by=current_user(),
    )
    receipt = cli.client.regenerate(production_id, request, idempotency_key=cli.key)
    takes = f", {count} takes" if count > 1 else ""
    print_receipt(cli, production_id, f"Making {asset_id} again{takes}", receipt)
    cli.print(f"Then choose a take: [bold]greenlight takes {production_id} {asset_id}[/bold]")


@app.command(rich_help_panel=DECIDE)
def select(
    context: Context,
    production_id: ProductionArgument,
    asset_id: AssetArgument,
    take: Annotated[int, typer.Argument(min=1, metavar="TAKE", help="The number of the take.")],
) -> None:
    """Use another take of an asset; the deliverable is finished again."""
    cli = cli_of(context)
    production_id = cli.production_id(production_id)
    selection = SelectTake(asset_id=asset_id, take=take, requested_by=current_user())
    receipt = cli.client.select_take(production_id, selection, idempotency_key=cli.key)
    print_receipt(cli, production_id, f"Using take {take} of {asset_id}", receipt)


@app.command(rich_help_panel=DECIDE)
def refresh(
    context: Context,
    production_id: ProductionArgument,
    asset_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ASSET]...", help="Only these. Default: all stale assets.")
    ] = None,
    max_usd: Annotated[Decimal | None, usd_option("The maximum price of all new takes.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show the stale assets, the reason and the price.")
    ] = False,
    budget: Annotated[Decimal | None, usd_option("Raise the whole budget to this.")] = None,
    allow_unknown_prices: UnknownOption = False,
) -> None:
    """Make stale assets again, within a maximum price; also after delivery."""
    cli = cli_of(context)
    if max_usd is None and not dry_run:
        raise typer.BadParameter("--max-usd: give the maximum price; --dry-run shows what it would be")
    production_id = cli.production_id(production_id)
    if dry_run:
        production = cli.client.get(production_id)
        wanted = tuple(r for r in production.assets if r.stale and (not asset_ids or r.asset_id in asset_ids))
        if wanted:
            show_stale(cli.out, production.model_copy(update={"assets": wanted}))
        else:
            cli.print("None of the selected assets is stale.")
        return
    assert max_usd is not None
    request = Refresh(
        asset_ids=tuple(asset_ids or ()),
        max_usd=max_usd,
        budget_usd=budget,
        allow_unknown_prices=allow_unknown_prices,
        requested_by=current_user(),
    )
    receipt = cli.client.refresh(production_id, request, idempotency_key=cli.key)
    print_receipt(cli, production_id, f"Making {', '.join(asset_ids or ('stale assets',))} again", receipt)


@app.command(rich_help_panel=DECIDE)
def upload(
    context: Context,
    production_id: ProductionArgument,
    asset: AssetArgument,
    file: Annotated[Path, file_argument("Your own file.")],
    by: Annotated[str | None, typer.Option(metavar="NAME", help="The owner of the file. Default: you.")] = None,
) -> None:
    """Use your own file as a new take of an asset."""
    cli = cli_of(context)
    production_id = cli.production_id(production_id)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=cli.err, transient=True) as progress:
        task = progress.add_task(file.name, total=file.stat().st_size)
        receipt = cli.client.upload_take(
            production_id,
            asset,
            file,
            uploaded_by=by or current_user(),
            idempotency_key=cli.key,
            on_sent=lambda sent: progress.advance(task, sent),
        )
    print_receipt(cli, production_id, "Uploaded", receipt)
