"""Names of files that lead nowhere, in every option and argument that takes one."""

import os
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from api.cli.files import existing_file, read_brief
from api.cli.main import app

NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a few files."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "brief.txt").write_text("\ufeffA lighthouse at dawn.", encoding="utf-8")
    (tmp_path / "bottle.png").write_bytes(b"x")
    (tmp_path / "stills").mkdir()
    return tmp_path


COMMANDS = {
    "a brief": ("plan", "breif.txt"),
    "a brief in a folder": ("produce", "stills/brief.md"),
    "a reference": ("plan", "A lighthouse.", "--reference", "botle.png"),
    "an upload": ("upload", "p1", "shot-1", "own.mov"),
    "a batch": ("batch", "briefs.csv"),
    "a plan": ("edit", "p1", "--file", "plan.yaml"),
    "a new asset": ("edit", "p1", "--add", "asset.yaml"),
    "a brief of a schedule": ("schedule", "create", "breif.txt", "--id", "x", "--cron", "0 9 * * *"),
}


@pytest.mark.parametrize("what", COMMANDS)
def test_a_mistyped_file_is_refused(folder: Path, what: str) -> None:
    """Every command refuses a name without a file before it sends anything, and names it with a remedy."""
    command = COMMANDS[what]
    refused = CliRunner().invoke(app, ["--url", NOWHERE, *command], env={"COLUMNS": "400"})
    assert refused.exit_code == 2, refused.output
    names = [each for each in command if "." in each and " " not in each]
    text = " ".join(refused.output.replace("│", " ").split())
    assert f"there is no file {names[0]!r}; " in text
    assert "did you mean" in text or "check its name and folder" in text
    assert "No Greenlight API" not in refused.output


@pytest.mark.parametrize(
    ("name", "similar"), [("breif.txt", "brief.txt"), ("./Brief.TXT2", "brief.txt"), ("botle.png", "bottle.png")]
)
def test_a_similar_file_is_suggested(folder: Path, name: str, similar: str) -> None:
    """The most similar name in the same folder is suggested."""
    with pytest.raises(typer.BadParameter, match=f"did you mean '{similar}'"):
        existing_file(name)


def test_a_folder_is_no_file(folder: Path) -> None:
    """A folder is refused as such."""
    with pytest.raises(typer.BadParameter, match="'stills' is a folder; name a file"):
        existing_file("stills")


@pytest.mark.usefixtures("folder")
def test_a_file_without_permission(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that cannot be read is refused with the remedy."""
    monkeypatch.setattr(os, "access", lambda *_: False)  # a mode of the file would not stop root
    with pytest.raises(typer.BadParameter, match="change its permissions"):
        existing_file("brief.txt")


@pytest.mark.parametrize(
    "text",
    [
        "A lighthouse.",
        "Explain README.md",
        "24/7",
        "犬/猫の物語",
        "紹介Node.js",
        "Dawn",
        "line one\nbrief.md",
        "https://example.com/brief.txt",
        "A film about love. And trains.",
        "x" * 5_000,
        "",
    ],
)
def test_a_text_is_a_brief(folder: Path, text: str) -> None:
    """A text in any script that is no file name is the brief itself."""
    assert read_brief(text) == text


@pytest.mark.parametrize(
    "name", ["breif.txt", "./dawn", "../dawn/brief", "/no/where", "my breif.txt", "短い.txt", "stills"]
)
def test_a_file_name_is_no_brief(folder: Path, name: str) -> None:
    """A text that looks like the name of a file is not planned as a brief."""
    (folder / "my brief.txt").write_text("x")
    with pytest.raises(typer.BadParameter, match="Write a brief of one word to standard input"):
        read_brief(name)


def test_a_brief_of_a_file(folder: Path) -> None:
    """The content of a file is the brief, without a byte order mark; a file that is no text is refused."""
    assert read_brief("brief.txt") == "A lighthouse at dawn."
    (folder / "picture.png").write_bytes(b"\x89PNG\xff\xfe")
    (folder / "brief.rtf").write_bytes(rb"{\rtf1 A lighthouse}")
    (folder / "brief.eml").write_bytes(b"MIME-Version: 1.0\n\nA lighthouse")
    for name in ("picture.png", "brief.rtf", "brief.eml"):
        with pytest.raises(typer.BadParameter, match=f"is not plain text in UTF-8; .* --reference {name}:brief"):
            read_brief(name)
