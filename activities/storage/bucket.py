"""S3-compatible storage: conditional puts, bounded-memory streams, seekable reads.

obstore moves the bytes (asynchronous, 0.35 ms of CPU for a small put where boto3 takes 1.7); boto3 reads the usual
AWS settings for it, so that profiles, roles and endpoints mean here what they mean everywhere. Sizes are bytes.
"""

import asyncio
import hashlib
import io
import os
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final

import boto3
import botocore.session
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from obstore import open_writer_async
from obstore.auth.boto3 import Boto3CredentialProvider
from obstore.exceptions import BaseError
from obstore.store import S3Store

from activities.storage.errors import (
    ObjectMissing,
    StorageConflict,
    StorageFailed,
    StorageRefused,
    StorageUnsupported,
    gone,
    translated,
)
from activities.storage.range_reader import RangeReader
from activities.storage.support import StoreSupport
from workflows.runtime.tracing import span
from workflows.stores import bucket_endpoint, clock_problem, location_of, region_of

PART_BYTES: Final = 8 * 1024 * 1024
PARTS_AT_ONCE: Final = 4
"""So a stream of any length holds about 40 MiB."""
CHUNK_BYTES: Final = 1024 * 1024
SMALL_BYTES: Final = 64 * 1024
"""What is sooner written than handed to a thread."""
RECENT_BYTES: Final = 8 * 1024 * 1024
"""Of the small texts that this process stored last: who finishes a document of 1,000 has often made them."""
KEPT_BYTES: Final = 200
"""What it takes to keep one of them, besides."""


