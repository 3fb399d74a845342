"""What is to happen in a trial: all of it follows from the seed; when exactly a process dies does not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Final, Literal, TypeVar

from tests.chaos.servers.bills import BRIEF, mark
from tests.chaos.servers.proxy import Weather
from tests.chaos.servers.stack import PARTS, Part
from tests.chaos.servers.vendors import FAULTS, SAYS_UNBILLED, SURCHARGED
from tests.emulators.base import Fault, Kind, Stage
from workflows.models import ApprovalPolicy, Brief, Platform

T = TypeVar("T")

STORM_SECONDS: Final = 10.0
TARGETS: Final[Mapping[tuple[Part, ...], int]] = {
    ("worker",): 6,
    ("api",): 2,
    ("temporal",): 3,
    ("s3",): 3,
    ("worker", "temporal"): 2,
    ("worker", "s3"): 2,
    ("temporal", "s3"): 1,
    ("api", "temporal"): 1,
    PARTS: 1,
}
PLATFORMS: Final[Mapping[Platform, int]] = {
    Platform.SOCIAL_POST: 4,
    Platform.DESIGN: 2,
    Platform.VIDEO: 3,
    Platform.COPY: 1,
}
Approves = Literal["nothing", "exact", "less", "more", "plenty"]
"""The budget that an approval names, by the plan's high price and what is spent already."""
APPROVES: Final[Mapping[Approves, int]] = {"nothing": 2, "exact": 4, "less": 2, "more": 2, "plenty": 2}
BRIEF_BUDGETS: Final = (Decimal("0.02"), Decimal("0.10"), Decimal("0.40"), Decimal("1.50"))
"""USD: less than a plan with a language model costs, than a picture, than a film, and enough for most."""
STOP_SECONDS: Final = (11.0, 15.0)
"""Beyond the heartbeat timeout (5 s in a trial), the next attempt's start, and the 3 s in which a claim settles."""
STOPPED_SHARE: Final = 0.4
"""Of the trials, those in which one of two workers is stopped for a time, and goes on."""


@dataclass(frozen=True)
class Strike:
    """A kill, or with `stops` a worker that is suspended: `after` seconds since the last one, down for some seconds.

    With a `window`, it comes when a vendor has a request of the kind `on` in hand: before it does what was asked, or
    before the answer.
    """

    after: float
    targets: tuple[Part, ...]
    down: float
    window: Stage | None = None
    on: Kind = "submit"
    stops: bool = False


@dataclass(frozen=True)
class Blow:
    """A fault that the next request of a kind meets, `at` seconds since the storm began."""

    at: float
    vendor: str
    on: Kind
    fault: Fault


@dataclass(frozen=True)
class Cast:
    """One production: its name in the trial, its brief, the seed of what its people do, and how they are.

    Attributes:
        approves: The budget that their approvals name.
        allows_unknown: They say in all that spends that a price may be unknown. Those who do not try such models too.
        cancels: They cancel while a vendor has a submission in hand.
        resets: They reset the run to before its approval.
        reopens: They change a delivered production, so often.
    """

    name: str
    brief: Brief
    seed: str
    approves: Approves = "plenty"
    allows_unknown: bool = True
    cancels: bool = False
    resets: bool = False
    reopens: int = 0


