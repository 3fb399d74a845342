"""`python -m deploy.backup save|restore FOLDER`: a backup of the embedded stack, while it runs or is stopped.

Temporal's database is copied first and the bucket after it. So the bucket of a backup is at least as new as its
Temporal: a restored run that repeats an activity finds what that activity stored, and nothing is paid for twice.
"""

import asyncio
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Final

from botocore.exceptions import ClientError

from activities.storage import inventory
from activities.storage.archive import ArchiveRefused, put_archive, read_contents, write_archive
from activities.storage.bucket import Storage
from activities.storage.errors import StorageFailed
from deploy import s3
from deploy.home import find_running_stack
from deploy.local import PROBLEMS, prepare_process, running_stack
from deploy.settings import SettingsRefused, StackSettings

DATABASE: Final = "temporal.db"
BUCKET: Final = "bucket.tar"
KIND: Final = "stack"
CERTIFICATES: Final = "c2pa"
_LEFT_OUT: Final = ("probes/", s3.PROBE_KEY)


class BackupRefused(ValueError):
    """The backup cannot be made or restored in this way; the message names the remedy."""


def save(home: Path, folder: Path, say: Callable[[str], object] = print) -> None:
    """Back up the stack of `home` into a new folder, which only its owner can read.

    Raises:
        BackupRefused: the folder is not empty, or there is no stack of its own in `home`.
        StackFailed, StorageFailed, sqlite3.Error: it is not complete; make another one.
    """
    if not (home / DATABASE).exists() or not (home / "s3").exists():
        raise BackupRefused(f"{home} has no Temporal and S3 server of its own; back up the servers that you use")
    if folder.exists() and any(folder.iterdir()):
        raise BackupRefused(f"{folder} is not empty; name a new folder")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _servers_of(home) as environ:
        _copy_database(home / DATABASE, folder / DATABASE)
        if (home / CERTIFICATES).exists():
            shutil.copytree(home / CERTIFICATES, folder / CERTIFICATES)
        with _storage(environ) as storage:
            count = asyncio.run(_save_bucket(storage, folder / BUCKET))
    say(f"Temporal and {count} objects of the bucket are in {folder}")


def restore(folder: Path, home: Path, say: Callable[[str], object] = print) -> None:
    """Make a new `home` from a backup. No worker runs meanwhile; `make up` continues the productions.

    Raises:
        BackupRefused, ArchiveRefused: the backup is not complete, or `home` is not empty.
        StackFailed, StorageFailed: `home` is not complete; remove it, and restore again.
    """
    contents = read_contents(folder / BUCKET)
    if contents.get("kind") != KIND or not (folder / DATABASE).exists():
        raise BackupRefused(f"{folder} is not a backup of a stack, or not complete")
    if home.exists() and any(home.iterdir()):
        raise BackupRefused(f"{home} is not empty; set GREENLIGHT_HOME to a new folder")
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copy(folder / DATABASE, home / DATABASE)
    if (folder / CERTIFICATES).exists():
        shutil.copytree(folder / CERTIFICATES, home / CERTIFICATES)
    with _servers_of(home) as environ, _storage(environ) as storage:
        count = asyncio.run(put_archive(storage, folder / BUCKET, lambda _: None))
    say(f"{count} objects and Temporal are in {home}, as of {contents['at']}")


@contextmanager
def _servers_of(home: Path) -> Iterator[Mapping[str, str]]:
    """The environment of the bucket: of the running stack, or of its servers alone, which are started for it."""
    if running := find_running_stack(home):
        port = int(running.s3_endpoint.rpartition(":")[2])
        environ = s3.client_env(os.environ, port, s3.load_credentials(home / "s3.json"))
        yield environ | {"GREENLIGHT_BUCKET": running.bucket}
        return
    with running_stack(home, ports="free", api=False, worker=False, say=lambda _: None) as stack:
        yield stack.env


def _copy_database(source: Path, target: Path) -> None:
    """A consistent copy of a database that may be in use."""
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)


async def _save_bucket(storage: Storage, path: Path) -> int:
    names = [each.key for each in await inventory.list_objects(storage, "") if not each.key.startswith(_LEFT_OUT)]
    contents = {"kind": KIND, "at": datetime.now(UTC).isoformat(), "version": metadata.version("greenlight")}
    return await write_archive(storage, names, path, contents, lambda _: None)


@contextmanager
def _storage(environ: Mapping[str, str]) -> Iterator[Storage]:
    """The bucket of a stack. boto3 reads the environment of this process, which has its variables meanwhile."""
    mine = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    os.environ.update({name: value for name, value in environ.items() if name.startswith("AWS_")})
    try:
        yield Storage(environ["GREENLIGHT_BUCKET"])
    finally:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update(mine)


def main(arguments: list[str]) -> int:
    """The exit code: 0 when it is done, 1 after a problem with a message, 2 for wrong usage."""
    prepare_process()
    work: Callable[[Path], None]
    match arguments:
        case ["save", folder]:
            work = partial(save, folder=Path(folder))
        case ["restore", folder]:
            work = partial(restore, Path(folder))
        case _:
            print("usage: python -m deploy.backup save|restore FOLDER", file=sys.stderr)  # noqa: T201 - a command's usage
            return 2
    try:
        work(StackSettings.of(os.environ).home.resolve())
    except (
        BackupRefused,
        ArchiveRefused,
        SettingsRefused,
        StorageFailed,
        ClientError,
        sqlite3.Error,
        *PROBLEMS,
    ) as problem:
        print(problem, file=sys.stderr)  # noqa: T201 - the command's error message
        return 1
    return 0


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # the SDK's threads can hang an ordinary exit (sdk-python issue 300)
