"""`produce_asset` and the checks: a take that cannot be used fails once, with its evidence, and is kept."""

import asyncio
import dataclasses
import io
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from activities.catalogue.offers import Offer
from activities.provenance.signer import Signed
from activities.providers.protocol import Finished
from activities.quality import outputs
from activities.quality.checks import check_take
from activities.storage.bucket import Storage
from activities.takes import stored_form
from tests.activities.quality.labelled.pictures import as_file, photograph
from tests.activities.quality.labelled.videos import encode, index_first, moving
from tests.activities.takes.attempts import Attempts, finished_take, take_request
from tests.support.vendor import Vendor
from tests.support.waiting import WITHIN
from workflows.activity_io import AssetFailure
from workflows.models import Modality
from workflows.quality import Checks


def black() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (320, 180)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("model", ["now", "later"])
@pytest.mark.parametrize("streams", [False, True])
async def test_a_billed_take_that_fails_its_checks_is_not_paid_for_again(
    storage: Storage, model: str, streams: bool
) -> None:
    """A black picture ends the take at once: it is billed once, and kept with its finding for a person to decide."""
    vendor = Vendor(polls=0)
    vendor.media, vendor.streams = black(), streams
    run = Attempts(storage, vendor, take_request(model))
    for _ in range(3):
        final = await run.fails()
        if final.non_retryable:
            break
    failure = final.details[0]
    assert isinstance(failure, AssetFailure)
    assert (final.type, failure.reason, failure.kind) == ("output_unusable", "output_unusable", "output_unusable")
    assert failure.billed_usd > 0
    rejected = failure.rejected
    assert rejected is not None
    assert [(f.check, f.hard, f.frame) for f in rejected.checks.findings] == [("black", True, 0)]
    assert "no pixel of the picture is brighter" in failure.message
    assert await storage.head(rejected.media.key) is not None
    entry = await run.ledger()
    assert (entry.state, entry.billed_usd) == ("released", failure.billed_usd)
    assert (await run.fails()).details[0] == failure  # Temporal did not receive the failure
    assert len(vendor.billed) == 1


async def test_a_free_take_that_fails_its_checks_ends_at_once(storage: Storage) -> None:
    """A free model would make the same again: the take fails at its first attempt, and at a repeated one."""
    vendor = Vendor()
    vendor.media = black()
    run = Attempts(storage, vendor, take_request("gift"))
    for _ in range(2):
        final = await run.fails()
        assert final.non_retryable
        assert final.details[0].rejected.checks.failed


async def test_a_take_has_the_measured_values(storage: Storage) -> None:
    """A good take has the measured value of each check, the same at a second attempt, and no finding."""
    vendor = Vendor(price="0.40")
    vendor.media = as_file(photograph(1))
    for model in ("now", "gift"):
        run = Attempts(storage, vendor, take_request(model))
        take = await run.attempt()
        assert take.checks.findings == ()
        assert take.checks.measured["black"] == 0
        assert take.checks.measured["size"] == pytest.approx(16 / 9, abs=0.01)
        assert (await run.attempt()).checks == take.checks


class Patient(Storage):
    """A store that stores no media before its check has begun."""

    def __init__(self, storage: Storage, began: threading.Event) -> None:
        self.__dict__ = dict(storage.__dict__)
        self._began = began

    async def put_bytes(self, key: str, *given: Any, **more: Any) -> str:
        if "/media" in key:
            assert await asyncio.to_thread(self._began.wait, WITHIN)
        return await super().put_bytes(key, *given, **more)


