"""Commands about what was read in references: references, correct, analyse."""

from decimal import Decimal
from typing import Annotated

import typer
from rich.text import Text

from api.cli.context import (
    DECIDE,
    INSPECT,
    Context,
    JsonOption,
    ProductionArgument,
    cli_of,
    current_user,
    print_receipt,
)
from api.cli.tables import one_line, print_table, table
from api.views.references import ReferencesView, ReferenceView
from workflows.requests import PartChange

app = typer.Typer()

Number = Annotated[int, typer.Argument(metavar="NUMBER", min=1, help="The number of the reference: 2 of reference-2.")]
PartArgument = Annotated[str, typer.Argument(metavar="PART", help="The id of the part, as `references` shows it.")]


@app.command(rich_help_panel=INSPECT)
def references(
    context: Context,
    production_id: ProductionArgument,
    number: Annotated[int | None, typer.Argument(min=1, help="Show everything that was read in this one.")] = None,
    words: Annotated[bool, typer.Option("--words", help="With the time of each spoken word.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what was read in the references of a production, with its pages and times."""
    cli = cli_of(context)
    production_id = cli.production_id(production_id)
    if number is not None:
        one = cli.client.reference(production_id, number)
        return cli.print_json(one) if as_json else _show(context, one, words=words)
    found = cli.client.references(production_id)
    if as_json:
        return cli.print_json(found)
    if not found.references:
        return cli.print("The brief has no references.")
    return show_references(context, found)


def show_references(context: Context, found: ReferencesView) -> None:
    """Print a line for each reference, and what was not read."""
    cli = cli_of(context)
    rows = table("reference", "kind", "use", "read", "name")
    for each in found.references:
        rows.add_row(each.reference_id, each.kind.value, each.use.value, one_line(each.summary), one_line(each.name))
    print_table(cli.out, rows)
    for each in found.references:
        _show_unread(context, each)


def _show_unread(context: Context, each: ReferenceView) -> None:
    cli = cli_of(context)
    for unread in each.unread:
        cli.out.print(Text(f"{each.reference_id}: not read: {unread.what}; {unread.remedy}", style="yellow"))
    if each.waiting_usd:
        command = f"greenlight analyse PRODUCTION {each.reference} --max-usd {each.waiting_usd}"
        cli.out.print(Text(f"{each.reference_id}: to allow up to {each.waiting_usd} USD: {command}", style="yellow"))


def _show(context: Context, each: ReferenceView, *, words: bool) -> None:
    cli = cli_of(context)
    cli.out.print(Text(f"{each.reference_id} · {each.kind.value} · {each.media_type} · {each.summary}"))
    for part in each.parts:
        style = "dim strike" if part.struck else ""
        by = f", corrected by {part.corrected_by}" if part.corrected_by and not part.struck else ""
        read_by = f", by {part.read_by}" if part.read_by else ""
        said_by = f" · {part.speaker}" if part.speaker else ""
        cli.out.print(Text(f"\n[{part.part_id}] {part.source} · {part.kind}{said_by}{read_by}{by}", style="bold"))
        cli.out.print(Text(part.text, style=style))
        if words and part.words:
            cli.out.print(Text("  ".join(f"{w.start:.2f} {w.word}" for w in part.words), style="dim"))
    _show_unread(context, each)


@app.command(rich_help_panel=DECIDE)
def correct(
    context: Context,
    production_id: ProductionArgument,
    number: Number,
    part: PartArgument,
    text: Annotated[str | None, typer.Option(metavar="TEXT", help="What the part says instead.")] = None,
    strike: Annotated[bool, typer.Option("--strike", help="Strike the part out: the planner does not get it.")] = False,
) -> None:
    """Correct what was read in a reference. `revise` plans again with it."""
    if (text is None) is not strike:
        raise typer.BadParameter("--text: give either --text TEXT or --strike")
    cli = cli_of(context)
    changes = [PartChange(part_id=part, text=text)]
    receipt = cli.client.correct_reference(cli.production_id(production_id), number, changes, editor=current_user())
    print_receipt(cli, production_id, "Corrected", receipt)


@app.command(rich_help_panel=DECIDE)
def analyse(
    context: Context,
    production_id: ProductionArgument,
    number: Number,
    max_usd: Annotated[Decimal, typer.Option("--max-usd", metavar="USD", help="The most that it may cost.")],
) -> None:
    """Read a reference again by a model: its analysis waited for its price, or failed."""
    cli = cli_of(context)
    receipt = cli.client.analyse_reference(
        cli.production_id(production_id), number, max_usd, requested_by=current_user()
    )
    print_receipt(cli, production_id, "Read", receipt)
