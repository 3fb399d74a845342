"""The health of a worker for orchestrators: a small HTTP endpoint, and the same states in its log.

GET /healthz is 200 while the event loop runs; GET /readyz is 200 if Temporal and the storage work, all task queues are
polled and the disk has room, otherwise 503. Both respond `{"ready": …, "checks": {"temporal": "ok", "storage": "ok",
"polling": "ok", "disk": "ok"}}`, with a reason in place of `ok`.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from activities.disk import room_problem
from activities.storage.bucket import Storage
from activities.storage.errors import StorageFailed
from workflows import keys
from workflows.servers.temporal import diagnose

WATCH_SECONDS: Final = 5.0
"""Between two checks: a failure is in the log within 10 s."""
_RPC_TIMEOUT: Final = timedelta(seconds=3)
_REQUEST_SECONDS: Final = 5.0
_ALLOWED: Final = (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNIMPLEMENTED)
"""Some servers and proxies let a worker poll, but not describe its namespace."""

log = logging.getLogger(__name__)


class HealthRefused(ValueError):
    """The endpoint cannot listen; the message names the variables."""


class Health:
    """The state of each check. A check without a result counts as not ready."""

    def __init__(self) -> None:
        self.checks: dict[str, str] = {
            "temporal": "connecting",
            "storage": "connecting",
            "polling": "ok",
            "disk": "ok",
        }

    @property
    def ready(self) -> bool:
        return all(state == "ok" for state in self.checks.values())

    def record(self, check: str, problem: str) -> None:
        """Record a state, and log it if it has changed."""
        state = problem or "ok"
        if state != self.checks[check]:
            if problem:
                log.error("%s: %s", check.capitalize(), problem)
            elif self.checks[check] != "connecting":
                log.info("%s: ok again", check.capitalize())
            self.checks[check] = state

    async def watch(self, client: Client, storage: Storage) -> None:
        """Check them until cancelled."""
        while True:
            self.record("temporal", await temporal_problem(client))
            self.record("storage", await storage_problem(storage))
            self.record("disk", await asyncio.to_thread(room_problem))
            await asyncio.sleep(WATCH_SECONDS)


async def temporal_problem(client: Client) -> str:
    """The reason why the server cannot be used; empty if it responds and has the namespace."""
    request = DescribeNamespaceRequest(namespace=client.namespace)
    try:
        await client.workflow_service.describe_namespace(request, timeout=_RPC_TIMEOUT)
    except RPCError as error:
        if error.status in _ALLOWED:
            return ""
        return diagnose(error.message) or f"the server does not respond ({error.message[:200]})"
    except RuntimeError as error:  # the SDK raises it for a failed connection
        return diagnose(str(error)) or f"the server does not respond ({str(error)[:200]})"
    return ""


async def storage_problem(storage: Storage) -> str:
    """The reason why the storage cannot be used for paid work, or does not respond; empty if it works."""
    if storage.support and storage.support.state == "unsupported":
        return storage.support.problem
    try:
        await storage.head(keys.probe_key("none"))
    except StorageFailed as error:
        # A key without permission to list is refused for a missing object, and is sufficient.
        if error.response is None or not error.response.refused:
            return f"the S3 server does not respond ({str(error)[:200]})"
    return ""


@asynccontextmanager
async def serve_health(health: Health, host: str, port: int | None) -> AsyncIterator[None]:
    """Serve the endpoint while the block runs, if it has a port.

    Raises:
        HealthRefused: the address cannot be used.
    """
    if port is None:
        yield
        return

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
            async with asyncio.timeout(_REQUEST_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(_response(health, head.split(b"\r\n", 1)[0].decode("latin-1")))
                await writer.drain()
        writer.close()

    try:
        server = await asyncio.start_server(respond, host, port, limit=16_384)
    except OSError as error:
        raise HealthRefused(
            f"GREENLIGHT_HEALTH_HOST is {host!r} and GREENLIGHT_HEALTH_PORT is {port}: {error.strerror or error}; "
            "set them to an address of this machine and a free port"
        ) from None
    async with server:
        yield


def _response(health: Health, line: str) -> bytes:
    method, _, rest = line.partition(" ")
    path = rest.partition(" ")[0].partition("?")[0]
    status = HTTPStatus.OK
    if path not in ("/healthz", "/readyz"):
        status = HTTPStatus.NOT_FOUND
    elif method not in ("GET", "HEAD"):
        status = HTTPStatus.METHOD_NOT_ALLOWED
    elif path == "/readyz" and not health.ready:
        status = HTTPStatus.SERVICE_UNAVAILABLE
    body = json.dumps({"ready": health.ready, "checks": health.checks}).encode()
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: application/json\r\n"
    head += f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    return head.encode() + (b"" if method == "HEAD" else body)
