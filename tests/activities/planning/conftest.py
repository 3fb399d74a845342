"""A vendor that bills, and the activities of a worker that plans with it."""

from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest

from activities.production import Activities
from activities.storage.bucket import Storage
from tests.activities.planning.money.billed_planner import answer, desk
from tests.emulators import openai_bodies
from tests.emulators.openai import OpenAIEmulator


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIEmulator]:
    """Bills about a third of the maximum cost of a request."""
    monkeypatch.setattr(openai_bodies, "CHAT_TOKENS", (1_000, 5_000))
    with OpenAIEmulator(answer) as emulator:
        yield emulator
    assert emulator.problems == []


@pytest.fixture
def tenant() -> str:
    """A tenant whose accounts no other test uses."""
    return f"t{uuid4().hex[:12]}"


@pytest.fixture
async def activities(storage: Storage, vendor: OpenAIEmulator) -> AsyncIterator[Activities]:
    async with desk(storage, vendor) as made:
        yield made
