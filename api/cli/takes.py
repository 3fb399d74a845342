"""The command that uses a file of one's own as a take: upload."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from api.cli.context import AssetArgument, Context, ProductionArgument, me, studio_of
from api.cli.decide import say_receipt
from api.cli.edit import PANEL

app = typer.Typer()

FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True, help="Your own file.")
]


@app.command(rich_help_panel=PANEL)
def upload(
    context: Context,
    production_id: ProductionArgument,
    asset: AssetArgument,
    file: FileArgument,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="Whose file it is. Default: you.")] = None,
) -> None:
    """Use a file of your own as a new take of an asset."""
    studio = studio_of(context)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=studio.err, transient=True) as progress:
        task = progress.add_task(file.name, total=file.stat().st_size)
        receipt = studio.client.upload_take(
            production_id,
            asset,
            file,
            uploaded_by=by or me(),
            idempotency_key=studio.key,
            on_sent=lambda sent: progress.advance(task, sent),
        )
    say_receipt(studio, production_id, "Uploaded", receipt)
