"""The script of a trial: all of it follows from the seed, except the exact moment at which a process dies."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Final, Literal, TypeVar

from tests.chaos.servers.bills import BRIEF, mark
from tests.chaos.servers.proxy import S3Faults
from tests.chaos.servers.stack import PARTS, Part
from tests.chaos.servers.vendors import FAULTS, SAYS_UNBILLED, SURCHARGED
from tests.emulators.base import Fault, Kind, Stage
from workflows.brief import ApprovalPolicy, Brief, Platform

T = TypeVar("T")

FAULT_SECONDS: Final = 10.0
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
"""The budget that an approval names, relative to the plan's high price plus the amount already spent."""
APPROVES: Final[Mapping[Approves, int]] = {"nothing": 2, "exact": 4, "less": 2, "more": 2, "plenty": 2}
BRIEF_BUDGETS: Final = (Decimal("0.02"), Decimal("0.10"), Decimal("0.40"), Decimal("1.50"))
"""USD: less than a plan with a language model costs, than a picture, than a film, and enough for most."""
STOP_SECONDS: Final = (11.0, 15.0)
"""Longer than the heartbeat timeout (5 s in a trial), the start of a retry, and the 3 s in which a claim settles."""
STOPPED_SHARE: Final = 0.4
"""The share of trials in which one of two workers is suspended for a time."""


@dataclass(frozen=True)
class ProcessFault:
    """A kill, or with `stops` a suspension of a worker: `after` seconds since the last fault, for `down` seconds.

    With a `window`, it happens while a vendor handles a request of the kind `on`: before it executes the request, or
    before it responds.
    """

    after: float
    targets: tuple[Part, ...]
    down: float
    window: Stage | None = None
    on: Kind = "submit"
    stops: bool = False


@dataclass(frozen=True)
class VendorFault:
    """A fault that the next request of a kind meets, `at` seconds after the first fault."""

    at: float
    vendor: str
    on: Kind
    fault: Fault


@dataclass(frozen=True)
class ProductionScript:
    """One production: its name in the trial, its brief, the seed of its reviewers' requests, and their behaviour.

    Attributes:
        approves: The budget that approvals name.
        allows_unknown: Every request that spends permits unknown prices. Otherwise such models are tried, too.
        cancels: The production is cancelled while a vendor handles a submission.
        resets: The run is reset to before its approval.
        reopens: How often a delivered production is changed.
        shows: The brief has a picture, which a model reads before the plan.
    """

    name: str
    brief: Brief
    seed: str
    approves: Approves = "plenty"
    allows_unknown: bool = True
    cancels: bool = False
    resets: bool = False
    reopens: int = 0
    shows: bool = False


@dataclass(frozen=True)
class Script:
    """
    Attributes:
        at_once: Whether faults begin during planning, or once half of the plans are approved.
        commands: Whether the Temporal server has worker commands: otherwise a cancel comes with a heartbeat.
        workers: The number of workers; a kill kills all, a suspension suspends one.
        surcharges: Model -> the multiple of its price that it costs.
        late: Whether vendors bill a job when it ends.
    """

    seed: int
    planner: str
    at_once: bool
    productions: tuple[ProductionScript, ...]
    process_faults: tuple[ProcessFault, ...]
    vendor_faults: tuple[VendorFault, ...]
    commands: bool = True
    workers: int = 1
    surcharges: Mapping[str, Decimal] = field(default_factory=dict)
    late: bool = False
    s3: S3Faults = field(default_factory=S3Faults)

    @classmethod
    def of(cls, seed: int, productions: int) -> "Script":
        rng, production_rng = Random(seed), Random(f"{seed}/productions")
        world = Random(f"{seed}/world")
        stopped = world.random() < STOPPED_SHARE
        process_faults = [_process_fault(rng) for _ in range(rng.randint(2, 4))]
        if stopped:
            process_faults[world.randrange(len(process_faults))] = _suspension(world)
        # Most submissions follow right after the approvals: a fault that waits for one has to come first.
        process_faults.sort(key=lambda fault: fault.window is None)
        return cls(
            seed=seed,
            planner=rng.choice(("template", "template", "openai/gpt-6-luna")),
            at_once=rng.random() < 0.3,
            productions=tuple(_production(production_rng, seed, n) for n in range(1, productions + 1)),
            process_faults=tuple(process_faults),
            vendor_faults=tuple(sorted((_vendor_fault(rng) for _ in range(rng.randint(8, 24))), key=lambda b: b.at)),
            commands=world.random() < 0.5,
            workers=2 if stopped else 1,
            surcharges=_surcharges(world),
            late=world.random() < 0.5,
            s3=_s3_faults(world),
        )


