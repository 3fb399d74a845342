"""The bucket: finds, reads and presigns S3 objects, and stores uploads."""

import asyncio
import io
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeVar

from pydantic import BaseModel, ValidationError

from api import problems
from api.problems import Problem
from api.settings import Settings
from workflows import keys
from workflows.batch.records import BatchRecord
from workflows.evaluation import object_keys
from workflows.evaluation.records import EvaluationView
from workflows.events import Snapshot
from workflows.servers.object_file import OBJECT_PART_BYTES, ObjectFile
from workflows.servers.s3 import bucket_endpoint, clock_problem, region_of

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import (
        CompletedMultipartUploadTypeDef,
        CompletedPartTypeDef,
        GetObjectOutputTypeDef,
        ObjectTypeDef,
    )

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

MANIFEST: Final = "manifest.json"
_CALLS: Final = 32
"""Calls to the storage at once; boto3 itself keeps ten connections open between calls."""
PART_BYTES: Final = 8 * 1024 * 1024
"""The part size of an upload; two parts are in memory at a time. 10,000 parts, S3's maximum, make 80 GB."""
LINK_SECONDS: Final = 900
"""Callers follow a link at once, but a player that seeks in a long film uses it for longer."""


@dataclass(frozen=True)
class Listed:
    """An object as a listing shows it."""

    key: str
    bytes: int
    stored_at: datetime


class StoredView(BaseModel):
    """The part of an evaluation's report that says how it ended."""

    view: EvaluationView


