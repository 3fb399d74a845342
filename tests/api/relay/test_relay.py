"""The event relay: exact resume, one follower for all watchers, reports of silence, and streams that end correctly."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from temporalio.client import Client

from deploy.local import Stack
from tests.support.fakes import FakeActivities
from tests.support.servers.serving import Api, Sse, serving
from tests.support.servers.tcp_proxy import proxy
from tests.support.waiting import WITHIN
from workflows.runtime.data_converter import data_converter

HELD = "text-3"


@pytest.fixture
def fake() -> FakeActivities:
    """Seven assets, of which one is held until a test releases it."""
    fake = FakeActivities(assets=7)
    fake.hold(HELD)
    return fake


@pytest.fixture
async def api(client: Client, fake: FakeActivities) -> AsyncIterator[Api]:
    async with fake.working(client), serving(client, {}) as api:
        yield api


async def producing(api: Api) -> str:
    """A production that has made all but the held asset."""
    production_id, digest = await api.planned()
    await api.approve(production_id, digest)
    async with api.watching(production_id) as stream:
        made = 0
        async for event in stream:
            made += event.name == "asset_complete"
            if made == 6:
                break
    return production_id


async def test_exact_resume(api: Api, fake: FakeActivities) -> None:
    """A stream that is cut after every single event and resumed by Last-Event-ID has no gap and no duplicate."""
    production_id = await producing(api)
    pieces: list[Sse] = []
    released = False
    while not (pieces and pieces[-1].name == "done"):
        last = pieces[-1].id or 0 if pieces else 0
        async with api.watching(production_id, last) as stream:
            async for event in stream:
                if event.id is not None:
                    pieces.append(event)
                    break
        if len(pieces) == 10 and not released:
            fake.release(HELD)
            released = True
    assert [e.id for e in pieces] == list(range(1, len(pieces) + 1))
    assert pieces == await api.events(production_id)


async def test_many_watchers_share_the_queries(api: Api, fake: FakeActivities) -> None:
    """Fifty watchers see the same events, and cost no more queries than one."""
    production_id = await producing(api)
    async with AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(api.watching(production_id)) for _ in range(50)]
        firsts = [await anext(stream) for stream in streams]
        assert all(first.comment for first in firsts)
        assert await api.metric("relay_watchers") == 50
        assert await api.metric("relay_watched_productions") == 1
        before = await api.metric("workflow_queries_total")
        fake.release(HELD)
        seen = await asyncio.gather(*(_numbers(stream) for stream in streams))
    assert all(numbers == seen[0] for numbers in seen)
    assert seen[0] == list(range(1, len(seen[0]) + 1))
    # The held asset, the finishing and the end: at most one query for each task of the workflow, and the first.
    assert await api.metric("workflow_queries_total") - before <= 6
    assert await api.metric("relay_watchers") == 0
    assert await api.metric("relay_watched_productions") == 0


async def _numbers(stream: AsyncIterator[Sse]) -> list[int]:
    return [event.id async for event in stream if event.id is not None]


async def test_a_waiting_production_is_not_queried(api: Api) -> None:
    """A production that waits for its approval is watched without a query."""
    production_id, _ = await api.planned()
    async with api.watching(production_id) as stream:
        async for event in stream:
            if event.name == "plan_ready":
                break
        # The change feed reads the first pages of the run at the beginning and may report one change for them.
        await api.until(production_id, "plan_ready")
        before = await api.metric("workflow_queries_total")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(stream), 1)
        assert await api.metric("workflow_queries_total") - before <= 1


async def test_a_wait_is_reported_with_its_reason(api: Api, fake: FakeActivities) -> None:
    """An asset that the vendor delays, or that no worker has started, is queued, and the watcher receives the
    reason."""
    fake.limited = {"text-1"}
    production_id, digest = await api.planned()
    await api.approve(production_id, digest)
    async with api.watching(production_id) as stream, asyncio.timeout(WITHIN):
        async for event in stream:
            data = event.data.get("data", {})
            if event.name == "asset_progress" and data.get("reason") == "vendor: slow down, text-1":
                break
    assert (event.id, event.data["asset_id"], data["queued"]) == (None, "text-1", True)


async def test_percent_of_a_job(api: Api, fake: FakeActivities) -> None:
    """The progress of a provider's job reaches the watcher, without an event number."""
    fake.jobs = True
    production_id = await producing(api)
    progress = await api.until(production_id, "asset_progress")
    assert (progress.id, progress.data["asset_id"]) == (None, HELD)
    assert progress.data["data"]["progress"] == 0.5
    fake.release(HELD)
    assert (await api.events(production_id))[-1].name == "done"


