"""The emulated vendor, its provider, and the day whose prices apply."""

from collections.abc import AsyncIterator, Iterator
from datetime import date

import pytest

from activities.providers.google.provider import Google
from tests.activities.providers.google.support import running, that_day
from tests.emulators.google import GoogleEmulator


@pytest.fixture(autouse=True)
def _emulated_prices_are_of_2026(monkeypatch: pytest.MonkeyPatch) -> None:
    that_day(monkeypatch, date(2026, 11, 20))


@pytest.fixture
def emulator() -> Iterator[GoogleEmulator]:
    with GoogleEmulator() as emulator:
        yield emulator


@pytest.fixture
async def google(emulator: GoogleEmulator) -> AsyncIterator[Google]:
    async with running(emulator.env) as google:
        yield google
