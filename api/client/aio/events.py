# Translated from api/client/events.py by tests/api/client/unasync.py: change that module, and run it.
"""The client's endpoint of events: a stream that resumes after a lost connection."""

import asyncio
import random
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Final

import httpx

from api.client.aio.transport import Transport, production_path
from api.client.errors import GreenlightError, Unreachable
from api.client.sse import EventDecoder
from api.views.production import PREFIX, ProductionView, StreamEvent

STREAM_TIMEOUT: Final = httpx.Timeout(45.0, connect=5.0)
"""The stream sends a keep-alive comment every 15 s; without three of them the connection counts as dead."""
FIRST_RETRY_SECONDS: Final = 0.25
LAST_RETRY_SECONDS: Final = 5.0
"""A restart of the API takes about two seconds; during a longer outage the client retries at this interval."""


class EventEndpoints(Transport):
    """Events of a production."""

    async def events(self, production_id: str, *, after: int = 0) -> AsyncGenerator[StreamEvent]:
        """The events after the one with the `resume_id` `after`, as they happen, until the production is closed.

        A stream whose connection broke is resumed where it stopped; each time, a `stalled` event without an id says
        so. plan_progress and asset_progress carry no id either. After a reset of the run come the events that follow
        the point of the reset, with numbers that were there before.

        Raises:
            GreenlightError: the production is unknown. Unreachable: nothing answers the first request.
        """
        connected, retry = False, FIRST_RETRY_SECONDS
        decoder = EventDecoder(after)
        while True:
            try:
                async for event in self._stream(production_id, decoder):
                    connected, retry = True, FIRST_RETRY_SECONDS
                    yield event
                if await self._is_over(production_id, decoder.last_id):
                    return
                connected = True
            except GreenlightError as error:
                # A server error and too many streams are temporary, as a lost connection is; a refusal is final.
                temporary = isinstance(error, Unreachable) or error.status >= 500 or error.status == 429
                if not (connected and temporary):
                    raise
                stalled = {"reason": str(error)}
                yield StreamEvent(name="stalled", production_id=production_id, at=datetime.now(UTC), data=stalled)
            await asyncio.sleep(retry * random.uniform(0.75, 1.25))  # noqa: S311 - spreads the clients' retries, no secret
            retry = min(retry * 2, LAST_RETRY_SECONDS)
            decoder = EventDecoder(decoder.last_id)

    async def _is_over(self, production_id: str, last_id: int) -> bool:
        """Whether a stream that ended without an error ended with the production, and not with the server alone."""
        production = await self._request("GET", production_path(production_id), ProductionView)
        return production.status.closed and max(production.resume_id, production.last_event_id) <= last_id

    async def _stream(self, production_id: str, decoder: EventDecoder) -> AsyncGenerator[StreamEvent]:
        path, headers = f"{PREFIX}{production_path(production_id)}/events", {"Last-Event-ID": str(decoder.last_id)}
        with self._raise_unreachable():  # noqa: SIM117 - `unasync` translates the second one alone
            async with self._http.stream("GET", path, headers=headers, timeout=STREAM_TIMEOUT) as response:
                await self._check(response)
                async for chunk in response.aiter_bytes():
                    for each in decoder.feed(chunk):
                        yield each
