"""The vendor and the workers of these tests."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from temporalio.client import Client

from activities.storage.bucket import Storage
from activities.takes import paid
from activities.takes.slots import checker
from tests.worker.limits.stills import LIMITED, Jobs, Stills, workflow_worker
from worker.limits import apply_limits
from workflows.slots import state


@pytest.fixture
def vendor() -> Jobs:
    return Jobs()


@pytest.fixture
async def stills(
    client: Client, storage: Storage, vendor: Jobs, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stills]:
    """A worker of workflows; tests start the workers of the vendor."""
    monkeypatch.setattr(paid, "poll_delay", lambda *_: timedelta(seconds=0.2))
    made = Stills(storage, {"vendor": vendor}, LIMITED)
    await apply_limits(client, ["vendor"], LIMITED.in_flight)
    async with workflow_worker(client, made):
        yield made


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check slots soon. The history of such a pool replays only with these times."""
    for name in ("FIRST_CHECK", "LAST_CHECK", "ABANDONED_CHECK"):
        monkeypatch.setattr(state, name, timedelta(seconds=0.5))
    monkeypatch.setattr(checker, "STALE", timedelta(seconds=0.5))
