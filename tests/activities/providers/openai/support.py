"""Requests to OpenAI with real inputs, and the provider that sends them to the emulated vendor."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import JsonValue

from activities.catalogue import pricing
from activities.catalogue.offers import Offer
from activities.errors import ProviderError
from activities.providers.openai.provider import OpenAI
from activities.providers.protocol import Finished, Input, Request
from activities.providers.selection import find_offer
from tests.emulators import samples
from tests.emulators.base import Call, Reply
from tests.emulators.openai import OpenAIEmulator
from workflows.brief import Aspect, Brief, Platform
from workflows.models import Asset, Media, Modality, Quote


def at(vendor: OpenAIEmulator, **env: str) -> OpenAI:
    return OpenAI({"OPENAI_API_KEY": vendor.key, "OPENAI_BASE_URL": f"{vendor.url}/v1", **env})


class Asks:
    """Creates requests whose inputs are real small files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(
        self,
        model: str,
        modality: Modality,
        *inputs: Input,
        prompt: str = "a lighthouse at dusk",
        style: str = "",
        aspect: Aspect = "16:9",
        parameters: dict[str, JsonValue] | None = None,
        **more: JsonValue,
    ) -> Request:
        asset = Asset(
            asset_id="piece",
            asset_type=modality,
            role="piece",
            prompt=prompt[:8_000],
            provider="openai",
            model=model,
            parameters={**(parameters or {}), **more},
        )
        brief = Brief(text="x", platform=Platform.VIDEO, style=style, aspect=aspect)
        return Request("p/piece/1", 1, brief, asset, 1, inputs, self.folder / "work")

    def given(self, modality: Modality, role: str = "still", color: int = 64) -> Input:
        image = modality == Modality.IMAGE
        path = self.folder / (f"{role}-{color}.png" if image else "narration.wav")
        path.write_bytes(samples.picture(color, color) if image else samples.wav())

        async def fetch() -> Path:
            return path

        media_type = "image/png" if image else "audio/wav"
        media = Media(key="k", bytes=path.stat().st_size, sha256="", media_type=media_type)
        return Input(role, modality, role, media, fetch)


async def made(openai: OpenAI, request: Request) -> Finished:
    answer = await openai.submit(request)
    assert isinstance(answer, Finished)
    return answer


async def fails(openai: OpenAI, request: Request) -> ProviderError:
    with pytest.raises(ProviderError) as failure:
        await openai.submit(request)
    return failure.value


def quoted(request: Request) -> Request:
    """The same request with a price of at most 0.70 USD."""
    quote = Quote(low_usd=Decimal("0.10"), high_usd=Decimal("0.70"), expected_seconds=5)
    return replace(request, asset=request.asset.model_copy(update={"quote": quote}))


def offer(openai: OpenAI, model: str, modality: Modality) -> Offer:
    found = find_offer(openai, model, modality)
    assert found is not None
    return found


def cost(openai: OpenAI, request: Request, finished: Finished) -> Decimal:
    return pricing.cost_of(offer(openai, request.asset.model, request.asset.asset_type), request.asset, finished)[0]


IMAGE, AUDIO, TEXT = Modality.IMAGE, Modality.AUDIO, Modality.TEXT
FLARE = "gpt-image-2.5-flare"
JOB_MODEL = f"{FLARE}@responses"


class Scripted(OpenAIEmulator):
    """Returns one reply to every request."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self.reply = reply

    def answer(self, call: Call) -> Reply:
        return self.reply
