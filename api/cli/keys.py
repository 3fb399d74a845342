"""The commands of API keys: keys create, list, revoke. They change the file on this machine and ask no API."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from api.auth import key_file
from api.auth.roles import Role
from api.cli.context import Context, studio_of
from api.cli.tables import print_table, table

app = typer.Typer(no_args_is_help=True)

FileOption = Annotated[
    Path, typer.Option("--file", metavar="FILE", envvar="GREENLIGHT_API_KEYS", help="The file that holds them.")
]
NameOption = Annotated[str, typer.Option(metavar="NAME", help="Whose key it is; stands beside what they decide.")]


@app.command()
def create(
    context: Context,
    name: NameOption,
    role: Annotated[
        list[Role], typer.Option("--role", metavar="ROLE", help="requester, approver or operator; repeat.")
    ],
    file: FileOption,
    tenant: Annotated[str, typer.Option(help="Whose productions it reaches, and no others.")] = "default",
) -> None:
    """Make a key and print it, once: the file keeps only its hash."""
    with _telling():
        key = key_file.create(file, name, tenant, role)
    studio = studio_of(context)
    studio.warn(f"The key of {name}, shown this once: send it as `Authorization: Bearer …`, or set GREENLIGHT_API_KEY.")
    typer.echo(key)


@app.command("list")
def list_(context: Context, file: FileOption) -> None:
    """List whose keys there are."""
    with _telling():
        found = key_file.read(file).keys
    rows = table("name", "tenant", "roles", "created")
    for key in found:
        created = key.created_at.astimezone().strftime("%Y-%m-%d %H:%M") if key.created_at else ""
        rows.add_row(Text(key.name), key.tenant, ", ".join(key.roles), created)
    print_table(studio_of(context).out, rows)


@app.command()
def revoke(
    context: Context, name: Annotated[str, typer.Argument(metavar="NAME", help="Whose key.")], file: FileOption
) -> None:
    """Let a key open nothing any more: a running API reads the file at its next request."""
    with _telling():
        key_file.revoke(file, name)
    studio_of(context).out.out(f"Revoked the key of {name}.", highlight=False)


@contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
    except key_file.KeyFileError as error:
        raise typer.BadParameter(f"{error}.") from None
