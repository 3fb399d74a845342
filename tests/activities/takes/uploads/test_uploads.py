"""A person's own file: checked by its content, stored like every take, and finished like every take."""

import asyncio
import hashlib
import struct
import zlib
from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path
from uuid import uuid4

import av
import pytest
from PIL import Image
from temporalio import activity
from temporalio.client import Client
from typer.testing import CliRunner

from activities.finishing.picture.frames import load_middle_frame
from activities.storage.bucket import Storage
from activities.takes import uploads
from activities.takes.uploads import store_upload
from api.cli.main import app
from api.settings import Settings
from api.storage import Vault
from deploy.local import Stack
from tests.activities.finishing.media import Film, Takes, finished, shot_file, still_file, voice_file
from tests.activities.takes.uploads.desk import Desk
from tests.support.fakes import FakeActivities
from tests.support.servers.serving import Api, problem, serving
from tests.support.stack import use_s3
from tests.support.vendor import png
from workflows import keys
from workflows.activity_io import CheckUpload, FinishedAsset
from workflows.brief import Platform
from workflows.models import UPLOAD, Modality, Take

KINDS = {"text": Modality.TEXT, "image": Modality.IMAGE, "audio": Modality.AUDIO, "video": Modality.VIDEO}


@pytest.fixture
def desk(storage: Storage) -> Desk:
    return Desk(storage)


async def test_an_upload_is_a_take(desk: Desk) -> None:
    """The file becomes a free take with its own hash and facts, and records who uploaded it; a second run returns the
    same take."""
    data = png(80, 40)
    request = await desk.arrived(data, Modality.IMAGE, "holiday.txt", take=3)
    take = await desk.check(request)
    assert (take.number, take.provider, take.model) == (3, UPLOAD, "holiday.txt")
    assert (take.prompt, take.note) == ("words", "uploaded by ana: holiday.txt")
    assert take.cost_usd == take.billed_usd == 0
    assert (take.media.media_type, take.media.width, take.media.height) == ("image/png", 80, 40)
    assert take.media.sha256 == hashlib.sha256(data).hexdigest()
    prefix = keys.take_prefix(desk.production_id, "a-1", 3)
    assert take.media.key == keys.upload_media_key(prefix, take.media.sha256, "png")
    stored = await desk.storage.get_bytes(take.media.key)
    assert stored is not None
    assert stored[0] == data
    assert await desk.check(request) == take


async def test_a_second_run_needs_no_upload(desk: Desk) -> None:
    """The stored take is returned also when the uploaded object is missing; another upload without its object ends with
    a remedy."""
    request = await desk.arrived(b"Words.", Modality.TEXT)
    take = await desk.check(request)
    gone = request.model_copy(
        update={"take": 2, "upload": request.upload.model_copy(update={"key": request.upload.key + "x"})}
    )
    assert await desk.check(request) == take
    assert "upload it again" in await desk.refused(gone)


@pytest.mark.parametrize(
    ("kind", "name", "media_type"),
    [
        ("image", "a.jpg", "image/jpeg"),
        ("image", "a.webp", "image/webp"),
        ("audio", "a.wav", "audio/wav"),
        ("audio", "a.mp3", "audio/mpeg"),
        ("video", "a.mp4", "video/mp4"),
        ("video", "a.mov", "video/quicktime"),
        ("video", "a.webm", "video/webm"),
        ("video", "a.mkv", "video/x-matroska"),
    ],
)
async def test_the_format_is_detected_from_the_file(
    desk: Desk, tmp_path: Path, kind: str, name: str, media_type: str
) -> None:
    """The media type, size and duration come from the bytes of a file, and its key ends accordingly."""
    path = tmp_path / name
    if kind == "image":
        still_file(path, "navy", (64, 32))
    elif kind == "audio":
        voice_file(path, 0.6, codec="libmp3lame" if name.endswith("mp3") else "pcm_s16le")
    else:
        shot_file(path, size=(64, 32), seconds=0.5, codec="libvpx-vp9" if name.endswith("webm") else "libx264")
    take = await desk.taken(path, KINDS[kind], "never-believed.bin")
    assert (take.media.media_type, take.media.key.rpartition(".")[2]) == (media_type, name.partition(".")[2])
    if kind != "audio":
        assert (take.media.width, take.media.height) == (64, 32)
    if kind != "image":
        assert take.media.duration_seconds == pytest.approx(0.6 if kind == "audio" else 0.5, abs=0.1)


