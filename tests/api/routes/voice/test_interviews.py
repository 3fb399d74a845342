"""An interview by voice over HTTP: opened once, its fields checked, ended with a report, and counted at its cap."""

from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client

from activities.providers.openai.provider import OpenAI
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from deploy.local import Stack
from tests.emulators.realtime import RealtimeEmulator
from tests.support.product import previz_workers
from tests.support.servers.serving import Api, problem, serving
from tests.support.vendors import env_of
from tests.support.waiting import eventually
from workflows.voice import session_keys
from workflows.voice.sessions import NEVER_HANDED_OUT

PATH = "/api/v1/voice-sessions"
USAGE = {"answers": 2, "text_in": 1_400, "audio_in": 900, "text_out": 60, "audio_out": 400}


@pytest.fixture
async def vendor() -> AsyncIterator[RealtimeEmulator]:
    with RealtimeEmulator() as vendor:
        yield vendor


@pytest.fixture
async def api(client: Client, servers: Stack, storage: Storage, vendor: RealtimeEmulator) -> AsyncIterator[Api]:
    """The API over the product's own activities, with interviews of at most five minutes."""
    settings = ActivitySettings(planner="template", voice_sessions="auto", voice_session_minutes=5)
    provider = OpenAI(env_of("openai", vendor))
    workers = previz_workers(client, servers, storage, settings, {"openai": provider})
    async with workers, serving(client, {"GREENLIGHT_BUCKET": "tests"}) as api:
        yield api
    await provider.close()


async def test_an_interview_is_opened_filled_and_ended(
    api: Api, client: Client, storage: Storage, vendor: RealtimeEmulator
) -> None:
    """Only the response of the start has the secret, and a repetition mints no other; the cost is the cap, whatever the
    page reports, and the record says by how much the bill may differ and why."""
    key = {"Idempotency-Key": uuid4().hex}
    body = {"minutes": 60, "max_usd": "0.30", "tenant": f"t{uuid4().hex[:20]}"}
    answer = await api.http.post(PATH, json=body, headers=key)
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    opened: dict[str, Any] = answer.json()
    assert [opened["client_secret"]] == list(vendor.minted)
    assert opened["socket"] == f"{vendor.url.replace('http', 'ws')}/v1/realtime?model=gpt-realtime-2.1-mini"
    assert (opened["reserved_usd"], opened["cost_usd"], opened["minutes"]) == ("0.30", "0.30", 5)
    lasts = datetime.fromisoformat(opened["ends_at"]) - datetime.fromisoformat(opened["expires_at"])
    assert 230 < lasts.total_seconds() < 250
    assert (await api.http.post(PATH, json=body, headers=key)).json()["client_secret"] == opened["client_secret"]
    other = await api.http.post(PATH, json=body | {"minutes": 1}, headers=key)
    assert problem(other, 409).type.endswith("key-used")
    url = answer.headers["location"]
    assert "client_secret" not in (await api.http.get(url)).json()
    call = {"name": "fill_brief", "arguments": '{"title": "Quiet Mornings", "approve": true}'}
    taken = (await api.http.post(f"{url}/fields", json=call)).json()
    assert taken["fields"] == {"title": "Quiet Mornings"}
    assert "fills no such field" in taken["problems"][0]
    assert problem(await api.http.post(f"{url}/end", json={"usage": {"audio_out": -1}}), 422)
    ended = (await api.http.post(f"{url}/end", json={"usage": USAGE})).json()
    assert ended["status"] == "ended"
    assert (ended["cost_usd"], ended["reported_usd"], ended["may_differ_usd"]) == ("0.30", "0.0180", "0.2820")
    assert "the vendor's invoice" in ended["why"]
    again = await eventually(lambda: _closed(api, url, storage, opened["session_id"]))
    assert (again["cost_usd"], again["reported_usd"]) == ("0.30", "0.0180")
    late = (await api.http.post(f"{url}/end", json={"usage": None})).json()
    assert late["reported_usd"] == "0.0180"
    assert (await api.http.post(PATH, json=body, headers=key)).json()["client_secret"] == ""
    history = await client.get_workflow_handle(session_keys.workflow_id(opened["session_id"])).fetch_history()
    assert opened["client_secret"] not in history.to_json()
    assert len(vendor.submissions) == 1
    assert vendor.problems == []


async def _closed(api: Api, url: str, storage: Storage, session_id: str) -> dict[str, Any] | None:
    """The session once its secret is deleted."""
    if await storage.list_keys(f"{session_keys.prefix(session_id)}/secret-"):
        return None
    return dict((await api.http.get(url)).json())


async def test_a_secret_that_expired_costs_nothing(api: Api, vendor: RealtimeEmulator) -> None:
    """A secret that cannot be handed out before it expires is not handed out: the session costs nothing and says so."""
    vendor.ttl = -1
    answer = await api.http.post(PATH, json={"tenant": f"t{uuid4().hex[:20]}"})
    assert answer.json()["client_secret"] == ""

    async def unused() -> dict[str, Any] | None:
        session = dict((await api.http.get(answer.headers["location"])).json())
        return session if session["status"] == "unused" else None

    session = await eventually(unused)
    assert (Decimal(session["cost_usd"]), session["why"]) == (Decimal(0), NEVER_HANDED_OUT)


async def test_a_refused_interview_says_why(api: Api, vendor: RealtimeEmulator) -> None:
    """A cap below the price of one answer, wrong minutes and an unknown session are refused with the remedy."""
    low = await api.http.post(PATH, json={"max_usd": "0.01"})
    assert "costs up to 0.0618 USD" in problem(low, 409).detail
    assert problem(await api.http.post(PATH, json={"minutes": 61}), 422).errors[0].field == "minutes"
    assert problem(await api.http.get(f"{PATH}/20260101-00000000"), 404).type.endswith("unknown-voice-session")
    assert vendor.calls == []
    report = (await api.http.get("/api/v1/platforms")).json()["interviews"]
    assert (report["enabled"], report["max_usd"], report["minutes"]) == (True, "0.50", 5)
