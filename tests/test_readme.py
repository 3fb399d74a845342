"""The README and the guides are correct: their commands run, their Python type-checks, their names and links exist."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.testing import CliRunner

from activities.providers.registry import PROVIDERS
from activities.settings import ActivitySettings
from api.cli.main import app
from api.client.client import GreenlightClient
from deploy.local import Stack
from deploy.settings import StackSettings
from tests import ROOT
from tests.activities.finishing.media import shot_file
from tests.guides import GUIDES, TEXT, blocks, write_python
from tests.support.waiting import until
from worker.settings import WorkerSettings
from workflows import keys
from workflows.events import ProductionStatus

EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
PYTHON, SHELL, CONSOLE = blocks("python"), blocks("sh"), blocks("console")


def shell(script: str, env: Mapping[str, str]) -> str:
    """Run a block in `sh`; the command `greenlight` is the installed one."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    done = subprocess.run(
        ["sh", "-euxc", script],
        env={**env, "PATH": path},
        cwd=env["OUT"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def typed(block: str, env: Mapping[str, str]) -> None:
    """Run a block of `greenlight` commands in this process: starting each one as a process costs a second of CPU."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(env["OUT"])
        patch.setenv("GREENLIGHT_URL", env["GREENLIGHT_URL"])
        for line in block.splitlines():
            command, *arguments = shlex.split(line.replace("$ID", env["ID"]))
            assert command == "greenlight", line
            result = CliRunner().invoke(app, arguments)
            assert result.exit_code == 0, (line, result.output)


def awaiting(studio: GreenlightClient) -> set[str]:
    """The productions whose plans await approval."""
    return {line.production_id for line in studio.list(status=ProductionStatus.AWAITING_APPROVAL)}


def new_plan(studio: GreenlightClient, before: set[str]) -> str:
    """The production that awaits approval now and did not before; the list may be a second late."""
    until(lambda: bool(awaiting(studio) - before), "the plan is in the list")
    (new,) = awaiting(studio) - before
    return new


def test_the_commands_run(local_stack: Stack, tmp_path: Path) -> None:
    """Every shell block but the make targets runs, in order, as a new user would type it."""
    url = local_stack.info.api_url
    env = {**os.environ, "GREENLIGHT_URL": url, "OUT": str(tmp_path), "NO_COLOR": "1", "ID": ""}
    shot_file(tmp_path / "own.mov", seconds=3)
    (tmp_path / "briefs.csv").write_text("text,key\nWhy trains are back,trains\nWhy ferries are back,ferries\n")
    ran = 0
    with GreenlightClient(url) as studio:
        before = awaiting(studio)
        for block in SHELL:
            if block.startswith("make"):
                continue
            if "cancel $ID" in block:
                before = awaiting(studio)
                typed('greenlight plan "A word about the weather." --platform copy', env)
            if "greenlight edit $ID --set shot-1" in block or "cancel $ID" in block:
                env["ID"] = new_plan(studio, before)
            first, _, others = block.partition("\n")
            if ran == 0:
                shell(first, env)  # the installed command
            if block.startswith("greenlight"):
                typed(block if ran else others, env)
            else:
                shell(block.replace("http://127.0.0.1:8400", url), env)
            ran += 1
    assert ran == 10
    assert (tmp_path / "out/post/content.md").stat().st_size > 0
    assert (tmp_path / "out/dawn/deliverable.mp4").stat().st_size > 0
    assert (tmp_path / "out/preview/deliverable.mp4").stat().st_size > 0
    assert (tmp_path / "out/first/deliverable.mp4").stat().st_size > 0
    assert (tmp_path / "briefs.results.csv").read_text().count("delivered") == 2


def test_the_make_targets_exist() -> None:
    """Every `make` target that a guide names is in the Makefile."""
    makefile = (ROOT / "Makefile").read_text()
    named = set(re.findall(r"\bmake ([a-z]+)\b", "\n".join([*re.findall(r"`([^`\n]+)`", TEXT), *SHELL, *CONSOLE])))
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
        check=True,
    )
    assert done.stdout.strip() == "delivered"


def test_the_python_is_type_checked(tmp_path: Path) -> None:
    """`make check` type-checks every Python block with the code; the provider example has to fit the protocol."""
    written = [path.read_text(encoding="utf-8") for path in write_python(tmp_path / "guides")]
    assert len(written) == len(PYTHON) > 1
    assert all(code.startswith(block) for code, block in zip(written, PYTHON, strict=True))
    assert sum("fits: Provider = Chalk({})" in code for code in written) == 1
    recipe = re.search(r"^check:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe is not None
    assert "-m tests.guides $(GUIDES)" in recipe[1]
    assert re.search(r"-m mypy .*\$\(GUIDES\)", recipe[1])


def test_every_provider_and_variable_is_documented() -> None:
    """The guides name each provider and search attribute; .env.example has each variable of the code and the guides."""
    assert all(f"`{name}`" in GUIDES["activities/providers/README.md"] for name in PROVIDERS)
    for settings in (ActivitySettings, WorkerSettings, StackSettings):
        for name, variable in settings.model_fields.items():
            assert str(variable.validation_alias or f"GREENLIGHT_{name.upper()}") in EXAMPLE, name
    tracing = "".join(path.read_text() for path in (ROOT / "workflows" / "runtime").glob("tracing*.py"))
    assert all(variable in EXAMPLE for variable in re.findall(r"OTEL_[A-Z_]+[A-Z]", tracing))
    api = "".join(path.read_text() for path in (ROOT / "api").rglob("*.py"))
    named = re.findall(r"GREENLIGHT_[A-Z0-9_]+", api + TEXT)
    assert {name for name in named if name not in EXAMPLE} == set()
    assert all(variable in EXAMPLE for entry in PROVIDERS.values() for variable in entry.variables)
    assert all(name in GUIDES["workflows/README.md"] for name in keys.SEARCH_ATTRIBUTES)


def test_the_paths_exist() -> None:
    """Every path in the guides exists."""
    paths = set(re.findall(r"`((?:workflows|activities|api|worker|deploy|tests)/[\w/.]*)`", TEXT))
    assert len(paths) > 10
    assert {path for path in paths if not (ROOT / path).exists()} == set()


def test_the_links_lead_to_files_and_headings() -> None:
    """Every link of a guide leads to a file of this repository and to a heading in it."""
    for path, text in GUIDES.items():
        for link in re.findall(r"\]\((?!http)([^)\s]+)\)", text):
            name, _, anchor = link.partition("#")
            target = (ROOT / path).parent / name if name else ROOT / path
            assert target.is_file(), (path, link)
            assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), (path, link)


def anchors(text: str) -> set[str]:
    """The ids that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
