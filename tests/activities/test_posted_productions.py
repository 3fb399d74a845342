"""The events of productions as their webhooks get them, also of those that are cancelled or reset."""

import json
from collections.abc import AsyncIterator

import pytest
from temporalio.worker import Worker

from activities.webhooks import Notifier
from tests.activities.test_webhooks import SETTINGS, address
from tests.support.fakes import FakeActivities
from tests.support.productions import Productions, until
from tests.support.servers.receiver import Receiver, receiving
from tests.support.waiting import eventually
from tests.workflows.production.repeats import reset_to_start
from workflows import keys
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import Rejection
from workflows.webhooks.delivery import message_id


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


async def test_a_production_posts_to_its_webhooks(productions: Productions, receiver: Receiver) -> None:
    """Each webhook gets the events that it chose, the end too, once each; the production does not wait for them."""
    everything, some = f"{address(receiver)}&all", f"{address(receiver)}&some"
    hooks = [{"url": everything}, {"url": some, "events": ["plan_ready", "done"]}]
    post = Worker(productions.client, task_queue=keys.NOTIFY_QUEUE, activities=[Notifier(SETTINGS).deliver_webhook])
    async with FakeActivities(2).working(productions.client):
        handle = await productions.approved(webhooks=hooks)
        seen = await handle.result()
        assert receiver.got == []  # no worker posts yet, and the production is delivered all the same
        async with post:

            async def all_told() -> bool | None:
                return True if len(receiver.got) == len(seen.events) + 2 else None

            await eventually(all_told)
    received = {url: [json.loads(g.body) for g in receiver.got if url.endswith(g.target)] for url in (everything, some)}
    assert sorted(e["id"] for e in received[everything]) == [e.id for e in seen.events]
    assert sorted(e["name"] for e in received[some]) == ["done", "plan_ready"]
    assert {e["production_id"] for e in received[everything]} == {seen.production_id}
    for events in received.values():
        (ready,) = (e["data"] for e in events if e["name"] == "plan_ready")
        assert [(a["asset_id"], a["position"]) for a in ready["plan_assets"]] == [("text-1", 1), ("text-2", 2)]


async def test_a_cancelled_production_posts_everything(productions: Productions, receiver: Receiver) -> None:
    """Events right before a cancel are posted too, and the cancel itself, each event once."""
    fakes = FakeActivities(2)
    fakes.hold("text-1")
    post = Worker(productions.client, task_queue=keys.NOTIFY_QUEUE, activities=[Notifier(SETTINGS).deliver_webhook])
    async with fakes.working(productions.client), post:
        handle = await productions.approved(webhooks=[{"url": address(receiver)}])
        await handle.cancel()
        seen = await handle.result()

        async def all_told() -> bool | None:
            return True if len(receiver.got) >= len(seen.events) else None

        await eventually(all_told)
    assert sorted(json.loads(g.body)["id"] for g in receiver.got) == [e.id for e in seen.events]
    assert seen.events[-1].name == "cancelled"


async def test_a_reset_run_posts_its_own_events(productions: Productions, receiver: Receiver) -> None:
    """While the receiver is down, a production is delivered, reset and rejected: the receiver gets the events of both
    runs, none under the id of another."""
    post = Worker(productions.client, task_queue=keys.NOTIFY_QUEUE, activities=[Notifier(SETTINGS).deliver_webhook])
    async with FakeActivities(1).working(productions.client):
        handle = await productions.approved(webhooks=[{"url": address(receiver)}])
        first = await handle.result()
        await reset_to_start(productions.client, first.production_id)
        again = productions.newest(handle)
        await until(again, "awaiting_approval")
        await again.signal(ProductionWorkflow.reject, Rejection(reason="not this one"))
        events = {
            message_id(seen.production_id, e): e.name for seen in (first, await again.result()) for e in seen.events
        }
        async with post:

            async def all_told() -> bool | None:
                return True if len(receiver.got) >= len(events) else None

            await eventually(all_told)
    assert {got.headers["webhook-id"]: json.loads(got.body)["name"] for got in receiver.got} == events
    assert "rejected" in events.values()
