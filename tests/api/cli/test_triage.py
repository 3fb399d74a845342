"""Many pending decisions in the terminal: grouped, filtered, and answered at once; ids that are abbreviated."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import typer
from temporalio.client import Client
from typer.testing import CliRunner

from activities.storage.bucket import Storage
from api.cli import context
from api.cli.context import Cli
from api.cli.main import app
from deploy.local import Stack
from tests.api.cli.command import Greenlight
from tests.support.fakes import FakeActivities
from tests.support.servers.serving import Api, serving
from tests.support.stack import use_s3
from tests.support.waiting import eventually


@pytest.fixture
def fake() -> FakeActivities:
    return FakeActivities(assets=2)


@pytest.fixture
async def api(client: Client, fake: FakeActivities, storage: Storage, servers: Stack) -> AsyncIterator[Api]:
    fake.keep_in(storage)
    with pytest.MonkeyPatch.context() as patch:
        use_s3(patch, servers)
        async with fake.working(client), serving(client, {"GREENLIGHT_BUCKET": "tests"}) as api:
            yield api


@pytest.fixture
def tenant() -> str:
    return f"t-{uuid4().hex[:8]}"


async def listed(api: Api, tenant: str, count: int, **filters: Any) -> list[dict[str, Any]]:
    """The pending decisions of the tenant, once there are `count`: the list follows a change by a moment."""

    async def look() -> list[dict[str, Any]] | None:
        found = await api.http.get("/api/v1/attention", params={"tenant": tenant, **filters})
        entries: list[dict[str, Any]] = found.json()["entries"]
        return entries if len(entries) == count else None

    if not count:
        assert await eventually(lambda: _none(api, tenant))
        return []
    return await eventually(look) or []


async def _none(api: Api, tenant: str) -> bool | None:
    found = (await api.http.get("/api/v1/attention", params={"tenant": tenant})).json()["entries"]
    return True if not found else None


@pytest.mark.parametrize("number", [12, pytest.param(40, marks=pytest.mark.trial)])
async def test_bulk_commands_leave_expensive_and_unknown_plans(
    api: Api, greenlight: Greenlight, fake: FakeActivities, tenant: str, number: int
) -> None:
    """Of many decisions, two commands answer every failure and every cheap plan; the other plans keep waiting, and one
    command for each answers them: five for all forty."""
    plans = number - 7
    fake.fail = {"text-2"}
    failed = await asyncio.gather(*(api.planned(tenant=tenant) for _ in range(4)))
    await asyncio.gather(*(api.approve(production_id, digest) for production_id, digest in failed))
    await asyncio.gather(*(api.until(production_id, "needs_attention") for production_id, _ in failed))
    cheap = await asyncio.gather(*(api.planned(tenant=tenant) for _ in range(plans)))
    fake.assets = 20
    expensive = [await api.planned(tenant=tenant) for _ in range(2)]
    fake.assets, fake.unknown = 2, True
    unknown, _ = await api.planned(tenant=tenant)
    await listed(api, tenant, number)

    shown = await greenlight("attention", "--tenant", tenant)
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.startswith(
        f"{number} pending decisions: 4 asset failed, 1 price unknown, {plans + 2} approval\n"
    )
    assert len(shown.stdout.splitlines()) < 80
    assert "All of them: greenlight resolve --all asset_failed retry" in shown.stdout
    groups = re.findall(r"^(\w[\w ]+) · (\d+)$", shown.stdout, re.MULTILINE)
    assert groups == [("asset failed", "4"), ("price unknown", "1"), ("approval", f"{plans + 2}")]
    some = json.loads((await greenlight("attention", "--tenant", tenant, "--limit", "5", "--json")).stdout)
    assert [e["waiting"]["reason"] for e in some["entries"]] == ["asset_failed"] * 4 + ["price_unknown"]
    assert not some["complete"]
    awaiting = ("--status", "awaiting_approval", "--reason", "approval", "--limit", "2")
    assert f"{plans + 2} pending decisions" in (await greenlight("attention", "--tenant", tenant, *awaiting)).stdout

    unasked = await greenlight("approve", "--all-below", "0.10", "--tenant", tenant)
    assert unasked.exit_code == 4
    price = f"{plans} plans, up to {plans * 0.02:.2f} USD in all"
    assert f"Approve {price}? Nothing is sent without --yes." in unasked.stderr
    assert "Left out: 2 above 0.10 USD, 1 of unknown price" in unasked.stdout
    fake.fail, fake.unknown = set(), False
    approved = await greenlight("approve", "--all-below", "0.10", "--tenant", tenant, "--yes")
    assert approved.exit_code == 0, approved.output
    assert f"\nApproved {price}." in approved.stdout
    retried = await greenlight("resolve", "--all", "asset_failed", "retry", "--tenant", tenant, "--yes")
    assert retried.exit_code == 0, retried.output
    assert "Retry: 4 decisions, up to 0.04 USD in all." in retried.stdout
    for production_id, _ in (*failed, *cheap):
        assert (await api.events(production_id))[-1].name == "done"
    left = await listed(api, tenant, 3)
    assert {e["production_id"] for e in left} == {unknown, *(production_id for production_id, _ in expensive)}
    for production_id in (unknown, *(each for each, _ in expensive)):
        assert (await greenlight("reject", production_id)).exit_code == 0
    assert await listed(api, tenant, 0) == []


async def test_only_the_plans_of_a_batch(
    api: Api, greenlight: Greenlight, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--batch chooses the plans of one batch, whose id may be abbreviated; other plans keep waiting."""
    monkeypatch.setattr(context, "POLL_SECONDS", 0.1)
    name = f"spring-{uuid4().hex[:8]}"
    file = tmp_path / "briefs.csv"
    file.write_text(f"text;platform\nOne {uuid4()};copy\n")
    other, _ = await api.planned()
    planned = await greenlight("batch", str(file), "--batch-id", name)
    assert planned.exit_code == 0, planned.output
    assert f"Batch {name}: 1 row," in planned.stderr

    async def look() -> bool | None:
        found = await greenlight("attention", "--batch", name[:-2])
        return True if "1 pending decision:" in found.stdout else None

    assert await eventually(look)
    approved = await greenlight("approve", "--all-below", "1", "--batch", name[:-2], "--yes")
    assert approved.exit_code == 0, approved.output
    assert "Approved 1 plan, up to 0.02 USD in all." in approved.stdout
    assert (await api.get(other))["status"] == "awaiting_approval"
    await greenlight("reject", other)


