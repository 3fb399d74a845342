"""Fault injection: processes are killed or suspended and restarted, while vendors and the connection to S3 fail."""

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
from tests.chaos.scenario import FAULT_SECONDS, ProcessFault, Script
from tests.chaos.servers.stack import Part, Running
from tests.chaos.servers.vendors import Vendors
from tests.emulators.base import Call

WINDOW_SECONDS: Final = 10.0
"""How long a process fault waits for a submission that it can interrupt."""
PROBE_SECONDS: Final = 0.1
PROBE_WITHIN: Final = 2.0


@dataclass(frozen=True)
class Injected:
    """A fault that was injected: the processes, whether it interrupted a request to a vendor, and when the last process
    was released."""

    targets: tuple[Part, ...]
    inside: bool
    released: float
    stopped: str = ""
    """Of a suspension: the kind of request that it interrupted, "outside" for none."""


class FaultInjection:
    """Plays a script on a running stack; `injected` lists the faults that were injected."""

    def __init__(self, script: Script, running: Running, vendors: Vendors) -> None:
        self._script, self._running, self._vendors = script, running, vendors
        self.injected: list[Injected] = []

    def run(self) -> None:
        """Return when all faults were injected, every process runs again, and vendors and S3 have no faults."""
        began = time.monotonic()
        vendor_faults = threading.Thread(target=self._fail_vendors, args=(began,), name="vendor faults", daemon=True)
        vendor_faults.start()
        self._running.proxy.start_faults()
        for fault in self._script.process_faults:
            time.sleep(fault.after)
            if fault.stops:
                self._suspend(fault)
            else:
                self._kill(fault)
        time.sleep(max(0.0, began + FAULT_SECONDS - time.monotonic()))
        vendor_faults.join()
        self._vendors.stop_faults()
        self._running.proxy.stop_faults()
        self._running.wait_ready()

    def _fail_vendors(self, began: float) -> None:
        for each in self._script.vendor_faults:
            time.sleep(max(0.0, began + each.at - time.monotonic()))
            self._vendors.meet(each.vendor, each.on, each.fault)

    def _holding(self, held: ExitStack, fault: ProcessFault) -> bool:
        """Let all vendors hold requests at the stage of the fault's window, and return whether one does."""
        if not fault.window:
            return False
        emulators = self._vendors.by_name.values()
        return _any_of([held.enter_context(e.held(fault.on, fault.window)) for e in emulators], WINDOW_SECONDS)

    def _kill(self, fault: ProcessFault) -> None:
        supervisor = self._running.supervisor
        names = [name for part in fault.targets for name in self._running.names(part)]
        with ExitStack() as held:
            inside = self._holding(held, fault)
            for name in names:
                supervisor.kill(name, hold=True)
        time.sleep(fault.down)
        for name in names:
            supervisor.release(name)
        self.injected.append(Injected(fault.targets, inside, time.monotonic()))

    def _suspend(self, fault: ProcessFault) -> None:
        """Suspend the worker whose request a vendor holds, otherwise the first; resume it after the response."""
        self._running.wait_ready()  # after a kill, the worker has to run before it is suspended
        with ExitStack() as held:
            inside = self._holding(held, fault)
            workers = self._running.worker_pids()
            calls = ((e, c) for e in self._vendors.by_name.values() for c in list(e.in_flight.values()))
            waiting = [c for e, c in calls if e.kind(c) == fault.on]
            owners = [pid for call in waiting if (pid := owner_of(call, workers.values()))] if inside else []
            pid = owners[0] if owners else next(iter(workers.values()), 0)
            if not pid or not signalled(pid, signal.SIGSTOP):
                return
        try:
            time.sleep(fault.down)
            stopped = state_of(pid) == "T"
        finally:
            signalled(pid, signal.SIGCONT)
        if stopped:
            what = fault.on if owners else "outside"
            self.injected.append(Injected((), bool(owners), time.monotonic(), what))

    def kills(self) -> Counter[str]:
        return Counter(part for injected in self.injected for part in injected.targets)

    def stops(self) -> Counter[str]:
        return Counter(injected.stopped for injected in self.injected if injected.stopped)


def signalled(pid: int, how: signal.Signals) -> bool:
    """Send a signal, and return whether a process of that id exists."""
    try:
        os.kill(pid, how)
    except ProcessLookupError:
        return False
    return True


def state_of(pid: int) -> str:
    """The Linux kernel's letter for the state of a process, "T" for a suspended one; empty if it does not exist."""
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
    """Sends requests that need every process, all the time, and so measures recovery."""

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

    def recovery(self, injected: list[Injected]) -> list[float]:
        """Seconds from each restart to the first response after it; of faults that follow sooner, the last counts."""
        found = []
        for fault, following in zip(injected, [*injected[1:], None], strict=True):
            first = next((at for at in self._answered if at > fault.released), None)
            if first is not None and (following is None or first < following.released):
                found.append(first - fault.released)
        return found

    def _ask(self) -> None:
        key = os.environ.get("GREENLIGHT_API_KEY", "")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        with httpx.Client(timeout=PROBE_WITHIN, trust_env=False, headers=headers) as http:
            while not self._stopped.wait(PROBE_SECONDS):
                try:
                    http.get(self._info.s3_endpoint)
                    path = f"{self._info.api_url}/api/v1/productions/{self._production_id()}"
                    if self._production_id() and http.get(path).is_success:
                        self._answered.append(time.monotonic())
                except httpx.HTTPError:
                    continue
