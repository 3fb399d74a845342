"""The API on a real Temporal server, with workers whose activities make nothing."""

from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client

from activities.storage.bucket import Storage
from deploy.local import Stack
from tests.support.fakes import FakeActivities
from tests.support.servers.serving import Api, serving
from tests.support.stack import use_s3


@pytest.fixture
def fake() -> FakeActivities:
    return FakeActivities()


@pytest.fixture
async def api(client: Client, servers: Stack, storage: Storage, fake: FakeActivities) -> AsyncIterator[Api]:
    """The API and workers."""
    environ = {"GREENLIGHT_BUCKET": "tests", "GREENLIGHT_TEMPORAL_UI_URL": "http://ui.example"}
    with pytest.MonkeyPatch.context() as patch:
        use_s3(patch, servers)
        async with fake.working(client), serving(client, environ) as api:
            yield api
