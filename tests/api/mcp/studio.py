"""An API with keys, workers that make nothing and bill as if they did, and the tools of an agent over HTTP."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import httpx2
import pytest
import uvicorn
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from temporalio.client import Client as Temporal

from activities.storage.bucket import Storage
from api.auth import key_file
from api.auth.roles import Role
from api.connections import Connection
from api.mcp.http import make_app
from deploy.local import Stack
from tests.support.fakes import FakeActivities
from tests.support.servers.serving import Api, serving
from tests.support.stack import use_s3
from tests.support.waiting import WITHIN, eventually

PEOPLE: Final = {"rita": Role.REQUESTER, "ana": Role.APPROVER, "scout": Role.AGENT, "other": Role.AGENT}


@dataclass
class Studio:
    """The API and the server of tools, and the keys of people and agents of one tenant."""

    api: Api
    url: str
    keys: dict[str, str]
    file: Path
    fakes: FakeActivities

    def http(self, name: str) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {self.keys[name]}"}
        return httpx.AsyncClient(base_url=self.api.http.base_url, headers=headers, timeout=WITHIN)

    @asynccontextmanager
    async def tools(self, name: str) -> AsyncIterator[Client]:
        """The client of the package, with a key."""
        headers = {"Authorization": f"Bearer {self.keys[name]}"}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=WITHIN) as http,
            Client(streamable_http_client(f"{self.url}/mcp", http_client=http)) as client,
        ):
            yield client


@asynccontextmanager
async def studio(
    temporal: Temporal, servers: Stack, storage: Storage, folder: Path, tenant: str
) -> AsyncIterator[Studio]:
    """A studio of one tenant: three assets of up to 1 USD each in every plan."""
    file = folder / "keys.toml"
    keys = {name: key_file.create(file, name, tenant, [role]) for name, role in PEOPLE.items()}
    fakes = FakeActivities(price_usd="1.0000")
    fakes.accounts = storage
    environ = {"GREENLIGHT_BUCKET": "tests", "GREENLIGHT_API_KEYS": str(file)}
    with pytest.MonkeyPatch.context() as patch:
        use_s3(patch, servers)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(fakes.working(temporal))
            api = await stack.enter_async_context(serving(temporal, environ))
            url = await stack.enter_async_context(_tools(str(api.http.base_url).rstrip("/")))
            yield Studio(api, url, keys, file, fakes)


@asynccontextmanager
async def _tools(api_url: str) -> AsyncIterator[str]:
    config = uvicorn.Config(make_app(api_url, "1"), lifespan="on", log_level="warning", http=Connection)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        task = asyncio.create_task(server.serve([listener]))
        try:
            await eventually(lambda: _started(server))
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


async def _started(server: uvicorn.Server) -> bool | None:
    return server.started or None
