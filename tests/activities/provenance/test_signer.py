"""Signatures of real media with the real library: read back, and broken by any change."""

import asyncio
import io
import json
import re
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from activities.provenance import signer as signing
from activities.provenance.signer import Signer
from activities.provenance.statements import COMPOSITE, MODEL_MADE, PARTLY_MODEL_MADE, PLACEHOLDER
from api.provenance.reader import read_provenance
from tests.activities.provenance.signed_media import KINDS, decoded, statement, tampered
from tests.activities.provenance.signing import NAME, certificate_pem, make_test_signer, signing_settings
from workflows.models import UPLOAD
from workflows.provenance.records import SELF_MADE, Edit, Ingredient, Statement


@pytest.fixture(scope="module")
def signer() -> Signer:
    return make_test_signer()


def signed(signer: Signer, data: bytes, media_type: str, known: Statement) -> bytes:
    made = signer.sign_now(data, media_type, known)
    assert isinstance(made, bytes)
    return made


@pytest.mark.parametrize("media_type", KINDS)
def test_a_signature_states_how_the_file_was_made(
    signer: Signer, tmp_path: Path, media_type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signed file has the same content, and states generator, models, plan, approvers, edits and ingredients; that
    needs no network."""

    def refuse(*_: object) -> None:
        raise AssertionError("a signature needs no network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    data = KINDS[media_type].make(tmp_path).read_bytes()
    known = statement(
        kind="deliverable",
        ai_generated="partly",
        plan_digest="f" * 32,
        approvers=("Ada", "Bo"),
        edits=(Edit(at=datetime(2026, 11, 1, tzinfo=UTC), by="Bo", what="changed prompt of shot-1"),),
        ingredients=tuple(
            Ingredient(
                asset_id=f"shot-{n}", take=n, media_type="video/mp4", provider="runway", model="gen4", sha256="ab"
            )
            for n in (1, 2)
        ),
        others={"captions.vtt": "cd"},
        build="0.2.0+abc",
    )
    made = signed(signer, data, media_type, known)
    assert made != data
    assert decoded(made, media_type) == decoded(data, media_type)
    found = read_provenance(io.BytesIO(made), media_type)
    assert (found.state, found.problems) == ("valid", ())
    assert (found.signed_by, found.self_made, found.trusted) == (SELF_MADE, True, False)
    assert re.fullmatch(r"Greenlight \d+\.\d+\.\d+", found.generator)
    assert found.statement == known
    assert found.source_types == (PARTLY_MODEL_MADE,)


@pytest.mark.parametrize("media_type", KINDS)
def test_one_changed_byte_makes_it_invalid(signer: Signer, tmp_path: Path, media_type: str) -> None:
    """A signature is invalid after the change of any one byte of the media, and the reason is in plain words."""
    kind = KINDS[media_type]
    made = signed(signer, kind.make(tmp_path).read_bytes(), media_type, statement())
    changed = tampered(made, kind)
    assert len(changed) >= 5
    for each in changed:
        found = read_provenance(io.BytesIO(each), media_type)
        assert found.state == "invalid"
        assert found.problems
        assert "." not in found.problems[0].split()[0], "no code of the library"


def test_a_changed_statement_is_invalid(signer: Signer, tmp_path: Path) -> None:
    """A signature is invalid after a change of the statement itself, such as another approver of the same length."""
    data = KINDS["image/png"].make(tmp_path).read_bytes()
    made = signed(signer, data, "image/png", statement(approvers=("Adelaide Ann",)))
    assert made.count(b"Adelaide Ann") == 1
    found = read_provenance(io.BytesIO(made.replace(b"Adelaide Ann", b"Beatrice Bee")), "image/png")
    assert found.state == "invalid"


def test_an_unsigned_file_has_none(tmp_path: Path) -> None:
    """A file without a manifest, and a text, have no signature, which is not the same as an invalid one."""
    for data, media_type in (
        (KINDS["image/png"].make(tmp_path).read_bytes(), "image/png"),
        (b"# A text", "text/markdown"),
    ):
        assert read_provenance(io.BytesIO(data), media_type).state == "none"


def test_the_source_type_follows_the_makers(signer: Signer, tmp_path: Path) -> None:
    """Content of models, in part of models, of previz and of people has different IPTC source types; nothing is said
    of a person's own file."""
    data = KINDS["image/png"].make(tmp_path).read_bytes()
    cases: list[tuple[dict[str, object], tuple[str, ...]]] = [
        ({}, (MODEL_MADE,)),
        ({"ai_generated": "partly"}, (PARTLY_MODEL_MADE,)),
        ({"ai_generated": "no", "models": ("previz/frame",)}, (PLACEHOLDER,)),
        ({"ai_generated": "no", "models": (f"{UPLOAD}/photo.png",)}, ()),
        ({"ai_generated": "no", "models": (f"{UPLOAD}/photo.png",), "kind": "deliverable"}, (COMPOSITE,)),
    ]
    for fields, expected in cases:
        made = signed(signer, data, "image/png", statement(**fields))
        found = read_provenance(io.BytesIO(made), "image/png")
        assert (found.state, found.source_types) == ("valid", expected)
        with Image.open(io.BytesIO(made)) as picture:
            label = str(picture.info.get("XML:com.adobe.xmp", ""))
        assert [
            each for each in (MODEL_MADE, PARTLY_MODEL_MADE, PLACEHOLDER, COMPOSITE) if f'"{each}"' in label
        ] == list(expected), "the label for platforms that read XMP"


def test_the_label_of_a_jpeg_comes_after_its_headers(signer: Signer, tmp_path: Path) -> None:
    """A JPEG keeps its Exif data, and gets its label; a picture with XMP of its own keeps that."""
    picture, exif = Image.new("RGB", (64, 64), "red"), Image.Exif()
    exif[0x013B] = "Ada"
    picture.save(tmp_path / "a.jpg", exif=exif)
    made = signed(signer, (tmp_path / "a.jpg").read_bytes(), "image/jpeg", statement())
    with Image.open(io.BytesIO(made)) as found:
        assert found.getexif()[0x013B] == "Ada"
        assert MODEL_MADE in found.info["xmp"].decode()
    picture.save(tmp_path / "b.jpg", xmp=b"<x:xmpmeta>mine</x:xmpmeta>")
    made = signed(signer, (tmp_path / "b.jpg").read_bytes(), "image/jpeg", statement())
    assert made.count(b"ns.adobe.com/xap/1.0") == 1
    assert read_provenance(io.BytesIO(made), "image/jpeg").state == "valid"


def test_an_earlier_signature_is_kept(tmp_path: Path) -> None:
    """The signature of a vendor stays in the chain; a file that Greenlight signed is not signed again."""
    vendor, ours = make_test_signer("A vendor"), make_test_signer()
    data = KINDS["image/png"].make(tmp_path).read_bytes()
    theirs = foreign(vendor, data)
    made = signed(ours, theirs, "image/png", statement())
    found = read_provenance(io.BytesIO(made), "image/png")
    assert (found.state, found.signed_by) == ("valid", SELF_MADE)
    assert [(each.generator, each.signed_by) for each in found.earlier] == [("Another program 7", "A vendor")]
    assert MODEL_MADE in found.source_types
    assert ours.sign_now(made, "image/png", statement()) is made


def foreign(vendor: Signer, data: bytes) -> bytes:
    """The data as another program signs it."""
    from c2pa import Builder

    definition = {
        "claim_generator_info": [{"name": "Another program", "version": "7"}],
        "assertions": [
            {
                "label": "c2pa.actions",
                "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": MODEL_MADE}]},
            }
        ],
    }
    target = io.BytesIO()
    with Builder(json.dumps(definition)) as builder, vendor._native() as native:
        builder.sign(native, "image/png", io.BytesIO(data), target)
    return target.getvalue()


