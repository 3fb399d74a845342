"""`python -m tests.fuzz`: CASES requests (5,000), a fifth as many simulated productions and as many damaged files.

SEED repeats a run. It prints a table, writes out/fuzz.json, and exits with 1 if there are findings.
"""

import asyncio
import json
import os
import secrets
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from tests.fuzz.files import FileChecks, inspect_files
from tests.fuzz.lives import play
from tests.fuzz.rest import Rest, at_rest
from tests.fuzz.sending import Outcome, fuzz
from tests.fuzz.stack import fuzzed_stack

CASES: Final = 5_000
SHARE: Final = 5
"""Cases per simulated production, each of 40 steps, and per damaged file."""


def main() -> int:
    """The exit code: 0 without findings."""
    cases = int(os.environ.get("CASES") or CASES)
    seed = int(os.environ.get("SEED") or secrets.randbelow(1_000_000))
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"seed {seed}: {cases} requests, then {cases // SHARE} lives and {cases // SHARE} damaged files")
    with tempfile.TemporaryDirectory() as folder:
        with fuzzed_stack(Path(folder)) as stack:
            pids = stack.supervisor.pids()
            outcome = fuzz(stack.info.api_url, cases, seed)
            rest = asyncio.run(at_rest(stack.info))
            died = [name for name, pid in pids.items() if stack.supervisor.pid(name) != pid]
        rest.problems += [f"{name} died" for name in died]
        began = time.monotonic()
        story = play(cases // SHARE, seed)
        lived = time.monotonic() - began
        checks = inspect_files(cases // SHARE, seed, Path(folder))
    findings = [
        *(f"{f.operation}: {f.check}\n{f.message}\n{f.again}" for f in outcome.findings),
        *rest.problems,
        *([story] if story else []),
        *checks.findings,
    ]
    for finding in findings:
        console.print(finding, markup=False)
    console.print(table(outcome, rest, cases // SHARE, lived, checks, len(findings)))
    Path("out").mkdir(exist_ok=True)
    Path("out/fuzz.json").write_text(json.dumps(record(outcome, rest, lived, checks, findings), indent=1))
    return 1 if findings else 0


def record(outcome: Outcome, rest: Rest, lived: float, checks: FileChecks, findings: list[str]) -> dict[str, Any]:
    """All counts."""
    requests = {name: value for name, value in vars(outcome).items() if name != "findings"}
    return {
        "requests": requests,
        "runs": rest.statuses,
        "lives_seconds": lived,
        "files": vars(checks),
        "findings": findings,
    }


def table(outcome: Outcome, rest: Rest, lives: int, lived: float, checks: FileChecks, findings: int) -> Table:
    """The totals."""
    reached = sum(1 for label in outcome.operations if outcome.succeeded[label])
    found = Table("what", "", title="Fuzz", show_header=False)
    rows = {
        "requests": f"{outcome.cases} in {outcome.seconds:.0f} s, to {len(outcome.operations)} operations",
        "answers": ", ".join(f"{n} x {status}" for status, n in sorted(outcome.statuses.items())),
        "503 at first, not when sent again": str(outcome.late),
        "operations that succeeded at least once": str(reached),
        "slowest answer": f"{outcome.slowest_seconds:.1f} s, {outcome.slowest}",
        "runs afterwards": _words(rest.statuses),
        "lives of a production": f"{lives} in {lived:.0f} s",
        "damaged files": f"{checks.files}, {checks.refused} of them refused, slowest {checks.slowest_seconds:.1f} s",
        "findings": str(findings),
    }
    for what, words in rows.items():
        found.add_row(what, words)
    return found


def _words(counts: Counter[str]) -> str:
    return ", ".join(f"{n} {what}" for what, n in counts.most_common()) or "none"


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # the SDK's threads can hang an ordinary exit (sdk-python issue 300)
