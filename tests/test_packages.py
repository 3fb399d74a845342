"""The package names are generic, so their origin and their imports are checked here."""

import importlib
import pkgutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests import ROOT
from tests.support.vendors import MEDIA, VENDORS

PACKAGES = ("workflows", "activities", "api", "worker", "deploy", "tests")


@pytest.mark.parametrize("name", PACKAGES)
def test_package_is_ours(name: str) -> None:
    """Each top-level name resolves to this repository, not to a stranger's package of the same name."""
    package = importlib.import_module(name)
    assert package.__file__ is not None
    assert Path(package.__file__).parent == ROOT / name


@pytest.mark.parametrize("name", ["workflows", "api"])
def test_light_packages_load_nothing_heavy(name: str) -> None:
    """Importing every module of `workflows` or `api` afresh loads no vendor SDK and no media library."""
    modules = [f"{name}.{module.name}" for module in pkgutil.iter_modules([str(ROOT / name)]) if module.name[0] != "_"]
    assert modules
    script = (
        "import importlib, sys\n"
        f"for module in {modules!r}: importlib.import_module(module)\n"
        f"print(*[heavy for heavy in {VENDORS + MEDIA!r} if heavy in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.split() == []


@pytest.mark.parametrize(
    "module",
    [
        "activities.providers.previz.sound.espeak",
        "activities.references.reading.contents",
        "activities.references.reading.inspection",
        "activities.references.reading.documents.layout",
    ],
)
def test_child_processes_load_little(module: str) -> None:
    """A process that starts for each spoken text or each file loads neither Pydantic nor asyncio, which take 0.1 s."""
    script = f"import sys, {module}; print(*{{'asyncio', 'pydantic'}} & {{*sys.modules}})"
    answer = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.split() == []


def test_folders_and_modules_stay_small() -> None:
    """No folder has more than 16 Python modules, and no module more than 400 lines."""
    sources = [path for name in PACKAGES for path in (ROOT / name).rglob("*.py")]
    folders = Counter(path.parent.relative_to(ROOT) for path in sources)
    assert {str(folder): count for folder, count in folders.items() if count > 16} == {}
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in sources}
    assert {name: lines for name, lines in lengths.items() if lines > 400} == {}
