"""The command `greenlight`: a client of the API that also starts the stack."""

import os
import sys
from typing import Annotated, NoReturn

import typer

from api.cli.commands import attention, batch, decisions, doctor, edit, keys, produce, schedule, show, takes
from api.cli.context import MAKE, RUN, Cli, Context, ErrorReportingGroup

app = typer.Typer(
    cls=ErrorReportingGroup,
    help="Turns a brief into a priced plan, and after its approval into media and a deliverable.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

PASS_ARGUMENTS = {"allow_extra_args": True, "ignore_unknown_options": True}


@app.callback()
def connect(
    context: Context,
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="The address of the API. Default: GREENLIGHT_URL, or the stack started here."),
    ] = None,
) -> None:
    context.obj = Cli(url)
    context.call_on_close(context.obj.close)


@app.command(rich_help_panel=RUN, context_settings=PASS_ARGUMENTS, add_help_option=False)
def up(context: Context) -> None:
    """Run the whole stack here until Ctrl-C: Temporal, S3, worker, API."""
    _exec_module("deploy.local", "up", *context.args)


@app.command(rich_help_panel=RUN, context_settings=PASS_ARGUMENTS, add_help_option=False)
def demo(context: Context) -> None:
    """Make a sample film from end to end, without any key."""
    _exec_module("deploy.demo", *context.args)


for module in (produce, decisions, edit, takes, show, doctor, attention, batch):
    app.add_typer(module.app)
app.add_typer(schedule.app, name="schedule", rich_help_panel=MAKE, help="Start productions of a brief at set times.")
app.add_typer(keys.app, name="keys", rich_help_panel=RUN, help="Manage API keys and their roles.")


def _exec_module(module: str, *args: str) -> NoReturn:
    """Replace this process with another module of the repository: `api` must not import `deploy`."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", module, *args])  # noqa: S606 - no shell, our own interpreter


def main() -> None:
    app()


if __name__ == "__main__":
    main()
