"""Webhooks: the signed posts that receivers get, and the retries after a refusal."""

import base64
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import standardwebhooks
from pydantic import SecretStr
from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment
from temporalio.worker import UnsandboxedWorkflowRunner, Worker, WorkflowRunner
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from activities import webhooks as notifying
from activities.production import Activities
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from activities.webhooks import Notifier, allowed_hosts, signing_problem, signing_tenants
from api.relay.relay import frame
from api.temporal.workers import LOGGED, webhook_errors
from deploy.local import Stack
from tests.support.fakes import FakeActivities
from tests.support.servers.receiver import DROPPED, Got, Receiver, answer, receiving
from tests.support.servers.serving import problem, serving
from tests.support.stack import use_s3
from workflows import keys
from workflows.brief import Brief, Platform, Webhook
from workflows.events import TRANSIENT_EVENTS, Event
from workflows.provider_report import ProvidersReport
from workflows.webhooks import delivery as webhook_delivery
from workflows.webhooks.delivery import (
    Delivery,
    Notification,
    NotificationResult,
    NotificationWorkflow,
    message_id,
    select_events,
)

SECRETS = ["whsec_" + base64.b64encode(letter * 32).decode() for letter in (b"a", b"b")]
SETTINGS = ActivitySettings(webhook_secret=SecretStr(" ".join(SECRETS)), webhook_hosts="localhost, 127.0.0.1")
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


def event(number: int, **data: Any) -> Event:
    return Event(id=number, name="asset_complete", at=AT, asset_id="shot-1", data=data)


def address(receiver: Receiver) -> str:
    return f"http://127.0.0.1:{receiver.port}/in?of=greenlight"


@asynccontextmanager
async def notifying_with(
    client: Client, settings: ActivitySettings = SETTINGS, runner: WorkflowRunner | None = None
) -> AsyncIterator[None]:
    stop = timedelta(0)
    flow = Worker(
        client,
        task_queue=keys.TASK_QUEUE,
        workflows=[NotificationWorkflow],
        workflow_runner=runner or SandboxedWorkflowRunner(),
        graceful_shutdown_timeout=stop,
    )
    post = Worker(
        client,
        task_queue=keys.NOTIFY_QUEUE,
        activities=[Notifier(settings).deliver_webhook],
        graceful_shutdown_timeout=stop,
    )
    async with flow, post:
        yield


async def start(client: Client, url: str, *events: Event) -> WorkflowHandle[Any, NotificationResult]:
    return await client.start_workflow(
        NotificationWorkflow.run,
        Notification(production_id="p1", webhook=Webhook(url=url), events=events),
        id=f"notification-{uuid4().hex}",
        task_queue=keys.TASK_QUEUE,
    )


async def deliver(url: str, settings: ActivitySettings = SETTINGS) -> ApplicationError:
    """The failure of one attempt."""
    delivery = Delivery(production_id="p1", webhook=Webhook(url=url), event=event(1))
    with pytest.raises(ApplicationError) as failed:
        await ActivityEnvironment().run(Notifier(settings).deliver_webhook, delivery)
    return failed.value


async def test_the_payload_is_that_of_the_stream_and_signed(client: Client, receiver: Receiver) -> None:
    """A receiver gets each event once, byte for byte as the event stream has it, signed with every secret."""
    events = [event(number, words="Grüße\u2028«…»", cost_usd="0.0400") for number in range(1, 13)]
    async with notifying_with(client):
        handle = await start(client, address(receiver), *events)
        assert await handle.result() == NotificationResult(delivered=12)
    assert {got.headers["webhook-id"] for got in receiver.got} == {message_id("p1", each) for each in events}
    assert len(receiver.got) == 12
    for got in receiver.got:
        data = standardwebhooks.Webhook(SECRETS[0]).verify(got.body, got.headers)
        standardwebhooks.Webhook(SECRETS[1]).verify(got.body, got.headers)
        posted = events[data["id"] - 1]
        assert frame("p1", posted).partition(b"data: ")[2].partition(b"\n")[0] == got.body
        assert data == {**posted.model_dump(mode="json"), "production_id": "p1"}
        assert (got.target, got.headers["content-type"]) == ("/in?of=greenlight", "application/json")
        assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    history = json.dumps(json.loads((await handle.fetch_history()).to_json()))
    decoded = "".join(base64.b64decode(part).decode(errors="replace") for part in payloads(json.loads(history)))
    for secret in SECRETS:
        assert secret not in history + decoded
    assert "asset_complete" in decoded


