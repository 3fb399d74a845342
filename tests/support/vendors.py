"""Every kind of take by a vendor, and the environment by which a worker reaches its emulator: one row for each."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from activities.providers.protocol import Request
from tests.emulators.anthropic import AnthropicEmulator
from tests.emulators.base import Emulator
from tests.emulators.google import GoogleEmulator
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.replicate import ReplicateEmulator
from tests.emulators.runway import RunwayEmulator
from workflows.brief import Brief, Platform
from workflows.models import Asset, Modality, Quote


@dataclass(frozen=True)
class Kindred:
    """One kind of take by a vendor."""

    vendor: str
    model: str
    modality: Modality
    emulator: Callable[[], Emulator]
    job: bool = False
    recovers: bool = False


def env_of(vendor: str, emulator: Emulator) -> dict[str, str]:
    """The variables by which a worker reaches an emulated vendor."""
    return {
        "openai": {"OPENAI_API_KEY": emulator.key, "OPENAI_BASE_URL": f"{emulator.url}/v1"},
        "anthropic": {"ANTHROPIC_API_KEY": emulator.key, "ANTHROPIC_BASE_URL": emulator.url},
        "google": {"GOOGLE_API_KEY": emulator.key, "GOOGLE_GEMINI_BASE_URL": emulator.url},
        "replicate": {"REPLICATE_API_TOKEN": emulator.key, "REPLICATE_BASE_URL": emulator.url},
        "runway": {"RUNWAYML_API_SECRET": emulator.key, "RUNWAYML_BASE_URL": emulator.url},
    }[vendor]


KINDS: Final = {
    "openai-image": Kindred("openai", "gpt-image-2.5-flare", Modality.IMAGE, OpenAIEmulator),
    "openai-image-job": Kindred("openai", "gpt-image-2.5-flare@responses", Modality.IMAGE, OpenAIEmulator, job=True),
    "openai-speech": Kindred("openai", "gpt-4o-mini-tts", Modality.AUDIO, OpenAIEmulator),
    "openai-text": Kindred("openai", "gpt-6-luna", Modality.TEXT, OpenAIEmulator),
    "anthropic-text": Kindred("anthropic", "claude-sonnet-5-5", Modality.TEXT, AnthropicEmulator),
    "google-image": Kindred("google", "gemini-3-pro-image", Modality.IMAGE, GoogleEmulator),
    "google-video": Kindred("google", "gemini-omni-1.2-flash", Modality.VIDEO, GoogleEmulator, job=True),
    "replicate-image": Kindred(
        "replicate", "black-forest-labs/flux-2-pro", Modality.IMAGE, ReplicateEmulator, job=True, recovers=True
    ),
    "runway-video": Kindred("runway", "veo3.1_fast", Modality.VIDEO, RunwayEmulator, job=True),
}


VENDORS = ("openai", "anthropic", "google.genai", "replicate", "runwayml")
MEDIA = ("av", "PIL", "espeakng_loader")


def vendor_request(kindred: Kindred, heard: list[str] | None = None, workdir: Path = Path("/nonexistent")) -> Request:
    asset = Asset(
        asset_id="a",
        asset_type=kindred.modality,
        role="body",
        prompt="Write about a lighthouse.",
        provider=kindred.vendor,
        model=kindred.model,
        quote=Quote(low_usd=Decimal(1), high_usd=Decimal(1), expected_seconds=1, job=kindred.job),
    )
    brief = Brief(text="x", platform=Platform.VIDEO)
    return Request("p/a/1", 1, brief, asset, 1, (), workdir, on_text=None if heard is None else heard.append)
