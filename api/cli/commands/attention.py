"""The command `attention`: pending decisions, and the commands that make them."""

import shlex
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Annotated, Final

import typer
from rich.markup import escape

from api.cli.commands.bulk import BULK_ACTIONS, PLAN_REASONS, BatchOption, first_cells, in_batch, name_of
from api.cli.context import INSPECT, Cli, Context, JsonOption, cli_of
from api.cli.tables import (
    OVERRUN_STYLE,
    amount,
    at_most,
    counted,
    label,
    one_line,
    print_table,
    spent,
    table,
)
from api.views.changes import AttentionEntry, AttentionView
from api.views.production import ProductionView
from workflows.brief import Platform
from workflows.events import Answer, AttentionItem, AttentionReason, ProductionStatus

app = typer.Typer()

FAILURES: Final[tuple[AttentionReason, ...]] = (
    "plan_failed",
    "finishing_failed",
    "asset_failed",
    "content_refused",
    "output_unusable",
    "below_score",
    "model_retired",
    "store_unsupported",
    "ambiguous_submission",
)
_ORDER: Final[tuple[AttentionReason, ...]] = (
    *FAILURES,
    "overrun",
    "budget_short",
    "change_to_approve",
    "fields_to_review",
    "deadline_near",
    "stills_to_approve",
    "draft_to_approve",
    "price_unknown",
    "approval",
    "paused",
)
"""The order of the groups: what failed, what lacks money, what waits for an approval."""
FEW: Final = 3
"""A group with at most so many decisions shows the commands of each of them."""
_PRODUCTION_ANSWERS: Final = ("approve", "reject", "edit_plan", "revise", "review_fields", "pause", "resume", "cancel")


@app.command(rich_help_panel=INSPECT)
def attention(
    context: Context,
    tenant: Annotated[str | None, typer.Option(help="Only these.")] = None,
    reason: Annotated[AttentionReason | None, typer.Option(metavar="REASON", help="Only these.")] = None,
    platform: Annotated[Platform | None, typer.Option(help="Only these.")] = None,
    status: Annotated[ProductionStatus | None, typer.Option(help="Only productions with this status.")] = None,
    batch: BatchOption = None,
    limit: Annotated[int, typer.Option(min=1, help="The maximum number of decisions.")] = 100,
    details: Annotated[bool, typer.Option("--details", help="Show the commands of every decision.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show the pending decisions by reason, failures first, and the commands that make them, one by one or at once."""
    cli = cli_of(context)
    found = cli.client.attention(tenant=tenant, reason=reason, platform=platform, status=status)
    entries = sorted(in_batch(cli, found.entries, batch), key=lambda entry: _ORDER.index(entry.waiting.reason))
    shown = entries[:limit]
    if as_json:
        cli.print_json(AttentionView(entries=tuple(shown), complete=found.complete and len(shown) == len(entries)))
        return
    if not entries:
        cli.print("No decision is pending.")
        return
    counts = Counter(entry.waiting.reason for entry in entries)
    summary = ", ".join(f"{count} {label(each)}" for each, count in counts.items())
    cli.print(f"[bold]{counted(len(entries), 'pending decision')}[/bold]: {summary}")
    for each, group in groupby(shown, key=lambda entry: entry.waiting.reason):
        _print_group(cli, each, list(group), counts[each], details=details)
    if len(shown) < len(entries):
        cli.print(f"\n[dim]{len(entries) - len(shown)} more: --limit {len(entries)}[/dim]")
    if not found.complete:
        cli.warn("\nMore decisions are pending than one response holds: filter by --tenant, --reason or --platform")


def _print_group(
    cli: Cli, reason: AttentionReason, entries: list[AttentionEntry], count: int, *, details: bool
) -> None:
    """Print the decisions with one reason: a table, then the commands of each of a few, or those for all at once."""
    cli.print(f"\n[{_style(reason)}]{label(reason)}[/] · {count}")
    names = ("waiting", "production", "asset", "up to USD", "about")
    rows = table(*names, right=("waiting", "up to USD"))
    now = datetime.now(UTC)
    for entry in entries:
        item = entry.waiting
        # The message of an approval only repeats the price.
        about = entry.title if reason in PLAN_REASONS and entry.title else item.message or entry.title
        rows.add_row(*first_cells(entry, now), amount(item.price_usd), one_line(about))
    print_table(cli.out, rows)
    if details or len(entries) <= FEW:
        for entry in entries:
            cli.print(f"\n  [bold]{escape(name_of(entry))}[/bold]  {escape(' '.join(entry.title.split()))}")
            _print_item(cli, entry.production_id, entry.waiting)
    else:
        cli.print(f"  One of them: greenlight show ID, or all with greenlight attention --reason {reason} --details")
    if count > 1:
        for command in bulk_commands(reason, [entry.waiting for entry in entries]):
            cli.print(f"  All of them: [bold]{escape(command)}[/bold]")


def bulk_commands(reason: AttentionReason, items: Sequence[AttentionItem]) -> list[str]:
    """The commands that answer several decisions with this reason at once."""
    if reason in PLAN_REASONS:
        known = [item.price_usd for item in items if item.price_usd is not None]
        return [f"greenlight approve --all-below {spent(max(known))}"] if known else []
    accepted = [action for action in BULK_ACTIONS if any(action in item.answers for item in items)]
    model = " --model MODEL" if reason == "model_retired" else ""
    return [f"greenlight resolve --all {reason} {each}{model if each == 'retry' else ''}" for each in accepted]


def _style(reason: AttentionReason) -> str:
    if reason == "overrun":
        return OVERRUN_STYLE
    return "bold red" if reason in FAILURES else "bold yellow"


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
        _price(item),
    ]
    cli.print(f"  {escape(' · '.join(filter(None, facts)))}")
    if item.proposal:
        cli.print(f"  proposed prompt: {escape(item.proposal)}")
    for command in answer_commands(production_id, item):
        cli.print(f"    {escape(command)}")


def _price(item: AttentionItem) -> str:
    if item.price_usd is None:
        return ""
    return f"would cost {at_most(item.price_usd)}" if item.price_usd else "costs nothing more"


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
        case "review_fields":
            return f"fields {production_id}"
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
