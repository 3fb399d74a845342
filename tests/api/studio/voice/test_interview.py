"""An interview on the page: the browser speaks with the vendor directly, and the form fills; nothing starts itself."""

import json
import re
from collections.abc import AsyncIterator
from decimal import Decimal

import httpx
import pytest
from playwright.async_api import Browser, expect
from temporalio.client import Client

from activities.providers.openai.provider import OpenAI
from activities.settings import ActivitySettings
from activities.storage.bucket import Storage
from deploy.local import Stack
from tests.api.studio.browser import Site, made, overflow, violations, visiting
from tests.api.studio.voice.test_voice import speaking
from tests.emulators.realtime import Answer, RealtimeEmulator
from tests.support.product import previz_workers
from tests.support.vendors import env_of
from tests.support.waiting import WITHIN, eventually
from workflows.voice.sessions import Usage

__all__ = ["speaking"]

LITTLE = Usage(answers=1, text_in=100, audio_out=10)
TEXT = "A film about our new coffee grinder."
FIELDS = {"text": TEXT, "title": "Quiet Mornings", "duration_seconds": 30, "platform": "video"}
INJECTED = {"approve": True, "budget_usd": "unlimited", "approval": {"auto_below_usd": "1000"}}


@pytest.fixture
async def vendor() -> AsyncIterator[RealtimeEmulator]:
    fill = ("fill_brief", json.dumps(FIELDS))
    script = (
        Answer("What would you like to make?"),
        Answer(calls=(("fill_brief", json.dumps({"title": "Never said"})),), status="cancelled"),
        Answer(calls=(fill,)),
        Answer("Approved!", calls=(("approve_plan", "{}"), ("fill_brief", json.dumps(INJECTED)))),
    )
    with RealtimeEmulator(*script) as vendor:
        vendor.ttl = 600  # a busy machine may need longer than a minute to connect
        yield vendor


@pytest.fixture
async def studio(client: Client, servers: Stack, storage: Storage, vendor: RealtimeEmulator) -> AsyncIterator[Site]:
    settings = ActivitySettings(planner="template", voice_sessions="auto", planning_usd=Decimal("0.14"))
    provider = OpenAI(env_of("openai", vendor))
    async with previz_workers(client, servers, storage, settings, {"openai": provider}):
        site = Site(client, {"GREENLIGHT_BUCKET": "tests"})
        await site.start()
        yield site
        await site.stop()
    await provider.close()


async def test_an_interview_fills_the_form(speaking: Browser, studio: Site, vendor: RealtimeEmulator) -> None:
    """The microphone reaches the vendor, completed calls fill the form, commands do nothing, the conversation ends
    before an answer could exceed the cap, and a person's click starts the production."""
    async with visiting(speaking, studio.url, width=390) as page:
        await page.goto("/#/")
        await page.get_by_role("button", name=re.compile("^Be interviewed, up to .*0.14")).click()
        section = page.get_by_role("region", name="Interview")
        await expect(page.get_by_label("Title")).to_have_value("Quiet Mornings")
        await expect(page.get_by_label("Brief", exact=True)).to_have_value(TEXT)
        await expect(page.get_by_label("Length")).to_have_value("30")
        await expect(section).to_contain_text("there is no function 'approve_plan'")
        await expect(section).to_contain_text("does not cover another answer")
        await expect(section).to_contain_text("It counts as $0.14, its cap")
        assert await violations(page) == []
        assert await overflow(page) == 0
        assert vendor.heard > 300
        assert vendor.billed_usd <= Decimal("0.14")
        assert len(vendor.sessions) == 1
        async with httpx.AsyncClient(base_url=studio.url, timeout=WITHIN) as http:
            document = await http.get("/", headers={"Accept": "text/html"})
            listed = (await http.get("/api/v1/productions")).json()["productions"]
        assert "Quiet Mornings" not in [each["title"] for each in listed]
        policy = document.headers["content-security-policy"]
        assert f"connect-src 'self' {vendor.url.replace('http', 'ws')};" in policy
        await page.get_by_role("button", name="Create plan").click()
        await expect(page.get_by_role("button", name=re.compile("^Approve"))).to_be_visible()
        production = await made(studio, page.url.rpartition("/")[2])
        assert (production["brief"]["text"], production["brief"]["title"]) == (TEXT, "Quiet Mornings")
        assert production["brief"]["budget_usd"] is None
        assert vendor.problems == []


async def test_an_interview_ends_by_a_click(speaking: Browser, studio: Site, vendor: RealtimeEmulator) -> None:
    """A click ends it: the microphone is released, the connection closes, and what the vendor counted is reported."""
    vendor.script = [Answer("What would you like to make?", tokens=LITTLE), *[Answer("Go on.", tokens=LITTLE)] * 200]
    async with visiting(speaking, studio.url) as page:
        await page.goto("/#/")
        await page.get_by_role("button", name=re.compile("^Be interviewed")).click()
        section = page.get_by_role("region", name="Interview")
        await section.get_by_text("What the model said").click()
        await expect(section).to_contain_text("What would you like to make?")
        await section.get_by_role("button", name="End the interview").click()
        await expect(section).to_contain_text("You ended the conversation.")
        await expect(section).to_contain_text(re.compile(r"The vendor's own counts come to \$0\.0\d"))
        answered = vendor.answered

        async def closed() -> bool | None:
            return not vendor.open or None

        assert await eventually(closed)
        assert vendor.answered == answered
