"""A studio with keys and the server of tools."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.client import Client

from activities.storage.bucket import Storage
from deploy.local import Stack
from tests.api.mcp.studio import Studio, studio


@pytest.fixture
async def house(client: Client, servers: Stack, storage: Storage, tmp_path: Path) -> AsyncIterator[Studio]:
    """Each test has a tenant of its own."""
    async with studio(client, servers, storage, tmp_path, f"t{uuid4().hex[:8]}") as made:
        yield made