def payloads(part: Any) -> Iterator[str]:
    """The encoded data of every payload of a history."""
    if isinstance(part, dict):
        if isinstance(part.get("data"), str):
            yield part["data"]
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from payloads(each)


async def test_a_retry_has_the_same_id(client: Client, receiver: Receiver) -> None:
    """After an error and after a lost connection the same message is posted again, with a new signature."""
    tries = iter([answer(500), DROPPED, answer(200)])
    receiver.answer = lambda _: next(tries)
    async with notifying_with(client):
        handle = await start(client, address(receiver), event(7))
        assert await handle.result() == NotificationResult(delivered=1)
    same = (message_id("p1", event(7)), receiver.got[0].body)
    assert [(got.headers["webhook-id"], got.body) for got in receiver.got] == [same] * 3
    assert receiver.got[0].headers["webhook-timestamp"] < receiver.got[2].headers["webhook-timestamp"]
    standardwebhooks.Webhook(SECRETS[0]).verify(receiver.got[2].body, receiver.got[2].headers)


async def test_a_410_ends_all_posts(client: Client, receiver: Receiver) -> None:
    """A receiver that responds with 410 gets none of the events that were not already sent, and all are given up."""
    receiver.answer = lambda _: answer(410, "No such <hook>\nhere")
    async with notifying_with(client):
        notified = await (await start(client, address(receiver), *map(event, range(1, 21)))).result()
    assert (notified.delivered, len(notified.given_up)) == (0, 20)
    assert len(receiver.got) < 20
    assert notified.given_up[0] == "#1 asset_complete: 127.0.0.1 answered HTTP 410: No such <hook> here"
    assert notified.given_up[19].endswith("HTTP 410: No such <hook> here")


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_our_own_network_is_not_posted_to(client: Client, receiver: Receiver, scheme: str) -> None:
    """An address that is not allowed is given up at once, with the variable that would allow it."""
    strict = ActivitySettings(webhook_secret=SETTINGS.webhook_secret)
    async with notifying_with(client, strict):
        handle = await start(client, f"{scheme}://127.0.0.1:{receiver.port}/", event(1), event(2))
        notified = await handle.result()
    assert (notified.delivered, len(notified.given_up)) == (0, 2)
    assert f"127.0.0.1 is {'http' if scheme == 'http' else 'in a private network'}" in notified.given_up[0]
    assert "GREENLIGHT_WEBHOOK_HOSTS" in notified.given_up[0]
    assert receiver.got == []


