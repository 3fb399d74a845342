"""The emulated vendor."""

from collections.abc import Iterator

import pytest

from tests.emulators.runway import RunwayEmulator


@pytest.fixture
def emulator() -> Iterator[RunwayEmulator]:
    with RunwayEmulator() as running:
        yield running
    assert running.problems == []
