"""S3-compatible storage off the event loop: conditional puts, bounded-memory streams, seekable reads.

boto3 is synchronous and thread-safe; every call here runs in one bounded thread pool. Sizes are bytes.
"""

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeVar, cast

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

T = TypeVar("T")

CHUNK_BYTES: Final = 1024 * 1024
PART_BYTES: Final = 8 * 1024 * 1024
_TRANSFER: Final = TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, max_concurrency=4)
"""At most four parts in flight, so a stream of any length holds about 40 MiB."""


class StorageConflict(Exception):
    """A conditional put lost: the object exists already, or is not the version that was named."""


@dataclass(frozen=True)
class Stored:
    """What was written."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class ObjectHead:
    bytes: int
    etag: str
    media_type: str
    metadata: Mapping[str, str]


def s3_client() -> "S3Client":
    """A client from the usual AWS settings (AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID, …).

    Checksums only when required: S3-compatible servers answer the default trailing ones in different ways.
    """
    return boto3.client(
        "s3",
        config=Config(
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path"},
            max_pool_connections=32,
            connect_timeout=5,
            read_timeout=60,
            retries={"max_attempts": 3, "mode": "standard"},
        ),
    )


class Storage:
    """One bucket. Keys come from `workflows.keys`; media never passes through workflow history."""

    def __init__(self, client: "S3Client", bucket: str, *, threads: int = 16) -> None:
        self._client = client
        self._bucket = bucket
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="s3")

    async def _run(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)

    async def ensure_bucket(self) -> None:
        """Create the bucket where it is missing; needs the right to do so only then."""

        def ensure() -> None:
            try:
                self._client.head_bucket(Bucket=self._bucket)
            except ClientError as error:
                if _status(error) != 404:
                    raise
                self._client.create_bucket(Bucket=self._bucket)

        await self._run(ensure)

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
        """Put a small object whole and return its ETag. Metadata is ASCII.

        Raises:
            StorageConflict: `only_if_absent` and it exists, or `if_match` names another version.
        """
        arguments: dict[str, Any] = {"Metadata": dict(metadata or {})}
        if only_if_absent:
            arguments["IfNoneMatch"] = "*"
        if if_match is not None:
            arguments["IfMatch"] = if_match

        def put() -> str:
            try:
                answer = self._client.put_object(
                    Bucket=self._bucket, Key=key, Body=data, ContentType=media_type, **arguments
                )
            except ClientError as error:
                if _status(error) in (409, 412):
                    raise StorageConflict(key) from None
                raise
            return answer["ETag"]

        return await self._run(put)

    async def put_file(
        self, key: str, path: Path, media_type: str, *, metadata: Mapping[str, str] | None = None
    ) -> Stored:
        """Upload a local file, in parts when it is large. The object appears whole or not at all."""

        def put() -> Stored:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            extra = {"ContentType": media_type, "Metadata": dict(metadata or {})}
            self._client.upload_file(str(path), self._bucket, key, ExtraArgs=extra, Config=_TRANSFER)
            return Stored(path.stat().st_size, digest)

        return await self._run(put)

    async def put_stream(self, key: str, chunks: AsyncIterator[bytes], media_type: str) -> Stored:
        """Upload a stream of unknown length in parts, hashing on the way; memory stays bounded."""
        reader = _AsyncReader(chunks, asyncio.get_running_loop())

        def put() -> Stored:
            self._client.upload_fileobj(
                cast(BinaryIO, reader), self._bucket, key, ExtraArgs={"ContentType": media_type}, Config=_TRANSFER
            )
            return Stored(reader.bytes_read, reader.digest.hexdigest())

        return await self._run(put)

    async def get_bytes(self, key: str) -> tuple[bytes, str] | None:
        """A small object and its ETag, or None where there is none."""

        def get() -> tuple[bytes, str] | None:
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                if _status(error) == 404:
                    return None
                raise
            return answer["Body"].read(), answer["ETag"]

        return await self._run(get)

    async def head(self, key: str) -> ObjectHead | None:
        """What is known of an object without reading it, or None where there is none."""

        def head() -> ObjectHead | None:
            try:
                answer = self._client.head_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                if _status(error) == 404:
                    return None
                raise
            return ObjectHead(answer["ContentLength"], answer["ETag"], answer["ContentType"], answer["Metadata"])

        return await self._run(head)

    async def fetch(self, key: str, path: Path) -> Path:
        """Bring an object to a local file: one request, in pieces that memory does not notice."""

        def get() -> Path:
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
            with path.open("wb") as file:
                for chunk in answer["Body"].iter_chunks(CHUNK_BYTES):
                    file.write(chunk)
            return path

        return await self._run(get)

    def open(self, key: str, size: int) -> BinaryIO:
        """A seekable reader over an object, for synchronous media libraries; call it from a thread."""
        return io.BufferedReader(_RangeReader(self._client, self._bucket, key, size), 256 * 1024)

    async def in_thread(self, call: Callable[[], T]) -> T:
        """Run a synchronous call that reads from this storage in its thread pool."""
        return await self._run(call)


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _status(error: ClientError) -> int:
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)


class _AsyncReader:
    """Lets a thread read an asynchronous stream: one hop to the event loop for each part, not each chunk."""

    def __init__(self, chunks: AsyncIterator[bytes], loop: asyncio.AbstractEventLoop) -> None:
        self._chunks = chunks
        self._loop = loop
        self._rest = bytearray()
        self.digest = hashlib.sha256()
        self.bytes_read = 0

    async def _gather(self, size: int) -> None:
        while len(self._rest) < size:
            chunk = await anext(self._chunks, None)
            if chunk is None:
                return
            self._rest += chunk

    def read(self, size: int = -1) -> bytes:
        wanted = size if size >= 0 else 2**62
        if len(self._rest) < wanted:
            asyncio.run_coroutine_threadsafe(self._gather(wanted), self._loop).result()
        data = bytes(memoryview(self._rest)[:wanted])
        del self._rest[:wanted]
        self.digest.update(data)
        self.bytes_read += len(data)
        return data


class _RangeReader(io.RawIOBase):
    def __init__(self, client: "S3Client", bucket: str, key: str, size: int) -> None:
        self._client, self._bucket, self._key, self._size = client, bucket, key, size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: Any) -> int:
        wanted = min(len(buffer), self._size - self._at)
        if wanted <= 0:
            return 0
        answer = self._client.get_object(
            Bucket=self._bucket, Key=self._key, Range=f"bytes={self._at}-{self._at + wanted - 1}"
        )
        data = answer["Body"].read()
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
