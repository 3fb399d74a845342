"""The tab Evaluations in a browser, with the product's own workers."""

import re
from collections.abc import AsyncIterator
from decimal import Decimal

import httpx
import pytest
from playwright.async_api import Browser, expect
from temporalio.client import Client

from activities.storage.bucket import Storage
from deploy.local import Stack
from tests.api.evaluations.conftest import PATH, working
from tests.api.studio.browser import Site, overflow, show, twins, violations, visiting
from tests.support.stack import use_s3
from tests.support.vendor import Vendor
from tests.support.waiting import WITHIN, eventually

CASES = '{"id": "boat", "modality": "image", "prompt": "A red boat on the sea"}'


@pytest.fixture(scope="module")
async def site(client: Client, servers: Stack, storage: Storage) -> AsyncIterator[Site]:
    with pytest.MonkeyPatch.context() as patch:
        use_s3(patch, servers)
        site = Site(client, {"GREENLIGHT_BUCKET": "tests"})
        async with working(client, storage, Vendor()):
            await site.start()
            try:
                yield site
            finally:
                await site.stop()


async def test_evaluations_on_a_phone(site: Site, browser: Browser) -> None:
    """The list and a measured evaluation fit a phone, and axe finds nothing."""
    await _start(site)
    async with visiting(browser, site.url, width=390) as page:
        for path in ("evaluations", "evaluations/e-phone"):
            await show(page, path)
            await expect(page.get_by_text(re.compile("Phone")).first).to_be_visible()
            assert await overflow(page) <= 0
            assert await violations(page) == []
            assert await twins(page) == []


async def test_a_voice_is_heard_before_the_approval(site: Site, browser: Browser) -> None:
    """Next to the model of a narration, a button plays its voice in the language of the brief; another voice that is
    typed is heard before it is saved. It fits a phone, and axe finds nothing."""
    async with httpx.AsyncClient(base_url=site.url, timeout=WITHIN) as http:
        brief = {"text": "A short film about a lighthouse. It warns the ships.", "duration_seconds": 4}
        more = {"platform": "video", "languages": ["de"], "requester": "ana"}
        started = await http.post("/api/v1/productions", json=brief | more)
        production_id = started.json()["production_id"]

    async with visiting(browser, site.url, width=390) as page:
        await show(page, f"p/{production_id}/narration-1")
        await page.get_by_role("button", name="Listen to this voice").click()
        sound = page.get_by_label("Sample of the voice")
        await expect(sound).to_be_visible()
        await expect(page.get_by_text("So klingt diese Stimme")).to_be_visible()
        seconds = "audio => new Promise(heard => audio.duration ? heard(audio.duration) : "
        seconds += "audio.addEventListener('loadedmetadata', () => heard(audio.duration)))"
        assert await sound.evaluate(seconds) > 1
        assert await overflow(page) <= 0
        assert await violations(page) == []
        await page.get_by_text("Parameters", exact=True).click()
        await page.get_by_label("voice", exact=True).fill("de+whisper")
        await expect(sound).to_have_count(0)
        await page.get_by_role("button", name="Listen to this voice").click()
        await expect(sound).to_be_visible()


async def _start(site: Site) -> None:
    async with httpx.AsyncClient(base_url=site.url, timeout=WITHIN) as http:
        body = {"cases": CASES, "models": ["previz-storyboard", "vendor/gift"], "title": "Phone", "requester": "ana"}
        answer = await http.post(PATH, json={**body, "evaluation_id": "e-phone"})
        assert answer.status_code == 202, answer.text
        assert Decimal(answer.json()["view"]["high_usd"]) == 0

        async def listed() -> bool | None:
            page = (await http.get(PATH, params={"prefix": "e-phone"})).json()
            return [e["status"] for e in page["evaluations"]] == ["done"] or None

        await eventually(listed)
