"""The event relay: one follower for each watched production, whatever the number of watchers.

    long poll of the history (change feed) -> one delta query -> shared list of encoded events -> every watcher

A watcher holds a cursor into the shared list, so a slow one costs no memory. There are no queries while nothing
happens. Events are encoded once; `id:` names the event (`event_ids`), so `Last-Event-ID` resumes exactly, also after a
reset of the run.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Collection, Iterable, Mapping, Sequence
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from itertools import takewhile
from time import monotonic
from typing import TYPE_CHECKING, Final

from fastapi.responses import StreamingResponse
from fastapi.sse import format_sse_event
from starlette.types import Receive, Scope, Send

from api.auth.caller import Caller
from api.auth.middleware import CALLER
from api.metrics import Metrics
from api.problems import Problem, unavailable
from api.views.production import StreamEvent, production_path
from api.views.streams.event_ids import Position
from workflows import keys
from workflows.events import Event, ProductionStatus, Progress, Snapshot, event_json
from workflows.production.state.plans.plan_event import with_plan_assets

if TYPE_CHECKING:
    from api.temporal.change_feed import ChangeFeed
    from api.temporal.reads import ProductionReader

DEBOUNCE_SECONDS: Final = 0.05
"""The minimum time between two queries of one production; the first change of a burst is queried at once."""
KEEP_ALIVE_SECONDS: Final = 15.0
"""Proxies commonly close an idle connection after 30-60 s."""
STALLED_EVERY_SECONDS: Final = 15.0
RETRY_SECONDS: Final = 1.0
"""The time between two attempts while no worker answers; an attempt that times out takes 3 s itself."""
PROBE_SECONDS: Final = 5.0
"""A busy production without a change for this time is queried, because its workers may be gone."""
PERCENT_SECONDS: Final = 1.0
WAIT_SECONDS: Final = 120.0
"""A language model may take minutes for a plan; common proxies have shorter timeouts."""
CHUNK_EVENTS: Final = 200
"""Events in one write (about 50 KB); a cancelled or slow stream is noticed between writes."""

BEGIN: Final = Position()
STOPPING: Final = b"retry: 1000\n: the server stops; connect again with Last-Event-ID\n\n"
"""The last frame from a server that stops: browsers reconnect after a second, not after three or more."""

_BUSY: Final = (ProductionStatus.PLANNING, ProductionStatus.PRODUCING, ProductionStatus.FINISHING)
_ENDS: Final = frozenset({"asset_complete", "asset_failed", "asset_cancelled"})

_log = logging.getLogger(__name__)


class EventStream(StreamingResponse):
    """text/event-stream from frames that are encoded already.

    FastAPI's own event routes encode each event once per watcher, put two tasks and two queues between the event and
    the socket, and answer 200 before the first event. Here a problem before it is answered as a problem, and the
    response closes its source when the client disconnects.
    """

    media_type = "text/event-stream"

    def __init__(
        self, frames: AsyncGenerator[bytes], status_code: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        # X-Accel-Buffering: nginx would otherwise hold events back.
        fixed = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(frames, status_code, {**fixed, **(headers or {})})
        self._frames = frames

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        caller = scope.get(CALLER)
        if isinstance(caller, Caller):
            self.body_iterator = _until_revoked(caller, self._frames)
        await super().__call__(scope, receive, send)

    async def stream_response(self, send: Send) -> None:
        async with aclosing(self._frames):
            await super().stream_response(send)


async def _until_revoked(caller: Caller, frames: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """The frames until the key is revoked; keep-alive comments come often enough for this check."""
    async for each in frames:
        if not caller.key_is_valid():
            return
        yield each


class Relay:
    """Provides event streams. `close` ends them all, so that a server can stop."""

    def __init__(self, reader: "ProductionReader", feed: "ChangeFeed", metrics: Metrics) -> None:
        self._reader = reader
        self._feed = feed
        self._metrics = metrics
        self._followers: dict[str, Follower] = {}
        self._closing = False

    @property
    def closing(self) -> bool:
        """Whether the server stops, so that all streams end."""
        return self._closing

    async def watch(
        self, production_id: str, after: Position = BEGIN, until: Collection[str] = ()
    ) -> AsyncGenerator[bytes]:
        """Frames of the events after `after`, then of new events, until the production is closed.

        Args:
            until: Names of events after which the stream ends early.

        Raises:
            Problem: 404, 503 where the server does not answer.
        """
        follower = self._followers.get(production_id)
        if (follower is None or follower.ended) and not await self._reader.is_running(production_id):
            return _replay(await self._reader.snapshot(production_id), after, until)
        return self._watch(production_id, after, until)

    async def wait(self, production_id: str, until: Collection[str]) -> None:
        """Return when one of these events has happened, or the production is closed.

        Raises:
            Problem: 503 where that takes longer than WAIT_SECONDS.
        """
        try:
            async with asyncio.timeout(WAIT_SECONDS), aclosing(await self.watch(production_id, BEGIN, until)) as frames:
                async for _ in frames:
                    pass
        except TimeoutError:
            raise unavailable(
                "not-planned-yet",
                f"There is no plan yet. GET {production_path(production_id)} until there is one, then approve it.",
            ) from None

    async def wait_until_closed(self, production_id: str, seconds: float) -> None:
        """Return when the production is closed, or after `seconds`.

        Raises:
            Problem: 404, 503 where the server does not answer.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds), aclosing(await self.watch(production_id)) as frames:
                async for _ in frames:
                    pass

    async def _watch(self, production_id: str, after: Position, until: Collection[str]) -> AsyncGenerator[bytes]:
        follower = self._followers.get(production_id)
        if follower is None or follower.ended:
            follower = Follower(production_id, self._reader, self._feed, self._metrics)
            self._followers[production_id] = follower
            follower.begin()
        follower.watchers += 1
        self._metrics.watchers += 1
        self._metrics.watched_productions = len(self._followers)
        try:
            async for frames in follower.frames(after, until):
                yield frames
                if self._closing:
                    break
            if self._closing:
                yield STOPPING
        finally:
            follower.watchers -= 1
            self._metrics.watchers -= 1
            if not follower.watchers:
                if self._followers.get(production_id) is follower:
                    del self._followers[production_id]
                follower.stop()
            self._metrics.watched_productions = len(self._followers)

    def close(self) -> None:
        """End every stream; watchers reconnect with Last-Event-ID to the next server."""
        self._closing = True
        for follower in self._followers.values():
            follower.stop()


