"""Watchers of a production whose run is reset."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import Client

from api.client.aio.client import AsyncGreenlightClient
from api.metrics import Metrics
from api.relay.relay import Follower
from api.views.streams.event_ids import NEWEST, Position
from tests.support.fakes import FakeActivities
from tests.support.servers.serving import Api, Sse, path, serving
from tests.support.waiting import WITHIN, eventually
from workflows import keys
from workflows.events import Event, ProductionStatus
from workflows.naming.events import EventName

BEGIN = datetime(2026, 11, 30, tzinfo=UTC)
RESET = BEGIN + timedelta(hours=1)


def log(*names: EventName, reset: bool = False) -> tuple[Event, ...]:
    """Events a second after each other; after a reset, the second and the later ones happen an hour later."""
    later = (RESET - BEGIN if reset and number > 1 else timedelta() for number in range(1, len(names) + 1))
    times = (BEGIN + timedelta(seconds=number) + hours for number, hours in enumerate(later, start=1))
    return tuple(Event(id=n, name=name, at=at) for n, (name, at) in enumerate(zip(names, times, strict=True), 1))


AFTER = log("plan_start", "paused", reset=True)[1]
"""An event after the reset."""


class Production:
    """The reader and the change feed of a production."""

    def __init__(self) -> None:
        self.events = log("plan_start", "plan_ready", "approved")
        self.resets: tuple[datetime, ...] = ()
        self.running: asyncio.Queue[bool] = asyncio.Queue()

    async def progress(self, _: str, after: int) -> Any:
        return SimpleNamespace(
            status=ProductionStatus.AWAITING_APPROVAL, events=self.events[after:], resets=self.resets
        )

    async def snapshot(self, _: str) -> Any:
        return SimpleNamespace(
            status=ProductionStatus.AWAITING_APPROVAL, events=self.events, resets=self.resets, plan=None
        )

    async def changes(self, _: str) -> AsyncIterator[bool]:
        while True:
            yield await self.running.get()


async def ids_after_a_reset(*, noticed: bool) -> list[int]:
    """The ids that a watcher of event 1 gets, whose run is reset when it has event 3."""
    production = Production()
    follower = Follower("p", cast(Any, production), cast(Any, production), Metrics())
    follower.begin()
    frames = follower.frames(Position(1), ("rejected",))
    seen = b""
    while b"approved" not in seen:
        seen += await anext(frames)
    production.events = log("plan_start", "plan_ready", "paused", "resumed", "rejected", reset=True)
    production.resets = (RESET,)
    production.running.put_nowait(not noticed)
    async with asyncio.timeout(180):
        async for frame in frames:
            seen += frame
    follower.stop()
    return [int(line[4:]) for line in seen.decode().splitlines() if line.startswith("id:")]


@pytest.mark.parametrize("noticed", [True, False])
async def test_watchers_get_the_events_of_the_run_that_follows_a_reset(noticed: bool) -> None:
    """Its events have numbers that the watchers know; those that it has in common with the run before come once, also
    where the end of the run before is not noticed. The ids are larger, and a double holds them."""
    ids = await ids_after_a_reset(noticed=noticed)
    assert [event_id % 1_000_000 for event_id in ids] == [2, 3, 2, 3, 4, 5]
    assert ids == sorted(ids)
    assert ids[:2] == [2, 3]
    assert 10**6 < ids[2] < ids[-1] < 2**53


@pytest.mark.parametrize(
    ("has", "resets", "known"),
    [
        (Position(3), (), 3),
        (Position(9), (), 5),
        (Position(3), (RESET,), 1),
        (Position(1), (RESET,), 1),
        (Position(3, NEWEST), (RESET,), 3),
        (Position.of_id(Position.at(AFTER, (RESET,)).id), (RESET,), 2),
        (Position.at(AFTER, (RESET,)), (RESET + timedelta(hours=1),), 2),
        (Position.at(AFTER, (RESET - timedelta(minutes=1),)), (RESET,), 1),
    ],
)
def test_a_watcher_knows_the_events_before_the_next_reset(
    has: Position, resets: tuple[datetime, ...], known: int
) -> None:
    """Of a log that has been reset since, also several times, a watcher has only what was there before."""
    times = [each.at for each in log("plan_start", "plan_ready", "paused", "resumed", "rejected", reset=True)]
    assert has.known(times, resets) == known


async def test_a_reset_in_another_process(client: Client) -> None:
    """A stream that resumes in another process, after the run was reset to its plan and then to its first task, gets
    every event of the new log; the Python client follows it to its end."""
    fake = FakeActivities(2)
    fake.hold("text-1")
    async with fake.working(client):
        async with serving(client, {}) as api:
            production_id, digest = await api.planned()
            planned = len(await tasks_of(client, production_id))
            await api.approve(production_id, digest)
            await api.until(production_id, "asset_start")
            old = (await api.get(production_id))["resume_id"]
            await reset_to(client, production_id, planned + 1)
        async with serving(client, {}) as api:
            await api.until(production_id, "asset_start")
            view = await api.get(production_id)
            new = await watched(api, production_id, view["resume_id"])
            again = await watched(api, production_id, view["resume_id"], old)
            assert [event.name for event in new[:3]] == ["plan_start", "plan_ready", "approved"]
            assert again[-len(new[2:]) :] == new[2:]
            assert await watched(api, production_id, view["resume_id"], new[2].id or 0) == new[3:]
            await eventually(lambda: begun_for(client, production_id, timedelta(seconds=1.5)))
            await reset_to(client, production_id, 1)
        async with serving(client, {}) as api, AsyncGreenlightClient(str(api.http.base_url)) as studio:
            await api.until(production_id, "plan_ready")
            view = await api.get(production_id)
            whole = await watched(api, production_id, view["resume_id"])
            assert [event.name for event in whole] == ["plan_start", "plan_ready"]
            assert await watched(api, production_id, view["resume_id"], old) == whole
            assert await watched(api, production_id, view["resume_id"], new[-1].id or 0) == whole
            assert (await api.http.post(path(production_id, "reject"), json={"rejecter": "ana"})).status_code == 200
            events = [event async for event in studio.events(production_id, after=new[-1].id or 0)]
            assert [event.id for event in events] == [1, 2, 3]
            assert [event.resume_id for event in events][:2] == [event.id for event in whole]


async def watched(api: Api, production_id: str, last: int, after: int = 0) -> list[Sse]:
    """The events of a stream after an id, until the last one."""
    found: list[Sse] = []
    async with asyncio.timeout(WITHIN), api.watching(production_id, after) as stream:
        async for event in stream:
            found += [event] if event.id else []
            if event.id == last:
                break
    return found


async def begun_for(client: Client, production_id: str, duration: timedelta) -> bool | None:
    """Whether the run began so long ago."""
    described = await client.get_workflow_handle(keys.workflow_id(production_id)).describe()
    return datetime.now(UTC) - described.start_time > duration or None


async def tasks_of(client: Client, production_id: str) -> list[int]:
    handle = client.get_workflow_handle(keys.workflow_id(production_id))
    return [
        e.event_id
        async for e in handle.fetch_history_events()
        if e.HasField("workflow_task_completed_event_attributes")
    ]


async def reset_to(client: Client, production_id: str, task: int) -> None:
    """Reset the newest run to this one of its workflow tasks, from 1."""
    described = await client.get_workflow_handle(keys.workflow_id(production_id)).describe()
    await client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=described.id, run_id=described.run_id),
            reason="made again",
            workflow_task_finish_event_id=(await tasks_of(client, production_id))[task - 1],
            request_id=uuid4().hex,
        )
    )
