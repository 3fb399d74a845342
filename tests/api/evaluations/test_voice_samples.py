"""Samples of voices: free ones at once, paid ones for an accepted price, each one made once."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.client import Client

from activities.providers.registry import build_providers
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from api.cli.context import EXIT_TOO_EXPENSIVE
from deploy.local import Stack
from tests.api.cli.command import command_at
from tests.api.evaluations.conftest import working
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.runway import RunwayEmulator
from tests.support.servers.serving import Api, problem, serving
from tests.support.stack import use_s3
from tests.support.vendor import Vendor
from tests.support.vendors import env_of
from tests.support.waiting import WITHIN, eventually

PATH = "/api/v1/voice-samples"
POLL_SECONDS = 0.5
"""Of a person's page; more would only cost CPU time."""
PREVIZ = "previz/previz-narration"
ELEVEN = "runway/eleven_multilingual_v2"


class Voices:
    """Requests samples of previz, of Runway, and of OpenAI, whose price is not published."""

    def __init__(self, api: Api, runway: RunwayEmulator, openai: OpenAIEmulator) -> None:
        self.http = api.http
        self.runway = runway
        self.openai = openai

    async def ask(self, model: str, voice: str = "", **given: Any) -> dict[str, Any]:
        answer = await self.http.post(PATH, json={"model": model, "voice": voice, **given})
        assert answer.status_code == 202, answer.text
        return dict(answer.json())

    async def made(self, model: str, voice: str = "", **given: Any) -> dict[str, Any]:
        """The sample once it is no longer under way."""
        found = await self.ask(model, voice, **given)

        async def poll() -> dict[str, Any] | None:
            nonlocal found
            if found["status"] != "making":
                return found
            await asyncio.sleep(POLL_SECONDS)
            found = await self.ask(model, voice, **{k: v for k, v in given.items() if k == "language"})
            return None

        return await eventually(poll)


@pytest.fixture(scope="module")
async def voices(client: Client, storage: Storage, servers: Stack) -> AsyncIterator[Voices]:
    with pytest.MonkeyPatch.context() as patch, RunwayEmulator() as runway, OpenAIEmulator() as openai:
        use_s3(patch, servers)
        env = {**env_of("runway", runway), **env_of("openai", openai)}
        vendors = build_providers(ActivitySettings(), env)
        async with (
            working(client, storage, Vendor(), **vendors),
            serving(client, {"GREENLIGHT_BUCKET": "tests"}) as api,
        ):
            yield Voices(api, runway, openai)
        await asyncio.gather(*(provider.close() for provider in vendors.values()))


async def test_a_free_voice_is_made_once_and_heard(voices: Voices) -> None:
    """It speaks the sentence of its language. The same request finds it, and lists of evaluations leave it out."""
    sample = await voices.made(PREVIZ, "de", language="de")
    assert (sample["status"], sample["text"].split()[0], Decimal(sample["cost_usd"])) == ("ready", "So", Decimal(0))
    link = await voices.http.get(sample["media"])
    assert link.status_code == 307
    async with httpx.AsyncClient(timeout=WITHIN, trust_env=False) as outside:
        assert (await outside.get(link.headers["location"])).content[:4] == b"RIFF"
    assert await voices.ask(PREVIZ, "de", language="de") == sample
    other = await voices.made(PREVIZ, "en-gb")
    assert other["sample_id"] != sample["sample_id"]
    listed = (await voices.http.get("/api/v1/evaluations")).json()["evaluations"]
    assert not [each for each in listed if each["evaluation_id"] in (sample["sample_id"], other["sample_id"])]


async def test_a_paid_voice_is_priced_first_and_paid_once(voices: Voices) -> None:
    """Nothing is sent before its price is accepted. Several people then pay for one sample together, and later ones
    hear it without a price."""
    priced = await voices.ask(ELEVEN, "Maya")
    assert (priced["status"], voices.runway.submissions) == ("priced", [])
    price = Decimal(priced["price_usd"])
    assert Decimal(0) < price < Decimal("0.05")
    short = await voices.ask(ELEVEN, "Maya", max_usd=str(price - Decimal("0.0001")))
    assert (short["status"], Decimal(short["price_usd"])) == ("priced", price)
    await asyncio.gather(*(voices.ask(ELEVEN, "Maya", max_usd=str(price)) for _ in range(3)))
    found = await voices.made(ELEVEN, "Maya")
    assert (found["status"], len(voices.runway.submissions)) == ("ready", 1)
    assert voices.runway.billed_usd <= Decimal(found["cost_usd"]) <= price
    assert await voices.ask(ELEVEN, "Maya") == found


async def test_an_unpublished_price_is_allowed_and_a_failure_is_tried_again(voices: Voices) -> None:
    """A failed attempt is shown until a person requests another one."""
    priced = await voices.ask("openai/gpt-4o-mini-tts", "nova")
    assert (priced["status"], priced["price_usd"], voices.openai.submissions) == ("priced", None, [])
    voices.openai.meet("refuse")
    allowed = {"allow_unknown_price": True}
    failed = await voices.made("openai/gpt-4o-mini-tts", "nova", **allowed)
    assert failed["status"] == "failed"
    assert failed["message"]
    assert await voices.ask("openai/gpt-4o-mini-tts", "nova", **allowed) == failed
    again = await voices.made("openai/gpt-4o-mini-tts", "nova", again=True, **allowed)
    assert (again["status"], len(voices.openai.submissions)) == ("ready", 1)
    assert (await voices.ask("openai/gpt-4o-mini-tts", "nova"))["sample_id"] == again["sample_id"]


async def test_the_command_stores_the_sound(voices: Voices, tmp_path: Path) -> None:
    """Without --listen it lists the voices. A priced sample names the option with its price, and costs nothing yet."""
    greenlight = command_at(str(voices.http.base_url))
    listed = await greenlight("voices")
    assert PREVIZ in listed.stdout
    assert "espeak-ng" in listed.stdout
    heard = await greenlight("voices", "--listen", PREVIZ, "--voice", "fr", "--language", "fr", "--out", str(tmp_path))
    assert heard.exit_code == 0, heard.output
    assert await asyncio.to_thread(_first_bytes, tmp_path) == [b"RIFF"]
    sent = len(voices.runway.submissions)
    priced = await greenlight("voices", "--listen", ELEVEN, "--voice", "Noah")
    assert (priced.exit_code, len(voices.runway.submissions)) == (EXIT_TOO_EXPENSIVE, sent)
    assert "--max-usd 0.0" in priced.output


def _first_bytes(folder: Path) -> list[bytes]:
    return [path.read_bytes()[:4] for path in folder.iterdir()]


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        ({"model": PREVIZ, "voice": "martian"}, "voice", "has no voice 'martian'"),
        ({"model": ELEVEN, "voice": "Bob"}, "voice", "Maya"),
        ({"model": "previz/none"}, "model", "choose from"),
        ({"model": "previz/previz-storyboard"}, "model", "makes no speech"),
        ({"model": "previz/previz-music"}, "model", "makes music"),
        ({"model": "previz-narration"}, "model", "names no provider"),
        ({"model": PREVIZ, "language": "xx"}, "model", "does not speak"),
    ],
)
async def test_bad_input_names_the_field(voices: Voices, body: dict[str, Any], field: str, said: str) -> None:
    """The message says what is possible."""
    refused = problem(await voices.http.post(PATH, json=body), 422)
    first = refused.errors[0]
    assert (first.field, said in f"{first.message} {first.remedy}") == (field, True), refused
