"""Moves a closed production to another installation: its manifest with all that the manifest and its ledgers name.

There it is found by its id and reopened from its manifest, as after Temporal's retention. Encoded parts of films are
left out, because they are made again; accounts of tenants and batches stay where the money was spent.
"""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from temporalio.client import Client

from activities.storage import inventory
from activities.storage.archive import put_archive, read_contents, write_archive
from activities.storage.bucket import Storage
from activities.takes.ledger import Ledger, LedgerUnreadable
from worker.operations.connection import OperationRefused
from worker.operations.in_use import end_of, manifest_of
from workflows import keys

KIND: Final = "production"
_LEDGER: Final = re.compile(r"(.*/takes/\d+)/ledger\.json")


async def export_production(
    client: Client,
    storage: Storage,
    production_id: str,
    path: Path,
    on_object: Callable[[str], object] = lambda _: None,
) -> int:
    """Write a closed production into a new file; returns the number of its objects.

    Raises:
        OperationRefused: it is open, has no manifest that this version can read, or the file exists.
        StorageFailed, RPCError: try again with another file.
    """
    if await end_of(client, storage, production_id) == "open":
        raise OperationRefused(f"{production_id} is open; wait until it has ended, or cancel it")
    manifest = await manifest_of(storage, production_id)
    if manifest is None or not manifest.status.closed:
        raise OperationRefused(f"{production_id} has no manifest of a closed production that this version can read")
    names = await _names_of(storage, production_id)
    contents = {"kind": KIND, "production_id": production_id, "status": manifest.status.value, "build": manifest.build}
    try:
        return await write_archive(storage, names, path, contents, on_object)
    except FileExistsError:
        raise OperationRefused(f"{path} exists; name another file") from None


async def import_production(
    client: Client, storage: Storage, path: Path, on_object: Callable[[str], object] = lambda _: None
) -> str:
    """Put an exported production into the bucket, its manifest last; returns its id. It may be repeated.

    Raises:
        OperationRefused: the file has no production, or this installation has an open one of its id.
        ArchiveRefused: the file is not complete, or the bucket has another object under one of the keys.
        StorageFailed, RPCError: try again.
    """
    contents: dict[str, Any] = await asyncio.to_thread(read_contents, path)
    production_id = str(contents.get("production_id", ""))
    if contents.get("kind") != KIND or not production_id:
        raise OperationRefused(f"{path} contains no production")
    if await end_of(client, storage, production_id) == "open":
        raise OperationRefused(f"{production_id} is open here; nothing was changed")
    await put_archive(storage, path, on_object)
    return production_id


async def _names_of(storage: Storage, production_id: str) -> list[str]:
    """The keys of a production: records of its jobs first, its manifest last."""
    prefix = f"{keys.production_prefix(production_id)}/"
    listed = await inventory.list_objects(storage, prefix)
    newest, uploads = keys.manifest_key(production_id), keys.upload_prefix(production_id)
    own = [each.key for each in listed if each.key != newest and not each.key.startswith(uploads)]
    return [*await _jobs_of(storage, own), *own, newest]


async def _jobs_of(storage: Storage, names: list[str]) -> list[str]:
    """The keys of the records of all jobs that its ledgers name: no other production may adopt one of them."""
    found: dict[str, None] = {}
    for prefix in (match[1] for match in map(_LEDGER.fullmatch, names) if match):
        try:
            entry = await Ledger(storage, prefix).read()
        except LedgerUnreadable as error:
            raise OperationRefused(f"{error}; export it with the version that wrote it") from None
        jobs = [each.job_id for each in entry.submissions if each.job_id] if entry else []
        found |= dict.fromkeys(keys.job_key(entry.provider, job) for job in jobs if entry)
    return list(found)
