"""`python -m tests.chaos`: TRIALS trials (200), from SEED on, JOBS (2) at a time, PRODUCTIONS (4) in each.

It writes out/chaos.json and out/chaos.md, and keeps the files of failed trials. SEED alone repeats that one trial.
"""

import json
import multiprocessing
import os
import secrets
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from rich.console import Console

from tests.chaos.table import markdown, table, words
from tests.chaos.trial import Outcome, run


def main() -> int:
    """The exit code: 0 where every promise was kept in every trial."""
    seed = os.environ.get("SEED")
    first = int(seed) if seed else secrets.randbelow(1_000_000)
    trials = int(os.environ.get("TRIALS") or (1 if seed else 200))
    productions = int(os.environ.get("PRODUCTIONS") or 4)
    jobs = min(int(os.environ.get("JOBS") or 2), trials)
    console, outcomes = Console(highlight=False, soft_wrap=True), list[Outcome]()
    for outcome in _played(range(first, first + trials), productions, jobs):
        outcomes.append(outcome)
        _tell(console, outcome)
        _write(outcomes)  # so that a run that is stopped early leaves its results
    console.print(table(outcomes))
    failed = [o.seed for o in outcomes if o.problems]
    if failed:
        console.print(
            f"Failed: {', '.join(map(str, failed))}. Each again: SEED={failed[0]} make chaos; out/chaos/<seed>/"
        )
    return 1 if failed else 0


def _played(seeds: range, productions: int, jobs: int) -> Iterator[Outcome]:
    """The outcomes as trials end, each in a process of its own, so that their threads do not share an interpreter."""
    clean = multiprocessing.get_context("forkserver")
    clean.set_forkserver_preload(["tests.chaos.trial"])  # four seconds of imports, once
    with ProcessPoolExecutor(jobs, mp_context=clean, max_tasks_per_child=1) as pool:
        for future in as_completed([pool.submit(run, seed, productions) for seed in seeds]):
            yield future.result()


def _tell(console: Console, outcome: Outcome) -> None:
    console.print(f"seed {outcome.seed}: {outcome.seconds:.0f} s, {words(outcome.statuses)}")
    console.print(f"  {outcome.world}; explained {dict(outcome.explained)}", markup=False)
    for problem in outcome.problems:
        console.print(f"  {problem}", markup=False)


def _write(outcomes: list[Outcome]) -> None:
    Path("out").mkdir(exist_ok=True)
    Path("out/chaos.json").write_text(json.dumps([vars(o) for o in outcomes], indent=1, default=str))
    Path("out/chaos.md").write_text(markdown(outcomes))


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # the SDK's threads can hang an ordinary exit (sdk-python issue 300)
