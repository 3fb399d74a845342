"""Names and the addresses that they resolve to."""

import asyncio
import socket
from collections.abc import Sequence
from typing import Any

import pytest

from tests.support.servers.receiver import Named


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> Named:
    """Set the addresses of names, one list for each lookup; the result is the list of names that were looked up."""

    def name(*answers: Sequence[str]) -> list[str]:
        lookups: list[str] = []

        async def getaddrinfo(host: str, port: int, **_: Any) -> list[Any]:
            found = answers[min(len(lookups), len(answers) - 1)]
            lookups.append(host)
            if not found:
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
        return lookups

    return name
