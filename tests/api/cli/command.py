"""The command, run in this process against an API."""

import asyncio
from collections.abc import Awaitable, Callable

from typer.testing import CliRunner, Result

from api.cli.main import app

Greenlight = Callable[..., Awaitable[Result]]


def command_at(url: str) -> Greenlight:
    async def run(*args: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, app, ["--url", url, *args])

    return run
