"""Pictures that a brief names: stored, served, and ingested as a worker does it."""

import dataclasses
import io
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.production import Activities
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from tests.support.servers.receiver import Receiver
from workflows import keys
from workflows.activity_io import REFERENCE_REFUSED, TakeInReferences
from workflows.brief import Brief, Reference
from workflows.models import Asset, Media, Modality

MAGENTA = (255, 0, 200)
HOST = "pictures.example"


def picture(form: str = "PNG", size: tuple[int, int] = (60, 40)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, MAGENTA).save(buffer, form)
    return buffer.getvalue()


def brought(*sources: str) -> tuple[Reference, ...]:
    return tuple(Reference(source=source, name="bottle", note="keep the label") for source in sources)


def media(width: int = 1024, height: int = 1024, size: int = 100_000) -> Media:
    return Media(key="k", bytes=size, sha256="0" * 64, media_type="image/png", width=width, height=height)


@dataclasses.dataclass
class Desk:
    """Stores or serves pictures, and ingests them."""

    storage: Storage
    production_id: str = dataclasses.field(default_factory=lambda: uuid4().hex)

    async def stored(self, data: bytes) -> str:
        key = keys.REFERENCES + uuid4().hex
        await self.storage.put_bytes(key, data, "application/octet-stream")
        return keys.STORED + key

    async def take_in(self, *sources: str, attempt: int = 1) -> tuple[Media, ...]:
        environment = ActivityEnvironment()
        environment.info = dataclasses.replace(environment.info, attempt=attempt)
        activities = Activities(self.storage, {}, ActivitySettings())
        request = TakeInReferences(production_id=self.production_id, references=brought(*sources))
        return await environment.run(activities.take_in_references, request)

    async def refused(self, *sources: str, attempt: int = 1, final: bool = True) -> str:
        with pytest.raises(ApplicationError) as caught:
            await self.take_in(*sources, attempt=attempt)
        assert (caught.value.type, caught.value.non_retryable) == (REFERENCE_REFUSED, final)
        return caught.value.message


def served(data: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(data) + data


def at(site: Receiver, path: str = "/a.png") -> str:
    return f"https://{HOST}:{site.port}{path}"


def still(*needs: str, provider: str = "previz", model: str = "previz-storyboard", name: str = "still-1") -> Asset:
    return Asset(
        asset_id=name,
        asset_type=Modality.IMAGE,
        role="still",
        prompt="a lighthouse",
        provider=provider,
        model=model,
        depends_on=needs,
    )


def brief(count: int = 2, **more: Any) -> Brief:
    fields = {"text": "A lighthouse at dusk. It shines.", "platform": "video", "duration_seconds": 8, **more}
    return Brief.model_validate(fields | {"references": brought(*["https://x.example/a"] * count)})
