"""S3-compatible storage: conditional puts, bounded-memory streams, seekable reads.

obstore transfers the bytes (asynchronous, 0.35 ms of CPU for a small put where boto3 takes 1.7). boto3 reads the usual
AWS settings for it, so that profiles, roles and endpoints have their usual meaning. Sizes are bytes.
"""

import asyncio
import hashlib
import io
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar

import boto3
import botocore.session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from obstore import open_writer_async
from obstore.auth.boto3 import Boto3CredentialProvider
from obstore.exceptions import BaseError
from obstore.store import S3Store

from activities.storage.client_options import client_options
from activities.storage.errors import (
    ObjectMissing,
    StorageConflict,
    StorageFailed,
    StorageRefused,
    StorageUnsupported,
    missing_message,
    translate_errors,
)
from activities.storage.lifecycle import set_expiry
from activities.storage.support import StoreSupport
from activities.storage.uploads import complete
from workflows.runtime.tracing import span
from workflows.servers.object_file import ObjectFile
from workflows.servers.s3 import bucket_endpoint, clock_problem, location_of, region_of

T = TypeVar("T")

PART_BYTES: Final = 8 * 1024 * 1024
PARTS_AT_ONCE: Final = 4
"""A stream of any length then holds about 40 MiB in memory."""
CHUNK_BYTES: Final = 1024 * 1024
UPLOADED: Final = "uploaded-sha256"
"""The metadata by which an upload is recognised whose last response was lost."""
SMALL_BYTES: Final = 64 * 1024
"""Writing this much takes less time than handing it to a thread."""
RECENT_BYTES: Final = 8 * 1024 * 1024
"""Size of the cache of small texts that this process stored last: a worker that finishes a document of 1,000 texts has
often made them."""
KEPT_BYTES: Final = 200
"""Overhead of one cached text."""


