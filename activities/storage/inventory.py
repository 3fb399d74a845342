"""What is in the bucket, object by object, and careful removal: an object that has changed since stays."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from activities.storage.bucket import Storage

_MISSING: Final = ("NoSuchKey", "NoSuchUpload", "404")
_CHANGED: Final = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")
_UNSUPPORTED: Final = ("NotImplemented", "InvalidArgument", "InvalidRequest", "501")


@dataclass(frozen=True)
class Listed:
    """An object as a listing shows it."""

    key: str
    bytes: int
    etag: str
    stored_at: datetime


@dataclass(frozen=True)
class Unfinished:
    """A multipart upload that is neither complete nor aborted: its parts are billed, and no listing shows them."""

    key: str
    upload_id: str
    bytes: int
    touched_at: datetime
    """When it began, or its newest part was stored."""


def _list(client: Any, bucket: str, prefix: str) -> Iterator[Listed]:
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for each in page.get("Contents", ()):
            yield Listed(each["Key"], each["Size"], each["ETag"], each["LastModified"])


async def list_objects(storage: Storage, prefix: str) -> list[Listed]:
    """All objects whose keys begin with `prefix`, in the order of their keys."""
    return await storage.call(lambda client, bucket: list(_list(client, bucket, prefix)))


async def list_unfinished(storage: Storage, before: datetime) -> list[Unfinished]:
    """The multipart uploads that were not continued since `before`."""

    def read(client: Any, bucket: str) -> list[Unfinished]:
        pages = client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket)
        begun = [each for page in pages for each in page.get("Uploads", ()) if each["Initiated"] < before]
        found = [_unfinished(client, bucket, each["Key"], each["UploadId"], each["Initiated"]) for each in begun]
        return [each for each in found if each and each.touched_at < before]

    return await storage.call(read)


def _unfinished(client: Any, bucket: str, key: str, upload_id: str, begun: datetime) -> Unfinished | None:
    """One upload with its parts; None if it has ended meanwhile."""
    try:
        pages = client.get_paginator("list_parts").paginate(Bucket=bucket, Key=key, UploadId=upload_id)
        parts = [part for page in pages for part in page.get("Parts", ())]
    except ClientError as error:
        if _code(error) not in _MISSING:
            raise
        return None
    touched = max([begun, *(part["LastModified"] for part in parts)])
    return Unfinished(key, upload_id, sum(part["Size"] for part in parts), touched)


async def delete_unchanged(storage: Storage, listed: Listed) -> bool:
    """Delete an object if it is still the one that was listed; whether it was deleted.

    Where the store has no conditional delete, a read directly before shows whether it has changed.
    """

    def delete(client: Any, bucket: str) -> bool:
        at = {"Bucket": bucket, "Key": listed.key}
        if not _is_unchanged(client, at, listed):
            return False
        try:
            client.delete_object(**at, IfMatch=listed.etag)
        except ClientError as error:
            if _code(error) in (*_MISSING, *_CHANGED):
                return False
            if _code(error) not in _UNSUPPORTED:
                raise
            client.delete_object(**at)
        return True

    return await storage.call(delete)


async def move_unchanged(storage: Storage, listed: Listed, to: str) -> bool:
    """Move an object to another key if it is still the one that was listed. At any time it is at one of both keys."""

    def copy(client: Any, bucket: str) -> bool:
        at = {"Bucket": bucket, "Key": listed.key}
        if not _is_unchanged(client, at, listed):
            return False
        client.copy(at, bucket, to)  # in parts, where it is larger than S3 copies at once
        return True

    return await storage.call(copy) and await delete_unchanged(storage, listed)


async def abort(storage: Storage, upload: Unfinished) -> bool:
    """Abort an upload unless it has been continued since it was listed; whether it was aborted."""

    def end(client: Any, bucket: str) -> bool:
        now = _unfinished(client, bucket, upload.key, upload.upload_id, upload.touched_at)
        if now is None or now.touched_at > upload.touched_at:
            return False
        with suppress(client.exceptions.NoSuchUpload):
            client.abort_multipart_upload(Bucket=bucket, Key=upload.key, UploadId=upload.upload_id)
        return True

    return await storage.call(end)


def _is_unchanged(client: Any, at: dict[str, str], listed: Listed) -> bool:
    """The same content may have been stored again: its time shows that it is needed."""
    try:
        head = client.head_object(**at)
    except ClientError as error:
        if _code(error) not in _MISSING:
            raise
        return False
    return bool(head["ETag"] == listed.etag and head["LastModified"] <= listed.stored_at)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
