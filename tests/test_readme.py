"""The README is true: its commands run, its Python type-checks and runs, its names exist."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from activities.providers.registry import PROVIDERS
from activities.settings import ActivitySettings
from api.client.client import GreenlightClient
from deploy.local import Stack
from deploy.settings import StackSettings
from tests import ROOT
from tests.activities.finishing.test_finishing import shot_file
from worker.settings import WorkerSettings
from workflows import keys
from workflows.events import ProductionStatus

README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
PYTHON = [body for language, body in BLOCKS if language == "python"]
SHELL = [body for language, body in BLOCKS if language == "sh"]


def shell(script: str, env: Mapping[str, str]) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    done = subprocess.run(
        ["sh", "-euxc", script],
        env={**env, "PATH": path},
        cwd=env["OUT"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.timeout(600)  # 28 commands and four films: two minutes and a half on a busy machine
def test_the_commands_run(local_stack: Stack, tmp_path: Path) -> None:
    """Every shell block but the make targets runs, in order, as a stranger would type it."""
    url = local_stack.info.api_url
    env = {**os.environ, "GREENLIGHT_URL": url, "OUT": str(tmp_path), "NO_COLOR": "1"}
    shot_file(tmp_path / "own.mov", seconds=3)
    (tmp_path / "briefs.csv").write_text("text,key\nWhy trains are back,trains\nWhy ferries are back,ferries\n")
    ran = 0
    for block in SHELL:
        if block.startswith("make"):
            continue
        if "cancel $ID" in block:
            shell('greenlight plan "A word about the weather." --platform copy', env)
        if "greenlight edit $ID --set shot-1" in block or "cancel $ID" in block:
            with GreenlightClient(url) as studio:
                env["ID"] = next(iter(studio.list(status=ProductionStatus.AWAITING_APPROVAL))).production_id
        shell(block.replace("http://127.0.0.1:8400", url), env)
        ran += 1
    assert ran == 6
    assert (tmp_path / "out/post/content.md").stat().st_size > 0
    assert (tmp_path / "out/dawn/deliverable.mp4").stat().st_size > 0
    assert (tmp_path / "out/preview/deliverable.mp4").stat().st_size > 0
    assert (tmp_path / "out/first/deliverable.mp4").stat().st_size > 0
    assert (tmp_path / "briefs.results.csv").read_text().count("delivered") == 2


def test_the_make_targets_exist() -> None:
    """Every `make` target that the README names is one."""
    makefile = (ROOT / "Makefile").read_text()
    named = set(re.findall(r"\bmake ([a-z]+)\b", " ".join([*re.findall(r"`([^`\n]+)`", README), *SHELL])))
    assert {"demo", "test", "up", "help", "bench"} <= named
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in named)


def test_the_client_example_runs(local_stack: Stack) -> None:
    """The Python client's example delivers a production."""
    example = next(body for body in PYTHON if "GreenlightClient" in body)
    done = subprocess.run(
        [sys.executable, "-c", example.replace("http://127.0.0.1:8400", local_stack.info.api_url)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.strip() == "delivered"


@pytest.mark.parametrize("number", range(len(PYTHON)))
def test_the_python_type_checks(number: int, tmp_path: Path) -> None:
    """Every Python block passes mypy --strict; the provider example fits the protocol."""
    code = PYTHON[number]
    if "class Chalk" in code:
        code += "\n\nfrom activities.providers.protocol import Provider\n\nfits: Provider = Chalk({})\n"
    (tmp_path / "example.py").write_text(code)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), str(tmp_path / "example.py")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_every_provider_and_variable_is_documented() -> None:
    """Each registered provider is in the README, each variable in .env.example, each search attribute in the README."""
    assert all(f"`{name}`" in README for name in PROVIDERS)
    for settings in (ActivitySettings, WorkerSettings, StackSettings):
        for name in settings.model_fields:
            assert f"GREENLIGHT_{name.upper()}" in EXAMPLE, name
    tracing = "".join(path.read_text() for path in (ROOT / "workflows" / "runtime").glob("tracing*.py"))
    assert all(variable in EXAMPLE for variable in re.findall(r"OTEL_[A-Z_]+[A-Z]", tracing))
    named = re.findall(
        r"GREENLIGHT_[A-Z0-9_]+", "".join((ROOT / "api" / f).read_text() for f in ("settings.py", "client/client.py"))
    )
    assert {name for name in named if name not in EXAMPLE} == set()
    assert all(variable in EXAMPLE for entry in PROVIDERS.values() for variable in entry.variables)
    assert all(name in README for name in keys.SEARCH_ATTRIBUTES)


def test_the_map_is_of_this_house() -> None:
    """Every path in the README exists."""
    paths = set(re.findall(r"`((?:workflows|activities|api|worker|deploy|tests)/[\w/.]*)`", README))
    assert len(paths) > 10
    assert all((ROOT / path).exists() for path in paths)
