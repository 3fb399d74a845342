"""The list of all pending decisions, over all productions, and the commands that answer them."""

import asyncio
import shlex
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, get_args
from uuid import uuid4

import pytest
import typer
from temporalio.client import Client
from typer.testing import CliRunner

from api.cli.commands.attention import answer_commands
from api.cli.main import app
from api.cli.tables import format_age
from api.temporal import visibility
from api.views.changes import AttentionView
from tests.support.fakes import FakeActivities
from tests.support.servers.serving import Api, problem, serving
from tests.support.waiting import eventually
from workflows.activity_io import AssetFailure
from workflows.events import Answer, AttentionItem, AttentionReason
from workflows.production.state.attention import ANSWERS

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
async def api(client: Client) -> AsyncIterator[Api]:
    async with serving(client, {}) as api:
        yield api


async def waiting(api: Api, count: int, **asked: str) -> list[dict[str, Any]]:
    """The pending decisions, once there are this many: the list follows a change by a moment."""

    async def poll() -> list[dict[str, Any]] | None:
        answer = await api.http.get("/api/v1/attention", params=asked)
        assert answer.status_code == 200, answer.text
        entries: list[dict[str, Any]] = answer.json()["entries"]
        return entries if len(entries) == count else None

    return await eventually(poll)


async def test_oldest_first_with_evidence(client: Client, api: Api) -> None:
    """Approvals and failed assets of all productions are in one list, oldest first, with evidence and answers."""
    tenant = f"t-{uuid4().hex[:8]}"
    fake = FakeActivities(assets=2)
    fake.failures["text-2"] = AssetFailure(
        reason="ambiguous_submission",
        message="no answer came",
        job_id="job-7",
        billed_usd=Decimal("0.0040"),
        doubt_usd=Decimal("0.0100"),
    )
    async with fake.working(client):
        stuck, digest = await api.planned(tenant=tenant, title="Stuck")
        open_, open_digest = await api.planned(tenant=tenant, title="Open")
        assert (await api.approve(stuck, digest)).status_code == 200
        await api.until(stuck, "needs_attention")
        first, second = await waiting(api, 2, tenant=tenant)
    assert (first["production_id"], first["title"], first["platform"]) == (open_, "Open", "copy")
    assert (first["waiting"]["reason"], first["waiting"]["plan_digest"]) == ("approval", open_digest)
    item = second["waiting"]
    assert second["production_id"] == stuck
    assert (item["reason"], item["asset_id"], item["job_id"]) == ("ambiguous_submission", "text-2", "job-7")
    assert (item["message"], item["cost_usd"]) == ("no answer came", "0.0040")
    # The budget has no room for one more submission: more has to be released first.
    assert item["answers"] == ["adopt", "raise_budget", "accept_without", "cancel"]
    assert first["waiting"]["since"] < item["since"]


async def test_filters(client: Client, api: Api) -> None:
    """The list is filtered by tenant, platform and reason; an unknown reason is refused by its name."""
    tenant = f"t-{uuid4().hex[:8]}"
    async with FakeActivities(assets=1).working(client):
        production_id, _ = await api.planned(tenant=tenant)
        await waiting(api, 1, tenant=tenant, reason="approval", platform="copy")
        await waiting(api, 0, tenant=f"{tenant}-x")
        await waiting(api, 0, tenant=tenant, reason="paused")
        await waiting(api, 0, tenant=tenant, platform="video")
        await api.http.post(f"/api/v1/productions/{production_id}/reject", json={})
    wrong = problem(await api.http.get("/api/v1/attention", params={"reason": "boredom"}), 422)
    assert wrong.errors[0].field == "reason"
    assert "'approval'" in wrong.errors[0].remedy


async def test_needs_no_worker(client: Client, api: Api) -> None:
    """Pending decisions are listed while no worker runs, and leave the list once they are answered."""
    tenant = f"t-{uuid4().hex[:8]}"
    async with FakeActivities(assets=1).working(client):
        production_id, _ = await api.planned(tenant=tenant)
        await waiting(api, 1, tenant=tenant)
    entries = await waiting(api, 1, tenant=tenant)
    assert entries[0]["links"]["production"].endswith(production_id)
    async with FakeActivities(assets=1).working(client):
        await api.http.post(f"/api/v1/productions/{production_id}/reject", json={})
        await waiting(api, 0, tenant=tenant)


