"""The commands of API keys: keys create, list, revoke. They change the key file on this machine, without the API."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from api.auth import key_file
from api.auth.roles import Role
from api.cli.context import Context, JsonOption, cli_of
from api.cli.tables import local_time, print_table, table

app = typer.Typer(no_args_is_help=True)

FileOption = Annotated[
    Path, typer.Option("--file", metavar="FILE", envvar="GREENLIGHT_API_KEYS", help="The file of the API keys.")
]
NameOption = Annotated[str, typer.Option(metavar="NAME", help="The owner of the key, recorded with their decisions.")]


@app.command()
def create(
    context: Context,
    name: NameOption,
    role: Annotated[
        list[Role], typer.Option("--role", metavar="ROLE", help="requester, approver or operator; repeat. Or agent.")
    ],
    file: FileOption,
    tenant: Annotated[str, typer.Option(help="The only tenant whose productions the key can access.")] = "default",
) -> None:
    """Create a key and print it once: the file stores only its hash."""
    with _usage_errors():
        key = key_file.create(file, name, tenant, role)
    cli = cli_of(context)
    cli.warn(f"The key of {name}, shown only now: send it as `Authorization: Bearer …`, or set GREENLIGHT_API_KEY.")
    typer.echo(key)


@app.command("list")
def list_(context: Context, file: FileOption, as_json: JsonOption = False) -> None:
    """List the keys' owners, tenants and roles."""
    with _usage_errors():
        found = key_file.read(file).keys
    if as_json:
        typer.echo(json.dumps([key.model_dump(mode="json", exclude={"sha256"}) for key in found], indent=2))
        return
    rows = table("name", "tenant", "roles", "created")
    for key in found:
        created = local_time(key.created_at) if key.created_at else ""
        rows.add_row(Text(key.name), key.tenant, ", ".join(key.roles), created)
    print_table(cli_of(context).out, rows)


@app.command()
def revoke(
    context: Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The owner of the key.")],
    file: FileOption,
) -> None:
    """Revoke a key. A running API reads the file at its next request."""
    with _usage_errors():
        key_file.revoke(file, name)
    cli_of(context).out.out(f"Revoked the key of {name}.", highlight=False)


@contextmanager
def _usage_errors() -> Iterator[None]:
    """
    Raises:
        BadParameter: the key file cannot be used.
    """
    try:
        yield
    except key_file.KeyFileError as error:
        raise typer.BadParameter(f"{error}.") from None