async def test_a_closed_production_needs_no_query(client: Client) -> None:
    """A closed production needs no worker and no query: its events come from its result, and the stream ends."""
    async with FakeActivities().working(client), serving(client, {}) as api:
        production_id = await api.delivered()
        whole = await api.events(production_id)
    async with serving(client, {}) as api:
        assert await api.events(production_id) == whole
        assert await api.events(production_id, 5) == whole[5:]
        assert await api.events(production_id, len(whole)) == []
        assert await api.metric("workflow_queries_total") == 0


async def test_a_missing_worker_is_reported_as_stalled(client: Client) -> None:
    """Without a worker the stream reports it, stays open, and sends every event once there is one."""
    async with serving(client, {}) as api:
        production_id = await api.start()
        async with api.watching(production_id) as stream:
            async with asyncio.timeout(WITHIN):
                assert (await anext(stream)).comment
                stalled = await anext(stream)
            assert (stalled.name, stalled.id) == ("stalled", None)
            assert "python -m worker" in stalled.data["data"]["reason"]
            async with FakeActivities().working(client), asyncio.timeout(WITHIN):
                names: list[str] = []
                while "plan_ready" not in names:
                    names += [event.name] if (event := await anext(stream)).id is not None else []
                assert names == ["plan_start", "plan_ready"]


async def test_a_reopened_production_is_followed(api: Api, fake: FakeActivities) -> None:
    """A production that is reopened is followed in its new run, and its numbering continues."""
    fake.release(HELD)
    production_id = await api.delivered(budget_usd="5")
    last = (await api.get(production_id))["last_event_id"]
    fake.hold("text-1")
    url = f"/api/v1/productions/{production_id}/assets/text-1/regenerate"
    assert (await api.http.post(url, json={})).status_code == 202
    async with api.watching(production_id, last) as stream:
        named = [event async for event in _releasing(stream, fake) if event.id is not None]
    assert [e.id for e in named] == list(range(last + 1, last + len(named) + 1))
    assert (named[0].name, named[-1].name) == ("take_requested", "done")


async def _releasing(stream: AsyncIterator[Sse], fake: FakeActivities) -> AsyncIterator[Sse]:
    async for event in stream:
        yield event
        if event.name == "asset_start":
            fake.release("text-1")


async def test_server_stop_ends_streams(client: Client) -> None:
    """A server that stops ends its streams at once, without waiting for their watchers."""
    async with FakeActivities().working(client), serving(client, {}) as api:
        production_id, _ = await api.planned()
        async with api.watching(production_id) as stream:
            async for event in stream:
                if event.name == "plan_ready":
                    break
            api.server.should_exit = True
            async with asyncio.timeout(WITHIN):
                assert [e async for e in stream if e.name] == []


async def test_a_cut_connection_to_temporal(servers: Stack, client: Client, fake: FakeActivities) -> None:
    """When the connection to Temporal breaks, the stream stays open and continues with the next event."""
    with proxy(servers.info.temporal_address) as line:
        through = await Client.connect(line.address, data_converter=data_converter)
        async with fake.working(client), serving(through, {}) as api:
            production_id = await producing(api)
            async with api.watching(production_id) as stream:
                async for event in stream:
                    if event.name == "asset_complete":
                        break
                line.cut()
                fake.release(HELD)
                rest = [e.id async for e in stream if e.id is not None]
            assert event.id is not None
            assert rest == list(range(event.id + 1, event.id + 1 + len(rest)))
            assert len(rest) == len(await api.events(production_id)) - event.id
