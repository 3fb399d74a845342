"""Commands that inspect the installation: providers, doctor."""

import json
import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from api.cli.context import ENV_FILE, EXIT_REFUSED, INSPECT, Cli, Context, JsonOption, cli_of
from api.cli.tables import print_table, table
from api.client.client import GreenlightError, Unreachable
from workflows.models import Modality
from workflows.provider_report import RETIRES_SOON, ModelInfo, ProviderInfo, ProvidersReport

app = typer.Typer()

PLANNERS_SHOWN: Final = 3
_SEPARATOR: Final = ", then "
"""Between the planners of a report."""


@app.command(rich_help_panel=INSPECT)
def providers(context: Context, as_json: JsonOption = False) -> None:
    """Show the models and their prices, and the providers that are not enabled, with the reason."""
    cli = cli_of(context)
    report = cli.client.providers()
    if as_json:
        cli.print_json(report)
        return
    show_providers(cli.out, report, datetime.now(UTC).date())


def show_providers(console: Console, report: ProvidersReport, today: date) -> None:
    """Print a block for each enabled provider, the providers by modality, and those that are not enabled."""
    piped = not console.is_terminal
    rows = table("model", "makes", "price", *(["note"] if piped else []))
    for provider in report.providers:
        if provider.enabled:
            rows.add_row()
            rows.add_row(Text(provider.provider, style="bold"))
            for model in sorted(provider.models, key=lambda m: _retired(m, today)):
                # In a terminal a price and a note do not fit on one line: the note is below the price.
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
        makers.add_row(Text(provider.provider), Text(f"not enabled: {_reason(provider)}"), style="dim")
    print_table(console, makers, uncut=True)


def _retired(model: ModelInfo, today: date) -> bool:
    return model.retires is not None and model.retires <= today


def _note(model: ModelInfo, today: date) -> str:
    """The reason why a model cannot be used, or its retirement. A retired model has no other remedy."""
    return model.unavailable if model.unavailable and not _retired(model, today) else _retirement(model, today)


def _retirement(model: ModelInfo, today: date) -> str:
    if model.retires is None:
        return ""
    instead = f"; use {' or '.join(model.replacement)}" if model.replacement else ""
    return f"{'retired' if _retired(model, today) else 'retires'} on {model.retires}{instead}"


def _reason(provider: ProviderInfo) -> str:
    """The reason without the provider's name, which the table already shows."""
    return provider.reason.removeprefix(f"{provider.provider} is switched off: ")


def _makers(report: ProvidersReport, modality: Modality) -> str:
    """The providers of a modality, and how to enable more."""
    names = ", ".join(report.enabled_providers.get(modality, ()))
    more = "; ".join(report.missing.get(modality, ()))
    return f"{names or 'none'}{f'  (more: {more})' if more else ''}"