class Vault:
    """One bucket. boto3 costs 200 ms of import and loads at the first use; calls run in threads."""

    def __init__(self, settings: Settings) -> None:
        self._bucket = settings.bucket
        self._public_url = settings.s3_public_url
        self._making = Lock()
        # A thread pool for these calls alone: while the storage hangs, other threads still serve pages and the log.
        self._pool = ThreadPoolExecutor(_CALLS, "storage")
        self._checking = ThreadPoolExecutor(1, "storage-check")

    @cached_property
    def _client(self) -> "S3Client":
        return _s3_client(self._bucket, None)

    @cached_property
    def _signer(self) -> "S3Client":
        """Signs links for the address at which callers reach the storage, where it differs from the API's."""
        return _s3_client(self._bucket, self._public_url) if self._public_url else self._client

    async def prepare(self) -> None:
        """Load boto3 before the first request: it takes 0.7 s of CPU time, which would delay all event streams."""

        def load() -> None:
            with self._making:
                _ = self._client, self._signer

        await asyncio.get_running_loop().run_in_executor(self._pool, load)

    def close(self) -> None:
        """Start no more calls; running calls end by their own timeouts."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._checking.shutdown(wait=False, cancel_futures=True)

    async def take_link(
        self, production_id: str, asset_id: str, take: int, recorded: Callable[[], Awaitable[str | None]] | None = None
    ) -> str | None:
        """A short-lived link to the media of one take, or None where there is none.

        Args:
            recorded: Returns the key that the production's record names. It is called where the bucket is ambiguous:
                more than one attempt stored media, and no ledger names the right one.
        """
        prefix = f"{keys.take_prefix(production_id, asset_id, take)}/"
        found = [each["Key"] for each in await self._run(lambda: self._listed(prefix))]
        media = [key for key in found if key.startswith(f"{prefix}media")]
        ledger = f"{prefix}ledger.json"
        key = await self._run(lambda: self._media_in(ledger)) if ledger in found else None
        if key is None and (len(media) > 1 or ledger in found):
            key = await recorded() if recorded else None
        elif key is None:
            key = next(iter(media), None)
        return await self.link(key, f"{asset_id}-take-{take}.{key.rpartition('.')[2]}") if key else None

    def _media_in(self, ledger: str) -> str | None:
        """The key of the media that a take's ledger names, or None while there is none."""
        entry = json.loads(self._client.get_object(Bucket=self._bucket, Key=ledger)["Body"].read())
        return str(entry["take"]["media"]["key"]) if entry.get("take") else None

    async def link(self, key: str, name: str) -> str:
        """A short-lived link to an object that is known to exist; a browser saves it under `name`."""
        return await self._run(lambda: self._sign(key, name))

    async def manifest_link(self, production_id: str) -> str | None:
        return await self.found_link(keys.manifest_key(production_id), f"{production_id}-{MANIFEST}")

    async def found_link(self, key: str, name: str) -> str | None:
        """A short-lived link to an object, or None where there is none; a browser saves it under `name`."""

        def find() -> str | None:
            found = self._client.list_objects_v2(Bucket=self._bucket, Prefix=key, MaxKeys=1).get("Contents")
            return self._sign(key, name) if found and found[0]["Key"] == key else None

        return await self._run(find)

    async def listed(self, prefix: str) -> list[Listed]:
        """All objects whose keys begin with `prefix`, in the order of their keys."""
        found = await self._run(lambda: self._listed(prefix))
        return [Listed(each["Key"], each["Size"], each["LastModified"]) for each in found]

    async def folders(self, prefix: str) -> list[str]:
        """The names of the folders at `prefix`, which ends with a slash."""

        def find() -> list[str]:
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix, Delimiter="/"
            )
            found = (each["Prefix"] for page in pages for each in page.get("CommonPrefixes", ()))
            return [each.removeprefix(prefix).rstrip("/") for each in found]

        return await self._run(find)

    def _listed(self, prefix: str) -> "list[ObjectTypeDef]":
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix)
        return [each for page in pages for each in page.get("Contents", ())]

    async def manifest(self, production_id: str, revision: int | None = None) -> Snapshot | None:
        """The manifest of a revision, or the newest; it outlives Temporal's retention."""
        key = keys.manifest_key(production_id)
        if revision is not None:
            key = keys.deliverable_key(production_id, revision, MANIFEST)
        return await self._record(Snapshot, key)

    async def batch(self, batch_id: str) -> BatchRecord | None:
        """The record of a batch; it outlives Temporal's retention."""
        return await self._record(BatchRecord, keys.batch_key(batch_id))

    async def evaluation(self, evaluation_id: str) -> EvaluationView | None:
        """The view in the report of an evaluation; it outlives Temporal's retention."""
        found = await self._record(StoredView, object_keys.report_key(evaluation_id, "json"))
        return found.view if found else None

    async def _record(self, model: type[M], key: str) -> M | None:
        def read() -> M | None:
            found = self._get(key)
            return parse_record(model, key, found["Body"].read()) if found else None

        return await self._run(read)

    async def receive(self, key: str, chunks: AsyncIterator[bytes]) -> int:
        """Store a stream of any length in parts and return its length in bytes; on any failure nothing is kept."""
        at: Any = {"Bucket": self._bucket, "Key": key}
        upload = await self._run(lambda: self._client.create_multipart_upload(**at))
        at["UploadId"] = upload["UploadId"]
        parts: list[CompletedPartTypeDef] = []

        async def send(data: bytes) -> None:
            number = len(parts) + 1
            sent = await self._run(lambda: self._client.upload_part(**at, PartNumber=number, Body=data))
            parts.append({"PartNumber": number, "ETag": sent["ETag"]})

        try:
            gathered, size = bytearray(), 0
            async for chunk in chunks:
                gathered += chunk
                size += len(chunk)
                if len(gathered) >= PART_BYTES:
                    await send(bytes(gathered))
                    gathered.clear()
            if gathered or not parts:
                await send(bytes(gathered))
            done: CompletedMultipartUploadTypeDef = {"Parts": parts}
            await self._run(lambda: self._client.complete_multipart_upload(**at, MultipartUpload=done))
        except BaseException:
            with suppress(Problem):
                await asyncio.shield(self._run(lambda: self._client.abort_multipart_upload(**at)))
            raise
        return size

    async def call(self, work: "Callable[[S3Client, str], T]") -> T:
        """The result of a piece of work with the client and the name of the bucket, in a thread."""
        return await self._run(lambda: work(self._client, self._bucket))

    async def content(self, key: str) -> bytes | None:
        """A small object whole, or None where there is none."""

        def read() -> bytes | None:
            found = self._get(key)
            return bytes(found["Body"].read()) if found else None

        return await self._run(read)

    async def put_payload(self, key: str, data: bytes) -> None:
        """Store a large payload of Temporal."""
        await self._run(lambda: self._client.put_object(Bucket=self._bucket, Key=key, Body=data))

    async def get_payload(self, key: str) -> bytes:
        """
        Raises:
            Problem: 503; the bucket does not have it.
        """
        found = await self.content(key)
        if found is None:
            raise problems.no_payload(key)
        return found

    async def begin_of(self, key: str, size: int) -> bytes:
        """The first bytes of an object; empty where there is none."""

        def read() -> bytes:
            found = self._get(key)
            return bytes(found["Body"].read(size)) if found else b""

        return await self._run(read)

    async def drop(self, key: str) -> None:
        """Delete an object that is not needed any more; a failure only leaves the object behind."""
        with suppress(Problem):
            await self._run(lambda: self._client.delete_object(Bucket=self._bucket, Key=key))

    async def find(self, key: str) -> "GetObjectOutputTypeDef | None":
        """An object with an open body, or None where there is none."""
        return await self._run(lambda: self._get(key))

    def _get(self, key: str) -> "GetObjectOutputTypeDef | None":
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key)
        except self._client.exceptions.NoSuchKey:
            return None

    async def read(self, body: "StreamingBody", size: int) -> bytes:
        """The next bytes of an object that `find` opened; empty at its end."""
        return await self._run(lambda: bytes(body.read(size)))

    async def inspect(self, key: str, read: Callable[[BinaryIO, int], T]) -> T | None:
        """The result of `read` on an object, which it reads by parts, and its size; None where there is no object."""

        def work() -> T | None:
            found = self._client.list_objects_v2(Bucket=self._bucket, Prefix=key, MaxKeys=1).get("Contents")
            if not found or found[0]["Key"] != key:
                return None
            size = found[0]["Size"]

            def part(start: int, end: int) -> bytes:
                answer = self._client.get_object(Bucket=self._bucket, Key=key, Range=f"bytes={start}-{end - 1}")
                return answer["Body"].read()

            with io.BufferedReader(ObjectFile(part, size), OBJECT_PART_BYTES) as file:
                return read(file, size)

        return await self._run(work)

    async def check(self) -> None:
        """
        Raises:
            Problem: the bucket cannot be reached.
        """
        # Not HeadBucket, whose response has no body: an error without a code does not name the cause.
        await self._run(lambda: self._client.list_objects_v2(Bucket=self._bucket, MaxKeys=1), self._checking)

    def _sign(self, key: str, name: str) -> str:
        params = {"Bucket": self._bucket, "Key": key, "ResponseContentDisposition": f'inline; filename="{name}"'}
        return self._signer.generate_presigned_url("get_object", Params=params, ExpiresIn=LINK_SECONDS)

    async def _run(self, call: Callable[[], T], pool: ThreadPoolExecutor | None = None) -> T:
        def run() -> T:
            from botocore.exceptions import BotoCoreError, ClientError

            with self._making:
                _ = self._client, self._signer
            try:
                return call()
            except ClientError as error:
                raise problems.no_storage(_clock_error(error) or str(error)[:200]) from None
            except BotoCoreError as error:
                raise problems.no_storage(str(error)[:200]) from None

        return await asyncio.get_running_loop().run_in_executor(pool or self._pool, run)


