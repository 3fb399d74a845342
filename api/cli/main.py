"""The command `greenlight`: a client of the API that also starts the stack."""

import os
import sys
from importlib import metadata
from typing import Annotated, NoReturn

import typer
from dotenv import load_dotenv

from api.cli.commands import (
    attention,
    batch,
    decisions,
    edit,
    evaluate,
    export,
    extract,
    produce,
    references,
    schedule,
    show,
    takes,
    verify,
    watch,
)
from api.cli.commands.operations import doctor, grants, keys, temporal, voices, webhooks
from api.cli.commands.prompts import optimise, versions
from api.cli.context import ENV_FILE, EXIT_USAGE, MAKE, PASS_ARGUMENTS, RUN, Cli, Context, ErrorReportingGroup

app = typer.Typer(
    cls=ErrorReportingGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"greenlight {metadata.version('greenlight')}")
        raise typer.Exit


@app.callback()
def connect(
    context: Context,
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="The address of the API. Default: GREENLIGHT_URL, or the stack started here."),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Turns a brief into a priced plan, and after its approval into media and a deliverable.

    Settings such as GREENLIGHT_URL and GREENLIGHT_API_KEY are read from the environment, then from the file .env here.
    """
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


@app.command(rich_help_panel=RUN, context_settings=PASS_ARGUMENTS, add_help_option=False)
def backup(context: Context) -> None:
    """Back up the stack of this folder, or restore it: backup save FOLDER, backup restore FOLDER."""
    _exec_module("deploy.backup", *context.args)


for module in (
    *(produce, extract, export, watch, decisions, edit, takes, show, references),
    *(verify, doctor, attention, batch, evaluate, voices, optimise, temporal),
):
    app.add_typer(module.app)
app.add_typer(schedule.app, name="schedule", rich_help_panel=MAKE, help="Start productions of a brief at set times.")
app.add_typer(versions.app, name="prompts", rich_help_panel=RUN, help="Manage versions of Greenlight's own prompts.")
app.add_typer(grants.app, name="grants", rich_help_panel=RUN, help="Manage what agents may release.")
app.add_typer(webhooks.app, name="webhooks", rich_help_panel=RUN, help="Resend events that webhooks did not get.")
app.add_typer(keys.app, name="keys", rich_help_panel=RUN, help="Manage API keys and their roles.")


def _exec_module(module: str, *args: str) -> NoReturn:
    """Replace this process with another module of the repository: `api` must not import `deploy`."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", module, *args])  # noqa: S606 - no shell, our own interpreter


def load_env_file() -> None:
    """Set the variables of the file .env in this folder that the environment does not have."""
    try:
        load_dotenv(ENV_FILE)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text in UTF-8"
        typer.echo(f"The settings in {ENV_FILE} cannot be read: {reason}. Fix the file, or remove it.", err=True)
        raise SystemExit(EXIT_USAGE) from None


def main() -> None:
    load_env_file()
    app()


if __name__ == "__main__":
    main()
