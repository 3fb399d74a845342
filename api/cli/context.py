"""Shared by all commands: the client, the consoles, errors, and common arguments."""

import getpass
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar
from uuid import uuid4

import typer
from pydantic import BaseModel, ValidationError
from pydantic_core import to_json
from rich.console import Console
from rich.markup import escape
from typer.core import TyperGroup

from api.cli import error_text, ids
from api.cli.tables import label, make_console
from api.client.client import GreenlightClient, GreenlightError
from api.views.production import PlanView, ProductionView
from workflows.events import Receipt

T = TypeVar("T")

EXIT_REFUSED: Final = 1
EXIT_USAGE: Final = 2
EXIT_TOO_EXPENSIVE: Final = 3
EXIT_ATTENTION: Final = 4
EXIT_INTERRUPTED: Final = 130

POLL_SECONDS: Final = 1.0

ENV_FILE: Final = Path(".env")
"""Settings for variables that the environment does not have; `make up` reads it too."""

PASS_ARGUMENTS: Final = {
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "allow_interspersed_args": False,
}
"""For a command whose arguments another program reads."""

MAKE: Final = "Make"
DECIDE: Final = "Decide"
INSPECT: Final = "Inspect"
RUN: Final = "Run"
"""The panels of `greenlight --help`."""

_KEY_REMEDIES: Final = {
    401: "Set GREENLIGHT_API_KEY to your key; the operator of the API creates one with `greenlight keys create`.",
    403: "The key in GREENLIGHT_API_KEY does not allow this request.",
}


@dataclass
class Cli:
    """One invocation of the command: its client, its consoles and its idempotency key."""

    url: str | None = None
    out: Console = field(default_factory=make_console)
    err: Console = field(default_factory=lambda: make_console(stderr=True))
    key: str = field(default_factory=lambda: f"cli-{uuid4().hex}")
    """For the one request of this invocation that spends or decides: a retry of it takes no effect twice."""

    @cached_property
    def client(self) -> GreenlightClient:
        return GreenlightClient(self.url)

    def production_id(self, text: str) -> str:
        """The id of the production that `text` names or abbreviates."""
        return ids.find_production(self.client, text)

    def batch_id(self, text: str) -> str:
        return ids.find_batch(self.client, text)

    def evaluation_id(self, text: str) -> str:
        return ids.find_evaluation(self.client, text)

    def schedule_id(self, text: str) -> str:
        return ids.find_schedule(self.client, text)

    def close(self) -> None:
        if "client" in self.__dict__:
            self.client.close()

    @property
    def interactive(self) -> bool:
        """True where a person at a terminal can answer a question."""
        return self.out.is_terminal and sys.stdin.isatty()

    def print(self, text: str) -> None:
        """Print one line in console markup, never wrapped."""
        self.out.print(text, soft_wrap=True)

    def warn(self, text: str) -> None:
        self.err.print(text, soft_wrap=True)

    def poll(self, read: Callable[[], T]) -> T | None:
        """What is read, or None after a temporary error, which is shown."""
        try:
            return read()
        except GreenlightError as error:
            if 0 < error.status < 500:
                raise
            self.warn(f"[dim]{escape(error.title)}; trying again[/dim]")
            return None

    def follow(self, read: Callable[[], T], show: Callable[[T], None], ended: Callable[[T], bool]) -> T:
        """Show the state of what runs on the server until it has ended."""
        while True:
            if state := self.poll(read):
                show(state)
                if ended(state):
                    return state
            time.sleep(POLL_SECONDS)

    @contextmanager
    def interruptible(self, message: str) -> Iterator[None]:
        """Ctrl-C ends the command with the message; what runs on the server goes on."""
        try:
            yield
        except KeyboardInterrupt:
            self.print(f"\n{message}")
            raise typer.Exit(EXIT_INTERRUPTED) from None

    def warn_changes(self) -> Callable[[str], None]:
        """A function that shows a line, unless it is the same as the one before."""
        shown = [""]

        def warn(line: str) -> None:
            if line != shown[-1]:
                self.warn(escape(line))
                shown[:] = [line]

        return warn

    def print_json(self, found: BaseModel | Sequence[BaseModel]) -> None:
        """Print a record, or a list of records."""
        typer.echo(to_json(found, indent=2).decode())


