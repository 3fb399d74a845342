"""The `temporal` commands of workflows/README.md, and what each has to say or to do: for a test that runs them all.

READS and DOES: what of a command's words names it -> what has to come of it.
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
    """The film as it is before a command."""

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
    """Each command of the section, in order, as (the variables before it, itself)."""
    section = GUIDE.partition("## Common operations")[2].partition("\n## ")[0]
    found, variables = [], ""
    for line in "".join(re.findall(r"^```console\n(.*?)^```", section, re.MULTILINE | re.DOTALL)).splitlines():
        if re.match(r"\w+=", line):
            variables += f"{line}\n"
        else:
            found.append((variables, line))
    return found


def finds(*names: str) -> Reads:
    """It lists just these."""

    def check(studio: Situation, said: str) -> None:
        wanted = {STUCK if name == STUCK else keys.workflow_id(getattr(studio, name)) for name in names}
        assert set(re.findall(r"production-[\w.-]+", said)) == wanted

    return check


def says(*patterns: str) -> Reads:
    def check(_: Situation, said: str) -> None:
        for pattern in patterns:
            assert re.search(pattern, said), (pattern, said)

    return check


def take(holds: Callable[[dict[str, Any], dict[str, Any]], bool]) -> Does:
    """The film's long take comes to something, and its job is the same."""

    def check(studio: Situation, before: Before) -> None:
        until(lambda: holds(studio.pending(studio.film)[TAKE], before.take), "the take is so")
        assert job(studio.pending(studio.film)[TAKE]) == job(before.take)

    return check


def job(activity: dict[str, Any]) -> str:
    return str(activity["heartbeatDetails"][0]["job_id"])


def comes(holds: Callable[[Situation], bool]) -> Does:
    """Productions come to something."""

    def check(studio: Situation, _: Before) -> None:
        until(lambda: holds(studio), "it is so")

    return check


def begins_again(studio: Situation, before: Before) -> None:
    """Another run has all that was there, and nothing was made, written or billed for it."""
    until(lambda: len(studio.runs(studio.film)) == len(before.runs) + 1, "another run")
    until(lambda: studio.made(studio.film) == MADE, "all of it is found again")
    until(lambda: "heartbeatDetails" in studio.pending(studio.film).get(TAKE, {}), "the job is looked at")
    after = Before(studio)
    assert (after.status, after.job) == (ProductionStatus.PRODUCING, before.job)
    assert (after.spent, after.billed, after.objects) == (before.spent, before.billed, before.objects)


READS: Final[dict[str, Reads]] = {
    "TemporalReportedProblems": finds(STUCK),
    'GreenlightStatus="needs_attention"': finds("refused"),
    "GreenlightAttention=": finds("refused"),
    "StartTime<": finds("film", "limited"),
    "GreenlightCostUsd>=": finds("film"),
    "list --query 'GreenlightProviders=": finds("film", "refused", "limited", "waiting"),
    "GreenlightTenant=": finds("film"),
    "count --query": says(r"total: \d, values: Running", "total: 1, values: Completed"),
    "workflow describe": says(TAKE, "StillRunning", r"previz-\d+-600000", "progress"),
    "workflow metadata": says("### producing", r"\| still-2\s+\| openai · \S+\s+\| completed, take 1\s+\| 0.01"),
    "workflow stack": says(r"workflows/production/steps/making.py.{1,20}line \d+, in _make"),
    "workflow show": says("^$"),
    "tests.replay": says("run.json: replays"),
}
DOES: Final[dict[str, Does]] = {
    "reset $take": take(lambda now, before: now["lastHeartbeatTime"] > before["lastHeartbeatTime"]),
    "activity pause": take(lambda now, _: bool(now["state"] == "PENDING_ACTIVITY_STATE_PAUSED")),
    "activity unpause": take(lambda now, _: bool(now["state"] == "PENDING_ACTIVITY_STATE_SCHEDULED")),
    "update-options": take(lambda now, _: bool(now["activityOptions"]["startToCloseTimeout"] == "7200s")),
    AFTER_AN_OUTAGE: comes(lambda s: "visual" in s.made(s.limited)),
    "--name pause": comes(lambda s: s.studio.get(s.film).paused is not None),
    "--name resume": comes(lambda s: s.studio.get(s.film).paused is None),
    "reset $run --event-id": begins_again,
    "workflow terminate": comes(lambda s: s.runs(s.film)[0] == "TERMINATED"),
    "reset $run --type": begins_again,
    "workflow cancel": comes(lambda s: s.studio.get(s.film).status is ProductionStatus.CANCELLED),
}
