"""How often the checks are right: of good takes under 2 % are flagged, and every planted fault is found."""

from collections.abc import Iterable

import pytest

from tests.activities.quality.labelled.cases import Case, damaged, good
from workflows.quality import Checks

GOOD_TAKES = 60
"""`python -m tests.activities.quality` checks 500."""


def _describe(case: Case, found: Checks) -> str:
    return f"{case.name}: {[(f.check, f.hard, f.message) for f in found.findings]} {found.measured}"


def flagged(cases: Iterable[Case]) -> list[str]:
    """The good takes of which a check found anything."""
    checked = ((case, case.check()) for case in cases)
    return [_describe(case, found) for case, found in checked if found.findings]


def missed(cases: Iterable[Case]) -> list[str]:
    """The damaged takes whose damage was not found, or not found to be hard."""
    wrong = []
    for case in cases:
        found = case.check()
        seen = any(f.check in case.found for f in found.findings)
        if not seen or found.failed != case.hard:
            wrong.append(_describe(case, found))
    return wrong


@pytest.mark.trial
def test_good_takes_are_not_flagged() -> None:
    """Night shots, title cards, fades from black, still lifes, pauses, whispers and flat drawings pass every check."""
    assert flagged(good(GOOD_TAKES)) == []


@pytest.fixture(scope="module")
def faults() -> list[Case]:
    return list(damaged(range(1)))


@pytest.mark.parametrize("hard", [True, False])
def test_planted_faults_are_found(faults: list[Case], hard: bool) -> None:
    """Every planted fault is found by its check; those that make a take useless fail it, and no other does."""
    assert missed(case for case in faults if case.hard is hard) == []


def test_evidence_names_time_and_frame(faults: list[Case]) -> None:
    """A fault of a video has the time and the frame at which it begins, the measured value and the limit."""
    case = next(c for c in faults if c.name.startswith("frozen after a third"))
    (finding,) = case.check().findings
    assert finding.at_seconds == pytest.approx(1.3, abs=0.1)
    assert finding.frame == pytest.approx(31, abs=2)
    assert finding.value == pytest.approx(0.67, abs=0.03)
    assert finding.limit == 0.5
    assert finding.message.startswith("frozen: nothing moves from 1.3 s to 4.0 s")
