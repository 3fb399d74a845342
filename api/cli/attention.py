"""What waits for a person: the command `attention`, and the commands that answer each thing."""

import shlex
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer
from rich.markup import escape
from rich.text import Text

from api.cli.context import Context, JsonOption, Studio, studio_of
from api.cli.tables import OVERRUN_STYLE, money, one_line, print_table, spent, table
from api.views.production import ProductionView
from workflows.events import Answer, AttentionItem, AttentionReason
from workflows.models import Platform

app = typer.Typer()

_ABOUT_ALL: Final = ("approve", "reject", "edit_plan", "revise", "pause", "resume", "cancel")


@app.command(rich_help_panel="Look")
def attention(
    context: Context,
    tenant: Annotated[str | None, typer.Option(help="Only these.")] = None,
    reason: Annotated[AttentionReason | None, typer.Option(metavar="REASON", help="Only these.")] = None,
    platform: Annotated[Platform | None, typer.Option(help="Only these.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show everything that waits for a person, the longest waiting first, and the commands that answer it."""
    studio = studio_of(context)
    found = studio.client.attention(tenant=tenant, reason=reason, platform=platform)
    if as_json:
        studio.json(found)
        return
    if not found.entries:
        studio.say("Nothing waits for a person.")
        return
    rows = table("waits", "production", "asset", "reason", "USD", "what", right=("waits", "USD"))
    now = datetime.now(UTC)
    for entry in found.entries:
        item = entry.waiting
        first = map(Text, (age(now - item.since), entry.production_id, item.asset_id or "–"))
        why = Text(_words(item.reason), style=OVERRUN_STYLE if item.reason == "overrun" else "")
        rows.add_row(*first, why, spent(item.cost_usd), one_line(item.message or entry.title))
    print_table(studio.out, rows)
    for entry in found.entries:
        name = f"{entry.production_id} {entry.waiting.asset_id or ''}".rstrip()
        studio.say(f"\n[bold]{escape(name)}[/bold]  {escape(entry.title)}")
        say_item(studio, entry.production_id, entry.waiting)
    if not found.complete:
        studio.warn("\nMore productions wait than one answer reads: narrow it by --tenant, --reason or --platform")


def say_waiting(studio: Studio, production: ProductionView) -> None:
    """Everything of one production that waits for a person, with the commands that answer it."""
    waiting = [production.waiting, *(a.waiting for a in production.assets)]
    for item in sorted(filter(None, waiting), key=lambda item: item.id):
        studio.say(f"\n[bold]{escape(item.asset_id or 'the production')}[/bold] waits for a decision:")
        say_item(studio, production.production_id, item)


def say_item(studio: Studio, production_id: str, item: AttentionItem) -> None:
    """The evidence of one thing that waits, then its answers, one a line."""
    style = OVERRUN_STYLE if item.reason == "overrun" else "yellow"
    studio.say(f"  [{style}]{_words(item.reason)}[/]{escape(f': {item.message}' if item.message else '')}")
    facts = [
        f"made by {item.provider}/{item.model}" if item.provider else "",
        f"job {item.job_id}" if item.job_id else "",
        f"cost so far {spent(item.cost_usd)} USD",
        f"would cost up to {money(item.price_usd)}" if item.price_usd is not None else "",
        f"expires {item.deadline.astimezone():%Y-%m-%d %H:%M}" if item.deadline else "",
    ]
    studio.say(f"  {escape(' · '.join(filter(None, facts)))}")
    if item.proposal:
        studio.say(f"  proposed instead: {escape(item.proposal)}")
    for command in answers(production_id, item):
        studio.say(f"    {escape(command)}")


def answers(production_id: str, item: AttentionItem) -> list[str]:
    """The commands that answer it; what a person has to fill in is in capitals or dots."""
    return [_command(production_id, item, answer) for answer in item.answers]


def _command(production_id: str, item: AttentionItem, answer: Answer) -> str:
    if answer in _ABOUT_ALL:
        return f"greenlight {_of_production(production_id, item, answer)}"
    if answer == "upload":
        return f"greenlight upload {production_id} {item.asset_id} FILE"
    return f"greenlight resolve {production_id} {item.asset_id} {answer}{_details(item, answer)} --attention {item.id}"


def _of_production(production_id: str, item: AttentionItem, answer: Answer) -> str:
    match answer:
        case "approve":
            # A reminder of an approval has the reason deadline_near, whatever the prices are.
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


def _details(item: AttentionItem, answer: Answer) -> str:
    """What the answer needs beside its name: the job, the sum, other words, another model."""
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


def age(waited: timedelta) -> str:
    """How long, in its largest unit: '40 s', '12 min', '5 h', '3 d'."""
    seconds = max(int(waited.total_seconds()), 0)
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def _words(reason: str) -> str:
    return reason.replace("_", " ")
