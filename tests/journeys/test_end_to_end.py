"""The whole journey on the real stack, over HTTP: from a brief to files that play, open and match the records."""

import hashlib
import io
import math
import re
from array import array
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import av
import httpx
import pytest
from PIL import Image
from typer.testing import CliRunner

from activities.build import build
from api.cli.main import app
from api.client.client import GreenlightClient
from api.provenance.reader import read_file_provenance
from api.views.production import ProductionView, StreamEvent
from tests.activities.finishing.media import Film, cue_times
from tests.support.film import (
    BRIEF,
    Bucket,
    Watcher,
    approval,
    as_job,
    in_the_log,
    known_keys,
    ledger_key,
    manifest_of,
    planned,
)
from workflows import keys
from workflows.brief import Brief, Platform
from workflows.events import AssetStatus, ProductionStatus, Snapshot
from workflows.provenance.records import SELF_MADE
from workflows.requests import Regenerate


@dataclass(frozen=True)
class Delivered:
    """A production in its state at the first delivery."""

    production: ProductionView
    manifest: Snapshot
    events: list[StreamEvent]
    folder: Path
    stored: frozenset[str]

    @property
    def production_id(self) -> str:
        return self.production.production_id

    def file(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()


def download(
    greenlight: GreenlightClient, bucket: Bucket, events: list[StreamEvent], production_id: str, folder: Path
) -> Delivered:
    """Download all files of a delivered production over HTTP, and list the objects in the bucket."""
    production = greenlight.get(production_id)
    assert production.status is ProductionStatus.DELIVERED, production.error
    assert production.deliverable is not None
    for file in production.deliverable.files:
        greenlight.download_deliverable(production_id, folder / file.name, name=file.name)
    manifest = manifest_of(greenlight, production_id, folder)
    return Delivered(production, manifest, events, folder, frozenset(bucket.objects(production_id)))


@pytest.fixture(scope="module")
def delivered(greenlight: GreenlightClient, bucket: Bucket, tmp_path_factory: pytest.TempPathFactory) -> Delivered:
    """A film of two shots: planned, approved, watched to its end and downloaded."""
    production_id, plan = planned(greenlight, BRIEF)
    with Watcher(greenlight.url, production_id) as watcher:
        greenlight.approve(production_id, approval(plan))
        events = watcher.all()
    return download(greenlight, bucket, events, production_id, tmp_path_factory.mktemp("film"))


@pytest.fixture(scope="module")
def film(delivered: Delivered) -> Film:
    return Film(delivered.file("deliverable.mp4"))


def rms(data: bytes, spans: list[tuple[float, float]]) -> float:
    """Root mean square of a film's sound over these seconds; full scale is 32768."""
    samples = array("h")
    with av.open(io.BytesIO(data), "r") as sound:
        resampler = av.AudioResampler("s16", "mono", 48_000)
        for frame in sound.decode(audio=0):
            for piece in resampler.resample(frame):
                samples.frombytes(bytes(piece.planes[0])[: piece.samples * 2])
    heard = [s for start, end in spans for s in samples[round(start * 48_000) : round(end * 48_000)]]
    return math.sqrt(sum(s * s for s in heard) / len(heard))


def middle(film: Film, seconds: float) -> bytes:
    """A picture without the bands at its top and bottom, where the running timecode is."""
    return film.picture(seconds)[8 * 64 : 28 * 64]


def difference(one: bytes, other: bytes) -> float:
    """Mean difference of two grey pictures, 0 to 255."""
    return sum(abs(a - b) for a, b in zip(one, other, strict=True)) / len(one)


def test_film_plays(delivered: Delivered, film: Film) -> None:
    """The MP4 has H.264, AAC and soft subtitles, lasts as long as its shots together, and can start before it is fully
    loaded."""
    assert film.kinds == ["video", "audio", "subtitle"]
    assert film.format == ("h264", "yuv420p")
    assert film.sound == ("aac", 48_000)
    with av.open(io.BytesIO(film.data), "r") as container:
        assert container.streams.subtitles[0].codec_context.name == "mov_text"
    shots = [a.duration_seconds for a in delivered.production.assets if a.role == "shot"]
    assert len(shots) == 2
    assert film.seconds == pytest.approx(sum(s for s in shots if s), abs=0.2)
    assert film.data.find(b"moov") < film.data.find(b"mdat")


def test_film_moves_and_cuts(film: Film) -> None:
    """The picture itself moves within each shot, without the timecode, and the second shot shows another picture."""
    assert difference(middle(film, 0.3), middle(film, 2.0)) > 2
    assert difference(middle(film, 4.3), middle(film, 6.0)) > 2
    across, within = (
        difference(middle(film, 3.9), middle(film, 4.1)),
        difference(middle(film, 3.7), middle(film, 3.9)),
    )
    assert across > 3 * within


def test_film_speaks_during_its_captions(delivered: Delivered, film: Film) -> None:
    """Each caption is inside the film and its narration is audible while it is shown; between captions it is quiet."""
    times = cue_times(delivered.file("captions.vtt").decode())
    cues = list(zip(times[::2], times[1::2], strict=True))
    assert len(cues) == 2
    assert all(0 <= start < end <= film.seconds for start, end in cues)
    assert times == sorted(times)
    assert [(start, end) for start, end, _ in film.subtitles()] == [pytest.approx(cue, abs=0.01) for cue in cues]
    assert " ".join(text for *_, text in film.subtitles()) == BRIEF.text
    between = [(cues[0][1] + 0.3, cues[1][0] - 0.1), (cues[1][1] + 0.3, film.seconds)]
    for cue in cues:
        assert rms(film.data, [cue]) > 500
        assert rms(film.data, [cue]) > 20 * rms(film.data, between)


def test_files_state_their_origin(greenlight: GreenlightClient, delivered: Delivered) -> None:
    """The film and each take that can be signed are, with the stack's self-made certificate: the film states plan,
    approver and the takes in it, and a take its model. The command, the API and the manifest agree."""
    path, manifest = delivered.folder / "deliverable.mp4", delivered.manifest
    found = read_file_provenance(path)
    assert (found.state, found.signed_by, found.self_made) == ("valid", SELF_MADE, True)
    known = found.statement
    assert known is not None
    assert manifest.plan is not None
    assert (known.plan_digest, known.approvers) == (manifest.plan.digest, ("ana",))
    takes = {a: state.take for a, state in manifest.assets.items() if state.take}
    assert {(i.asset_id, i.take, i.model, i.sha256) for i in known.ingredients} == {
        (asset_id, take.number, take.model, take.media.sha256) for asset_id, take in takes.items()
    }
    production_id = delivered.production_id
    assert httpx.get(f"{greenlight.url}/api/v1/productions/{production_id}/provenance").json() == found.model_dump(
        mode="json"
    )
    for asset_id, take in takes.items():
        url = f"{greenlight.url}/api/v1/productions/{production_id}/assets/{asset_id}/takes/{take.number}/provenance"
        state = httpx.get(url).json()["state"]
        assert state == ("none" if take.media.media_type.startswith("text/") else "valid"), asset_id
        assert bool(take.media.unsigned_sha256) == (state == "valid")
    shown = CliRunner().invoke(app, ["--url", greenlight.url, "verify", production_id])
    assert (shown.exit_code, SELF_MADE in shown.stdout) == (0, True), shown.output
    assert manifest.build == known.build == build()
    assert manifest.deliverable is not None
    assert SELF_MADE in manifest.deliverable.provenance


def test_manifest_has_the_whole_record(greenlight: GreenlightClient, delivered: Delivered, tmp_path: Path) -> None:
    """The manifest has brief, plan, approver, each take with the hash of its downloaded bytes, and the event log."""
    manifest, production = delivered.manifest, delivered.production
    assert manifest.brief == BRIEF
    assert manifest.plan is not None
    assert manifest.approval is not None
    assert manifest.approval.approver == "ana"
    assert manifest.approval.plan_digest == manifest.plan.digest
    assert manifest.approved_at is not None
    assert set(manifest.assets) == {a.asset_id for a in manifest.plan.assets}
    for asset in manifest.plan.assets:
        state = manifest.assets[asset.asset_id]
        assert state.status is AssetStatus.COMPLETED
        (take,) = state.takes
        assert (take.prompt, take.provider, take.model) == (asset.prompt, asset.provider, asset.model)
        assert take.cost_usd == 0
        assert manifest.approved_at <= take.started_at <= take.finished_at <= manifest.updated_at
        data = greenlight.download_take(production.production_id, asset.asset_id, 1, tmp_path / "take").read_bytes()
        assert (take.media.bytes, take.media.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert manifest.deliverable is not None
    for file in manifest.deliverable.files:
        assert file.media.sha256 == hashlib.sha256(delivered.file(file.name)).hexdigest(), file.name
    assert [e.id for e in manifest.events] == list(range(1, production.last_event_id + 1))
    assert in_the_log(delivered.events) == list(manifest.events)
    assert [e.name for e in manifest.events][:3] == ["plan_start", "plan_ready", "approved"]
    assert manifest.events[-1].name == "done"


def test_the_bucket_has_only_known_objects(delivered: Delivered) -> None:
    """The bucket contains the objects that the manifest names and no other; free takes have no ledger."""
    assert delivered.stored == known_keys(delivered.manifest)


OTHERS = {
    Platform.COPY: "A bakery on the corner opens at five. Its rye bread is sold out by nine.",
    Platform.CREATIVE_BRIEF: "A city library wants teenagers back. It lends instruments, games and quiet rooms.",
    Platform.SOCIAL_POST: "Our night train to the mountains runs again. Tickets are out on Friday.",
    Platform.DESIGN: "A poster for a summer jazz night in the old gasworks. Warm, brass, after dark.",
}


@pytest.mark.parametrize("platform", OTHERS)
def test_documents_of_the_other_platforms(
    greenlight: GreenlightClient, bucket: Bucket, tmp_path: Path, platform: Platform
) -> None:
    """One call turns a brief into a document with all of its sections, in Markdown and HTML, and pictures that open."""
    brief = Brief(text=OTHERS[platform], platform=platform, title=f"Test of {platform}")
    production_id = greenlight.generate(brief, max_usd=Decimal(0)).production_id
    with Watcher(greenlight.url, production_id) as watcher:
        events = watcher.all()
    done = download(greenlight, bucket, events, production_id, tmp_path)

    assets = done.production.assets
    texts = [a for a in assets if a.media_type == "text/markdown"]
    pictures = [a.asset_id for a in assets if a.media_type == "image/png"]
    assert len(texts) + len(pictures) == len(assets)
    assert bool(pictures) == (platform in (Platform.SOCIAL_POST, Platform.DESIGN))
    words, page = done.file("content.md").decode(), done.file("content.html").decode()
    assert words.startswith("# Test of ")
    assert "<h1" in page
    for asset in texts:
        first = greenlight.download_take(production_id, asset.asset_id, 1, tmp_path / "text").read_text().split()[-3:]
        assert " ".join(first) in " ".join(words.split()), asset.asset_id
    shown = re.findall(r'<img src="([^"]+)"', page)
    assert shown == re.findall(r"!\[[^\]]*\]\(([^)]+)\)", words) == [f"images/{name}.png" for name in pictures]
    for name in (*shown, *(["contact-sheet.png"] if pictures else [])):
        with Image.open(io.BytesIO(done.file(name))) as picture:
            picture.load()
            assert min(picture.size) > 100
            assert len(set(picture.convert("L").resize((64, 64)).tobytes())) > 8, f"{name} shows nothing"
    assert done.stored == known_keys(done.manifest)


@pytest.mark.trial
def test_long_job_shows_its_progress(greenlight: GreenlightClient, bucket: Bucket, tmp_path: Path) -> None:
    """A shot that a provider renders as a long job reports its percent meanwhile and is submitted exactly once."""
    production_id, plan = planned(greenlight, BRIEF.model_copy(update={"duration_seconds": 4.0}))
    plan = as_job(greenlight, production_id, plan, "shot-1", 8)
    with Watcher(greenlight.url, production_id) as watcher:
        greenlight.approve(production_id, approval(plan))
        events = watcher.all()
    done = download(greenlight, bucket, events, production_id, tmp_path)

    reported = [e for e in events if e.name == "asset_progress" and e.asset_id == "shot-1"]
    assert all(e.id is None for e in reported)
    shares = [share for e in reported if isinstance(share := e.data.get("progress"), float)]
    assert shares == sorted(shares)
    assert len(set(shares)) >= 2, reported
    assert 0 < shares[-1] < 1
    names = [(e.name, e.asset_id) for e in events]
    assert names.index(("asset_start", "shot-1")) < names.index(("asset_progress", "shot-1"))
    assert ("asset_progress", "shot-1") not in names[names.index(("asset_complete", "shot-1")) :]
    assert in_the_log(events) == list(done.manifest.events)

    ledger = bucket.ledger(production_id, "shot-1")
    (take,) = done.manifest.assets["shot-1"].takes
    (submission,) = ledger.submissions
    assert ledger.state == "stored"
    assert ledger.take == take.model_copy(update={"made_from": {}})
    assert submission.job_id == take.job_id
    assert take.job_id is not None
    # The plan before the edit is kept next to the approved one: both were shown to a person.
    before = {e.data["plan_digest"] for e in done.manifest.events if e.name == "plan_ready"}
    plans = {keys.plan_key(production_id, str(digest)) for digest in before}
    assert len(plans) == 2
    assert done.stored == known_keys(done.manifest) | plans | {ledger_key(production_id, "shot-1")}


def test_regenerate_after_delivery(
    greenlight: GreenlightClient, bucket: Bucket, delivered: Delivered, tmp_path: Path
) -> None:
    """A closed production makes one asset again: a second take of it alone, a second revision, and the first is
    kept."""
    production_id, before = delivered.production_id, delivered.manifest
    words = "Only one boat goes out today."
    receipt = greenlight.regenerate(production_id, Regenerate(asset_id="narration-1", prompt=words, requested_by="bo"))
    assert receipt.last_event_id >= before.events[-1].id
    with Watcher(greenlight.url, production_id) as watcher:
        events = watcher.all()
    again = download(greenlight, bucket, events, production_id, tmp_path)

    assert {i: len(state.takes) for i, state in again.manifest.assets.items()} == {
        i: 2 if i == "narration-1" else 1 for i in before.assets
    }
    for asset_id, state in before.assets.items():
        assert again.manifest.assets[asset_id].takes[:1] == state.takes
    assert again.manifest.assets["narration-1"].selected == 2
    assert [i for i, state in again.manifest.assets.items() if state.stale] == ["script", "shot-1"]
    assert words in again.file("captions.vtt").decode()
    assert words not in delivered.file("captions.vtt").decode()

    log = list(again.manifest.events)
    assert log[: len(before.events)] == list(before.events)
    assert [e.id for e in log] == list(range(1, len(log) + 1))
    assert in_the_log(events) == log

    assert before.deliverable is not None
    assert again.manifest.deliverable is not None
    assert (before.deliverable.revision, again.manifest.deliverable.revision) == (1, 2)
    for file in before.deliverable.files:
        assert bucket.read(file.media.key) == delivered.file(file.name)
    assert Snapshot.model_validate_json(bucket.read(keys.deliverable_key(production_id, 1, "manifest.json"))) == before
    assert again.stored == delivered.stored | known_keys(again.manifest)