class Follower:
    """Follows one production for all of its watchers."""

    def __init__(self, production_id: str, reader: "ProductionReader", feed: "ChangeFeed", metrics: Metrics) -> None:
        self.watchers = 0
        self.ended = False
        self._production_id = production_id
        self._reader = reader
        self._feed = feed
        self._metrics = metrics
        self._names: list[str] = []
        self._times: list[datetime] = []
        self._positions: list[Position] = []
        self._frames: list[bytes] = []
        self._resets: tuple[datetime, ...] = ()
        self._live: dict[str, tuple[int, bytes, object]] = {}
        """The newest progress of each running asset, and of the plan: its version, its frame, its data."""
        self._version = 0
        self._slow: set[str] = set()
        self._stalled: bytes | None = None
        self._stalled_version = 0
        self._stalled_at = -STALLED_EVERY_SECONDS
        self._due = asyncio.Event()
        """Set when the production may have changed since the last query."""
        self._run_closed = False
        self._news = asyncio.Event()
        """Set, and replaced, when there are new frames for the watchers."""
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self) -> None:
        self._tasks = [asyncio.create_task(c) for c in (self._follow(), self._report_progress())]

    def stop(self) -> None:
        self.ended = True
        self._notify()
        for task in self._tasks:
            task.cancel()

    # For the watchers

    async def frames(self, after: Position, until: Collection[str]) -> AsyncGenerator[bytes]:
        """The frames after `after`, in chunks, as they come; comments while there are none."""
        live_seen = 0
        yield format_sse_event(comment=f"production {self._production_id}")
        while True:
            news, ended = self._news, self.ended
            at = after.known(self._times, self._resets)
            chunk = self._frames[at : at + CHUNK_EVENTS]
            if chunk:
                names = self._names[at : at + len(chunk)]
                stop = next((i for i, name in enumerate(names, start=1) if name in until), None)
                yield b"".join(chunk[:stop])
                if stop:
                    return
                after = self._positions[at + len(chunk) - 1]
                continue
            passing = [f for version, f, _ in self._live.values() if version > live_seen]
            if self._stalled and self._stalled_version > live_seen:
                passing.append(self._stalled)
            live_seen = self._version
            if passing:
                yield b"".join(passing)
                continue
            if ended:
                return
            try:
                async with asyncio.timeout(KEEP_ALIVE_SECONDS):
                    await news.wait()
            except TimeoutError:
                yield format_sse_event(comment="keep-alive")

    def _notify(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def _add(self, events: Iterable[Event]) -> None:
        last = len(self._frames)
        for event in events:
            if event.id <= last:
                continue
            position = Position.at(event, self._resets)
            self._names.append(event.name)
            self._times.append(event.at)
            self._positions.append(position)
            self._frames.append(frame(self._production_id, event, position.id))
            self._metrics.events_relayed += 1
            if event.asset_id and event.name in _ENDS:
                self._slow.discard(event.asset_id)
                self._live.pop(event.asset_id, None)
            elif event.asset_id and event.name == "asset_start" and (event.data.get("job") or event.data.get("paid")):
                self._slow.add(event.asset_id)
            elif event.name == "plan_start":
                self._slow.add(keys.PLANNER)
            elif event.name in ("plan_ready", "plan_failed"):
                self._slow.discard(keys.PLANNER)
                self._live.pop(keys.PLANNER, None)

    def _forget_others(self, events: Sequence[Event]) -> None:
        """Forget the events that are no part of the whole log: a run that was reset has others with their numbers."""
        known = zip(self._times, self._names, events, strict=False)
        kept = sum(1 for _ in takewhile(lambda each: each[:2] == (each[2].at, each[2].name), known))
        for each in (self._names, self._times, self._positions, self._frames):
            del each[kept:]

    # In the background

    async def _follow(self) -> None:
        listener = asyncio.create_task(self._listen())
        status = ProductionStatus.PLANNING
        try:
            while not self.ended:
                self._due.clear()
                queried_at = monotonic()
                try:
                    found: Progress | Snapshot
                    if not self._run_closed:
                        found = await self._reader.progress(self._production_id, len(self._frames))
                    if self._run_closed or found.resets != self._resets:
                        snapshot = await self._reader.snapshot(self._production_id)
                        found = with_plan_assets(snapshot, snapshot)
                        self._forget_others(found.events)
                        self._resets = found.resets
                    status, events = found.status, found.events
                    if self._run_closed and not status.closed:  # opened again meanwhile: follow the new run
                        self._run_closed = False
                        listener = asyncio.create_task(self._listen())
                except Problem as problem:
                    if problem.status_code == 404:  # deleted while it was watched
                        return
                    self._stall(problem)
                    await asyncio.sleep(max(0.0, RETRY_SECONDS - (monotonic() - queried_at)))
                    continue
                self._stalled, self._stalled_at = None, -STALLED_EVERY_SECONDS
                self._add(events)
                self.ended = status.closed
                if events or self.ended:
                    self._notify()
                if not self.ended:
                    await self._wait_until_due(PROBE_SECONDS if status in _BUSY else None)
                    await asyncio.sleep(max(0.0, DEBOUNCE_SECONDS - (monotonic() - queried_at)))
        except asyncio.CancelledError:
            raise
        except Exception:
            _log.exception("following production %s failed; its watchers will reconnect", self._production_id)
        finally:
            listener.cancel()
            self.ended = True
            self._notify()

    async def _wait_until_due(self, seconds: float | None) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._due.wait()

    async def _listen(self) -> None:
        async for running in self._feed.changes(self._production_id):
            self._run_closed = not running
            self._due.set()

    def _stall(self, problem: Problem) -> None:
        if monotonic() - self._stalled_at < STALLED_EVERY_SECONDS:
            return
        self._stalled_at = monotonic()
        self._metrics.stalls += 1
        self._version += 1
        event = StreamEvent(name="stalled", at=datetime.now(UTC), data={"reason": problem.problem.detail})
        self._stalled, self._stalled_version = frame(self._production_id, event), self._version
        self._notify()

    async def _report_progress(self) -> None:
        """Once a second while a vendor works: the details of the heartbeats that have changed.

        The first report comes after a second, since fast work, such as a plan of the template, is finished by then.
        """
        while not self.ended:
            if not self._slow:  # free takes, made on this machine, report no progress
                await self._news.wait()
                continue
            await asyncio.sleep(PERCENT_SECONDS)
            with suppress(Problem):
                for beat in await self._feed.heartbeats(self._production_id, self._slow) if self._slow else ():
                    last = self._live.get(beat.asset_id)
                    if beat.asset_id not in self._slow or (last and last[2] == beat.details):
                        continue
                    self._version += 1
                    event = StreamEvent(
                        name="asset_progress", at=datetime.now(UTC), asset_id=beat.asset_id, data=dict(beat.details)
                    )
                    if beat.asset_id == keys.PLANNER:
                        event = event.model_copy(update={"name": "plan_progress", "asset_id": None})
                    self._live[beat.asset_id] = self._version, frame(self._production_id, event), beat.details
                    self._notify()


def frame(production_id: str, event: Event | StreamEvent, event_id: int | None = None) -> bytes:
    """One event as a server-sent event."""
    text = None if event_id is None else str(event_id)
    return format_sse_event(data_str=event_json(production_id, event), event=event.name, id=text)


async def _replay(closed: Snapshot, after: Position, until: Collection[str]) -> AsyncGenerator[bytes]:
    events = with_plan_assets(closed, closed).events
    for event in events[after.known([each.at for each in events], closed.resets) :]:
        yield frame(closed.production_id, event, Position.at(event, closed.resets).id)
        if event.name in until:
            return
