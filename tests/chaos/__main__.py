"""`python -m tests.chaos`: TRIALS trials (200), from SEED on; a table, out/chaos.json, and what failed trials left.

SEED alone plays that one trial again; PRODUCTIONS says how many of them live side by side in each.
"""

import json
import os
import secrets
import statistics
import sys
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.chaos.trial import Outcome, run


def main() -> int:
    """The exit code: 0 where every promise was kept in every trial."""
    seed = os.environ.get("SEED")
    first = int(seed) if seed else secrets.randbelow(1_000_000)
    trials = int(os.environ.get("TRIALS") or (1 if seed else 200))
    productions = int(os.environ.get("PRODUCTIONS") or 4)
    console, outcomes = Console(highlight=False, soft_wrap=True), list[Outcome]()
    for number in range(trials):
        outcome = run(first + number, productions)
        outcomes.append(outcome)
        console.print(f"seed {outcome.seed}: {outcome.seconds:.0f} s, {_words(outcome.statuses)}")
        for problem in outcome.problems:
            console.print(f"  {problem}", markup=False)
    console.print(table(outcomes))
    Path("out").mkdir(exist_ok=True)
    Path("out/chaos.json").write_text(json.dumps([vars(o) for o in outcomes], indent=1, default=str))
    failed = [o.seed for o in outcomes if o.problems]
    if failed:
        console.print(
            f"Failed: {', '.join(map(str, failed))}. Each again: SEED={failed[0]} make chaos; out/chaos/<seed>/"
        )
    return 1 if failed else 0


def table(outcomes: list[Outcome]) -> Table:
    """What all trials together came to."""
    found = Table("what", "", title="Chaos", show_header=False)

    def total(name: str) -> Counter[str]:
        return sum((getattr(o, name) for o in outcomes), Counter[str]())

    def number(name: str) -> str:
        return str(sum(getattr(o, name) for o in outcomes))

    rows = {
        "trials, failed": f"{len(outcomes)}, {sum(bool(o.problems) for o in outcomes)}",
        "productions": _words(total("statuses")),
        "waiting for a person": _words(total("attention")),
        "kills": f"{_words(total('kills'))}; {number('inside')} inside a submission",
        "vendors' faults": _words(total("faults")),
        "billed submissions": f"{number('billed')}, {number('billed_usd')} USD, on record {number('spent_usd')} USD",
        "second bills": f"{number('flagged')} flagged, {number('unflagged')} unflagged",
        "lost objects, orphans": f"{number('lost')}, {number('orphans')}",
        "events, cut connections": f"{number('events')}, {number('cuts')}",
        "records with other times after a replay": number("drifted"),
        "recovery": _spread([s for o in outcomes for s in o.recovery_seconds]),
        "all at rest after the storm": _spread([o.settled_seconds for o in outcomes]),
    }
    for what, words in rows.items():
        found.add_row(what, words)
    return found


def _words(counts: Counter[str]) -> str:
    return ", ".join(f"{n} {what}" for what, n in counts.most_common()) or "none"


def _spread(seconds: list[float]) -> str:
    if len(seconds) < 2:
        return ", ".join(f"{s:.1f} s" for s in seconds) or "none"
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    return f"p50 {cuts[49]:.1f} s, p99 {cuts[98]:.1f} s of {len(seconds)}"


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # the SDK's threads can hang an ordinary exit (sdk-python issue 300)
