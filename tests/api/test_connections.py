"""Callers that are slow, many, or without a key: the API continues to serve all others."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from time import monotonic

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from api import connections, middleware, readiness
from api.app import create_app
from api.auth import key_file
from api.auth.roles import PEOPLE
from api.readiness import OK, Readiness
from api.settings import Settings
from tests.api.auth.api_keys import bearer
from tests.support.servers.serving import Api, problem, serving
from tests.support.waiting import WITHIN

NO_TEMPORAL = {"TEMPORAL_ADDRESS": "127.0.0.1:9"}
PARTIAL = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "


@pytest.fixture
async def alone() -> AsyncIterator[Api]:
    """An API that needs no key, without a server behind it."""
    async with serving(None, NO_TEMPORAL) as api:
        yield api


@pytest.fixture
async def locked(tmp_path: Path) -> AsyncIterator[tuple[Api, str]]:
    """An API with keys, and one of them."""
    file = tmp_path / "keys.toml"
    key = key_file.create(file, "ana", "acme", tuple(PEOPLE))
    async with serving(None, NO_TEMPORAL | {"GREENLIGHT_API_KEYS": str(file)}) as api:
        yield api, key


def address(api: Api) -> tuple[str, int]:
    return str(api.http.base_url.host), int(api.http.base_url.port or 0)


async def closed(reader: asyncio.StreamReader) -> bool:
    """Whether the server has closed the connection."""
    async with asyncio.timeout(WITHIN):
        try:
            return await reader.read(1) == b""
        except ConnectionError:
            return True


# Connections


async def test_endless_heads_block_no_other_caller(alone: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """More unfinished requests than the limit block no other caller, and end by their deadline."""
    monkeypatch.setattr(connections, "max_connections", lambda: 20)
    monkeypatch.setattr(connections, "HEAD_SECONDS", 1.0)
    slow = [await asyncio.open_connection(*address(alone)) for _ in range(60)]
    for _, writer in slow:
        writer.write(PARTIAL)
    for _ in range(5):
        async with httpx.AsyncClient(base_url=alone.http.base_url, timeout=WITHIN) as http:
            assert (await http.get("/healthz")).status_code == 200
    assert len(alone.server.server_state.connections) <= 21
    assert all(await asyncio.gather(*(closed(reader) for reader, _ in slow)))
    for _, writer in slow:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@pytest.mark.parametrize("sent", [b"", PARTIAL, b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /he"])
async def test_a_head_has_a_deadline(alone: Api, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    """A connection that sends nothing, or an incomplete head, first or later, is closed; single bytes do not extend the
    deadline."""
    monkeypatch.setattr(connections, "HEAD_SECONDS", 1.0)
    reader, writer = await asyncio.open_connection(*address(alone))
    writer.write(sent)
    if b"\r\n\r\n" in sent:
        assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(len(b'{"status":"ok"}'))

    async def drops() -> None:
        while True:
            await asyncio.sleep(0.1)
            writer.write(b"x")

    dripping = asyncio.create_task(drops())
    assert await closed(reader), "single bytes would keep it open forever"
    dripping.cancel()
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def test_a_body_has_more_time_than_a_head(alone: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The deadline applies to heads only: a request whose body takes longer gets a response."""
    monkeypatch.setattr(connections, "HEAD_SECONDS", 1.0)

    async def late() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(1.5)
        yield b"}"

    headers = {"Content-Type": "application/json"}
    problem(await alone.http.post("/api/v1/productions", content=late(), headers=headers), 422)


# Bodies


