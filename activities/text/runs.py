"""Runs of one character, which people paste and never mean: expressions search each run from each of its places."""

import re
from typing import Final

MOST: Final = 60
"""Characters of one run: more than the gap between two columns, and more digits than any number has."""
_RUN: Final = re.compile(rf"\s{{{MOST + 1},}}|\d{{{MOST + 1},}}")


def with_short_runs(text: str) -> str:
    """The text with at most MOST characters of white space, or digits, in a row."""
    return _RUN.sub(lambda match: match[0][:MOST], text)