@dataclass(frozen=True)
class Script:
    """
    Attributes:
        at_once: Whether the storm comes while plans are still made, or once half of them are approved.
        commands: Whether the Temporal server has worker commands: without, a cancel comes with a heartbeat's answer.
        workers: How many there are; a kill of the worker kills all, a stop suspends one.
        surcharges: Model -> how many times its price it costs.
        late: Vendors of jobs bill them when they end.
    """

    seed: int
    planner: str
    at_once: bool
    productions: tuple[Cast, ...]
    strikes: tuple[Strike, ...]
    blows: tuple[Blow, ...]
    commands: bool = True
    workers: int = 1
    surcharges: Mapping[str, Decimal] = field(default_factory=dict)
    late: bool = False
    s3: Weather = field(default_factory=Weather)

    @classmethod
    def of(cls, seed: int, productions: int) -> "Script":
        chance, casting = Random(seed), Random(f"{seed}/productions")
        world = Random(f"{seed}/world")
        stopped = world.random() < STOPPED_SHARE
        strikes = [_strike(chance) for _ in range(chance.randint(2, 4))]
        if stopped:
            strikes[world.randrange(len(strikes))] = _stop(world)
        # Most submissions come right after the approvals: who waits for one has to be there first.
        strikes.sort(key=lambda strike: strike.window is None)
        return cls(
            seed=seed,
            planner=chance.choice(("template", "template", "openai/gpt-6-luna")),
            at_once=chance.random() < 0.3,
            productions=tuple(_production(casting, seed, n) for n in range(1, productions + 1)),
            strikes=tuple(strikes),
            blows=tuple(sorted((_blow(chance) for _ in range(chance.randint(8, 24))), key=lambda b: b.at)),
            commands=world.random() < 0.5,
            workers=2 if stopped else 1,
            surcharges=_surcharges(world),
            late=world.random() < 0.5,
            s3=_weather(world),
        )


def _production(chance: Random, seed: int, number: int) -> Cast:
    name = f"p{number}"
    platform = _one_of(chance, PLATFORMS)
    brief = Brief(
        title=f"Harbour {number}",
        text=f"A fishing boat leaves the harbour at dawn {mark(name, BRIEF)}. Gulls follow it past the pier.",
        platform=platform,
        duration_seconds=4,
        requester="ana",
        budget_usd=chance.choice(BRIEF_BUDGETS) if chance.random() < 0.25 else None,
        approval=ApprovalPolicy(stills_first=platform is Platform.VIDEO and chance.random() < 0.3),
    )
    ends = chance.random()
    return Cast(
        name,
        brief,
        f"{seed}/{name}",
        approves=_one_of(chance, APPROVES),
        allows_unknown=chance.random() < 0.4,
        cancels=ends < 0.2,
        resets=0.2 < ends < 0.35,
        reopens=chance.choice((0, 0, 1, 2)),
    )


def _strike(chance: Random) -> Strike:
    targets = _one_of(chance, TARGETS)
    windowed = "worker" in targets and chance.random() < 0.7
    window: Stage | None = chance.choice(("received", "billed")) if windowed else None
    return Strike(chance.uniform(0.1, 1.5), targets, chance.uniform(0.1, 2.5), window)


def _stop(chance: Random) -> Strike:
    on: Kind = chance.choice(("submit", "submit", "download"))
    window: Stage | None = chance.choice(("received", "billed", "billed", None))
    return Strike(chance.uniform(0.1, 1.0), ("worker",), chance.uniform(*STOP_SECONDS), window, on, stops=True)


def _blow(chance: Random) -> Blow:
    on: Kind = chance.choice(("submit", "submit", "look", "download"))
    vendor = chance.choice(("openai", "replicate", "runway"))
    at, fault = chance.uniform(0, STORM_SECONDS), _one_of(chance, FAULTS[on])
    if fault == "overload_after" and vendor in SAYS_UNBILLED:
        fault = "error_after"
    return Blow(at, vendor, on, fault)


def _surcharges(chance: Random) -> Mapping[str, Decimal]:
    """Of one or two models in every other trial; the smaller ones stay below many a high price."""
    if chance.random() < 0.5:
        return {}
    models = chance.sample(SURCHARGED, chance.randint(1, 2))
    return {model: chance.choice((Decimal("1.3"), Decimal(10))) for model in models}


def _weather(chance: Random) -> Weather:
    if chance.random() < 0.4:
        return Weather()
    hangs = tuple(chance.randint(20, 300) for _ in range(chance.choice((0, 0, 0, 1))))
    return Weather(latency=(0.075, 0.225), lose=chance.choice((0.0, 0.03, 0.08)), hang_at=hangs)


def _one_of(chance: Random, weights: Mapping[T, int]) -> T:
    return chance.choices(list(weights), list(weights.values()))[0]
