"""The commands of optimisations: optimise, optimisations, optimisation."""

from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Annotated, cast

import typer
from rich.markup import escape
from rich.text import Text

from api.cli.batch_file import batch_id_of
from api.cli.commands.prompts.versions import gain_text, prompt_name
from api.cli.context import (
    EXIT_REFUSED,
    EXIT_TOO_EXPENSIVE,
    INSPECT,
    MAKE,
    Cli,
    Context,
    JsonOption,
    LimitOption,
    cli_of,
    current_user,
    usd_option,
)
from api.cli.tables import label, local_time, one_line, print_table, spent, table
from api.views.prompts.optimisations import OptimisationBody
from workflows.evaluation.cases import MAX_CASES_BYTES
from workflows.models import ZERO
from workflows.optimisation.records import MethodName, OptimisationStatus, OptimisationView

app = typer.Typer()

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The optimisation.")]
ModelOption = Annotated[str | None, typer.Option(metavar="MODEL", help="provider/model that the prompt is for.")]


@app.command(rich_help_panel=MAKE)
def optimise(
    context: Context,
    prompt: Annotated[str, typer.Argument(metavar="PROMPT", help="delivery, image-prompt, planner or judge.")],
    cases: Annotated[Path, typer.Option("--cases", metavar="FILE", help="JSON Lines, as for `evaluate`.")],
    metric: Annotated[str, typer.Option(metavar="METRIC", help="E.g. overlap, judge, valid, match, agreement, wer.")],
    max_usd: Annotated[Decimal | None, usd_option("The most that all requests may cost. Default: 0.")] = None,
    method: Annotated[
        str, typer.Option(help="halving is built in; mipro and gepa need the extra `optimise`.")
    ] = "halving",
    model: ModelOption = None,
    proposer: Annotated[str | None, typer.Option(metavar="MODEL", help="The model that proposes texts.")] = None,
    judge: Annotated[str | None, typer.Option(metavar="MODEL", help="The model for the metric `judge`.")] = None,
    candidates: Annotated[int, typer.Option(min=1, max=32, help="Texts in a round.")] = 8,
    held_out: Annotated[float, typer.Option(help="The share of cases that the search does not see.")] = 0.4,
    seed: Annotated[int, typer.Option(min=0, help="Another seed divides the cases differently.")] = 0,
    optimisation_id: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="Default: derived from the file and the options.")
    ] = None,
    tenant: Annotated[str, typer.Option(help="The tenant whose prompt it is.")] = "default",
    watch: Annotated[bool, typer.Option("--watch/--no-watch", help="Follow it, and print the result.")] = True,
    as_json: JsonOption = False,
) -> None:
    """Search a better version of a prompt, and measure its gain on cases that the search does not see.

    The version is stored and not used; `greenlight prompts use` puts it into use. Repeat the command after an
    interruption: nothing is paid twice.
    """
    cli, name = cli_of(context), prompt_name(prompt)
    text = _read(cases)
    options = [name, metric, method, model or "", proposer or "", judge or "", str(candidates), str(held_out)]
    derived = batch_id_of(cases, tenant, *options, str(seed), str(max_usd or ZERO))
    body = OptimisationBody(
        name=name,
        cases=text,
        metric=metric,
        max_usd=max_usd or ZERO,
        model=model,
        proposer=proposer,
        judge=judge,
        method=cast(MethodName, method),
        candidates=candidates,
        held_out=held_out,
        seed=seed,
        optimisation_id=optimisation_id or f"o{derived[1:]}",
        title=f"{name}: {cases.name}",
        tenant=tenant,
        requester=current_user(),
    )
    view = cli.client.start_optimisation(body)
    cli.warn(f"Optimisation {view.optimisation_id}: {view.cases} cases, at most {view.max_usd} USD")
    if watch:
        _print_result(cli, _follow(cli, view.optimisation_id), as_json=as_json)
    elif as_json:
        cli.print_json(view)


@app.command(rich_help_panel=INSPECT)
def optimisations(
    context: Context,
    limit: LimitOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List optimisations of prompts."""
    cli = cli_of(context)
    found = tuple(islice(cli.client.optimisations(page_size=min(limit, 100)), limit))
    if as_json:
        cli.print_json(found)
        return
    rows = table("optimisation", "status", "prompt", "USD", "created", "title", right=("USD",))
    for o in found:
        first = (Text(o.optimisation_id), label(o.status), o.name, spent(o.spent_usd))
        rows.add_row(*first, local_time(o.created_at), one_line(o.title))
    print_table(cli.out, rows)


@app.command(rich_help_panel=INSPECT)
def optimisation(
    context: Context,
    optimisation_id: IdArgument,
    cancel: Annotated[bool, typer.Option("--cancel", help="Stop it; what was asked is paid.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show an optimisation: its progress or its result."""
    cli = cli_of(context)
    found = cli.client.cancel_optimisation(optimisation_id) if cancel else cli.client.optimisation(optimisation_id)
    if found.status.closed and not cancel:
        _print_result(cli, found, as_json=as_json)
    elif as_json:
        cli.print_json(found)
    else:
        cli.out.out(_progress(found), highlight=False)


def _read(file: Path) -> str:
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise typer.BadParameter(f"{file} is not UTF-8 text ({error}); save it as such.") from None
    if len(text) > MAX_CASES_BYTES:
        raise typer.BadParameter(f"{file} has {len(text):,} characters of at most {MAX_CASES_BYTES:,}; use fewer.")
    return text


def _follow(cli: Cli, optimisation_id: str) -> OptimisationView:
    """Print the progress until it is closed."""
    warn = cli.warn_changes()
    with cli.interruptible(f"The optimisation continues: {optimisation_id}"):
        return cli.follow(
            lambda: cli.client.optimisation(optimisation_id),
            lambda view: warn(_progress(view)),
            lambda view: view.status.closed,
        )


def _progress(view: OptimisationView) -> str:
    """'searching · delivery · 12 cases, 8 of them held out'."""
    parts = [label(view.status), view.name]
    if view.prepared:
        parts.append(f"{view.cases} cases, {view.prepared.held_out} of them held out")
    if view.status.closed:
        parts.append(f"spent {spent(view.spent_usd)} of {view.max_usd} USD")
    return " · ".join(parts)


def _print_result(cli: Cli, view: OptimisationView, *, as_json: bool) -> None:
    """Print the result of an optimisation that is closed, and exit with the code of its status."""
    if as_json:
        cli.print_json(view)
    elif view.gain:
        means = f"{view.gain.before.mean:.4g} before, {view.gain.after.mean:.4g} after"
        where = f"on {view.gain.held_out} held-out cases"
        text = f"Version {view.version} of {view.name}: gain {gain_text(view.gain)} {where}"
        cli.out.out(f"{text} ({means})", highlight=False)
        sure = "" if view.gain.gain.clear else " The interval includes zero."
        cli.warn(f"It is not in use.{sure} To use it: greenlight prompts use {view.name} {view.version}")
    if view.message:
        cli.warn(f"{label(view.status).capitalize()}: {escape(view.message)}")
    if view.status is OptimisationStatus.CAPPED and not view.gain:
        raise typer.Exit(EXIT_TOO_EXPENSIVE)
    if view.status not in (OptimisationStatus.DONE, OptimisationStatus.CAPPED):
        raise typer.Exit(EXIT_REFUSED)
