"""Schedules over HTTP, on a real Temporal server."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client
from typer.testing import CliRunner, Result

from api.cli.main import app
from tests.support.fakes import FakeActivities
from tests.support.servers.serving import Api, problem, serving
from tests.support.waiting import eventually

PATH = "/api/v1/schedules"


@pytest.fixture(scope="module")
async def api(client: Client) -> AsyncIterator[Api]:
    async with FakeActivities(1).working(client), serving(client, {}) as api:
        yield api


@pytest.fixture
async def weekly(api: Api) -> AsyncIterator[str]:
    """A schedule for Monday mornings."""
    schedule_id = f"weekly-{uuid4().hex[:8]}"
    answer = await api.http.post(PATH, json=body(schedule_id))
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"{PATH}/{schedule_id}"
    yield schedule_id
    await api.http.delete(f"{PATH}/{schedule_id}")


def body(schedule_id: str, **change: Any) -> dict[str, Any]:
    brief = {"text": "A thought for the week.", "platform": "copy"}
    return {"schedule_id": schedule_id, "brief": brief, "cron": "0 9 * * MON", **change}


async def test_a_schedule_shows_its_next_runs(api: Api, weekly: str) -> None:
    """A schedule shows its brief, its times as written, and the next of them in its time zone."""
    other = f"{weekly}-berlin"
    shown = (await api.http.post(PATH, json=body(other, timezone="Europe/Berlin", note="for the shop"))).json()
    assert (shown["cron"], shown["timezone"], shown["note"]) == ("0 9 * * MON", "Europe/Berlin", "for the shop")
    assert shown["brief"]["text"] == "A thought for the week."
    plain = (await api.http.get(f"{PATH}/{weekly}")).json()
    assert {at[11:] for at in plain["next_runs"]} == {"09:00:00Z"}
    assert {at[11:13] for at in shown["next_runs"]} <= {"07", "08"}

    async def listed() -> dict[str, Any] | None:
        found = (await api.http.get(PATH)).json()["schedules"]
        return next((dict(s) for s in found if s["schedule_id"] == other), None)

    assert (await eventually(listed))["title"] == "A thought for the week."
    first = (await api.http.get(PATH, params={"page_size": 1})).json()
    assert len(first["schedules"]) == 1
    rest = {"page_size": "200", "page_token": first["next_page_token"]}
    second = (await api.http.get(PATH, params=rest)).json()
    ids = [each["schedule_id"] for page in (first, second) for each in page["schedules"]]
    assert {weekly, other} <= set(ids)
    assert len(ids) == len(set(ids))
    assert (await api.http.delete(f"{PATH}/{other}")).status_code == 200
    assert problem(await api.http.get(f"{PATH}/{other}"), 404).errors[0].field == "schedule_id"


async def test_run_now(api: Api, weekly: str) -> None:
    """Run now starts a production of the brief, also while the schedule is paused, and the schedule names it."""
    await api.http.post(f"{PATH}/{weekly}/pause")
    assert (await api.http.post(f"{PATH}/{weekly}/run")).status_code == 202

    async def started() -> str | None:
        recent = (await api.http.get(f"{PATH}/{weekly}")).json()["recent"]
        return str(recent[0]["production_id"]) if recent else None

    production_id = await eventually(started)
    assert production_id.startswith(f"{weekly}-20")

    async def there() -> dict[str, Any] | None:
        answer = await api.http.get(f"/api/v1/productions/{production_id}")
        return dict(answer.json()) if answer.status_code == 200 else None

    assert (await eventually(there))["brief"]["text"] == "A thought for the week."


async def test_pause_and_resume(api: Api, weekly: str) -> None:
    """A paused schedule has no next time and shows the reason; a resumed one has a next time."""
    paused = (await api.http.post(f"{PATH}/{weekly}/pause", json={"note": "holidays"})).json()
    assert (paused["paused"], paused["next_runs"], paused["note"]) == (True, [], "holidays")
    resumed = (await api.http.post(f"{PATH}/{weekly}/resume", json={})).json()
    assert not resumed["paused"]
    assert resumed["next_runs"]


@pytest.mark.parametrize(
    ("change", "field", "remedy"),
    [
        ({"cron": "at nine"}, "cron", "0 9 * * MON"),
        ({"cron": "99 9 * * *"}, "cron", "0 9 * * MON"),
        ({"timezone": "Mars/Olympus"}, "timezone", "Europe/Berlin"),
        ({"schedule_id": "My Schedule"}, "schedule_id", "a-z, 0-9 and -"),
        ({"brief": {"text": "x", "platform": "radio"}}, "brief.platform", "'video'"),
    ],
)
async def test_an_invalid_schedule_is_refused(api: Api, change: dict[str, Any], field: str, remedy: str) -> None:
    """An invalid schedule is refused with the field and the remedy."""
    found = problem(await api.http.post(PATH, json=body("never") | change), 422)
    assert [e.field for e in found.errors] == [field]
    assert remedy in found.errors[0].remedy


async def test_a_used_id_is_a_conflict(api: Api, weekly: str) -> None:
    """A second schedule with the same id is a conflict, and the first is unchanged."""
    found = problem(await api.http.post(PATH, json=body(weekly, cron="0 10 * * *")), 409)
    assert found.errors[0].field == "schedule_id"
    assert (await api.http.get(f"{PATH}/{weekly}")).json()["cron"] == "0 9 * * MON"


@pytest.mark.parametrize(("method", "rest"), [("GET", ""), ("POST", "/pause"), ("POST", "/resume"), ("POST", "/run")])
async def test_an_unknown_schedule_is_a_404(api: Api, method: str, rest: str) -> None:
    """The 404 for a missing schedule names the list of schedules."""
    found = problem(await api.http.request(method, f"{PATH}/nobody{rest}"), 404)
    assert found.errors[0].remedy == "GET /api/v1/schedules lists them"


async def greenlight(api: Api, *args: str) -> Result:
    """The command, in a thread of its own: the API runs in this one."""
    return await asyncio.to_thread(CliRunner().invoke, app, ["--url", str(api.http.base_url), "schedule", *args])


async def test_the_commands(api: Api) -> None:
    """Create, list, pause, resume, run and delete print the state after the command."""
    name = f"cli-{uuid4().hex[:8]}"
    options = ("--platform", "copy", "--id", name, "--cron", "30 8 * * *", "--auto-below", "0.50")
    steps: list[tuple[tuple[str, ...], str]] = [
        (("create", "A thought.", *options), f"Created: {name} · 30 8 * * * UTC · next 20"),
        (("pause", name, "--note", "holidays"), f"Paused: {name} · 30 8 * * * UTC · next paused · holidays"),
        (("resume", name), f"Resumed: {name}"),
        (("run", name), "Started."),
        (("show", name), f"A thought.: {name}"),
        (("list",), "schedule"),
        (("delete", name), f"Deleted {name}"),
    ]
    for args, words in steps:
        result = await greenlight(api, *args)
        assert result.exit_code == 0, result.output
        assert result.stdout.startswith(words)
    gone = await greenlight(api, "show", name)
    assert gone.exit_code == 1
    assert "`greenlight schedule list` shows them" in gone.stderr
