"""`python -m worker.versions`: the command `greenlight deploy`, which shows and changes the versions of the workers."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Annotated, Final, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from temporalio.client import Client
from temporalio.envconfig import ClientConfig
from temporalio.service import RPCError

from worker.connect import DEFAULT_ADDRESS
from worker.exits import run_command
from worker.versions.deployment import Deployment, DeploymentRefused, Version
from worker.versions.runs import UNVERSIONED
from workflows.runtime.data_converter import make_data_converter
from workflows.runtime.encryption_keys import VARIABLE
from workflows.servers.temporal import diagnose

app = typer.Typer(name="greenlight deploy", no_args_is_help=True, add_completion=False, rich_markup_mode=None)
Done = TypeVar("Done")
DEFAULT_NAME: Final = "greenlight"
NameOption = Annotated[
    str, typer.Option("--name", envvar="TEMPORAL_DEPLOYMENT_NAME", help="The Worker Deployment of these workers.")
]
GateOption = Annotated[
    bool, typer.Option("--gate/--no-gate", help="First let a worker of the version show that it works.")
]
BuildArgument = Annotated[str, typer.Argument(metavar="BUILD", help=f"A build id of status, or {UNVERSIONED}.")]


@app.command()
def status(
    name: NameOption = DEFAULT_NAME, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """Show the versions: the share of new productions that each gets, and the open productions that it holds."""
    versions = _run(name, lambda deployment: deployment.versions())
    if as_json:
        typer.echo(json.dumps([_as_json(version) for version in versions], indent=2))
        return
    table = Table("build", "role", "new", "productions", "waiting", "others", "workers", box=None, pad_edge=False)
    for each in versions:
        workers = "poll" if each.polled else "NONE" if each.held.total or each.percent else "none"
        held = (str(each.held.productions), str(each.held.waiting), str(each.held.others))
        table.add_row(each.build_id, each.role, f"{each.percent:g} %", *held, workers)
    Console(highlight=False, soft_wrap=True).print(table)
    for line in map(_advice, versions):
        if line:
            typer.echo(line)


@app.command("set-current")
def set_current(build: BuildArgument, gate: GateOption = True, name: NameOption = DEFAULT_NAME) -> None:
    """Let new productions use this version. Open ones stay on theirs: see nudge."""

    async def change(deployment: Deployment) -> None:
        if gate and build != UNVERSIONED:
            await deployment.check(build)
        await deployment.set_current(build)

    _run(name, change)
    typer.echo(f"New productions use {build}. Open ones go on with it when nothing of them is being made;")
    typer.echo("greenlight deploy nudge asks those that wait for a person.")


@app.command()
def ramp(
    build: BuildArgument,
    percent: Annotated[float, typer.Argument(min=0, max=100, help="The share of new productions; 0 ends the ramp.")],
    gate: GateOption = True,
    name: NameOption = DEFAULT_NAME,
) -> None:
    """Let a share of new productions use this version."""

    async def change(deployment: Deployment) -> None:
        if gate and percent and build != UNVERSIONED:
            await deployment.check(build)
        await deployment.ramp(build, percent)

    _run(name, change)
    typer.echo(f"{percent:g} % of new productions use {build}." if percent else "The ramp has ended.")


@app.command()
def rollback(name: NameOption = DEFAULT_NAME) -> None:
    """End the ramp; without one, let new productions use the version that was current before."""
    build = _run(name, lambda deployment: deployment.rollback())
    typer.echo(f"New productions use {build}. greenlight deploy nudge asks the open ones to go on with it, too.")


@app.command()
def nudge(
    build: Annotated[str, typer.Option("--build", metavar="BUILD", help="Only those on this version.")] = "",
    name: NameOption = DEFAULT_NAME,
) -> None:
    """Ask open productions and batches on earlier versions to go on with the version that new ones use."""
    count = _run(name, lambda deployment: deployment.nudge(build))
    typer.echo(f"{count} runs were asked. Each goes on with it when nothing of it is being made.")


@app.command()
def move(build: BuildArgument, name: NameOption = DEFAULT_NAME) -> None:
    """Take the open productions of a version whose workers are gone to the version that new ones use."""
    count = _run(name, lambda deployment: deployment.move(build))
    typer.echo(f"{count} runs of {build} go on with the version that new ones use.")


def _run(name: str, work: Callable[[Deployment], Awaitable[Done]]) -> Done:
    """The result of the work; a problem ends the command with its message and exit code 1."""

    async def connected() -> Done:
        config = ClientConfig.load_client_connect_config()
        config.setdefault("target_host", DEFAULT_ADDRESS)
        converter = make_data_converter(os.environ.get(VARIABLE, ""))
        return await work(Deployment(await Client.connect(**config, data_converter=converter), name))

    try:
        return asyncio.run(connected())
    except (RuntimeError, RPCError) as error:
        message = diagnose(str(error)) or f"Temporal does not respond as needed (TEMPORAL_ADDRESS): {error}"
    except DeploymentRefused as refused:
        message = str(refused)
    typer.echo(message, err=True)
    raise typer.Exit(1)


def _as_json(version: Version) -> dict[str, object]:
    since = version.was_current.isoformat() if version.was_current else None
    return {**asdict(version), "was_current": since, "abandoned": version.abandoned}


def _advice(version: Version) -> str:
    """What an operator does next about a version; empty if nothing."""
    build = version.build_id
    if version.abandoned and version.percent:
        return f"{build}: no worker polls, so new productions do not start; start its workers, or roll back"
    if version.abandoned:
        return f"{build}: no worker continues these runs; start its workers, or: greenlight deploy move {build}"
    if version.role == "draining" and version.held.waiting:
        return f"{build}: {version.held.waiting} wait for a person; to let them go on: greenlight deploy nudge"
    if version.role == "drained" and version.polled:
        return f"{build}: it holds nothing any more; its workers may be stopped"
    return ""


def main() -> None:
    """Exit code 0; 1 if it is refused or Temporal does not respond, 2 for wrong usage."""
    run_command(app, "greenlight deploy")


if __name__ == "__main__":
    main()
