"""`python -m tests.pythons`: the demo and the smoke tests on each supported Python that this machine has.

Each Python gets a copy of the project in out/pythons/, with an environment of its own and without any .env file.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from rich.console import Console

from tests.support.stack import hermetic

PYTHONS: Final = ("3.11", "3.12", "3.13", "3.14")
"""The supported versions of CPython, as the classifiers in pyproject.toml and `PYTHONS` in the Makefile name them."""

GOALS: Final = ("demo", "smoke")
"""Targets of the Makefile; the demo comes first because it is the first command of a new user."""

OUT: Final = Path("out/pythons")

_PROBE: Final = """
import ensurepip, platform, sys, venv
print(platform.python_version(), sys.prefix == sys.base_prefix, sys.executable, sep="\\n")
"""


class Interpreter(NamedTuple):
    """A CPython that can make virtual environments."""

    version: str
    """With its patch level: 3.12.1"""
    path: Path


def interpreters(version: str, environ: Mapping[str, str]) -> list[Interpreter]:
    """Every CPython `version` ("3.12") on PATH, of pyenv or of uv: one for each patch level, but no environment."""
    found: dict[str, Interpreter] = {}
    for path in _candidates(version, environ):
        probe = subprocess.run([path, "-c", _PROBE], capture_output=True, text=True, check=False)
        if probe.returncode == 0:
            full, own, executable = probe.stdout.splitlines()  # the path may be that of a script, as pyenv's shims are
            if full.startswith(f"{version}.") and own == "True":
                found.setdefault(full, Interpreter(full, Path(executable)))
    return list(found.values())


def _candidates(version: str, environ: Mapping[str, str]) -> Iterator[Path]:
    home = Path(environ.get("HOME") or Path.home())
    name = f"python{version}"
    for folder in (environ.get("PATH") or os.defpath).split(os.pathsep):
        yield from Path(folder or ".").absolute().glob(name)
    yield from sorted(Path(environ.get("PYENV_ROOT") or home / ".pyenv").glob(f"versions/{version}.*/bin/{name}"))
    data = Path(environ.get("XDG_DATA_HOME") or home / ".local/share")
    yield from sorted(data.glob(f"uv/python/cpython-{version}*/bin/{name}"))


def copy_project(target: Path) -> None:
    """Copy what git tracks, or would, with all uncommitted changes; an environment from an earlier run is kept."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    files = [Path(name) for name in subprocess.check_output(listed, text=True).split("\0") if name]
    for top in {file.parts[0] for file in files} if target.exists() else ():
        old = target / top
        shutil.rmtree(old) if old.is_dir() else old.unlink(missing_ok=True)
    for file in files:
        if file.is_file():
            (target / file.parent).mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, target / file)


def run(interpreter: Interpreter, goal: str) -> tuple[bool, str]:
    """Run `make goal` in the interpreter's copy: whether it passed, and a phrase for the report."""
    folder = OUT / interpreter.version
    log = OUT / f"{interpreter.version}-{goal}.log"
    began = time.monotonic()
    with log.open("wb") as output:
        command = ["make", f"PYTHON={interpreter.path}", goal]
        made = subprocess.run(
            command,
            cwd=folder,
            env=hermetic(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    seconds = time.monotonic() - began
    if made.returncode:
        return False, f"{goal} FAILED (exit code {made.returncode}, see {log})"
    counted = re.findall(r"^(\d+ passed.*?) in ", log.read_text(errors="replace"), re.MULTILINE)
    return True, f"{goal} passed ({', '.join([*counted[-1:], f'{seconds:.0f} s'])})"


def main() -> int:
    """The exit code: 0 when at least one Python was found and everything passed on each that was found."""
    console = Console(highlight=False, soft_wrap=True)
    passed: list[bool] = []
    for version in PYTHONS:
        found = interpreters(version, os.environ)
        if not found:
            console.print(f"Python {version}: not found on this machine")
        for interpreter in found:
            copy_project(OUT / interpreter.version)
            phrases = []
            for goal in GOALS:
                good, phrase = run(interpreter, goal)
                passed.append(good)
                phrases.append(phrase)
            console.print(f"Python {interpreter.version} ({interpreter.path}): {'; '.join(phrases)}", markup=False)
    return 0 if passed and all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
