"""A closed production in another installation: exported, imported, and reopened there."""

from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.client import Client

from activities.storage import inventory
from activities.storage.archive import ArchiveRefused
from activities.storage.bucket import Storage
from deploy.local import Stack
from tests.support.product import previz_workers
from tests.support.servers.serving import Api, serving
from tests.support.stack import use_s3
from tests.workflows.production.repeats import forget
from worker.operations.connection import OperationRefused
from worker.operations.transfer import export_production, import_production
from workflows import keys


async def test_a_production_goes_on_in_another_cluster(
    client: Client, servers: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that a delivered production has is in the file; where neither Temporal nor the bucket knows it, it is found
    after the import with its deliverable, and a new take of an asset makes its second revision."""
    use_s3(monkeypatch, servers)
    here, there = [f"transfer-{uuid4().hex[:8]}" for _ in range(2)]
    old, new = Storage(here), Storage(there)
    await old.ensure_bucket()
    await new.ensure_bucket()
    async with previz_workers(client, servers, old), serving(client, {"GREENLIGHT_BUCKET": here}) as api:
        production_id, digest = await api.planned()
        job = await _put(old, keys.job_key("openai", "job-1"))
        with pytest.raises(OperationRefused, match="is open"):
            await export_production(client, old, production_id, tmp_path / "early.tar")
        await api.approve(production_id, digest)
        assert (await api.events(production_id))[-1].name == "done"
        first = await _deliverable(api, production_id)
    file = tmp_path / "production.tar"
    await forget(client, keys.workflow_id(production_id))  # the other cluster does not know it
    count = await export_production(client, old, production_id, file)
    own = {each.key for each in await inventory.list_objects(old, keys.production_prefix(production_id))}
    assert count == len(own)
    with pytest.raises(OperationRefused, match="exists"):
        await export_production(client, old, production_id, file)

    assert await import_production(client, new, file) == production_id
    assert await import_production(client, new, file) == production_id, "a repetition changes nothing"
    assert {each.key for each in await inventory.list_objects(new, "")} == own
    assert job not in own, "another production's job stays"
    async with previz_workers(client, servers, new), serving(client, {"GREENLIGHT_BUCKET": there}) as api:
        assert (await api.get(production_id))["status"] == "delivered"
        assert await _deliverable(api, production_id) == first
        asset = (await api.get(production_id))["assets"][0]["asset_id"]
        path = f"/api/v1/productions/{production_id}/assets/{asset}/regenerate"
        assert (await api.http.post(path, json={"prompt": "Say it shorter."})).status_code in (200, 202)
        assert (await api.events(production_id))[-1].name == "done"
        found = await api.get(production_id)
        assert (found["status"], found["deliverable"]["revision"]) == ("delivered", 2)

    text = await new.get_bytes(keys.manifest_key(production_id))
    assert text is not None
    with pytest.raises(ArchiveRefused, match="another object"):
        await import_production(client, new, file)
    assert await new.get_bytes(keys.manifest_key(production_id)) == text
    file.write_bytes(file.read_bytes()[:-20_000])
    with pytest.raises(ArchiveRefused):
        await import_production(client, new, file)


async def _put(storage: Storage, key: str) -> str:
    await storage.put_bytes(key, b"{}", "application/json")
    return key


async def _deliverable(api: Api, production_id: str) -> bytes:
    answer = await api.http.get(f"/api/v1/productions/{production_id}/deliverable", follow_redirects=True)
    assert answer.status_code == 200, answer.text
    return answer.content
