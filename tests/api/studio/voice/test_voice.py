"""A brief by voice on the page: recorded by the browser's microphone, written down, corrected, and then started."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect
from temporalio.client import Client

from activities.providers.openai.provider import OpenAI
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from deploy.local import Stack
from tests.activities.references import files
from tests.api.studio.browser import CHROMIUM, MISSING, Site, browsing, made, overflow, violations, visiting
from tests.emulators.openai import OpenAIEmulator
from tests.support.product import previz_workers
from tests.support.vendors import env_of

SAID = "Make a thirty second film about our new coffee grinder. The title is Quiet Mornings."


@pytest.fixture
async def speaking(tmp_path: Path) -> AsyncIterator[Browser]:
    """A browser whose microphone plays a recording."""
    if not CHROMIUM.exists():
        pytest.skip(MISSING)
    recording = tmp_path / "said.wav"
    recording.write_bytes(files.sound(4.0))
    fake = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
    async with browsing(*fake, f"--use-file-for-fake-audio-capture={recording}") as browser:
        yield browser


@pytest.fixture
async def vendor() -> AsyncIterator[OpenAIEmulator]:
    with OpenAIEmulator() as vendor:
        vendor.said = SAID
        yield vendor


@pytest.fixture
async def studio(client: Client, servers: Stack, storage: Storage, vendor: OpenAIEmulator) -> AsyncIterator[Site]:
    """The page over the product's own activities, with a vendor that writes recordings down."""
    settings = ActivitySettings(planner="template")
    provider = OpenAI(env_of("openai", vendor))
    async with previz_workers(client, servers, storage, settings, {"openai": provider}):
        site = Site(client, {"GREENLIGHT_BUCKET": "tests"})
        await site.start()
        yield site
        await site.stop()
    await provider.close()


async def test_a_brief_is_spoken_corrected_and_started(speaking: Browser, studio: Site, vendor: OpenAIEmulator) -> None:
    """The microphone's recording fills the form; what a person changes there is planned, and paid for once."""
    async with visiting(speaking, studio.url, width=390) as page:
        await page.goto("/#/")
        await page.get_by_role("button", name="Speak the brief").click()
        await expect(page.get_by_role("timer")).to_contain_text(re.compile("0:0[2-9]|0:[1-9]"))
        assert await violations(page) == []
        await page.get_by_role("button", name="Stop and write it down").click()
        section = page.get_by_role("region", name="What was heard")
        await expect(section).to_contain_text("Quiet Mornings")
        text = page.get_by_label("Brief", exact=True)
        await expect(text).to_have_value("Make a thirty second film about our new coffee grinder.")
        await expect(page.get_by_label("Title")).to_have_value("Quiet Mornings")
        await expect(page.get_by_label("Length")).to_have_value("30")
        await section.get_by_text("Transcript", exact=True).click()
        assert await overflow(page) == 0
        assert await violations(page) == []
        assert len(vendor.submissions) == 1
        await page.reload()
        await expect(page.get_by_role("region", name="What was heard")).to_contain_text("Quiet Mornings")
        await text.fill("Our new grinder is silent.")
        await page.get_by_role("button", name="Create plan").click()
        await expect(page.get_by_role("button", name=re.compile("^Approve"))).to_be_visible()
        production = await made(studio, page.url.rpartition("/")[2])
        assert (production["brief"]["text"], production["brief"]["title"]) == (
            "Our new grinder is silent.",
            "Quiet Mornings",
        )
        assert production["brief"]["references"][0]["memo"] == production["production_id"]
        assert len(vendor.submissions) == 1


async def test_a_recording_can_be_chosen_or_discarded(speaking: Browser, studio: Site, vendor: OpenAIEmulator) -> None:
    """A discarded recording is sent nowhere; a file of a memo does the same as the microphone."""
    async with visiting(speaking, studio.url) as page:
        await page.goto("/#/")
        await page.get_by_role("button", name="Speak the brief").click()
        await page.get_by_role("button", name="Discard").click()
        await expect(page.get_by_role("button", name="Speak the brief")).to_be_visible()
        assert vendor.submissions == []
        chooser = page.locator(".voice input[type=file]")
        await chooser.set_input_files({"name": "memo.wav", "mimeType": "audio/wav", "buffer": files.sound(3.0)})
        await expect(page.get_by_label("Title")).to_have_value("Quiet Mornings")
        silent = {"name": "memo.wav", "mimeType": "audio/wav", "buffer": files.sound(3.0, silent=True)}
        await chooser.set_input_files(silent)  # type: ignore[arg-type]
        await expect(page.get_by_role("region", name="What was heard")).to_contain_text("nothing is said")
        assert len(vendor.submissions) == 1
