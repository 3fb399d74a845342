"""The embedded stack of one trial: the processes of `make up`, with the worker of these trials."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal, cast, get_args

from deploy import local
from deploy.home import StackInfo
from deploy.ports import Ports
from deploy.settings import StackSettings
from deploy.supervisor import StackFailed, Supervisor
from tests.stack import hermetic, new_home

Part = Literal["worker", "api", "temporal", "s3"]
PARTS: Final[tuple[Part, ...]] = get_args(Part)
WORKER: Final = [sys.executable, "-m", "tests.chaos.worker"]
TRIES: Final = 3


@contextmanager
def started(home: Path, more: Mapping[str, str]) -> Iterator[tuple[StackInfo, Supervisor]]:
    """Everything runs on free ports of loopback when the block begins, and nothing does when it has ended."""
    scratch = new_home(home) / "scratch"  # what a killed worker leaves goes with the trial
    scratch.mkdir()
    environ = hermetic(os.environ) | {"TMPDIR": str(scratch), **more}
    for tries_left in reversed(range(TRIES)):
        ports = Ports(lambda _: None, anywhere=True)
        info, _, components = local._assemble(home, StackSettings.of(environ), dict(environ), ports, lambda _: None)
        components = [replace(c, command=WORKER) if c.name == "worker" else c for c in components]
        supervisor = Supervisor(components, home / "logs", lambda _: None)
        try:
            supervisor.start()
            break
        except StackFailed as failure:
            # Between a look at a port and its use another program may take it.
            if not tries_left or not any(words in str(failure) for words in local.PORT_LOST):
                raise
    try:
        yield info, supervisor
    finally:
        supervisor.stop()


def pids(supervisor: Supervisor) -> dict[Part, int]:
    return cast(dict[Part, int], supervisor.pids())
