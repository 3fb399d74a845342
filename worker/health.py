"""Whether a worker can work, for orchestrators: a small HTTP endpoint, and the same in its log.

GET /healthz is 200 while the process turns; GET /readyz is 200 where Temporal and the storage do what they are needed
for, else 503. Both answer `{"ready": …, "checks": {"temporal": "ok", "storage": "ok"}}`, a reason in place of `ok`.
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

from activities.storage.bucket import Storage
from activities.storage.errors import StorageFailed
from workflows import keys
from workflows.servers import problem_of

WATCH_SECONDS: Final = 5.0
"""Between two looks: what breaks is in the log within 10 s."""
_ANSWER_WITHIN: Final = timedelta(seconds=3)
_REQUEST_WITHIN: Final = 5.0
_ALLOWED: Final = (RPCStatusCode.PERMISSION_DENIED, RPCStatusCode.UNIMPLEMENTED)
"""Servers and proxies that let a worker poll, but not look at its namespace."""

log = logging.getLogger(__name__)


class HealthRefused(ValueError):
    """The endpoint cannot listen; the message names the variables."""


class Health:
    """What is known. A check that is not there yet counts as not ready."""

    def __init__(self) -> None:
        self.checks: dict[str, str] = {"temporal": "connecting", "storage": "connecting"}

    @property
    def ready(self) -> bool:
        return all(said == "ok" for said in self.checks.values())

    def say(self, what: str, problem: str) -> None:
        """Note a state, and log it where it is another one than before."""
        said = problem or "ok"
        if said != self.checks[what]:
            if problem:
                log.error("%s: %s", what.capitalize(), problem)
            elif self.checks[what] != "connecting":
                log.info("%s: ok again", what.capitalize())
            self.checks[what] = said

    async def watch(self, client: Client, storage: Storage) -> None:
        """Look at both until cancelled."""
        while True:
            self.say("temporal", await temporal_problem(client))
            self.say("storage", await storage_problem(storage))
            await asyncio.sleep(WATCH_SECONDS)


async def temporal_problem(client: Client) -> str:
    """Why the server cannot be worked with; empty where it answers and has the namespace."""
    request = DescribeNamespaceRequest(namespace=client.namespace)
    try:
        await client.workflow_service.describe_namespace(request, timeout=_ANSWER_WITHIN)
    except RPCError as error:
        if error.status in _ALLOWED:
            return ""
        return problem_of(error.message) or f"the server does not answer ({error.message[:200]})"
    except RuntimeError as error:  # the SDK's word for a connection that failed
        return problem_of(str(error)) or f"the server does not answer ({str(error)[:200]})"
    return ""


async def storage_problem(storage: Storage) -> str:
    """Why no paid work is done with the store, or why it does not answer; empty where it does what is needed."""
    if storage.support and storage.support.state == "unsupported":
        return storage.support.problem
    try:
        await storage.head(keys.probe_key("none"))
    except StorageFailed as error:
        # A key that may only read what is there is refused here, and works.
        if error.answered is None or not error.answered.refused:
            return f"the S3 server does not answer ({str(error)[:200]})"
    return ""


@asynccontextmanager
async def endpoint(health: Health, host: str, port: int | None) -> AsyncIterator[None]:
    """Serve the endpoint while the block runs, where there is a port for it.

    Raises:
        HealthRefused: the address cannot be used.
    """
    if port is None:
        yield
        return

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
            async with asyncio.timeout(_REQUEST_WITHIN):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(_response(health, head.split(b"\r\n", 1)[0].decode("latin-1")))
                await writer.drain()
        writer.close()

    try:
        server = await asyncio.start_server(answer, host, port, limit=16_384)
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
