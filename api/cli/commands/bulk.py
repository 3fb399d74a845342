"""One answer to many pending decisions: the selection, its sum, the question, and a result for each."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Final

import typer
from rich.markup import escape
from rich.text import Text

from api.cli.context import EXIT_ATTENTION, EXIT_INTERRUPTED, EXIT_REFUSED, Cli
from api.cli.error_text import lines_of, title_of
from api.cli.tables import amount, at_most, counted, format_age, label, one_line, print_table, table
from api.client.client import GreenlightError
from api.views.changes import AttentionEntry
from workflows.events import AttentionReason
from workflows.models import ZERO

PLAN_REASONS: Final[tuple[AttentionReason, ...]] = ("approval", "deadline_near", "price_unknown")
"""A plan waits for its first approval."""
SPENDING: Final = ("retry", "resubmit")
"""Answers that may cost the price of the asset again."""
BULK_ACTIONS: Final = (*SPENDING, "accept_without", "adopt")
"""Answers that many decisions can get at once; a new budget differs for each production."""

BatchOption = Annotated[
    str | None, typer.Option("--batch", metavar="ID", help="Only the productions of this batch.", show_default=False)
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="With --all or --all-below: do not ask.")]
TenantOption = Annotated[str | None, typer.Option(help="With --all or --all-below: only these.")]


@dataclass
class Selection:
    """The decisions to answer, and the number of the others for each reason."""

    chosen: list[AttentionEntry] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    @property
    def total_usd(self) -> Decimal:
        return sum((each.waiting.price_usd or ZERO for each in self.chosen), ZERO)


def pending(
    cli: Cli, *, tenant: str | None, batch: str | None, reason: AttentionReason | None = None
) -> list[AttentionEntry]:
    """The pending decisions, the oldest first; with `batch` only those of its productions."""
    found = cli.client.attention(tenant=tenant, reason=reason)
    return in_batch(cli, found.entries, batch)


def in_batch(cli: Cli, entries: Iterable[AttentionEntry], batch: str | None) -> list[AttentionEntry]:
    """The entries of the productions of a batch; all of them without `batch`."""
    if batch is None:
        return list(entries)
    ids = {row.production_id for row in cli.client.batch(cli.batch_id(batch)).rows}
    return [each for each in entries if each.production_id in ids]


def select_plans(entries: Iterable[AttentionEntry], limit: Decimal) -> Selection:
    """The plans that wait for an approval and whose high price is known and at most `limit`."""
    selection = Selection()
    for entry in entries:
        item = entry.waiting
        if item.reason not in PLAN_REASONS or item.asset_id is not None:
            continue
        if item.price_usd is None or item.plan_digest is None:
            selection.left_out["of unknown price"] += 1
        elif "approve" not in item.answers:
            selection.left_out["that cannot be approved now"] += 1
        elif item.missing_languages:
            selection.left_out["without a language of their brief"] += 1
        elif item.price_usd > limit:
            selection.left_out[f"above {amount(limit)} USD"] += 1
        else:
            selection.chosen.append(entry)
    return selection


def select_answers(entries: Iterable[AttentionEntry], reason: AttentionReason, action: str) -> Selection:
    """The decisions with this reason that accept this answer, and have what it needs."""
    selection = Selection()
    for entry in entries:
        item = entry.waiting
        if item.reason != reason:
            continue
        if action not in item.answers or item.asset_id is None:
            selection.left_out[f"that cannot be answered with {label(action)}"] += 1
        elif action in SPENDING and item.price_usd is None:
            selection.left_out["of unknown price"] += 1
        elif action == "adopt" and not item.job_id:
            selection.left_out["without a known job"] += 1
        elif action == "retry" and reason == "content_refused" and not item.proposal:
            selection.left_out["without a proposed prompt"] += 1
        else:
            selection.chosen.append(entry)
    return selection


def show_selection(cli: Cli, selection: Selection, *, spends: bool) -> None:
    """Print the selected decisions as a table, and the number of the others."""
    if selection.chosen:
        names = ["waiting", "production", "asset", *(["up to USD"] if spends else []), "title"]
        rows = table(*names, right=("waiting", "up to USD"))
        now = datetime.now(UTC)
        for entry in selection.chosen:
            item = entry.waiting
            price = [amount(item.price_usd)] if spends else []
            rows.add_row(*first_cells(entry, now), *price, one_line(item.proposal or entry.title))
        print_table(cli.out, rows)
    others = ", ".join(f"{count} {why}" for why, count in selection.left_out.most_common())
    if others:
        cli.print(f"[dim]Left out: {escape(others)}[/dim]")


def answer_all(
    cli: Cli,
    selection: Selection,
    *,
    verb: str,
    done: str,
    what: str,
    spends: bool,
    yes: bool,
    send: Callable[[AttentionEntry, str], None],
) -> None:
    """Show the selection, ask, and answer each decision. A refused one does not stop the others.

    Args:
        verb: The question begins with it ("Approve").
        done: Each answered decision is printed with it ("Approved").
        what: The counted noun ("plan").
        send: Answers one decision, with its own idempotency key.

    Raises:
        Exit: 1 if an answer was refused, 4 if no one confirmed it.
    """
    show_selection(cli, selection, spends=spends)
    if not selection.chosen:
        cli.print(f"No {what} fits; nothing is sent.")
        return
    total = selection.total_usd
    price = "" if not spends else f", {at_most(total)} in all" if total else ", free"
    summary = f"{counted(len(selection.chosen), what)}{price}"
    if not yes:
        _confirm(cli, f"{verb} {summary}?")
    refused = 0
    for number, entry in enumerate(selection.chosen):
        try:
            send(entry, f"{cli.key}-{number}")
        except GreenlightError as error:
            refused += 1
            text = " ".join([f"{title_of(error)}.", *lines_of(error)])
            cli.warn(f"[red]Refused[/red]  {escape(name_of(entry))}  {escape(text)}")
            if not error.status:  # nothing answers any more
                cli.warn(f"{number} of {len(selection.chosen)} were sent. Run the command again for the others.")
                raise typer.Exit(EXIT_REFUSED) from None
        else:
            cli.print(f"{done}  {escape(name_of(entry))}  {escape(' '.join(entry.title.split()))}")
    made = len(selection.chosen) - refused
    cli.print(f"\n{done} {made} of {len(selection.chosen)}." if refused else f"\n{done} {summary}.")
    if refused:
        raise typer.Exit(EXIT_REFUSED)


def _confirm(cli: Cli, question: str) -> None:
    """
    Raises:
        Exit: 4 without a confirmation, 130 after Ctrl-C.
    """
    if not cli.interactive:
        cli.warn(f"{question} Nothing is sent without --yes.")
        raise typer.Exit(EXIT_ATTENTION)
    try:
        confirmed = typer.confirm(f"\n{question}", default=False)
    except typer.Abort:
        raise typer.Exit(EXIT_INTERRUPTED) from None
    if not confirmed:
        cli.print("Nothing is sent.")
        raise typer.Exit(EXIT_ATTENTION)


def name_of(entry: AttentionEntry) -> str:
    """The production of a decision, and its asset where it is about one."""
    return f"{entry.production_id} {entry.waiting.asset_id or ''}".rstrip()


def first_cells(entry: AttentionEntry, now: datetime) -> tuple[str, Text, Text]:
    """The cells with which each table of decisions begins: waiting, production, asset."""
    item = entry.waiting
    return format_age(now - item.since), Text(entry.production_id), Text(item.asset_id or "–")
