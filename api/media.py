"""Links to media: S3 objects found, read and presigned. No byte of media passes through the API."""

import asyncio
from collections.abc import Callable
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Final, TypeVar

from api import problems
from api.problems import Problem
from api.settings import Settings
from workflows import keys
from workflows.events import Snapshot

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

T = TypeVar("T")

LINK_SECONDS: Final = 900
"""A link is followed at once; a player that seeks in a long film may still use it for a while."""


class Vault:
    """One bucket, read only. boto3 costs 200 ms of import and loads at the first use; calls run in threads."""

    def __init__(self, settings: Settings) -> None:
        self._bucket = settings.bucket
        self._public_url = settings.s3_public_url
        self._making = Lock()

    @cached_property
    def _client(self) -> "S3Client":
        return _s3_client(None)

    @cached_property
    def _signer(self) -> "S3Client":
        """Signs links for the address that callers reach, where that is another one than ours."""
        return _s3_client(self._public_url) if self._public_url else self._client

    async def prepare(self) -> None:
        """Load boto3 before somebody asks: 0.7 s of processor, in which all event streams would be late."""

        def load() -> None:
            with self._making:
                _ = self._client, self._signer

        await asyncio.to_thread(load)

    async def take_link(self, production_id: str, asset_id: str, take: int) -> str | None:
        """A short-lived link to the media of one take, or None where there is none."""
        prefix = f"{keys.take_prefix(production_id, asset_id, take)}/media"

        def find() -> str | None:
            found = self._client.list_objects_v2(Bucket=self._bucket, Prefix=prefix).get("Contents")
            if not found:
                return None
            key = max((each["Key"] for each in found), key=keys.submission_of)
            return self._sign(key, f"{asset_id}-take-{take}.{key.rpartition('.')[2]}")

        return await self._run(find)

    async def link(self, key: str, name: str) -> str:
        """A short-lived link to an object that is known to exist, saved under `name`."""
        return await self._run(lambda: self._sign(key, name))

    async def manifest_link(self, production_id: str) -> str | None:
        key = keys.manifest_key(production_id)

        def find() -> str | None:
            found = self._client.list_objects_v2(Bucket=self._bucket, Prefix=key, MaxKeys=1).get("Contents")
            return self._sign(key, f"{production_id}-manifest.json") if found else None

        return await self._run(find)

    async def manifest(self, production_id: str) -> Snapshot | None:
        """The newest manifest: what is left of a production after Temporal's retention."""

        def read() -> Snapshot | None:
            try:
                body = self._client.get_object(Bucket=self._bucket, Key=keys.manifest_key(production_id))["Body"]
            except self._client.exceptions.NoSuchKey:
                return None
            return Snapshot.model_validate_json(body.read())

        return await self._run(read)

    async def check(self) -> None:
        """Raises Problem where the bucket cannot be reached."""
        await self._run(lambda: self._client.head_bucket(Bucket=self._bucket))

    def _sign(self, key: str, name: str) -> str:
        asked = {"Bucket": self._bucket, "Key": key, "ResponseContentDisposition": f'inline; filename="{name}"'}
        return self._signer.generate_presigned_url("get_object", Params=asked, ExpiresIn=LINK_SECONDS)

    async def _run(self, call: Callable[[], T]) -> T:
        def run() -> T:
            from botocore.exceptions import BotoCoreError, ClientError

            with self._making:
                _ = self._client, self._signer
            try:
                return call()
            except (BotoCoreError, ClientError) as error:
                raise problems.no_storage(str(error)[:200]) from None

        return await asyncio.to_thread(run)


def no_media(what: str) -> Problem:
    return Problem(404, "no-media", f"{what} has no media; GET the production to see which takes there are.")


def _s3_client(endpoint_url: str | None) -> "S3Client":
    """From the usual AWS settings; answers fast or not at all, since a caller waits."""
    import boto3
    from botocore.config import Config

    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        connect_timeout=2,
        read_timeout=10,
        retries={"max_attempts": 2, "mode": "standard"},
    )
    return boto3.client("s3", endpoint_url=endpoint_url, config=config)