def bomb(side: int) -> bytes:
    """A PNG of a few bytes whose header claims `side` pixels each way."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


SCRIPT = b"ffconcat version 1.0\nfile 'a.mp4'\n"
PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/secret.ts\n#EXT-X-ENDLIST\n"


@pytest.mark.parametrize(
    ("kind", "data", "message"),
    [
        ("image", b"", "it is empty; give image of at most 50,000,000"),
        ("text", b"x" * 1_000_001, "it has 1,000,001 bytes; give text of at most 1,000,000"),
        ("text", b"caf\xe9", "byte 3 is not UTF-8; save it"),
        ("text", b" \n", "it contains no text"),
        ("text", png(), "is not UTF-8"),
        ("image", b"<html>sorry</html>", "it does not open as a picture; give PNG, JPEG or WebP"),
        ("image", png()[:60], "the image/png does not open: image file is truncated; export it again"),
        ("image", bomb(8_000), "it is larger than 50,000,000 pixels"),
        ("image", bomb(60_000), "it is larger than 50,000,000 pixels"),
        ("audio", b"ID3 and nothing else", "it does not open as audio; give WAV"),
        ("video", png(), "it does not open as video; give MP4"),
        ("video", PLAYLIST, "it does not open as video; give MP4"),
        ("video", SCRIPT, "it does not open as video; give MP4"),
    ],
)
async def test_a_file_of_another_kind_is_refused(desk: Desk, kind: str, data: bytes, message: str) -> None:
    """A file that is not media of the asset's kind, or too large, is refused with the problem and the remedy."""
    assert message in await desk.refused(await desk.arrived(data, KINDS[kind], "fine.mp4"))


async def test_audio_is_no_video_and_video_no_audio(desk: Desk, tmp_path: Path) -> None:
    """Valid media of another kind than the asset is refused, and the message names the accepted kind."""
    shot = shot_file(tmp_path / "a.mp4", size=(64, 32), seconds=0.2)
    voice = voice_file(tmp_path / "a.wav", 0.2)
    assert "give only its sound" in await desk.refused(await desk.arrived(shot, Modality.AUDIO))
    assert "it contains no video; give MP4" in await desk.refused(await desk.arrived(voice, Modality.VIDEO))