async def test_refused_events_block_no_others(
    client: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events that a receiver refuses all day are given up at its end; later ones are posted at once."""

    def refusing(got: Got) -> bytes:
        return answer(400, "not this one") if json.loads(got.body)["id"] <= 6 else answer(204)

    receiver.answer = refusing
    for seconds in (
        2,
        30,
    ):  # a day would have 900 attempts; a busy machine may need more than one to post all
        monkeypatch.setattr(webhook_delivery, "DELIVERY_PERIOD", timedelta(seconds=seconds))
        monkeypatch.setattr(webhook_delivery, "MIN_DELIVERY_TIME", timedelta(seconds=seconds / 2))
        receiver.got.clear()
        async with notifying_with(client, runner=UnsandboxedWorkflowRunner()):
            notified = await (await start(client, address(receiver), *map(event, range(1, 13)))).result()
        if notified.delivered == 6:
            break
    assert notified.delivered == 6
    assert notified.given_up[5] == "#6 asset_complete: 127.0.0.1 answered HTTP 400: not this one"
    ids = [json.loads(got.body)["id"] for got in receiver.got]
    assert set(ids) == set(range(1, 13))
    assert len(ids) > 12
    assert ids[-1] <= 6, "the other events waited for the refused ones"


@pytest.mark.parametrize(
    ("status", "headers", "after"),
    [
        (429, {"retry_after": "120"}, timedelta(minutes=2)),
        (503, {"retry_after": "86400"}, timedelta(hours=1)),
        (404, {}, None),
        (302, {"location": "http://127.0.0.1:1/elsewhere"}, None),
    ],
)
async def test_any_status_but_410_is_retried(
    receiver: Receiver, status: int, headers: dict[str, str], after: timedelta | None
) -> None:
    """Any other refusal is retried, a redirect too, and after the delay of the receiver, at most an hour."""
    receiver.answer = lambda _: answer(status, **headers)
    failure = await deliver(address(receiver))
    assert (failure.non_retryable, failure.next_retry_delay) == (False, after)
    assert failure.message == f"127.0.0.1 answered HTTP {status}"
    assert len(receiver.got) == 1


async def test_a_post_has_a_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A receiver that accepts a connection and sends no response within the limit is retried later."""
    monkeypatch.setattr(notifying, "SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        failure = await deliver(f"http://127.0.0.1:{silent.getsockname()[1]}/")
    assert failure.message == "127.0.0.1 did not respond within 0.1 s"
    assert not failure.non_retryable


async def test_without_a_secret_nothing_is_posted(receiver: Receiver) -> None:
    """A worker that lost its secret posts nothing, and retries later, when it may have one again."""
    failure = await deliver(address(receiver), ActivitySettings(webhook_hosts="127.0.0.1"))
    assert "GREENLIGHT_WEBHOOK_SECRET" in failure.message
    assert not failure.non_retryable
    assert receiver.got == []


@pytest.mark.parametrize("secret", ["", "hunter2hunter2hunter2hunter2hunter2", "whsec_dG9vIHNob3J0", "whsec_!"])
def test_a_bad_secret_is_named_not_shown(secret: str) -> None:
    """The error for an invalid secret names the variable and never quotes its value."""
    settings = ActivitySettings(webhook_secret=SecretStr(f"{SECRETS[0]} {secret}" if secret else ""))
    shown = signing_problem(settings) + repr(settings)
    assert "GREENLIGHT_WEBHOOK_SECRET" in shown
    assert SECRETS[0] not in shown
    assert not secret or secret not in shown


async def test_each_tenant_has_a_secret_of_its_own(receiver: Receiver) -> None:
    """A post for a tenant is signed by its own secrets and no other tenant's; for a tenant without one nothing is
    posted."""
    own = {"acme": SECRETS[0], "bolt": SECRETS[1]}
    secrets = SecretStr(" ".join(f"{tenant}:{secret}" for tenant, secret in own.items()))
    settings = ActivitySettings(webhook_secret=secrets, webhook_hosts="127.0.0.1")
    for tenant in own:
        delivery = Delivery(production_id=f"{tenant}.p1", webhook=Webhook(url=address(receiver)), event=event(1))
        await ActivityEnvironment().run(Notifier(settings).deliver_webhook, delivery)
    for got, (tenant, other) in zip(receiver.got, (("acme", "bolt"), ("bolt", "acme")), strict=True):
        standardwebhooks.Webhook(own[tenant]).verify(got.body, got.headers)
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            standardwebhooks.Webhook(own[other]).verify(got.body, got.headers)
    failure = await deliver(address(receiver), settings)  # of the tenant default
    assert "GREENLIGHT_WEBHOOK_SECRET" in failure.message
    assert len(receiver.got) == 2
    assert signing_tenants(settings) == ("acme", "bolt")
    assert "`corp:whsec_`" in signing_problem(settings, "corp")


def test_an_invalid_secret_concerns_its_tenant_alone() -> None:
    """A mistake in the secret of one tenant is reported for this tenant, and the events of all others are signed."""
    settings = ActivitySettings(webhook_secret=SecretStr(f"acme:{SECRETS[0]} bolt:whsec_dG9vIHNob3J0 {SECRETS[1]}"))
    assert signing_tenants(settings) == ("acme", "default")
    assert [bool(signing_problem(settings, each)) for each in ("acme", "bolt", "default")] == [False, True, False]
    assert "a secret of the tenant 'bolt' is not `whsec_`" in signing_problem(settings, "bolt")


async def test_the_workers_report_whether_they_sign(storage: Storage) -> None:
    """The report of a worker states whether it signs, and which private hosts it may reach."""
    report = await ActivityEnvironment().run(Activities(storage, {}, SETTINGS).list_providers)
    assert (report.webhooks, report.webhook_hosts) == ("", ("localhost", "127.0.0.1"))
    assert report.webhook_tenants == ("default",)
    bare = await ActivityEnvironment().run(Activities(storage, {}, ActivitySettings()).list_providers)
    assert "GREENLIGHT_WEBHOOK_SECRET" in bare.webhooks
    assert allowed_hosts(ActivitySettings()) == ()


class Signing(FakeActivities):
    """Workers that sign, or report why they do not."""

    webhooks = ""
    tenants: tuple[str, ...] = ("default",)

    @activity.defn(name="list_providers")
    async def list_providers(self) -> ProvidersReport:
        report = await super().list_providers()
        return report.model_copy(
            update={
                "webhooks": self.webhooks,
                "webhook_tenants": self.tenants,
                "webhook_hosts": ("hooks.internal",),
            }
        )


async def test_an_impossible_webhook_is_refused_with_the_brief(
    client: Client, servers: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A brief whose webhooks cannot be signed, reached or filled is refused, with field and remedy; others are
    accepted."""
    use_s3(monkeypatch, servers)
    fakes = Signing()

    async def refused(*webhooks: dict[str, Any]) -> dict[str, str]:
        brief = {"text": "Say it.", "platform": "copy", "webhooks": webhooks}
        response = problem(await api.http.post("/api/v1/productions", json=brief), 422)
        assert response.type.endswith("webhook-not-possible")
        return {error.field: f"{error.message}; {error.remedy}" for error in response.errors}

    fine = {"url": "https://hooks.example/in", "events": ["done"]}
    async with fakes.working(client):
        async with serving(client, {"GREENLIGHT_BUCKET": "tests"}) as api:
            found = await refused(
                fine,
                {"url": "http://hooks.example/in"},
                {"url": "https://192.168.1.1/in", "events": ["done", "dome", "asset_progress"]},
            )
            assert list(found) == ["webhooks[1].url", "webhooks[2].events", "webhooks[2].url"]
            assert all("GREENLIGHT_WEBHOOK_HOSTS" in found[field] for field in found if field.endswith("url"))
            assert "dome, asset_progress; choose from" in found["webhooks[2].events"]
            assert "asset_complete" in found["webhooks[2].events"]
            answered = await api.http.post(
                "/api/v1/productions",
                json={"text": "Say it.", "platform": "copy", "webhooks": [fine, {"url": "http://hooks.internal/in"}]},
            )
            assert answered.status_code == 202
        fakes.tenants = ("acme",)
        async with serving(client, {"GREENLIGHT_BUCKET": "tests"}) as api:
            remedy = "give the workers a secret of the tenant 'default' in GREENLIGHT_WEBHOOK_SECRET"
            assert await refused(fine) == {"webhooks": f"cannot be signed; {remedy}"}
        fakes.webhooks = "set GREENLIGHT_WEBHOOK_SECRET"
        async with serving(client, {"GREENLIGHT_BUCKET": "tests"}) as api:
            assert await refused(fine) == {"webhooks": "cannot be signed; set GREENLIGHT_WEBHOOK_SECRET"}


@pytest.mark.parametrize(
    "url", ["https://hooks.example:99999/", "https://[::1/", "https://localhost/", "https://[::1]/"]
)
def test_invalid_addresses_are_refused(url: str) -> None:
    """An invalid address, or this machine's own, is refused with the brief."""
    report = ProvidersReport(planner="template", enabled_providers={}, providers=())
    brief = Brief(text="Say it.", platform=Platform.COPY, webhooks=(Webhook(url=url),))
    assert [error.field for error in webhook_errors(brief, report)] == ["webhooks[0].url"]


def test_a_webhook_gets_its_chosen_events() -> None:
    """Without names a webhook gets the whole log; events that only the stream has cannot be chosen."""
    events = [Event(id=1, name="plan_start", at=AT), Event(id=2, name="done", at=AT)]
    assert [e.id for e in select_events(Webhook(url="https://a.example"), events)] == [1, 2]
    assert [e.id for e in select_events(Webhook(url="https://a.example", events=("done",)), events)] == [2]
    assert "done" in LOGGED
    assert not TRANSIENT_EVENTS & set(LOGGED)
