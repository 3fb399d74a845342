"""Files of a person, staged and checked as a worker does it."""

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.production import Activities
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from workflows import keys
from workflows.activity_io import UPLOAD_REFUSED, CheckUpload
from workflows.models import Asset, Modality, Take
from workflows.requests import UploadTake


class Desk:
    """Stores files under the prefix of uploads, and runs the activity that checks them."""

    def __init__(self, storage: Storage) -> None:
        self.storage = storage
        self.activities = Activities(storage, {}, ActivitySettings())
        self.production_id = uuid4().hex

    async def arrived(
        self, source: Path | bytes, kind: Modality, name: str = "", take: int = 1, *, asset_id: str = "a-1"
    ) -> CheckUpload:
        data = source if isinstance(source, bytes) else await asyncio.to_thread(source.read_bytes)
        key = keys.upload_prefix(self.production_id) + uuid4().hex
        await self.storage.put_bytes(key, data, "application/octet-stream")
        role = asset_id.rpartition("-")[0] if kind is Modality.AUDIO else "shot"
        asset = Asset(asset_id=asset_id, asset_type=kind, role=role, prompt="words", provider="previz", model="any")
        upload = UploadTake(asset_id=asset_id, key=key, filename=name, uploaded_by="ana")
        return CheckUpload(production_id=self.production_id, asset=asset, take=take, upload=upload)

    async def check(self, request: CheckUpload) -> Take:
        return await ActivityEnvironment().run(self.activities.check_upload, request)

    async def taken(self, source: Path | bytes, kind: Modality, name: str = "") -> Take:
        return await self.check(await self.arrived(source, kind, name))

    async def refused(self, request: CheckUpload) -> str:
        with pytest.raises(ApplicationError) as caught:
            await self.check(request)
        assert (caught.value.type, caught.value.non_retryable) == (UPLOAD_REFUSED, True)
        return caught.value.message
