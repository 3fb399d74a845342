"""What every command has at hand: the client, the consoles, and how errors are shown."""

import getpass
import os
import sys
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import uuid4

import typer
from pydantic import BaseModel, ValidationError
from rich.console import Console
from rich.markup import escape
from typer.core import TyperGroup

from api.cli.tables import make_console
from api.client.client import GreenlightClient, GreenlightError

EXIT_REFUSED: Final = 1
EXIT_USAGE: Final = 2
EXIT_TOO_DEAR: Final = 3
EXIT_ATTENTION: Final = 4
_ABOUT_THE_KEY: Final = {
    401: "Set GREENLIGHT_API_KEY to your key; whoever runs the API makes one with `greenlight keys create`.",
    403: "The key in GREENLIGHT_API_KEY does not allow it.",
}


@dataclass
class Studio:
    """One invocation: where the API is, where to write."""

    url: str | None = None
    out: Console = field(default_factory=make_console)
    err: Console = field(default_factory=lambda: make_console(stderr=True))
    key: str = field(default_factory=lambda: f"cli-{uuid4().hex}")
    """Of the one request of this invocation that spends or decides: sent again, it is not done again."""

    @cached_property
    def client(self) -> GreenlightClient:
        return GreenlightClient(self.url)

    def close(self) -> None:
        if "client" in self.__dict__:
            self.client.close()

    @property
    def interactive(self) -> bool:
        """True when there is somebody to ask."""
        return self.out.is_terminal and sys.stdin.isatty()

    def say(self, text: str) -> None:
        """One line in console markup, never wrapped."""
        self.out.print(text, soft_wrap=True)

    def warn(self, text: str) -> None:
        self.err.print(text, soft_wrap=True)

    def json(self, record: BaseModel) -> None:
        typer.echo(record.model_dump_json(indent=2))


def studio_of(context: typer.Context) -> Studio:
    studio = context.find_object(Studio)
    assert studio is not None
    return studio


class FriendlyGroup(TyperGroup):
    """Errors of the API and of records end as one message, not as a trace."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (GreenlightError, ValidationError) as error:
            raise told(error) from None
        except (OSError, UnicodeError) as error:
            make_console(stderr=True).print(f"[bold red]{escape(_of_a_file(error))}[/bold red]", soft_wrap=True)
            raise typer.Exit(EXIT_REFUSED) from None


def _of_a_file(error: OSError | UnicodeError) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def check_out(out: Path | None) -> None:
    """
    Raises:
        BadParameter: nothing could be written there at the end of what is about to begin.
    """
    if out is None:
        return
    there = next(path for path in (out.absolute(), *out.absolute().parents) if path.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        why = "cannot be written to" if there.is_dir() else "is a file"
        raise typer.BadParameter(f"{there} {why}; name a directory that can be written", param_hint="--out")


def told(error: GreenlightError | ValidationError) -> typer.Exit:
    """Show what is wrong; the exit that goes with it."""
    console = make_console(stderr=True)
    if isinstance(error, GreenlightError):
        show_error(console, error)
        return typer.Exit(EXIT_REFUSED)
    # Here, as it brings FastAPI along: only who has made a mistake waits for that.
    from api.problems import field_errors

    console.print("[bold red]This cannot be sent[/bold red]")
    for one in field_errors(error.errors()):
        words = "; ".join(filter(None, (one.message, one.remedy)))
        console.print(f"  {escape(f'{one.field}: {words}')}", soft_wrap=True)
    return typer.Exit(EXIT_USAGE)


def show_error(console: Console, error: GreenlightError) -> None:
    """Title, detail, then a line for each field."""
    console.print(f"[bold red]{escape(error.title)}[/bold red]", soft_wrap=True)
    if error.detail:
        console.print(f"  {escape(error.detail)}", soft_wrap=True)
    for one in error.errors:
        words = "; ".join(filter(None, (one.message, one.remedy)))
        if words not in error.detail:
            console.print(f"  {escape(f'{one.field}: {words}')}", soft_wrap=True)
    if error.status in _ABOUT_THE_KEY:
        console.print(f"  {_ABOUT_THE_KEY[error.status]}", soft_wrap=True)
    if error.plan_digest:
        console.print(f"  The current plan is {error.plan_digest}", soft_wrap=True)


def me() -> str:
    """Who approves, edits and asks: the user of this machine."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "someone"


def parse_usd(text: str) -> Decimal:
    try:
        value = Decimal(text.removeprefix("$"))
    except InvalidOperation:
        raise typer.BadParameter(f"{text!r} is not an amount of USD such as 2.50") from None
    if not value.is_finite() or value < 0:
        raise typer.BadParameter(f"{text!r} is not an amount of USD from 0 up")
    return value


def usd_option(help_text: str, panel: str | None = None) -> Any:
    return typer.Option(parser=parse_usd, metavar="USD", help=help_text, rich_help_panel=panel)


Context = typer.Context
ProductionArgument = Annotated[str, typer.Argument(metavar="ID", help="The production, as `greenlight list` shows it.")]
AssetArgument = Annotated[str, typer.Argument(metavar="ASSET", help="The asset, as `greenlight show` names it.")]
UnknownOption = Annotated[
    bool, typer.Option("--allow-unknown-prices", help="Also spend on models whose price nobody published.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
