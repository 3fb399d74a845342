"""One trial: a fresh stack, some productions, a storm, and the audit of what is left."""

import asyncio
import json
import shutil
import threading
import time
import traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Final

from tests.chaos.audit import Silent, audited
from tests.chaos.judging import Audit
from tests.chaos.people import Person
from tests.chaos.script import Script
from tests.chaos.stack import started
from tests.chaos.storm import Probe, Storm
from tests.chaos.vendors import Vendors

OUT: Final = Path("out/chaos")
AT_REST_WITHIN: Final = 60.0
"""Seconds after the storm; about 12 in the middle."""

CALM_BEFORE: Final = 20.0
"""Seconds at most until half of the plans are approved; about 3."""


@dataclass
class Outcome:
    """What came of a trial; without `problems` every promise was kept."""

    seed: int
    seconds: float = 0
    settled_seconds: float = 0
    kills: Counter[str] = field(default_factory=Counter)
    inside: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    attention: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    did: Counter[str] = field(default_factory=Counter)
    billed: int = 0
    billed_usd: Decimal = Decimal(0)
    spent_usd: Decimal = Decimal(0)
    flagged: int = 0
    unflagged: int = 0
    lost: int = 0
    orphans: int = 0
    drifted: int = 0
    events: int = 0
    cuts: int = 0
    recovery_seconds: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def run(seed: int, productions: int, out: Path = OUT) -> Outcome:
    """Play the trial of a seed; what it leaves under `out` stays only where a promise was broken."""
    outcome, began, home = Outcome(seed), time.monotonic(), out / str(seed)
    shutil.rmtree(home, ignore_errors=True)
    home.parent.mkdir(parents=True, exist_ok=True)
    try:
        _play(Script.of(seed, productions), home, outcome)
    except Exception as error:
        outcome.problems.append(f"the trial broke: {error!r}")
        traceback.print_exc()
    outcome.seconds = time.monotonic() - began
    if outcome.problems:
        (home / "outcome.json").write_text(json.dumps(vars(outcome), indent=1, default=str))
    else:
        shutil.rmtree(home, ignore_errors=True)
    return outcome


def _play(script: Script, home: Path, outcome: Outcome) -> None:
    vendors = Vendors()
    with ExitStack() as stack:
        env = stack.enter_context(vendors.open())
        settings = {"GREENLIGHT_PLANNER": script.planner, "GREENLIGHT_CLAIM_SETTLES_SECONDS": "3"}
        info, supervisor = stack.enter_context(started(home, env | settings))
        stormy = threading.Event()
        stormy.set()
        people = [Person(info.api_url, cast, stormy, script.seed) for cast in script.productions]
        storm = Storm(script, supervisor, vendors)
        probe = Probe(info, lambda: next((p.production_id for p in people if p.production_id), ""))
        stack.enter_context(probe.running())
        over: list[float] = []

        def left() -> float:
            return AT_REST_WITHIN if not over else over[0] + AT_REST_WITHIN - time.monotonic()

        with ThreadPoolExecutor(len(people)) as pool:
            lives = [pool.submit(person.until_rest, stack, left) for person in people]
            try:
                if not script.at_once and not script.strikes[0].window:
                    _wait_for_half([person.approved for person in people])
                storm.blow()
            finally:
                over.append(time.monotonic())
                stormy.clear()
            for life in lives:
                if error := life.exception():
                    outcome.problems.append(f"{type(error).__name__}: {error}")
        outcome.settled_seconds = time.monotonic() - over[0]
        outcome.recovery_seconds = probe.recovery(storm.struck)
        _count(outcome, storm, vendors, people)
        audits = []
        for cast, person in zip(script.productions, people, strict=True):
            try:
                audits.append(asyncio.run(audited(info, cast.name, person.production_id, vendors, person.watchers)))
            except Silent as silence:
                outcome.problems.append(str(silence))
        _conclude(outcome, audits, vendors)


def _wait_for_half(approved: list[threading.Event]) -> None:
    deadline = time.monotonic() + CALM_BEFORE
    while sum(event.is_set() for event in approved) * 2 < len(approved) and time.monotonic() < deadline:
        time.sleep(0.02)


def _count(outcome: Outcome, storm: Storm, vendors: Vendors, people: list[Person]) -> None:
    outcome.kills = storm.kills()
    outcome.inside = sum(struck.inside for struck in storm.struck)
    outcome.faults = vendors.met
    for person in people:
        outcome.did += person.did
        outcome.cuts += sum(watcher.cuts for watcher in person.watchers)


def _conclude(outcome: Outcome, audits: list[Audit], vendors: Vendors) -> None:
    for audit in audits:
        outcome.statuses[audit.snapshot.status.value] += 1
        outcome.attention += audit.attention
        outcome.spent_usd += audit.snapshot.spent_usd
        outcome.flagged += audit.flagged
        outcome.unflagged += audit.unflagged
        outcome.lost += audit.lost
        outcome.orphans += len(audit.orphans)
        outcome.drifted += audit.drifted
        outcome.events += len(audit.snapshot.events)
        outcome.problems += audit.problems
    outcome.billed = vendors.billed().total()
    outcome.billed_usd = vendors.billed_usd
    outcome.problems += vendors.problems()
    if strangers := [w for w in vendors.billed() if w.production == "?"]:
        outcome.problems.append(f"nobody knows whose these submissions are: {strangers}")
