"""Commands that look: list, show, takes, providers, doctor."""

import os
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Final

import typer
from pydantic import TypeAdapter
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from api.cli.attention import say_waiting
from api.cli.context import EXIT_REFUSED, AssetArgument, Context, JsonOption, ProductionArgument, Studio, studio_of
from api.cli.tables import (
    OVERRUN_STYLE,
    amount,
    one_line,
    print_table,
    show_plan,
    show_production,
    size,
    spent,
    status_text,
    table,
)
from api.client.client import GreenlightError, Unreachable
from api.views.production import ListedProduction
from workflows.events import ProductionStatus
from workflows.models import Modality, Platform
from workflows.provider_report import RETIRES_SOON, ModelInfo, ProviderInfo, ProvidersReport

app = typer.Typer()

PANEL = "Look"
PLANNERS_SHOWN: Final = 3
_THEN: Final = ", then "
"""Between the planners of a report."""


@app.command("list", rich_help_panel=PANEL)
def list_(
    context: Context,
    words: Annotated[list[str] | None, typer.Argument(help="In the title, the id or the requester's name.")] = None,
    status: Annotated[ProductionStatus | None, typer.Option(help="Only these.")] = None,
    platform: Annotated[Platform | None, typer.Option(help="Only these.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Only these.")] = None,
    provider: Annotated[str | None, typer.Option(help="Only those of which it makes assets.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List productions: open ones first, then the most recently closed."""
    studio = studio_of(context)
    found = studio.client.list(
        status=status,
        platform=platform,
        tenant=tenant,
        provider=provider,
        words=" ".join(words or ()) or None,
        page_size=min(limit, 100),
    )
    productions = list(islice(found, limit))
    if as_json:
        typer.echo(TypeAdapter(list[ListedProduction]).dump_json(productions, indent=2))
        return
    if not productions:
        studio.say('There are none. Start one: [bold]greenlight produce "A 20 second film about a lighthouse."[/bold]')
        return
    rows = table("production", "status", "platform", "created", "USD", "title", right=("USD",))
    for p in productions:
        created = p.created_at.astimezone().strftime("%Y-%m-%d %H:%M")
        kind = p.platform.value if p.platform else "–"
        cost = Text(spent(p.spent_usd))
        if p.overrun_usd:
            cost.append(f" ({amount(p.overrun_usd)} over)", style=OVERRUN_STYLE)
        rows.add_row(Text(p.production_id), status_text(p.status), kind, created, cost, one_line(p.title))
    print_table(studio.out, rows)


@app.command(rich_help_panel=PANEL)
def show(context: Context, production_id: ProductionArgument, as_json: JsonOption = False) -> None:
    """Show a production: assets, takes, costs, links."""
    studio = studio_of(context)
    production = studio.client.get(production_id)
    if as_json:
        studio.json(production)
        return
    show_production(studio.out, production, studio.client.url)
    if production.status is ProductionStatus.AWAITING_APPROVAL and production.plan:
        show_plan(studio.out, production.plan, production.brief.budget_usd)
    say_waiting(studio, production)
    if production.links.temporal_ui:
        studio.say(f"\nIn the Temporal UI: {production.links.temporal_ui}")


@app.command(rich_help_panel=PANEL)
def takes(
    context: Context, production_id: ProductionArgument, asset_id: AssetArgument, as_json: JsonOption = False
) -> None:
    """Show the takes of an asset: what each was made from and cost, and which is in use."""
    studio = studio_of(context)
    found = studio.client.takes(production_id, asset_id)
    if as_json:
        studio.json(found)
        return
    if not found.takes:
        studio.say("There is no take yet.")
        return
    names = ("take", "", "made by", "USD", "size", "finished", "prompt")
    rows = table(*names, right=("take", "USD", "size"))
    for take in found.takes:
        mark = Text("in use" if take.selected else "", style="green")
        if take.stale:
            mark.append(f", stale: {', '.join(take.stale_because)}".rstrip(": "), style="yellow")
        cost = "unknown" if take.cost_source == "unknown" else amount(take.billed_usd)
        finished = take.finished_at.astimezone().strftime("%Y-%m-%d %H:%M")
        made_by = Text(f"{take.provider}/{take.model}")
        words = one_line(take.note or take.prompt)
        rows.add_row(str(take.number), mark, made_by, cost, size(take.bytes), finished, words)
    print_table(studio.out, rows)
    for take in found.takes:
        studio.say(f"\ntake {take.number}  {studio.client.url}{take.url}")
        if made_from := ", ".join(f"{name} take {number}" for name, number in take.inputs.items()):
            studio.say(f"  made from {made_from}")
        if take.parameters:
            given = ", ".join(f"{name}={value}" for name, value in take.parameters.items())
            studio.say(f"  {escape(given)}")
    studio.say(f"\nUse another: [bold]greenlight select {production_id} {asset_id} TAKE[/bold]")


@app.command(rich_help_panel=PANEL)
def providers(context: Context, as_json: JsonOption = False) -> None:
    """Show which models can be used, at what price, and what is not enabled and why."""
    studio = studio_of(context)
    report = studio.client.providers()
    if as_json:
        studio.json(report)
        return
    show_providers(studio.out, report, datetime.now(UTC).date())


def show_providers(console: Console, report: ProvidersReport, today: date) -> None:
    """A block for each enabled provider, who makes which modality, and the providers that are not enabled."""
    piped = not console.is_terminal
    rows = table("model", "makes", "price", *(["note"] if piped else []))
    for provider in report.providers:
        if provider.enabled:
            rows.add_row()
            rows.add_row(Text(provider.provider, style="bold"))
            for model in sorted(provider.models, key=lambda m: _retired(m, today)):
                # In a terminal prices and notes are long for one line: the note is below its price.
                price, note = Text(model.price), Text(_note(model, today), style="yellow")
                last = [price, note] if piped else [Text("\n").join(filter(None, (price, note)))]
                style = "dim" if _retired(model, today) else ""
                rows.add_row(Text(f"  {model.model}"), model.modality.value, *last, style=style)
    print_table(console, rows, uncut=True)
    console.print()
    makers = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    for modality in Modality:
        makers.add_row(modality.value, Text(_makers(report, modality)))
    off = [p for p in report.providers if not p.enabled]
    if off:
        makers.add_row()
    for provider in off:
        makers.add_row(Text(provider.provider), Text(f"not enabled: {_why_not(provider)}"), style="dim")
    print_table(console, makers, uncut=True)


def _retired(model: ModelInfo, today: date) -> bool:
    return model.retires is not None and model.retires <= today


def _note(model: ModelInfo, today: date) -> str:
    """Why a model cannot be used, or until when it can. What is gone for good, no remedy brings back."""
    return model.unavailable if model.unavailable and not _retired(model, today) else _retirement(model, today)


def _retirement(model: ModelInfo, today: date) -> str:
    if model.retires is None:
        return ""
    instead = f"; use {' or '.join(model.replacement)}" if model.replacement else ""
    return f"{'retired' if _retired(model, today) else 'retires'} on {model.retires}{instead}"


def _why_not(provider: ProviderInfo) -> str:
    """The reason without the name that stands before it already."""
    return provider.reason.removeprefix(f"{provider.provider} is switched off: ")


def _makers(report: ProvidersReport, modality: Modality) -> str:
    """Who makes a modality, and what would enable more."""
    names = ", ".join(report.enabled_providers.get(modality, ()))
    more = "; ".join(report.missing.get(modality, ()))
    return f"{names or 'nobody'}{f'  (more: {more})' if more else ''}"


@app.command(rich_help_panel=PANEL)
def doctor(context: Context) -> None:
    """Check what is configured, reachable and missing; exits 1 when something needed is missing."""
    studio = studio_of(context)
    _say_configuration(studio)
    rows = table("", "what", "how it is")
    healthy = True
    for needed, fine, what, how in _examine(studio):
        mark = Text("ok", style="green") if fine else Text("MISSING", style="red") if needed else Text("–", style="dim")
        rows.add_row(mark, what, Text(how))
        healthy = healthy and (fine or not needed)
    print_table(studio.out, rows, uncut=True)
    if not healthy:
        raise typer.Exit(EXIT_REFUSED)


REMEDIES: Final = {
    "temporal": "start the stack with `greenlight up`, or set TEMPORAL_ADDRESS to your Temporal server",
    "storage": "start the stack with `greenlight up`, or set AWS_ENDPOINT_URL_S3 and the AWS keys to your S3",
    "worker": "start one with `python -m worker`, the providers' keys in its environment; `greenlight up` runs one",
}


def _say_configuration(studio: Studio) -> None:
    set_here = [
        n for n in ("GREENLIGHT_URL", "GREENLIGHT_HOME", "TEMPORAL_ADDRESS", "AWS_ENDPOINT_URL_S3") if os.environ.get(n)
    ]
    stack = Path(os.environ.get("GREENLIGHT_HOME") or ".greenlight") / "stack.json"
    studio.say(f"API address    {studio.client.url}")
    studio.say(f"Stack record   {stack}{'' if stack.exists() else ' (none: no stack was started here)'}")
    studio.say(
        f"Set here       {', '.join(f'{n}={os.environ[n]}' for n in set_here) or 'nothing; the defaults hold'}\n"
    )


def _examine(studio: Studio) -> list[tuple[bool, bool, str, str]]:
    """(needed, fine, what, how it is and the remedy) for each thing that a production needs."""
    try:
        ready = studio.client.ready()
    except Unreachable as error:
        return [(True, False, "API", error.detail)]
    except GreenlightError as error:
        return [(True, False, "API", f"{error.title}: {error.detail}")]
    found = [(True, True, "API", studio.client.url)]
    report, no_worker = None, ""
    try:
        report = studio.client.providers()
    except GreenlightError as error:
        no_worker = error.detail or error.title
    for name, state in ready.checks.items():
        fine = state == "ok"
        named = report is not None and state == report.store  # it says how to fix it
        remedy = "" if named else next((r for key, r in REMEDIES.items() if name.startswith(key)), "")
        found.append((True, fine, name, state if fine or not remedy else f"{state}; {remedy}"))
    if report is None:
        return [*found, (True, False, "worker", no_worker)]
    if report.store and ready.checks.get("storage") == "ok":
        found.append((True, False, "paid work", report.store))
    found.append((True, True, "planner", planners_in_short(report.planner)))
    for modality in Modality:
        names = report.enabled_providers.get(modality, ())
        how = ", ".join(names) or report.reasons.get(modality, "no provider is enabled for it")
        found.append((True, bool(names), modality.value, how))
    found.append((False, not report.webhooks, "webhooks", report.webhooks or "signed with the workers' secret"))
    found += [(False, False, p.provider, p.reason) for p in report.providers if not p.enabled]
    return found + [(False, False, what, how) for what, how in retiring(report, datetime.now(UTC).date())]


def retiring(report: ProvidersReport, today: date) -> list[tuple[str, str]]:
    """The models of enabled providers that end within RETIRES_SOON, each with the day and what to use then."""
    soon = today + RETIRES_SOON
    models = [m for p in report.providers if p.enabled for m in p.models]
    return [(m.model, _retirement(m, today)) for m in models if m.retires and today < m.retires <= soon]


def planners_in_short(planner: str) -> str:
    """The models that plan, in the order in which they are asked; of many only the first."""
    names = planner.split(_THEN)
    more = [f"and {len(names) - PLANNERS_SHOWN} more"] if len(names) > PLANNERS_SHOWN else []
    return _THEN.join(names[:PLANNERS_SHOWN]) + "".join(f", {m}" for m in more)