async def test_a_bulk_approval_releases_the_shown_price(api: Api, greenlight: Greenlight, tenant: str) -> None:
    """An approval of many plans allows each of them the price that was shown, whatever budget its brief has: a
    requester cannot spend the rest of that budget on further takes."""
    production_id, _ = await api.planned(tenant=tenant, budget_usd="5")
    await listed(api, tenant, 1)
    approved = await greenlight("approve", "--all-below", "0.10", "--tenant", tenant, "--yes")
    assert approved.exit_code == 0, approved.output
    (event,) = [e for e in await api.events(production_id) if e.name == "approved"]
    assert event.data["data"]["budget_usd"] == "0.0200"


async def test_a_refused_answer_stops_no_other(
    api: Api, greenlight: Greenlight, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where one answer is refused, the others are made, the reason is printed, and the exit code is 1."""
    first, second = [(await api.planned(tenant=tenant))[0] for _ in range(2)]
    await listed(api, tenant, 2)

    def confirm(*_: Any, **__: Any) -> bool:
        asyncio.run_coroutine_threadsafe(_reject(api, first), loop).result()
        return True

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(Cli, "interactive", True)
    monkeypatch.setattr(typer, "confirm", confirm)
    answered = await greenlight("approve", "--all-below", "1", "--tenant", tenant)
    assert answered.exit_code == 1, answered.output
    assert re.search(rf"^Refused  {first}  ", answered.stderr, re.MULTILINE)
    assert "Approved 1 of 2." in answered.stdout
    assert (await api.events(second))[-1].name == "done"


async def _reject(api: Api, production_id: str) -> None:
    assert (await api.http.post(f"/api/v1/productions/{production_id}/reject", json={})).status_code == 200


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("approve",), "name a production, or give --all-below USD"),
        (("approve", "p", "--all-below", "1"), "remove ID"),
        (("approve", "--all-below", "1", "--allow-unknown-prices"), "remove ID"),
        (("approve", "p", "--batch", "b"), "use it with --all-below"),
        (("resolve", "p", "retry"), "give ID, ASSET and ACTION"),
        (("resolve", "p", "a", "again"), "'again' is not an action"),
        (("resolve", "--all", "asset_failed", "p", "retry"), "give only the action"),
        (("resolve", "--all", "asset_failed", "raise_budget"), "name one"),
        (("resolve", "--all", "asset_failed", "retry", "--prompt", "x"), "it is for one decision"),
        (("resolve", "--all", "model_retired", "retry"), "name another one"),
    ],
)
def test_wrong_usage_of_bulk_answers(command: tuple[str, ...], message: str) -> None:
    """A mixture of one and many decisions is wrong usage, found before anything is sent."""
    refused = CliRunner().invoke(app, ["--url", "http://127.0.0.1:1", *command], env={"COLUMNS": "200"})
    assert refused.exit_code == 2, refused.output
    assert message in refused.output


async def test_ids_may_be_abbreviated(api: Api, greenlight: Greenlight, tenant: str) -> None:
    """Commands accept the start of an id, with or without the tenant; several candidates are listed."""
    first, second = [(await api.planned(tenant=tenant))[0] for _ in range(2)]
    short = next(first[:n] for n in range(len(tenant) + 2, len(first)) if not second.startswith(first[:n]))

    async def look() -> bool | None:
        found = await greenlight("show", short, "--json")
        return True if found.exit_code == 0 and json.loads(found.stdout)["production_id"] == first else None

    assert await eventually(look)
    ambiguous = await greenlight("show", tenant)
    assert ambiguous.exit_code == 1
    assert f"Several production ids begin with '{tenant}'" in ambiguous.stderr
    assert all(re.search(rf"  {each}  (Say it\.|A plan)", ambiguous.stderr) for each in (first, second))
    assert f"greenlight watch {first}" in (await greenlight("approve", short)).stdout
    assert (await greenlight("reject", second)).exit_code == 0
    unknown = await greenlight("show", "nothing-like-it")
    assert unknown.exit_code == 1
    assert "there is no production 'nothing-like-it'; `greenlight list` shows them" in unknown.stderr
    wrong = await api.http.get("/api/v1/productions", params={"prefix": "x' OR '"})
    assert wrong.status_code == 422


async def test_open_productions_come_first(api: Api, greenlight: Greenlight, tenant: str) -> None:
    """`list` shows open productions first, the newest at the top, also where a closed one is newer."""
    old, _ = await api.planned(tenant=tenant)
    new, _ = await api.planned(tenant=tenant)
    closed = await api.delivered(tenant=tenant)

    async def look() -> bool | None:
        found = json.loads((await greenlight("list", "--tenant", tenant, "--json")).stdout)
        return True if [each["production_id"] for each in found] == [new, old, closed] else None

    assert await eventually(look)
    for production_id in (old, new):
        await _reject(api, production_id)