def cli_of(context: typer.Context) -> Cli:
    cli = context.find_object(Cli)
    assert cli is not None
    return cli


class ErrorReportingGroup(TyperGroup):
    """Prints errors of the API and of records as one message, without a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (GreenlightError, ValidationError) as error:
            raise report(error) from None
        except BrokenPipeError:
            raise  # the reader of a pipe has ended, as `head` does; click exits without a message
        except (OSError, UnicodeError) as error:
            make_console(stderr=True).print(f"[bold red]{escape(_file_error(error))}[/bold red]", soft_wrap=True)
            raise typer.Exit(EXIT_REFUSED) from None


def _file_error(error: OSError | UnicodeError) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def check_out(out: Path | None) -> None:
    """
    Raises:
        BadParameter: the directory `out` cannot be written to. Called before the command starts anything.
    """
    if out is None:
        return
    existing = next(path for path in (out.absolute(), *out.absolute().parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        problem = "cannot be written to" if existing.is_dir() else "is a file"
        raise typer.BadParameter(f"{existing} {problem}; name a directory that can be written", param_hint="--out")


def report(error: GreenlightError | ValidationError) -> typer.Exit:
    """Print an error; the result is the exit with its code."""
    console = make_console(stderr=True)
    if isinstance(error, GreenlightError):
        _show_error(console, error)
        return typer.Exit(EXIT_REFUSED)
    # Imported here because it loads FastAPI, which takes time that only an invalid command should cost.
    from api.problems import field_errors

    console.print("[bold red]The request is invalid[/bold red]")
    for problem in field_errors(error.errors()):
        line = error_text.field_line(problem.field, problem.message, problem.remedy)
        console.print(f"  {escape(line)}", soft_wrap=True)
    return typer.Exit(EXIT_USAGE)


def _show_error(console: Console, error: GreenlightError) -> None:
    """Print title, detail, then a line for each field."""
    console.print(f"[bold red]{escape(error_text.title_of(error))}[/bold red]", soft_wrap=True)
    for line in error_text.lines_of(error):
        console.print(f"  {escape(line)}", soft_wrap=True)
    if error.status in _KEY_REMEDIES:
        console.print(f"  {_KEY_REMEDIES[error.status]}", soft_wrap=True)
    if error.plan_digest:
        console.print(f"  The current plan is {error.plan_digest}", soft_wrap=True)


def print_receipt(cli: Cli, production_id: str, action: str, receipt: Receipt) -> None:
    """Print what the command did and the status of the production after it."""
    cli.print(f"{action}. The production is [bold]{label(receipt.status.value)}[/bold].")
    if not receipt.status.closed:
        cli.print(f"Follow it: [bold]greenlight watch {production_id}[/bold]")


def plan_of(production: ProductionView) -> PlanView:
    """
    Raises:
        GreenlightError: the production has no plan yet.
    """
    if production.plan is None:
        raise GreenlightError("There is no plan yet", f"The production is {production.status.value}.")
    return production.plan


def current_user() -> str:
    """The user of this machine, as the person who approves, edits and requests."""
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
ProductionArgument = Annotated[str, typer.Argument(metavar="ID", help="The production: its id, or the start of it.")]
AssetArgument = Annotated[str, typer.Argument(metavar="ASSET", help="The asset, as `greenlight show` names it.")]
UnknownOption = Annotated[
    bool, typer.Option("--allow-unknown-prices", help="Also spend on models whose price is not published.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
LimitOption = Annotated[int, typer.Option("--limit", min=1, help="The maximum number of lines.")]
