"""`python -m worker.operations`: the commands `greenlight gc` and `greenlight transfer`."""

import json
from collections import Counter
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from worker.exits import run_command
from worker.operations import connection
from worker.operations.garbage import MEANINGS, Collector, Garbage, Item
from worker.operations.transfer import export_production, import_production

app = typer.Typer(name="greenlight", no_args_is_help=True, add_completion=False, rich_markup_mode=None)
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DEFAULT_DAYS: Final = 30
"""As long as the embedded Temporal server keeps closed runs."""


@app.callback()
def operations() -> None:
    """Commands of operators, in an environment that names both servers as that of a worker does."""


@app.command()
def gc(
    days: Annotated[
        int, typer.Option(min=1, help="Keep what belongs to productions that ended within so many days.")
    ] = DEFAULT_DAYS,
    delete: Annotated[bool, typer.Option("--delete", help="Remove it. Without this, it is only counted.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Count what is no longer needed in the bucket, by reason, and remove it with --delete."""

    async def work() -> tuple[Garbage, list[Item]]:
        collector = Collector(await connection.connect_temporal(), connection.open_bucket(), days)
        found = await collector.find()
        removed = [each async for each, done in collector.remove(found.items) if done] if delete else []
        return found, removed

    found, removed = connection.run(work)
    if as_json:
        typer.echo(json.dumps(_as_json(found, removed, delete=delete), indent=2))
    else:
        _print(found, removed, delete=delete)


transfer = typer.Typer(no_args_is_help=True, help="Move a closed production to another installation.")
app.add_typer(transfer, name="transfer")


@transfer.command("export")
def export(
    production: Annotated[str, typer.Argument(metavar="ID", help="The id of a closed production.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="A new file, as film.tar.")],
) -> None:
    """Write a closed production into a file, with its takes, ledgers and deliverables."""

    async def work() -> int:
        client = await connection.connect_temporal()
        return await export_production(client, connection.open_bucket(), production, out)

    count = connection.run(work)
    typer.echo(f"{count} objects of {production} are in {out}. There: greenlight transfer import {out}")
    typer.echo("From then on, change it there alone: the two copies know nothing of each other.")


@transfer.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="Of transfer export.")],
) -> None:
    """Put an exported production into the bucket of this installation. It may be repeated."""

    async def work() -> str:
        return await import_production(await connection.connect_temporal(), connection.open_bucket(), file)

    production_id = connection.run(work)
    typer.echo(f"{production_id} is here: greenlight show {production_id}")


def _as_json(found: Garbage, removed: list[Item], *, delete: bool) -> dict[str, object]:
    def counted(items: list[Item]) -> dict[str, dict[str, int]]:
        counts = Counter(each.reason for each in items)
        sizes: Counter[str] = Counter()
        for each in items:
            sizes[each.reason] += each.bytes
        return {reason: {"count": counts[reason], "bytes": sizes[reason]} for reason in MEANINGS if counts[reason]}

    return {
        "found": counted(found.items),
        **({"removed": counted(removed)} if delete else {}),
        "kept": {
            "productions_open_or_recent": found.open_or_recent,
            "productions_of_unknown_end": found.unknown,
            "files_in_use": found.in_use,
        },
    }


def _print(found: Garbage, removed: list[Item], *, delete: bool) -> None:
    table = Table("reason", "count", "bytes", *(["removed"] if delete else []), "", box=None, pad_edge=False)
    for reason, meaning in MEANINGS.items():
        items = [each for each in found.items if each.reason == reason]
        done = [str(sum(each.reason == reason for each in removed))] if delete else []
        size = sum(each.bytes for each in items)
        if items:
            table.add_row(reason, str(len(items)), f"{size:,}", *done, meaning)
    console = Console(highlight=False, soft_wrap=True)
    if found.items:
        console.print(table)
    else:
        typer.echo("Nothing can be removed.")
    for count, text in (
        (found.open_or_recent, "productions keep their leftovers: they are open, or ended within the period"),
        (found.unknown, "productions keep their leftovers: neither Temporal nor a manifest shows that they ended"),
        (found.in_use, "old files are kept: a brief names them"),
    ):
        if count:
            typer.echo(f"{count} {text}")
    if found.items and not delete:
        typer.echo("Nothing was removed: greenlight gc --delete removes it")
    elif skipped := len(found.items) - len(removed) if delete else 0:
        typer.echo(f"{skipped} stay: they changed, or were used, since they were counted")


def main() -> None:
    """Exit code 0; 1 if it is refused or a server does not respond, 2 for wrong usage."""
    run_command(app, "greenlight")


if __name__ == "__main__":
    main()
