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

from workflows.runtime.redaction import redact_logs, register_secrets

DEFAULT_PORT: Final = 8410
STOP_SECONDS: Final = 5
_MISSING: Final = "The tools for agents need the package mcp: install greenlight[mcp]."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server until it is stopped; 2 where it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m api.mcp", description=__doc__)
    parser.add_argument("transport", nargs="?", choices=("stdio", "http"), default="stdio")
    parser.add_argument("--host", default=os.environ.get("GREENLIGHT_MCP_HOST") or "127.0.0.1")
    parser.add_argument("--port", type=int, default=int(os.environ.get("GREENLIGHT_MCP_PORT") or DEFAULT_PORT))
    chosen = parser.parse_args(arguments)
    load_dotenv(".env")
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
    if chosen.transport == "http":
        _serve_http(chosen.host, chosen.port)
    else:
        _serve_stdio()
    return 0


def _serve_http(host: str, port: int) -> None:
    import uvicorn

    from api.client.transport import resolve_url
    from api.connections import Connection
    from api.mcp.http import make_app

    url, _ = resolve_url(None, os.environ)
    app = make_app(url, _version())
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
