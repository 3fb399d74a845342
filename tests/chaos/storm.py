"""The storm: processes are killed with SIGKILL and come back, while vendors have their bad days."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

import httpx

from deploy.home import StackInfo
from deploy.supervisor import Supervisor
from tests.chaos.script import STORM_SECONDS, Script, Strike
from tests.chaos.stack import PARTS, Part
from tests.chaos.vendors import Vendors

WINDOW_SECONDS: Final = 6.0
"""How long a strike waits for a submission that it can come into."""
PROBE_SECONDS: Final = 0.1
PROBE_WITHIN: Final = 2.0


@dataclass(frozen=True)
class Struck:
    """A kill that happened: what died, whether inside a submission, and when the last of it was let start again."""

    targets: tuple[Part, ...]
    inside: bool
    released: float


class Storm:
    """Plays a script on a running stack; `struck` tells what came of it."""

    def __init__(self, script: Script, supervisor: Supervisor, vendors: Vendors) -> None:
        self._script, self._supervisor, self._vendors = script, supervisor, vendors
        self.struck: list[Struck] = []

    def blow(self) -> None:
        """Return when the storm is over, everything runs again and no vendor has a fault."""
        began = time.monotonic()
        weather = threading.Thread(target=self._weather, args=(began,), name="weather", daemon=True)
        weather.start()
        for strike in self._script.strikes:
            time.sleep(strike.after)
            self._strike(strike)
        time.sleep(max(0.0, began + STORM_SECONDS - time.monotonic()))
        weather.join()
        self._vendors.calm()
        for part in PARTS:
            self._supervisor.wait_ready(part)

    def _weather(self, began: float) -> None:
        for blow in self._script.blows:
            time.sleep(max(0.0, began + blow.at - time.monotonic()))
            self._vendors.meet(blow.vendor, blow.on, blow.fault)

    def _strike(self, strike: Strike) -> None:
        with ExitStack() as held:
            inside = False
            if strike.window:
                holds = [held.enter_context(e.held("submit", strike.window)) for e in self._vendors.by_name.values()]
                inside = _any_of(holds, WINDOW_SECONDS)
            for part in strike.targets:
                self._supervisor.kill(part, hold=True)
        time.sleep(strike.down)
        for part in strike.targets:
            self._supervisor.release(part)
        self.struck.append(Struck(strike.targets, inside, time.monotonic()))

    def kills(self) -> Counter[str]:
        return Counter(part for struck in self.struck for part in struck.targets)


def _any_of(events: list[threading.Event], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not any(event.is_set() for event in events) and time.monotonic() < deadline:
        time.sleep(0.01)
    return any(event.is_set() for event in events)


class Probe:
    """Asks all the time for what needs every process, and so knows when it was there again."""

    def __init__(self, info: StackInfo, production_id: Callable[[], str]) -> None:
        self._info, self._production_id = info, production_id
        self._answered: list[float] = []
        self._stopped = threading.Event()

    @contextmanager
    def running(self) -> Iterator["Probe"]:
        thread = threading.Thread(target=self._ask, name="probe", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._stopped.set()
            thread.join()

    def recovery(self, struck: list[Struck]) -> list[float]:
        """Seconds from each restart to the first answer after it; of strikes that follow sooner, the last counts."""
        found = []
        for strike, following in zip(struck, [*struck[1:], None], strict=True):
            first = next((at for at in self._answered if at > strike.released), None)
            if first is not None and (following is None or first < following.released):
                found.append(first - strike.released)
        return found

    def _ask(self) -> None:
        with httpx.Client(timeout=PROBE_WITHIN, trust_env=False) as http:
            while not self._stopped.wait(PROBE_SECONDS):
                try:
                    http.get(self._info.s3_endpoint)
                    path = f"{self._info.api_url}/api/v1/productions/{self._production_id()}"
                    if self._production_id() and http.get(path).is_success:
                        self._answered.append(time.monotonic())
                except httpx.HTTPError:
                    continue
