"""The child process: reads one request from its standard input, and writes one JSON answer.

    {"operation": …, "path": …, "out": …, "use": …} -> the answer of that operation: ingest, analyse, layout or pages

It exits with 3 and {"refused": message} where the file cannot be used, and with 4 where this worker has no room for it.
"""

import contextlib
import ctypes
import json
import resource
import signal
import sys
from pathlib import Path
from typing import Any, Final

from activities.disk import is_out_of_room
from activities.references.reading.limits import MAX_MEMORY_BYTES, Unusable

REFUSED: Final = 3
NO_ROOM: Final = 4
_PR_SET_PDEATHSIG: Final = 1


def main() -> None:
    request: dict[str, Any] = json.load(sys.stdin)
    _limit(float(request.pop("seconds")))
    operation = request.pop("operation")
    path, out = Path(request.pop("path")), Path(request.pop("out"))
    answers = sys.stdout
    sys.stdout = sys.stderr  # nothing that a library prints gets into the answer
    try:
        answer = _run(operation, path, out, request)
    except Exception as problem:
        if is_out_of_room(problem):
            sys.exit(NO_ROOM)
        if not isinstance(problem, Unusable):
            raise
        json.dump({"refused": str(problem)}, answers)
        answers.flush()
        sys.exit(REFUSED)
    json.dump(answer, answers)


def _run(operation: str, path: Path, out: Path, arguments: dict[str, Any]) -> dict[str, Any]:
    if operation == "ingest":
        from activities.references.reading.inspection import inspect

        return inspect(path, out, **arguments)
    if operation in ("layout", "pages"):
        from activities.references.reading.documents import layout

        return layout.lines_of(path) if operation == "layout" else layout.draw_pages(path, out, **arguments)
    from activities.references.reading.contents import read_contents

    return read_contents(path, out, **arguments)


def _limit(seconds: float) -> None:
    """Limit this process before any library is loaded."""
    whole = int(seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (whole, whole))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(ValueError, OSError):  # macOS has no limit of the address space
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main()
