"""The asynchronous client: translated from the synchronous one, with its retries and its resumed streams."""

import asyncio
from decimal import Decimal

import pytest

from api.client.aio import transport
from api.client.aio.client import AsyncGreenlightClient, GreenlightError, ResponseLost
from api.client.client import GreenlightClient
from tests.api.client.test_client import Handler, Serve, production, serve
from tests.api.client.unasync import CLIENT, MODULES, formatted, translate
from workflows.brief import Brief, Platform

__all__ = ["serve"]
BRIEF = Brief(text="Say it.", platform=Platform.COPY)
STARTED = {"production_id": "p1", "status": "planning", "links": production("planning", 0)["links"]}


@pytest.mark.parametrize("name", MODULES)
def test_it_is_translated(name: str) -> None:
    """Each module is the translation of its source; `python -m tests.api.client.unasync` renews it."""
    source = (CLIENT / f"{name}.py").read_text("utf-8")
    assert (CLIENT / "aio" / f"{name}.py").read_text("utf-8") == formatted(translate(source, name))


def test_it_has_the_same_endpoints() -> None:
    """Both clients have the same public names."""
    names = [
        {name for name in dir(each) if not name.startswith("_")} for each in (GreenlightClient, AsyncGreenlightClient)
    ]
    assert names[0] == names[1]


async def test_a_lost_response_is_requested_again_with_a_key(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an idempotency key a request is repeated; without one the error says that it may have been done."""
    monkeypatch.setattr(transport, "RETRY_PAUSES_SECONDS", (0.0, 0.0))
    number = 0

    def answer(handler: Handler) -> None:
        nonlocal number
        number += 1
        if number % 2:
            handler.close_connection = True
            handler.connection.close()
        else:
            handler.reply(202, STARTED)

    server = serve(answer)
    async with AsyncGreenlightClient(server.url, key="gl_x") as client:
        assert (await client.start(BRIEF, idempotency_key="k")).production_id == "p1"
        with pytest.raises(ResponseLost):
            await client.start(BRIEF)
    assert [headers.get("Idempotency-Key") for headers in server.headers_of("/api/v1/productions")] == ["k", "k", None]


async def test_a_broken_stream_resumes(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a cut connection the stream continues after the last event, and the gap is reported as `stalled`."""
    monkeypatch.setattr("api.client.aio.events.FIRST_RETRY_SECONDS", 0.0)
    at = "2026-11-20T10:00:00Z"
    frames = [
        f'id: {n}\ndata: {{"id": {n}, "name": "{name}", "at": "{at}"}}\n\n'
        for n, name in ((1, "plan_start"), (2, "done"))
    ]

    def answer(handler: Handler) -> None:
        if not handler.path.endswith("/events"):
            handler.reply(200, production("delivered", 2))
        elif handler.headers.get("Last-Event-ID") == "0":
            handler.stream(frames[0], cut=True)
        else:
            handler.stream(frames[1])

    server = serve(answer)
    async with AsyncGreenlightClient(server.url) as client:
        seen = [event.name async for event in client.events("p1")]
    assert seen == ["plan_start", "stalled", "done"]
    assert [h["Last-Event-ID"] for h in server.headers_of("/api/v1/productions/p1/events")] == ["0", "1"]


async def test_refusals_are_raised(serve: Serve) -> None:
    """Problem details become the same exception as in the synchronous client."""
    details = {"title": "Role needed", "status": 403, "detail": "This needs the role agent."}
    server = serve(lambda handler: handler.reply(403, details))
    async with AsyncGreenlightClient(server.url) as client:
        with pytest.raises(GreenlightError, match="role agent") as caught:
            await client.execute("p1", "abc", budget_usd=Decimal(1))
    assert caught.value.status == 403


async def test_requests_run_concurrently(serve: Serve) -> None:
    """Two requests of one client are under way at once: each is answered only when both have arrived."""
    import threading

    both = threading.Barrier(2, timeout=60)

    def answer(handler: Handler) -> None:
        both.wait()
        handler.reply(200, production("planning", 0))

    server = serve(answer)
    async with AsyncGreenlightClient(server.url) as client:
        found = await asyncio.gather(client.get("p1"), client.get("p1"))
    assert [each.production_id for each in found] == ["p1", "p1"]
