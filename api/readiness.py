"""Whether the API has what it needs: asked for often, and looked up once for all who ask."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import Final

from api.problems import Problem

KNOWN_SECONDS: Final = 2.0
"""For so long an answer is given again without another look."""
WITHIN_SECONDS: Final = 2.0
"""Whatever has not answered by then is not ready."""
WATCH_SECONDS: Final = 5.0
"""What breaks is in the log within 10 s."""
OK: Final = "ok"

_log = logging.getLogger(__name__)

Check = Callable[[], Awaitable[str]]


class Readiness:
    """The newest state of each check. However many ask, each check runs once at a time, and hangs alone."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self._running: dict[str, asyncio.Task[str]] = {}
        self._looking: asyncio.Task[dict[str, str]] | None = None
        self._known: dict[str, str] = {}
        self._at = float("-inf")

    async def known(self) -> dict[str, str]:
        """'ok' or what is wrong, by the name of the check; at most KNOWN_SECONDS old."""
        if monotonic() - self._at < KNOWN_SECONDS:
            return self._known
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        return await asyncio.shield(self._looking)

    async def _look(self) -> dict[str, str]:
        said = await asyncio.gather(*map(self._one, self._checks))
        self._known, self._at = dict(zip(self._checks, said, strict=True)), monotonic()
        return self._known

    async def _one(self, name: str) -> str:
        # What came too late for the last look is told by this one.
        task = self._running.pop(name, None) or asyncio.create_task(_said(self._checks[name]))
        done, _ = await asyncio.wait([task], timeout=WITHIN_SECONDS)
        if done:
            return task.result()
        self._running[name] = task
        return f"no answer within {WITHIN_SECONDS:g} s"

    async def watch(self) -> None:
        """Log what is not ready, and when it is again, until cancelled."""
        before = dict.fromkeys(self._checks, OK)
        while True:
            said = await self.known()
            for name, state in said.items():
                if state != before[name]:
                    _log.log(logging.INFO if state == OK else logging.ERROR, "%s: %s", name.capitalize(), state)
            before = said
            await asyncio.sleep(WATCH_SECONDS)

    async def close(self) -> None:
        """Wait for nothing any more."""
        tasks = [*self._running.values(), *([self._looking] if self._looking else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _said(check: Check) -> str:
    try:
        return await check()
    except Problem as problem:
        return problem.problem.detail
