"""`python -m tests.chaos.hosts`: each of the tries TRIALS times (3), from SEED on, PRODUCTIONS (3) in each.

It writes out/hosts.json and out/hosts.md. Without root, or on another system than Linux, it says so and ends with 0.
"""

import json
import os
import sys
from pathlib import Path

from rich.console import Console

from tests.chaos.hosts.clock import compiler
from tests.chaos.hosts.network import missing
from tests.chaos.hosts.trial import OFFSETS, TRIES, run
from tests.chaos.table import markdown, words
from tests.chaos.trial import Outcome


def main() -> int:
    """The exit code: 0 where every promise was kept in every trial."""
    console = Console(highlight=False, soft_wrap=True)
    if reason := missing():
        console.print(f"Skipped: {reason}.")
        return 0
    first, trials = int(os.environ.get("SEED") or 1), int(os.environ.get("TRIALS") or 3)
    productions = int(os.environ.get("PRODUCTIONS") or 3)
    outcomes: list[Outcome] = []
    for which in [each for each in TRIES if each in (os.environ.get("TRY") or each)]:
        if which in OFFSETS and compiler() is None:
            console.print(f"Skipped: {which}, because there is no C compiler for the library that shifts it.")
            continue
        for seed in range(first, first + trials):
            outcome = run(which, seed, productions)
            outcomes.append(outcome)
            console.print(f"{which}, seed {seed}: {outcome.seconds:.0f} s, {words(outcome.statuses)}")
            for problem in outcome.problems:
                console.print(f"  {problem}", markup=False)
    Path("out").mkdir(exist_ok=True)
    Path("out/hosts.json").write_text(json.dumps([vars(o) for o in outcomes], indent=1, default=str))
    Path("out/hosts.md").write_text(markdown(outcomes))
    console.print(f"{len(outcomes)} trials, {sum(bool(o.problems) for o in outcomes)} failed; out/hosts.md")
    return 1 if any(o.problems for o in outcomes) else 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # the SDK's threads can hang an ordinary exit (sdk-python issue 300)
