"""Requests to Google with real inputs, and the provider that sends them to the emulated vendor."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

import pytest

from activities.catalogue import pricing
from activities.errors import ProviderError
from activities.providers.google.provider import Google
from activities.providers.protocol import Finished, Input, Job, Request
from activities.providers.selection import find_offer
from tests.emulators import samples
from workflows.brief import Brief, Platform
from workflows.models import Asset, Media, Modality, Quote

TEXT, IMAGE, SPEECH = "gemini-3.8-flash", "gemini-3-pro-image", "gemini-3.8-flash-tts"
OMNI, VEO, IMAGEN = "gemini-omni-1.2-flash", "veo-3.1-generate-001", "imagen-4.0-generate-001"
MODALITY = {
    TEXT: Modality.TEXT,
    IMAGE: Modality.IMAGE,
    IMAGEN: Modality.IMAGE,
    SPEECH: Modality.AUDIO,
    OMNI: Modality.VIDEO,
    VEO: Modality.VIDEO,
}
SHOWN = {
    Modality.IMAGE: ("image/png", samples.picture),
    Modality.VIDEO: ("video/mp4", samples.video),
    Modality.AUDIO: ("audio/wav", samples.wav),
}


def that_day(monkeypatch: pytest.MonkeyPatch, today: date) -> None:
    """Prices apply as of this day."""

    class Then(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls(today.year, today.month, today.day, tzinfo=tz)

    monkeypatch.setattr(pricing, "datetime", Then)


@asynccontextmanager
async def running(env: dict[str, str]) -> AsyncIterator[Google]:
    """A provider whose connections are closed afterwards."""
    google = Google(env)
    try:
        yield google
    finally:
        await google.close()


def request(
    tmp_path: Path,
    model: str,
    *,
    shown: tuple[Modality, ...] = (),
    brief: dict[str, Any] | None = None,
    instructions: str = "",
    schema: dict[str, Any] | None = None,
    size: int | None = None,
    **parameters: Any,
) -> Request:
    def given(number: int, modality: Modality) -> Input:
        media_type, make = SHOWN[modality]
        path = tmp_path / f"shown-{number}"

        async def fetch() -> Path:
            path.write_bytes(make())
            return path

        media = Media(key="k", bytes=size or len(make()), sha256="0" * 64, media_type=media_type)
        return Input(f"input-{number}", modality, "reference", media, fetch)

    asset = Asset(
        asset_id="asset-1",
        asset_type=MODALITY[model],
        role="body",
        prompt="A lighthouse at dusk",
        provider="google",
        model=model,
        parameters=parameters,
        quote=Quote(low_usd=Decimal("1.00"), high_usd=Decimal("2.00"), expected_seconds=5),
    )
    return Request(
        key="production/asset-1/1",
        seed=7,
        brief=Brief.model_validate({"text": "x", "platform": Platform.VIDEO, **(brief or {})}),
        asset=asset,
        take=1,
        inputs=[given(n, m) for n, m in enumerate(shown)],
        workdir=tmp_path / "work",
        instructions=instructions,
        schema=schema,
    )


async def made(google: Google, asked: Request) -> Finished:
    """The finished result of a request as bytes, also that of a job."""
    answer = await google.submit(asked)
    while not isinstance(answer, Finished):
        seen = await google.poll(asked, answer) if isinstance(answer, Job) else answer
        answer = seen if isinstance(seen, Finished) else answer
    if callable(answer.source):
        async with answer.source() as chunks:
            return Finished(b"".join([c async for c in chunks]), answer.media_type)
    return answer


def cost(google: Google, asked: Request, finished: Finished) -> Decimal:
    offer = find_offer(google, asked.asset.model, asked.asset.asset_type)
    assert offer is not None
    return pricing.cost_of(offer, asked.asset, finished)[0]


async def fails(google: Google, asked: Request) -> ProviderError:
    with pytest.raises(ProviderError) as failure:
        await made(google, asked)
    return failure.value