@dataclass(frozen=True)
class Stored:
    """What was written."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class ObjectHead:
    """What is known of an object without reading it. Metadata names are lower case."""

    bytes: int
    media_type: str
    metadata: Mapping[str, str]


class Storage:
    """One bucket. Keys come from `workflows.keys`; media never passes through workflow history."""

    def __init__(self, bucket: str) -> None:
        """Reads AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID, profiles and their kin as boto3 does.

        Raises:
            StorageRefused: AWS_CA_BUNDLE, or `ca_bundle` of the profile, names no file of certificates.
        """
        core = botocore.session.get_session()
        session = boto3.session.Session(botocore_session=core, region_name=region_of(os.environ))
        self._admin = session.client("s3")
        self._bucket = bucket
        self._recent: dict[str, bytes] = {}
        """By SHA-256, the oldest first."""
        self._recent_bytes = 0
        self.support: StoreSupport | None = None
        """What the last probe for conditional writes found (`probe`)."""
        self.probing = asyncio.Lock()
        endpoint = self._admin.meta.endpoint_url
        # boto3 decides, by `addressing_style` and endpoint, where the bucket's name goes; without asking for keys.
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
            client_options=_client_options(core.get_config_variable("ca_bundle")),
            # Longer outages are the caller's: an activity says so and is retried.
            retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=10)},
        )

    async def ensure_bucket(self) -> None:
        """Create the bucket in the region of the settings where it is missing; needs the right to do so only then.

        Raises:
            StorageRefused: this machine's clock is wrong.
            botocore.exceptions.BotoCoreError, ClientError: S3 does not answer, or not to these credentials.
        """

        def ensure() -> None:
            try:
                # Not HeadBucket, whose answer has no body: a refusal without a code does not tell what is wrong.
                self._admin.list_objects_v2(Bucket=self._bucket, MaxKeys=1)
            except ClientError as error:
                code = error.response.get("Error", {}).get("Code", "")
                answer = error.response.get("ResponseMetadata", {})
                if problem := clock_problem(code, answer.get("HTTPHeaders", {}).get("date", "")):
                    raise StorageRefused(problem) from None
                if answer.get("HTTPStatusCode") != 404:
                    raise
                self._create_bucket()

        await asyncio.to_thread(ensure)

    def _create_bucket(self) -> None:
        location: Any = location_of(self._admin.meta.region_name)
        more: Any = {"CreateBucketConfiguration": {"LocationConstraint": location}} if location else {}
        with suppress(self._admin.exceptions.BucketAlreadyOwnedByYou):  # by another worker that starts now
            self._admin.create_bucket(Bucket=self._bucket, **more)

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
            StorageUnsupported: the store answers 501 NotImplemented.
            StorageFailed: it is not known to be there.
        """
        mode: Any = "create" if only_if_absent else {"e_tag": if_match} if if_match is not None else "overwrite"
        attributes: Any = {"Content-Type": media_type, **(metadata or {})}
        with span("upload", client=True, key=key, bytes=len(data)), translated(key):
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
        """`put_bytes` of an object that costs nothing, on any store.

        A store without conditional writes is asked first whether the object is there: of two writers at the same
        moment the later one wins.

        Raises:
            StorageConflict: `only_if_absent` and it exists, or `if_match` names another version.
            StorageFailed: it is not known to be there.
        """
        if self.support is None or self.support.state != "unsupported":
            with suppress(StorageUnsupported):
                conditions: Any = {"only_if_absent": only_if_absent, "if_match": if_match}
                await self.put_bytes(key, data, media_type, metadata=metadata, **conditions)
                return
        if only_if_absent and await self.head(key) is not None:
            raise StorageConflict(key)
        await self.put_bytes(key, data, media_type, metadata=metadata)

    def remember(self, data: bytes, stored: Stored, media_type: str) -> None:
        """What was just put, where it is a small text: `read` need not ask for it soon."""
        small = stored.bytes <= SMALL_BYTES and media_type.startswith(("text/", "application/json"))
        if small and stored.sha256 not in self._recent:
            self._recent[stored.sha256] = data
            self._recent_bytes += stored.bytes + KEPT_BYTES
            while self._recent_bytes > RECENT_BYTES:
                self._recent_bytes -= len(self._recent.pop(next(iter(self._recent)))) + KEPT_BYTES

    async def put_file(self, key: str, path: Path, media_type: str, *, known: Stored | None = None) -> Stored:
        """Upload a local file, in parts when it is large. The object appears whole or not at all.

        Args:
            known: What `size_and_sha256` has found of the file; without it, the file is read once more.
        """
        stored = known or await size_and_sha256(path)
        with span("upload", client=True, key=key, bytes=stored.bytes), translated(key):
            await self._store.put_async(key, path, **_parts(media_type))
        return stored

    async def put_stream(self, key: str, chunks: AsyncIterator[bytes], media_type: str) -> Stored:
        """Upload a stream of unknown length in parts, hashing on the way; memory stays bounded.

        Raises:
            StorageFailed: the storage did. Whatever the stream raises is passed on, and nothing is stored.
        """
        with span("upload", client=True, key=key) as tell:
            stored = await self._put_stream(key, chunks, media_type)
            tell(bytes=stored.bytes)
            return stored

    async def _put_stream(self, key: str, chunks: AsyncIterator[bytes], media_type: str) -> Stored:
        digest, size, gathered = hashlib.sha256(), 0, bytearray()
        with translated(key):
            writer = open_writer_async(
                self._store,
                key,
                attributes={"Content-Type": media_type},
                buffer_size=PART_BYTES,
                max_concurrency=PARTS_AT_ONCE,
            )
        try:
            async for chunk in chunks:
                gathered += chunk
                if len(gathered) >= CHUNK_BYTES:
                    digest.update(gathered)
                    size += len(gathered)
                    with translated(key):
                        await writer.write(bytes(gathered))
                    gathered.clear()
            digest.update(gathered)
            size += len(gathered)
            with translated(key):
                await writer.write(bytes(gathered))
                await _ended(writer.close())
        except BaseException as error:
            # Abort this writer's own upload, and no other: another attempt may be uploading to the same key. Parts
            # that stay behind are invisible, and are paid for until the bucket's lifecycle rule removes them.
            with suppress(BaseError, OSError):
                await asyncio.shield(writer.__aexit__(type(error), error, error.__traceback__))
            raise
        return Stored(size, digest.hexdigest())

    async def drop(self, key: str) -> None:
        """Delete an object; that there is none is as good.

        Raises:
            StorageFailed: it may still be there.
        """
        with translated(key), suppress(FileNotFoundError):
            await self._store.delete_async(key)

    async def list_keys(self, prefix: str) -> list[str]:
        """The keys that begin with `prefix`, sorted. The whole folder of the prefix is listed, page by page.

        Raises:
            StorageFailed: the listing is incomplete.
        """
        folder = prefix.rpartition("/")[0]
        found: list[str] = []
        with translated(prefix):
            async for page in self._store.list(folder or None):
                found += [each["path"] for each in page if each["path"].startswith(prefix)]
        return sorted(found)

    async def get_bytes(self, key: str) -> tuple[bytes, str] | None:
        """A small object and its ETag, or None where there is none."""
        with translated(key):
            try:
                found = await self._store.get_async(key)
            except FileNotFoundError:
                return None
            return bytes(await found.bytes_async()), found.meta["e_tag"] or ""

    async def read(self, key: str, sha256: str) -> bytes:
        """A small object whose content is known by its SHA-256; what this process stored lately is not asked for.

        Raises:
            ObjectMissing: there is none.
            StorageFailed: also where it has another content.
        """
        if (recent := self._recent.get(sha256)) is not None:
            return recent
        found = await self.get_bytes(key)
        if found is None:
            raise ObjectMissing(gone(key))
        if sha256_of(found[0]) != sha256:
            raise StorageFailed(f"{key}: what is read is not what was stored")
        return found[0]

    async def head(self, key: str) -> ObjectHead | None:
        """What is known of an object without reading it, or None where there is none."""
        with translated(key):
            try:
                found = await self._store.get_async(key, options={"head": True})
            except FileNotFoundError:
                return None
        attributes = {str(name): value for name, value in found.attributes.items()}
        return ObjectHead(found.meta["size"], attributes.pop("Content-Type", ""), attributes)

    async def fetch(self, key: str, path: Path) -> Path:
        """Bring an object to a local file, in pieces that memory does not notice.

        Raises:
            ObjectMissing: there is no such object.
            StorageFailed: the storage did.
        """
        with translated(key):
            found = await self._store.get_async(key)
            with path.open("wb") as file:
                if found.meta["size"] <= SMALL_BYTES:
                    file.write(await found.bytes_async())
                    return path
                async for chunk in found.stream(min_chunk_size=CHUNK_BYTES):
                    await asyncio.to_thread(file.write, chunk)
        return path

    async def sha256(self, key: str) -> str:
        """Of an object as it is read now.

        Raises:
            StorageFailed: it cannot be read.
        """
        digest = hashlib.sha256()
        with translated(key):
            async for chunk in (await self._store.get_async(key)).stream(min_chunk_size=CHUNK_BYTES):
                digest.update(chunk)
        return digest.hexdigest()

    def open(self, key: str, size: int) -> BinaryIO:
        """A seekable reader over an object, for synchronous media libraries; call it from a thread."""
        return io.BufferedReader(RangeReader(self._store, key, size), 256 * 1024)


