"""The emulated vendor, its provider, and requests to it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from activities.providers.openai.provider import OpenAI
from tests.activities.providers.openai.support import Asks, at
from tests.emulators.openai import OpenAIEmulator


@pytest.fixture
def vendor() -> Iterator[OpenAIEmulator]:
    with OpenAIEmulator() as emulator:
        yield emulator
    assert emulator.problems == []


@pytest.fixture
async def openai(vendor: OpenAIEmulator) -> AsyncIterator[OpenAI]:
    provider = at(vendor)
    yield provider
    await provider.close()


@pytest.fixture
def asks(tmp_path: Path) -> Asks:
    return Asks(tmp_path)