async def test_music_that_does_not_open_is_refused_by_its_name(desk: Desk, tmp_path: Path) -> None:
    """Music that does not open, or that ends long before its header says, is refused, and the message names its
    asset."""
    whole = voice_file(tmp_path / "m.wav", 4.0).read_bytes()
    for data in (b"RIFF but no sound", whole[: len(whole) // 3]):
        message = await desk.refused(await desk.arrived(data, Modality.AUDIO, "m.wav", asset_id="music-1"))
        assert message.startswith("file: ")
        assert message.startswith("file: for music-1, ")


async def test_a_file_that_is_too_long_is_refused(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recording that is longer than any film is refused."""
    monkeypatch.setattr(uploads, "LONGEST_SECONDS", 0.5)
    voice = voice_file(tmp_path / "a.wav", 1.0)
    assert "it lasts 1 s; cut it" in await desk.refused(await desk.arrived(voice, Modality.AUDIO))


async def test_a_key_outside_the_uploads_of_the_production_is_refused(desk: Desk) -> None:
    """A key outside this production's own uploads is refused, whatever object it has."""
    request = await desk.arrived(png(), Modality.IMAGE)
    taken = await desk.check(request)
    stolen = request.upload.model_copy(update={"key": taken.media.key})
    message = await desk.refused(request.model_copy(update={"take": 2, "upload": stolen}))
    assert "is not an upload to this production" in message


async def test_a_number_whose_upload_was_never_used_is_free(desk: Desk) -> None:
    """The file that was checked last under a number is the take, whatever was stored under it before."""
    await desk.taken(b"First.", Modality.TEXT)
    second = await desk.taken(b"Second.", Modality.TEXT)
    stored = await desk.storage.get_bytes(second.media.key)
    assert stored is not None
    assert (stored[0], second.media.bytes) == (b"Second.", 7)


async def test_a_film_is_finished_from_uploads(storage: Storage, tmp_path: Path) -> None:
    """A shot of another size, rate and format and a narration as MP3 are part of the film as if a provider had made
    them."""
    takes, desk = Takes(storage, "uploaded"), Desk(storage)
    await takes.add("shot-1", Modality.VIDEO, "shot", shot_file(tmp_path / "1.mp4", seconds=1.0), "video/mp4")
    await takes.add("n-2", Modality.AUDIO, "narration", voice_file(tmp_path / "n.wav", 0.5), "audio/wav")
    await takes.add("shot-2", Modality.VIDEO, "shot", shot_file(tmp_path / "2.mp4"), "video/mp4", depends_on=("n-2",))
    own = shot_file(tmp_path / "own.webm", size=(200, 200), rate=30, seconds=2.0, codec="libvpx-vp9", hue=90)
    replaced = {
        "n-2": await desk.taken(voice_file(tmp_path / "n.mp3", 1.0, codec="libmp3lame"), Modality.AUDIO),
        "shot-2": await desk.taken(own, Modality.VIDEO),
    }
    takes.assets = [FinishedAsset(asset=f.asset, take=replaced.get(f.asset.asset_id, f.take)) for f in takes.assets]
    deliverable, files = await finished(takes, takes.request(Platform.VIDEO), tmp_path)
    film = Film(files["deliverable.mp4"])
    assert (film.size, float(film.rate or 0)) == ((320, 180), 30.0)
    assert film.seconds == pytest.approx(3.0, abs=0.1)
    assert film.differ(0.5, 2.0) > 10
    assert film.silent(0.0, 0.9)
    assert film.loud(1.3, 1.9)
    assert "shot-2 is 200 x 200 and is shown with bars in 320 x 180" in deliverable.notes


async def test_a_portrait_video_is_rotated(storage: Storage, tmp_path: Path) -> None:
    """A video that was recorded in portrait orientation is upright in the film and on the contact sheet."""
    path = tmp_path / "phone.mov"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 128, 64, "yuv420p"
        stream.set_display_rotation(-90)  # the left side of this file is the top of the displayed picture
        for number in range(12):
            picture = Image.new("RGB", (128, 64), "black")
            picture.paste("white", (0, 0, 64, 64))
            frame = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]  # PyAV leaves it untyped
            frame.pts, frame.time_base = number, Fraction(1, 24)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    takes, desk = Takes(storage, "upright"), Desk(storage)
    await takes.add("shot-1", Modality.VIDEO, "shot", path, "video/quicktime")
    taken = await desk.taken(path, Modality.VIDEO)
    takes.assets = [FinishedAsset(asset=takes.assets[0].asset, take=taken)]
    _, files = await finished(takes, takes.request(Platform.VIDEO, aspect="9:16"), tmp_path)
    film = Film(files["deliverable.mp4"])
    assert film.size == (64, 128)
    top, bottom = (film.picture(0.2)[row * 64 + 32] for row in (8, 28))
    assert top > 200 > 50 > bottom
    shown = load_middle_frame(path, 0.5, (320, 320))
    assert (shown.size, shown.convert("L").getpixel((32, 16))) == ((64, 128), 255)


async def test_a_document_is_finished_from_uploads(storage: Storage, tmp_path: Path) -> None:
    """A text and a JPEG of a person are part of the document, with their own file extensions."""
    takes, desk = Takes(storage, "uploaded-post"), Desk(storage)
    await takes.add("post", Modality.TEXT, "post", b"Old.", "text/markdown")
    await takes.add("visual", Modality.IMAGE, "visual", png(), "image/png")
    picture = await desk.taken(still_file(tmp_path / "own.jpg", "navy"), Modality.IMAGE)
    words = await desk.taken("\ufeffOwn words.".encode(), Modality.TEXT)
    takes.assets = [
        FinishedAsset(asset=f.asset, take=take) for f, take in zip(takes.assets, (words, picture), strict=True)
    ]
    _, files = await finished(takes, takes.request(Platform.SOCIAL_POST), tmp_path)
    assert "\ufeff" not in files["content.md"].decode()
    assert files["content.md"].decode().endswith("Own words.\n\n![Visual](images/visual.jpg)\n")
    assert files["images/visual.jpg"].startswith(b"\xff\xd8")


# Over HTTP


class UploadChecking(FakeActivities):
    """Makes nothing, and checks uploads as the product does."""

    def __init__(self, storage: Storage) -> None:
        super().__init__(assets=2)
        self.storage = storage

    @activity.defn(name="check_upload")
    async def check_upload(self, request: CheckUpload) -> Take:
        return await store_upload(request, self.storage)


@pytest.fixture
async def api(client: Client, servers: Stack, storage: Storage) -> AsyncIterator[Api]:
    with pytest.MonkeyPatch.context() as patch:
        use_s3(patch, servers)
        async with UploadChecking(storage).working(client), serving(client, {"GREENLIGHT_BUCKET": "tests"}) as api:
            yield api


def takes_of(production_id: str, asset_id: str = "text-2") -> str:
    return f"/api/v1/productions/{production_id}/assets/{asset_id}/takes"


async def staged(storage: Storage, production_id: str) -> list[str]:
    """The objects that are left under the prefix of uploads."""
    found = storage._admin.list_objects_v2(Bucket="tests", Prefix=keys.upload_prefix(production_id))
    return [each["Key"] for each in found.get("Contents", ())]


async def test_an_upload_over_http(api: Api, storage: Storage) -> None:
    """A file for an asset of a delivered production is its next take, and the uploaded object is not kept twice."""
    production_id = await api.delivered()
    before = (await api.get(production_id))["last_event_id"]
    answer = await api.http.post(
        takes_of(production_id), content=b"My own words.", params={"filename": "C:/own.md", "uploaded_by": "ana"}
    )
    assert answer.status_code == 202, answer.text
    assert [e.name for e in await api.events(production_id, before)][-1] == "done"
    view = await api.get(production_id)
    record = next(a for a in view["assets"] if a["asset_id"] == "text-2")
    assert (record["provider"], record["model"], record["take"], record["takes"]) == (UPLOAD, "own.md", 2, 2)
    prefix, sha256 = keys.take_prefix(production_id, "text-2", 2), hashlib.sha256(b"My own words.").hexdigest()
    kept = await storage.get_bytes(keys.upload_media_key(prefix, sha256, "md"))
    assert kept is not None
    assert kept[0] == b"My own words."
    assert await staged(storage, production_id) == []


async def test_a_refused_upload_changes_nothing(api: Api, storage: Storage) -> None:
    """A file that is not text is refused with the remedy and is not stored, and its asset keeps its take."""
    production_id = await api.delivered()
    found = problem(await api.http.post(takes_of(production_id), content=png()), 422)
    assert found.type == "urn:greenlight:problem:upload-refused"
    assert (found.errors[0].field, found.errors[0].remedy) == ("file", "save it as plain text or Markdown in UTF-8")
    assert [a["takes"] for a in (await api.get(production_id))["assets"]] == [1, 1]
    assert await staged(storage, production_id) == []


async def test_uploads_to_unknown_or_unapproved_targets_are_refused(api: Api) -> None:
    """An upload for an unknown production or asset, or for a plan without approval, is refused before the file is
    checked."""
    production_id, _ = await api.planned()
    assert problem(await api.http.post(takes_of("nobody"), content=b"x"), 404).production_id is None
    early = problem(await api.http.post(takes_of(production_id), content=b"x"), 409)
    assert early.production_status == "awaiting_approval"
    delivered = await api.delivered()
    unknown = problem(await api.http.post(takes_of(delivered, "nothing"), content=b"x"), 404)
    assert unknown.type == "urn:greenlight:problem:unknown-asset"


async def test_an_upload_has_the_limit_of_its_type(api: Api, storage: Storage) -> None:
    """A file that is too large is refused by its declared length, or as soon as too many bytes have arrived; the
    message names the limit."""
    production_id = await api.delivered()

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b"x" * 100_000

    for content in (b"x" * 1_000_001, chunks()):
        found = problem(await api.http.post(takes_of(production_id), content=content), 413)
        assert "1,000,000 bytes" in found.detail
    assert await staged(storage, production_id) == []


async def test_a_large_file_arrives_in_parts(servers: Stack, storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream of several parts is stored whole; one that breaks off leaves no object and no parts."""
    use_s3(monkeypatch, servers)
    vault, sent = Vault(Settings(bucket="tests")), hashlib.sha256()
    key = keys.upload_prefix(uuid4().hex)

    async def chunks(*, breaks: bool) -> AsyncIterator[bytes]:
        for number in range(20):
            chunk = bytes([number]) * 1_000_000
            sent.update(chunk)
            yield chunk
        if breaks:
            raise ConnectionResetError

    await vault.receive(f"{key}whole", chunks(breaks=False))
    kept = await storage.get_bytes(f"{key}whole")
    assert kept is not None
    assert hashlib.sha256(kept[0]).hexdigest() == sent.hexdigest()
    with pytest.raises(ConnectionResetError):
        await vault.receive(f"{key}broken", chunks(breaks=True))
    assert await storage.head(f"{key}broken") is None
    assert "Uploads" not in storage._admin.list_multipart_uploads(Bucket="tests", Prefix=f"{key}broken")


async def test_upload_by_the_command(api: Api, tmp_path: Path) -> None:
    """`greenlight upload` sends a file and prints the address of the production; a refused upload prints its reason."""
    production_id = await api.delivered()
    own, wrong = tmp_path / "own.md", tmp_path / "wrong.md"
    own.write_text("My own words.")
    wrong.write_bytes(png())
    arguments = ["--url", str(api.http.base_url), "upload", production_id, "text-1"]
    done = await asyncio.to_thread(CliRunner().invoke, app, [*arguments, str(own), "--by", "ana"])
    assert done.exit_code == 0, done.output
    assert "Uploaded" in done.stdout
    await api.events(production_id)
    refused = await asyncio.to_thread(CliRunner().invoke, app, [*arguments, str(wrong)])
    assert refused.exit_code == 1
    assert "save it as plain text or Markdown in UTF-8" in refused.output
    assert (await api.get(production_id))["assets"][0]["take"] == 2
