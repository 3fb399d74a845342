"""The product's own activities in the process of a test."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from types import MappingProxyType

import pytest
from temporalio.client import Client

from activities.production import Activities
from activities.providers.previz.provider import Previz
from activities.providers.protocol import Provider
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from deploy.local import Stack
from tests.support.stack import use_s3
from worker.settings import WorkerSettings
from worker.workers import make_workers


@asynccontextmanager
async def previz_workers(
    client: Client,
    servers: Stack,
    storage: Storage,
    settings: ActivitySettings = ActivitySettings(),  # noqa: B008  # no test changes it
    vendors: Mapping[str, Provider] = MappingProxyType({}),
) -> AsyncIterator[None]:
    """All workers of the product, with previz and these vendors; within it, this process uses the shared S3."""
    with pytest.MonkeyPatch.context() as patch:
        use_s3(patch, servers)
        providers: dict[str, Provider] = {"previz": Previz({}), **vendors}
        activities = Activities(storage, providers, settings)
        async with AsyncExitStack() as stack:
            for worker in make_workers(client, activities, providers, WorkerSettings(graceful_shutdown_seconds=0)):
                await stack.enter_async_context(worker)
            yield