@dataclass(frozen=True)
class Stored:
    """Size and digest of an object that was written."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class ObjectHead:
    """The properties of an object, without its content. Metadata names are lower case."""

    bytes: int
    media_type: str
    metadata: Mapping[str, str]


class Storage:
    """One bucket. Keys come from `workflows.keys`; media never passes through workflow history."""

    def __init__(self, bucket: str) -> None:
        """Reads AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID, profiles and related settings as boto3 does.

        Raises:
            StorageRefused: AWS_CA_BUNDLE, or `ca_bundle` of the profile, does not name a file of certificates.
        """
        core = botocore.session.get_session()
        session = boto3.session.Session(botocore_session=core, region_name=region_of(os.environ))
        self._admin = session.client("s3")
        self.bucket = bucket
        self._recent: dict[str, bytes] = {}
        """SHA-256 -> content, the oldest first."""
        self._recent_bytes = 0
        self.support: StoreSupport | None = None
        """The result of the last probe for conditional writes (`probe`)."""
        self.probing = asyncio.Lock()
        self.lifecycle_problem = ""
        endpoint = self._admin.meta.endpoint_url
        # boto3 decides by `addressing_style` and endpoint where the bucket's name goes; unsigned: without credentials.
        unsigned = session.client("s3", config=Config(signature_version=UNSIGNED))
        example = unsigned.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "x"})
        hosted = bucket_endpoint(bucket, endpoint, example)
        self._store = S3Store(
            bucket,
            endpoint=hosted or endpoint,
            region=self._admin.meta.region_name,
            credential_provider=Boto3CredentialProvider(session),
            virtual_hosted_style_request=hosted is not None,
            unsigned_payload=True,  # takes carry a SHA-256 of their own
            client_options=client_options(core.get_config_variable("ca_bundle")),
            # A longer outage fails the activity, which Temporal retries.
            retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=10)},
        )

    async def ensure_bucket(self) -> None:
        """Create the bucket in the configured region if it is missing; only then the permission to create it is needed.

        Raises:
            StorageRefused: this machine's clock is wrong.
            botocore.exceptions.BotoCoreError, ClientError: S3 does not respond, or refuses these credentials.
        """

        def ensure() -> None:
            try:
                # HeadBucket has a response without a body, and so without the error code that states the problem.
                self._admin.list_objects_v2(Bucket=self.bucket, MaxKeys=1)
            except ClientError as error:
                code = error.response.get("Error", {}).get("Code", "")
                response = error.response.get("ResponseMetadata", {})
                if problem := clock_problem(code, response.get("HTTPHeaders", {}).get("date", "")):
                    raise StorageRefused(problem) from None
                if response.get("HTTPStatusCode") != 404:
                    raise
                self._create_bucket()

        await asyncio.to_thread(ensure)

    @property
    def endpoint_url(self) -> str:
        return str(self._admin.meta.endpoint_url)

    async def call(self, work: Callable[[Any, str], T]) -> T:
        """The result of a piece of work with boto3's client and the name of the bucket, in a thread.

        Raises:
            botocore.exceptions.BotoCoreError, ClientError: S3 does not respond, or refuses the request.
        """
        return await asyncio.to_thread(work, self._admin, self.bucket)

    async def expire_film_parts(self, days: int) -> None:
        """Let the store delete the parts of films after `days`; `lifecycle_problem` says why it does not."""
        self.lifecycle_problem = await asyncio.to_thread(set_expiry, self._admin, self.bucket, days)

    def _create_bucket(self) -> None:
        location: Any = location_of(self._admin.meta.region_name)
        options: Any = {"CreateBucketConfiguration": {"LocationConstraint": location}} if location else {}
        with suppress(self._admin.exceptions.BucketAlreadyOwnedByYou):  # another worker created it just now
            self._admin.create_bucket(Bucket=self.bucket, **options)

    async def put_bytes(
        self,
        key: str,
        data: bytes,
        media_type: str,
        *,
        metadata: Mapping[str, str] | None = None,
        only_if_absent: bool = False,
        if_match: str | None = None,
    ) -> str:
        """Put a small object whole and return its ETag. Metadata is ASCII under lower-case names.

        Raises:
            StorageConflict: `only_if_absent` and it exists, or `if_match` names another version.
            StorageUnsupported: the store responds with 501 NotImplemented.
            StorageFailed: the object may not be there.
        """
        mode: Any = "create" if only_if_absent else {"e_tag": if_match} if if_match is not None else "overwrite"
        attributes: Any = {"Content-Type": media_type, **(metadata or {})}
        with span("upload", client=True, key=key, bytes=len(data)), translate_errors(key):
            done = await self._store.put_async(key, data, mode=mode, attributes=attributes, use_multipart=False)
        return done["e_tag"] or ""

    async def put_unpaid(
        self,
        key: str,
        data: bytes,
        media_type: str,
        *,
        metadata: Mapping[str, str] | None = None,
        only_if_absent: bool = False,
        if_match: str | None = None,
    ) -> None:
        """`put_bytes` for an object that costs nothing, on any store.

        On a store without conditional writes, a read first checks whether the object exists: of two concurrent
        writers the later one wins.

        Raises:
            StorageConflict: `only_if_absent` and it exists, or `if_match` names another version.
            StorageFailed: the object may not be there.
        """
        if self.support is None or self.support.state != "unsupported":
            with suppress(StorageUnsupported):
                conditions: Any = {"only_if_absent": only_if_absent, "if_match": if_match}
                await self.put_bytes(key, data, media_type, metadata=metadata, **conditions)
                return
        if only_if_absent and await self.head(key) is not None:
            raise StorageConflict(key)
        await self.put_bytes(key, data, media_type, metadata=metadata)

    def cache(self, data: bytes, stored: Stored, media_type: str) -> None:
        """Keep an object that was just put, if it is a small text, so that `read` does not request it."""
        small = stored.bytes <= SMALL_BYTES and media_type.startswith(("text/", "application/json"))
        if small and stored.sha256 not in self._recent:
            self._recent[stored.sha256] = data
            self._recent_bytes += stored.bytes + KEPT_BYTES
            while self._recent_bytes > RECENT_BYTES:
                self._recent_bytes -= len(self._recent.pop(next(iter(self._recent)))) + KEPT_BYTES

    async def put_file(self, key: str, path: Path, media_type: str, *, known: Stored | None = None) -> Stored:
        """Upload a local file, in parts when it is large. The object appears as a whole or not at all.

        Args:
            known: The result of `size_and_sha256` for the file; without it, the file is read once more.
        """
        stored = known or await size_and_sha256(path)
        try:
            with span("upload", client=True, key=key, bytes=stored.bytes), translate_errors(key):
                attributes = {"Content-Type": media_type, UPLOADED: stored.sha256}
                await self._store.put_async(
                    key, path, attributes=attributes, chunk_size=PART_BYTES, max_concurrency=PARTS_AT_ONCE
                )
        except StorageFailed:
            if not await self._holds(key, stored):
                raise
        return stored

    async def _holds(self, key: str, stored: Stored) -> bool:
        """Whether an upload is complete although it failed, because the response to its last request was lost."""
        with suppress(StorageFailed):
            head = await self.head(key)
            return head is not None and (head.bytes, head.metadata.get(UPLOADED)) == (stored.bytes, stored.sha256)
        return False

    async def put_stream(self, key: str, chunks: AsyncIterator[bytes], media_type: str) -> Stored:
        """Upload a stream of unknown length in parts and hash it; memory stays bounded.

        Raises:
            StorageFailed: the upload failed. An error of the stream is raised as it is, and nothing is stored.
        """
        with span("upload", client=True, key=key) as set_attributes:
            stored = await self._put_stream(key, chunks, media_type)
            set_attributes(bytes=stored.bytes)
            return stored

    async def _put_stream(self, key: str, chunks: AsyncIterator[bytes], media_type: str) -> Stored:
        digest, size, buffer = hashlib.sha256(), 0, bytearray()
        with translate_errors(key):
            writer = open_writer_async(
                self._store,
                key,
                attributes={"Content-Type": media_type},
                buffer_size=PART_BYTES,
                max_concurrency=PARTS_AT_ONCE,
            )
        try:
            async for chunk in chunks:
                buffer += chunk
                if len(buffer) >= CHUNK_BYTES:
                    digest.update(buffer)
                    size += len(buffer)
                    with translate_errors(key):
                        await writer.write(bytes(buffer))
                    buffer.clear()
            digest.update(buffer)
            size += len(buffer)
            with translate_errors(key):
                await writer.write(bytes(buffer))
                await complete(writer.close())
        except BaseException as error:
            # Abort only this writer's upload: another attempt may be uploading to the same key. Parts that remain are
            # invisible, and are billed until the bucket's lifecycle rule removes them.
            with suppress(BaseError, OSError):
                await asyncio.shield(writer.__aexit__(type(error), error, error.__traceback__))
            raise
        return Stored(size, digest.hexdigest())

    async def delete(self, key: str) -> None:
        """Delete an object, if it exists.

        Raises:
            StorageFailed: the object may still exist.
        """
        with translate_errors(key), suppress(FileNotFoundError):
            await self._store.delete_async(key)

    async def list_keys(self, prefix: str) -> list[str]:
        """The keys that begin with `prefix`, sorted. The request lists the whole folder of the prefix, page by page.

        Raises:
            StorageFailed: the listing is incomplete.
        """
        folder = prefix.rpartition("/")[0]
        found: list[str] = []
        with translate_errors(prefix):
            async for page in self._store.list(folder or None):
                found += [each["path"] for each in page if each["path"].startswith(prefix)]
        return sorted(found)

    async def get_bytes(self, key: str) -> tuple[bytes, str] | None:
        """A small object and its ETag, or None if it does not exist."""
        with translate_errors(key):
            try:
                found = await self._store.get_async(key)
            except FileNotFoundError:
                return None
            return bytes(await found.bytes_async()), found.meta["e_tag"] or ""

    async def read(self, key: str, sha256: str) -> bytes:
        """A small object with a known SHA-256, from the cache of this process if it was stored recently.

        Raises:
            ObjectMissing: it does not exist.
            StorageFailed: it cannot be read, or has other content.
        """
        if (recent := self._recent.get(sha256)) is not None:
            return recent
        found = await self.get_bytes(key)
        if found is None:
            raise ObjectMissing(missing_message(key))
        if sha256_of(found[0]) != sha256:
            raise StorageFailed(f"{key}: the content that was read is not what was stored")
        return found[0]

    async def head(self, key: str) -> ObjectHead | None:
        """The properties of an object, or None if it does not exist."""
        with translate_errors(key):
            try:
                found = await self._store.get_async(key, options={"head": True})
            except FileNotFoundError:
                return None
        attributes = {str(name): value for name, value in found.attributes.items()}
        return ObjectHead(found.meta["size"], attributes.pop("Content-Type", ""), attributes)

    async def fetch(self, key: str, path: Path) -> Path:
        """Download an object to a local file in chunks of CHUNK_BYTES.

        Raises:
            ObjectMissing: it does not exist.
            StorageFailed: it cannot be read.
        """
        with translate_errors(key):
            found = await self._store.get_async(key)
            with path.open("wb") as file:
                if found.meta["size"] <= SMALL_BYTES:
                    file.write(await found.bytes_async())
                    return path
                async for chunk in found.stream(min_chunk_size=CHUNK_BYTES):
                    await asyncio.to_thread(file.write, chunk)
        return path

    async def sha256(self, key: str) -> str:
        """The SHA-256 of an object, which is read in full.

        Raises:
            StorageFailed: it cannot be read.
        """
        digest = hashlib.sha256()
        with translate_errors(key):
            async for chunk in (await self._store.get_async(key)).stream(min_chunk_size=CHUNK_BYTES):
                digest.update(chunk)
        return digest.hexdigest()

    def open(self, key: str, size: int) -> BinaryIO:
        """A seekable reader over an object, for synchronous media libraries; call it from a thread."""

        def part(start: int, end: int) -> bytes:
            with translate_errors(key):
                return bytes(self._store.get_range(key, start=start, end=end))

        return io.BufferedReader(ObjectFile(part, size), 256 * 1024)


async def size_and_sha256(path: Path) -> Stored:
    """The size and the SHA-256 of a local file."""

    def read() -> Stored:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return Stored(file.tell(), digest)

    return await asyncio.to_thread(read)


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
