"""Keeps a few processes running: starts them in order, restarts those that end, stops them in reverse order.

One thread starts and watches every child: the kernel ends a child when the thread that started it
ends (`die_with_parent`), so that thread runs as long as the children do. Times are seconds.
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

from deploy.ports import accepts_connections, is_listening

READY_WITHIN: Final = 120.0
"""The slowest start on an idle machine took 5.3 s (S3 after a kill). On two cores with a load of 20, importing a
worker's modules alone took 48 s. A long limit costs little: a process that ends while it starts is reported at once."""
QUICK_EXIT: Final = 10.0
"""A child that ran for less than this exited quickly."""
MAX_QUICK_EXITS: Final = 5
_RESTART_AFTER: Final = 0.5
_TICK: Final = 0.05
_DIE_WITH_PARENT: Final = Path(__file__).with_name("die_with_parent.py")
_ROOT: Final = Path(__file__).parent.parent


class StackFailed(Exception):
    """A component of the stack does not run; the message names it and its log."""


@dataclass(frozen=True)
class Component:
    """A process to keep running.

    Attributes:
        ready: Whether the process of this id serves; called until it returns True.
        grace: The time between SIGTERM and SIGKILL.
        after: Names of the components that must be ready before it starts.
        ports: The ports on which the process itself listens once it is ready.
        kill_is_safe: Whether a kill after the grace loses nothing: then only its log reports it, and no one is alarmed.
    """

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    ready: Callable[[int], bool]
    grace: float
    after: Sequence[str] = ()
    ports: Sequence[int] = ()
    kill_is_safe: bool = False

    def is_serving(self, pid: int) -> bool:
        """Whether this process serves; another program on its port could respond in the same way."""
        return all(is_listening(pid, port) for port in self.ports) and self.ready(pid)


