"""The commands for changes: edits, takes, refreshes, pauses, cancels, revisions, approvals by several people."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest
import typer
from temporalio import activity
from temporalio.client import Client
from typer.testing import CliRunner, Result

from api.cli.commands import decisions
from api.cli.event_text import describe
from api.cli.main import app
from api.cli.options import brief_from, parse_duration
from api.cli.plan_file import PlanFileError, edits_of_assets
from api.temporal import reads
from api.views.production import StreamEvent
from deploy.local import Stack
from tests.activities.quality.labelled.rejected import MESSAGE, rejected
from tests.api.cli.command import Greenlight, command_at
from tests.support.fakes import FakeActivities
from tests.support.servers.serving import Api, serving
from workflows.activity_io import DraftPlan
from workflows.brief import Platform
from workflows.events import EventName
from workflows.models import Modality, Plan

NEW = {"asset_id": "text-9", "asset_type": "text", "prompt": "more", "provider": "fake", "model": "words"}


@pytest.fixture
def fake() -> FakeActivities:
    return FakeActivities(assets=2)


@pytest.fixture
async def api(client: Client, fake: FakeActivities) -> AsyncIterator[Api]:
    async with fake.working(client), serving(client, {}) as api:
        yield api


async def done(result: Awaitable[Result]) -> str:
    found = await result
    assert found.exit_code == 0, found.output
    return found.stdout


async def test_edit_adds_and_drops(greenlight: Greenlight, api: Api, tmp_path: Path) -> None:
    """--add accepts a file or the text itself; with --set, --drop and --move it is one edit, printed line by line."""
    production_id, _ = await api.planned()
    file = tmp_path / "asset.yaml"
    file.write_text(json.dumps([NEW, NEW | {"asset_id": "text-8", "position": 1}]))
    changes = ("--add", str(file), "--set", "text-1.prompt=sea", "--drop", "text-2")
    text = await done(greenlight("edit", production_id, *changes))
    assert "\nadded    text-9\n" in text
    assert "\ndropped  text-2\n" in text
    assert "\nchanged  text-1: prompt\n  - part 1\n  + sea\n" in text
    assert f"greenlight approve {production_id} --digest" in text
    inline = "{asset_id: text-7, asset_type: text, prompt: last, provider: fake, model: words}"
    moved = await done(greenlight("edit", production_id, "--add", inline, "--move", "text-1=1"))
    assert "\nmoved    now text-1, text-8, text-9\n" in moved
    ids = [a["asset_id"] for a in (await api.get(production_id))["plan"]["assets"]]
    assert ids == ["text-1", "text-8", "text-9", "text-7"]


async def test_edit_after_delivery(greenlight: Greenlight, api: Api) -> None:
    """A delivered production accepts edits: new assets are made, and stale ones are shown with their price."""
    production_id = await api.delivered(budget_usd="0.02")
    await done(greenlight("edit", production_id, "--add", json.dumps(NEW)))
    assert "change to approve" in await done(greenlight("show", production_id))
    text = await done(greenlight("edit", production_id, "--set", "text-1.prompt=sea", "--budget", "0.10"))
    assert "greenlight approve" not in text
    assert f"1 stale asset, 0.01 USD to refresh: greenlight refresh {production_id} --max-usd 0.01" in text
    await done(greenlight("watch", production_id))
    dry = await done(greenlight("refresh", production_id, "--dry-run"))
    assert re.search(r"^text-1 +prompt +0\.01$", dry, re.MULTILINE), dry
    dry = await done(greenlight("refresh", production_id, "text-9", "--dry-run"))
    assert "None of the selected assets is stale" in dry
    uncapped = await greenlight("refresh", production_id)
    assert uncapped.exit_code == 2
    assert "--max-usd" in uncapped.stderr
    await done(greenlight("refresh", production_id, "text-1", "--max-usd", "0.01"))
    await done(greenlight("watch", production_id))
    assert "stale" not in await done(greenlight("show", production_id))
    history = await done(greenlight("history", production_id))
    assert re.findall(r"^20\S+ \S+  (\w+)", history, re.MULTILINE) == ["draft", "edit", "edit"]


async def test_revise_shows_the_changes(greenlight: Greenlight, api: Api) -> None:
    """`revise` prints each changed field with its old and new value, and the history keeps the feedback."""
    production_id, _ = await api.planned()
    text = await done(greenlight("revise", production_id, "shorter"))
    assert "\nchanged  text-1: prompt\n  - part 1\n  + part 1 · shorter\n" in text
    history = await done(greenlight("history", production_id))
    assert re.search(r"  revise by .* \(current\)\n  “shorter”\n", history.replace("[", "")), history


async def test_takes_to_choose_from(greenlight: Greenlight, api: Api) -> None:
    """`regenerate --feedback --count` makes several takes, `takes` shows them and `select` uses another."""
    production_id = await api.delivered(budget_usd="1")
    made = await done(greenlight("regenerate", production_id, "text-1", "--feedback", "slower", "--count", "2"))
    assert f"greenlight takes {production_id} text-1" in made
    await done(greenlight("watch", production_id))
    takes = await done(greenlight("takes", production_id, "text-1"))
    assert len(re.findall(r"part 1, slower$", takes, re.MULTILINE)) == 2
    assert takes.count("in use") == 1
    await done(greenlight("select", production_id, "text-1", "1"))
    await done(greenlight("watch", production_id))
    found = json.loads(await done(greenlight("takes", production_id, "text-1", "--json")))
    assert [t["selected"] for t in found["takes"]] == [True, False, False]


async def test_takes_show_their_checks(greenlight: Greenlight, api: Api, fake: FakeActivities) -> None:
    """`takes` and `show` name what the checks found, and `select` uses a take that failed them."""
    fake.failures = {"text-1": rejected(Decimal("0.004"))}
    production_id, digest = await api.planned(budget_usd="1")
    await api.approve(production_id, digest)
    await api.until(production_id, "needs_attention")
    shown = await done(greenlight("takes", production_id, "text-1"))
    assert "failed its checks" in shown
    assert f"! {MESSAGE}" in shown
    assert "checks: frozen 0.67" in shown
    assert f"{MESSAGE}; take 1 is kept" in await done(greenlight("show", production_id))
    record = next(a for a in (await api.get(production_id))["assets"] if a["asset_id"] == "text-1")
    assert [(f["check"], f["at_seconds"], f["frame"]) for f in record["findings"]] == [("frozen", 1.3, 31)]
    await done(greenlight("select", production_id, "text-1", "1"))
    assert "delivered" in await done(greenlight("watch", production_id))


async def test_parameters_are_json_or_text(greenlight: Greenlight, api: Api) -> None:
    """--parameter accepts numbers as numbers and text as text, and an invalid pair is refused."""
    production_id = await api.delivered(budget_usd="1")
    options = ("--parameter", "pace=2", "--parameter", "mood=calm")
    await done(greenlight("regenerate", production_id, "text-1", *options))
    await done(greenlight("watch", production_id))
    assert (await api.get(production_id))["plan"]["assets"][0]["parameters"] == {"pace": 2, "mood": "calm"}
    assert (await greenlight("regenerate", production_id, "text-1", "--parameter", "pace")).exit_code == 2


async def test_an_answer_names_the_displayed_item(greenlight: Greenlight, api: Api, fake: FakeActivities) -> None:
    """`resolve` answers the current item, and an answer to an earlier one is refused with the remedy."""
    fake.fail = {"text-2"}
    production_id, digest = await api.planned(budget_usd="1")
    await api.approve(production_id, digest)
    await api.until(production_id, "needs_attention")
    shown = await done(greenlight("show", production_id))
    found = re.search(r"accept_without --attention (\d+)", shown)
    assert found, shown
    await done(greenlight("resolve", production_id, "text-2", "retry"))
    stuck = await greenlight("watch", production_id)
    assert stuck.exit_code == 4, stuck.output
    stale = await greenlight("resolve", production_id, "text-2", "accept_without", "--attention", found[1])
    assert stale.exit_code == 1
    assert "attention" in stale.stderr
    await done(greenlight("resolve", production_id, "text-2", "accept_without"))
    await done(greenlight("watch", production_id))


async def test_pause_and_resume(greenlight: Greenlight, api: Api, fake: FakeActivities) -> None:
    """A paused production is shown as such with the command that resumes it; a script that watches it does not wait.
    Its budget can be lowered, no further than what is spent and held."""
    fake.hold("text-1")
    production_id, _ = await api.planned(budget_usd="1")
    await done(greenlight("edit", production_id, "--set", "text-2.depends_on=text-1"))
    await done(greenlight("approve", production_id))
    await api.until(production_id, "asset_start")
    paused = await done(greenlight("pause", production_id, "--reason", "new wishes"))
    assert f"greenlight resume {production_id}" in paused
    refused = await greenlight("budget", production_id, "0.001")
    assert (refused.exit_code, "the lowest possible budget now is" in refused.stderr) == (1, True)
    lowered = await done(greenlight("budget", production_id, "0.03", "--reason", "less money"))
    assert "Lowered the budget to 0.03 USD" in lowered
    assert (await api.get(production_id))["budget_usd"] == "0.03"
    fake.release("text-1")
    stuck = await greenlight("watch", production_id)
    assert stuck.exit_code == 4, stuck.output
    assert "new wishes" in stuck.stdout
    assert f"    greenlight resume {production_id}" in stuck.stdout
    await done(greenlight("resume", production_id))
    assert "delivered" in await done(greenlight("watch", production_id))


async def test_cancel_reports_the_outcome_of_each_asset(greenlight: Greenlight, api: Api, fake: FakeActivities) -> None:
    """`cancel` waits for the end and prints for each asset whether it was free, stopped at its provider, or
    continues."""
    fake.assets = 3
    fake.hold("text-1")
    fake.hold("text-2")
    production_id, digest = await api.planned()
    await api.approve(production_id, digest)
    await api.until(production_id, "asset_complete")
    text = await done(greenlight("cancel", production_id))
    assert "The production is cancelled" in text
    assert re.search(r"^  text-1 +stopped at the provider fake, job job-1, 0\.004 USD$", text, re.MULTILINE), text
    assert "text-3" not in text


async def test_cancel_without_a_worker(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """When no worker responds, `cancel` prints that it will be done later, and the command that shows it."""
    monkeypatch.setattr(decisions, "CANCEL_SECONDS", 0.1)
    monkeypatch.setattr(reads, "QUERY_TIMEOUT", timedelta(seconds=0.3))
    async with serving(client, {}) as api:
        async with FakeActivities().working(client):
            production_id, _ = await api.planned()
        command = ["--url", str(api.http.base_url), "cancel", production_id]
        text = (await asyncio.to_thread(CliRunner().invoke, app, command)).stdout
    assert text.startswith("Cancelling.")
    assert f"greenlight show {production_id}" in text


async def test_one_of_two_approvals(greenlight: Greenlight, api: Api) -> None:
    """When two people have to approve, the command and `show` print how many have approved."""
    production_id, _ = await api.planned(approval={"approvers": 2})
    assert "1 of 2 have approved" in await done(greenlight("approve", production_id))
    assert "Approved by 1 of 2" in await done(greenlight("show", production_id))
    twice = await greenlight("approve", production_id)
    assert twice.exit_code == 1


async def test_the_second_gate(client: Client) -> None:
    """When stills are approved before the video, the same command approves both, each by its displayed digest."""

    class Film(FakeActivities):
        @activity.defn(name="draft_plan")
        async def draft_plan(self, request: DraftPlan) -> Plan:
            plan = await super().draft_plan(request)
            still, shot = plan.assets
            shot = shot.model_copy(update={"asset_type": Modality.VIDEO, "depends_on": (still.asset_id,)})
            return Plan.of(plan.title, (still, shot))

    async with Film(assets=2).working(client), serving(client, {}) as api:
        greenlight = command_at(str(api.http.base_url))
        planned = await done(greenlight("plan", "Say it.", "--platform", "video", "--stills-first", "--json"))
        production_id = json.loads(planned)["production_id"]
        await done(greenlight("approve", production_id))
        gate = await greenlight("watch", production_id)
        assert gate.exit_code == 4, gate.output
        assert "stills to approve" in gate.stdout
        found = re.search(r"greenlight approve \S+ --digest (\w+)", gate.stdout)
        assert found
        assert found[1] != json.loads(planned)["plan"]["digest"]
        await done(greenlight("approve", production_id))
        text = await done(greenlight("watch", production_id))
    assert "the stills, by" in text


def test_open_an_old_revision(local_stack: Stack, tmp_path: Path) -> None:
    """`open --revision` downloads an earlier deliverable whole, with its own manifest."""

    def greenlight(*args: str) -> str:
        found = CliRunner().invoke(app, ["--url", local_stack.info.api_url, *args])
        assert found.exit_code == 0, found.output
        return found.stdout

    text = greenlight("produce", "Say it.", "--platform", "copy", "--yes", "--approvers", "1", "--deadline", "2h")
    production_id = re.findall(r"greenlight open (\S+)", text)[0]
    production = json.loads(greenlight("show", production_id, "--json"))
    assert production["brief"]["approval_deadline_seconds"] == 7200
    asset_id = production["assets"][0]["asset_id"]
    greenlight("regenerate", production_id, asset_id, "--prompt", "Only the sea, and nothing else.")
    greenlight("watch", production_id)
    greenlight("open", production_id, "--revision", "1", "--out", str(tmp_path / "one"))
    greenlight("open", production_id, "--out", str(tmp_path / "two"))
    assert (tmp_path / "one" / "content.md").read_text() != (tmp_path / "two" / "content.md").read_text()
    assert json.loads((tmp_path / "one" / "manifest.json").read_text())["deliverable"]["revision"] == 1
    late = CliRunner().invoke(app, ["--url", local_stack.info.api_url, "open", production_id, "--revision", "9"])
    assert late.exit_code == 1
    assert "Choose from 2, 1." in late.stderr


# Options and texts


def test_the_approval_policy_of_a_brief() -> None:
    """The policy contains only the given options, so that the record's defaults apply to the rest."""
    plain = brief_from("x", Platform.COPY)
    assert plain.model_fields_set.isdisjoint({"approval", "modalities", "budget_usd", "approval_deadline_seconds"})
    strict = brief_from(
        "x",
        Platform.COPY,
        approvers=2,
        not_by_requester=True,
        auto_below=Decimal("0.50"),
        stills_first=True,
        max_budget=Decimal("9.50"),
        escalate_to=["ana", "ben"],
        deadline=60.0,
    )
    assert strict.approval.model_dump() == {
        "approvers": 2,
        "not_by_requester": True,
        "auto_below_usd": Decimal("0.50"),
        "stills_first": True,
        "max_budget_usd": Decimal("9.50"),
        "escalate_to": ("ana", "ben"),
    }
    assert strict.approval_deadline_seconds == 60