async def test_every_page_is_reached(client: Client, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """When more productions wait than one response covers, it has the token of the next one, and the client and the
    command show them all, the oldest decision first."""
    tenant = f"t-{uuid4().hex[:8]}"
    async with FakeActivities(assets=1).working(client):
        ids = [(await api.planned(tenant=tenant))[0] for _ in range(3)]
        await waiting(api, 3, tenant=tenant)
        monkeypatch.setattr(visibility, "MAX_WAITING", 2)
        first = (await api.http.get("/api/v1/attention", params={"tenant": tenant})).json()
        assert (len(first["entries"]), first["complete"]) == (2, False)
        rest = {"tenant": tenant, "page_token": first["next_page_token"]}
        second = (await api.http.get("/api/v1/attention", params=rest)).json()
        assert (len(second["entries"]), second["complete"], second["next_page_token"]) == (1, True, None)
        command = ["--url", str(api.http.base_url), "attention", "--tenant", tenant, "--json"]
        shown = await asyncio.to_thread(CliRunner().invoke, app, command)
        found = AttentionView.model_validate_json(shown.stdout)
        assert [entry.production_id for entry in found.entries] == ids
        assert found.complete
        for production_id in ids:
            await api.http.post(f"/api/v1/productions/{production_id}/reject", json={})
    wrong = problem(await api.http.get("/api/v1/attention", params={"page_token": "bm9uZQ=="}), 422)
    assert wrong.errors[0].field == "page_token"


async def test_the_command(client: Client, api: Api) -> None:
    """`greenlight attention` prints the pending decisions, and each printed command exists in the CLI and works."""
    tenant = f"t-{uuid4().hex[:8]}"
    fake = FakeActivities(assets=2)
    fake.fail = {"text-2"}
    async with fake.working(client):
        production_id, digest = await api.planned(tenant=tenant)
        await api.approve(production_id, digest)
        await api.until(production_id, "needs_attention")
        await waiting(api, 1, tenant=tenant)
        url = str(api.http.base_url)
        shown = await asyncio.to_thread(CliRunner().invoke, app, ["--url", url, "attention", "--tenant", tenant])
        assert shown.exit_code == 0, shown.output
        assert "asset failed" in shown.stdout
        commands = [shlex.split(line)[1:] for line in shown.stdout.splitlines() if line.startswith("    greenlight ")]
        assert [c[:4] for c in commands if c[3:4] == ["accept_without"]] == [
            ["resolve", production_id, "text-2", "accept_without"]
        ]
        accept = next(c for c in commands if "accept_without" in c)
        done = await asyncio.to_thread(CliRunner().invoke, app, ["--url", url, *accept])
        assert done.exit_code == 0, done.output
        assert (await api.events(production_id))[-1].name == "done"
        await waiting(api, 0, tenant=tenant)
        empty = await asyncio.to_thread(CliRunner().invoke, app, ["--url", url, "attention", "--tenant", tenant])
        assert empty.stdout == "No decision is pending.\n"


# The commands


def item(reason: AttentionReason, **more: Any) -> AttentionItem:
    asset = {} if reason in ("approval", "deadline_near", "paused") else {"asset_id": "shot-2"}
    item = {"id": 7, "reason": reason, "since": NOW, "plan_digest": "d" * 32, "answers": ANSWERS.get(reason, ())}
    return AttentionItem.model_validate({**item, **asset, **more})


@pytest.mark.parametrize("reason", get_args(AttentionReason))
def test_every_answer_is_a_command(reason: AttentionReason) -> None:
    """Every answer to every reason is a command that exists, with its production and the answered item."""
    group = typer.main.get_command(app)
    known = set(group.list_commands(typer.Context(group)))  # type: ignore[attr-defined]  # Typer's root is a group
    for command in answer_commands("p1", item(reason)):
        name, production_id, *rest = shlex.split(command)[1:]
        assert name in known
        assert production_id == "p1"
        if name == "resolve":
            assert rest[0] == "shot-2"
            assert rest[-2:] == ["--attention", "7"]


@pytest.mark.parametrize(
    ("waits", "answer", "command"),
    [
        (item("approval"), "approve", f"approve p1 --digest {'d' * 32}"),
        (item("price_unknown"), "approve", f"approve p1 --digest {'d' * 32} --allow-unknown-prices"),
        (item("paused"), "resume", "resume p1"),
        (
            item("content_refused", proposal="It's calm"),
            "retry",
            "resolve p1 shot-2 retry --prompt 'It'\"'\"'s calm' --attention 7",
        ),
        (
            item("model_retired", replacement=("gen5",)),
            "retry",
            "resolve p1 shot-2 retry --model gen5 --attention 7",
        ),
        (
            item("ambiguous_submission", job_id="j 1"),
            "adopt",
            "resolve p1 shot-2 adopt --job-id 'j 1' --attention 7",
        ),
        (item("budget_short"), "raise_budget", "resolve p1 shot-2 raise_budget --budget USD --attention 7"),
        (item("asset_failed"), "upload", "upload p1 shot-2 FILE"),
    ],
)
def test_a_command_has_the_arguments_of_its_answer(waits: AttentionItem, answer: Answer, command: str) -> None:
    """A command carries the arguments of its answer: the digest, the proposed prompt, the replacement, the job."""
    assert f"greenlight {command}" in answer_commands("p1", waits)
    assert answer in waits.answers


@pytest.mark.parametrize(
    ("seconds", "words"), [(-5, "0 s"), (59, "59 s"), (60, "1 min"), (7_199, "1 h"), (86_400 * 3, "3 d")]
)
def test_age(seconds: int, words: str) -> None:
    """The age of a pending decision is shown in its largest whole unit."""
    assert format_age(timedelta(seconds=seconds)) == words
