"""The command `greenlight`: a client of the API, and the way to start the stack."""

import os
import sys
from typing import Annotated, NoReturn

import typer

from api.cli import attention, batch, decide, edit, keys, look, make, schedule, takes
from api.cli.context import Context, FriendlyGroup, Studio

app = typer.Typer(
    cls=FriendlyGroup,
    help="A brief becomes a priced plan, an approval, media and a deliverable.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


@app.callback()
def studio(
    context: Context,
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where the API is. Default: GREENLIGHT_URL, or the stack started here."),
    ] = None,
) -> None:
    context.obj = Studio(url)
    context.call_on_close(context.obj.close)


@app.command(rich_help_panel="Run", context_settings=PASS_ON, add_help_option=False)
def up(context: Context) -> None:
    """Run the whole stack here until Ctrl-C: Temporal, S3, worker, API."""
    _become("deploy.local", "up", *context.args)


@app.command(rich_help_panel="Run", context_settings=PASS_ON, add_help_option=False)
def demo(context: Context) -> None:
    """Make a sample film from end to end, without any key."""
    _become("deploy.demo", *context.args)


for part in (make, decide, edit, takes, look, attention, batch):
    app.add_typer(part.app)
app.add_typer(schedule.app, name="schedule", rich_help_panel="Make", help="Make a brief again and again, at set times.")
app.add_typer(keys.app, name="keys", rich_help_panel="Run", help="Say who may use the API, and as what.")


def _become(module: str, *args: str) -> NoReturn:
    """Run another part of the repository in this process's place: `api` does not import `deploy`."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", module, *args])  # noqa: S606 - no shell, our own interpreter


def main() -> None:
    app()


if __name__ == "__main__":
    main()
