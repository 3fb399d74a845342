"""The delivery of a line of speech on the page, next to its words."""

import pytest
from playwright.async_api import Browser, expect

from tests.api.studio.browser import Site, approve, card, delivered, overflow, violations, visiting
from tests.support.fake_film import SpokenFilm


@pytest.fixture
def fake() -> SpokenFilm:
    return SpokenFilm(price_usd="0")


async def test_a_delivery_is_edited_and_shown(browser: Browser, site: Site) -> None:
    """The sheet of a narration has a field for its delivery, which the card and the take show; a shot has none. The
    page is not wider than a phone, and axe finds nothing."""
    async with visiting(browser, site.url, width=390) as page:
        await page.goto("/#/")
        await page.get_by_label("Brief", exact=True).fill("The boats leave the harbour.")
        await page.get_by_role("button", name="Create plan").click()
        await card(page, "narration-1").locator(".face").click()
        prompt = await page.get_by_label("Prompt").input_value()
        await page.get_by_label("Delivery").fill("sad, slowly")
        assert await overflow(page) <= 0
        assert await violations(page) == []
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Not saved yet")).to_have_count(0)
        await expect(page.get_by_label("Prompt")).to_have_value(prompt)
        await page.go_back()
        await expect(card(page, "narration-1")).to_contain_text("sad, slowly")
        await card(page, "shot-1").locator(".face").first.click()
        await expect(page.get_by_label("Delivery")).to_have_count(0)
        await page.go_back()
        await approve(page)
        await delivered(page)
        await card(page, "narration-1").locator(".face").click()
        await page.get_by_text("New prompt").click()
        await expect(page.get_by_label("Delivery")).to_have_value("sad, slowly")
        assert await overflow(page) <= 0
