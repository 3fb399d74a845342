"""References of whole productions, through the API and the command."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from temporalio.client import Client
from temporalio.worker import Replayer
from typer.testing import CliRunner

from activities.storage.bucket import Storage
from api.cli.main import app
from deploy.local import Stack
from tests.activities.references.pictures import at, picture, served
from tests.support.fakes import FakeActivities
from tests.support.product import previz_workers
from tests.support.productions import Productions, names, refusal, snapshot, until, update
from tests.support.servers.receiver import Receiver
from tests.support.servers.serving import Api, patient, problem, serving
from tests.support.stack import use_s3
from workflows import keys
from workflows.brief import Reference
from workflows.events import Snapshot
from workflows.production.workflow import ProductionWorkflow
from workflows.requests import Approval, Decision, EditOp, PlanEdit
from workflows.runtime.data_converter import data_converter

# A whole production


@pytest.fixture
async def studio(client: Client, servers: Stack, storage: Storage) -> AsyncIterator[Api]:
    """The API over the product's own activities, with previz as the only provider."""
    async with previz_workers(client, servers, storage):
        with patient():
            async with serving(client, {"GREENLIGHT_BUCKET": "tests"}) as api:
                yield api


async def test_a_post_is_made_from_references(studio: Api, site: Receiver, client: Client, storage: Storage) -> None:
    """A posted and a downloaded picture are used in the plan, drawn into the frame and kept in the manifest."""
    site.answer = lambda _: served(picture("JPEG"))
    posted = (await studio.http.post("/api/v1/references", content=picture())).json()
    assert posted["bytes"] == len(picture())
    sources = [{"source": posted["source"], "name": "bottle"}, {"source": at(site)}]
    production_id = await studio.delivered(platform="social_post", references=sources, modalities=["image"])
    found = await storage.get_bytes(keys.manifest_key(production_id))
    assert found is not None
    manifest = Snapshot.model_validate_json(found[0])
    assert [m.key.rpartition("/")[2] for m in manifest.references] == ["1.png", "2.jpg"]
    state = manifest.assets["visual"]
    assert state.take is not None
    assert state.take.inputs == {"reference-1": 1, "reference-2": 1}
    frame = await storage.get_bytes(state.take.media.key)
    assert frame is not None
    with Image.open(io.BytesIO(frame[0])) as drawn:
        whole = drawn.convert("RGB").tobytes()
    near = sum(whole[i] > 240 and whole[i + 1] < 16 and whole[i + 2] > 184 for i in range(0, len(whole), 3))
    assert near > 4_000
    again = await studio.http.post(f"/api/v1/productions/{production_id}/assets/visual/regenerate", json={})
    assert again.status_code == 202, again.text
    await studio.events(production_id, manifest.events[-1].id)
    view = await studio.get(production_id)
    assert [(a["takes"], a["stale"]) for a in view["assets"] if a["asset_id"] == "visual"] == [(2, False)]
    handle = client.get_workflow_handle(keys.workflow_id(production_id))
    replayer = Replayer(workflows=[ProductionWorkflow], data_converter=data_converter)
    await replayer.replay_workflow(await handle.fetch_history())


async def test_a_preview_shows_references(studio: Api) -> None:
    """The free preview of a plan is made from the same references."""
    posted = (await studio.http.post("/api/v1/references", content=picture())).json()
    sources = [{"source": posted["source"]}]
    production_id, _ = await studio.planned(platform="social_post", references=sources, modalities=["image"])
    started = await studio.http.post(f"/api/v1/productions/{production_id}/preview")
    assert (await studio.events(started.json()["production_id"]))[-1].name == "done"
    takes = await studio.http.get(f"/api/v1/productions/{started.json()['production_id']}/assets/visual/takes")
    assert takes.json()["takes"][0]["inputs"] == {"reference-1": 1}


async def test_a_bad_reference_ends_planning(studio: Api) -> None:
    """Planning fails with the reference's name and the remedy, before anything is drafted."""
    production_id = await studio.start(references=[{"source": "stored:references/gone"}])
    failed = await studio.until(production_id, "plan_failed")
    assert "references[0]: 'references/gone' does not exist" in failed.data["data"]["reason"]
    assert (await studio.get(production_id))["status"] == "failed"


