"""`python -m api.mcp`: the tools over stdio, with the key in GREENLIGHT_API_KEY; `python -m api.mcp http` over HTTP."""

import argparse
import logging
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from importlib import metadata
from typing import Final

from dotenv import load_dotenv

from api.settings import SettingsError, tenant_streams
from workflows.runtime.redaction import redact_logs, register_secrets

DEFAULT_PORT: Final = 8410
STOP_SECONDS: Final = 5
_MISSING: Final = "The tools for agents need the package mcp: install greenlight[mcp]."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server until it is stopped; 2 where it cannot start."""
    load_dotenv(".env")
    parser = argparse.ArgumentParser(prog="python -m api.mcp", description=__doc__)
    parser.add_argument("transport", nargs="?", choices=("stdio", "http"), default="stdio")
    parser.add_argument("--host", default=os.environ.get("GREENLIGHT_MCP_HOST") or "127.0.0.1")
    # A text, which argparse parses as it does the option.
    parser.add_argument("--port", type=int, default=os.environ.get("GREENLIGHT_MCP_PORT") or str(DEFAULT_PORT))
    chosen = parser.parse_args(arguments)
    # Over stdio, stdout belongs to the protocol.
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    register_secrets(os.environ)
    redact_logs()
    try:
        import mcp  # noqa: F401 - an optional extra
    except ModuleNotFoundError:
        print(_MISSING, file=sys.stderr)  # noqa: T201 - the reason for a refused start belongs on the terminal
        return 2
    try:
        if chosen.transport == "http":
            _serve_http(chosen.host, chosen.port, tenant_streams(os.environ))
        else:
            _serve_stdio()
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201 - as above
        return 2
    return 0


def _serve_http(host: str, port: int, streams: int) -> None:
    import uvicorn

    from api.client.transport import resolve_url
    from api.connections import Connection
    from api.mcp.http import make_app

    url, _ = resolve_url(None, os.environ)
    app = make_app(url, _version(), streams)
    uvicorn.run(
        app,
        host=host,
        port=port,
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        lifespan="on",
        http=Connection,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


def _serve_stdio() -> None:
    from api.client.aio.client import AsyncGreenlightClient
    from api.mcp.tools import Call, make_server

    @asynccontextmanager
    async def connect(_: Call) -> AsyncIterator[AsyncGreenlightClient]:
        async with AsyncGreenlightClient() as client:
            yield client

    make_server(connect, _version()).run("stdio")


def _version() -> str:
    try:
        return metadata.version("greenlight")
    except metadata.PackageNotFoundError:  # it runs from a source tree that is not installed
        return "0"


if __name__ == "__main__":
    sys.exit(main())
