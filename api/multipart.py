"""An S3 multipart upload that continues over several requests. S3 itself keeps its state: the parts so far."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from api.storage import PART_BYTES, Vault

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

MIN_PART_BYTES: Final = 5 * 1024 * 1024
"""S3's minimum of every part but the last."""


@dataclass(frozen=True)
class StoredPart:
    number: int
    bytes: int
    etag: str


class Multipart:
    """The upload to one key. At most one is begun for each key, because keys are random."""

    def __init__(self, vault: Vault, key: str) -> None:
        self._vault = vault
        self._key = key

    async def begin(self) -> None:
        await self._vault.call(lambda client, bucket: client.create_multipart_upload(Bucket=bucket, Key=self._key))

    async def parts(self) -> list[StoredPart] | None:
        """The parts so far, in their order and without a gap; None where no upload to the key is open."""

        def read(client: "S3Client", bucket: str) -> list[StoredPart] | None:
            upload_id = self._upload_id(client, bucket)
            if upload_id is None:
                return None
            found: list[StoredPart] = []
            pages = client.get_paginator("list_parts").paginate(Bucket=bucket, Key=self._key, UploadId=upload_id)
            for each in (part for page in pages for part in page.get("Parts", ())):
                if each["PartNumber"] != len(found) + 1:
                    break
                found.append(StoredPart(each["PartNumber"], each["Size"], each["ETag"]))
            return found

        return await self._vault.call(read)

    def _upload_id(self, client: "S3Client", bucket: str) -> str | None:
        found = client.list_multipart_uploads(Bucket=bucket, Prefix=self._key).get("Uploads", ())
        return next((each["UploadId"] for each in found if each["Key"] == self._key), None)

    async def append(self, offset: int, chunks: AsyncIterator[bytes], *, whole: int) -> None:
        """Store the next bytes in parts of PART_BYTES; the last one may be shorter. At `whole` bytes it is completed.

        A shorter rest of an interrupted request is not stored: the sender repeats it.
        """
        gathered = bytearray()
        async for chunk in chunks:
            gathered += chunk
            while len(gathered) >= PART_BYTES:
                await self._send(offset, bytes(gathered[:PART_BYTES]))
                offset += PART_BYTES
                del gathered[:PART_BYTES]
        if gathered and offset + len(gathered) == whole:
            await self._send(offset, bytes(gathered))
            offset = whole
        if offset == whole:
            await self._complete()

    async def _send(self, offset: int, data: bytes) -> None:
        number = offset // PART_BYTES + 1

        def send(client: "S3Client", bucket: str) -> None:
            upload_id = self._upload_id(client, bucket)
            if upload_id:
                client.upload_part(Bucket=bucket, Key=self._key, UploadId=upload_id, PartNumber=number, Body=data)

        await self._vault.call(send)

    async def _complete(self) -> None:
        parts = await self.parts()

        def complete(client: "S3Client", bucket: str) -> None:
            upload_id = self._upload_id(client, bucket)
            if upload_id and parts:
                listed: list[CompletedPartTypeDef] = [{"PartNumber": part.number, "ETag": part.etag} for part in parts]
                client.complete_multipart_upload(
                    Bucket=bucket, Key=self._key, UploadId=upload_id, MultipartUpload={"Parts": listed}
                )

        await self._vault.call(complete)

    async def abort(self) -> None:
        def abort(client: "S3Client", bucket: str) -> None:
            if upload_id := self._upload_id(client, bucket):
                client.abort_multipart_upload(Bucket=bucket, Key=self._key, UploadId=upload_id)

        await self._vault.call(abort)
