"""Takes that are signed when they are stored: paid for once, also where the signer fails."""

import errno
import io
import logging

import pytest

from activities.media.arriving import ArrivingFile
from activities.provenance.signer import Signer
from activities.storage.bucket import Storage, sha256_of
from api.provenance.reader import read_provenance
from tests.activities.provenance.signing import make_test_signer
from tests.activities.takes.attempts import Attempts, take_request
from tests.support.vendor import Vendor
from workflows.models import Take
from workflows.provenance.records import SELF_MADE


@pytest.fixture(scope="module")
def signer() -> Signer:
    return make_test_signer()


class Signing(Attempts):
    """Attempts of a worker with a certificate."""

    def __init__(self, storage: Storage, vendor: Vendor, model: str, signer: Signer) -> None:
        price = "0" if model == "gift" else "0.40"
        super().__init__(storage, vendor, take_request(model, price, plan_digest="d" * 32, approver="Ada"))
        self.producer._signer = signer


async def content_of(storage: Storage, take: Take) -> bytes:
    found = await storage.get_bytes(take.media.key)
    assert found is not None
    assert sha256_of(found[0]) == take.media.sha256
    assert len(found[0]) == take.media.bytes
    return found[0]


async def made(run: Signing) -> Take:
    """The take, after the polls of its job."""
    for _ in range(6):
        try:
            return await run.attempt()
        except Exception as error:
            last = error
    raise last


@pytest.mark.parametrize(("model", "streams"), [("gift", False), ("now", False), ("now", True), ("later", True)])
async def test_a_take_is_stored_signed(storage: Storage, signer: Signer, model: str, streams: bool) -> None:
    """A take that was free, paid at once, streamed, or made by a job is stored signed, with the digest of its vendor's
    own bytes; a second attempt returns the same take and pays nothing."""
    vendor = Vendor(polls=1)
    vendor.streams = streams
    run = Signing(storage, vendor, model, signer)
    take = await made(run)
    assert await run.attempt() == take
    assert len(vendor.billed) == 1
    content = await content_of(storage, take)
    assert take.media.unsigned_sha256 == take.media.content_sha256 == sha256_of(vendor.media) != take.media.sha256
    assert take.note == ""
    found = read_provenance(io.BytesIO(content), take.media.media_type)
    assert (found.state, found.signed_by) == ("valid", SELF_MADE)
    assert found.statement is not None
    assert (found.statement.name, found.statement.models) == ("still-1, take 1", (f"vendor/{model}",))
    assert (found.statement.plan_digest, found.statement.approvers) == ("d" * 32, ("Ada",))


@pytest.mark.parametrize("model", ["gift", "now", "later"])
async def test_a_failing_signer_loses_no_take(
    storage: Storage, signer: Signer, model: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the signer fails, the vendor's own bytes are stored, and the take's note and the log say why."""

    def fail(*_: object) -> None:
        raise RuntimeError("no entropy")

    monkeypatch.setattr(Signer, "sign_now", fail)
    vendor = Vendor(polls=1)
    run = Signing(storage, vendor, model, signer)
    with caplog.at_level(logging.WARNING):
        take = await made(run)
    assert len(vendor.billed) == 1
    assert await content_of(storage, take) == vendor.media
    assert (take.media.unsigned_sha256, take.note) == ("", "not signed: no entropy")
    assert any("still-1, take 1" in message and "no entropy" in message for message in caplog.messages)


async def test_a_full_disk_loses_no_take(storage: Storage, signer: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no room to sign a stream, it is stored unsigned, and paid for once."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ArrivingFile, "append", full)
    vendor = Vendor(polls=1)
    vendor.streams = True
    run = Signing(storage, vendor, "later", signer)
    take = await made(run)
    assert len(vendor.billed) == 1
    assert await content_of(storage, take) == vendor.media
    assert take.note == "not signed: the disk of the worker is full"


async def test_the_same_content_is_recognised(storage: Storage, signer: Signer) -> None:
    """Two takes of the same bytes have different signatures, and the same digest of their content."""
    vendor = Vendor()
    one = await made(Signing(storage, vendor, "now", signer))
    other = await made(Signing(storage, vendor, "now", signer))
    assert one.media.sha256 != other.media.sha256
    assert one.media.content_sha256 == other.media.content_sha256
