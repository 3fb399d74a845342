"""Watchers of a production whose run is reset."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from api.metrics import Metrics
from api.relay.relay import Follower
from workflows.events import Event, ProductionStatus
from workflows.naming.events import EventName

BEGIN = datetime(2026, 11, 30, tzinfo=UTC)


def log(*names: EventName, reset: bool = False) -> tuple[Event, ...]:
    """Events a second after each other; after a reset, the second and the later ones happen an hour later."""
    hours = (timedelta(hours=reset and number > 1) for number in range(1, len(names) + 1))
    times = (BEGIN + timedelta(seconds=number) + later for number, later in enumerate(hours, start=1))
    return tuple(Event(id=n, name=name, at=at) for n, (name, at) in enumerate(zip(names, times, strict=True), 1))


class Production:
    """The reader and the change feed of a production."""

    def __init__(self) -> None:
        self.events = log("plan_start", "plan_ready", "approved")
        self.running: asyncio.Queue[bool] = asyncio.Queue()

    async def progress(self, _: str, after: int) -> Any:
        return SimpleNamespace(status=ProductionStatus.AWAITING_APPROVAL, events=self.events[after:])

    async def snapshot(self, _: str) -> Any:
        return SimpleNamespace(status=ProductionStatus.AWAITING_APPROVAL, events=self.events, plan=None)

    async def changes(self, _: str) -> AsyncIterator[bool]:
        while True:
            yield await self.running.get()


async def test_watchers_get_the_events_of_the_run_that_follows_a_reset() -> None:
    """Its events have numbers that the watchers know; those that it has in common with the run before come once."""
    production = Production()
    follower = Follower("p", cast(Any, production), cast(Any, production), Metrics())
    follower.begin()
    frames = follower.frames(1, ("rejected",))
    seen = b""
    while b"approved" not in seen:
        seen += await anext(frames)
    production.events = log("plan_start", "plan_ready", "paused", "resumed", "rejected", reset=True)
    production.running.put_nowait(False)
    async with asyncio.timeout(180):
        async for frame in frames:
            seen += frame
    follower.stop()
    ids = [line for line in seen.decode().splitlines() if line.startswith("id:")]
    assert ids == [f"id: {n}" for n in (2, 3, 2, 3, 4, 5)]
