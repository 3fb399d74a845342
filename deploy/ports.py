"""Free loopback ports: the ones that were asked for, the default ones, or their next free neighbours."""

import random
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

LOOPBACK: Final = "127.0.0.1"
_NEIGHBOURS: Final = 200
"""More listeners than this side by side do not happen by accident."""
BLOCKED: Final = (6665, 6666, 6667, 6668, 6669, 6697, 6566, 3659, 4045, 1719, 1720, 1723, 5060, 5061, 10_080)
"""Ports to which no browser sends a request, whatever name a page uses (Fetch standard, "bad port"). What a program of
this user may listen on, without NFS (2049) and X11 (6000)."""
_LISTENING: Final = "0A"
"""TCP_LISTEN in /proc/net/tcp."""


class PortTaken(Exception):
    """A port that was asked for by name is in use."""


def beside_proxy(environ: Mapping[str, str]) -> dict[str, str]:
    """NO_PROXY such that a proxy for the outside is not asked for this machine."""
    return {
        name: ",".join(filter(None, [environ.get(name), LOOPBACK, "localhost"])) for name in ("NO_PROXY", "no_proxy")
    }


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port whose last connections only linger counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def listener(port: int) -> socket.socket:
    """A socket that listens on a loopback port.

    Raises:
        OSError: the port is in use.
    """
    return socket.create_server((LOOPBACK, port))


def answers(port: int) -> bool:
    """Whether some program accepts connections at a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        try:
            probe.connect((LOOPBACK, port))
            # A connection to a free port of the range for outgoing connections can be met by its own other end.
            return bool(probe.getsockname() != probe.getpeername())
        except OSError:
            return False


def listens(pid: int, port: int) -> bool:
    """Whether the process `pid` of this user, and no other program, listens on a TCP port, by the operating system."""
    if sys.platform != "linux":
        asked = ["lsof", "-nP", "-a", "-p", str(pid), f"-iTCP:{port}", "-sTCP:LISTEN", "-t"]
        return subprocess.run(asked, capture_output=True, check=False).returncode == 0
    process, here = Path(f"/proc/{pid}"), f"{port:04X}"
    try:
        owned = {str(fd.readlink()) for fd in (process / "fd").iterdir() if fd.is_symlink()}
        lines = [line.split() for name in ("tcp", "tcp6") for line in (process / "net" / name).read_text().splitlines()]
    except OSError:  # it has ended, or closes a file at this moment
        return False
    return any(
        line[1].endswith(f":{here}") and line[3] == _LISTENING and f"socket:[{line[9]}]" in owned
        for line in lines
        if len(line) > 9
    )


class Ports:
    """Hands out each port once. With `anywhere` it starts at random places, so that stacks side by side do not race."""

    def __init__(self, say: Callable[[str], None], *, anywhere: bool = False) -> None:
        self._say = say
        self._anywhere = anywhere
        self._given: set[int] = set()
        self.guarded: dict[int, int] = {}
        """Public port -> the port behind it, which no page can reach."""

    def named(self, variable: str, asked: int | None, default: int) -> int:
        """The port that `variable` asks for, or its default or the next free one, with a message.

        Raises:
            PortTaken: the variable names a port that is in use.
        """
        if asked is not None:
            if asked in self._given or not is_free(asked):
                raise PortTaken(f"{variable}: port {asked} is in use; stop what uses it, or choose another")
            self._given.add(asked)
            return asked
        port = self.near(default)
        if port != default and not self._anywhere:
            self._say(f"Port {default} is in use, taking {port} (choose with {variable})")
        return port

    def near(self, default: int, *, also: int = 0) -> int:
        """The first free port from `default`; with `also`, one whose neighbour that far away is free too."""
        # Below 22,000 neither the port nor the one 10,000 above it is lent to outgoing connections by Linux.
        start = random.randrange(10_240, 22_000) if self._anywhere else default  # noqa: S311 - no secret
        for port in range(start, start + _NEIGHBOURS):
            wanted = {port, port + also}
            if not wanted & self._given and all(map(is_free, wanted)):
                self._given |= wanted
                return port
        raise PortTaken(f"No free port between {start} and {start + _NEIGHBOURS}")

    def behind(self, public: int) -> int | None:
        """A free port that browsers refuse, for a server whose only way in for pages is a guard at `public`; None where
        all are in use."""
        for port in random.sample(BLOCKED, len(BLOCKED)):
            if port not in self._given and is_free(port):
                self._given.add(port)
                self.guarded[public] = port
                return port
        return None
