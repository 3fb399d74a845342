"""A film whose facts come from a sheet, whose look comes from a picture, and whose length and story are spoken: planned
with its sources, corrected, approved and delivered, with a vendor and without any key."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from temporalio.client import Client

from activities.providers.previz.narration import speak
from activities.providers.registry import build_providers
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from deploy.local import Stack
from tests.activities.references import files
from tests.activities.references.test_reviewed_references import posted
from tests.api.routes.voice.test_memos import heard
from tests.emulators.google import USD, GoogleEmulator
from tests.emulators.openai import OpenAIEmulator
from tests.support.product import previz_workers
from tests.support.servers.serving import Api, patient, serving
from tests.support.vendors import env_of

pytestmark = pytest.mark.trial
SAID: Final = (
    "Make a twelve second film about our desk lamp. It lights the desk of a watchmaker. At night it is the last light."
)
SHEET: Final = files.pdf([(72, 780, "Lumen desk lamp"), (72, 750, "Price: 49 EUR"), (72, 720, "- Dims to one percent")])
SEEN: Final = {"description": "A brass lamp.", "objects": ["lamp"], "text": "", "style": "Warm light, 35 mm film."}
OPENAI: Final = {
    "/v1/audio/transcriptions": 1,  # the memo
    "/v1/chat/completions": 2,  # the picture and the script
    "/v1/images/edits": 2,
    "/v1/audio/speech": 2,
}
Vendor = OpenAIEmulator | GoogleEmulator
Studio = Callable[..., AbstractAsyncContextManager[Api]]


@pytest.fixture
def studio(client: Client, servers: Stack, storage: Storage) -> Studio:
    """Start the API over the product's own activities; with a vendor, that one hears and sees."""

    @asynccontextmanager
    async def start(vendor: Vendor | None = None) -> AsyncIterator[Api]:
        settings = ActivitySettings(planner="template")
        named = "openai" if isinstance(vendor, OpenAIEmulator) else "google"
        built = build_providers(settings, env_of(named, vendor)) if vendor else {}
        vendors = {name: each for name, each in built.items() if name == named}
        workers = previz_workers(client, servers, storage, settings, vendors)
        with patient():
            async with workers, serving(client, {"GREENLIGHT_BUCKET": "tests"}) as api:
                yield api
        for each in vendors.values():
            await each.close()

    return start


async def memo_of(folder: Path) -> bytes:
    """The memo as espeak-ng speaks it."""
    await speak(SAID, folder / "memo.wav", voice="en", rate=165)
    return (folder / "memo.wav").read_bytes()


async def film(api: Api, brief: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Plan the film from the memo's brief, its sheet and its picture."""
    sheet = await posted(api, SHEET, name="sheet")
    look = await posted(api, files.image("TIFF"), name="look", use="style")
    production_id, _ = await api.planned(**brief | {"references": [*brief["references"], sheet, look]})
    return production_id, await api.get(production_id)


async def corrected_and_delivered(api: Api, production_id: str) -> list[str]:
    """Correct the price, plan again, approve and wait for the film; what its narrations say."""
    path = f"/api/v1/productions/{production_id}"
    parts = (await api.http.get(f"{path}/references/2")).json()["parts"]
    (part,) = (p for p in parts if "49 EUR" in p["text"])
    changes = [{"part_id": part["part_id"], "text": part["text"].replace("49", "59")}]
    assert (await api.http.patch(f"{path}/references/2", json={"changes": changes})).status_code == 200
    revised = (await api.http.post(f"{path}/revise", json={"feedback": "Use the corrected price."})).json()
    approval = await api.approve(production_id, revised["digest"], budget_usd="50", allow_unknown_prices=True)
    assert approval.status_code == 200, approval.text
    assert (await api.events(production_id))[-1].name == "done"
    made = await api.get(production_id)
    assert made["status"] == "delivered", made["error"]
    return [a["prompt"] for a in revised["assets"] if a["role"] == "narration"]


def has_price(path: str, usd: Decimal) -> bool:
    """Whether the price of the request is published: those of speech and Google's video are not."""
    return "speech" not in path and "-tts" not in path and usd != USD["omni"]


def emulated(name: str) -> Vendor:
    """A vendor that hears the memo and sees the picture."""
    if name == "openai":
        openai = OpenAIEmulator(lambda _: json.dumps(SEEN))
        openai.said = SAID
        return openai
    google = GoogleEmulator()
    google.answer_text = lambda body: json.dumps(SEEN) if "one picture" in json.dumps(body) else "Shot by shot."
    google.said = [(SAID, [(word, n / 4, (n + 1) / 4) for n, word in enumerate(SAID.split())])]
    return google


@pytest.mark.parametrize("name", ["openai", "google"])
async def test_with_a_vendor_all_three_are_read(studio: Studio, tmp_path: Path, name: str) -> None:
    """The transcript gives length and story, the sheet the price, the picture the style; each asset names its source,
    and the corrected price is spoken."""
    with emulated(name) as vendor:
        async with studio(vendor) as api:
            memo = await heard(api, await memo_of(tmp_path))
            assert memo["brief"]["duration_seconds"] == 12.0
            production_id, made = await film(api, memo["brief"])
            cited = {source for a in made["plan"]["assets"] for source in a["sources"]}
            assert "reference-2 p. 1" in cited
            assert any(source.startswith("reference-1 0:0") for source in cited)
            read = (await api.http.get(f"/api/v1/productions/{production_id}/references/3")).json()
            assert SEEN["style"] in {p["text"] for p in read["parts"]}
            pictures = [a for a in made["plan"]["assets"] if a["asset_type"] in ("image", "video")]
            assert all("Warm light, 35 mm film" in a["prompt"] and "reference-3" in a["sources"] for a in pictures)
            assert not any("is not used" in warning for warning in made["plan"]["warnings"])
            spoken = " ".join(await corrected_and_delivered(api, production_id))
            assert "59 EUR" in spoken
            assert "49" not in spoken
            assert vendor.problems == []
            bills = list(zip((call.path for call in vendor.submissions), vendor.prices, strict=True))
            published = sum(usd for path, usd in bills if has_price(path, usd))
            assert published <= Decimal((await api.get(production_id))["spent_usd"])
            assert name == "google" or Counter(path for path, _ in bills) == OPENAI


async def test_without_a_key_the_film_is_made_and_says_what_was_not_read(studio: Studio, tmp_path: Path) -> None:
    """The memo and the picture name what is not read and what would enable it; a person writes what was said, and the
    sheet is read on this machine."""
    async with studio() as api:
        memo = await heard(api, await memo_of(tmp_path))
        (unread,) = memo["unread"]
        assert (unread["what"], memo["brief"]["text"]) == ("what is said", "")
        assert "set OPENAI_API_KEY or GOOGLE_API_KEY" in unread["remedy"]
        production_id, made = await film(api, memo["brief"] | {"text": SAID, "duration_seconds": 12})
        assert "reference-2 p. 1" in {source for a in made["plan"]["assets"] for source in a["sources"]}
        look = (await api.http.get(f"/api/v1/productions/{production_id}/references/3")).json()
        assert "set OPENAI_API_KEY, ANTHROPIC_API_KEY or GOOGLE_API_KEY" in look["unread"][0]["remedy"]
        (palette,) = (p for p in look["parts"] if p["kind"] == "palette")
        colour = palette["text"].split()[0]
        assert all(colour in a["prompt"] for a in made["plan"]["assets"] if a["role"] == "still")
        assert not any("is not used" in warning for warning in made["plan"]["warnings"])
        assert "59 EUR" in " ".join(await corrected_and_delivered(api, production_id))
