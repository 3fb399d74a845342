"""One trial: a fresh stack, some productions, injected faults, and the audit of the result."""

import asyncio
import json
import shutil
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from tests.chaos.audit.audit import Unresponsive, audited
from tests.chaos.audit.records import Audit
from tests.chaos.faults import FaultInjection, Probe
from tests.chaos.people.person import Person
from tests.chaos.scenario import Script
from tests.chaos.servers.emulators import JOB_SECONDS
from tests.chaos.servers.stack import Running, started
from tests.chaos.servers.vendors import Vendors
from tests.support.waiting import WITHIN

OUT: Final = Path("out/chaos")
AT_REST_WITHIN: Final = 2 * WITHIN
"""Seconds after the last fault; the median is 12 s on an idle machine, 60 s on a busy one."""

CALM_BEFORE: Final = 60.0
"""Seconds at most until half of the plans are approved; about 3 on an idle machine."""


@dataclass
class Outcome:
    """The result of a trial; without `problems` every guarantee held. Money is USD."""

    seed: int
    seconds: float = 0
    settled_seconds: float = 0
    world: dict[str, str] = field(default_factory=dict)
    """The conditions of the trial: worker commands, workers, surcharges, late bills, latency of S3."""
    kills: Counter[str] = field(default_factory=Counter)
    inside: int = 0
    stops: Counter[str] = field(default_factory=Counter)
    s3_faults: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    attention: Counter[str] = field(default_factory=Counter)
    approvals: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    did: Counter[str] = field(default_factory=Counter)
    refused_offers: Counter[str] = field(default_factory=Counter)
    translated: int = 0
    """Plans with further languages."""
    read: int = 0
    """References that a model has read."""
    billed: int = 0
    billed_usd: Decimal = Decimal(0)
    spent_usd: Decimal = Decimal(0)
    allowed_usd: Decimal = Decimal(0)
    beyond_price_usd: Decimal = Decimal(0)
    caps_exceeded: int = 0
    overruns: int = 0
    overruns_unreported: int = 0
    explained: Counter[str] = field(default_factory=Counter)
    unexplained_usd: Decimal = Decimal(0)
    differences: int = 0
    """Productions with an unexplained difference between record and bills."""
    flagged: int = 0
    unflagged: int = 0
    lost: int = 0
    overwritten: int = 0
    ran_on: int = 0
    orphans: int = 0
    drifted: int = 0
    events: int = 0
    cuts: int = 0
    recovery_seconds: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


Start = Callable[[Path, Mapping[str, str], Script], AbstractContextManager[Running]]
"""Runs the stack of a trial for the duration of a block."""
Inject = Callable[[Script, Any, Vendors], FaultInjection]


def run(seed: int, productions: int, out: Path = OUT) -> Outcome:
    """Play the trial of a seed; its files under `out` are kept only if a guarantee was broken."""
    return played(Script.of(seed, productions), out)


def played(script: Script, out: Path = OUT, start: "Start | None" = None, inject: Inject = FaultInjection) -> Outcome:
    """Play a script.

    Args:
        start: Runs its stack; by default on this host.
    """
    seed = script.seed
    outcome, began, home = Outcome(seed), time.monotonic(), out / str(seed)
    shutil.rmtree(home, ignore_errors=True)
    home.parent.mkdir(parents=True, exist_ok=True)
    try:
        _play(script, home, outcome, start or _on_one_host, inject)
    except Exception as error:
        outcome.problems.append(f"the trial broke: {error!r}")
        traceback.print_exc()
    outcome.seconds = time.monotonic() - began
    if outcome.problems:
        (home / "outcome.json").write_text(json.dumps(vars(outcome), indent=1, default=str))
    else:
        shutil.rmtree(home, ignore_errors=True)
    return outcome


def _on_one_host(home: Path, env: Mapping[str, str], script: Script) -> AbstractContextManager[Running]:
    return started(
        home, env, commands=script.commands, workers=script.workers, s3_faults=script.s3, seed=f"{script.seed}/s3"
    )


