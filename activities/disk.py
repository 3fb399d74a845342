"""The disk of this worker: its room for a paid request, and errors that come from it, not from a file or a vendor.

The error tree is imported where it is needed: the child process that reads references starts without it.
"""

import errno
import shutil
import tempfile
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from activities.errors import WorkerDiskFull

NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EMFILE, errno.ENFILE, errno.EROFS})
"""The system's errors for a disk without room, and for a process with too many open files. EIO and ENOMEM are not among
them, because FFmpeg reports damaged media by them."""
MIN_FREE_BYTES: Final = 32 * 1024 * 1024
"""For the inputs and the response of one request, so that nothing is paid for that this worker cannot process."""


def is_out_of_room(error: BaseException) -> bool:
    """Whether this worker has no room: the error, or one that it was raised for, is a system's error of NO_ROOM."""
    return _system_error(error) is not None


def room_problem() -> str:
    """Why this worker has no room for a paid request, with the remedy; empty where it has."""
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    return _message(f"{free / 1e6:.0f} MB free in {folder}") if free < MIN_FREE_BYTES else ""


def check_room() -> None:
    """
    Raises:
        WorkerDiskFull: there is no room for a paid request, which is left to another worker or a later attempt.
    """
    from activities.errors import WorkerDiskFull

    if problem := room_problem():
        raise WorkerDiskFull(problem)


def disk_full(error: BaseException) -> "WorkerDiskFull":
    """The error to raise in place of one for which `is_out_of_room` holds."""
    from activities.errors import WorkerDiskFull

    found = _system_error(error)
    return WorkerDiskFull(room_problem() or _message(found.strerror or str(found) if found else "no room"))


def _message(reason: str) -> str:
    return f"the disk of this worker is full ({reason}): make room, or set TMPDIR to another disk"


def _system_error(error: BaseException | None) -> OSError | None:
    while error is not None:
        if isinstance(error, OSError) and error.errno in NO_ROOM:
            return error
        error = error.__cause__ or error.__context__
    return None
