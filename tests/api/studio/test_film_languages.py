"""The page of a film with speech: in several languages, and with deliveries next to the words."""

import re

import pytest
from playwright.async_api import Browser, expect

from tests.api.studio.browser import SIZES, Site, approve, card, delivered, overflow, violations, visiting
from tests.support.fake_film import SpokenFilm


@pytest.fixture
def fake() -> SpokenFilm:
    return SpokenFilm(price_usd="0")


async def test_languages_are_chosen_shown_and_changed(browser: Browser, site: Site) -> None:
    """A further language of the form is on the cards of its shots and in the summary; the sheet adds another one and
    removes the first. Nothing is wider than a phone, and axe finds nothing."""
    async with visiting(browser, site.url) as page:
        await page.goto("/#/")
        await page.get_by_label("Brief", exact=True).fill("The boats leave the harbour.")
        await page.get_by_label("Also in").select_option("de")
        await expect(page.get_by_role("button", name="Remove German")).to_be_visible()
        await page.get_by_role("button", name="Create plan").click()
        await expect(page.get_by_role("button", name=re.compile("^Approve"))).to_be_visible()
        await expect(page.locator(".languages")).to_contain_text("German · 2 narrations · free")
        shot = card(page, "shot-1").locator(".parts")
        await expect(shot).to_contain_text("de: make narration-1")
        await page.get_by_role("button", name="Languages · 2").click()
        await page.set_viewport_size(SIZES[390])
        assert await violations(page) == []
        assert await overflow(page) <= 0
        await page.get_by_role("button", name="Remove German").click()
        await page.get_by_label("Add a language").select_option("fr")
        await page.get_by_role("button", name="Apply the languages").click()
        await expect(page.locator(".briefing .languages")).to_contain_text("French · 2 narrations")
        await expect(card(page, "shot-1").locator(".parts")).to_contain_text("fr: make narration-1")
        await expect(card(page, "narration-1-de")).to_have_count(0)
        await approve(page)
        await delivered(page)


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
        await page.get_by_role("radio", name="New prompt").check()
        await expect(page.get_by_label("Delivery")).to_have_value("sad, slowly")
        assert await overflow(page) <= 0