def _play(script: Script, home: Path, outcome: Outcome, start: Start, inject: Inject) -> None:
    vendors = Vendors(script.surcharges, late=script.late)
    outcome.world = _world(script)
    with ExitStack() as stack:
        env = stack.enter_context(vendors.open())
        settings = {
            "GREENLIGHT_PLANNER": script.planner,
            "GREENLIGHT_TRANSLATOR": "openai/gpt-6-luna",
            "GREENLIGHT_CLAIM_SETTLES_SECONDS": "3",
        }
        running = stack.enter_context(start(home, env | settings, script))
        faulty = threading.Event()
        faulty.set()
        people = [
            Person(running.info, each, faulty, script.seed, vendors, home / "scratch") for each in script.productions
        ]
        injection = inject(script, running, vendors)
        probe = Probe(running.info, lambda: next((p.production_id for p in people if p.production_id), ""))
        stack.enter_context(probe.running())
        over: list[float] = []

        def left() -> float:
            return AT_REST_WITHIN if not over else over[0] + AT_REST_WITHIN - time.monotonic()

        with ThreadPoolExecutor(len(people)) as pool:
            lives = [pool.submit(person.until_rest, stack, left) for person in people]
            try:
                if script.process_faults[0].window:  # it has to wait before the first submission is sent
                    _wait_for([person.planned for person in people], 1)
                elif not script.at_once:
                    _wait_for([person.approved for person in people], (len(people) + 1) // 2)
                injection.run()
            finally:
                over.append(time.monotonic())
                faulty.clear()
            for life in lives:
                if error := life.exception():
                    outcome.problems.append(f"{type(error).__name__}: {error}")
        outcome.settled_seconds = time.monotonic() - over[0]
        outcome.recovery_seconds = probe.recovery(injection.injected)
        if script.late:
            time.sleep(JOB_SECONDS)  # jobs that are no longer polled or cancelled end, and are billed
        _count(outcome, injection, vendors, people)
        outcome.s3_faults = running.proxy.met
        audits = []
        for each, person in zip(script.productions, people, strict=True):
            try:
                audits.append(audit := asyncio.run(audited(running, each, person, vendors)))
                if audit.problems:
                    (home / f"{each.name}.json").write_text(json.dumps(audit.evidence, indent=1, default=str))
            except Unresponsive as unresponsive:
                outcome.problems.append(str(unresponsive))
        _conclude(outcome, audits, vendors)


def _world(script: Script) -> dict[str, str]:
    return {
        "worker commands": "on" if script.commands else "off",
        "workers": str(script.workers),
        "surcharges": ", ".join(f"{model} x{factor}" for model, factor in script.surcharges.items()) or "none",
        "jobs billed": "at their end" if script.late else "at once",
        "S3": f"{script.s3.latency[0]:g}-{script.s3.latency[1]:g} s, {script.s3.lose:.0%} of answers lost",
    }


def _wait_for(events: list[threading.Event], number: int) -> None:
    """Wait until so many of the events are set, or for CALM_BEFORE seconds."""
    deadline = time.monotonic() + CALM_BEFORE
    while sum(event.is_set() for event in events) < number and time.monotonic() < deadline:
        time.sleep(0.02)


def _count(outcome: Outcome, injection: FaultInjection, vendors: Vendors, people: list[Person]) -> None:
    outcome.kills = injection.kills()
    outcome.inside = sum(injected.inside for injected in injection.injected)
    outcome.stops = injection.stops()
    outcome.faults = vendors.met
    for person in people:
        outcome.did += person.requests.did
        outcome.refused_offers += person.requests.refused_offers
        outcome.approvals[person.approval or "none"] += 1
        outcome.cuts += sum(watcher.cuts for watcher in person.watchers)


def _conclude(outcome: Outcome, audits: list[Audit], vendors: Vendors) -> None:
    for audit in audits:
        outcome.statuses[audit.snapshot.status.value] += 1
        outcome.attention += audit.attention
        outcome.translated += bool(audit.snapshot.plan and audit.snapshot.plan.cut.languages)
        outcome.read += sum(bool(each.model) for each in audit.snapshot.analyses)
        outcome.spent_usd += audit.snapshot.spent_usd
        outcome.flagged += audit.flagged
        outcome.unflagged += audit.unflagged
        accounts = audit.accounts
        outcome.allowed_usd += accounts.allowed
        outcome.beyond_price_usd += accounts.beyond_price
        outcome.caps_exceeded += accounts.exceeded
        outcome.overruns += accounts.overruns
        outcome.overruns_unreported += accounts.unreported
        outcome.explained += accounts.explained
        outcome.unexplained_usd += accounts.unexplained
        outcome.differences += bool(accounts.unexplained)
        outcome.overwritten += len(audit.overwritten)
        outcome.ran_on += audit.ran_on
        outcome.lost += audit.lost
        outcome.orphans += len(audit.orphans)
        outcome.drifted += audit.drifted
        outcome.events += len(audit.snapshot.events)
        outcome.problems += audit.problems
    outcome.billed = vendors.billed().total()
    outcome.billed_usd = vendors.billed_usd
    outcome.problems += vendors.problems()
    if strangers := [w for w in vendors.billed() if w.production == "?"]:
        outcome.problems.append(f"no asset is known for these submissions: {strangers}")