def parse_record(model: type[M], key: str, content: bytes) -> M:
    """The record of an object of the bucket.

    Raises:
        Problem: 503; the object is damaged, or a newer version wrote it.
    """
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        detail = f"{key} in the bucket cannot be read ({where}: {first['msg']}); restore it, or update the API."
        raise problems.unavailable("record-unreadable", detail) from None


def _clock_error(error: "ClientError") -> str:
    """The error of this machine's clock where it caused the refusal of a request; empty otherwise."""
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return clock_problem(error.response.get("Error", {}).get("Code", ""), headers.get("date", ""))


def no_media(subject: str) -> Problem:
    return Problem(404, "no-media", f"{subject} has no media; GET the production to see its takes.")


def _s3_client(bucket: str, endpoint_url: str | None) -> "S3Client":
    """A client from the usual AWS settings, with short timeouts because a caller waits."""
    from boto3.session import Session
    from botocore import UNSIGNED
    from botocore.config import Config

    config = Config(
        signature_version="s3v4",
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        connect_timeout=2,
        read_timeout=10,
        retries={"max_attempts": 2, "mode": "standard"},
    )
    session = Session(region_name=region_of(os.environ))
    # boto3 decides, by `addressing_style` and endpoint, where the bucket's name goes; unsigned, it needs no keys.
    unsigned = session.client("s3", endpoint_url=endpoint_url, config=Config(signature_version=UNSIGNED))
    address = unsigned.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "x"})
    if bucket_endpoint(bucket, unsigned.meta.endpoint_url, address):
        # With virtual hosts set explicitly, boto3 signs links for the region's host instead of one that redirects.
        config = config.merge(Config(s3={"addressing_style": "virtual"}))
    return session.client("s3", endpoint_url=endpoint_url, config=config)
