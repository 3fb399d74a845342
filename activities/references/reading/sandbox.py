"""Starts the child process that reads one untrusted file.

The child has no secrets in its environment, and limits of memory, CPU time and output. It ends with this process.
"""

import asyncio
import errno
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from activities.errors import OutputUnusable

READ_SECONDS: Final = 300.0
"""A scan of an hour of video for cuts takes about two minutes on one core."""
MAX_ANSWER_BYTES: Final = 32_000_000
_ROOT: Final = Path(__file__).parents[3]
_KEPT: Final = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""The variables that the child gets; keys of vendors are not among them."""
_REFUSED_CODE: Final = 3
_NO_ROOM_CODE: Final = 4


async def read_file(
    operation: str, path: Path, out: Path, *, seconds: float = READ_SECONDS, **arguments: object
) -> Mapping[str, Any]:
    """The result of one operation of `child` on a file; files that it makes are in the directory `out`.

    Raises:
        OutputUnusable: the file cannot be used, or takes too much memory or time to read; with the remedy.
        OSError: this worker has no room for what is read.
    """
    await asyncio.to_thread(out.mkdir, 0o700, parents=True, exist_ok=True)
    request = {"operation": operation, "path": str(path), "out": str(out), "seconds": seconds, **arguments}
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "activities.references.reading.child"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=MAX_ANSWER_BYTES,
        cwd=_ROOT,
        env={"OPENBLAS_NUM_THREADS": "1"} | {name: os.environ[name] for name in _KEPT if name in os.environ},
        start_new_session=True,  # a Ctrl-C for the worker lets a running activity finish
    )
    try:
        async with asyncio.timeout(seconds):
            answer, log = await child.communicate(json.dumps(request).encode())
    except TimeoutError:
        raise OutputUnusable(f"it was not read within {seconds:g} s; give a shorter or simpler file") from None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode == 0:
        result: Mapping[str, Any] = json.loads(answer)
        return result
    last = log.decode(errors="replace").strip()
    if child.returncode == _REFUSED_CODE:
        raise OutputUnusable(json.loads(answer)["refused"])
    if child.returncode == _NO_ROOM_CODE:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if "MemoryError" in last or (child.returncode or 0) < 0:
        raise OutputUnusable("it takes more memory or time to read than is allowed; give a smaller or simpler file")
    raise OutputUnusable(f"it cannot be read ({last.splitlines()[-1][:200] if last else 'no reason'}); export it again")
