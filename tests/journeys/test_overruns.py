"""Reports of the command line, API and Temporal UI about money above the published or approved amount."""

import asyncio
import io
import json
import shlex
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from rich.console import Console
from temporalio.client import Client
from typer.testing import CliRunner, Result

from api.cli.main import app
from api.cli.progress import ProductionProgress
from api.cli.tables import show_production
from api.client.client import GreenlightClient
from tests.support.fake_film import Film
from tests.support.servers.serving import Api, serving
from tests.workflows.production.state.states import approved, text
from workflows.events import Event
from workflows.models import Quote
from workflows.production.state import policies
from workflows.production.state.approvals import assets_waiting_for_money
from workflows.production.state.budget import book_bill
from workflows.production.state.changes import replace_plan
from workflows.production.state.takes import start_take
from workflows.production.ui_details import details_of
from workflows.requests import EditOp

RED = "\x1b[1;31m"


@pytest.fixture
def fake() -> Film:
    return Film(price_usd="0.10")


@pytest.fixture
async def api(client: Client, fake: Film) -> AsyncIterator[Api]:
    async with fake.working(client), serving(client, {}) as api:
        yield api


async def greenlight(api: Api, *args: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, app, ["--url", str(api.http.base_url), *args])


async def test_an_overrun_in_the_terminal(api: Api, fake: Film) -> None:
    """`show`, `list`, `attention` and `watch` report an overrun with its amount, in red on a terminal, and the printed
    approval releases the stopped assets."""
    fake.costs = {"still-1": Decimal("1.00"), "title-1": Decimal("0.05"), "shot-1": Decimal("0.10")}
    production_id, digest = await api.planned(platform="video")
    await api.approve(production_id, digest, budget_usd="1.20")
    await api.until(production_id, "needs_attention")
    shown = (await greenlight(api, "show", production_id)).stdout
    assert "spent 1.05 of 1.20 USD · 0.90 USD above published prices" in shown
    assert "pending (overrun)" in shown
    listed = json.loads((await greenlight(api, "list", "--json")).stdout)
    assert [p["overrun_usd"] for p in listed if p["production_id"] == production_id] == ["0.9000"]
    assert "1.05 (0.90 over)" in (await greenlight(api, "list")).stdout
    watched = (await greenlight(api, "watch", production_id)).stdout
    assert "fake/words charged 1.00 USD, 0.90 USD above its published 0.10 USD" in watched

    def rendered() -> str:
        out = io.StringIO()
        with GreenlightClient(str(api.http.base_url)) as client:
            console = Console(file=out, force_terminal=True, width=200, color_system="standard", highlight=False)
            show_production(console, client.get(production_id), client.url)
        return out.getvalue()

    assert f"{RED} · 0.90 USD above published prices" in await asyncio.to_thread(rendered)
    commands = [shlex.split(line)[1:] for line in shown.splitlines() if line.startswith("    greenlight ")]
    again = next(c for c in commands if c[0] == "approve")
    assert again == ["approve", production_id, "--digest", digest]
    done = await greenlight(api, *again)
    assert done.exit_code == 0, done.output
    watched = (await greenlight(api, "watch", production_id)).stdout
    assert "again, shot-1, by" in watched
    assert "to spend at most 2.05 USD" in watched
    await api.until(production_id, "done")


def test_an_overrun_event_is_red() -> None:
    """On a terminal the event and the reason for attention are red, and stay above the bars."""
    out = io.StringIO()
    asset = text(1)
    console = Console(file=out, force_terminal=True, width=120, color_system="standard")
    with ProductionProgress(console, [asset]) as view:
        for name, data in (
            ("overrun", {"provider": "a", "model": "words", "price_usd": "0.10", "cost_usd": "1.00"}),
            ("needs_attention", {"reason": "overrun", "message": "it costs more"}),
        ):
            data_of_event = {"id": 1, "name": name, "at": "2026-11-20T00:00:00Z", "asset_id": "text-1", "data": data}
            view.show(Event.model_validate(data_of_event))
    assert f"{RED}overrun\x1b[0m  text-1  a/words charged 1.00 USD, 0.90 USD above" in out.getvalue()
    assert f"{RED}overrun: it costs more" in out.getvalue()


def test_the_temporal_ui_shows_the_next_approval() -> None:
    """The details in the Temporal UI name the overrun, and show the approval of the current plan for the assets that
    wait for money, without permission for unpublished prices."""
    state = approved(text(1), text(2))
    state.budget_usd = Decimal("0.20")
    assert state.plan
    start_take(state, state.plan.assets[0])
    book_bill(state, state.plan.assets[0], Decimal("0.50"), Decimal(0))
    secret = Quote(low_usd=Decimal(0), high_usd=Decimal("0.90"), expected_seconds=1, unknown=True)
    change = EditOp(op="change", asset_id="text-2", model="secret")
    plan = policies.apply_edits(state.brief, state.plan, [change])
    plan = plan.of(plan.title, [a if a.quote else a.model_copy(update={"quote": secret}) for a in plan.assets])
    replace_plan(state, plan, {}, allow_unknown=False, by="bo")
    assert assets_waiting_for_money(state) == ["text-2"]
    shown = details_of(state)
    assert "**of it 0.40 USD above published prices**" in shown
    assert "the signal `approve` of text-2 again" in shown
    assert f'"plan_digest": "{plan.digest}"' in shown
    assert 'add `"allow_unknown_prices": true`' in shown