@pytest.mark.parametrize("path", ["/api/v1/productions", "/api/v1/session", "/api/v1/multimodal/plan"])
async def test_a_slow_body_is_refused(alone: Api, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """A body that arrives slowly is refused after its time limit, and its connection is closed."""
    monkeypatch.setattr(middleware, "BODY_SECONDS", 0.3)
    reader, writer = await asyncio.open_connection(*address(alone))
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n"
    writer.write(head.encode())

    async def drops() -> None:
        while True:
            writer.write(b" ")
            await asyncio.sleep(0.05)

    dripping = asyncio.create_task(drops())
    async with asyncio.timeout(WITHIN):
        answered = await reader.readuntil(b"\r\n\r\n")
        assert answered.startswith(b"HTTP/1.1 408")
        assert b"connection: close" in answered.lower()
    dripping.cancel()
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


@pytest.mark.parametrize("path", ["/api/v1/productions", "/api/v1/multimodal/plan", "/api/v1/session"])
async def test_a_chunked_body_that_is_too_large_is_refused(locked: tuple[Api, str], path: str) -> None:
    """A body without a length is refused like one with it: 413 for a caller with a key, 401 for one without, never
    500."""
    api, key = locked

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(4):
            yield b"1" * 500_000

    async def post(**headers: str) -> httpx.Response:
        headers = {"Content-Type": "application/json"} | headers
        return await api.http.post(path, content=chunks(), headers=headers)

    problem(await post(**bearer(key)), 413)
    problem(await post(), 413 if path.endswith("session") else 401)
    problem(await post(Authorization="Bearer gl_wrong"), 413 if path.endswith("session") else 401)


@pytest.mark.parametrize("path", ["/api/v1/references", "/api/v1/productions/p/assets/a/takes"])
async def test_a_form_is_refused(alone: Api, path: str) -> None:
    """A browser's form around a file is refused with the correct way to send it: the form is never stored as the
    file."""
    found = problem(await alone.http.post(path, files={"file": ("own.md", b"Words.", "text/markdown")}), 415)
    assert "--data-binary" in found.detail


# HEAD


async def test_head_is_get_without_a_body(locked: tuple[Api, str]) -> None:
    """Every route with GET responds to HEAD with the same status and type, and without a byte of a body."""
    api, key = locked
    app = create_app(Settings(is_open=True))
    paths = {c.path for c in iter_route_contexts(app.routes) if c.path and "GET" in (c.methods or ())}
    assert len(paths) > 20
    for path in sorted(paths):
        asked = path
        for name in ("production_id", "batch_id", "schedule_id", "asset_id", "name", "digest", "filename", "path"):
            asked = asked.replace(f"{{{name}}}", "x")
        asked = asked.replace("{take}", "1")
        if path in ("/readyz", "/metrics"):
            continue  # the content may change between two requests
        for headers in ({}, bearer(key)):
            head = await api.http.head(asked, headers=headers)
            assert head.content == b""
            assert head.status_code != 405, path
            if "events" not in path:
                got = await api.http.get(asked, headers=headers)
                assert (head.status_code, head.headers["content-type"]) == (
                    got.status_code,
                    got.headers["content-type"],
                ), path


# Readiness


async def test_a_hanging_storage_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the storage accepts and never responds, /readyz reports that in time to all callers, with one check for all
    of them, and all routes without storage are served."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as hanging:
        port = hanging.getsockname()[1]
        for name, value in (
            ("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}"),
            ("AWS_ACCESS_KEY_ID", "key"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("AWS_REGION", "us-east-1"),
        ):
            monkeypatch.setenv(name, value)
        async with serving(None, NO_TEMPORAL) as api:
            await api.http.get("/openapi.json")  # takes a second, which is not part of the claim
            asked = [asyncio.create_task(api.http.get("/readyz")) for _ in range(40)]
            await asyncio.sleep(0.1)
            began = monotonic()
            assert (await api.http.get("/openapi.json")).status_code == 200
            assert (await api.http.get("/", headers={"Accept": "text/html"})).status_code == 200
            assert monotonic() - began < 25, "the storage client gives up after 30"
            answers = await asyncio.gather(*asked)
        assert {answer.status_code for answer in answers} == {503}
        assert all("no answer within" in answer.json()["checks"]["storage"] for answer in answers)


async def test_concurrent_callers_share_one_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """For any number of concurrent callers, and while a check hangs, each check runs once; its result is reused for 2
    s."""
    monkeypatch.setattr(readiness, "WITHIN_SECONDS", 0.1)
    calls, gate = [0], asyncio.Event()

    async def check() -> str:
        calls[0] += 1
        await gate.wait()
        return OK

    ready = Readiness({"storage": check})
    assert {(await ready.read())["storage"] for _ in range(3)} == {"no answer within 0.1 s"}
    ready._at = float("-inf")
    await ready.read()
    assert calls == [1]
    monkeypatch.setattr(readiness, "WITHIN_SECONDS", WITHIN)
    gate.set()
    ready._at = float("-inf")
    assert await asyncio.gather(*(ready.read() for _ in range(40))) == [{"storage": OK}] * 40
    assert calls[0] <= 2
    await ready.close()


async def test_reasons_are_for_callers_with_a_key(locked: tuple[Api, str]) -> None:
    """Without a key /readyz names the parts that are not ready, and no address; with one it gives the reason."""
    api, key = locked
    public, known = await api.http.get("/readyz"), await api.http.get("/readyz", headers=bearer(key))
    assert public.status_code == known.status_code == 503
    assert public.json()["checks"].keys() == known.json()["checks"].keys()
    assert "127.0.0.1" not in public.text
    assert public.json()["checks"]["temporal"].startswith("not ready")
    assert known.json()["checks"]["temporal"] != public.json()["checks"]["temporal"]