async def size_and_sha256(path: Path) -> Stored:
    """What `put_file` will store of a local file."""

    def read() -> Stored:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return Stored(file.tell(), digest)

    return await asyncio.to_thread(read)


async def _ended(closing: Awaitable[object]) -> None:
    """Await the end of an upload. Cancelled in the middle, it can be neither completed nor aborted: it ends first."""
    task = asyncio.ensure_future(closing)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()
        raise


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _parts(media_type: str) -> Any:
    return {
        "attributes": {"Content-Type": media_type},
        "chunk_size": PART_BYTES,
        "max_concurrency": PARTS_AT_ONCE,
    }


def _client_options(ca_bundle: object) -> Any:
    """
    Args:
        ca_bundle: The file of certificates that boto3 trusts; the other client trusts them too.

    Raises:
        StorageRefused: they cannot be read.
    """
    options = {"allow_http": True, "connect_timeout": "5s", "timeout": "120s"}
    if not ca_bundle:
        return options
    try:
        return {**options, "root_certificate": Path(str(ca_bundle)).expanduser().read_bytes()}
    except OSError as error:
        raise StorageRefused(
            f"AWS_CA_BUNDLE is {str(ca_bundle)!r}: {error.strerror}; set it to a file of certificates (PEM)"
        ) from None
