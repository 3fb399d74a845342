"""The settings of the command: .env, the version, and the Temporal server of the stack."""

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import api.cli
from api.cli.commands.operations import temporal
from api.cli.commands.operations.temporal import find_server
from api.cli.main import app
from tests import ROOT

STACK = {
    "temporal_address": "127.0.0.1:7999",
    "temporal_namespace": "default",
    "temporal_ui_url": "http://127.0.0.1:8999",
    "embedded": ["temporal", "s3"],
}


def run(folder: Path, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    """The command as a process in a folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GREENLIGHT_", "TEMPORAL_"))}
    command = [sys.executable, "-m", "api.cli.main", *args]
    root = str(Path(__file__).parents[3])
    environ = {**kept, "PYTHONPATH": root, **env}
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)


def test_every_command_reads_the_env_file(tmp_path: Path) -> None:
    """The address of the API is read from .env in the current folder, and the environment has priority."""
    (tmp_path / ".env").write_text("GREENLIGHT_URL=http://127.0.0.1:2\n")
    assert "No Greenlight API answers at http://127.0.0.1:2" in run(tmp_path, "list").stderr
    assert "at http://127.0.0.1:3" in run(tmp_path, "list", GREENLIGHT_URL="http://127.0.0.1:3").stderr
    assert "Settings file  .env" in run(tmp_path, "doctor").stdout


def test_an_env_file_that_is_no_text(tmp_path: Path) -> None:
    """A .env file that cannot be read is one message with the remedy."""
    (tmp_path / ".env").write_bytes(b"GREENLIGHT_URL=\xff\xfe")
    refused = run(tmp_path, "list")
    assert refused.returncode == 2
    assert refused.stderr.startswith("The settings in .env cannot be read: it is not text in UTF-8.")


def test_the_version() -> None:
    """--version prints the name and the version, and sends nothing."""
    assert CliRunner().invoke(app, ["--version"]).stdout == f"greenlight {metadata.version('greenlight')}\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "stack.json").write_text(json.dumps(STACK))
    return tmp_path


def test_temporal_uses_the_server_of_the_stack(home: Path) -> None:
    """The server of the running stack is used, without a profile that is meant for another one."""
    server = find_server({"GREENLIGHT_HOME": str(home)})
    assert (server.address, server.ui_url) == ("127.0.0.1:7999", "http://127.0.0.1:8999")
    assert server.environ["TEMPORAL_ADDRESS"] == "127.0.0.1:7999"
    assert server.environ["TEMPORAL_CONFIG_FILE"] == os.devnull


@pytest.mark.parametrize("variable", ["TEMPORAL_ADDRESS", "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE"])
def test_the_environment_has_priority(home: Path, variable: str) -> None:
    """A server that the environment names is used as it is."""
    environ = {"GREENLIGHT_HOME": str(home), variable: "cloud"}
    server = find_server(environ)
    assert server.source == variable
    assert server.environ == environ


def test_temporal_passes_its_arguments_on(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every argument reaches Temporal's command unchanged; without arguments the address is printed."""
    started: list[tuple[list[str], Mapping[str, str]]] = []

    def execve(_: str, args: list[str], env: Mapping[str, str]) -> None:
        started.append((args[1:], env))

    for name in ("TEMPORAL_ADDRESS", "TEMPORAL_PROFILE", "TEMPORAL_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GREENLIGHT_HOME", str(home))
    monkeypatch.setattr(os, "execve", execve)
    arguments = ["workflow", "list", "--query", "A='b'", "-h", "--", "--url"]
    assert CliRunner().invoke(app, ["temporal", *arguments]).exit_code == 0
    assert started[0][0] == arguments
    assert started[0][1]["TEMPORAL_ADDRESS"] == "127.0.0.1:7999"
    printed = CliRunner().invoke(app, ["temporal"]).stdout
    assert "Address    127.0.0.1:7999" in printed
    assert "http://127.0.0.1:8999" in printed


def test_temporal_that_is_not_installed(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without Temporal's command the address is printed with the remedy, and the exit code is 1."""
    missing: dict[str, Any] = {"GREENLIGHT_HOME": str(home), "PATH": str(tmp_path)}
    monkeypatch.setattr(temporal, "_program", lambda: "")
    refused = CliRunner().invoke(app, ["temporal", "workflow", "list"], env=missing)
    assert refused.exit_code == 1
    assert "`make up`" in refused.stderr
    assert "Address" in refused.stdout


def test_an_interrupt_while_the_command_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends the command with 130 also while its modules load, and the installed command begins there."""
    monkeypatch.delitem(sys.modules, "api.cli.main")

    class Interrupted:
        @staticmethod
        def find_spec(name: str, *_: object) -> None:
            if name == "api.cli.main":
                raise KeyboardInterrupt

    monkeypatch.setattr(sys, "meta_path", [Interrupted, *sys.meta_path])
    with pytest.raises(SystemExit) as ended:
        api.cli.run()
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert (ended.value.code, scripts["greenlight"]) == (130, "api.cli:run")
