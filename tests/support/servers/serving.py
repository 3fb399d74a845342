"""The API as callers use it: a real server on a free port, and its event streams read line by line."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import httpx
import pytest
from temporalio.client import Client

import api.temporal
from api import readiness
from api.__main__ import Server, server
from api.app import create_app
from api.problems import MEDIA_TYPE, ProblemDetails
from api.settings import Settings
from tests.support.waiting import WITHIN


@dataclass(frozen=True)
class Sse:
    """One server-sent event, or a comment."""

    name: str = ""
    id: int | None = None
    data: dict[str, Any] = field(default_factory=dict)
    comment: str = ""


@dataclass
class Api:
    http: httpx.AsyncClient
    server: Server

    async def start(self, **brief: Any) -> str:
        """Start a production and return its id."""
        answer = await self.http.post("/api/v1/productions", json={"text": "Say it.", "platform": "copy", **brief})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["production_id"])

    async def get(self, production_id: str) -> dict[str, Any]:
        answer = await self.http.get(f"/api/v1/productions/{production_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def planned(self, **brief: Any) -> tuple[str, str]:
        """Start a production, wait for its plan, and return its id and the plan's digest."""
        production_id = await self.start(**brief)
        ready = await self.until(production_id, "plan_ready")
        return production_id, str(ready.data["data"]["plan_digest"])

    async def approve(self, production_id: str, digest: str, **approval: Any) -> httpx.Response:
        body = {"plan_digest": digest, "approver": "ana", **approval}
        return await self.http.post(f"/api/v1/productions/{production_id}/approve", json=body)

    async def delivered(self, **brief: Any) -> str:
        """A production all the way to its deliverable."""
        production_id, digest = await self.planned(**brief)
        assert (await self.approve(production_id, digest)).status_code == 200
        assert (await self.events(production_id))[-1].name == "done"
        return production_id

    async def until(self, production_id: str, name: str) -> Sse:
        """Wait for an event of this name."""
        async with asyncio.timeout(WITHIN), self.watching(production_id) as stream:
            async for event in stream:
                if event.name == name:
                    return event
        raise AssertionError(f"the stream ended without {name}")

    async def events(self, production_id: str, after: int = 0) -> list[Sse]:
        """Every event until the server ends the stream."""
        async with asyncio.timeout(WITHIN), self.watching(production_id, after) as stream:
            return [event async for event in stream if event.name]

    @asynccontextmanager
    async def watching(self, production_id: str, after: int = 0) -> AsyncIterator[AsyncIterator[Sse]]:
        headers = {"Last-Event-ID": str(after)} if after else {}
        path = f"/api/v1/productions/{production_id}/events"
        async with self.http.stream("GET", path, headers=headers) as response:
            assert response.status_code == 200, await response.aread()
            yield sse(response)

    async def metric(self, name: str) -> int:
        text = (await self.http.get("/metrics")).text
        line = next(line for line in text.splitlines() if line.startswith(f"greenlight_{name} "))
        return int(line.split()[-1])


async def sse(response: httpx.Response) -> AsyncIterator[Sse]:
    fields: dict[str, str] = {}
    async for line in response.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name.rstrip(":")] = value
        elif fields:
            number = int(fields["id"]) if "id" in fields else None
            yield Sse(fields.get("event", ""), number, json.loads(fields.get("data", "{}")), fields.get("", ""))
            fields = {}


class _Started(Server):
    up: asyncio.Event

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


@contextmanager
def patient() -> Iterator[None]:
    """The API waits WITHIN for a Temporal server and for workers: on a busy machine a late response is no outage."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(readiness, "WITHIN_SECONDS", WITHIN)
        # All are loaded first: a module that is loaded later would keep a changed limit.
        found = [import_module(each.name) for each in walk_packages(api.temporal.__path__, "api.temporal.")]
        for module in found:
            for limit in {"RPC_TIMEOUT", "QUERY_TIMEOUT", "ACCEPT_TIMEOUT", "PROVIDERS_TIMEOUT"} & vars(module).keys():
                patch.setattr(module, limit, timedelta(seconds=WITHIN))
        yield


@asynccontextmanager
async def serving(client: Client | None, environ: Mapping[str, str]) -> AsyncIterator[Api]:
    """Serve the API on a free port, open if `environ` has no keys; without `client` it connects by `environ`."""
    settings = Settings.read({"GREENLIGHT_OPEN": "true", **environ})
    running = server(settings, create_app(settings, client), _Started)
    assert isinstance(running, _Started)
    running.up = asyncio.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        task = asyncio.create_task(running.serve([listener]))
        await running.up.wait()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            async with httpx.AsyncClient(base_url=address, timeout=WITHIN) as http:
                yield Api(http, running)
        finally:
            running.should_exit = True
            await task


NOWHERE = {"TEMPORAL_ADDRESS": "127.0.0.1:1", "TEMPORAL_CONFIG_FILE": "/dev/null"}


def problem(answer: httpx.Response, status: int) -> ProblemDetails:
    """The response as problem details, without traces of Python internals."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert "Traceback" not in answer.text
    assert "pydantic" not in answer.text
    found = ProblemDetails.model_validate(answer.json())
    assert found.status == status
    assert found.title
    assert found.detail
    return found


BRIEF = {"text": "Say it.", "platform": "copy"}


def path(production_id: str, *rest: str) -> str:
    return "/".join(("/api/v1/productions", production_id, *rest))