@app.command(rich_help_panel=INSPECT)
def doctor(
    context: Context,
    deep: Annotated[
        bool, typer.Option("--deep", help="Also send real requests that cost nothing, each vendor's key among them.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check what is configured, reachable and missing; exits 1 when a required part is missing."""
    cli = cli_of(context)
    if not as_json:
        _print_configuration(cli)
    found = [*_run_checks(cli), *(_diagnoses(cli) if deep else [])]
    healthy = all(fine or not required for required, fine, _, _ in found)
    if as_json:
        names = ("required", "ok", "check", "state")
        checks = [dict(zip(names, each, strict=True)) for each in found]
        typer.echo(json.dumps({"healthy": healthy, "checks": checks}, indent=2))
    else:
        _print_checks(cli, found)
    if not healthy:
        raise typer.Exit(EXIT_REFUSED)


def _print_checks(cli: Cli, found: list[tuple[bool, bool, str, str]]) -> None:
    rows = table("", "check", "state")
    for required, fine, check, state in found:
        mark = (
            Text("ok", style="green") if fine else Text("MISSING", style="red") if required else Text("–", style="dim")
        )
        rows.add_row(mark, check, Text(state))
    print_table(cli.out, rows, uncut=True)


def _diagnoses(cli: Cli) -> list[tuple[bool, bool, str, str]]:
    """The results of the deep check, all of them required; one line where it cannot be made."""
    try:
        found = cli.client.diagnose().found
    except GreenlightError as error:
        return [(True, False, "deep check", error.detail or error.title)]
    return [(True, not each.problem, each.part, each.problem or each.note) for each in found]


REMEDIES: Final = {
    "temporal": "start the stack with `greenlight up`, or set TEMPORAL_ADDRESS to your Temporal server",
    "storage": "start the stack with `greenlight up`, or set AWS_ENDPOINT_URL_S3 and the AWS keys to your S3",
    "worker": "start one with `python -m worker`, the providers' keys in its environment; `greenlight up` runs one",
}


def _print_configuration(cli: Cli) -> None:
    set_here = [
        n for n in ("GREENLIGHT_URL", "GREENLIGHT_HOME", "TEMPORAL_ADDRESS", "AWS_ENDPOINT_URL_S3") if os.environ.get(n)
    ]
    stack = Path(os.environ.get("GREENLIGHT_HOME") or ".greenlight") / "stack.json"
    if ENV_FILE.is_file():
        cli.print(f"Settings file  {ENV_FILE}, for variables that the environment does not have")
    cli.print(f"API address    {cli.client.url}")
    cli.print(f"Stack record   {stack}{'' if stack.exists() else ' (none: no stack was started here)'}")
    cli.print(
        f"Set here       {', '.join(f'{n}={os.environ[n]}' for n in set_here) or 'nothing; the defaults apply'}\n"
    )


def _run_checks(cli: Cli) -> list[tuple[bool, bool, str, str]]:
    """(required, fine, check, state and remedy) for each part that a production needs."""
    try:
        ready = cli.client.ready()
    except Unreachable as error:
        return [(True, False, "API", error.detail)]
    except GreenlightError as error:
        return [(True, False, "API", f"{error.title}: {error.detail}")]
    found = [(True, True, "API", cli.client.url)]
    report, no_worker = None, ""
    try:
        report = cli.client.providers()
    except GreenlightError as error:
        no_worker = error.detail or error.title
    for name, state in ready.checks.items():
        fine = state == "ok"
        explained = report is not None and state == report.store  # the report contains the remedy
        remedy = "" if explained else next((r for key, r in REMEDIES.items() if name.startswith(key)), "")
        found.append((True, fine, name, state if fine or not remedy else f"{state}; {remedy}"))
    if report is None:
        return [*found, (True, False, "worker", no_worker)]
    if report.store and ready.checks.get("storage") == "ok":
        found.append((True, False, "paid work", report.store))
    found.append((True, True, "planner", shorten_planners(report.planner)))
    for modality in Modality:
        names = report.enabled_providers.get(modality, ())
        makers = ", ".join(names) or report.reasons.get(modality, "no provider is enabled for it")
        found.append((True, bool(names), modality.value, makers))
    if report.in_flight:
        limits = ", ".join(f"{provider} {limit}" for provider, limit in sorted(report.in_flight.items()))
        found.append((False, True, "in-flight limits", f"{limits} (takes at a provider, over all workers)"))
    if report.film_parts:
        found.append((False, False, "film parts", report.film_parts))
    found.append((False, not report.webhooks, "webhooks", report.webhooks or "signed with the workers' secret"))
    found.append((False, report.interviews.enabled, "interviews by voice", _interviews(report)))
    found += [(False, False, p.provider, p.reason) for p in report.providers if not p.enabled]
    return found + [(False, False, model, note) for model, note in retiring(report, datetime.now(UTC).date())]


def _interviews(report: ProvidersReport) -> str:
    """The model of interviews by voice with their cap, or what would enable them."""
    terms = report.interviews
    if not terms.enabled:
        return terms.reason
    return f"{terms.provider}/{terms.model}, up to {terms.max_usd:f} USD and {terms.minutes} minutes each"


def retiring(report: ProvidersReport, today: date) -> list[tuple[str, str]]:
    """The models of enabled providers that retire within RETIRES_SOON, each with the date and its replacement."""
    soon = today + RETIRES_SOON
    models = [m for p in report.providers if p.enabled for m in p.models]
    return [(m.model, _retirement(m, today)) for m in models if m.retires and today < m.retires <= soon]


def shorten_planners(planner: str) -> str:
    """The models that plan, in the order of their use; of more than PLANNERS_SHOWN only the first."""
    names = planner.split(_SEPARATOR)
    more = [f"and {len(names) - PLANNERS_SHOWN} more"] if len(names) > PLANNERS_SHOWN else []
    return _SEPARATOR.join(names[:PLANNERS_SHOWN]) + "".join(f", {m}" for m in more)
