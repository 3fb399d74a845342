"""Films as archives for editing software, from a real S3 server over HTTP, and by the command."""

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from temporalio.client import Client

from activities.storage.bucket import Storage
from api.storage import Vault
from api.views.exports import ExportFormat
from deploy.local import Stack
from tests.activities.finishing.media import NOW, Film, Takes, finished, shot_file, voice_file
from tests.api.cli.command import command_at
from tests.support.servers.serving import Api, problem, serving
from tests.support.stack import use_s3
from tests.support.waiting import eventually
from workflows import keys
from workflows.brief import Platform
from workflows.cut import Card, Cut
from workflows.events import AssetState, AssetStatus, ProductionStatus, Snapshot
from workflows.models import Deliverable, Modality

FILES = {
    ExportFormat.OTIO: {"timeline.otio"},
    ExportFormat.FCPXML: {"timeline.otio", "timeline.fcpxml"},
    ExportFormat.FCP7XML: {"timeline.otio", "timeline.xml"},
    ExportFormat.EDL: {"timeline.otio", "V1.edl", "V2.edl", "A1.edl", "markers.edl"},
}


@pytest.fixture
async def api(client: Client, servers: Stack) -> AsyncIterator[Api]:
    """The API without workers; a tenant has one transfer at a time."""
    environ = {"GREENLIGHT_BUCKET": "tests", "GREENLIGHT_TENANT_TRANSFERS": "1"}
    with pytest.MonkeyPatch.context() as patch:
        use_s3(patch, servers)
        async with serving(client, environ) as api:
            yield api


@dataclass(frozen=True)
class Delivered:
    """A production that is only in the bucket."""

    takes: Takes
    deliverable: Deliverable
    files: dict[str, bytes]

    @property
    def production_id(self) -> str:
        return self.takes.production_id

    async def keep(self, storage: Storage, deliverable: Deliverable | None, as_id: str = "") -> str:
        """Store its manifest, under another id where one is given; return the id."""
        production_id = as_id or self.production_id
        states = {
            a.asset.asset_id: AssetState(status=AssetStatus.COMPLETED, takes=(a.take,), selected=1)
            for a in self.takes.assets
        }
        record = Snapshot(
            production_id=production_id, status=ProductionStatus.DELIVERED, created_at=NOW, updated_at=NOW,
            brief=self.takes.request(Platform.VIDEO).brief, assets=states, deliverable=deliverable,
        )  # fmt: skip
        content = record.model_dump_json().encode()
        await storage.put_bytes(keys.manifest_key(production_id), content, "application/json")
        if deliverable:
            key = keys.deliverable_key(production_id, deliverable.revision, "manifest.json")
            await storage.put_bytes(key, content, "application/json")
        return production_id


@pytest.fixture(scope="module")
async def film(storage: Storage, tmp_path_factory: pytest.TempPathFactory) -> Delivered:
    """A film of two shots, of which the first is held for its narration, with a title and an end card."""
    folder = tmp_path_factory.mktemp("film")
    takes = Takes(storage, "exported")
    for number, seconds in enumerate((1.6, 0.8), start=1):
        spoken = voice_file(folder / "v.wav", seconds)
        await takes.add(f"narration-{number}", Modality.AUDIO, "narration", spoken, "audio/wav")
        shot = shot_file(folder / "s.mp4", hue=number * 80)
        tied = (f"narration-{number}",)
        await takes.add(f"shot-{number}", Modality.VIDEO, "shot", shot, "video/mp4", depends_on=tied, label="L'été")
    cut = Cut(title=Card(text="L'été", seconds=0.5), end_card=Card(text="Fin", seconds=0.5))
    request = takes.request(Platform.VIDEO).model_copy(update={"cut": cut})
    deliverable, files = await finished(takes, request, folder)
    made = Delivered(takes, deliverable, files)
    await made.keep(storage, deliverable)
    return made


def path(production_id: str, **query: Any) -> str:
    return f"/api/v1/productions/{production_id}/export?" + "&".join(f"{n}={v}" for n, v in query.items())


@pytest.mark.parametrize("to", ExportFormat)
async def test_an_archive_has_all_that_an_editor_needs(api: Api, film: Delivered, to: ExportFormat) -> None:
    """The archive has the timeline with as many frames as the film, each take that it refers to, the captions, and a
    guide that names the files."""
    answer = await api.http.get(path(film.production_id, to=to.value))
    assert answer.status_code == 200, answer.text
    assert f'filename="exported-{to.value}.zip"' in answer.headers["content-disposition"]
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    files = {name.removeprefix("exported/"): archive.read(name) for name in archive.namelist()}
    media = {f"media/{name}" for name in ("narration-1.wav", "narration-2.wav", "shot-1.mp4", "shot-2.mp4")}
    texts = {"media/text_1-title.png", "media/text_end-card.png"}
    assert set(files) == {"README.txt", "captions.vtt", "captions.srt"} | FILES[to] | media | texts
    sizes = {Image.open(io.BytesIO(files[name])).size for name in texts}
    assert sizes == {(film.deliverable.files[0].media.width, film.deliverable.files[0].media.height)}
    for each in film.takes.assets:
        name = f"media/{each.asset.asset_id}.{each.take.media.key.rpartition('.')[2]}"
        assert files[name] == await film.takes.storage.read(each.take.media.key, each.take.media.sha256)
    assert files["captions.srt"] == film.files["captions.srt"]
    assert files["timeline.otio"] == film.files["timeline.otio"]
    picture, *_ = json.loads(files["timeline.otio"])["tracks"]["children"]
    frames = sum(int(item["source_range"]["duration"]["value"]) for item in picture["children"])
    assert frames == len(Film(film.files["deliverable.mp4"]).pictures)
    assert all(name in files["README.txt"].decode() for name in FILES[to] | {"captions.vtt"})


