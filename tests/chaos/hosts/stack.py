"""The processes of a trial on hosts of their own: Temporal, S3, the API and two workers."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from api.auth import key_file
from api.auth.roles import Role
from deploy import local, s3, temporal
from deploy.home import StackInfo
from deploy.ports import LOOPBACK, Ports
from deploy.settings import StackSettings
from deploy.supervisor import Component, Supervisor
from tests.chaos.hosts.clock import Clock
from tests.chaos.hosts.network import WORLD, Network
from tests.chaos.servers.proxy import Proxy, S3Faults
from tests.chaos.servers.stack import ENDPOINT, WORKER, Running
from tests.support.stack import hermetic, new_home

HOSTS: Final = ("temporal", "s3", "api", "worker", "worker-2")
WORKERS: Final = ("worker", "worker-2")
ROLES: Final = (Role.REQUESTER, Role.APPROVER, Role.OPERATOR)


@dataclass(frozen=True)
class RunningHosts(Running):
    """A stack with a host for each part. Workers and API reach S3 through the proxy, which is on the host world."""

    network: Network
    clocks: Mapping[str, Clock]


@contextmanager
def started_on_hosts(
    home: Path, more: Mapping[str, str], network: Network, offsets: Mapping[str, int]
) -> Iterator[RunningHosts]:
    """Run the stack for the duration of the block. People use the key in GREENLIGHT_API_KEY of this process.

    Args:
        offsets: Host -> the seconds that its clock is ahead from the start; these clocks can be set later.
    """
    scratch = new_home(home) / "scratch"
    scratch.mkdir()
    key = key_file.create(home / "keys.toml", "ana", "default", ROLES)
    environ = hermetic(os.environ) | {"TMPDIR": str(scratch), "GREENLIGHT_API_KEYS": str(home / "keys.toml"), **more}
    ports = Ports(lambda _: None, anywhere=True)
    info, _, components = local._assemble(home, StackSettings.of(environ), dict(environ), ports, lambda _: None)
    there = _Addresses(info, network)
    with ExitStack() as stack:
        proxy = Proxy(there.moved(info.s3_endpoint), S3Faults(), "hosts", network.address(WORLD))
        stack.enter_context(proxy)
        stack.enter_context(_key_in_environment(key))
        clocks = {host: Clock(scratch, host) for host in offsets}
        for host, seconds in offsets.items():
            clocks[host].set(seconds)
        made = [moved for each in components for moved in _on_hosts(each, there, proxy, clocks)]
        supervisor = Supervisor(made, home / "logs", lambda _: None)
        supervisor.start()
        try:
            yield RunningHosts(there.info, supervisor, proxy, WORKERS, network, clocks)
        finally:
            supervisor.stop()


@contextmanager
def _key_in_environment(key: str) -> Iterator[None]:
    os.environ["GREENLIGHT_API_KEY"] = key
    try:
        yield
    finally:
        del os.environ["GREENLIGHT_API_KEY"]


class _Addresses:
    """The addresses of the servers on their hosts, in place of those on loopback."""

    def __init__(self, info: StackInfo, network: Network) -> None:
        self.network = network
        self._hosts = {info.api_url: "api", info.temporal_address: "temporal", info.s3_endpoint: "s3"}
        names = ("api_url", "temporal_address", "s3_endpoint")
        self.info = info.model_copy(update={name: self.moved(getattr(info, name)) for name in names})

    def moved(self, text: str) -> str:
        for address, host in self._hosts.items():
            there = address.replace(LOOPBACK, self.network.address(host))
            text = text.replace(address.removeprefix("http://"), there.removeprefix("http://"))
        return text


def _on_hosts(component: Component, there: _Addresses, proxy: Proxy, clocks: Mapping[str, Clock]) -> list[Component]:
    """The component on its host; of the worker, one on each of two hosts."""
    env = {name: there.moved(value) for name, value in component.env.items()}
    if component.name in ("worker", "api"):
        env[ENDPOINT] = proxy.url
    env["GREENLIGHT_API_HOST"] = there.network.address("api")
    command = WORKER if component.name == "worker" else component.command
    found = []
    for host in WORKERS if component.name == "worker" else (component.name,):
        # The parts of the Temporal server reach each other by loopback.
        address = "0.0.0.0" if host == "temporal" else there.network.address(host)
        own = [part.replace(LOOPBACK, address) for part in command]
        clock = clocks[host].env if host in clocks else {}
        ready = _readiness(component, there.info, env)
        moved = there.network.command(host, own)
        found.append(replace(component, name=host, command=moved, env=env | clock, ready=ready))
    return found


def _readiness(component: Component, info: StackInfo, env: Mapping[str, str]) -> Callable[[int], bool]:
    match component.name:
        case "temporal":
            return lambda _: temporal.is_serving(env)
        case "s3":
            return s3.readiness_check({**env, ENDPOINT: info.s3_endpoint}, info.bucket)
        case "worker":
            return lambda pid: temporal.is_polling(env, pid)
        case _:
            return lambda _: local._responds(f"{info.api_url}/healthz", info.instance)
