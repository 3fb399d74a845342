"""Hostile media: for any response of a vendor's storage, the take ends with a message, and the worker continues."""

import dataclasses
import time
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.egress import GuardedTransport
from activities.media.facts import probe
from activities.providers import download
from activities.providers.replicate.provider import Replicate
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from activities.takes.ledger import Entry, Ledger
from activities.takes.producer import Producer
from activities.takes.uploads import INSPECTORS
from tests.emulators import samples
from tests.emulators.hostile import HostileStorage
from tests.emulators.replicate import ReplicateEmulator
from tests.fuzz.files import inspect_files
from tests.support.waiting import WITHIN
from workflows import keys
from workflows.activity_io import AssetFailure, ProduceAsset
from workflows.brief import Brief, Platform
from workflows.models import Asset, Modality, Quote, Take

MODELS: Final = {
    "png": ("black-forest-labs/flux-2-pro", Modality.IMAGE),
    "mp4": ("somebody/films", Modality.VIDEO),
    "webm": ("somebody/films", Modality.VIDEO),
    "wav": ("somebody/sounds", Modality.AUDIO),
}
PICTURE_USD: Final = Decimal("0.03")
MOST_BYTES: Final = 30_000_000
"""The size limit of a take here, so that an endless download reaches it soon."""
DRIP_SECONDS: Final = 3.0
"""For a download that arrives slowly; no other one is limited by time."""
MEMORY_BYTES: Final = 150_000_000
"""No check may use more memory than this: the bombs unpack to gigabytes."""


class Maker:
    """Makes takes of Replicate, whose files are on a hostile server."""

    def __init__(self, storage: Storage, vendor: ReplicateEmulator, hostile: HostileStorage) -> None:
        self.storage, self.vendor, self.hostile = storage, vendor, hostile
        self.provider = Replicate({"REPLICATE_API_TOKEN": vendor.key, "REPLICATE_BASE_URL": vendor.url})
        self.producer = Producer(
            storage, {"replicate": self.provider}, ActivitySettings(claim_settles_seconds=0.1, max_failures=2)
        )

    def take_request(self, path: str) -> ProduceAsset:
        model, modality = MODELS[path.rpartition(".")[2]]
        self.vendor.texts[model] = [f"{self.hostile.url}/{path}"]
        price = PICTURE_USD if modality is Modality.IMAGE else Decimal(0)
        asset = Asset(
            asset_id="a",
            asset_type=modality,
            role="shot",
            prompt="a lighthouse",
            provider="replicate",
            model=model,
            quote=Quote(low_usd=price, high_usd=price, expected_seconds=1, job=True, unknown=not price),
        )
        brief = Brief(text="x", platform=Platform.VIDEO)
        return ProduceAsset(production_id=uuid4().hex, brief=brief, asset=asset, take=1)

    async def made(self, request: ProduceAsset) -> Take | AssetFailure:
        """The take after as many attempts as it needs, without the delays between them."""
        for attempt in range(1, 20):
            environment = ActivityEnvironment()
            environment.info = dataclasses.replace(environment.info, attempt=attempt)
            try:
                return await environment.run(self.producer.produce, request)
            except ApplicationError as error:
                if error.non_retryable:
                    return AssetFailure.model_validate(error.details[0])
        raise AssertionError("the take is retried without end")

    async def ledger(self, request: ProduceAsset) -> Entry:
        entry = await Ledger(self.storage, keys.take_prefix(request.production_id, "a", 1)).read()
        assert entry is not None
        return entry

    def left(self, request: ProduceAsset) -> list[str]:
        """The objects and upload parts in the bucket."""
        prefix = keys.production_prefix(request.production_id)
        found = self.storage._admin.list_objects_v2(Bucket="tests", Prefix=prefix).get("Contents", ())
        parts = self.storage._admin.list_multipart_uploads(Bucket="tests", Prefix=prefix).get("Uploads", ())
        return [each["Key"].removeprefix(f"{prefix}/") for each in (*found, *parts)]


@pytest.fixture(scope="module")
def servers_that_mean_harm() -> Iterator[tuple[ReplicateEmulator, HostileStorage]]:
    with ReplicateEmulator(polls=1) as vendor, HostileStorage() as hostile:
        yield vendor, hostile


@pytest.fixture
async def maker(
    storage: Storage,
    servers_that_mean_harm: tuple[ReplicateEmulator, HostileStorage],
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Maker]:
    monkeypatch.setattr(download, "MAX_BYTES", MOST_BYTES)
    monkeypatch.setattr(download, "MAX_SECONDS", WITHIN)
    maker = Maker(storage, *servers_that_mean_harm)
    yield maker
    await maker.provider.close()


class Peak:
    """The peak memory of this process since `begin`, as the Linux kernel records it."""

    def __init__(self) -> None:
        Path("/proc/self/clear_refs").write_text("5")
        self._before = self._now("VmRSS")

    def grown(self) -> int:
        return self._now("VmHWM") - self._before

    def _now(self, name: str) -> int:
        line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
        return int(line.split()[1]) * 1024


UNUSABLE: Final = ("output_unusable", "output_unusable")
IN_DOUBT: Final = ("ambiguous_submission", "submission_unknown")


