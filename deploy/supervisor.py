"""Keeps a handful of processes running: starts them in order, restarts what dies, stops them in reverse.

One thread starts and watches every child: the kernel ties a child's leash to the thread that
started it, so that thread lives as long as the children do. Times are seconds.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from deploy.ports import answers, listens

READY_WITHIN: Final = 120.0
"""The slowest start on an idle machine took 5.3 s (S3 after a kill). On two cores with a load of 20, importing a
worker's modules alone took 48 s. A long limit costs little: a process that dies while it starts is reported at once."""
QUICK_DEATH: Final = 10.0
"""A child that lived shorter than this died quickly."""
MAX_QUICK_DEATHS: Final = 5
_RESTART_AFTER: Final = 0.5
_TICK: Final = 0.05
_LEASH: Final = Path(__file__).with_name("leash.py")
_ROOT: Final = Path(__file__).parent.parent


class StackFailed(Exception):
    """A part of the stack does not run; the message says which, and where its log is."""


@dataclass(frozen=True)
class Component:
    """A process to keep running.

    Attributes:
        ready: Given the process id, whether it really serves; called until it says so.
        grace: What it gets between SIGTERM and SIGKILL.
        after: Names of the components that must be ready before it starts.
        ports: On which it listens itself when it is ready. Whoever else answers there is not it.
    """

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    ready: Callable[[int], bool]
    grace: float
    after: Sequence[str] = ()
    ports: Sequence[int] = ()

    def serves(self, pid: int) -> bool:
        """Whether this very process serves: another program that has its port could answer like it."""
        return all(listens(pid, port) for port in self.ports) and self.ready(pid)


@dataclass
class _Child:
    component: Component
    process: subprocess.Popen[bytes] | None = None
    ready: threading.Event = field(default_factory=threading.Event)
    held: bool = False
    started_at: float = 0.0
    start_at: float = 0.0
    quick_deaths: int = 0