async def test_a_reader_that_stops_leaks_nothing(
    api: Api, film: Delivered, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Media is read from the storage as the reader takes it. When the reader stops, the object is closed, and the
    tenant's transfer is free again."""
    large = film.takes.assets[1].take.media
    taken = await storage.read(large.key, large.sha256)
    opened: list[Any] = []
    find = Vault.find

    async def recorded(vault: Vault, key: str) -> Any:
        found = await find(vault, key)
        if found and key == large.key:
            opened.append(found["Body"])
        return found

    monkeypatch.setattr(Vault, "find", recorded)
    await storage.put_bytes(large.key, bytes(40_000_000), "video/mp4")
    try:
        async with api.http.stream("GET", path(film.production_id)) as response:
            assert response.status_code == 200
            async for _ in response.aiter_bytes():
                if opened:
                    break
            assert opened[0].tell() < 30_000_000

        async def closed() -> bool:
            return bool(opened[0]._raw_stream.closed)

        await eventually(closed)
    finally:
        await storage.put_bytes(large.key, taken, "video/mp4")

    async def free() -> bool:
        return (await api.http.get(path(film.production_id))).status_code == 200

    await eventually(free)


async def test_what_cannot_be_exported_is_refused(api: Api, film: Delivered, storage: Storage) -> None:
    """A document, a film without a timeline, a production without a deliverable, an unknown revision or format, and a
    take that is gone are refused with the reason and the remedy, before the archive begins."""
    made = film.deliverable
    document = made.model_copy(update={"files": tuple(f for f in made.files if f.role == "contact-sheet")})
    older = made.model_copy(update={"files": tuple(f for f in made.files if f.role != "timeline")})
    for name, deliverable, status, message in (
        ("document", document, 409, "the deliverable is a document, which has no timeline"),
        ("older", older, 409, "make another revision"),
        ("unmade", None, 409, "wait for the event"),
    ):
        production_id = await film.keep(storage, deliverable, f"exported-{name}")
        refused = problem(await api.http.get(path(production_id, to="edl")), status)
        assert message in refused.detail, name
    assert "there is no revision 7" in problem(await api.http.get(path("exported", revision=7)), 404).detail
    assert "'fcp7xml'" in problem(await api.http.get(path("exported", to="aaf")), 422).errors[0].remedy
    assert problem(await api.http.get(path("exported-nothing")), 404).type.endswith("unknown-production")
    gone = film.takes.assets[1].take.media
    taken = await storage.read(gone.key, gone.sha256)
    await storage.delete(gone.key)
    try:
        assert "media/shot-1.mp4 is not in the storage" in problem(await api.http.get(path("exported")), 404).detail
    finally:
        await storage.put_bytes(gone.key, taken, "video/mp4")


async def test_an_earlier_revision_is_exported(api: Api, film: Delivered, storage: Storage) -> None:
    """An earlier revision is exported with the takes of its own manifest."""
    production_id = await film.keep(storage, film.deliverable, "exported-twice")
    newer = film.deliverable.model_copy(update={"revision": 2, "files": film.deliverable.files[:1]})
    await film.keep(storage, newer, production_id)
    assert (await api.http.get(path(production_id, to="edl"))).status_code == 409
    answer = await api.http.get(path(production_id, to="edl", revision=1))
    assert answer.status_code == 200
    assert f"{production_id}/V1.edl" in zipfile.ZipFile(io.BytesIO(answer.content)).namelist()


async def test_the_command_exports(api: Api, film: Delivered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command writes the archive to its file, whose name is by default the production's; it leaves no file where
    the transfer breaks off, and names the reason of a refusal."""
    greenlight = command_at(str(api.http.base_url))
    monkeypatch.chdir(tmp_path)
    done = await greenlight("export", "exported", "--to", "fcpxml")
    assert done.exit_code == 0, done.output
    assert done.stdout == "exported-fcpxml.zip\n"
    assert zipfile.ZipFile(tmp_path / "exported-fcpxml.zip").testzip() is None
    target = tmp_path / "new" / "film.zip"
    assert (await greenlight("export", "exported", "--to", "edl", "-o", str(target))).exit_code == 0
    assert target.stat().st_size > 0
    wrong = await greenlight("export", "exported", "--to", "edl", "-o", str(tmp_path))
    said = " ".join(wrong.output.replace("│", " ").split())
    assert (wrong.exit_code, "is a folder" in said) == (2, True)
    refused = await greenlight("export", "exported-nothing", "--to", "edl", "-o", str(tmp_path / "none.zip"))
    assert (refused.exit_code, "there is no production" in refused.output) == (1, True)

    async def broken(vault: Vault, body: Any, size: int) -> bytes:
        raise ConnectionError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("api.routes.exports.read_object", lambda *_: asyncio.sleep(0, film.files["timeline.otio"]))
        patch.setattr(Vault, "read", broken)
        lost = await greenlight("export", "exported", "--to", "otio", "-o", str(tmp_path / "lost.zip"))
    assert lost.exit_code == 1, lost.output
    assert _names(tmp_path) == {"exported-fcpxml.zip", "new"}


def _names(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}
