"""Free loopback ports: the configured ones, the default ones, or the next free ones."""

import random
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

LOOPBACK: Final = "127.0.0.1"
_NEIGHBOURS: Final = 200
"""The number of ports to try. That many consecutive ports in use are not a coincidence."""
BLOCKED: Final = (6665, 6666, 6667, 6668, 6669, 6697, 6566, 3659, 4045, 1719, 1720, 1723, 5060, 5061, 10_080)
"""Ports to which no browser sends a request, whatever host name a page uses (Fetch standard, "bad port"): those on
which a program of this user may listen, without NFS (2049) and X11 (6000)."""
_LISTENING: Final = "0A"
"""TCP_LISTEN in /proc/net/tcp."""


class PortTaken(Exception):
    """A port that a variable names is in use."""


def bypass_proxy(environ: Mapping[str, str]) -> dict[str, str]:
    """NO_PROXY with this machine, so that a configured proxy is not used for it."""
    return {
        name: ",".join(filter(None, [environ.get(name), LOOPBACK, "localhost"])) for name in ("NO_PROXY", "no_proxy")
    }


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port with connections only in TIME_WAIT counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def listen(port: int) -> socket.socket:
    """A socket that listens on a loopback port.

    Raises:
        OSError: the port is in use.
    """
    return socket.create_server((LOOPBACK, port))


def accepts_connections(port: int) -> bool:
    """Whether a program accepts connections at a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        try:
            probe.connect((LOOPBACK, port))
            # A connection to a free port in the range for outgoing connections can connect to itself.
            return bool(probe.getsockname() != probe.getpeername())
        except OSError:
            return False


def is_listening(pid: int, port: int) -> bool:
    """Whether the process `pid` of this user listens on a TCP port, according to the operating system."""
    if sys.platform != "linux":
        command = ["lsof", "-nP", "-a", "-p", str(pid), f"-iTCP:{port}", "-sTCP:LISTEN", "-t"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    process, here, network = Path(f"/proc/{pid}"), f"{port:04X}", Path("ns", "net")
    try:
        # A connection costs 20 µs; the list of all connections of a network, which names their owners, 10 ms.
        reachable = (process / network).readlink() == (Path("/proc/self") / network).readlink()
        if reachable and not accepts_connections(port):
            return False
        owned = {str(fd.readlink()) for fd in (process / "fd").iterdir() if fd.is_symlink()}
        lines = [line.split() for name in ("tcp", "tcp6") for line in (process / "net" / name).read_text().splitlines()]
    except OSError:  # the process has ended, or is closing a file
        return False
    return any(
        line[1].endswith(f":{here}") and line[3] == _LISTENING and f"socket:[{line[9]}]" in owned
        for line in lines
        if len(line) > 9
    )


class Ports:
    """Reserves each port once. With `anywhere` it starts at random ports, so that concurrent stacks do not race."""

    def __init__(self, say: Callable[[str], None], *, anywhere: bool = False) -> None:
        self._say = say
        self._anywhere = anywhere
        self._reserved: set[int] = set()
        self.guarded: dict[int, int] = {}
        """Public port -> the hidden port behind it, which no page can reach."""

    def reserve(self, variable: str, wanted: int | None, default: int) -> int:
        """Reserve the port that `variable` names, or the default or the next free one, with a message.

        Raises:
            PortTaken: the variable names a port that is in use.
        """
        if wanted is not None:
            if wanted in self._reserved or not is_free(wanted):
                raise PortTaken(
                    f"{variable}: port {wanted} is in use; stop the program that uses it, or choose another"
                )
            self._reserved.add(wanted)
            return wanted
        port = self.reserve_near(default)
        if port != default and not self._anywhere:
            self._say(f"Port {default} is in use, using {port} instead (set {variable} to choose)")
        return port

    def reserve_near(self, default: int, *, also: int = 0) -> int:
        """Reserve the first free port from `default`; with `also`, one for which `port + also` is free too."""
        # Below 22,000 Linux uses neither the port nor the one 10,000 above it for outgoing connections.
        start = random.randrange(10_240, 22_000) if self._anywhere else default  # noqa: S311 - no secret
        for port in range(start, start + _NEIGHBOURS):
            wanted = {port, port + also}
            if not wanted & self._reserved and all(map(is_free, wanted)):
                self._reserved |= wanted
                return port
        raise PortTaken(f"No free port between {start} and {start + _NEIGHBOURS}")

    def reserve_hidden(self, public: int) -> int | None:
        """Reserve a port that browsers refuse, for a server that pages reach only through a guard at `public`; None if
        all are in use."""
        for port in random.sample(BLOCKED, len(BLOCKED)):
            if port not in self._reserved and is_free(port):
                self._reserved.add(port)
                self.guarded[public] = port
                return port
        return None
