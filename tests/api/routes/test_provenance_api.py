"""The provenance of stored files over the API."""

import pytest

from activities.storage.bucket import Storage
from api.routes import downloads
from tests.activities.finishing.media import still_file
from tests.activities.provenance.signed_media import KINDS, statement, tampered
from tests.activities.provenance.signing import make_test_signer
from tests.support import fakes
from tests.support.servers.serving import Api, path, problem
from workflows import keys
from workflows.models import Media
from workflows.provenance.records import SELF_MADE


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    picture = still_file(tmp_path_factory.mktemp("picture") / "a.png", "red").read_bytes()
    made = make_test_signer().sign_now(picture, "image/png", statement(plan_digest="a" * 32))
    assert isinstance(made, bytes)
    return made


async def test_a_signed_file_is_described(
    api: Api, storage: Storage, signed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of a deliverable, and a take, are read from the storage: valid, changed, or with only its manifest read
    where it is large; what does not exist is a 404."""
    monkeypatch.setattr(fakes, "_media", lambda key, _="": Media(key=key, bytes=5, sha256="a", media_type="image/png"))
    production_id = await api.delivered()
    deliverable, take = path(production_id, "provenance"), path(production_id, "assets/text-1/takes/1/provenance")
    problem(await api.http.get(deliverable), 404)
    file = keys.deliverable_key(production_id, 1, "content.md")
    await storage.put_bytes(file, signed, "image/png")
    found = (await api.http.get(deliverable)).json()
    assert (found["state"], found["checked"], found["signed_by"]) == ("valid", True, SELF_MADE)
    assert found["statement"]["plan_digest"] == "a" * 32
    assert found["lines"][:2] == [
        {"name": "Signature", "text": "valid"},
        {"name": "Signed by", "text": SELF_MADE},
    ]
    await storage.put_bytes(
        f"{keys.take_prefix(production_id, 'text-1', 1)}/media.txt",
        tampered(signed, KINDS["image/png"])[1],
        "image/png",
    )
    assert (await api.http.get(take)).json()["state"] == "invalid"

    monkeypatch.setattr(downloads, "CHECKED_BYTES", 100)
    large = (await api.http.get(deliverable)).json()
    assert (large["state"], large["checked"]) == ("valid", False)
    assert large["lines"][0]["text"].startswith("read, not checked")
    for wrong in ("assets/text-1/takes/9/provenance", "assets/text-9/takes/1/provenance", "provenance?file=x"):
        problem(await api.http.get(path(production_id, wrong)), 404)


async def test_a_production_without_a_deliverable(api: Api) -> None:
    """Before the delivery the answer is a conflict, with the remedy."""
    production_id, _ = await api.planned()
    assert "done" in problem(await api.http.get(path(production_id, "provenance")), 409).detail
