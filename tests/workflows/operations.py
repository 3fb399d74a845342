"""The `temporal` commands of workflows/README.md, with the expected output or effect of each, for a test that runs all.

READS and DOES: a part of a command's text that identifies it -> its check.
"""

import re
from collections.abc import Callable
from typing import Any, Final

from tests import ROOT
from tests.support.film import Bucket
from tests.support.situation import MADE, STUCK, Situation
from tests.support.waiting import until
from workflows import keys
from workflows.events import ProductionStatus

TAKE: Final = "shot-1/1"
AFTER_AN_OUTAGE: Final = "activity reset --query"
GUIDE: Final = (ROOT / "workflows" / "README.md").read_text(encoding="utf-8")


class Before:
    """The film before a command."""

    def __init__(self, studio: Situation) -> None:
        film = studio.studio.get(studio.film)
        self.status, self.spent = film.status, film.spent_usd
        self.runs = studio.runs(studio.film)
        self.take = studio.pending(studio.film).get(TAKE, {})
        self.objects = Bucket(studio.stack.info).objects(studio.film)
        self.job = Bucket(studio.stack.info).ledger(studio.film, "shot-1").job_id
        self.billed = tuple(studio.vendor.prices)


Reads = Callable[[Situation, str], None]
Does = Callable[[Situation, Before], None]


def commands() -> list[tuple[str, str]]:
    """Each command of the section, in order, as (the variables before it, the command)."""
    section = GUIDE.partition("## Common operations")[2].partition("\n## ")[0]
    found, variables = [], ""
    for line in "".join(re.findall(r"^```console\n(.*?)^```", section, re.MULTILINE | re.DOTALL)).splitlines():
        if re.match(r"\w+=", line):
            variables += f"{line}\n"
        else:
            found.append((variables, line))
    return found


def lists(*names: str) -> Reads:
    """The output lists exactly these."""

    def check(studio: Situation, output: str) -> None:
        wanted = {STUCK if name == STUCK else keys.workflow_id(getattr(studio, name)) for name in names}
        assert set(re.findall(r"production-[\w.-]+", output)) == wanted

    return check


def prints(*patterns: str) -> Reads:
    def check(_: Situation, output: str) -> None:
        for pattern in patterns:
            assert re.search(pattern, output), (pattern, output)

    return check


def take(holds: Callable[[dict[str, Any], dict[str, Any]], bool]) -> Does:
    """The film's long take reaches a state, with the same job."""

    def check(studio: Situation, before: Before) -> None:
        until(lambda: holds(studio.pending(studio.film)[TAKE], before.take), "the expected state of the take")
        assert job(studio.pending(studio.film)[TAKE]) == job(before.take)

    return check


def job(activity: dict[str, Any]) -> str:
    return str(activity["heartbeatDetails"][0]["job_id"])


def reaches(holds: Callable[[Situation], bool]) -> Does:
    """Productions reach a state."""

    def check(studio: Situation, _: Before) -> None:
        until(lambda: holds(studio), "the expected state")

    return check


def begins_again(studio: Situation, before: Before) -> None:
    """Another run has all earlier assets, and nothing was made, written or billed for it."""
    until(lambda: len(studio.runs(studio.film)) == len(before.runs) + 1, "another run")
    until(lambda: studio.made(studio.film) == MADE, "all assets are found again")
    until(lambda: "heartbeatDetails" in studio.pending(studio.film).get(TAKE, {}), "the job is polled")
    after = Before(studio)
    assert (after.status, after.job) == (ProductionStatus.PRODUCING, before.job)
    assert (after.spent, after.billed, after.objects) == (before.spent, before.billed, before.objects)


READS: Final[dict[str, Reads]] = {
    "TemporalReportedProblems": lists(STUCK),
    'GreenlightStatus="needs_attention"': lists("refused"),
    "GreenlightAttention=": lists("refused"),
    "StartTime<": lists("film", "limited"),
    "GreenlightCostUsd>=": lists("film"),
    "list --query 'GreenlightProviders=": lists("film", "refused", "limited", "waiting"),
    "GreenlightTenant=": lists("film"),
    "count --query": prints(r"total: \d, values: Running", "total: 1, values: Completed"),
    "workflow describe": prints(TAKE, "StillRunning", r"previz-\d+-600000", "progress"),
    "workflow metadata": prints(
        "### producing", r"\| still-2\s+\| openai · \S+\s+\| completed, take 1[^|]*\| \S+\s+\| 0.01"
    ),
    "workflow stack": prints(r"workflows/production/steps/making.py.{1,20}line \d+, in _make"),
    "workflow show": prints("^$"),
    "tests.replay": prints("run.json: replays"),
}
DOES: Final[dict[str, Does]] = {
    "reset $take": take(lambda now, before: now["lastHeartbeatTime"] > before["lastHeartbeatTime"]),
    "activity pause": take(lambda now, _: bool(now["state"] == "PENDING_ACTIVITY_STATE_PAUSED")),
    "activity unpause": take(lambda now, _: bool(now["state"] == "PENDING_ACTIVITY_STATE_SCHEDULED")),
    "update-options": take(lambda now, _: bool(now["activityOptions"]["startToCloseTimeout"] == "7200s")),
    AFTER_AN_OUTAGE: reaches(lambda s: "visual" in s.made(s.limited)),
    "--name pause": reaches(lambda s: s.studio.get(s.film).paused is not None),
    "--name resume": reaches(lambda s: s.studio.get(s.film).paused is None),
    "reset $run --event-id": begins_again,
    "workflow terminate": reaches(lambda s: s.runs(s.film)[0] == "TERMINATED"),
    "reset $run --type": begins_again,
    "workflow cancel": reaches(lambda s: s.studio.get(s.film).status is ProductionStatus.CANCELLED),
}
