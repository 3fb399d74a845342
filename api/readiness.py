"""The readiness of the API. Concurrent callers share one run of each check."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import Final

from api.problems import Problem

KNOWN_SECONDS: Final = 2.0
"""A result is returned again for this time without another check."""
WITHIN_SECONDS: Final = 2.0
"""A check that has not returned within this time is not ready."""
WATCH_SECONDS: Final = 5.0
"""A failure is in the log within 10 s."""
OK: Final = "ok"

_log = logging.getLogger(__name__)

Check = Callable[[], Awaitable[str]]


class Readiness:
    """The newest result of each check. Each check runs once at a time for all callers, and delays no other check."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self._running: dict[str, asyncio.Task[str]] = {}
        self._round: asyncio.Task[dict[str, str]] | None = None
        self._known: dict[str, str] = {}
        self._at = float("-inf")

    async def read(self) -> dict[str, str]:
        """'ok' or the reason why not, by the name of the check; at most KNOWN_SECONDS old."""
        if monotonic() - self._at < KNOWN_SECONDS:
            return self._known
        if self._round is None or self._round.done():
            self._round = asyncio.create_task(self._run_all())
        return await asyncio.shield(self._round)

    async def _run_all(self) -> dict[str, str]:
        states = await asyncio.gather(*map(self._run, self._checks))
        self._known, self._at = dict(zip(self._checks, states, strict=True)), monotonic()
        return self._known

    async def _run(self, name: str) -> str:
        # A check that was too slow for the last round is still running: this round waits for its result.
        task = self._running.pop(name, None) or asyncio.create_task(_state(self._checks[name]))
        done, _ = await asyncio.wait([task], timeout=WITHIN_SECONDS)
        if done:
            return task.result()
        self._running[name] = task
        return f"no answer within {WITHIN_SECONDS:g} s"

    async def watch(self) -> None:
        """Log each check that becomes not ready, and when it is ready again, until cancelled."""
        before = dict.fromkeys(self._checks, OK)
        while True:
            states = await self.read()
            for name, state in states.items():
                if state != before[name]:
                    _log.log(logging.INFO if state == OK else logging.ERROR, "%s: %s", name.capitalize(), state)
            before = states
            await asyncio.sleep(WATCH_SECONDS)

    async def close(self) -> None:
        """Cancel the checks that still run."""
        tasks = [*self._running.values(), *([self._round] if self._round else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _state(check: Check) -> str:
    try:
        return await check()
    except Problem as problem:
        return problem.problem.detail
