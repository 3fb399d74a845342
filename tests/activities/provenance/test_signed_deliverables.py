"""Deliverables that are signed: films that still play, documents, retries."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from activities.finishing import filesets
from activities.provenance.signer import Signer
from activities.provenance.statements import MODEL_MADE, PARTLY_MODEL_MADE
from activities.storage.bucket import Storage, sha256_of
from api.provenance.reader import read_provenance
from tests.activities.finishing.media import Film, Takes, finished, shot_file, still_file, voice_file
from tests.activities.provenance.signing import make_test_signer
from workflows.activity_io import FinishDeliverable
from workflows.brief import Platform
from workflows.keys import deliverable_key, fileset_of
from workflows.models import Modality
from workflows.provenance.records import SELF_MADE, Edit, Provenance


@pytest.fixture(scope="module")
def signer() -> Signer:
    return make_test_signer()


DECIDED = Provenance(
    plan_digest="e" * 32,
    approvers=("Ada", "Bo"),
    edits=(Edit(at=datetime(2026, 11, 1, tzinfo=UTC), by="Bo", what="changed prompt of shot-1"),),
)


async def film_request(storage: Storage, name: str, tmp_path: Path, provider: str = "runway") -> FinishDeliverable:
    takes = Takes(storage, name)
    await takes.add("script", Modality.TEXT, "script", b"# The light", "text/markdown", provider=provider)
    for number in (1, 2):
        source = voice_file(tmp_path / f"v{number}.wav", 0.8)
        await takes.add(f"narration-{number}", Modality.AUDIO, "narration", source, "audio/wav", provider=provider)
        source = shot_file(tmp_path / f"s{number}.mp4", hue=number * 80)
        tied = (f"narration-{number}",)
        await takes.add(
            f"shot-{number}", Modality.VIDEO, "shot", source, "video/mp4", depends_on=tied, provider=provider
        )
    return takes.request(Platform.VIDEO).model_copy(update={"provenance": DECIDED})


async def test_a_signed_film_plays(storage: Storage, signer: Signer, tmp_path: Path) -> None:
    """A signed film has the pictures, sound, captions, chapters and the index at the front of an unsigned one, and
    states how it was made; its contact sheet is signed too, and the texts next to it are listed by their digests."""
    request = await film_request(storage, "signed-film", tmp_path)
    takes = Takes(storage, "signed-film")
    _, plain_files = await finished(takes, request, tmp_path)
    deliverable, files = await finished(takes, request, tmp_path, signer)
    plain, film = Film(plain_files["deliverable.mp4"]), Film(files["deliverable.mp4"])
    assert film.data.index(b"moov") < film.data.index(b"mdat")
    assert [bytes(p.planes[0]) for p in film.pictures] == [bytes(p.planes[0]) for p in plain.pictures]
    assert (film.loudness, film.subtitles(), film.chapters) == (plain.loudness, plain.subtitles(), plain.chapters)
    assert film.comment == "AI-generated content, made with Greenlight"

    found = read_provenance(io.BytesIO(film.data), "video/mp4")
    assert (found.state, found.signed_by, found.source_types) == ("valid", SELF_MADE, (MODEL_MADE,))
    known = found.statement
    assert known is not None
    assert (known.plan_digest, known.approvers, known.edits) == (DECIDED.plan_digest, DECIDED.approvers, DECIDED.edits)
    expected = [(f.asset.asset_id, 1, "runway", "any", f.take.media.sha256) for f in request.assets]
    assert [(i.asset_id, i.take, i.provider, i.model, i.sha256) for i in known.ingredients] == expected
    texts = {
        name: sha256_of(data)
        for name, data in files.items()
        if name.endswith((".vtt", ".srt", ".md", ".otio", ".json"))
    }
    assert known.others == texts
    assert read_provenance(io.BytesIO(files["contact-sheet.png"]), "image/png").state == "valid"

    signed = {f.name: f.signed_by for f in deliverable.files if f.signed_by}
    assert signed == {"deliverable.mp4": SELF_MADE, "contact-sheet.png": SELF_MADE}
    assert deliverable.provenance == f"deliverable.mp4, contact-sheet.png signed by {SELF_MADE}"
    unsigned = {f.name: f.media.unsigned_sha256 for f in deliverable.files if f.media.unsigned_sha256}
    assert unsigned == {name: sha256_of(plain_files[name]) for name in signed}
    lines = [(line.name, line.text) for line in found.lines]
    assert ("Approved by", "Bo") in lines
    assert ("Edit", "2026-11-01 00:00 Bo: changed prompt of shot-1") in lines


async def test_a_retry_signs_nothing_again(
    storage: Storage, signer: Signer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second attempt, after the first stored all files, returns the same deliverable and stores nothing; one that
    finds a part of them stores its own."""
    request = await film_request(storage, "signed-twice", tmp_path)
    takes = Takes(storage, "signed-twice")
    first, _ = await finished(takes, request, tmp_path, signer)
    folder = deliverable_key("signed-twice", 1, "")
    stored = await storage.list_keys(folder)
    assert (await finished(takes, request, tmp_path, signer))[0] == first
    assert await storage.list_keys(folder) == stored

    await storage.delete(first.files[1].media.key)
    again, files = await finished(takes, request, tmp_path, signer)
    assert {fileset_of(f.media.key) for f in again.files}.isdisjoint({fileset_of(f.media.key) for f in first.files})
    assert read_provenance(io.BytesIO(files["deliverable.mp4"]), "video/mp4").state == "valid"
    other = request.model_copy(update={"provenance": Provenance(plan_digest="0" * 32)})
    assert (await finished(takes, other, tmp_path, signer))[0].files[0].media.key not in keys_of(first, again)
    monkeypatch.setattr(Signer, "sign_now", lambda *_: 1 / 0)
    assert (await finished(takes, request, tmp_path, signer))[0] == again


