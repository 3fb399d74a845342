"""The events that webhooks did not get: their list and their resending, by the API and the command."""

import asyncio
import json
from collections.abc import AsyncIterator
from unittest.mock import AsyncMock
from uuid import uuid4

import pytest
from temporalio.client import Client, WorkflowHandle
from typer.testing import CliRunner, Result

from api.cli.main import app
from api.temporal.notifications import NotificationGateway
from tests.activities.test_webhooks import address, event, notifying_with
from tests.support.servers.receiver import Receiver, answer, receiving
from tests.support.servers.serving import Api, problem, serving
from tests.support.waiting import eventually
from workflows import keys
from workflows.brief import Webhook
from workflows.webhooks.delivery import Notification, NotificationWorkflow, message_id

PATH = "/api/v1/webhooks/given-up"


@pytest.fixture
async def api(client: Client) -> AsyncIterator[Api]:
    async with serving(client, {}) as api:
        yield api


async def command(api: Api, *arguments: str) -> Result:
    url = str(api.http.base_url)
    return await asyncio.to_thread(CliRunner().invoke, app, ["--url", url, "webhooks", *arguments])


async def test_given_up_events_are_posted_again(client: Client, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a receiver refused is listed with the reason until it is resent; then it gets exactly those events, under
    their ids. A second request has no effect, also one that read the delivery before and starts it afterwards."""
    production_id = uuid4().hex[:8]
    delivery_id = f"{production_id}-0-1"

    async def listed(count: int) -> list[dict[str, object]]:
        async def poll() -> list[dict[str, object]] | None:
            found = [d for d in (await api.http.get(PATH)).json()["deliveries"] if d["production_id"] == production_id]
            return found if len(found) == count else None

        return await eventually(poll)

    async with receiving() as receiver:
        await _give_up(client, receiver, production_id, delivery_id)
        (found,) = await listed(1)
        assert (found["delivery_id"], found["events"], found["url"]) == (delivery_id, 2, address(receiver))
        assert "HTTP 410" in str(found["reasons"])
        assert delivery_id in (await command(api, "list")).stdout
        receiver.got.clear()
        receiver.answer = lambda _: answer(204)
        delivery = client.get_workflow_handle(keys.notification_workflow_id(delivery_id))
        before = await delivery.describe()
        # No worker runs: the first request starts the delivery, and the second finds it under way.
        sent = await command(api, "resend", delivery_id)
        assert sent.exit_code == 0, sent.output
        assert problem(await api.http.post(f"{PATH}/{delivery_id}/resend"), 409).errors[0].field == "delivery_id"
        async with notifying_with(client):
            await client.get_workflow_handle(keys.notification_workflow_id(delivery_id)).result()
        assert sorted(json.loads(got.body)["id"] for got in receiver.got) == [1, 2]
        assert {got.headers["webhook-id"] for got in receiver.got} == {
            message_id(production_id, event(number)) for number in (1, 2)
        }
        await listed(0)
    delivered = problem(await api.http.post(f"{PATH}/{delivery_id}/resend"), 409)
    assert "all of its events were delivered" in delivered.errors[0].message
    problem(await api.http.post(f"{PATH}/no-such-delivery/resend"), 404)
    resent = (await delivery.describe()).run_id
    monkeypatch.setattr(WorkflowHandle, "describe", AsyncMock(return_value=before))
    await NotificationGateway(client).resend(delivery_id)
    monkeypatch.undo()
    assert (await delivery.describe()).run_id == resent


async def _give_up(client: Client, receiver: Receiver, production_id: str, delivery_id: str) -> None:
    """A delivery of three events, of which the receiver takes the third alone."""
    receiver.answer = lambda got: answer(204 if json.loads(got.body)["id"] == 3 else 410)
    async with notifying_with(client):
        for events in ((event(3),), (event(1), event(2))):
            await client.execute_workflow(
                NotificationWorkflow.run,
                Notification(production_id=production_id, webhook=Webhook(url=address(receiver)), events=events),
                id=keys.notification_workflow_id(delivery_id),
                task_queue=keys.TASK_QUEUE,
            )


async def test_the_command_names_what_it_needs(api: Api) -> None:
    """`resend` without deliveries names the option; with --all and none it posts nothing."""
    assert (await command(api, "resend")).exit_code == 2
    assert (await command(api, "list")).exit_code == 0