def test_another_persons_statement_is_not_ours(tmp_path: Path) -> None:
    """A file of another program is read too: its signer and its generator, without a statement of Greenlight."""
    data = foreign(make_test_signer("A vendor"), KINDS["image/png"].make(tmp_path).read_bytes())
    found = read_provenance(io.BytesIO(data), "image/png")
    assert (found.state, found.signed_by, found.self_made, found.statement) == ("valid", "A vendor", False, None)
    assert found.generator == "Another program 7"


async def test_a_large_film_is_hashed_in_parts(signer: Signer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A film of LARGE_BYTES and more is signed in parts, is valid, plays, and is invalid after any change."""
    kind = KINDS["video/mp4"]
    path = kind.make(tmp_path)
    monkeypatch.setattr(signing, "LARGE_BYTES", 1_000)
    monkeypatch.setattr(signing, "PART_KB", 1)
    done = await make_test_signer().sign(path, "video/mp4", statement())
    assert done.signed
    assert isinstance(done.source, Path)
    made = await asyncio.to_thread(done.source.read_bytes)
    assert read_provenance(io.BytesIO(made), "video/mp4").state == "valid"
    plain = await signer.sign(path, "video/mp4", statement())
    assert isinstance(plain.source, Path)
    assert decoded(made, "video/mp4") == decoded(path.read_bytes(), "video/mp4")
    start = made.index(b"mdat") + 8
    for at in (start + 20, start + 1_200):
        changed = made[:at] + bytes([made[at] ^ 1]) + made[at + 1 :]
        assert read_provenance(io.BytesIO(changed), "video/mp4").state == "invalid"


async def test_what_cannot_be_signed_stays_as_it_is(signer: Signer, tmp_path: Path) -> None:
    """A text stays without a remark; media that the library cannot read stays with one, and is never an error."""
    text = await signer.sign(b"# Text", "text/markdown", statement())
    assert (text.source, text.signed, text.problem) == (b"# Text", False, "")
    broken = await signer.sign(b"no picture", "image/png", statement())
    assert (broken.source, broken.signed) == (b"no picture", False)
    assert broken.problem.startswith("not signed: ")


def test_a_persons_own_certificate_is_named() -> None:
    """The name in a person's own certificate is shown, and not as self-made."""
    chain, key = certificate_pem()
    signer = signing.make_signer(signing_settings(chain, key))
    assert signer is not None
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "PNG")
    found = read_provenance(io.BytesIO(signed(signer, buffer.getvalue(), "image/png", statement())), "image/png")
    assert (found.state, found.signed_by, found.self_made) == ("valid", NAME, False)


async def test_an_unreachable_time_stamp_authority_loses_nothing(tmp_path: Path) -> None:
    """Where the time-stamp authority does not respond, a worker starts, and the file stays unsigned with a remark."""
    chain, key = certificate_pem()
    settings = signing_settings(chain, key).model_copy(update={"c2pa_timestamp_url": "http://127.0.0.1:1/stamp"})
    signer = signing.make_signer(settings)
    assert signer is not None
    data = KINDS["image/png"].make(tmp_path).read_bytes()
    done = await signer.sign(data, "image/png", statement())
    assert (done.source, done.signed) == (data, False)
    assert done.problem.startswith("not signed: ")
