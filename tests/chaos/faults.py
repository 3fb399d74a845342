"""The storm: processes are killed or stopped and come back, while vendors and the connection to S3 have bad days."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from deploy.home import StackInfo
from tests.chaos.scenario import STORM_SECONDS, Script, Strike
from tests.chaos.servers.stack import Part, Running
from tests.chaos.servers.vendors import Vendors
from tests.emulators.base import Call

WINDOW_SECONDS: Final = 10.0
"""How long a strike waits for a submission that it can come into."""
PROBE_SECONDS: Final = 0.1
PROBE_WITHIN: Final = 2.0


@dataclass(frozen=True)
class Struck:
    """What happened: which processes died or were stopped, whether inside a request to a vendor, and when the last of
    them was let go on."""

    targets: tuple[Part, ...]
    inside: bool
    released: float
    stopped: str = ""
    """Of a stop that happened: the kind of request it came into, "outside" for none."""


class Storm:
    """Plays a script on a running stack; `struck` tells what came of it."""

    def __init__(self, script: Script, running: Running, vendors: Vendors) -> None:
        self._script, self._running, self._vendors = script, running, vendors
        self.struck: list[Struck] = []

    def blow(self) -> None:
        """Return when the storm is over, everything runs again, and neither a vendor nor S3 has a fault."""
        began = time.monotonic()
        weather = threading.Thread(target=self._weather, args=(began,), name="weather", daemon=True)
        weather.start()
        self._running.proxy.blow()
        for strike in self._script.strikes:
            time.sleep(strike.after)
            if strike.stops:
                self._suspend(strike)
            else:
                self._strike(strike)
        time.sleep(max(0.0, began + STORM_SECONDS - time.monotonic()))
        weather.join()
        self._vendors.calm()
        self._running.proxy.calm()
        self._running.wait_ready()

    def _weather(self, began: float) -> None:
        for blow in self._script.blows:
            time.sleep(max(0.0, began + blow.at - time.monotonic()))
            self._vendors.meet(blow.vendor, blow.on, blow.fault)

    def _holding(self, held: ExitStack, strike: Strike) -> bool:
        """Whether a vendor keeps a request waiting at the strike's window, now that they all may."""
        if not strike.window:
            return False
        emulators = self._vendors.by_name.values()
        return _any_of([held.enter_context(e.held(strike.on, strike.window)) for e in emulators], WINDOW_SECONDS)

    def _strike(self, strike: Strike) -> None:
        supervisor = self._running.supervisor
        names = [name for part in strike.targets for name in self._running.names(part)]
        with ExitStack() as held:
            inside = self._holding(held, strike)
            for name in names:
                supervisor.kill(name, hold=True)
        time.sleep(strike.down)
        for name in names:
            supervisor.release(name)
        self.struck.append(Struck(strike.targets, inside, time.monotonic()))

    def _suspend(self, strike: Strike) -> None:
        """Stop the worker whose request a vendor holds, else the first; let its answer arrive; continue it later."""
        self._running.wait_ready()  # after a kill, whoever is stopped has to be at work first
        with ExitStack() as held:
            inside = self._holding(held, strike)
            workers = self._running.worker_pids()
            calls = ((e, c) for e in self._vendors.by_name.values() for c in list(e.in_flight.values()))
            waiting = [c for e, c in calls if e.kind(c) == strike.on]
            owners = [pid for call in waiting if (pid := owner_of(call, workers.values()))] if inside else []
            pid = owners[0] if owners else next(iter(workers.values()), 0)
            if not pid or not signalled(pid, signal.SIGSTOP):
                return
        try:
            time.sleep(strike.down)
            stopped = state_of(pid) == "T"
        finally:
            signalled(pid, signal.SIGCONT)
        if stopped:
            what = strike.on if owners else "outside"
            self.struck.append(Struck((), bool(owners), time.monotonic(), what))

    def kills(self) -> Counter[str]:
        return Counter(part for struck in self.struck for part in struck.targets)

    def stops(self) -> Counter[str]:
        return Counter(struck.stopped for struck in self.struck if struck.stopped)


def signalled(pid: int, how: signal.Signals) -> bool:
    """Whether a process of that id is there to get the signal."""
    try:
        os.kill(pid, how)
    except ProcessLookupError:
        return False
    return True


def state_of(pid: int) -> str:
    """The Linux kernel's letter for the state of a process, "T" for a stopped one; empty where it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""


def owner_of(call: Call, pids: Iterable[int]) -> int | None:
    """The process of `pids` that sent a request, by the local port of its socket."""
    for pid in pids:
        inodes = set[str]()
        with suppress(FileNotFoundError):  # it ended, or closed a file meanwhile
            rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
            sockets = {f"socket:[{row[9]}]" for row in rows if int(row[1].rpartition(":")[2], 16) == call.port}
            for fd in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(FileNotFoundError):
                    inodes.add(str(fd.readlink()))
            if sockets & inodes:
                return pid
    return None


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
