"""`python -m api`: settings, app, server."""

import logging
import os
import socket
import sys

import uvicorn
from fastapi import FastAPI

from api.app import create_app, end_streams
from api.connections import Connection, allow_many_files
from api.settings import Settings, SettingsError
from workflows.runtime import tracing
from workflows.runtime.gc_freeze import freeze_gc
from workflows.runtime.log_context import FORMAT, add_log_context
from workflows.runtime.redaction import redact_logs, register_secrets

_log = logging.getLogger(__name__)


class Server(uvicorn.Server):
    """A uvicorn server that ends the event streams first: uvicorn waits for open responses before it stops the app."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        _log.info("Stopping; requests may take %d s more, event streams end now", self.config.timeout_graceful_shutdown)
        end_streams(self._app)
        await super().shutdown(sockets)


def server(settings: Settings, app: FastAPI, kind: type[Server] = Server) -> Server:
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_level="info",
        timeout_graceful_shutdown=settings.stop_seconds,
        server_header=False,
        # A caller without a proxy could claim https, or any address, in these headers.
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=settings.proxies or None,
        http=Connection,
    )
    return kind(config, app)


def main() -> int:
    add_log_context()
    logging.basicConfig(level=logging.INFO, format=FORMAT)
    register_secrets(os.environ)
    redact_logs()
    try:
        settings = Settings.read(os.environ)
        tracing.begin("greenlight-api", os.environ)
        app = create_app(settings, prepare=True)
    except SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the reason for a refused start belongs on the terminal
        return 2
    freeze_gc()
    allow_many_files()
    try:
        server(settings, app).run()
    finally:
        tracing.end()
    return 0


if __name__ == "__main__":
    sys.exit(main())