@pytest.mark.parametrize(
    ("path", "end", "words"),
    [
        ("nothing.png", UNUSABLE, "does not open"),
        ("page.png", UNUSABLE, "does not open"),
        ("drawing.png", UNUSABLE, "does not open"),
        ("program.png", UNUSABLE, "does not open"),
        ("half.png", UNUSABLE, "does not open"),
        ("sound.png", UNUSABLE, "does not open"),
        ("zip.png", UNUSABLE, "does not open"),
        ("bomb.png", UNUSABLE, "pixels"),
        ("poster.png", UNUSABLE, "9,000 x 9,000 pixels, above 70,000,000"),
        ("nothing.mp4", UNUSABLE, "does not open"),
        ("page.mp4", UNUSABLE, "does not open"),
        ("picture.mp4", UNUSABLE, "does not open"),
        ("playlist.mp4", UNUSABLE, "does not open"),
        ("half.mp4", UNUSABLE, "does not open"),
        ("begun.mp4", UNUSABLE, "ends after"),
        ("days.webm", UNUSABLE, "claims 1,000,000 s, above 3,600"),
        ("longer.webm", UNUSABLE, "claims 600.0 s and ends after 4.0"),
        ("tracks.mp4", UNUSABLE, "does not open"),
        ("nothing.wav", UNUSABLE, "does not open"),
        ("noise.wav", UNUSABLE, "does not open"),
        ("packed/whole.png", UNUSABLE, "compressed ('gzip, gzip')"),
        ("huge/whole.png", UNUSABLE, "larger than 30,000,000 bytes"),
        ("chunks/whole.png", UNUSABLE, "larger than 30,000,000 bytes"),
        ("more/whole.png", UNUSABLE, "does not open"),
        ("cut/whole.png", IN_DOUBT, "is incomplete"),
        ("drip/whole.png", IN_DOUBT, "took longer than"),
        ("loop/whole.png", IN_DOUBT, "more than 3 redirects"),
    ],
)
async def test_hostile_media_is_refused_with_a_message(
    maker: Maker, monkeypatch: pytest.MonkeyPatch, path: str, end: tuple[str, str], words: str
) -> None:
    """A hostile file is paid for once and counted, nothing of it is kept, and neither time nor memory exceeds its
    limit."""
    if path.startswith("drip/"):
        monkeypatch.setattr(download, "MAX_SECONDS", DRIP_SECONDS)
    billed = maker.vendor.billed_usd
    request, peak, began = maker.take_request(path), Peak(), time.monotonic()
    failure = await maker.made(request)
    assert isinstance(failure, AssetFailure), failure
    assert (failure.reason, failure.kind) == end, failure
    assert words in failure.message
    assert peak.grown() < MEMORY_BYTES
    assert time.monotonic() - began < WITHIN
    entry = await maker.ledger(request)
    assert len(entry.submissions) == 1
    assert maker.left(request) == [f"{keys.take_prefix(request.production_id, 'a', 1)}/ledger.json".split("/", 2)[2]]
    if end is UNUSABLE and path.endswith("png"):
        assert failure.billed_usd == entry.billed_usd == maker.vendor.billed_usd - billed == PICTURE_USD
    else:
        assert failure.maybe_billed or entry.is_open


async def test_a_redirect_into_our_own_network(maker: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that moved to a private address is not downloaded, and a person receives the reason."""
    monkeypatch.setattr(download, "GuardedTransport", lambda: GuardedTransport({"127.0.0.1"}))
    real = download.open_media
    monkeypatch.setattr(
        "activities.providers.replicate.answer.open_media",
        lambda url, **more: real(url, **more | {"base_url": "https://v"}),
    )
    failure = await maker.made(maker.take_request("inside/whole.png"))
    assert isinstance(failure, AssetFailure)
    assert (failure.reason, failure.kind) == IN_DOUBT
    assert "'169.254.169.254', an address in a private network" in failure.message


async def test_the_worker_continues_after_hostile_media(maker: Maker) -> None:
    """After all hostile files a valid one is made, by the same provider over the same path."""
    take = await maker.made(maker.take_request("whole.png"))
    assert isinstance(take, Take)
    assert (take.media.width, take.billed_usd) == (64, PICTURE_USD)


def test_damaged_files_are_checked_in_little_time(tmp_path: Path) -> None:
    """A file with any damage is read to its end or refused as unusable, in little time."""
    checks = inspect_files(200, 4, tmp_path)
    assert checks.findings == []
    assert 0 < checks.refused < checks.files


def test_a_second_picture_in_a_jpeg_is_accepted(tmp_path: Path) -> None:
    """The two pictures that telephones store in one JPEG are an upload and a reference like any other."""
    first, second = (samples.picture(64, side) for side in (32, 48))
    path = tmp_path / "phone.jpg"
    _save_as_mpo(path, first, second)
    media_type, facts = INSPECTORS[Modality.IMAGE](path)
    assert (media_type, facts.width, facts.height) == ("image/jpeg", 64, 32)


def test_old_encodings_are_accepted(tmp_path: Path) -> None:
    """A title in Latin-1 within a sound file does not cause a refusal."""
    data = samples.wav(1.0)
    title = b"INFOINAM\x06\x00\x00\x00caf\xe9\x00\x00"
    named = data[:12] + b"LIST" + len(title).to_bytes(4, "little") + title + data[12:]
    path = tmp_path / "a.wav"
    path.write_bytes(data[:4] + (len(named) - 8).to_bytes(4, "little") + named[8:])
    assert probe(path, "audio/wav").duration_seconds == 1.0
    assert INSPECTORS[Modality.AUDIO](path)[0] == "audio/wav"


def _save_as_mpo(path: Path, first: bytes, second: bytes) -> None:
    import io

    from PIL import Image

    with Image.open(io.BytesIO(first)) as one, Image.open(io.BytesIO(second)) as other:
        one.save(path, format="MPO", save_all=True, append_images=[other])
