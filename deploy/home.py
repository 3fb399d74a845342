"""GREENLIGHT_HOME: its lock, which allows one running stack at a time, and the record by which others find it."""

import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

_LEFTOVERS_SECONDS: Final = 3.0
"""The kernel ends the children of a killed stack at once; a busy machine needs a moment."""


class HomeInUse(Exception):
    """Another stack uses the same GREENLIGHT_HOME."""


class StackInfo(BaseModel):
    """The addresses of a running stack. They are written to stack.json, and contain no secret."""

    model_config = ConfigDict(frozen=True)

    pid: int
    home: str
    api_url: str
    temporal_address: str
    temporal_namespace: str
    temporal_ui_url: str
    codec_url: str = ""
    s3_endpoint: str
    bucket: str
    log_dir: str
    embedded: tuple[str, ...] = ()
    instance: str = ""
    """Identifies this stack: its API returns it, while another stack at the same address returns another id."""


def record_path(home: Path) -> Path:
    return home / "stack.json"


def write_record(info: StackInfo) -> None:
    """Replace the record atomically: a reader sees all of it or none."""
    path = record_path(Path(info.home))
    draft = path.with_suffix(".new")
    draft.write_text(info.model_dump_json(indent=2) + "\n")
    draft.replace(path)


def find_running_stack(home: Path) -> StackInfo | None:
    """The stack that uses `home`, once it is ready."""
    try:
        lock = os.open(home / "lock", os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        info = None if _try_lock(lock) else _read_record(home)
        return info if info and _alive(info.pid) else None
    finally:
        os.close(lock)


@contextmanager
def lock_home(home: Path) -> Iterator[int]:
    """Lock `home`. Yields the lock's file descriptor: children that keep it open keep the lock too,
    so that a new stack never starts while processes of a killed one still run.

    Raises:
        HomeInUse: another stack uses it, or children of a killed stack still run.
    """
    home.mkdir(parents=True, exist_ok=True)
    _make_private(home)
    lock = os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + _LEFTOVERS_SECONDS
        while not _try_lock(lock):
            owner = int(os.pread(lock, 20, 0) or b"0")
            if _alive(owner) or time.monotonic() > deadline:
                raise HomeInUse(_describe_use(home, owner))
            time.sleep(0.05)
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        try:
            yield lock
        finally:
            record_path(home).unlink(missing_ok=True)
    finally:
        os.close(lock)


def _make_private(home: Path) -> None:
    """Deny other users access. Children write with umask 077; this restricts existing files too."""
    for path, mode in ((home, 0o700), *((file, 0o600) for file in home.glob("temporal.db*"))):
        found = path.stat()
        if found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) & 0o077:
            path.chmod(mode)


def _describe_use(home: Path, owner: int) -> str:
    if not _alive(owner):
        return (
            f"GREENLIGHT_HOME {str(home)!r}: the stack of process {owner} was killed, but one of its processes "
            f"still runs and holds {str(home / 'lock')!r}; stop it (`lsof {home / 'lock'}` names it)"
        )
    info = _read_record(home)
    where = f"at {info.api_url or info.temporal_address}" if info else "and is still starting"
    return (
        f"GREENLIGHT_HOME {str(home)!r}: a stack already runs there {where} (process {owner}). "
        "Use it, stop it, or set GREENLIGHT_HOME to another directory"
    )


def _read_record(home: Path) -> StackInfo | None:
    try:
        return StackInfo.model_validate_json(record_path(home).read_text())
    except (FileNotFoundError, ValidationError):
        return None


def _try_lock(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _alive(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
