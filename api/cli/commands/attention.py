"""The command `attention`: pending decisions, and the commands that make them."""

import shlex
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer
from rich.markup import escape
from rich.text import Text

from api.cli.context import INSPECT, Cli, Context, JsonOption, cli_of
from api.cli.tables import OVERRUN_STYLE, label, local_time, money, one_line, print_table, spent, table
from api.views.production import ProductionView
from workflows.brief import Platform
from workflows.events import Answer, AttentionItem, AttentionReason

app = typer.Typer()

_PRODUCTION_ANSWERS: Final = ("approve", "reject", "edit_plan", "revise", "pause", "resume", "cancel")


@app.command(rich_help_panel=INSPECT)
def attention(
    context: Context,
    tenant: Annotated[str | None, typer.Option(help="Only these.")] = None,
    reason: Annotated[AttentionReason | None, typer.Option(metavar="REASON", help="Only these.")] = None,
    platform: Annotated[Platform | None, typer.Option(help="Only these.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the pending decisions, the longest waiting first, and the commands that make them."""
    cli = cli_of(context)
    found = cli.client.attention(tenant=tenant, reason=reason, platform=platform)
    if as_json:
        cli.print_json(found)
        return
    if not found.entries:
        cli.print("No decision is pending.")
        return
    rows = table("waiting", "production", "asset", "reason", "USD", "message", right=("waiting", "USD"))
    now = datetime.now(UTC)
    for entry in found.entries:
        item = entry.waiting
        first = map(Text, (format_age(now - item.since), entry.production_id, item.asset_id or "–"))
        why = Text(label(item.reason), style=OVERRUN_STYLE if item.reason == "overrun" else "")
        rows.add_row(*first, why, spent(item.cost_usd), one_line(item.message or entry.title))
    print_table(cli.out, rows)
    for entry in found.entries:
        name = f"{entry.production_id} {entry.waiting.asset_id or ''}".rstrip()
        cli.print(f"\n[bold]{escape(name)}[/bold]  {escape(entry.title)}")
        _print_item(cli, entry.production_id, entry.waiting)
    if not found.complete:
        cli.warn("\nMore decisions are pending than one response holds: filter by --tenant, --reason or --platform")


def print_pending(cli: Cli, production: ProductionView) -> None:
    """Print the pending decisions of one production, with the commands that make them."""
    items = [production.waiting, *(a.waiting for a in production.assets)]
    for item in sorted(filter(None, items), key=lambda item: item.id):
        cli.print(f"\n[bold]{escape(item.asset_id or 'the production')}[/bold] waits for a decision:")
        _print_item(cli, production.production_id, item)


def _print_item(cli: Cli, production_id: str, item: AttentionItem) -> None:
    """Print the facts of one pending decision, then the command of each answer on a line."""
    style = OVERRUN_STYLE if item.reason == "overrun" else "yellow"
    cli.print(f"  [{style}]{label(item.reason)}[/]{escape(f': {item.message}' if item.message else '')}")
    facts = [
        f"made by {item.provider}/{item.model}" if item.provider else "",
        f"job {item.job_id}" if item.job_id else "",
        f"cost so far {spent(item.cost_usd)} USD",
        f"would cost up to {money(item.price_usd)}" if item.price_usd is not None else "",
        f"expires {local_time(item.deadline)}" if item.deadline else "",
    ]
    cli.print(f"  {escape(' · '.join(filter(None, facts)))}")
    if item.proposal:
        cli.print(f"  proposed prompt: {escape(item.proposal)}")
    for command in answer_commands(production_id, item):
        cli.print(f"    {escape(command)}")


def answer_commands(production_id: str, item: AttentionItem) -> list[str]:
    """The commands that make the decision; values to fill in are in capitals or dots."""
    return [_command(production_id, item, answer) for answer in item.answers]


def _command(production_id: str, item: AttentionItem, answer: Answer) -> str:
    if answer in _PRODUCTION_ANSWERS:
        return f"greenlight {_production_command(production_id, item, answer)}"
    if answer == "upload":
        return f"greenlight upload {production_id} {item.asset_id} FILE"
    return f"greenlight resolve {production_id} {item.asset_id} {answer}{_options(item, answer)} --attention {item.id}"


def _production_command(production_id: str, item: AttentionItem, answer: Answer) -> str:
    match answer:
        case "approve":
            # The reminder of an approval has the reason deadline_near, also if prices are unknown.
            unknown = item.reason == "price_unknown" or (item.reason == "deadline_near" and item.price_usd is None)
            allow = " --allow-unknown-prices" if unknown else ""
            return f"approve {production_id} --digest {item.plan_digest}{allow}"
        case "reject":
            return f'reject {production_id} --reason "…"'
        case "edit_plan":
            return f"edit {production_id}"
        case "revise":
            return f'revise {production_id} "…"'
        case _:
            return f"{answer} {production_id}"


def _options(item: AttentionItem, answer: Answer) -> str:
    """The options that the answer requires: the job, the budget, another prompt or model."""
    match answer:
        case "adopt":
            return f" --job-id {shlex.quote(item.job_id) if item.job_id else 'JOB'}"
        case "raise_budget":
            return " --budget USD"
        case "retry" if item.replacement:
            return f" --model {shlex.quote(item.replacement[0])}"
        case "retry" if item.reason == "content_refused":
            return f" --prompt {shlex.quote(item.proposal or '…')}"
        case _:
            return ""


def format_age(waited: timedelta) -> str:
    """A duration in its largest unit: '40 s', '12 min', '5 h', '3 d'."""
    seconds = max(int(waited.total_seconds()), 0)
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
