"""Links to media on a real S3 server: the bytes of the take, whichever submission brought them."""

import httpx
import pytest

from activities.storage import Storage
from api.media import Vault
from api.settings import Settings
from deploy.local import Stack
from workflows import keys


@pytest.fixture
def vault(servers: Stack, monkeypatch: pytest.MonkeyPatch) -> Vault:
    for name, value in servers.env.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    return Vault(Settings(bucket="tests"))


async def test_a_link_leads_to_the_last_submission(vault: Vault, storage: Storage) -> None:
    """Of a take that was submitted again the last one's media is the take, also past the ninth."""
    prefix = keys.take_prefix("linked", "still-1", 1)
    assert await vault.take_link("linked", "still-1", 1) is None
    for number in (1, 2, 10):
        body = f"of submission {number}".encode()
        await storage.put_bytes(keys.media_key(prefix, number, "txt"), body, "text/plain")
        await storage.put_bytes(f"{prefix}/ledger.json", b"{}", "application/json")
        link = await vault.take_link("linked", "still-1", 1)
        assert link is not None
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.get(link)
        assert answer.content == body
        assert "still-1-take-1.txt" in answer.headers["content-disposition"]
    assert await vault.take_link("linked", "still-1", 2) is None