@pytest.mark.parametrize(("text", "seconds"), [("45s", 45), ("90m", 5_400), ("1.5h", 5_400), ("3d", 259_200)])
def test_durations(text: str, seconds: float) -> None:
    """A duration is a number and its unit."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "3", "3 weeks", "-1h", "h"])
def test_an_invalid_duration_is_refused(text: str) -> None:
    """An invalid duration is refused with an example."""
    with pytest.raises(typer.BadParameter, match="90m"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{asset_id: a", "not YAML"),
        ("asset_id: a", "asset_type: Field required; an asset needs asset_id, asset_type, prompt, provider, model"),
        ("just words: here", "asset_id: Field required"),
        ("- words", "asset: .*; an asset needs"),
        ("{asset_id: a, asset_type: text, prompt: x, provider: p, model: m, promt: y}", "promt"),
    ],
)
def test_an_invalid_asset_is_refused(text: str, message: str) -> None:
    """An invalid asset for --add names the field, and the required fields of an asset."""
    with pytest.raises(PlanFileError, match=message):
        edits_of_assets(text)


DATA: dict[str, dict[str, Any]] = {
    "approval_requested": {"by": "agent:scout", "note": "for the fair"},
    "approval_given": {"approver": "ana", "given": 1, "needed": 2},
    "approval_ignored": {"reason": "another plan"},
    "approved": {"approver": "ana", "budget_usd": "2.5", "gate": "stills"},
    "attention_withdrawn": {"reason": "budget_short"},
    "budget_raised": {"by": "ana", "budget_usd": "2.50", "before_usd": "1.00", "brief_budget_usd": "2.00"},
    "budget_lowered": {"by": "ana", "budget_usd": "1.00", "before_usd": "2.50", "reason": "less"},
    "overrun": {"provider": "fake", "model": "words", "price_usd": "0.10", "cost_usd": "1.00"},
    "asset_cancelled": {"outcome": "running", "job_id": "j1", "billed_usd": "0.5000"},
    "asset_failed": {"message": "no words"},
    "asset_stale": {"because": "still-1", "changed": ["still-1"], "price_usd": "0.2500"},
    "film_progress": {"segments": 3, "count": 12},
    "needs_attention": {"reason": "budget_short", "message": "raise it"},
    "paused": {"by": "ana", "reason": "wait"},
    "plan_edited": {"by": "ana", "changes": [{"field": "title"}]},
    "plan_failed": {"reason": "no plan"},
    "planning_billed": {"billed_usd": "0.0929", "doubt_usd": "0.0100"},
    "prompt_proposed": {"prompt": "calmer"},
    "rejected": {"rejecter": "ana", "reason": "dull"},
    "resolved": {"action": "accept_without", "by": "ana"},
    "resumed": {"by": "ana"},
    "stalled": {"reason": "no worker"},
    "take_failed": {"take": 2, "message": "no words"},
    "take_judged": {"take": 2, "score": 0.4, "matches": False, "reason": "anatomy: six fingers"},
    "take_requested": {"by": "ana", "feedback": "slower", "count": 3},
    "take_selected": {"take": 2, "by": "ana"},
}
WORDS = {
    "approval_requested": "by agent:scout: for the fair",
    "approval_given": "by ana, 1 of 2",
    "approved": "the stills, by ana, to spend at most 2.50 USD",
    "attention_withdrawn": "budget short: no decision is needed any more",
    "budget_raised": "from 1.00 to 2.50 USD, by ana, above the brief's 2.00 USD",
    "budget_lowered": "from 2.50 to 1.00 USD, by ana: less",
    "overrun": "fake/words charged 1.00 USD, 0.90 USD above its published 0.10 USD",
    "asset_cancelled": "may still run, job j1, 0.50 USD billed",
    "asset_stale": "still-1 changed since, 0.25 USD to make again",
    "film_progress": "3 of 12 segments of the film",
    "needs_attention": "budget short: raise it",
    "paused": "by ana: wait",
    "plan_edited": "1 change by ana",
    "planning_billed": "0.0929 USD, 0.01 USD of it for lost answers",
    "prompt_proposed": "instead: calmer",
    "resolved": "accept without, by ana",
    "take_failed": "take 2: no words",
    "take_judged": "take 2 scores 0.40: anatomy: six fingers",
    "take_requested": "3 takes by ana: slower",
    "take_selected": "take 2 is in use, by ana",
}


@pytest.mark.parametrize("name", get_args(EventName))
def test_every_event_is_described(name: EventName) -> None:
    """Every event of the log is printed as text, and never as raw data."""
    words = describe(StreamEvent(id=1, name=name, at=datetime.now(UTC), data=DATA.get(name, {})))
    assert words == WORDS.get(name, words)
    assert not {"{", "}", "None", "_"} & {*words, *words.split()}
    assert words or name == "done"