def keys_of(*deliverables: object) -> set[str]:
    return {f.media.key for each in deliverables for f in each.files}  # type: ignore[attr-defined]


async def test_a_document_keeps_the_signatures_of_its_takes(storage: Storage, signer: Signer, tmp_path: Path) -> None:
    """The picture in a document carries the signature of its take; one that was stored unsigned is signed now, and a
    person's own file is signed as opened, without a claim that a model made it."""
    takes = Takes(storage, "signed-document")
    data = still_file(tmp_path / "a.png", "red").read_bytes()
    await takes.add("text-1", Modality.TEXT, "body", b"Words.", "text/markdown", provider="openai")
    await takes.add("still-1", Modality.IMAGE, "still", data, "image/png", provider="openai")
    await takes.add("still-2", Modality.IMAGE, "still", data, "image/png", provider="upload")
    deliverable, files = await finished(takes, takes.request(Platform.DESIGN), tmp_path, signer)
    one = read_provenance(io.BytesIO(files["images/still-1.png"]), "image/png")
    own = read_provenance(io.BytesIO(files["images/still-2.png"]), "image/png")
    sheet = read_provenance(io.BytesIO(files["contact-sheet.png"]), "image/png")
    assert [each.state for each in (one, own, sheet)] == ["valid"] * 3
    assert (one.source_types, own.source_types, sheet.source_types) == ((MODEL_MADE,), (), (PARTLY_MODEL_MADE,))
    assert own.statement is not None
    assert own.statement.ai_generated == "no"
    assert [f.name for f in deliverable.files if not f.signed_by] == ["content.md", "content.html"]


async def test_without_a_certificate_the_record_says_so(storage: Storage, tmp_path: Path) -> None:
    """A worker without a certificate delivers the same files unsigned; the record names the variable, and the notes
    for people stay as they are."""
    takes = Takes(storage, "unsigned")
    await takes.add("text-1", Modality.TEXT, "body", b"Words.", "text/markdown")
    deliverable, _ = await finished(takes, takes.request(Platform.COPY), tmp_path)
    assert deliverable.provenance == filesets.NOT_SIGNED
    assert "GREENLIGHT_C2PA_CERTIFICATE" in deliverable.provenance
    assert deliverable.notes == ()
    assert not any(f.signed_by or f.media.unsigned_sha256 for f in deliverable.files)


async def test_a_failing_signer_stops_no_delivery(
    storage: Storage, signer: Signer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that cannot be signed are delivered unsigned, each with a note for people."""
    monkeypatch.setattr(Signer, "sign_now", lambda *_: 1 / 0)
    takes = Takes(storage, "failing")
    data = still_file(tmp_path / "a.png", "red").read_bytes()
    await takes.add("still-1", Modality.IMAGE, "still", data, "image/png")
    deliverable, files = await finished(takes, takes.request(Platform.DESIGN), tmp_path, signer)
    assert files["images/still-1.png"] == data
    assert "images/still-1.png is not signed: division by zero" in deliverable.notes
    assert not any(f.signed_by for f in deliverable.files)
