"""`python -m tests.chaos.hosts.switch NAME…`: a switch between TAP devices, whose links delay and lose frames.

The kernels that these trials run on may have no `netem`, so the frames pass through this process. It prints one line
when the devices exist, and reads its Links as lines of JSON from stdin, until that ends. It needs CAP_NET_ADMIN.
"""

import fcntl
import heapq
import json
import os
import random
import selectors
import struct
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Final

TUNSETIFF: Final = 0x400454CA
IFF_TAP_NO_PI: Final = 0x0002 | 0x1000
FRAME_BYTES: Final = 65_600
BROADCAST_BIT: Final = 1
"""In the first byte of a destination address: for all hosts."""


@dataclass(frozen=True)
class Links:
    """The state of all links: pairs of hosts (numbers) between which nothing passes, and the fate of other frames.

    Attributes:
        delay: Seconds of each frame, in each direction.
        loss: The share of frames that are lost.
    """

    cut: frozenset[frozenset[int]] = frozenset()
    delay: float = 0.0
    loss: float = 0.0

    @classmethod
    def parse(cls, line: str | bytes) -> "Links":
        given = json.loads(line)
        return cls(frozenset(frozenset(pair) for pair in given["cut"]), given["delay"], given["loss"])

    def line(self) -> str:
        return json.dumps({"cut": [sorted(pair) for pair in self.cut], "delay": self.delay, "loss": self.loss})

    def passes(self, sender: int, receiver: int, dice: random.Random) -> bool:
        return frozenset((sender, receiver)) not in self.cut and not (self.loss and dice.random() < self.loss)


def receivers(frame: bytes, sender: int, hosts: int) -> Sequence[int]:
    """The hosts for which a frame is: the last byte of an address is the number of its host."""
    if len(frame) < 14:
        return ()
    if frame[0] & BROADCAST_BIT:
        return [host for host in range(hosts) if host != sender]
    return [frame[5]] if frame[5] < hosts and frame[5] != sender else ()


@dataclass
class Switch:
    """Forwards the frames of `devices` (file descriptors), in their order on each link."""

    devices: Sequence[int]
    links: Links = Links()
    dice: random.Random = field(default_factory=lambda: random.Random(1))
    _waiting: list[tuple[float, int, int, bytes]] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=count)

    def run(self) -> None:
        """Return at the end of stdin."""
        selector = selectors.DefaultSelector()
        for number, device in enumerate(self.devices):
            selector.register(device, selectors.EVENT_READ, number)
        selector.register(sys.stdin, selectors.EVENT_READ, None)
        while True:
            wait = max(0.0, self._waiting[0][0] - time.monotonic()) if self._waiting else None
            for key, _ in selector.select(wait):
                if key.data is None:
                    if not (lines := os.read(sys.stdin.fileno(), FRAME_BYTES).splitlines()):
                        return
                    self.links = Links.parse(lines[-1])
                else:
                    self._take(key.data, os.read(self.devices[key.data], FRAME_BYTES))
            self._deliver()

    def _take(self, sender: int, frame: bytes) -> None:
        due = time.monotonic() + self.links.delay
        for receiver in receivers(frame, sender, len(self.devices)):
            if self.links.passes(sender, receiver, self.dice):
                heapq.heappush(self._waiting, (due, next(self._numbers), receiver, frame))

    def _deliver(self) -> None:
        now = time.monotonic()
        while self._waiting and self._waiting[0][0] <= now:
            _, _, receiver, frame = heapq.heappop(self._waiting)
            try:
                os.write(self.devices[receiver], frame)
            except OSError:  # the device is down, or its queue is full: a lost frame
                continue


def open_device(name: str) -> int:
    """The file descriptor of a new TAP device; the device ends with it."""
    device = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TAP_NO_PI))
    return device


if __name__ == "__main__":
    switch = Switch([open_device(name) for name in sys.argv[1:]])
    print("ready", flush=True)  # noqa: T201 - its protocol
    switch.run()
