"""The event relay: one follower for each watched production, whatever the number of watchers.

    history long-poll (doorbell) -> one delta query -> shared list of encoded events -> every watcher

A watcher holds a cursor into the shared list, so a slow one costs no memory. Nothing is asked while
nothing happens. Events are encoded once; `id:` is the event's number, so `Last-Event-ID` resumes exactly.
"""

import asyncio
import logging
from bisect import bisect_right
from collections.abc import AsyncGenerator, Collection, Iterable, Mapping
from contextlib import aclosing, suppress
from datetime import UTC, datetime
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
from workflows import keys
from workflows.events import Event, ProductionStatus, Snapshot, event_body

if TYPE_CHECKING:
    from api.temporal.productions import Gateway

DEBOUNCE_SECONDS: Final = 0.05
"""At least this between two queries of one production; the first of a burst is asked at once."""
KEEP_ALIVE_SECONDS: Final = 15.0
"""Proxies commonly close a silent line after 30-60 s."""
STALLED_EVERY_SECONDS: Final = 15.0
RETRY_SECONDS: Final = 1.0
"""Between two tries while no worker answers; a try that times out has itself taken 3 s."""
PROBE_SECONDS: Final = 5.0
"""Where something should be happening and the bell is silent for so long, ask: the workers may be gone."""
PERCENT_SECONDS: Final = 1.0
WAIT_SECONDS: Final = 120.0
"""A language model may think for minutes about a plan; common proxies give up sooner still."""
CHUNK_EVENTS: Final = 200
"""Events in one write (about 50 KB): a cancelled or slow stream is noticed between them."""

STOPPING: Final = b"retry: 1000\n: the server stops; connect again with Last-Event-ID\n\n"
"""The last a watcher gets of a server that stops: browsers come again after a second, not after three or more."""

_BUSY: Final = (ProductionStatus.PLANNING, ProductionStatus.PRODUCING, ProductionStatus.FINISHING)
_ENDS: Final = frozenset({"asset_complete", "asset_failed", "asset_cancelled"})

_log = logging.getLogger(__name__)


class EventStream(StreamingResponse):
    """text/event-stream from frames that are encoded already.

    FastAPI's own event routes encode each event once a watcher, put two tasks and two queues between the
    event and the socket, and answer 200 before the first event; here a problem is still a problem, and
    the response closes its source when the client is gone.
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
            self.body_iterator = _while_held(caller, self._frames)
        await super().__call__(scope, receive, send)

    async def stream_response(self, send: Send) -> None:
        async with aclosing(self._frames):
            await super().stream_response(send)


async def _while_held(caller: Caller, frames: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Frames until the key is revoked: a line that only keeps alive comes often enough to notice."""
    async for each in frames:
        if not caller.holds():
            return
        yield each


class Relay:
    """Hands out event streams. `close` ends them all, so that a server can stop."""

    def __init__(self, gateway: "Gateway", metrics: Metrics) -> None:
        self._gateway = gateway
        self._metrics = metrics
        self._followers: dict[str, Follower] = {}
        self._closing = False

    async def watch(self, production_id: str, after: int = 0, until: Collection[str] = ()) -> AsyncGenerator[bytes]:
        """Frames of the events past `after`, then those to come, until the production is closed.

        Args:
            until: Names of events after which the stream ends early.

        Raises:
            Problem: 404, 503 where even the server does not answer.
        """
        follower = self._followers.get(production_id)
        if (follower is None or follower.ended) and not await self._gateway.is_running(production_id):
            return _replay(await self._gateway.snapshot(production_id), after, until)
        return self._watch(production_id, after, until)

    async def wait(self, production_id: str, until: Collection[str]) -> None:
        """Return when one of these events is there, or the production is closed.

        Raises:
            Problem: 503 where that takes longer than WAIT_SECONDS.
        """
        try:
            async with asyncio.timeout(WAIT_SECONDS), aclosing(await self.watch(production_id, 0, until)) as frames:
                async for _ in frames:
                    pass
        except TimeoutError:
            raise unavailable(
                "not-planned-yet",
                f"There is no plan yet. Look at {production_path(production_id)} and approve it there.",
            ) from None

    async def _watch(self, production_id: str, after: int, until: Collection[str]) -> AsyncGenerator[bytes]:
        follower = self._followers.get(production_id)
        if follower is None or follower.ended:
            follower = self._followers[production_id] = Follower(production_id, self._gateway, self._metrics)
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
        """End every stream; watchers reconnect with Last-Event-ID to whoever answers next."""
        self._closing = True
        for follower in self._followers.values():
            follower.stop()


