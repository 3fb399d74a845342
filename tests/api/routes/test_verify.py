"""`greenlight verify`: what a person and a script learn about a file, without an API."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from api.cli.main import app
from tests.activities.finishing.media import still_file
from tests.activities.provenance.signed_media import KINDS, statement, tampered
from tests.activities.provenance.signing import make_test_signer
from workflows.provenance.records import SELF_MADE, Edit, Ingredient

PNG = KINDS["image/png"]


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A picture with a whole statement; a name in it tries to control the terminal."""
    picture = still_file(tmp_path_factory.mktemp("picture") / "a.png", "red").read_bytes()
    known = statement(
        kind="deliverable",
        name="contact-sheet.png",
        plan_digest="a" * 32,
        approvers=("Ada\x1b[2J",),
        edits=(Edit(at=datetime(2026, 11, 1, 12, tzinfo=UTC), by="Bo", what="changed [bold]prompt[/bold] of shot-1"),),
        ingredients=(Ingredient(asset_id="shot-1", take=2, provider="runway", model="gen4", sha256="c" * 64),),
    )
    made = make_test_signer().sign_now(picture, "image/png", known)
    assert isinstance(made, bytes)
    return made


def verify(*args: str) -> Result:
    return CliRunner().invoke(app, ["verify", *args])


def test_a_valid_file_is_described(signed: bytes, tmp_path: Path) -> None:
    """A valid signature ends with 0, and its facts are lines in plain words; text of the file controls no terminal."""
    path = tmp_path / "a.png"
    path.write_bytes(signed)
    found = verify(str(path))
    assert found.exit_code == 0, found.output
    assert "\x1b" not in found.stdout
    lines = [line.split(maxsplit=1) for line in found.stdout.splitlines() if line.strip()]
    text = found.stdout
    assert lines[0] == ["Signature", "valid"]
    for expected in (
        f"Signed by    {SELF_MADE}",
        "contact-sheet.png, of production p1",
        "AI-generated",
        "runway/gen4",
        "a" * 32,
        "Ada\ufffd[2J",
        "2026-11-01 12:00 Bo: changed [bold]prompt[/bold] of shot-1",
        "shot-1, take 2: runway/gen4, sha256 cccccccccccccccc…",
        "trainedAlgorithmicMedia",
    ):
        assert expected in text, expected


def test_the_exit_code_tells_the_state(signed: bytes, tmp_path: Path) -> None:
    """0 for valid, 1 for changed, 2 for none; --json has the same state and the statement."""
    plain = tmp_path / "plain.png"
    cases = {
        "valid": (signed, 0),
        "invalid": (tampered(signed, PNG)[2], 1),
        "none": (PNG.make(tmp_path).read_bytes(), 2),
    }
    for state, (data, code) in cases.items():
        plain.write_bytes(data)
        found = verify(str(plain), "--json")
        assert (found.exit_code, json.loads(found.stdout)["state"]) == (code, state)
        assert verify(str(plain)).exit_code == code
    plain.write_bytes(cases["invalid"][0])
    assert "INVALID: the" in verify(str(plain)).stdout
    plain.write_bytes(signed)
    assert json.loads(verify(str(plain), "--json").stdout)["statement"]["plan_digest"] == "a" * 32


def test_the_content_counts_not_the_name(signed: bytes, tmp_path: Path) -> None:
    """A file with another name than its content is checked by its content; so is one without a suffix."""
    for name in ("a.jpg", "a", "a.txt"):
        (tmp_path / name).write_bytes(signed)
        assert verify(str(tmp_path / name)).exit_code == 0, name


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A file that does not exist is refused before anything is sent."""
    found = verify(str(tmp_path / "nothing.mp4"))
    assert found.exit_code == 2
    assert "there is no file" in found.output


@pytest.mark.parametrize("media_type", KINDS)
def test_any_file_is_read_without_an_error(media_type: str, tmp_path: Path) -> None:
    """A truncated signed file of each kind is invalid, or has no signature any more; it is never valid or an error."""
    data = KINDS[media_type].make(tmp_path).read_bytes()
    made = make_test_signer().sign_now(data, media_type, statement())
    assert isinstance(made, bytes)
    path = tmp_path / "cut"
    for share in (0.1, 0.5, 0.9):
        path.write_bytes(io.BytesIO(made).read(int(len(made) * share)))
        found = verify(str(path))
        assert found.exit_code in (1, 2), found.output
        assert found.exception is None or isinstance(found.exception, SystemExit)
