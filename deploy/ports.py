"""Free loopback ports: the ones that were asked for, the default ones, or their next free neighbours."""

import random
import socket
from collections.abc import Callable, Mapping
from typing import Final

LOOPBACK: Final = "127.0.0.1"
_NEIGHBOURS: Final = 200
"""More listeners than this side by side do not happen by accident."""


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


class Ports:
    """Hands out each port once. With `anywhere` it starts at random places, so that stacks side by side do not race."""

    def __init__(self, say: Callable[[str], None], *, anywhere: bool = False) -> None:
        self._say = say
        self._anywhere = anywhere
        self._given: set[int] = set()

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
