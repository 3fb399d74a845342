"""Whether an optional package is installed: those of vendors and of this machine are extras."""

from functools import cache
from importlib.util import find_spec


@cache
def is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # the package that the module is in
        return False
