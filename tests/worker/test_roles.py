"""The roles of workers: which task queues a worker polls."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from temporalio.client import Client

from activities.production import Activities
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from activities.webhooks import Notifier
from worker.nexus import NexusRefused, nexus_handlers
from worker.settings import WorkerSettings
from worker.workers import RoleRefused, make_workers
from workflows import keys


@pytest.fixture(autouse=True)
def _only_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that is made and not run keeps its queue from the next one, so these are only names of queues."""
    monkeypatch.setattr(
        "worker.workers.Worker", lambda _client, *, task_queue, **_: SimpleNamespace(task_queue=task_queue)
    )


def queues(client: Client, storage: Storage, roles: str, nexus: Sequence[Any] = (), **more: str) -> set[str]:
    """The task queues that a worker with two providers polls."""
    settings = WorkerSettings.model_validate({"roles": roles, **more})
    made = Activities(storage, {}, ActivitySettings())
    return {
        worker.task_queue
        for worker in make_workers(client, made, ["openai", "previz"], settings, Notifier(ActivitySettings()), nexus)
    }


async def test_a_worker_polls_the_queues_of_its_roles(client: Client, storage: Storage) -> None:
    """Without roles a worker polls every queue; with roles only theirs."""
    providers = {keys.provider_queue(name) for name in ("openai", "previz")}
    assert queues(client, storage, "") == {keys.TASK_QUEUE, keys.RENDER_QUEUE, keys.NOTIFY_QUEUE, *providers}
    assert queues(client, storage, "workflows, previz") == {keys.TASK_QUEUE, keys.provider_queue("previz")}
    assert queues(client, storage, "render") == {keys.RENDER_QUEUE}


async def test_nexus_has_a_queue_where_endpoints_are_named(client: Client, storage: Storage) -> None:
    """The callers of endpoints have a queue, their own or the main one; the file of keys has to be set."""
    assert "nexus" in queues(client, storage, "", nexus=[object()])
    assert queues(client, storage, "nexus", nexus=[object()]) == {"nexus"}
    assert "nexus" not in queues(client, storage, "", nexus=[object()], nexus_queue=keys.TASK_QUEUE)
    settings = WorkerSettings.model_validate({"nexus_endpoints": "marketing=north"})
    with pytest.raises(NexusRefused, match="GREENLIGHT_API_KEYS"):
        nexus_handlers(client, settings, {})


async def test_an_unknown_role_is_refused(client: Client, storage: Storage) -> None:
    """A role that is no queue and no enabled provider is refused with those that there are."""
    with pytest.raises(RoleRefused, match=r"'runway'.* workflows, render, notify, openai, previz"):
        queues(client, storage, "workflows, runway")
