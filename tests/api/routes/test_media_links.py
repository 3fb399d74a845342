"""Links to media on a real S3 server: the bytes of the take, whichever submission stored them."""

import asyncio
import io
import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from PIL import Image

from activities.storage.bucket import Storage
from api.settings import Settings
from api.storage import LINK_SECONDS, Vault
from api.thumbnails import Thumbnails
from deploy.local import Stack
from tests.support.stack import use_s3
from tests.support.waiting import WITHIN
from workflows import keys


@pytest.fixture
def vault(servers: Stack, monkeypatch: pytest.MonkeyPatch) -> Vault:
    use_s3(monkeypatch, servers)
    return Vault(Settings(bucket="tests"))


async def test_a_link_leads_to_the_media_of_the_ledger(vault: Vault, storage: Storage) -> None:
    """Of a take that several attempts uploaded, the link opens the object that its ledger names, and none before."""
    prefix = keys.take_prefix("linked", "still-1", 1)
    assert await vault.take_link("linked", "still-1", 1) is None
    names = [keys.media_key(prefix, "txt", number, attempt) for number, attempt in ((1, "zz"), (2, "aa"), (2, "bb"))]
    for name in names:
        await storage.put_bytes(name, f"of {name}".encode(), "text/plain")
    await storage.put_bytes(f"{prefix}/ledger.json", b'{"state": "claimed"}', "application/json")
    assert await vault.take_link("linked", "still-1", 1) is None
    named = json.dumps({"state": "stored", "take": {"media": {"key": names[1]}}}).encode()
    await storage.put_bytes(f"{prefix}/ledger.json", named, "application/json")
    link = await vault.take_link("linked", "still-1", 1)
    assert link is not None
    async with httpx.AsyncClient(timeout=WITHIN, trust_env=False) as http:
        answer = await http.get(link)
    assert answer.text == f"of {names[1]}"
    assert "still-1-take-1.txt" in answer.headers["content-disposition"]
    assert await vault.take_link("linked", "still-1", 2) is None


async def test_a_thumbnail_is_the_first_picture(
    vault: Vault, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thumbnail is the picture that was stored first, small and upright in its own aspect, and is read once; other
    media, and what does not open, have none."""
    production_id = f"small-{uuid4().hex}"
    thumbnail = Thumbnails(vault).of

    async def put(asset_id: str, extension: str, content: bytes) -> None:
        key = keys.media_key(keys.take_prefix(production_id, asset_id, 1), extension)
        await storage.put_bytes(key, content, "application/octet-stream")

    assert await thumbnail(production_id) is None
    await put("narration-1", "wav", b"RIFF")
    assert await thumbnail(production_id) is None
    for asset_id, size in (("still-2", (1080, 1920)), ("still-1", (64, 64))):
        file = io.BytesIO()
        Image.new("RGBA", size, "red").save(file, "PNG")
        await put(asset_id, "png", file.getvalue())
        await asyncio.sleep(1.1)  # the storage states the time of an object in whole seconds
    found = await thumbnail(production_id)
    assert found is not None
    with Image.open(io.BytesIO(found)) as picture:
        assert (picture.format, picture.size) == ("WEBP", (61, 108))
    assert len(found) < 2_000
    broken = f"{production_id}b"
    await storage.put_bytes(keys.media_key(keys.take_prefix(broken, "still-1", 1), "png"), b"no picture", "image/png")
    assert await thumbnail(broken) is None
    monkeypatch.setattr(vault, "find", None)
    assert await thumbnail(production_id) == found
    assert await thumbnail(broken) is None


async def _link(vault: Vault, storage: Storage, production_id: str) -> str:
    key = keys.media_key(keys.take_prefix(production_id, "still-1", 1), "txt")
    await storage.put_bytes(key, f"of {production_id}".encode(), "text/plain")
    link = await vault.take_link(production_id, "still-1", 1)
    assert link is not None
    return link


async def test_a_link_reads_one_object(vault: Vault, storage: Storage) -> None:
    """A link reads its own object for at most 15 minutes; it opens no other one and permits no write."""
    link, other = await _link(vault, storage, "acme.p1"), await _link(vault, storage, "bolt.p1")
    asked = httpx.URL(link)
    assert int(asked.params["X-Amz-Expires"]) <= 900
    async with httpx.AsyncClient(timeout=WITHIN, trust_env=False) as http:
        assert (await http.get(link)).text == "of acme.p1"
        theirs = asked.copy_with(path=httpx.URL(other).path)
        refused = [
            await http.get(theirs),
            await http.get(asked.copy_set_param("X-Amz-Expires", 90_000)),
            await http.get(asked.copy_remove_param("X-Amz-Signature")),
            *[await http.request(method, link, content=b"mine") for method in ("PUT", "POST", "DELETE")],
        ]
        assert {answer.status_code for answer in refused} <= {400, 403, 405}
        assert (await http.get(other)).text == "of bolt.p1"
        assert (await http.get(link)).text == "of acme.p1"


async def test_a_link_expires(vault: Vault, storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link that was made 15 minutes ago opens nothing."""
    key = httpx.URL(await _link(vault, storage, "acme.p2")).path.partition("/tests/")[2]
    then = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=LINK_SECONDS - 60)
    async with httpx.AsyncClient(timeout=WITHIN, trust_env=False) as http:
        for at, status in ((then, 200), (then - timedelta(seconds=62), 403)):
            monkeypatch.setattr("botocore.auth.get_current_datetime", lambda at=at: at)
            assert (await http.get(await vault.link(key, "still.txt"))).status_code == status


@pytest.mark.parametrize("name", ["../../../bolt.p3/manifest.json", "../../bolt.p3/manifest.json", "/manifest.json"])
async def test_a_file_name_stays_in_its_revision(vault: Vault, storage: Storage, name: str) -> None:
    """The name of a file of a revision stays in its revision, whatever dots and slashes it has."""
    await storage.put_bytes(keys.manifest_key("bolt.p3"), b"{}", "application/json")
    await storage.put_bytes(keys.deliverable_key("acme.p3", 1, "content.md"), b"x", "text/markdown")
    assert await vault.found_link(keys.deliverable_key("acme.p3", 1, name), name) is None
    assert await vault.found_link(keys.deliverable_key("acme.p3", 1, "content.md"), "content.md") is not None
