"""`python -m tests.activities.quality [good takes]`: precision and recall of the checks, and their seconds."""

# ruff: noqa: T201 - it is a program for the terminal

import sys
from collections import Counter
from time import process_time

from tests.activities.quality.figures import is_found
from tests.activities.quality.labelled.cases import damaged, good


def main(count: int = 500) -> None:
    seconds, takes, flagged = Counter[str](), Counter[str](), 0
    for case in good(count):
        began = process_time()
        found = case.check().findings
        kind = case.media_type.partition("/")[0]
        seconds[kind] += process_time() - began  # type: ignore[assignment]
        takes[kind] += 1
        flagged += bool(found)
        if found:
            print(f"flagged: {case.name}: {[f.message for f in found]}")
    print(f"good takes: {count}, flagged: {flagged} ({flagged / count:.1%})")
    for kind in takes:
        print(f"  {kind}: {seconds[kind] / takes[kind] * 1000:.0f} ms of CPU each")
    _report_faults()


def _report_faults() -> None:
    totals, found = Counter[bool](), Counter[bool]()
    for case in damaged():
        totals[case.hard] += 1
        if is_found(case):
            found[case.hard] += 1
        else:
            print(f"missed: {case.name}")
    for hard in (True, False):
        print(f"{'hard' if hard else 'soft'} faults: {totals[hard]}, found: {found[hard] / totals[hard]:.1%}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
