"""The embedded stack of one trial: the processes of `make up`, with the worker of these trials."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path
from typing import Final, Literal, get_args

from deploy import local
from deploy.home import StackInfo
from deploy.ports import Ports
from deploy.settings import StackSettings
from deploy.supervisor import Component, StackFailed, Supervisor
from tests.chaos.servers.proxy import Proxy, S3Faults
from tests.support.stack import hermetic, new_home

Part = Literal["worker", "api", "temporal", "s3"]
PARTS: Final[tuple[Part, ...]] = get_args(Part)
WORKER: Final = [sys.executable, "-m", "tests.chaos.servers.worker"]
COMMANDS: Final = ("frontend.WorkerCommandsEnabled", "system.enableCancelActivityWorkerCommand")
"""Settings of the Temporal server by which a cancel reaches an activity at once."""
ENDPOINT: Final = "AWS_ENDPOINT_URL_S3"
TRIES: Final = 3
READY_WITHIN: Final = 120.0
"""Seconds; two concurrent trials start four workers on two cores, which may be busy."""


@dataclass(frozen=True)
class Running:
    """A stack whose workers and API reach S3 through `proxy`; an audit reads the server itself, which `info` names."""

    info: StackInfo
    supervisor: Supervisor
    proxy: Proxy
    workers: tuple[str, ...]

    def names(self, part: Part) -> tuple[str, ...]:
        """The components that are killed together as one part."""
        return self.workers if part == "worker" else (part,)

    def wait_ready(self) -> None:
        """Wait until every process serves (again).

        Raises:
            StackFailed: a process is not ready within READY_WITHIN.
        """
        for part in PARTS:
            for name in self.names(part):
                self.supervisor.wait_ready(name, READY_WITHIN)

    def worker_pids(self) -> dict[str, int]:
        return {name: pid for name in self.workers if (pid := self.supervisor.pid(name))}


@contextmanager
def started(
    home: Path,
    more: Mapping[str, str],
    *,
    commands: bool,
    workers: int,
    s3_faults: S3Faults,
    seed: str,
    worker: Sequence[str] = WORKER,
) -> Iterator[Running]:
    """Run the processes on free ports of loopback for the duration of the block.

    Args:
        commands: Whether the Temporal server has worker commands.
        worker: The command of each worker; `{core}` in it is a processor core of its own, as far as there are enough.
    """
    scratch = new_home(home) / "scratch"  # the files of a killed worker are deleted with the trial
    scratch.mkdir()
    environ = hermetic(os.environ) | {"TMPDIR": str(scratch), **more}
    names = ("worker", *(f"worker-{n}" for n in range(2, workers + 1)))
    with ExitStack() as stack:
        for tries_left in reversed(range(TRIES)):
            ports = Ports(lambda _: None, anywhere=True)
            info, _, components = local._assemble(home, StackSettings.of(environ), dict(environ), ports, lambda _: None)
            proxy = stack.enter_context(Proxy(info.s3_endpoint, s3_faults, seed))
            changed = [made for c in components for made in _changed(c, proxy.url, names, worker, commands=commands)]
            supervisor = Supervisor(changed, home / "logs", lambda _: None)
            try:
                supervisor.start()
                break
            except StackFailed as failure:
                # Another program may take a port between its choice and its use.
                if not tries_left or not any(words in str(failure) for words in local.PORT_LOST):
                    raise
        try:
            yield Running(info, supervisor, proxy, names)
        finally:
            supervisor.stop()


def _changed(
    component: Component, s3_url: str, workers: tuple[str, ...], worker: Sequence[str], *, commands: bool
) -> list[Component]:
    if component.name == "worker":
        env = {**component.env, ENDPOINT: s3_url}
        cores = cycle(map(str, sorted(os.sched_getaffinity(0))))
        commands_of = ([part.replace("{core}", core) for part in worker] for core in cores)
        return [replace(component, name=n, command=c, env=env) for n, c in zip(workers, commands_of, strict=False)]
    if component.name == "api":
        return [replace(component, env={**component.env, ENDPOINT: s3_url})]
    if component.name == "temporal" and not commands:
        without = [c.replace("=true", "=false") if any(n in c for n in COMMANDS) else c for c in component.command]
        assert without != list(component.command), "the server has no settings of worker commands to turn off"
        return [replace(component, command=without)]
    return [component]
