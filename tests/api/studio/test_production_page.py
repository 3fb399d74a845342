"""What a production's page always shows, and what its buttons name."""

import re

import pytest
from playwright.async_api import Browser, expect

from tests.api.studio.browser import Site, approve, delivered, made, overflow, visiting, write
from tests.support.fakes import FakeActivities
from workflows.brief import MAX_VIDEO_SECONDS


@pytest.mark.parametrize("width", [390, 1280, 1920])
async def test_the_brief_and_the_status(browser: Browser, site: Site, width: int) -> None:
    """Before the approval and after the delivery the brief is there, as a whole on request, and the status is next to
    the title, however long that is."""
    end = "the last words of it."
    async with visiting(browser, site.url, width=width) as page:
        await write(page, "A brief of many words. " * 20 + end, "A title that needs more than one line " * 4)
        for status in ("Awaiting approval", "Delivered"):
            await expect(page.locator(".production > .head .pill")).to_have_text(status)
            quote = page.get_by_role("blockquote")
            await expect(quote).to_contain_text("A brief of many words.")
            await page.get_by_role("button", name="Show the whole brief").click()
            await expect(quote).to_contain_text(end)
            await page.get_by_role("button", name="Show less").click()
            title = await page.locator(".head h1").bounding_box()
            pill = await page.locator(".head .pill").bounding_box()
            assert title
            assert pill
            assert pill["x"] >= title["x"] + title["width"] - 1
            assert title["y"] <= pill["y"] < title["y"] + title["height"]
            assert await overflow(page) <= 0
            if status == "Awaiting approval":
                await approve(page)
                await delivered(page)


async def test_cancel_names_the_production(browser: Browser, site: Site, fake: FakeActivities) -> None:
    """The button that cancels says that it cancels the production, and asks once more."""
    fake.hold("text-1")
    async with visiting(browser, site.url) as page:
        await write(page)
        await approve(page)
        await page.get_by_role("button", name="Cancel production").click()
        await page.get_by_role("button", name="Keep it").click()
        await page.get_by_role("button", name="Cancel production").click()
        await page.get_by_role("button", name="Yes, cancel it").click()
        await expect(page.locator(".production > .head .pill")).to_have_text("Cancelled")


async def test_the_longest_film(browser: Browser, site: Site) -> None:
    """The field of the length states the API's limits and accepts the longest film."""
    async with visiting(browser, site.url) as page:
        await page.goto("/#/")
        await page.get_by_label("Brief", exact=True).fill("A long film.")
        await expect(page.get_by_text(f"From 4 to {MAX_VIDEO_SECONDS:g} seconds.")).to_be_visible()
        await page.get_by_label("Length in seconds").fill(f"{MAX_VIDEO_SECONDS:g}")
        await expect(page.get_by_text("That is 10:00 minutes.")).to_be_visible()
        await page.get_by_role("button", name="Create plan").click()
        await expect(page.get_by_role("button", name=re.compile("^Approve"))).to_be_visible()
        production_id = page.url.rpartition("/")[2]
        found = await made(site, production_id)
    assert found["brief"]["duration_seconds"] == MAX_VIDEO_SECONDS