async def test_references_are_ingested_once(productions: Productions, client: Client) -> None:
    """A revision, an edit and another take name the same references, which are not ingested again."""
    async with FakeActivities(assets=1).working(client):
        handle, plan = await productions.planned(references=[{"source": "https://x.example/a.png"}])
        edit = EditOp(op="change", asset_id="text-1", depends_on=("reference-1",))
        wrong = EditOp(op="change", asset_id="text-1", depends_on=("reference-2",))
        planned_edit = PlanEdit(plan_digest=plan.digest, edits=(wrong,))
        assert (await refusal(update(handle, ProductionWorkflow.edit_plan, planned_edit))).kind == "invalid_edit"
        planned_edit = PlanEdit(plan_digest=plan.digest, edits=(edit,))
        edited = await update(handle, ProductionWorkflow.edit_plan, planned_edit)
        approval = Approval(plan_digest=edited.digest, approver="ana")
        await update(handle, ProductionWorkflow.decide, Decision(approve=approval))
        seen = await until(handle, "delivered")
        assert seen.assets["text-1"].takes[0].inputs == {"reference-1": 1}
        assert names(await snapshot(handle))[-1] == "done"
    history = await handle.fetch_history()
    types = [e.activity_task_scheduled_event_attributes.activity_type.name for e in history.events]
    assert types.count("take_in_references") == 1


# Over HTTP and by the command


@pytest.fixture
async def api(client: Client, servers: Stack) -> AsyncIterator[Api]:
    with pytest.MonkeyPatch.context() as patch:
        use_s3(patch, servers)
        async with FakeActivities().working(client), serving(client, {"GREENLIGHT_BUCKET": "tests"}) as api:
            yield api


async def test_posting_a_picture(api: Api, storage: Storage) -> None:
    """A file is stored under its own key; an unknown, empty or too large one is refused and not kept."""
    answered = await api.http.post("/api/v1/references", content=picture("WEBP"))
    assert answered.status_code == 201
    source = answered.json()["source"]
    kept = await storage.get_bytes(source.removeprefix("stored:"))
    assert kept is not None
    assert kept[0] == picture("WEBP")
    Reference(source=source)
    before = storage._admin.list_objects_v2(Bucket="tests", Prefix=keys.REFERENCES)["KeyCount"]
    for wrong, words in ((b"\x00\x01\x02 and so on", "is of no known type"), (b"", "is empty")):
        assert words in problem(await api.http.post("/api/v1/references", content=wrong), 422).detail
    too_much: list[bytes | AsyncIterator[bytes]] = [b"x" * 50_000_001, large()]
    for content in too_much:
        assert "50,000,000 bytes" in problem(await api.http.post("/api/v1/references", content=content), 413).detail
    assert storage._admin.list_objects_v2(Bucket="tests", Prefix=keys.REFERENCES)["KeyCount"] == before


async def large() -> AsyncIterator[bytes]:
    for _ in range(51):
        yield b"x" * 1_000_000


async def test_an_invalid_reference_is_refused_with_its_field(api: Api) -> None:
    """A brief with an invalid reference is refused with the field and the accepted forms."""
    body = {"text": "x", "platform": "copy", "references": [{"source": "https://x.example/a"}, {"source": "/etc/x"}]}
    found = problem(await api.http.post("/api/v1/productions", json=body), 422)
    assert found.errors[0].field == "references[1].source"
    assert "https://" in found.errors[0].remedy


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "bottle.png").write_bytes(picture())
    (tmp_path / "notes.bin").write_bytes(b"\x00\x01 nothing known")
    return tmp_path


async def test_references_by_the_command(api: Api, files: Path) -> None:
    """--reference sends a file or names an address; a missing file or one of no known type starts nothing."""

    async def plan(*arguments: str) -> Any:
        command = ["--url", str(api.http.base_url), "plan", "Say it.", "--platform", "copy", "--json", *arguments]
        return await asyncio.to_thread(CliRunner().invoke, app, command)

    done = await plan("--reference", str(files / "bottle.png"), "--reference", "https://x.example/a.png")
    assert done.exit_code == 0, done.output
    first, second = json.loads(done.stdout)["brief"]["references"]
    assert first["source"].startswith("stored:references/")
    assert (first["name"], second["source"]) == ("bottle", "https://x.example/a.png")
    missing = await plan("--reference", "nothing.png")
    assert missing.exit_code == 2
    assert "there is no file 'nothing.png'" in " ".join(missing.output.split())
    wrong = await plan("--reference", str(files / "notes.bin"))
    assert wrong.exit_code == 1
    assert "is of no known type" in " ".join(wrong.output.split())
    used = await plan("--reference", f"{files / 'bottle.png'}:style")
    assert json.loads(used.stdout)["brief"]["references"][0]["use"] == "style"
    nine = await plan(*["--reference", "https://x.example/a.png"] * 9)
    assert "at most 8" in " ".join(nine.output.split())
