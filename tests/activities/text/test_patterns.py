import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module

from activities import planning, text
from activities.text.patterns import Pattern


def _patterns(value: object) -> Iterator[Pattern]:
    if isinstance(value, Pattern):
        yield value
    elif isinstance(value, dict):
        yield from _patterns(tuple(value.values()))
    elif isinstance(value, tuple):
        for each in value:
            yield from _patterns(each)


def test_every_expression_compiles() -> None:
    """Each expression that waits for its first use is valid."""
    packages = (planning, text)
    modules = [found for each in packages for found in pkgutil.walk_packages(each.__path__, f"{each.__name__}.")]
    found = list(_patterns(tuple(vars(import_module(each.name)) for each in modules)))
    assert len(set(found)) > 500
    assert all(isinstance(each.compiled, re.Pattern) for each in found)
