"""Commands that another program runs, pointed at the servers of the stack: `temporal`, Temporal's own command, and
`deploy`, `gc` and `transfer`, which need the servers themselves."""

import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

import typer

from api.cli.context import EXIT_REFUSED, PASS_ARGUMENTS, RUN, Cli, Context, cli_of
from api.client.transport import stack_record

app = typer.Typer()

DEFAULT_ADDRESS: Final = "127.0.0.1:7233"
_CHOSEN_BY: Final = ("TEMPORAL_ADDRESS", "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE")
"""With one of these variables the environment names the server."""
_BUCKET_CHOSEN_BY: Final = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_ACCESS_KEY_ID")
"""The same for the bucket, as `make up` decides."""


@dataclass(frozen=True)
class Server:
    """A Temporal server: its address, the source of the address, and the environment in which tools use it."""

    address: str
    namespace: str
    ui_url: str
    source: str
    environ: Mapping[str, str]


@app.command(rich_help_panel=RUN, context_settings=PASS_ARGUMENTS, add_help_option=False)
def temporal(context: Context) -> None:
    """Run Temporal's own command on the server of the stack; without arguments, print the address of the server."""
    cli = cli_of(context)
    server = find_server(os.environ)
    if not context.args:
        _print_server(cli, server)
        cli.print("\nRun Temporal's command there: [bold]greenlight temporal workflow list[/bold]")
        return
    program = _program()
    if not program:
        cli.warn("[bold red]The command `temporal` is not installed[/bold red]")
        cli.warn("  Install it with `make up`, or use your own at this server:")
        _print_server(cli, server)
        raise typer.Exit(EXIT_REFUSED)
    sys.stdout.flush()
    os.execve(program, [program, *context.args], dict(server.environ))  # noqa: S606 - no shell, the bundled program


@app.command(rich_help_panel=RUN, context_settings=PASS_ARGUMENTS, add_help_option=False)
def deploy(context: Context) -> None:
    """Show the versions of the workers and what each holds; choose the one that new productions use."""
    _exec("worker.versions", context.args, find_server(os.environ).environ)


@app.command(rich_help_panel=RUN, context_settings=PASS_ARGUMENTS, add_help_option=False)
def gc(context: Context) -> None:
    """Count what is no longer needed in the bucket, and remove it with --delete."""
    _exec("worker.operations", ["gc", *context.args], servers_environ(os.environ))


@app.command(rich_help_panel=RUN, context_settings=PASS_ARGUMENTS, add_help_option=False)
def transfer(context: Context) -> None:
    """Move a closed production to another installation: export it there, import it here."""
    _exec("worker.operations", ["transfer", *context.args], servers_environ(os.environ))


def _exec(module: str, arguments: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    """Replace this process with a module of the workers, which `api` must not import."""
    sys.stdout.flush()
    command = [sys.executable, "-m", module, *arguments]
    os.execve(sys.executable, command, dict(environ))  # noqa: S606 - no shell, our own interpreter


def servers_environ(environ: Mapping[str, str]) -> Mapping[str, str]:
    """The environment in which a tool uses the Temporal server and the bucket that the environment names, or those of
    the stack that was started here."""
    env, stack = dict(find_server(environ).environ), stack_record(environ)
    if "s3" not in stack.get("embedded", ()) or any(environ.get(name) for name in _BUCKET_CHOSEN_BY):
        return env
    credentials = json.loads((Path(stack["home"]) / "s3.json").read_text("utf-8"))
    return env | {
        "AWS_ENDPOINT_URL_S3": stack["s3_endpoint"],
        "AWS_ACCESS_KEY_ID": credentials["access_key"],
        "AWS_SECRET_ACCESS_KEY": credentials["secret_key"],
        "AWS_REGION": "us-east-1",
        "GREENLIGHT_BUCKET": stack["bucket"],
    }


def find_server(environ: Mapping[str, str]) -> Server:
    """The server that the environment names, or that of the stack that was started here."""
    stack = stack_record(environ)
    record = {name: value for name, value in stack.items() if isinstance(value, str)}
    ui_url = environ.get("GREENLIGHT_TEMPORAL_UI_URL") or record.get("temporal_ui_url", "")
    namespace = environ.get("TEMPORAL_NAMESPACE") or "default"
    if chosen := next((name for name in _CHOSEN_BY if environ.get(name)), ""):
        address = environ.get("TEMPORAL_ADDRESS") or f"as {chosen} says"
        return Server(address, namespace, ui_url, chosen, environ)
    if address := record.get("temporal_address", ""):
        namespace = environ.get("TEMPORAL_NAMESPACE") or record.get("temporal_namespace") or "default"
        env = dict(environ) | {"TEMPORAL_ADDRESS": address, "TEMPORAL_NAMESPACE": namespace}
        if "temporal" in stack.get("embedded", ()):
            # A profile could add TLS or a key, which this server does not have.
            env["TEMPORAL_CONFIG_FILE"] = os.devnull
        if codec_url := record.get("codec_url"):
            env.setdefault("TEMPORAL_CODEC_ENDPOINT", codec_url)
        return Server(address, namespace, ui_url, "the stack that was started here", env)
    return Server(DEFAULT_ADDRESS, namespace, ui_url, "the default, because no stack was started here", environ)


def _print_server(cli: Cli, server: Server) -> None:
    cli.out.out(f"Address    {server.address} ({server.source})", highlight=False)
    cli.out.out(f"Namespace  {server.namespace}", highlight=False)
    if server.ui_url:
        cli.out.out(f"UI         {server.ui_url}", highlight=False)


def _program() -> str:
    """The path of the program: the bundled one, next to this interpreter, or one on the PATH; empty without one."""
    bundled = Path(sys.executable).with_name("temporal")
    return str(bundled) if bundled.is_file() else shutil.which("temporal") or ""
