"""Requests to Runway with real inputs, and the provider that sends them to the emulated vendor."""

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

from activities.providers.protocol import Input, Request
from activities.providers.runway.provider import Runway
from tests.emulators.runway import RunwayEmulator
from tests.emulators.samples import picture
from workflows.brief import Aspect, Brief, Platform
from workflows.models import Asset, Media, Modality, Quote


def provider(emulator: RunwayEmulator, key: str = "test-key") -> Runway:
    return Runway({"RUNWAYML_API_SECRET": key, "RUNWAYML_BASE_URL": emulator.url})


STILL = (Modality.IMAGE, "image/png", picture())


def request(
    tmp_path: Path,
    model: str = "gen4.5",
    *,
    modality: Modality = Modality.VIDEO,
    aspect: Aspect = "16:9",
    shown: tuple[tuple[Modality, str, bytes], ...] = (),
    prompt: str = "the camera rises over a lighthouse",
    **parameters: Any,
) -> Request:
    def given(number: int, kind: Modality, media_type: str, data: bytes) -> Input:
        async def fetch() -> Path:
            path = tmp_path / f"input-{number}.{media_type.partition('/')[2]}"
            await asyncio.to_thread(path.write_bytes, data)
            return path

        media = Media(key="k", bytes=len(data), sha256="0", media_type=media_type)
        return Input(f"input-{number}", kind, "still", media, fetch)

    asset = Asset.model_validate(
        {
            "asset_id": "shot-1",
            "asset_type": modality,
            "role": "shot",
            "prompt": prompt,
            "provider": "runway",
            "model": model,
            "parameters": parameters,
            "quote": Quote(low_usd=Decimal("0.10"), high_usd=Decimal("0.90"), expected_seconds=60, job=True),
        }
    )
    brief = Brief(text="x", platform=Platform.VIDEO, aspect=aspect)
    return Request("key", 77, brief, asset, 1, [given(n, *each) for n, each in enumerate(shown)], tmp_path)
