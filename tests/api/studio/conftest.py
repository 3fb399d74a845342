"""A browser, and the page with workers that make nothing."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser
from temporalio.client import Client

from activities.storage.bucket import Storage
from deploy.local import Stack
from tests.api.studio.browser import CHROMIUM, MISSING, Site, browsing
from tests.support.fakes import FakeActivities
from tests.support.stack import use_s3


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Debian's chromium; tests that need it are skipped when it is missing."""
    if not CHROMIUM.exists():
        pytest.skip(MISSING)
    async with browsing() as browser:
        yield browser


@pytest.fixture
def fake() -> FakeActivities:
    return FakeActivities(assets=3)


@pytest.fixture
async def site(client: Client, servers: Stack, storage: Storage, fake: FakeActivities) -> AsyncIterator[Site]:
    """The page with workers that return at once, without media."""
    with pytest.MonkeyPatch.context() as patch:
        use_s3(patch, servers)
        fake.accounts = storage
        site = Site(client, {"GREENLIGHT_BUCKET": "tests"})
        async with fake.working(client):
            await site.start()
            yield site
            await site.stop()
