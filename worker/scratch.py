"""The scratch directory of a worker process. A killed process leaves files there; the next start deletes them.

A film of an hour takes gigabytes: without this, a worker that is killed again and again would fill its disk.
"""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import IO, Final

PREFIX: Final = "greenlight-"
LOCK: Final = "lock"
_held: list[IO[str]] = []
"""The lock of this process, which the kernel releases when the process ends."""


def use_own_directory() -> Path:
    """Make a directory for all temporary files of this process, and delete those of processes that have ended."""
    parent = Path(tempfile.gettempdir())
    for each in parent.glob(f"{PREFIX}*"):
        _delete_abandoned(each)
    own = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    lock = (own / "new").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    (own / "new").rename(own / LOCK)  # another process that starts meanwhile finds no lock that is free
    _held.append(lock)
    os.environ["TMPDIR"] = tempfile.tempdir = str(own)
    return own


def _delete_abandoned(directory: Path) -> None:
    """Delete a directory whose lock is free; one without a lock belongs to another program."""
    try:
        with (directory / LOCK).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(directory, ignore_errors=True)
    except OSError:
        pass  # it has no lock, the lock is held, or it is another user's
