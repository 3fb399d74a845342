"""The bucket as the place of Temporal's large payloads."""

from temporalio.converter import ExternalStorage

from activities.storage.bucket import Storage
from activities.storage.errors import ObjectMissing, missing_message
from workflows.runtime.external_payloads import MEDIA_TYPE, THRESHOLD_BYTES, external_storage


def payload_storage(storage: Storage, threshold_bytes: int = THRESHOLD_BYTES) -> ExternalStorage:
    """The external storage of a worker or a command. StorageFailed fails the task or the call, which is repeated."""

    async def put(key: str, data: bytes) -> None:
        await storage.put_bytes(key, data, MEDIA_TYPE)

    async def get(key: str) -> bytes:
        found = await storage.get_bytes(key)
        if found is None:
            raise ObjectMissing(missing_message(key))
        return found[0]

    return external_storage(storage.bucket, put, get, threshold_bytes)
