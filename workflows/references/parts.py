"""The limits of the parts of an analysis, and how their times are written.

It imports no package, because the child process that reads a file imports it, once for each file.
"""

from typing import Final

MAX_PART_CHARS: Final = 8_000
"""Of one part: a dense page has 5,000 characters; a longer one is divided."""
MAX_PARTS: Final = 3_000
"""Of one analysis: an object of at most a few megabytes."""


def clock(seconds: float) -> str:
    """Minutes and seconds: 0:12, 75:03."""
    whole = int(seconds)
    return f"{whole // 60}:{whole % 60:02}"
