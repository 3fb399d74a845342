"""Large payloads are objects of the bucket: histories, requests and results hold references to them.

Temporal refuses a payload of 2 MiB, and a production of 1,000 assets with five judged takes each has a record of 10 MB.
The SDK's S3 driver stores each payload under the SHA-256 of its bytes, after the encryption. Clients without external
storage read all payloads below THRESHOLD_BYTES as before.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from temporalio.api.common.v1 import Payload
from temporalio.contrib.aws.s3driver import S3StorageDriver, S3StorageDriverClient
from temporalio.converter import (
    ExternalStorage,
    StorageDriverClaim,
    StorageDriverRetrieveContext,
    StorageDriverStoreContext,
)

THRESHOLD_BYTES: Final = 256 * 1024
MEDIA_TYPE: Final = "application/x-protobuf"
PREFIX: Final = "v0/"
"""The beginning of the driver's keys: v0/ns/NAMESPACE/wt/TYPE/wi/WORKFLOW_ID/ri/RUN_ID/d/sha256/DIGEST."""
KEY: Final = re.compile(rb"v0/ns/[A-Za-z0-9!_.*'()%/-]+/d/sha256/[0-9a-f]{64}")
"""A key within a reference, which is JSON in the history."""

Put = Callable[[str, bytes], Awaitable[object]]
Get = Callable[[str], Awaitable[bytes]]


class _Bucket(S3StorageDriverClient):
    """Access to the configured bucket, whatever its name was when a reference was written."""

    def __init__(self, put: Put, get: Get) -> None:
        self._put = put
        self._get = get

    async def object_exists(self, *, bucket: str, key: str) -> bool:
        """Never, so that each use of an object renews its date: `greenlight gc` keeps young objects."""
        return False

    async def put_object(self, *, bucket: str, key: str, data: bytes) -> None:
        await self._put(key, data)

    async def get_object(self, *, bucket: str, key: str) -> bytes:
        return await self._get(key)


class _Driver(S3StorageDriver):
    """Raises the errors of `put` and `get` themselves: the SDK's driver hides them in a RuntimeError."""

    async def store(self, context: StorageDriverStoreContext, payloads: Sequence[Payload]) -> list[StorageDriverClaim]:
        try:
            return await super().store(context, payloads)
        except RuntimeError as error:
            raise error.__cause__ or error from None

    async def retrieve(
        self, context: StorageDriverRetrieveContext, claims: Sequence[StorageDriverClaim]
    ) -> list[Payload]:
        try:
            return await super().retrieve(context, claims)
        except RuntimeError as error:
            raise error.__cause__ or error from None


def external_storage(bucket: str, put: Put, get: Get, threshold_bytes: int = THRESHOLD_BYTES) -> ExternalStorage:
    """The external storage of all clients of one namespace.

    Args:
        bucket: The name that references give to other SDKs.
        put: Stores an object of MEDIA_TYPE under a key.
        get: Reads one; raises where it does not exist.
    """
    return ExternalStorage(drivers=[_Driver(_Bucket(put, get), bucket)], payload_size_threshold=threshold_bytes)
