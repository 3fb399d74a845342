"""Five emulated vendors, and a plan that uses all of them."""

import json
import re
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from tests.emulators.anthropic import AnthropicEmulator
from tests.emulators.base import Emulator
from tests.emulators.google import GoogleEmulator
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.replicate import ReplicateEmulator
from tests.emulators.runway import RunwayEmulator
from workflows.brief import Brief, Platform

BRIEF = Brief(
    text="A lighthouse keeper lights the lamp. A boat finds its way home.",
    platform=Platform.VIDEO,
    style="quiet, wide, blue hour",
    duration_seconds=10,
    requester="ana",
)


@dataclass(frozen=True)
class Vendors:
    """The five vendors behind a stack."""

    openai: OpenAIEmulator
    anthropic: AnthropicEmulator
    google: GoogleEmulator
    replicate: ReplicateEmulator
    runway: RunwayEmulator

    @property
    def all(self) -> dict[str, Emulator]:
        return {**vars(self)}

    def submissions(self) -> dict[str, int]:
        return {name: len(emulator.submissions) for name, emulator in self.all.items()}

    @property
    def env(self) -> dict[str, str]:
        return {
            "OPENAI_API_KEY": self.openai.key,
            "OPENAI_BASE_URL": f"{self.openai.url}/v1",
            "ANTHROPIC_API_KEY": self.anthropic.key,
            "ANTHROPIC_BASE_URL": self.anthropic.url,
            "GOOGLE_API_KEY": self.google.key,
            "GOOGLE_GEMINI_BASE_URL": self.google.url,
            "REPLICATE_API_TOKEN": self.replicate.key,
            "REPLICATE_BASE_URL": self.replicate.url,
            "RUNWAYML_API_SECRET": self.runway.key,
            "RUNWAYML_BASE_URL": self.runway.url,
        }


def piece(asset_id: str, kind: str, role: str, made_by: str, *needs: str, **settings: str) -> dict[str, Any]:
    provider, _, model = made_by.partition(" ")
    return {
        "asset_id": asset_id,
        "asset_type": kind,
        "role": role,
        "label": asset_id.replace("-", " ").capitalize(),
        "original": f"The {role} of {asset_id}",
        "prompt": f"The {role} of {asset_id}: blue hour, wide lens, first still, then the lamp, last a slow hold.",
        "provider": provider,
        "model": model,
        "parameters": [{"name": name, "value": value} for name, value in settings.items()],
        "depends_on": list(needs),
    }


def the_plan(_: dict[str, Any]) -> str:
    """The response of the language model to the brief."""
    return json.dumps(
        {
            "title": "The lamp",
            "assets": [
                piece("script", "text", "script", "anthropic claude-haiku-5-5"),
                piece("narration-1", "audio", "narration", "openai gpt-4o-mini-tts", instructions="calm"),
                piece("still-1", "image", "still", "openai gpt-image-2.5-flare", quality="low", size="1536x1024"),
                piece("shot-1", "video", "shot", "runway gen4_turbo", "still-1", seconds="5"),
                piece("narration-2", "audio", "narration", "google gemini-3.8-flash-tts"),
                piece("still-2", "image", "still", "replicate black-forest-labs/flux-2-pro"),
                piece("shot-2", "video", "shot", "google gemini-omni-1.2-flash", "still-2", seconds="5"),
            ],
            "warnings": [],
        }
    )


def catalogues() -> list[str]:
    """The catalogue's files, as text."""
    folder = files("activities.catalogue")
    return [file.read_text(encoding="utf-8") for file in folder.iterdir() if file.name.endswith(".toml")]


def soon_done() -> str:
    """A catalogue like ours, in which jobs take 2 s."""
    return "\n".join(re.sub(r"(?m)^expected_seconds = .*$", "expected_seconds = 2.0", text) for text in catalogues())