def _production(rng: Random, seed: int, number: int) -> ProductionScript:
    name = f"p{number}"
    platform = _one_of(rng, PLATFORMS)
    brief = Brief(
        title=f"Harbour {number}",
        text=f"A fishing boat leaves the harbour at dawn {mark(name, BRIEF)}. Gulls follow it past the pier.",
        platform=platform,
        duration_seconds=4,
        requester="ana",
        budget_usd=rng.choice(BRIEF_BUDGETS) if rng.random() < 0.25 else None,
        approval=ApprovalPolicy(stills_first=platform is Platform.VIDEO and rng.random() < 0.3),
    )
    ends, inputs = rng.random(), Random(f"{seed}/{name}/inputs")
    if platform is Platform.VIDEO and inputs.random() < 0.6:
        brief = brief.model_copy(update={"languages": ("en", "de")})
    return ProductionScript(
        name,
        brief,
        f"{seed}/{name}",
        approves=_one_of(rng, APPROVES),
        allows_unknown=rng.random() < 0.4,
        cancels=ends < 0.2,
        resets=0.2 < ends < 0.35,
        reopens=rng.choice((0, 0, 1, 2)),
        shows=inputs.random() < 0.35,
    )


def _process_fault(rng: Random) -> ProcessFault:
    targets = _one_of(rng, TARGETS)
    windowed = "worker" in targets and rng.random() < 0.7
    window: Stage | None = rng.choice(("received", "billed")) if windowed else None
    return ProcessFault(rng.uniform(0.1, 1.5), targets, rng.uniform(0.1, 2.5), window)


def _suspension(rng: Random) -> ProcessFault:
    on: Kind = rng.choice(("submit", "submit", "download"))
    window: Stage | None = rng.choice(("received", "billed", "billed", None))
    return ProcessFault(rng.uniform(0.1, 1.0), ("worker",), rng.uniform(*STOP_SECONDS), window, on, stops=True)


def _vendor_fault(rng: Random) -> VendorFault:
    on: Kind = rng.choice(("submit", "submit", "poll", "download"))
    vendor = rng.choice(("openai", "replicate", "runway"))
    at, fault = rng.uniform(0, FAULT_SECONDS), _one_of(rng, FAULTS[on])
    if fault == "overload_after" and vendor in SAYS_UNBILLED:
        fault = "error_after"
    return VendorFault(at, vendor, on, fault)


def _surcharges(rng: Random) -> Mapping[str, Decimal]:
    """For one or two models in every other trial; a small surcharge stays below many high prices."""
    if rng.random() < 0.5:
        return {}
    models = rng.sample(SURCHARGED, rng.randint(1, 2))
    return {model: rng.choice((Decimal("1.3"), Decimal(10))) for model in models}


def _s3_faults(rng: Random) -> S3Faults:
    if rng.random() < 0.4:
        return S3Faults()
    hangs = tuple(rng.randint(20, 300) for _ in range(rng.choice((0, 0, 0, 1))))
    return S3Faults(latency=(0.075, 0.225), lose=rng.choice((0.0, 0.03, 0.08)), hang_at=hangs)


def _one_of(rng: Random, weights: Mapping[T, int]) -> T:
    return rng.choices(list(weights), list(weights.values()))[0]
