"""What is to happen in a trial: all of it follows from the seed; when exactly a process dies does not."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Final, TypeVar

from tests.chaos.stack import PARTS, Part
from tests.chaos.vendors import BRIEF, FAULTS, mark
from tests.emulators.base import Fault, Kind, Stage
from workflows.models import ApprovalPolicy, Brief, Platform

T = TypeVar("T")

STORM_SECONDS: Final = 8.0
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


@dataclass(frozen=True)
class Strike:
    """A kill: `after` seconds since the last one, of so many processes, down for some seconds.

    With a `window`, it comes when a vendor has a submission in hand: before it is billed, or before the answer.
    """

    after: float
    targets: tuple[Part, ...]
    down: float
    window: Stage | None = None


@dataclass(frozen=True)
class Blow:
    """A fault that the next request of a kind meets, `at` seconds since the storm began."""

    at: float
    vendor: str
    on: Kind
    fault: Fault


@dataclass(frozen=True)
class Cast:
    """One production: its name in the trial, its brief, and the seed of what its people do."""

    name: str
    brief: Brief
    seed: str


@dataclass(frozen=True)
class Script:
    seed: int
    planner: str
    at_once: bool
    """Whether the storm comes while plans are still made, or once half of them are approved."""
    productions: tuple[Cast, ...]
    strikes: tuple[Strike, ...]
    blows: tuple[Blow, ...]

    @classmethod
    def of(cls, seed: int, productions: int) -> "Script":
        chance, casting = Random(seed), Random(f"{seed}/productions")
        return cls(
            seed=seed,
            planner=chance.choice(("template", "template", "openai/gpt-6-luna")),
            at_once=chance.random() < 0.3,
            productions=tuple(_production(casting, seed, n) for n in range(1, productions + 1)),
            strikes=tuple(_strike(chance) for _ in range(chance.randint(2, 4))),
            blows=tuple(sorted((_blow(chance) for _ in range(chance.randint(8, 24))), key=lambda b: b.at)),
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
        approval=ApprovalPolicy(stills_first=platform is Platform.VIDEO and chance.random() < 0.3),
    )
    return Cast(name, brief, f"{seed}/{name}")


def _strike(chance: Random) -> Strike:
    targets = _one_of(chance, TARGETS)
    windowed = "worker" in targets and chance.random() < 0.7
    window: Stage | None = chance.choice(("received", "billed")) if windowed else None
    return Strike(chance.uniform(0.1, 1.5), targets, chance.uniform(0.1, 2.5), window)


def _blow(chance: Random) -> Blow:
    on: Kind = chance.choice(("submit", "submit", "look", "download"))
    vendor = chance.choice(("openai", "replicate", "runway"))
    return Blow(chance.uniform(0, STORM_SECONDS), vendor, on, _one_of(chance, FAULTS[on]))


def _one_of(chance: Random, weights: Mapping[T, int]) -> T:
    return chance.choices(list(weights), list(weights.values()))[0]
