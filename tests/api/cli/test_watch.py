"""Commands that follow: events as lines of JSON, the end where a person has to decide, and Ctrl-C."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Iterator

import pytest
import typer
from temporalio.client import Client

from api.cli import context
from api.cli.context import EXIT_INTERRUPTED, Cli
from api.cli.tables import make_console
from tests.api.cli.command import Greenlight
from tests.support.fakes import FakeActivities
from tests.support.servers.serving import Api, serving
from tests.support.waiting import eventually


@pytest.fixture
def fake() -> FakeActivities:
    return FakeActivities(assets=2)


@pytest.fixture
async def api(client: Client, fake: FakeActivities) -> AsyncIterator[Api]:
    async with fake.working(client), serving(client, {}) as api:
        yield api


async def test_watch_as_json(api: Api, greenlight: Greenlight) -> None:
    """`watch --json` prints each event as one line with its time; --from-now leaves earlier events out."""
    production_id, digest = await api.planned()
    waiting = await greenlight("watch", production_id, "--json")
    assert waiting.exit_code == 4, waiting.output
    assert [json.loads(line)["name"] for line in waiting.stdout.splitlines()][-1] == "plan_ready"
    assert (await greenlight("watch", production_id, "--json", "--from-now")).stdout == ""
    await api.approve(production_id, digest)
    watched = await greenlight("watch", production_id, "--json")
    assert watched.exit_code == 0, watched.output
    events = [json.loads(line) for line in watched.stdout.splitlines()]
    assert events[-1]["name"] == "done"
    assert all(each["at"] for each in events)
    assert [each["id"] for each in events if each["id"]] == list(range(1, events[-1]["id"] + 1))
    later = await greenlight("watch", production_id, "--json", "--from-now")
    assert (later.exit_code, later.stdout) == (0, "")
    text = await greenlight("watch", production_id, "--from-now")
    assert text.exit_code == 0, text.output
    assert "asset complete" not in text.stdout
    assert "delivered" in text.stdout


async def test_a_watch_ends_once_nothing_is_in_progress(
    greenlight: Greenlight, api: Api, fake: FakeActivities, caplog: pytest.LogCaptureFixture
) -> None:
    """A script's watch goes on while an asset is made beside one that waits for a person, and ends after it."""
    fake.fail = {"text-2"}
    fake.hold("text-1")
    production_id, digest = await api.planned(budget_usd="1")
    await api.approve(production_id, digest)
    await api.until(production_id, "needs_attention")
    caplog.clear()
    watching = asyncio.gather(greenlight("watch", production_id, "--json"))

    async def is_read_again() -> bool | None:
        _, followed, later = "\n".join(each.getMessage() for each in caplog.records).partition(
            f"{production_id}/events"
        )
        return True if followed and f"GET /api/v1/productions/{production_id} " in later else None

    await eventually(is_read_again)
    fake.release("text-1")
    [watched] = await watching
    assert watched.exit_code == 4, watched.output
    last = json.loads(watched.stdout.splitlines()[-1])
    assert (last["name"], last["asset_id"]) == ("asset_complete", "text-1")


def test_a_command_follows_until_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each new state is one line, and Ctrl-C ends the command alone, with its exit code and the id."""
    monkeypatch.setattr(context, "POLL_SECONDS", 0)
    out, err = io.StringIO(), io.StringIO()
    cli, states = Cli(out=make_console(out), err=make_console(err)), _states()
    with pytest.raises(typer.Exit) as caught, cli.interruptible("The batch continues: b1"):
        cli.follow(lambda: next(states), cli.warn_changes(), lambda state: state == "done")
    assert caught.value.exit_code == EXIT_INTERRUPTED
    assert (out.getvalue(), err.getvalue()) == ("\nThe batch continues: b1\n", "planned\nmade\n")


def _states() -> Iterator[str]:
    yield from ("planned", "planned", "made")
    raise KeyboardInterrupt
