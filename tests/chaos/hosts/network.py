"""Network namespaces as hosts, joined by a switch whose links can be cut, slow and lossy."""

import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations
from typing import IO, Final, Self

from tests import ROOT
from tests.chaos.hosts.switch import Links

WORLD: Final = "world"
"""The host of vendors, people and the proxy of S3: this process, which is in no namespace."""
MTU: Final = 9_000
"""Large frames: each passes through Python."""


def missing() -> str:
    """Why this machine has no hosts; empty if it does."""
    if sys.platform != "linux":
        return "network namespaces are of Linux"
    if os.geteuid() != 0:
        return "network namespaces need root"
    if not os.path.exists("/dev/net/tun"):  # noqa: PTH110
        return "there is no /dev/net/tun"
    try:
        subprocess.run(["ip", "netns", "list"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        return f"`ip netns` does not work: {error}"
    return ""


class Network:
    """Use it as a context manager. Each host has an address in one network, and its own loopback."""

    def __init__(self, hosts: Sequence[str]) -> None:
        self.hosts = (WORLD, *hosts)
        self.links = Links()
        self._id = secrets.token_hex(3)
        self._net = f"10.{64 + secrets.randbelow(64)}.{secrets.randbelow(256)}"
        self._process: subprocess.Popen[str] | None = None

    def address(self, host: str) -> str:
        return f"{self._net}.{self.hosts.index(host) + 1}"

    def command(self, host: str, command: Sequence[str]) -> list[str]:
        """The command that runs another one on a host; it becomes that one, with the same process id."""
        ip = shutil.which("ip") or "ip"
        return list(command) if host == WORLD else [ip, "netns", "exec", self._namespace(host), *command]

    def cut(self, *pairs: tuple[str, str]) -> None:
        """Let nothing pass between these hosts; nobody is told."""
        self._change(cut=self.links.cut | self._numbers(pairs))

    def join(self, *pairs: tuple[str, str]) -> None:
        self._change(cut=self.links.cut - self._numbers(pairs))

    def slow(self, delay: float, loss: float) -> None:
        """Delay each frame by so many seconds, and lose this share of them."""
        self._change(delay=delay, loss=loss)

    def alone(self, host: str) -> list[tuple[str, str]]:
        """The links of a host."""
        return [pair for pair in combinations(self.hosts, 2) if host in pair]

    def __enter__(self) -> Self:
        devices = [f"gl{self._id}{number}" for number in range(len(self.hosts))]
        command = [sys.executable, "-m", "tests.chaos.hosts.switch", *devices]
        self._process = subprocess.Popen(command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdout
        assert self._process.stdout.readline().strip() == "ready"
        for number, (host, device) in enumerate(zip(self.hosts, devices, strict=True)):
            self._connect(number, host, device)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process
        with self._process:  # waits, and closes its output, too
            self._stdin.close()
        for host in self.hosts[1:]:
            _ip("netns", "delete", self._namespace(host))

    def _connect(self, number: int, host: str, device: str) -> None:
        inside: tuple[str, ...] = ()
        if host != WORLD:
            _ip("netns", "add", self._namespace(host))
            _ip("link", "set", device, "netns", self._namespace(host))
            inside = ("-n", self._namespace(host))
            _ip(*inside, "link", "set", "lo", "up")
        _ip(*inside, "link", "set", device, "address", f"02:00:00:00:00:{number:02x}", "mtu", str(MTU))
        _ip(*inside, "address", "add", f"{self.address(host)}/24", "dev", device)
        _ip(*inside, "link", "set", device, "up")

    def _namespace(self, host: str) -> str:
        return f"gl{self._id}-{host}"

    def _numbers(self, pairs: Iterable[tuple[str, str]]) -> frozenset[frozenset[int]]:
        return frozenset(frozenset(map(self.hosts.index, pair)) for pair in pairs)

    def _change(self, **links: object) -> None:
        self.links = replace(self.links, **links)  # type: ignore[arg-type]
        self._stdin.write(f"{self.links.line()}\n")
        self._stdin.flush()

    @property
    def _stdin(self) -> IO[str]:
        assert self._process and self._process.stdin  # noqa: PT018
        return self._process.stdin


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)
