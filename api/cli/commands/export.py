"""The command export: the film for editing software."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import DownloadColumn, Progress, SpinnerColumn, TextColumn, TransferSpeedColumn

from api.cli.context import MAKE, Context, ProductionArgument, check_out, cli_of
from api.views.exports import ExportFormat

app = typer.Typer()


@app.command(rich_help_panel=MAKE)
def export(
    context: Context,
    production_id: ProductionArgument,
    to: Annotated[
        ExportFormat,
        typer.Option(help="fcpxml: Final Cut Pro, Resolve. fcp7xml: Premiere Pro. edl: one list per track."),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="The archive. Default: ID-FORMAT.zip.")
    ] = None,
    revision: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="An earlier revision. Default: the newest.")
    ] = None,
) -> None:
    """Download a film for editing software: its timeline, takes, captions and markers in one archive."""
    check_out(out.parent if out else None)
    if out and out.is_dir():
        raise typer.BadParameter(f"{out} is a folder; name a file", param_hint="--out")
    cli = cli_of(context)
    production_id = cli.production_id(production_id)
    path = out or Path(f"{production_id}-{to.value}.zip")
    columns = (SpinnerColumn(), TextColumn("{task.description}"), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=cli.err, transient=True) as progress:
        task = progress.add_task(path.name, total=None)
        cli.client.export(
            production_id, to, path, revision=revision, on_received=lambda size: progress.advance(task, size)
        )
    cli.out.out(path, highlight=False)