@dataclass
class _Child:
    component: Component
    process: subprocess.Popen[bytes] | None = None
    ready: threading.Event = field(default_factory=threading.Event)
    held: bool = False
    killed: bool = False
    """Whether `Supervisor.kill` ended the process, which says nothing about the component."""
    started_at: float = 0.0
    start_at: float = 0.0
    quick_exits: int = 0
    log_begins: int = 0
    """The offset in its log of what the running process writes, in bytes."""


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
        # Used instead of a join: after a join that Ctrl-C interrupts, the thread counts as ended (Python 3.11).
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    def start(self) -> None:
        """Start all components and return once all of them serve.

        Raises:
            StackFailed: a component ended or did not become ready; all components are stopped.
        """
        self._log_dir.mkdir(parents=True, exist_ok=True)
        for name in self._children:
            if (log := self.log(name)).exists():
                log.replace(log.with_suffix(".log.1"))
        self._thread.start()
        try:
            self._all_ready.wait()
        except BaseException:  # Ctrl-C during the start
            self.stop()
            raise
        if self._failure:
            self._ended.wait()
            raise self._failure

    def wait(self) -> None:
        """Wait until everything has stopped.

        Raises:
            StackFailed: it stopped because a component ended repeatedly.
        """
        self._ended.wait()
        if self._failure:
            raise self._failure

    def stop(self) -> None:
        """Stop all components in reverse order, each within its grace; Ctrl-C meanwhile kills those that still run."""
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
        """Kill a component. It is restarted at once, or with `hold` only after `release`; kills are no quick exits."""
        child = self._children[name]
        child.held = hold
        child.killed = child.process is not None
        if (process := child.process) is not None:
            os.kill(process.pid, how)
            process.wait()
            while child.process is process and not self._ended.is_set():  # until the supervisor has noticed it too
                time.sleep(_TICK)

    def release(self, name: str) -> None:
        """Let a component that `kill` holds start again."""
        self._children[name].held = False

    def wait_ready(self, name: str, timeout: float = READY_WITHIN) -> None:
        """Wait until a component serves (again).

        Raises:
            StackFailed: it does not serve within `timeout`, or the stack has stopped.
        """
        ready, limit = self._children[name].ready, time.monotonic() + timeout
        while not ready.wait(_TICK):
            if self._ended.is_set():
                raise self._failure or StackFailed(f"{name} is not ready: the stack has stopped")
            if time.monotonic() > limit:
                raise StackFailed(f"{name} is not ready after {timeout:g} s; its log: {self.log(name)}")

    # The supervising thread

    def _run(self) -> None:
        try:
            while not self._stop.wait(_TICK):
                for child in self._children.values():
                    self._check_child(child)
                if all(child.ready.is_set() for child in self._children.values()):
                    self._all_ready.set()
        except StackFailed as failure:
            self._failure = failure
        except Exception as error:  # the caller must receive every error
            self._failure = StackFailed(f"the supervisor failed: {error!r}")
        finally:
            try:
                self._stop_all()
            finally:
                self._ended.set()
                self._all_ready.set()

    def _check_child(self, child: _Child) -> None:
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
                self._handle_exit(child, code, now)
        elif not child.ready.is_set():
            if child.component.is_serving(child.process.pid):
                child.ready.set()
            elif now - child.started_at > READY_WITHIN:
                raise StackFailed(f"{name} is not ready after {READY_WITHIN:g} s; its log: {self.log(name)}")

    def _handle_exit(self, child: _Child, code: int, now: float) -> None:
        name = child.component.name
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        if not self._all_ready.is_set():
            raise StackFailed(f"{name} {how} while starting; its log: {self.log(name)}\n{self._excerpt(child)}")
        if not child.killed:
            child.quick_exits = child.quick_exits + 1 if now - child.started_at < QUICK_EXIT else 1
        if child.quick_exits >= MAX_QUICK_EXITS:
            how = f"{how}, {child.quick_exits} times in a row"
            raise StackFailed(f"{name} {how}; its log: {self.log(name)}\n{self._excerpt(child)}")
        self._check_ports(child)
        self._say(f"{name} {how}; starting it again (log: {self.log(name)})")
        child.start_at = now + _RESTART_AFTER

    def _check_ports(self, child: _Child) -> None:
        """Check that the ports of a component are free before its restart; otherwise others would use another program.

        Raises:
            StackFailed: a port is in use.
        """
        for port in child.component.ports if self._all_ready.is_set() else ():
            if accepts_connections(port):
                raise StackFailed(
                    f"{child.component.name} stopped, and another program took its port {port}: the stack stops too; "
                    f"start it again, and it uses another port. Its log: {self.log(child.component.name)}"
                )

    def _excerpt(self, child: _Child, first: int = 3, last: int = 8) -> str:
        """The first and the last lines that the process wrote since its last start.

        The reason is usually in the last ones. A program that breaks over its own error, as Temporal does over a port
        in use, writes the reason first and then a long stack trace.
        """
        log = self.log(child.component.name)
        lines = log.read_bytes()[child.log_begins :].decode(errors="replace").splitlines() if log.exists() else []
        shown = lines if len(lines) <= first + last else [*lines[:first], "...", *lines[-last:]]
        return "\n".join(f"  {line}" for line in shown)

    def _spawn(self, child: _Child) -> None:
        child.started_at = time.monotonic()
        child.killed = False
        with self.log(child.component.name).open("ab") as log:
            child.log_begins = log.tell()
            child.process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_DIE_WITH_PARENT), str(os.getpid()), *child.component.command],
                env=dict(child.component.env),
                cwd=_ROOT,  # so that `-m worker` is the package of this repository
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a terminal's Ctrl-C reaches only this process, which stops them in order
                pass_fds=self._inherit,
                umask=0o077,  # its files are readable only by their owner
            )

    def _stop_all(self) -> None:
        """Stop each component once no component that depends on it runs any more."""
        left = {name: child for name, child in self._children.items() if child.process}
        terminated: dict[str, float] = {}
        while left:
            for name, child in list(left.items()):
                process = child.process
                if process is None or process.poll() is not None:
                    child.ready.clear()
                    child.process = None
                    del left[name]
                elif name in terminated:
                    if self._kill_now.is_set() or time.monotonic() > terminated[name] + child.component.grace:
                        self._report_kill(child.component)
                        process.kill()
                        process.wait()
                elif not any(name in other.component.after for other in left.values()):
                    terminated[name] = time.monotonic()
                    process.terminate()
            time.sleep(_TICK)

    def _report_kill(self, component: Component) -> None:
        if not component.kill_is_safe:
            self._say(f"{component.name} did not stop within its grace and is killed")
            return
        with self.log(component.name).open("a") as log:
            log.write(f"It was still stopping after {component.grace:g} s and is killed, which loses nothing.\n")
