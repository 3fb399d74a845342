"""Precision and recall of what judges takes, by good and damaged takes; `make bench` reports those of the checks.

A judge model counts its own cases with the same `Figures`.
"""

from dataclasses import dataclass, fields
from typing import Final

from tests.activities.quality.labelled.cases import Case, damaged, good

GOOD: Final = 500


@dataclass
class Figures:
    """How often a take was rejected, by whether it should have been."""

    found: int = 0
    missed: int = 0
    flagged: int = 0
    passed: int = 0

    def count(self, *, bad: bool, rejected: bool) -> None:
        if bad:
            self.found, self.missed = self.found + rejected, self.missed + (not rejected)
        else:
            self.flagged, self.passed = self.flagged + rejected, self.passed + (not rejected)

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def recall(self) -> float:
        """The share of bad takes that are rejected."""
        return self.found / max(self.found + self.missed, 1)

    @property
    def precision(self) -> float:
        """The share of rejected takes that are bad."""
        return self.found / max(self.found + self.flagged, 1)

    @property
    def flagged_share(self) -> float:
        """The share of good takes that are rejected."""
        return self.flagged / max(self.flagged + self.passed, 1)


def is_found(case: Case) -> bool:
    """Whether the check of its damage reports it, as hard where it is."""
    result = case.check()
    return any(f.check in case.found for f in result.findings) and (result.failed or not case.hard)


def of_checks(count: int = GOOD) -> Figures:
    """The figures of the checks over `count` good takes and all damaged ones; a soft finding rejects too."""
    figures = Figures()
    for case in good(count):
        figures.count(bad=False, rejected=bool(case.check().findings))
    for case in damaged():
        figures.count(bad=True, rejected=is_found(case))
    return figures
