"""The trials of several hosts: the productions, people and audit of `tests.chaos`, with faults of the network."""

import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final, Literal, get_args

from tests.chaos.faults import FaultInjection, Injected, owner_of
from tests.chaos.hosts.network import WORLD, Network
from tests.chaos.hosts.stack import HOSTS, RunningHosts, started_on_hosts
from tests.chaos.scenario import ProcessFault, Script
from tests.chaos.servers.proxy import S3Faults
from tests.chaos.servers.stack import Running
from tests.chaos.servers.vendors import Vendors
from tests.chaos.trial import Outcome, played
from tests.emulators.base import Emulator

Try = Literal["cut-off", "partition", "slow", "clock", "drift"]
TRIES: Final[tuple[Try, ...]] = get_args(Try)
OUT: Final = Path("out/hosts")
CUT_SECONDS: Final = 14.0
"""Longer than the heartbeat timeout of a trial (5 s), the start of a retry, and the 3 s in which a claim settles."""
PARTITION_SECONDS: Final = 20.0
SLOW_SECONDS: Final = 25.0
DELAY_SECONDS: Final = 0.04
"""In each direction: a round trip of 80 ms, as between two continents."""
LOSS: Final = 0.03
CLOCK_SECONDS: Final = 20.0
HOUR: Final = 3_600
"""S3 refuses such a host: its requests have another time. A worker that starts so ends, and names the clock."""
DRIFT: Final = 600
"""Less than the 15 minutes that S3 accepts."""
FAULTS: Final[Mapping[Try, tuple[ProcessFault, ...]]] = {
    "cut-off": (
        ProcessFault(0.2, ("worker",), CUT_SECONDS, "received"),
        ProcessFault(1.0, ("worker",), CUT_SECONDS, "billed"),
    ),
    "partition": (ProcessFault(0.5, ("api", "temporal"), PARTITION_SECONDS),),
    "slow": (ProcessFault(0.0, (), SLOW_SECONDS),),
    "clock": (ProcessFault(0.5, (), CLOCK_SECONDS),),
    "drift": (ProcessFault(0.0, (), 0.0),),
}
AHEAD: Final[Mapping[str, int]] = {"api": -1, "worker-2": 1}
"""The hosts whose clocks are off, and the sign."""
OFFSETS: Final[Mapping[Try, int]] = {"clock": 0, "drift": DRIFT}
"""Of those clocks, at the start."""


def run(which: Try, seed: int, productions: int) -> Outcome:
    """Play one try; its files under out/hosts are kept only if a guarantee was broken."""
    script = replace(
        Script.of(seed, productions),
        process_faults=FAULTS[which],
        vendor_faults=(),
        surcharges={},
        workers=2,
        at_once=which in ("slow", "drift"),
        s3=S3Faults(),
    )
    with ExitStack() as stack:
        network = stack.enter_context(Network(HOSTS))
        stack.callback(setattr, Emulator, "address", Emulator.address)
        Emulator.address = network.address(WORLD)
        clocks = {host: sign * OFFSETS[which] for host, sign in AHEAD.items()} if which in OFFSETS else {}
        start = partial(_start, network, clocks)
        outcome = played(script, OUT / which, start, partial(NetworkFaults, which))
    outcome.world = {"try": which, **outcome.world}
    return outcome


def _start(
    network: Network, offsets: Mapping[str, int], home: Path, env: Mapping[str, str], _: Script
) -> AbstractContextManager[Running]:
    return started_on_hosts(home, env, network, offsets)


class NetworkFaults(FaultInjection):
    """Plays the faults of a script on the links between the hosts."""

    def __init__(self, which: Try, script: Script, running: RunningHosts, vendors: Vendors) -> None:
        super().__init__(script, running, vendors)
        self._which, self._network, self._clocks = which, running.network, running.clocks

    def run(self) -> None:
        """Return when every link works again."""
        for fault in self._script.process_faults:
            time.sleep(fault.after)
            match self._which:
                case "cut-off":
                    self._cut_off(fault)
                case "partition":
                    self._cut(fault, [("api", "temporal")], inside=False)
                case "slow":
                    self._network.slow(DELAY_SECONDS, LOSS)
                    time.sleep(fault.down)
                    self._network.slow(0.0, 0.0)
                    self.injected.append(Injected((), False, time.monotonic()))
                case "clock":
                    self._set_clocks(HOUR)
                    time.sleep(fault.down)
                    self._set_clocks(0)
                    self.injected.append(Injected((), False, time.monotonic()))
                case "drift":
                    self.injected.append(Injected((), False, time.monotonic()))
        self._vendors.stop_faults()
        self._running.wait_ready()

    def _set_clocks(self, seconds: int) -> None:
        for host, sign in AHEAD.items():
            self._clocks[host].set(sign * seconds)

    def _cut_off(self, fault: ProcessFault) -> None:
        """Cut off the worker whose request a vendor holds; the vendor then goes on, and its response is lost."""
        with ExitStack() as held:
            inside = self._holding(held, fault)
            workers = self._running.worker_pids()
            calls = ((e, c) for e in self._vendors.by_name.values() for c in list(e.in_flight.values()))
            waiting = [c for e, c in calls if e.kind(c) == fault.on]
            owners = [name for name, pid in workers.items() if any(owner_of(c, [pid]) for c in waiting)]
            name = owners[0] if owners else next(iter(workers))
            self._network.cut(*self._network.alone(name))
        self._cut(fault, self._network.alone(name), inside=inside and bool(owners))

    def _cut(self, fault: ProcessFault, pairs: list[tuple[str, str]], *, inside: bool) -> None:
        self._network.cut(*pairs)
        time.sleep(fault.down)
        self._network.join(*pairs)
        self.injected.append(Injected(fault.targets, inside, time.monotonic()))
