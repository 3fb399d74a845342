"""The memory of a worker that runs for weeks."""

import ctypes
from typing import Final

_M_ARENA_MAX: Final = -8
ARENAS: Final = 2


def limit_arenas() -> None:
    """Let all threads share few heaps of the C library; call it before they start.

    glibc gives each of its threads a heap of its own and returns little of it: a worker that had made 150 shots held
    130 MB in the heaps of threads that waited. Other C libraries have no such setting.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(_M_ARENA_MAX, ARENAS)