async def test_a_response_is_checked_while_it_is_stored(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checks of media that are here do not wait for their upload."""
    began = threading.Event()

    def check(*given: Any) -> Checks:
        began.set()
        return check_take(*given)

    monkeypatch.setattr(outputs, "check_take", check)
    vendor = Vendor()
    vendor.media = as_file(photograph(1))
    take = await Attempts(Patient(storage, began), vendor, take_request("now")).attempt()
    assert take.checks.measured["black"] == 0


@pytest.mark.parametrize("most", [stored_form.LOCAL_COPY_BYTES, 1_000, -1])
async def test_the_checks_of_a_stream_do_not_download_it_again(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """They read a copy that is kept while it is stored; where there is no room for one, they read the bucket."""
    monkeypatch.setattr(stored_form, "LOCAL_COPY_BYTES", most)
    read: list[object] = []

    def check(source: Any, *given: Any) -> Checks:
        read.append(source)
        return check_take(source, *given)

    monkeypatch.setattr(outputs, "check_take", check)
    vendor = Vendor(polls=0)
    vendor.media, vendor.streams = as_file(photograph(1)), True
    take = await finished_take(Attempts(storage, vendor, take_request("later")))
    assert [isinstance(source, Path) for source in read] == [most > len(vendor.media)]
    assert take.checks.measured["black"] == 0
    assert (take.media.width, take.media.bytes) == (640, len(vendor.media))
    assert (await storage.get_bytes(take.media.key) or [b""])[0] == vendor.media


class Films(Vendor):
    """Sells videos."""

    def offers(self) -> list[Offer]:
        made = {"modality": Modality.VIDEO, "media_type": "video/mp4"}
        return [dataclasses.replace(offer, **made) for offer in super().offers()]  # type: ignore[arg-type]

    def _finished(self, media: bytes = b"") -> Finished:
        return dataclasses.replace(super()._finished(media), media_type="video/mp4")


class Unable:
    """A signer that cannot sign after all."""

    def can_sign(self, media_type: str) -> bool:
        return True

    async def sign(self, source: Path, media_type: str, statement: object) -> Signed:
        return Signed(source, signed=False)


@pytest.mark.parametrize(("signed", "frames"), [(False, 24), (True, 24), (False, 12)])
async def test_a_video_is_checked_while_it_arrives(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, signed: bool, frames: int
) -> None:
    """It is decoded once, whether it is stored as it arrives or signed before; one with a finding is decoded again."""
    threads: list[str] = []

    def check(*given: Any) -> Checks:
        threads.append(threading.current_thread().name.partition("_")[0])
        return check_take(*given)

    monkeypatch.setattr(outputs, "check_take", check)
    vendor = Films(polls=0)
    vendor.media, vendor.streams = index_first(encode(moving(3, frames))), True
    request = take_request("later")
    asset = request.asset.model_copy(update={"asset_type": Modality.VIDEO, "parameters": {"seconds": 1}})
    run = Attempts(storage, vendor, request.model_copy(update={"asset": asset}))
    if signed:
        monkeypatch.setattr(run.producer, "_signer", Unable())
    take = await finished_take(run)
    assert [name == "arriving" for name in threads] == ([True] if frames == 24 else [True, False])
    assert ("length" in take.checks.measured, bool(take.checks.findings)) == (True, frames == 12)
    assert (await storage.get_bytes(take.media.key) or [b""])[0] == vendor.media


async def test_a_failure_that_costs_nothing_is_tried_again(storage: Storage) -> None:
    """If the vendor bills nothing for an unusable take, it is requested again, and its media is deleted."""
    vendor = Vendor(price="0.00")
    vendor.media = black()
    run = Attempts(storage, vendor, take_request("later", "0"))
    errors = []
    for _ in range(12):
        errors.append(await run.fails())
        if errors[-1].non_retryable:
            break
        if errors[-1].type == "output_unusable" and len(errors) > 3:
            vendor.media = as_file(photograph(2))
            break
    assert not errors[-1].non_retryable
    take = None
    for _ in range(6):
        try:
            take = await run.attempt()
            break
        except Exception:  # noqa: S112 - the job still runs
            continue
    assert take is not None
    assert take.billed_usd == Decimal(0)
    keys = await storage.list_keys(take.media.key.rpartition("/")[0])
    assert len([k for k in keys if "/media" in k]) == 1
