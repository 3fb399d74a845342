"""The command `verify`: the provenance of a file, from its signature."""

import tempfile
from pathlib import Path
from typing import Annotated, Final

import httpx
import typer
from rich.table import Table
from rich.text import Text

from api.cli.context import EXIT_REFUSED, INSPECT, Cli, Context, JsonOption, cli_of
from api.cli.files import file_problem
from api.cli.tables import print_table
from api.provenance.reader import read_file_provenance
from api.views.provenance import ProvenanceView

app = typer.Typer()

EXIT_UNSIGNED: Final = 2
_EXITS: Final = {"valid": 0, "invalid": EXIT_REFUSED, "none": EXIT_UNSIGNED}
_TIMEOUT: Final = httpx.Timeout(60.0, connect=10.0)


@app.command(rich_help_panel=INSPECT)
def verify(
    context: Context,
    source: Annotated[
        str, typer.Argument(metavar="FILE", help="A file, its https URL, or a production: its main file is checked.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Check the signature (C2PA) of a file, and show who signed it and how it was made.

    Exits with 0 if the signature is valid, 1 if it is invalid or the file was changed, 2 if the file has none.
    """
    cli = cli_of(context)
    with tempfile.TemporaryDirectory(prefix="greenlight-") as folder:
        found = read_file_provenance(_local(cli, source, Path(folder)))
    if as_json:
        cli.print_json(found)
    else:
        show_provenance(cli, found)
    raise typer.Exit(_EXITS[found.state])


def _local(cli: Cli, source: str, folder: Path) -> Path:
    """The file, downloaded if it is not here.

    Raises:
        BadParameter: it cannot be read. GreenlightError: there is no such production, or it has no deliverable.
    """
    if source.startswith(("http://", "https://")):
        return _download(source, folder)
    problem = file_problem(source)
    if not problem:
        return Path(source)
    if Path(source).exists() or "/" in source or Path(source).suffix[1:].isalpha():
        raise typer.BadParameter(problem, param_hint="FILE")
    production = cli.client.get(cli.production_id(source))
    name = production.deliverable.files[0].name if production.deliverable else "deliverable"
    return cli.client.download_deliverable(production.production_id, folder / Path(name).name)


def _download(url: str, folder: Path) -> Path:
    name = Path(httpx.URL(url).path).name or "file"
    try:
        with httpx.stream("GET", url, follow_redirects=True, timeout=_TIMEOUT) as response:
            response.raise_for_status()
            with (folder / name).open("wb") as file:
                for chunk in response.iter_bytes():
                    file.write(chunk)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise typer.BadParameter(f"{url!r} was not downloaded: {error}", param_hint="FILE") from None
    return folder / name


def show_provenance(cli: Cli, found: ProvenanceView) -> None:
    """Print a line for each fact; a repeated name is printed once."""
    rows, before = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False), ""
    styles = {"valid": "bold green", "invalid": "bold red", "none": "bold yellow"}
    for number, line in enumerate(found.lines):
        style = styles[found.state] if number == 0 else ""
        rows.add_row(Text("" if line.name == before else line.name, style="bold"), Text(line.text, style=style))
        before = line.name
    print_table(cli.out, rows, uncut=True)