class Follower:
    """Follows one production for all that watch it."""

    def __init__(self, production_id: str, gateway: "Gateway", metrics: Metrics) -> None:
        self.watchers = 0
        self.ended = False
        self._production_id = production_id
        self._gateway = gateway
        self._metrics = metrics
        self._ids: list[int] = []
        self._names: list[str] = []
        self._frames: list[bytes] = []
        self._live: dict[str, tuple[int, bytes, object]] = {}
        """The newest progress of each running asset, and of the plan: the change that made it, its frame, its data."""
        self._version = 0
        self._slow: set[str] = set()
        self._stalled: bytes | None = None
        self._stalled_version = 0
        self._stalled_at = -STALLED_EVERY_SECONDS
        self._bell = asyncio.Event()
        self._run_closed = False
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self) -> None:
        self._tasks = [asyncio.create_task(c) for c in (self._follow(), self._percent())]

    def stop(self) -> None:
        self.ended = True
        self._notify()
        for task in self._tasks:
            task.cancel()

    # What watchers see

    async def frames(self, after: int, until: Collection[str]) -> AsyncGenerator[bytes]:
        """Everything past event `after`, in chunks, as it comes; comments while nothing does."""
        live_seen = 0
        yield format_sse_event(comment=f"production {self._production_id}")
        while True:
            changed, ended = self._changed, self.ended
            at = bisect_right(self._ids, after)
            chunk = self._frames[at : at + CHUNK_EVENTS]
            if chunk:
                names = self._names[at : at + len(chunk)]
                stop = next((i for i, name in enumerate(names, start=1) if name in until), None)
                yield b"".join(chunk[:stop])
                if stop:
                    return
                after = self._ids[at + len(chunk) - 1]
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
                    await changed.wait()
            except TimeoutError:
                yield format_sse_event(comment="keep-alive")

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _add(self, events: Iterable[Event]) -> None:
        last = self._last_id
        for event in events:
            if event.id <= last:
                continue
            self._ids.append(event.id)
            self._names.append(event.name)
            self._frames.append(frame(self._production_id, event))
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

    @property
    def _last_id(self) -> int:
        return self._ids[-1] if self._ids else 0

    # What happens behind

    async def _follow(self) -> None:
        doorbell = asyncio.create_task(self._listen())
        status = ProductionStatus.PLANNING
        try:
            while not self.ended:
                self._bell.clear()
                asked = monotonic()
                try:
                    if self._run_closed:
                        snapshot = await self._gateway.snapshot(self._production_id)
                        status, events = snapshot.status, snapshot.events
                        if not status.closed:  # opened again meanwhile: follow the new run
                            self._run_closed = False
                            doorbell = asyncio.create_task(self._listen())
                    else:
                        progress = await self._gateway.progress(self._production_id, self._last_id)
                        status, events = progress.status, progress.events
                except Problem as problem:
                    if problem.status_code == 404:  # deleted while it was watched
                        return
                    self._stall(problem)
                    await asyncio.sleep(max(0.0, RETRY_SECONDS - (monotonic() - asked)))
                    continue
                self._stalled, self._stalled_at = None, -STALLED_EVERY_SECONDS
                self._add(events)
                self.ended = status.closed
                if events or self.ended:
                    self._notify()
                if not self.ended:
                    await self._wait_for_bell(PROBE_SECONDS if status in _BUSY else None)
                    await asyncio.sleep(max(0.0, DEBOUNCE_SECONDS - (monotonic() - asked)))
        except asyncio.CancelledError:
            raise
        except Exception:
            _log.exception("following production %s broke off; its watchers will come again", self._production_id)
        finally:
            doorbell.cancel()
            self.ended = True
            self._notify()

    async def _wait_for_bell(self, seconds: float | None) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._bell.wait()

    async def _listen(self) -> None:
        async for running in self._gateway.rings(self._production_id):
            self._run_closed = not running
            self._bell.set()

    def _stall(self, problem: Problem) -> None:
        if monotonic() - self._stalled_at < STALLED_EVERY_SECONDS:
            return
        self._stalled_at = monotonic()
        self._metrics.stalls += 1
        self._version += 1
        event = StreamEvent(name="stalled", at=datetime.now(UTC), data={"reason": problem.problem.detail})
        self._stalled, self._stalled_version = frame(self._production_id, event), self._version
        self._notify()

    async def _percent(self) -> None:
        """Once a second while a vendor is at work: what its heartbeats say, where it has changed.

        The first time after a second: what is there by then, as the template's plans are, has nothing to tell.
        """
        while not self.ended:
            if not self._slow:  # what is made for nothing on this machine has nothing to tell between start and end
                await self._changed.wait()
                continue
            await asyncio.sleep(PERCENT_SECONDS)
            with suppress(Problem):
                for beat in await self._gateway.heartbeats(self._production_id) if self._slow else ():
                    told = self._live.get(beat.asset_id)
                    if beat.asset_id not in self._slow or (told and told[2] == beat.details):
                        continue
                    self._version += 1
                    event = StreamEvent(
                        name="asset_progress", at=datetime.now(UTC), asset_id=beat.asset_id, data=dict(beat.details)
                    )
                    if beat.asset_id == keys.PLANNER:
                        event = event.model_copy(update={"name": "plan_progress", "asset_id": None})
                    self._live[beat.asset_id] = self._version, frame(self._production_id, event), beat.details
                    self._notify()


def frame(production_id: str, event: Event | StreamEvent) -> bytes:
    """One event as it goes over the wire."""
    number = None if event.id is None else str(event.id)
    return format_sse_event(data_str=event_body(production_id, event), event=event.name, id=number)


async def _replay(closed: Snapshot, after: int, until: Collection[str]) -> AsyncGenerator[bytes]:
    for event in closed.events:
        if event.id > after:
            yield frame(closed.production_id, event)
            if event.name in until:
                return