class Supervisor:
    """Runs `components` until `stop`. `inherit` are file descriptors that the children keep open."""

    def __init__(
        self,
        components: Sequence[Component],
        log_dir: Path,
        say: Callable[[str], None],
        *,
        inherit: Sequence[int] = (),
    ) -> None:
        self._children = {component.name: _Child(component) for component in components}
        self._log_dir = log_dir
        self._say = say
        self._inherit = tuple(inherit)
        self._stop = threading.Event()
        self._kill_now = threading.Event()
        self._all_ready = threading.Event()
        self._failure: StackFailed | None = None
        # Instead of joining the thread: a join that Ctrl-C interrupts takes the thread for ended (Python 3.11).
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    def start(self) -> None:
        """Start everything and return when all of it serves.

        Raises:
            StackFailed: a component died or did not become ready; nothing runs any more.
        """
        self._log_dir.mkdir(parents=True, exist_ok=True)
        for name in self._children:
            if (log := self.log(name)).exists():
                log.replace(log.with_suffix(".log.1"))
        self._thread.start()
        try:
            self._all_ready.wait()
        except BaseException:  # Ctrl-C while starting
            self.stop()
            raise
        if self._failure:
            self._ended.wait()
            raise self._failure

    def wait(self) -> None:
        """Wait until everything has stopped.

        Raises:
            StackFailed: it stopped because a component died again and again.
        """
        self._ended.wait()
        if self._failure:
            raise self._failure

    def stop(self) -> None:
        """Stop everything in reverse order, each with its grace; Ctrl-C meanwhile kills what still runs."""
        self._stop.set()
        try:
            self._ended.wait()
        except KeyboardInterrupt:
            self._kill_now.set()
            self._ended.wait()

    def log(self, name: str) -> Path:
        return self._log_dir / f"{name}.log"

    def pid(self, name: str) -> int | None:
        """The process id of a component, or None while it is down."""
        process = self._children[name].process
        return process.pid if process else None

    def pids(self) -> dict[str, int]:
        return {name: pid for name in self._children if (pid := self.pid(name))}

    def kill(self, name: str, *, hold: bool = False, how: signal.Signals = signal.SIGKILL) -> None:
        """Kill a component; it is started again, unless it is held down until `release`."""
        child = self._children[name]
        child.held = hold
        if (process := child.process) is not None:
            os.kill(process.pid, how)
            process.wait()
            while child.process is process and not self._ended.is_set():  # until the supervisor has seen it too
                time.sleep(_TICK)

    def release(self, name: str) -> None:
        """Let a component that was held down start again."""
        self._children[name].held = False

    def wait_ready(self, name: str, timeout: float = READY_WITHIN) -> None:
        """Wait until a component serves (again).

        Raises:
            StackFailed: it does not within `timeout`.
        """
        if not self._children[name].ready.wait(timeout):
            raise StackFailed(f"{name} is not ready after {timeout:g} s; its log: {self.log(name)}")

    # -- the supervising thread --------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._stop.wait(_TICK):
                for child in self._children.values():
                    self._look_after(child)
                if all(child.ready.is_set() for child in self._children.values()):
                    self._all_ready.set()
        except StackFailed as failure:
            self._failure = failure
        except Exception as error:  # whatever it is, the caller must hear of it
            self._failure = StackFailed(f"the supervisor failed: {error!r}")
        finally:
            try:
                self._end_all()
            finally:
                self._ended.set()
                self._all_ready.set()

    def _look_after(self, child: _Child) -> None:
        name, now = child.component.name, time.monotonic()
        if child.process is None:
            due = not child.held and now >= child.start_at
            if due and all(self._children[other].ready.is_set() for other in child.component.after):
                self._check_ports(child)
                self._spawn(child)
        elif (code := child.process.poll()) is not None:
            child.ready.clear()
            child.process = None
            if not child.held:
                self._died(child, code, now)
        elif not child.ready.is_set():
            if child.component.serves(child.process.pid):
                child.ready.set()
            elif now - child.started_at > READY_WITHIN:
                raise StackFailed(f"{name} is not ready after {READY_WITHIN:g} s; its log: {self.log(name)}")

    def _died(self, child: _Child, code: int, now: float) -> None:
        name = child.component.name
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        if not self._all_ready.is_set():
            raise StackFailed(f"{name} {how} while starting; its log: {self.log(name)}\n{self._last_lines(name)}")
        child.quick_deaths = child.quick_deaths + 1 if now - child.started_at < QUICK_DEATH else 1
        if child.quick_deaths >= MAX_QUICK_DEATHS:
            how = f"{how}, {child.quick_deaths} times in a row"
            raise StackFailed(f"{name} {how}; its log: {self.log(name)}\n{self._last_lines(name)}")
        self._check_ports(child)
        self._say(f"{name} {how}; starting it again (log: {self.log(name)})")
        child.start_at = now + _RESTART_AFTER

    def _check_ports(self, child: _Child) -> None:
        """What comes back finds its ports free. Else all the others would go on with the program that took one.

        Raises:
            StackFailed: a port is taken.
        """
        for port in child.component.ports if self._all_ready.is_set() else ():
            if answers(port):
                raise StackFailed(
                    f"{child.component.name} stopped, and another program took its port {port}: the stack stops too; "
                    f"start it again, and it takes another port. Its log: {self.log(child.component.name)}"
                )

    def _last_lines(self, name: str, lines: int = 8) -> str:
        text = self.log(name).read_text(errors="replace") if self.log(name).exists() else ""
        return "\n".join(f"  {line}" for line in text.splitlines()[-lines:])

    def _spawn(self, child: _Child) -> None:
        child.started_at = time.monotonic()
        with self.log(child.component.name).open("ab") as log:
            child.process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_LEASH), str(os.getpid()), *child.component.command],
                env=dict(child.component.env),
                cwd=_ROOT,  # so that `-m worker` means the package of this repository
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a terminal's Ctrl-C reaches this process alone, which stops them in order
                pass_fds=self._inherit,
                umask=0o077,  # what it stores is for its owner alone
            )

    def _end_all(self) -> None:
        """Stop each component as soon as nothing that was started after it runs any more."""
        left = {name: child for name, child in self._children.items() if child.process}
        asked: dict[str, float] = {}
        while left:
            for name, child in list(left.items()):
                process = child.process
                if process is None or process.poll() is not None:
                    child.ready.clear()
                    child.process = None
                    del left[name]
                elif name in asked:
                    if self._kill_now.is_set() or time.monotonic() > asked[name] + child.component.grace:
                        self._say(f"{name} did not stop within its grace and is killed")
                        process.kill()
                        process.wait()
                elif not any(name in other.component.after for other in left.values()):
                    asked[name] = time.monotonic()
                    process.terminate()
            time.sleep(_TICK)
