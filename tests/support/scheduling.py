"""The distribution of test modules over the processes of pytest-xdist."""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import Final

import pytest
from xdist.scheduler import LoadFileScheduling

from tests import ROOT

SHARED: Final[Mapping[str, re.Pattern[str]]] = {
    "the local stack": re.compile(r"\blocal_stack: Stack\b"),
    "the browser": re.compile(r": Site\b|\bbrowser: Browser\b"),
}
"""What one process starts for all modules whose text matches: each further process would start it again, and its
servers would use CPU time until the end."""


class BySharedServers(LoadFileScheduling):  # type: ignore[misc] # xdist has no types
    """A module runs in one process, together with those that use the same stack or browser."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(super()._split_scope(nodeid))


@cache
def scope_of(module: str) -> str:
    """The name of what the module shares with others, or its path."""
    text = (ROOT / module).read_text()
    return next((name for name, pattern in SHARED.items() if pattern.search(text)), module)


def turns(modules: Iterable[str]) -> dict[str, float]:
    """The place of each module within its folder under `tests`, as a share of the modules of that folder."""
    folders: dict[str, list[str]] = {}
    for module in modules:
        folders.setdefault(module.split("/")[1], []).append(module)
    return {module: n / len(folder) for folder in folders.values() for n, module in enumerate(folder)}


def import_modules(folder: str, first: float) -> None:
    """Import the test modules of a folder, from the one after this share of them on.

    In a new tree no module is compiled, and processes that import the same module at the same time all compile it: with
    four of them, 13 s of CPU time in each. If each begins with another module, it finds most of them compiled.
    """
    modules = sorted((ROOT / folder).rglob("test_*.py"))
    begin = int(first * len(modules))
    for module in (*modules[begin:], *modules[:begin]):
        # The collection imports it again, and reports why it cannot.
        with suppress(Exception, pytest.skip.Exception):
            import_module(".".join(module.relative_to(ROOT).with_suffix("").parts))
